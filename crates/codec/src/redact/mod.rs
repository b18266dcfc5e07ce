//! Replaces what names or reaches a person by `<EMAIL>`, `<PHONE>`, `<CARD>` or `<IBAN>`, before words are
//! sealed. Where text could be either, a person's number wins over an order's.
//!
//! Linear in the length of the text, and redacting twice is redacting once: what decides about a number is
//! the number itself and neighbours that no replacement changes (a test holds both).
//!
//! Never finds names, addresses or national ids; those come with ingest.

mod card;
mod context;
mod email;
mod fact;
mod iban;
mod phone;
mod runs;

pub use fact::redact_fact;

use std::borrow::Cow;
use std::ops::Range;

/// Fewer digits than this are neither phone, nor card, nor IBAN.
const DIGITS_MIN: usize = 7;

/// The text without e-mail addresses, phone numbers, card numbers and IBANs; borrowed where it has none.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    if memchr::memchr2(b'@', b'%', text.as_bytes()).is_some() {
        replace(&mut out, email::find, "<EMAIL>");
    }
    if text.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN {
        // An IBAN holds what looks like a card, and a card what looks like a phone.
        replace(&mut out, iban::find, "<IBAN>");
        replace(&mut out, card::find, "<CARD>");
        replace(&mut out, phone::find, "<PHONE>");
    }
    out
}

/// Puts a placeholder in place of each span. Spans come in order and do not overlap.
fn replace(text: &mut Cow<'_, str>, find: fn(&str) -> Vec<Range<usize>>, placeholder: &str) {
    let spans = find(text);
    if spans.is_empty() {
        return;
    }
    let mut out = String::with_capacity(text.len());
    let mut kept_to = 0;
    for span in spans {
        out.push_str(&text[kept_to..span.start]);
        out.push_str(placeholder);
        kept_to = span.end;
    }
    out.push_str(&text[kept_to..]);
    *text = Cow::Owned(out);
}
