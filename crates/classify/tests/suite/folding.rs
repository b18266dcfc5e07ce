//! Folding, and the way back.

use classify::fold::{fold, original_span};
use proptest::prelude::*;

#[test]
fn folds() {
    let cases = [
        ("", ""),
        ("¿DÓNDE ESTÁ MI PEDIDO?", "¿donde esta mi pedido?"),
        ("Ñandú Über ÀÈÌÒÙ âêîôû ÃÕ ç Ïë", "nandu uber aeiou aeiou ao c ie"),
        ("nin\u{303}o cami\u{301}on c\u{327}a", "nino camion ca"),
        ("A\u{301}\u{301}!", "a!"),
        ("q\u{301} \u{301}", "q\u{301} \u{301}"), // accents that make no letter we know stay
        ("Å Ø ß Ý č ệ 😡 €", "å ø ß ý č ệ 😡 €"),
        ("İstanbul", "i\u{307}stanbul"),
        ("ΟΔΟΣ οδος οδός", "οδοσ οδοσ οδόσ"),
        ("a\tB\nC", "a\tb\nc"),
    ];
    for (text, folded) in cases {
        assert_eq!(fold(text), folded, "{text:?}");
    }
}

#[test]
fn spans_go_back_to_whole_characters() {
    // text, part of the folded text, what it came from
    let cases = [
        ("hola", "ola", "ola"),
        ("¿DÓNDE ESTÁ?", "donde", "DÓNDE"),
        ("¿DÓNDE ESTÁ?", "esta", "ESTÁ"),
        ("¿DÓNDE ESTÁ?", "a", "Á"),
        ("el nin\u{303}o y", "nino", "nin\u{303}o"),
        ("el cafe\u{301}, ya", "cafe", "cafe\u{301}"),
        ("el cafe\u{301}, ya", ", ya", ", ya"),
        ("İş", "i", "İ"),
        ("İş", "\u{307}ş", "İş"),
        ("😡😡 ya", "ya", "ya"),
        ("ya", "", ""),
    ];
    for (text, part, original) in cases {
        let from = fold(text).find(part).unwrap();
        let span = original_span(text, from..from + part.len());
        assert_eq!(&text[span], original, "{part:?} in {text:?}");
    }
    assert_eq!(original_span("é\u{301}x", 3..3), 5..5, "an empty span at the end");
}

/// Texts with every kind of character that folding treats in its own way.
fn texts() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(
        "aEnNcÁéÍñÑÜçİßσςΣ😡€ \n\u{300}\u{301}\u{302}\u{303}\u{307}\u{308}\u{327}"
            .chars()
            .collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![odd, any::<char>()], 0..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn equals_lower_case_with_accents_taken_off(text in "[^Σ\u{300}-\u{327}]{0,40}") {
        let plain = |c| match c {
            'á' | 'à' | 'ä' | 'â' | 'ã' => 'a',
            'é' | 'è' | 'ë' | 'ê' => 'e',
            'í' | 'ì' | 'ï' | 'î' => 'i',
            'ó' | 'ò' | 'ö' | 'ô' | 'õ' => 'o',
            'ú' | 'ù' | 'ü' | 'û' => 'u',
            'ñ' => 'n',
            'ç' => 'c',
            'ς' => 'σ',
            c => c,
        };
        prop_assert_eq!(fold(&text), text.to_lowercase().chars().map(plain).collect::<String>());
    }

    #[test]
    fn folding_twice_is_folding_once(text in texts()) {
        prop_assert_eq!(fold(&fold(&text)), fold(&text));
    }

    #[test]
    fn every_span_goes_back_to_what_folds_to_it(text in texts(), a in 0usize..200, b in 0usize..200) {
        let folded = fold(&text);
        let (a, b) = (folded.floor_char_boundary(a), folded.floor_char_boundary(b));
        let (from, to) = (a.min(b), a.max(b));
        let span = original_span(&text, from..to);
        prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
        prop_assert!(fold(&text[span.clone()]).contains(&folded[from..to]));
        if !folded[..from].ends_with('i') && !folded[from..to].ends_with('i') { // İ is the one letter that grows
            prop_assert_eq!(fold(&text[span.clone()]), &folded[from..to]);
            prop_assert_eq!(fold(&text[..span.start]), &folded[..from]);
        }
    }
}
