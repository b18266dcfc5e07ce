//! Folding: what makes "¿Dónde está…?" and "DONDE ESTA" the same text to a rule. Unicode lower-case, then the
//! accents of Latin vowels, ç and ñ taken off; every other character stays. Composed and decomposed forms
//! (NFC, NFD) of those letters fold alike.
//!
//! Lower-casing here looks at one character at a time, so that a span of the folded text can be mapped back.
//! The one letter for which Unicode looks further, the Greek sigma, therefore always folds to `σ`.

use std::ops::Range;

/// The folded text.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    walk(text, |_, piece| match piece {
        Piece::Ascii(run) => {
            let from = out.len();
            out.push_str(run);
            out[from..].make_ascii_lowercase();
        }
        Piece::Char(c) => out.extend(lower(c)),
        Piece::Dropped => {}
    });
    out
}

/// Maps a span of bytes of `fold(text)` back to the bytes of `text` it came from. A span that ends inside
/// what one character was folded to, covers the whole character.
pub fn original_span(text: &str, folded: Range<usize>) -> Range<usize> {
    let (mut from, mut to) = (None, None);
    let (mut source, mut done) = (0, 0);
    walk(text, |source_len, piece| {
        let len = piece.len();
        let ascii = matches!(piece, Piece::Ascii(_));
        if (done..done + len).contains(&folded.start) {
            from = Some(source + if ascii { folded.start - done } else { 0 });
        }
        if done < folded.end && folded.end <= done + len {
            to = Some(source + if ascii { folded.end - done } else { source_len });
        }
        if len == 0 && folded.end == done && to.is_some() {
            to = Some(source + source_len); // a dropped accent belongs to the letter before it
        }
        source += source_len;
        done += len;
    });
    let from = from.unwrap_or(text.len());
    from..to.unwrap_or(from).max(from)
}

/// Whether folding leaves this character as it is: what a regular expression may contain and ever find.
pub(crate) fn is_folded(c: char) -> bool {
    let mut folded = lower(c);
    folded.next() == Some(c) && folded.next().is_none()
}

/// What a stretch of text is folded to.
enum Piece<'t> {
    /// Lower-case of the run, byte for byte.
    Ascii(&'t str),
    /// [`lower`] of the character.
    Char(char),
    /// Nothing: the accent of a decomposed letter.
    Dropped,
}

impl Piece<'_> {
    /// Bytes of the folded text.
    fn len(&self) -> usize {
        match self {
            Self::Ascii(run) => run.len(),
            Self::Char(c) => lower(*c).map(char::len_utf8).sum(),
            Self::Dropped => 0,
        }
    }
}

/// Cuts the text into pieces, in order; `each` is given the bytes of the text that a piece came from.
fn walk<'t>(text: &'t str, mut each: impl FnMut(usize, Piece<'t>)) {
    let mut rest = text;
    let mut last = '\0'; // last character of the folded text
    while let Some(first) = rest.chars().next() {
        let run = ascii_run(rest.as_bytes());
        let used = if run > 0 { run } else { first.len_utf8() };
        let (head, tail) = rest.split_at(used);
        if run > 0 {
            last = char::from(head.as_bytes()[run - 1].to_ascii_lowercase());
            each(used, Piece::Ascii(head));
        } else if composes(last, first) {
            each(used, Piece::Dropped);
        } else {
            last = lower(first).last().unwrap_or(first);
            each(used, Piece::Char(first));
        }
        rest = tail;
    }
}

/// Length of the run of ASCII at the start, eight bytes at a time: most texts are little else.
fn ascii_run(bytes: &[u8]) -> usize {
    let whole = bytes.chunks_exact(8).take_while(|chunk| chunk.is_ascii()).count() * 8;
    whole + bytes[whole..].iter().take_while(|b| b.is_ascii()).count()
}

/// Lower-case without accent.
pub(crate) fn lower(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(plain)
}

const fn plain(c: char) -> char {
    match c {
        'à'..='ä' => 'a',
        'è'..='ë' => 'e',
        'ì'..='ï' => 'i',
        'ò'..='ö' => 'o',
        'ù'..='ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        'ς' => 'σ',
        other => other,
    }
}

/// Whether letter and combining accent are the decomposed form of a letter that [`plain`] makes plain.
const fn composes(letter: char, accent: char) -> bool {
    match accent {
        '\u{300}' | '\u{301}' | '\u{302}' | '\u{308}' => matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u'),
        '\u{303}' => matches!(letter, 'a' | 'o' | 'n'),
        '\u{327}' => matches!(letter, 'c'),
        _ => false,
    }
}
