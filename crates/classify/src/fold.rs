//! Folding: what makes "¿Dónde está…?" and "DONDE ESTA" the same text to a rule. Unicode lower-case, then the
//! accents of Latin vowels, ç and ñ taken off; every other character stays. Composed and decomposed forms
//! (NFC, NFD) of those letters fold alike. [`Folding::Loose`], which taxonomies have unless they say
//! otherwise, also makes "hooolaaa" and "hola" the same, and any white space a space.
//!
//! Lower-casing here looks at one character at a time, so that a span of the folded text can be mapped back.
//! The one letter for which Unicode looks further, the Greek sigma, therefore always folds to `σ`.

use std::ops::Range;

/// Bytes that are looked at together: most texts are little else than ordinary ASCII.
const CHUNK: usize = 16;
/// Bytes behind a chunk that tell whether something begins in it that it does not end.
const AHEAD: usize = 2;
/// From how many on equal letters are an elongation. Two are how words are spelt.
const ELONGATED: usize = 3;

/// How much folding takes for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Folding {
    /// Case and accents.
    Plain,
    /// Also elongations, three or more of a letter in a word that has another letter ("noooo", but not "www"),
    /// which fold to one, and runs of white space of any kind, which fold to one space.
    #[default]
    Loose,
}

impl Folding {
    /// Every word of a folding.
    pub const WORDS: &'static [&'static str] = &["plain", "loose"];

    /// The folding with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "plain" => Some(Self::Plain),
            "loose" => Some(Self::Loose),
            _ => None,
        }
    }

    /// The folded text.
    pub fn fold(self, text: &str) -> String {
        let mut folded = Folded::default();
        folded.fill(self, text);
        String::from_utf8(folded.bytes).expect("invariant: whole characters were written")
    }

    /// Maps a span of bytes of the folded text back to the bytes of `text` it came from. A span that ends
    /// inside what one character, or one run, was folded to, covers all of it.
    pub fn original_span(self, text: &str, span: Range<usize>) -> Range<usize> {
        let mut folded = Folded::default();
        folded.fill(self, text);
        folded.original_span(span)
    }

    /// Whether folding leaves this character as it is: what a regular expression may contain and ever find.
    pub(crate) fn keeps(self, c: char) -> bool {
        let mut folded = lower(c);
        let same = folded.next() == Some(c) && folded.next().is_none();
        same && (self == Self::Plain || c == ' ' || !c.is_whitespace())
    }
}

/// The text as a taxonomy folds it that does not say how.
pub fn fold(text: &str) -> String {
    Folding::default().fold(text)
}

/// [`Folding::original_span`] of [`fold`].
pub fn original_span(text: &str, folded: Range<usize>) -> Range<usize> {
    Folding::default().original_span(text, folded)
}

/// A folded text and the way back. Its memory is used again for the next text.
#[derive(Debug, Default)]
pub(crate) struct Folded {
    bytes: Vec<u8>,
    /// In the order of the folded text; where there is none, a byte came from a byte.
    units: Vec<Unit>,
    source_len: usize,
}

/// A stretch whose length folding changed. It goes back as a whole. An accent that was dropped is a unit of no
/// length, and belongs to the letter before it.
#[derive(Debug, Clone)]
struct Unit {
    folded: Range<usize>,
    source: Range<usize>,
}

impl Folded {
    /// The folded text, which is UTF-8.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Folds a text in place of the one before. Takes time linear in it.
    pub(crate) fn fill(&mut self, folding: Folding, text: &str) {
        self.bytes.clear();
        self.units.clear();
        self.source_len = text.len();
        match folding {
            Folding::Plain => self.fill_plain(text),
            Folding::Loose => Runs::of(self, text).fill(),
        }
    }

