//! Languages as the product knows them: primary subtags in lower case. Detection is `whichlang`'s, which always
//! answers; here it is asked three times, so that it can also not know.

use whichlang::{Lang, detect_language};

/// Letters below which a text is too short to tell.
const LETTERS: usize = 20;

/// Primary subtag of a BCP 47 tag: `es` of `es-CL`.
pub fn primary(tag: &str) -> String {
    tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// The language of a text, where the whole and both its halves say the same; of a short text nothing.
pub fn detect(text: &str) -> Option<&'static str> {
    if text.chars().filter(|c| c.is_alphabetic()).take(LETTERS).count() < LETTERS {
        return None;
    }
    let whole = detect_language(text);
    let (first, second) = halves(text);
    (detect_language(first) == whole && detect_language(second) == whole).then(|| subtag(whole))
}

/// Cut at the first space after the middle.
fn halves(text: &str) -> (&str, &str) {
    let mut middle = text.len() / 2;
    while !text.is_char_boundary(middle) {
        middle += 1;
    }
    let space = text[middle..].find(char::is_whitespace).unwrap_or(0);
    text.split_at(middle + space)
}

const fn subtag(lang: Lang) -> &'static str {
    match lang {
        Lang::Ara => "ar",
        Lang::Cmn => "zh",
        Lang::Deu => "de",
        Lang::Eng => "en",
        Lang::Fra => "fr",
        Lang::Hin => "hi",
        Lang::Ita => "it",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Nld => "nl",
        Lang::Por => "pt",
        Lang::Rus => "ru",
        Lang::Spa => "es",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_it_knows_and_nothing_else() {
        let cases = [
            ("¿Dónde está mi pedido? Hace dos semanas que lo espero", Some("es")),
            ("Where is my parcel? I have been waiting for two weeks", Some("en")),
            ("Wo bleibt mein Paket? Ich warte seit zwei Wochen darauf", Some("de")),
            ("Où est mon colis ? Je l'attends depuis deux semaines", Some("fr")),
            ("hola", None),
            ("", None),
            ("12345 67890 12345 67890 12345 67890", None),
        ];
        for (text, expected) in cases {
            assert_eq!(detect(text), expected, "{text}");
        }
        assert_eq!(
            (primary("es-CL"), primary("EN_us"), primary("")),
            ("es".into(), "en".into(), String::new())
        );
    }
}
