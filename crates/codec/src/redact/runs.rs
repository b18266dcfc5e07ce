//! Numbers as people write them: groups of digits, and runs of groups with little between them. Cards and
//! phones are windows of whole groups inside one run.

use std::ops::Range;

/// Digits without anything between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'t> {
    /// Its digits.
    pub digits: &'t str,
    /// Byte of its first digit.
    pub start: usize,
    /// What stands between it and the group before it, where both are of one run.
    pub separator: Option<&'t str>,
}

impl Group<'_> {
    /// One past its last digit.
    pub fn end(&self) -> usize {
        self.start + self.digits.len()
    }
}

/// What may stand between two groups of one number.
pub(super) fn is_separator(c: char) -> bool {
    // Space, no-break spaces, full stop, hyphens and the en dash that editors make of them.
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '.' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}')
}

/// Separators in a row between two groups of one run, as in `) - `.
const SEPARATORS_MAX: usize = 3;

/// The groups of the text, in order; [`runs`] cuts them into runs. Groups that touch a letter (`12kg`, `XR2`)
/// and decimals (`,95`) are left out, and no run goes across them.
pub(super) fn groups(text: &str) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut open = false;
    for span in digit_spans(text) {
        if stands_alone(text, &span) {
            let before = groups.last().filter(|_| open).map(|last| &text[last.end()..span.start]);
            let separator = before.filter(|s| joins(s));
            groups.push(Group { digits: &text[span.clone()], start: span.start, separator });
            open = true;
        } else {
            open = false;
        }
    }
    groups
}

/// Groups with nothing but separators between them.
pub(super) fn runs<'g, 't>(groups: &'g [Group<'t>]) -> impl Iterator<Item = &'g [Group<'t>]> {
    groups.chunk_by(|_, next| next.separator.is_some())
}

/// Where digits stand without anything between them, in order.
pub(super) fn digit_spans(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + bytes[at..].iter().position(u8::is_ascii_digit)?;
        let len = bytes[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        at = start + len;
        Some(start..at)
    })
}

fn stands_alone(text: &str, span: &Range<usize>) -> bool {
    let in_a_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut before = text[..span.start].chars().rev();
    let previous = before.next();
    let decimals =
        span.len() <= 2 && previous == Some(',') && before.next().is_some_and(|c| c.is_ascii_digit());
    let after = &text[span.end..];
    !decimals && !previous.is_some_and(in_a_word) && (!after.starts_with(in_a_word) || is_extension(after))
}

/// `x459` behind a phone.
fn is_extension(after: &str) -> bool {
    after.strip_prefix(['x', 'X']).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn joins(separator: &str) -> bool {
    separator.chars().take(SEPARATORS_MAX + 1).count() <= SEPARATORS_MAX
        && separator.chars().all(|c| is_separator(c) || matches!(c, '(' | ')'))
}