    /// See [`Folding::original_span`].
    pub(crate) fn original_span(&self, span: Range<usize>) -> Range<usize> {
        if self.units.is_empty() {
            return span;
        }
        let before = |at: usize, ends: bool| {
            let is_before =
                |u: &Unit| u.folded.start < at || u.folded.start == at && (!ends || u.folded.is_empty());
            self.units.partition_point(is_before).checked_sub(1).map(|last| &self.units[last])
        };
        let from = match before(span.start, false) {
            Some(unit) if span.start < unit.folded.end => unit.source.start,
            Some(unit) => unit.source.end + (span.start - unit.folded.end),
            None => span.start,
        };
        let to = match before(span.end, true) {
            Some(unit) if span.end <= unit.folded.end => unit.source.end,
            Some(unit) => unit.source.end + (span.end - unit.folded.end),
            None => span.end,
        };
        from.min(self.source_len)..to.min(self.source_len).max(from.min(self.source_len))
    }

    fn fill_plain(&mut self, text: &str) {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let run = ascii_run(rest.as_bytes());
            let from = self.bytes.len();
            self.bytes.extend_from_slice(&rest.as_bytes()[..run]);
            self.bytes[from..].make_ascii_lowercase();
            at += run;
            if let Some(c) = rest[run..].chars().next() {
                self.push(c, at);
                at += c.len_utf8();
            }
        }
    }

    /// Writes what a character at this byte of the text folds to; nothing if it is an accent of the letter
    /// before it.
    fn push(&mut self, c: char, at: usize) {
        let from = self.bytes.len();
        if composes(self.bytes.last().copied(), c) {
            self.units.push(Unit { folded: from..from, source: at..at + c.len_utf8() });
            return;
        }
        let folded = lower(c);
        let grows = folded.len() > 1;
        for folded in folded {
            self.push_folded(folded, at..at + c.len_utf8(), grows);
        }
    }

    /// `is_part`: of what the character folds to, which is more than this.
    fn push_folded(&mut self, folded: char, source: Range<usize>, is_part: bool) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(folded.encode_utf8(&mut [0; 4]).as_bytes());
        if is_part || self.bytes.len() - from != source.len() {
            self.units.push(Unit { folded: from..self.bytes.len(), source });
        }
    }
}

/// Loose folding in progress: what is known of the run at the end of the folded text.
struct Runs<'a> {
    to: &'a mut Folded,
    text: &'a str,
    /// Next byte of the text.
    at: usize,
    /// The character of which the run is, how many there are, and the character before the run.
    last: char,
    count: usize,
    before: char,
    /// Where it starts in the folded text, and in the text.
    folded_from: usize,
    source_from: usize,
}

impl<'a> Runs<'a> {
    const fn of(to: &'a mut Folded, text: &'a str) -> Self {
        Self { to, text, at: 0, last: '\0', count: 0, before: '\0', folded_from: 0, source_from: 0 }
    }

    fn fill(mut self) {
        while self.at < self.text.len() {
            if !self.continues() && self.copy_chunk() {
                continue;
            }
            let chunk_end = self.at + CHUNK;
            while self.at < self.text.len() && (self.at < chunk_end || self.continues()) {
                self.step();
            }
        }
        self.end_run('\0');
    }

    /// Whether the next byte may belong to the run, or to its last letter.
    fn continues(&self) -> bool {
        let next = self.text.as_bytes()[self.at];
        !next.is_ascii()
            || char::from(next.to_ascii_lowercase()) == self.last
            || self.last == ' ' && is_ascii_space(next)
    }

    /// Copies the next bytes if every one of them folds to itself but for case, and no run begins in them
    /// that has to fold.
    fn copy_chunk(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let mut window = *b"~}~}~}~}~}~}~}~}~}"; // nothing to see behind the text
        let seen = rest.len().min(CHUNK + AHEAD);
        window[..seen].copy_from_slice(&rest[..seen]);
        if !is_ordinary(&window) {
            return false;
        }
        self.end_run(char::from(window[0]));
        let taken = rest.len().min(CHUNK);
        window.make_ascii_lowercase();
        self.to.bytes.extend_from_slice(&window[..taken]);
        self.before = if taken > 1 { char::from(window[taken - 2]) } else { self.last };
        self.last = char::from(window[taken - 1]);
        self.at += taken;
        self.count = 1;
        self.folded_from = self.to.bytes.len() - 1;
        self.source_from = self.at - 1;
        true
    }

