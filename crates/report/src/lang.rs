//! The two languages of people: numbers and plurals. Machine words (ids, columns, table names) are the
//! same in both.

/// Language of a text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Spanish.
    Es,
}

impl Lang {
    /// Both languages.
    pub const ALL: &'static [Self] = &[Self::En, Self::Es];

    /// Its BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// The language with this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|l| l.tag() == tag)
    }

    /// The text of this language.
    pub const fn pick<'a>(self, en: &'a str, es: &'a str) -> &'a str {
        match self {
            Self::En => en,
            Self::Es => es,
        }
    }

    /// A number with its digits grouped as CLDR has it: `12,345` and `12.345`; Spanish leaves four digits
    /// together (`1234`), English does not (`1,234`).
    pub fn number(self, n: u64) -> String {
        let digits = n.to_string();
        let (mark, together) = match self {
            Self::En => (',', 3),
            Self::Es => ('.', 4),
        };
        if digits.len() <= together {
            return digits;
        }
        let mut out = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(mark);
            }
            out.push(digit);
        }
        out
    }

    /// A counted thing: `1 row`, `12,345 rows`; each language as (one, many).
    pub fn count(self, n: u64, en: (&str, &str), es: (&str, &str)) -> String {
        let (one, many) = match self {
            Self::En => en,
            Self::Es => es,
        };
        format!("{} {}", self.number(n), if n == 1 { one } else { many })
    }

    /// Rows of a file.
    pub fn rows(self, n: u64) -> String {
        self.count(n, ("row", "rows"), ("fila", "filas"))
    }

    /// Contacts.
    pub fn contacts(self, n: u64) -> String {
        self.count(n, ("contact", "contacts"), ("contacto", "contactos"))
    }

    /// Records of the log.
    pub fn records(self, n: u64) -> String {
        self.count(n, ("record", "records"), ("registro", "registros"))
    }

    /// Files.
    pub fn files(self, n: u64) -> String {
        self.count(n, ("file", "files"), ("archivo", "archivos"))
    }

    /// Customers.
    pub fn customers(self, n: u64) -> String {
        self.count(n, ("customer", "customers"), ("cliente", "clientes"))
    }
}

/// Lines of two columns, the first padded to the widest, indented by two spaces; the second is
/// right-aligned, since it holds numbers.
pub(crate) fn columns(out: &mut String, lines: &[(String, String)]) {
    let width = |pick: fn(&(String, String)) -> &String| {
        lines.iter().map(|line| pick(line).chars().count()).max().unwrap_or(0)
    };
    let (left, right) = (width(|l| &l.0), width(|l| &l.1));
    for (name, value) in lines {
        let name_gap = " ".repeat(left - name.chars().count());
        let value_gap = " ".repeat(right - value.chars().count());
        out.push_str(&format!("  {name}{name_gap}  {value_gap}{value}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_each_language_does() {
        let cases = [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_000, "1,000", "1000"),
            (12_345, "12,345", "12.345"),
            (1_234_567, "1,234,567", "1.234.567"),
            (u64::MAX, "18,446,744,073,709,551,615", "18.446.744.073.709.551.615"),
        ];
        for (n, en, es) in cases {
            assert_eq!((Lang::En.number(n), Lang::Es.number(n)), (en.to_owned(), es.to_owned()));
        }
    }

    #[test]
    fn one_is_singular_and_zero_is_plural() {
        assert_eq!((Lang::En.rows(1), Lang::En.rows(0)), ("1 row".into(), "0 rows".into()));
        assert_eq!((Lang::Es.rows(1), Lang::Es.rows(2)), ("1 fila".into(), "2 filas".into()));
        assert_eq!(Lang::from_tag("es"), Some(Lang::Es));
        assert_eq!(Lang::from_tag("de"), None);
    }
}
