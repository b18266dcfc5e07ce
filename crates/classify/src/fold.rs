//! Folding: what makes "¿Dónde está…?" and "DONDE ESTA" the same text to a rule. Unicode lower-case, then the
//! accents of Latin vowels, ç and ñ taken off; every other character stays. Composed and decomposed forms
//! (NFC, NFD) of those letters fold alike. [`Folding::Loose`], which taxonomies have unless they say
//! otherwise, also makes "hooolaaa" and "hola" the same, and any white space a space.
//!
//! Lower-casing here looks at one character at a time, so that a span of the folded text can be mapped back.
//! The one letter for which Unicode looks further, the Greek sigma, therefore always folds to `σ`.

use std::ops::Range;

/// Bytes that are looked at together: most texts are little else than ordinary ASCII.
const WORD: usize = 8;
/// Bytes behind a word that tell whether something begins in it that does not end there.
const AHEAD: usize = 2;
/// The high bit of each byte of a word, which is what a mask below is made of; a space, and the bit that makes
/// a letter lower-case, in each.
const HIGH: u64 = 0x8080_8080_8080_8080;
const SPACES: u64 = 0x2020_2020_2020_2020;
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
        let mut folded = c.to_lowercase().map(plain);
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
        let source = at..at + c.len_utf8();
        let from = self.bytes.len();
        if composes(self.bytes.last().copied(), c) {
            self.units.push(Unit { folded: from..from, source });
        } else if let Some(folded) = lower_simply(c) {
            self.push_folded(folded, source, false);
        } else {
            let (folded, len) = lower_by_table(c);
            folded[..len].iter().for_each(|&folded| self.push_folded(folded, source.clone(), len > 1));
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
        self.to.bytes.reserve(self.text.len());
        while self.at < self.text.len() {
            if !self.continues() && self.copy_word() {
                continue;
            }
            // what is odd begins within the next bytes
            let odd_until = self.at + AHEAD;
            while self.at < self.text.len() && (self.at <= odd_until || self.continues()) {
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

    /// Copies the next bytes up to the first that does not fold to itself but for case, or at which a run begins
    /// that has to fold; whether that were all of them.
    fn copy_word(&mut self) -> bool {
        let rest = &self.text.as_bytes()[self.at..];
        let (word, len) = word_at(rest);
        let (next, after) =
            (word_at(rest.get(1..).unwrap_or_default()).0, word_at(rest.get(2..).unwrap_or_default()).0);
        let ordinary = leading(odd(word, next, after)).min(len);
        if ordinary == 0 {
            return false;
        }
        self.end_run(char::from(rest[0]));
        let folded = lower_word(word).to_le_bytes();
        if ordinary == WORD {
            self.to.bytes.extend_from_slice(&folded); // a copy of fixed length is one instruction
        } else {
            self.to.bytes.extend_from_slice(&folded[..ordinary]);
        }
        self.before = if ordinary > 1 { char::from(folded[ordinary - 2]) } else { self.last };
        self.last = char::from(folded[ordinary - 1]);
        self.at += ordinary;
        self.count = 1;
        self.folded_from = self.to.bytes.len() - 1;
        self.source_from = self.at - 1;
        ordinary == len
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
        } else if let Some(folded) = lower_simply(c) {
            self.enter(folded, source.start);
            self.to.push_folded(folded, source.clone(), false);
        } else {
            let (folded, len) = lower_by_table(c);
            for &folded in &folded[..len] {
                self.enter(folded, source.start);
                self.to.push_folded(folded, source.clone(), len > 1);
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

/// Length of the run of ASCII at the start.
fn ascii_run(bytes: &[u8]) -> usize {
    let whole = bytes.chunks_exact(WORD).take_while(|chunk| chunk.is_ascii()).count() * WORD;
    whole + bytes[whole..].iter().take_while(|b| b.is_ascii()).count()
}

/// The first bytes as a word, and how many they are; behind the text it holds zeros.
fn word_at(bytes: &[u8]) -> (u64, usize) {
    match bytes.first_chunk::<WORD>() {
        Some(word) => (u64::from_le_bytes(*word), WORD),
        None => {
            let mut word = [0; WORD];
            word[..bytes.len()].copy_from_slice(bytes);
            (u64::from_le_bytes(word), bytes.len())
        }
    }
}

/// How many bytes come before the first that is marked.
const fn leading(mask: u64) -> usize {
    mask.trailing_zeros() as usize / 8
}

/// Marks the bytes of a word, given those that follow each and those after, that loose folding may not only make
/// lower-case: no ASCII is near, it is a control character, or it begins a run that has to fold. May mark others
/// too.
const fn odd(word: u64, next: u64, after: u64) -> u64 {
    let unlike = ((word ^ next) | (next ^ after)) & !SPACES; // zero where three are equal but for case
    let space = zeros(word ^ SPACES) & (zeros(next ^ SPACES) | zeros(next & 0x6060_6060_6060_6060));
    (word | next | after) & HIGH | zeros(unlike) | zeros(word & 0x6060_6060_6060_6060) | space
}

/// Marks the bytes that are zero, and perhaps some above them.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(0x0101_0101_0101_0101) & !word & HIGH
}

/// Makes the capitals of ASCII in a word lower-case.
const fn lower_word(word: u64) -> u64 {
    let low = word & !HIGH;
    let from_a = low.wrapping_add(0x3f3f_3f3f_3f3f_3f3f); // 0x80 - b'A'
    let above_z = low.wrapping_add(0x2525_2525_2525_2525); // 0x7f - b'Z'
    word | (from_a & !above_z & !word & HIGH) >> 2
}

/// Lower-case without accent where no table has to be asked: the letters of Western Europe, accents, scripts
/// without capitals, punctuation, currencies and pictures.
const fn lower_simply(c: char) -> Option<char> {
    match c {
        'À'..='Ä' => Some('a'),
        'È'..='Ë' => Some('e'),
        'Ì'..='Ï' => Some('i'),
        'Ò'..='Ö' => Some('o'),
        'Ù'..='Ü' => Some('u'),
        'Ñ' => Some('n'),
        'Ç' => Some('c'),
        'ß'..='ÿ' => Some(plain(c)),
        '\u{80}'..='¿' | '\u{300}'..='\u{36f}' | '\u{590}'..='\u{109f}' => Some(c),
        '\u{2010}'..='\u{20ff}' | '\u{2e80}'..='\u{a63f}' | '\u{ac00}'..='\u{d7af}' => Some(c),
        '\u{1f000}'..='\u{1faff}' => Some(c),
        _ => None,
    }
}

/// Lower-case without accent, of one character alone.
pub(crate) fn lower(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().map(plain)
}

/// Lower-case without accent: how many characters, and which.
fn lower_by_table(c: char) -> ([char; 3], usize) {
    let mut folded = ['\0'; 3];
    if c == 'İ' {
        return (['i', '\u{307}', '\0'], 2); // the one that grows, and the slowest in the tables
    }
    let lower = c.to_lowercase();
    let len = lower.len();
    folded.iter_mut().zip(lower).for_each(|(to, c)| *to = plain(c));
    (folded, len)
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
