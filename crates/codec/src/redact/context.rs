//! What stands around a number and says what it is: a sign before it, or a word, or a unit behind it.
//!
//! Everything looked at is text that no replacement of another number changes; so a number is judged alike
//! before and after its neighbours are replaced.

/// The text before a run.
pub(super) struct Before<'t>(&'t str);

impl<'t> Before<'t> {
    pub fn of(text: &'t str) -> Self {
        Self(text)
    }

    /// A plus sign: an international number. Inside a word, as in `a+1`, it is no sign.
    pub fn is_plus(&self) -> bool {
        let sign = self.0.strip_suffix('(').unwrap_or(self.0).strip_suffix('+');
        sign.is_some_and(|text| !text.ends_with(|c: char| c.is_alphabetic() || c == '+'))
    }

    /// Letters and a hyphen: the first groups, up to one behind anything but a hyphen, are an identifier.
    pub fn is_identified(&self) -> bool {
        let word = self.0.strip_suffix('-').filter(|text| text.ends_with(char::is_alphanumeric));
        word.is_some_and(|text| !last_words(text).next().is_some_and(|w| is_one_of(w, CUES)))
    }

    /// A sign of a currency that no amount stands before: the first groups, up to one behind anything but a
    /// full stop, are an amount.
    pub fn is_currency(&self) -> bool {
        let no_space = |text: &'t str| text.strip_suffix([' ', '\u{a0}']).unwrap_or(text);
        let sign = no_space(self.0).strip_suffix(['$', '€', '£', '¥']);
        sign.is_some_and(|text| !no_space(text).ends_with(|c: char| c.is_ascii_digit()))
    }

    /// A word such as `tel` near by.
    pub fn is_cue(&self) -> bool {
        last_words(self.0).any(|w| is_one_of(w, CUES))
    }

    /// A number sign, or a word such as `pedido`, number words aside: the first group is an identifier.
    pub fn is_identifier(&self) -> bool {
        let word = self.0.trim_end_matches([' ', '\u{a0}', ':', '.', '#']);
        let mut words = last_words(word).skip_while(|w| is_one_of(w, NUMBER_WORDS));
        self.0.ends_with('#')
            || word.ends_with(|c: char| c.is_alphanumeric() || c == '°')
                && words.next().is_some_and(|w| is_one_of(w, IDENTIFIERS))
    }
}

/// Words that announce a phone number, es and en.
#[rustfmt::skip]
const CUES: &[&str] = &[
    "tel", "telf", "tlf", "tfno", "tno", "tlfno", "fono", "telefono", "teléfono", "telefonos", "teléfonos",
    "telefónico", "telefonico", "movil", "móvil", "cel", "celu", "celular", "whatsapp", "whatssap", "wasap",
    "wsp", "wpp", "fax", "llamame", "llámame", "llamadme", "llamarme", "llámenme", "llamenme", "llamen",
    "contactarme", "phone", "phones", "telephone", "mobile", "cell", "cellphone", "landline", "call", "reach",
    "text", "dial", "ring", "desk",
];

/// Words that announce another number, es and en, and the short words between them and it.
#[rustfmt::skip]
const IDENTIFIERS: &[&str] = &[
    "pedido", "orden", "factura", "expediente", "ticket", "reclamo", "reclamación", "referencia", "ref",
    "incidencia", "albarán", "seguimiento", "serie", "order", "invoice", "case", "reference", "tracking",
    "serial", "complaint", "id",
];
#[rustfmt::skip]
const NUMBER_WORDS: &[&str] = &[
    "nº", "n°", "n", "no", "num", "núm", "nro", "numero", "número", "number", "de",
];

/// How far back words are looked for, in characters, and how many.
const CUE_DISTANCE: usize = 48;
const CUE_WORDS: usize = 4;

/// The last words before a number, nearest first. They end at a digit, a placeholder or a line: so it does
/// not matter whether a number before this one has been replaced.
fn last_words(before: &str) -> impl Iterator<Item = &str> {
    let near = before
        .char_indices()
        .rev()
        .take(CUE_DISTANCE)
        .take_while(|(_, c)| !c.is_ascii_digit() && !matches!(c, '<' | '>' | '\n' | '\r'));
    let start = near.last().map_or(before.len(), |(at, _)| at);
    let words = before[start..].split(|c: char| !c.is_alphanumeric() && c != '°').filter(|w| !w.is_empty());
    words.rev().take(CUE_WORDS)
}

/// Whether a word, in whatever case, is in a list of words in lower case.
fn is_one_of(word: &str, list: &[&str]) -> bool {
    list.iter().any(|known| word.chars().flat_map(char::to_lowercase).eq(known.chars()))
}

/// Words behind an amount.
#[rustfmt::skip]
const UNITS: &[&str] = &[
    "eur", "euro", "euros", "usd", "ars", "mxn", "cop", "clp", "gbp", "pesos", "dolares", "dólares",
    "dollars", "pounds", "millones", "million",
];

/// Whether what follows a number makes it an amount of money: `,95`, `€`, `euros`, `USD`, `%`.
pub(super) fn is_amount(after: &str) -> bool {
    let decimals = after.strip_prefix(',').is_some_and(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        matches!(digits, 1 | 2)
    });
    let rest = after.trim_start_matches([' ', '\u{a0}']);
    let word = rest.split(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    decimals || rest.starts_with(['€', '$', '£', '¥', '%']) || is_one_of(word, UNITS)
}
