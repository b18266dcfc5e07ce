//! E-mail addresses: as many characters of a local part as there are before the sign, as many of a domain
//! as there are after it, and a dot before a letter in the domain. Taking the longest on both sides leaves
//! no half of an address behind.

use std::ops::Range;

pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut spans: Vec<Range<usize>> = Vec::new();
    let mut from = 0;
    while let Some((sign, sign_end)) = next_sign(text, from) {
        from = sign_end;
        let floor = spans.last().map_or(0, |s| s.end);
        if let Some(span) = address(text, floor, sign, sign_end) {
            from = span.end;
            spans.push(span);
        }
    }
    spans
}

/// The next `@`, or `%40` as it stands in addresses of pages.
fn next_sign(text: &str, mut from: usize) -> Option<(usize, usize)> {
    loop {
        let at = from + memchr::memchr2(b'@', b'%', &text.as_bytes()[from..])?;
        if text[at..].starts_with('@') {
            return Some((at, at + 1));
        }
        if text[at..].starts_with("%40") {
            return Some((at, at + 3));
        }
        from = at + 1;
    }
}

fn address(text: &str, floor: usize, sign: usize, sign_end: usize) -> Option<Range<usize>> {
    let before = &text[floor..sign];
    let local = &before[before.trim_end_matches(is_local).len()..];
    let local = local.trim_start_matches(|c: char| !c.is_alphanumeric());
    let after = &text[sign_end..];
    let domain = &after[..after.len() - after.trim_start_matches(is_domain).len()];
    let domain = domain.trim_end_matches(['.', '-']);
    (!local.is_empty() && names_a_host(domain)).then(|| sign - local.len()..sign_end + domain.len())
}

fn is_local(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '\'')
}

fn is_domain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-')
}

/// `x.com`, but not `4.50`, `empresa` or `.x`.
fn names_a_host(domain: &str) -> bool {
    domain.starts_with(char::is_alphanumeric)
        && domain.split('.').skip(1).any(|label| label.starts_with(char::is_alphabetic))
}
