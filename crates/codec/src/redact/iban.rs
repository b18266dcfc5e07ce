//! IBANs: a country's letters, as many characters as that country's IBANs have, and the check of ISO 13616.

use super::runs::{digit_spans, is_separator};
use std::ops::Range;

/// Length of an IBAN by country, from SWIFT's registry of IBAN formats.
#[rustfmt::skip] // A table, eight to a line.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24), (b"AE", 23), (b"AL", 28), (b"AT", 20), (b"AZ", 28), (b"BA", 20), (b"BE", 16), (b"BG", 22),
    (b"BH", 22), (b"BI", 27), (b"BR", 29), (b"BY", 28), (b"CH", 21), (b"CR", 22), (b"CY", 28), (b"CZ", 24),
    (b"DE", 22), (b"DJ", 27), (b"DK", 18), (b"DO", 28), (b"EE", 20), (b"EG", 29), (b"ES", 24), (b"FI", 18),
    (b"FK", 18), (b"FO", 18), (b"FR", 27), (b"GB", 22), (b"GE", 22), (b"GI", 23), (b"GL", 18), (b"GR", 27),
    (b"GT", 28), (b"HN", 28), (b"HR", 21), (b"HU", 28), (b"IE", 22), (b"IL", 23), (b"IQ", 23), (b"IS", 26),
    (b"IT", 27), (b"JO", 30), (b"KW", 30), (b"KZ", 20), (b"LB", 28), (b"LC", 32), (b"LI", 21), (b"LT", 20),
    (b"LU", 20), (b"LV", 21), (b"LY", 25), (b"MC", 27), (b"MD", 24), (b"ME", 22), (b"MK", 19), (b"MN", 20),
    (b"MR", 27), (b"MT", 31), (b"MU", 30), (b"NI", 28), (b"NL", 18), (b"NO", 15), (b"OM", 23), (b"PK", 24),
    (b"PL", 28), (b"PS", 29), (b"PT", 25), (b"QA", 29), (b"RO", 24), (b"RS", 22), (b"RU", 33), (b"SA", 24),
    (b"SC", 31), (b"SD", 18), (b"SE", 24), (b"SI", 19), (b"SK", 24), (b"SM", 27), (b"SO", 23), (b"ST", 25),
    (b"SV", 28), (b"TL", 23), (b"TN", 24), (b"TR", 26), (b"UA", 29), (b"VA", 22), (b"VG", 24), (b"XK", 20),
    (b"YE", 30),
];

pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    // Digits follow the country, so every IBAN is met at digits.
    for digits in digit_spans(text) {
        let free = spans.last().map_or(0, |s| s.end);
        let start = digits.start.checked_sub(2).filter(|start| *start >= free);
        if let Some((start, end)) = start.and_then(|start| Some((start, end_of(text, start)?))) {
            spans.push(start..end);
        }
    }
    spans
}

/// Where the IBAN ends that begins at this byte, if one does.
fn end_of(text: &str, start: usize) -> Option<usize> {
    let country = text.as_bytes().get(start..start + 2).filter(|c| c.iter().all(u8::is_ascii_alphabetic))?;
    let (_, len) = LENGTHS.iter().find(|(c, _)| c.eq_ignore_ascii_case(country))?;
    let begins_a_word = !text[..start].chars().next_back().is_some_and(char::is_alphanumeric);
    let (code, end) = characters(&text[start..], *len).filter(|_| begins_a_word)?;
    let digits_follow = code[2..4].iter().all(u8::is_ascii_digit);
    let ends_a_word = !text[start + end..].starts_with(char::is_alphanumeric);
    (digits_follow && ends_a_word && remainder(&code) == 1).then_some(start + end)
}

/// The first `count` letters and digits, each preceded by at most one separator, and where they end.
fn characters(text: &str, count: usize) -> Option<(Vec<u8>, usize)> {
    let mut code = Vec::with_capacity(count);
    let mut separated = true;
    for (at, c) in text.char_indices() {
        match u8::try_from(c) {
            Ok(b) if b.is_ascii_alphanumeric() => {
                code.push(b.to_ascii_uppercase());
                separated = false;
            }
            _ if is_separator(c) && !separated => separated = true,
            _ => return None,
        }
        if code.len() == count {
            return Some((code, at + 1));
        }
    }
    None
}

/// Remainder by 97 of the code with its first four characters last and letters as 10 to 35.
fn remainder(code: &[u8]) -> u32 {
    code[4..].iter().chain(&code[..4]).fold(0, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    })
}
