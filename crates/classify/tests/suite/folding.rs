//! Folding, and the way back.

use classify::fold::{Folding, fold, original_span};
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
    ];
    for (text, folded) in cases {
        assert_eq!(fold(text), folded, "{text:?}");
        assert_eq!(Folding::Plain.fold(text), folded, "{text:?}");
    }
}

/// Every character of the planes that have letters, since some are folded without a look into the tables.
#[test]
fn lower_case_is_that_of_unicode() {
    let plain = |c: char| Folding::Plain.fold(&c.to_string());
    for c in ('\0'..='\u{1ffff}').filter(|c| !"ς".contains(*c)) {
        let lower = c.to_lowercase().to_string();
        let marked = "àáâãäèéêëìíîïòóôõöùúûüçñ".contains(lower.as_str());
        assert!(if marked { plain(c).is_ascii() } else { plain(c) == lower.replace('ς', "σ") }, "{c:?}");
    }
}

#[test]
fn folds_elongations_and_white_space_unless_plain() {
    let cases = [
        ("a\tB\nC", "a b c"),
        ("  hola  \r\n\u{a0} ¿que\u{2003}tal? ", " hola ¿que tal? "),
        ("HOLAAAA, noooo SíÍÍíi", "hola, no si"),
        ("hooolaaa bueeeeno grrracias", "hola bueno gracias"),
        ("llamar, correo, good, book", "llamar, correo, good, book"), // two are how words are spelt
        ("1000 999,99 5555", "1000 999,99 5555"),
        ("no!!! ... ----", "no!!! ... ----"),
        ("www.shop.com, pilas AAA, Fase III, mmm", "www.shop.com, pilas aaa, fase iii, mmm"),
        ("aaaA\u{301}\u{301}áb", "ab"),
        ("biiİ", "bi\u{307}"),
        ("ñññandu y jaaa", "nandu y ja"),
        ("жууук ßßßa", "жук ßa"),
    ];
    for (text, folded) in cases {
        assert_eq!(fold(text), folded, "{text:?}");
        // wherever it stands: folding reads many bytes at a time
        for before in 0..40 {
            let around = "-.".repeat(20);
            let text = format!("{}{text}{around}", &around[..before]);
            assert_eq!(fold(&text), format!("{}{folded}{around}", &around[..before]), "{text:?}");
        }
    }
    assert_eq!(Folding::Plain.fold("HOLAAAA  \nÁÁÁb"), "holaaaa  \naaab");
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
        ("di hoooLAAÁ ya", "hola", "hoooLAAÁ"),
        ("di hoooLAAÁ ya", "ola y", "oooLAAÁ y"),
        ("di hoooLAAÁ ya", "h", "h"),
        ("di hoooLAAÁ ya", " ya", " ya"),
        ("dé\u{301}  \n\u{a0} ya", "de ya", "dé\u{301}  \n\u{a0} ya"),
        ("dé\u{301}  \n\u{a0} ya", "de", "dé\u{301}"),
        ("dé\u{301}  \n\u{a0} ya", " ", "  \n\u{a0} "),
        ("e\u{301}aaab", "e", "e\u{301}"),
        ("e\u{301}aaab", "ab", "aaab"),
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
        "aEnNcÁéÍñÑÜçİßсσςΣ😡€ \n\u{a0}\u{300}\u{301}\u{302}\u{303}\u{307}\u{308}\u{327}"
            .chars()
            .collect::<Vec<_>>(),
    );
    let run = (prop::sample::select(vec!["a", "Á", "n", "ñ", " ", "\n", "e\u{301}", "İ", "x"]), 1usize..5)
        .prop_map(|(of, times)| of.repeat(times));
    let char = prop_oneof![odd, any::<char>()].prop_map(String::from);
    prop::collection::vec(prop_oneof![char, run, "[a-z ]{0,20}"], 0..40).prop_map(|parts| parts.concat())
}

/// The plain folding with its runs gone through one by one.
fn loosely(text: &str) -> String {
    let chars: Vec<char> =
        Folding::Plain.fold(text).chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    let runs: Vec<&[char]> = chars.chunk_by(|a, b| a == b).collect();
    let mut out = String::new();
    for (at, run) in runs.iter().enumerate() {
        let is_letter = |at: usize| runs.get(at).is_some_and(|run| run[0].is_alphabetic());
        let in_word = at.checked_sub(1).is_some_and(is_letter) || is_letter(at + 1);
        let elongated = run.len() >= 3 && run[0].is_alphabetic() && in_word;
        out.extend(run.iter().take(if elongated || run[0] == ' ' { 1 } else { run.len() }));
    }
    out
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
        prop_assert_eq!(Folding::Plain.fold(&text), text.to_lowercase().chars().map(plain).collect::<String>());
    }

    #[test]
    fn equals_the_plain_folding_with_runs_made_one(text in texts()) {
        prop_assert_eq!(fold(&text), loosely(&text));
    }

    #[test]
    fn folding_twice_is_folding_once(text in texts()) {
        for folding in [Folding::Plain, Folding::Loose] {
            prop_assert_eq!(folding.fold(&folding.fold(&text)), folding.fold(&text));
        }
    }

    #[test]
    fn every_plain_span_goes_back_to_what_folds_to_it(text in texts(), a in 0usize..200, b in 0usize..200) {
        let folded = Folding::Plain.fold(&text);
        let (a, b) = (folded.floor_char_boundary(a), folded.floor_char_boundary(b));
        let (from, to) = (a.min(b), a.max(b));
        let span = Folding::Plain.original_span(&text, from..to);
        prop_assert!(text.is_char_boundary(span.start) && text.is_char_boundary(span.end));
        let back = |text: &str| Folding::Plain.fold(text);
        prop_assert!(back(&text[span.clone()]).contains(&folded[from..to]));
        if !folded[..from].ends_with('i') && !folded[from..to].ends_with('i') { // İ is the one letter that grows
            prop_assert_eq!(back(&text[span.clone()]), &folded[from..to]);
            prop_assert_eq!(back(&text[..span.start]), &folded[..from]);
        }
    }

    #[test]
    fn every_folded_character_goes_back_to_its_run(text in texts(), a in 0usize..80, b in 0usize..80) {
        let folded = fold(&text);
        let spans: Vec<_> = folded
            .char_indices()
            .map(|(at, c)| (c, original_span(&text, at..at + c.len_utf8()), at))
            .collect();
        for (c, span, _) in &spans {
            let came_from = Folding::Plain.fold(&text[span.clone()]);
            let same = |d: char| d == *c || *c == ' ' && d.is_whitespace();
            prop_assert!(came_from.chars().all(same) || came_from.contains("i\u{307}"), "{:?}", came_from);
        }
        let ends = spans.iter().map(|(_, span, _)| span.end);
        for ((_, span, _), end) in spans.iter().zip(std::iter::once(0).chain(ends)) {
            let grown = text[..end].ends_with('İ');
            prop_assert!(span.start == end || grown && span.start < end, "{:?}", spans);
        }
        prop_assert_eq!(spans.last().map_or(0, |(_, span, _)| span.end), text.len());
        if let (Some(first), Some(last)) = (spans.get(a.min(b)), spans.get(a.max(b))) {
            let whole = original_span(&text, first.2..last.2 + last.0.len_utf8());
            prop_assert_eq!(whole, first.1.start..last.1.end);
        }
    }
}