    /// One character.
    fn step(&mut self) {
        let byte = self.text.as_bytes()[self.at];
        if byte.is_ascii() && !is_ascii_space(byte) {
            let folded = byte.to_ascii_lowercase();
            self.enter(char::from(folded), self.at);
            self.to.bytes.push(folded);
            self.at += 1;
            return;
        }
        let Some(c) = self.text[self.at..].chars().next() else { return };
        let source = self.at..self.at + c.len_utf8();
        if c.is_whitespace() {
            self.space(source.clone());
        } else if composes(self.to.bytes.last().copied(), c) {
            self.to.push(c, source.start);
        } else {
            let folded = lower(c);
            let grows = folded.len() > 1;
            for folded in folded {
                self.enter(folded, source.start);
                self.to.push_folded(folded, source.clone(), grows);
            }
        }
        self.at = source.end;
    }

    fn space(&mut self, source: Range<usize>) {
        if self.last != ' ' {
            self.enter(' ', source.start);
            self.to.push_folded(' ', source, false);
            return;
        }
        self.fold_run(self.folded_from..self.to.bytes.len(), source.end);
    }

    /// A character is about to be written: does it go on with the run?
    fn enter(&mut self, folded: char, source_from: usize) {
        if folded == self.last {
            self.count += 1;
            return;
        }
        self.end_run(folded);
        self.before = self.last;
        self.last = folded;
        self.count = 1;
        self.folded_from = self.to.bytes.len();
        self.source_from = source_from;
    }

    /// The run is over, since `next` follows: an elongation becomes one letter.
    fn end_run(&mut self, next: char) {
        let is_word = self.before.is_alphabetic() || next.is_alphabetic();
        if self.count < ELONGATED || !self.last.is_alphabetic() || !is_word {
            return;
        }
        let folded = self.folded_from..self.folded_from + self.last.len_utf8();
        self.to.bytes.truncate(folded.end);
        self.fold_run(folded, self.at);
        self.count = 1;
    }

    /// The run up to this byte of the text becomes one unit in place of those in it.
    fn fold_run(&mut self, folded: Range<usize>, source_to: usize) {
        let units = &mut self.to.units;
        units.truncate(units.partition_point(|unit| unit.source.end <= self.source_from));
        units.push(Unit { folded, source: self.source_from..source_to });
    }
}

/// White space of ASCII as Unicode has it.
const fn is_ascii_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// Whether the first [`CHUNK`] bytes are ASCII that loose folding only makes lower-case, and nothing begins in
/// them that goes on behind. May say no where yes were right. Without branches, so that it is compiled to a
/// few vector instructions.
fn is_ordinary(window: &[u8; CHUNK + AHEAD]) -> bool {
    let same = |a: u8, b: u8| (a ^ b) & !0x20 == 0; // equal but for case
    let mut odd = false;
    for &byte in window {
        odd |= !(b' '..0x80).contains(&byte);
    }
    for at in 0..CHUNK {
        let (a, b, c) = (window[at], window[at + 1], window[at + 2]);
        odd |= same(a, b) & same(b, c);
        odd |= (a == b' ') & (b == b' ');
    }
    !odd
}

/// Length of the run of ASCII at the start, eight bytes at a time.
fn ascii_run(bytes: &[u8]) -> usize {
    let whole = bytes.chunks_exact(8).take_while(|chunk| chunk.is_ascii()).count() * 8;
    whole + bytes[whole..].iter().take_while(|b| b.is_ascii()).count()
}

/// Lower-case without accent.
fn lower(c: char) -> impl ExactSizeIterator<Item = char> {
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
const fn composes(letter: Option<u8>, accent: char) -> bool {
    match accent {
        '\u{300}' | '\u{301}' | '\u{302}' | '\u{308}' => {
            matches!(letter, Some(b'a' | b'e' | b'i' | b'o' | b'u'))
        }
        '\u{303}' => matches!(letter, Some(b'a' | b'o' | b'n')),
        '\u{327}' => matches!(letter, Some(b'c')),
        _ => false,
    }
}
