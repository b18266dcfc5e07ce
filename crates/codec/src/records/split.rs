//! Cuts a stream of bytes into the raw bytes of single records, whatever the size of the chunks. Memory is
//! bounded by one record and one chunk: a longer record is refused, and of its bytes only the start is kept.

use super::Refusal;
use domain::RejectKind;

/// Limits of one record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest record in bytes. Contacts with whole transcripts stay far below the default of 1 MiB.
    pub record_bytes: usize,
    /// How many bytes of a longer one are kept with its refusal.
    pub kept_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record_bytes: 1 << 20, kept_bytes: 1 << 16 }
    }
}

/// One record's bytes, exactly as in the file without the line's end (and without a byte order mark).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece<'a> {
    /// The bytes of one record.
    Record {
        /// Line on which it starts, counted from 1.
        line: u64,
        /// Its bytes.
        raw: &'a [u8],
    },
    /// Bytes that are no record.
    Refused {
        /// Line on which they start, counted from 1.
        line: u64,
        /// The bytes, or their start.
        raw: &'a [u8],
        /// Whether `raw` is all of them.
        whole: bool,
        /// Why.
        refusal: Refusal,
    },
}

/// How lines make records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// One line is one record.
    Lines,
    /// A quoted field may hold line ends; a quote opens a field only after this separator.
    Quoted(u8),
}

/// After so many quotes that never close, quotes no longer join lines: each of them costs another look at up
/// to [`Limits::record_bytes`], and a file with more of them is not the quoted CSV it seems to be.
const STRAY_QUOTES_MAX: u32 = 100;

/// Cuts bytes into records.
#[derive(Debug)]
pub(super) struct Splitter {
    rows: Rows,
    limits: Limits,
    /// A record whose end has not come yet.
    held: Vec<u8>,
    scan: Scan,
    /// Line on which the next record starts.
    line: u64,
    /// The start of a line that is too long, while the rest of it passes by.
    skipped: Option<Vec<u8>>,
    stray_quotes: u32,
}

/// How far the record that is being read has been looked at.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    quoted: bool,
}

impl Splitter {
    pub fn new(rows: Rows, limits: Limits) -> Self {
        let scan = Scan::default();
        Self { rows, limits, held: Vec::new(), scan, line: 1, skipped: None, stray_quotes: 0 }
    }

    /// Takes the next bytes of the stream.
    pub fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) {
        if self.held.is_empty() {
            let used = self.run(bytes, each);
            self.held.extend_from_slice(&bytes[used..]);
            return;
        }
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let used = self.run(&held, each);
        held.drain(..used);
        self.held = held;
    }

    /// The stream has ended.
    pub fn finish(mut self, each: &mut impl FnMut(Piece<'_>)) {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        if let Some(start) = self.skipped.take() {
            self.refuse_long(&start, each);
        }
        while !rest.is_empty() {
            let closed = !self.scan.quoted || rest[self.scan.at..] == *b"\"";
            let line_end = memchr::memchr(b'\n', rest);
            match (closed, line_end) {
                (true, _) => {
                    self.emit(rest, each);
                    return;
                }
                (false, None) => {
                    self.refuse_open(without_cr(rest), each);
                    return;
                }
                (false, Some(end)) => {
                    self.refuse_open(without_cr(&rest[..end]), each);
                    rest = &rest[end + 1..];
                }
            }
            rest = &rest[self.run(rest, each)..];
        }
    }

    /// Cuts all that is complete; returns how many bytes were used up.
    fn run(&mut self, data: &[u8], each: &mut impl FnMut(Piece<'_>)) -> usize {
        let mut start = 0;
        loop {
            let rest = &data[start..];
            if self.skipped.is_some() {
                match self.skip(rest, each) {
                    Some(used) => start += used,
                    None => return data.len(),
                }
                continue;
            }
            let end = self.end_of_record(rest);
            let raw = without_cr(end.map_or(rest, |end| &rest[..end]));
            if raw.len() > self.limits.record_bytes {
                start += self.give_up(rest, each);
                continue;
            }
            let Some(end) = end else { return start };
            self.emit(&rest[..end], each);
            start += end + 1;
        }
    }

    /// Where the line end is that ends the record; `None` where it has not come yet.
    fn end_of_record(&mut self, rest: &[u8]) -> Option<usize> {
        let Rows::Quoted(separator) = self.rows else { return self.end_of_line(rest) };
        loop {
            let at = self.scan.at;
            if self.scan.quoted {
                let quote = at + self.found_or_end(memchr::memchr(b'"', &rest[at..]), rest)?;
                match rest.get(quote + 1) {
                    // Whether it closes the field or is the first half of `""` is not known yet.
                    None => {
                        self.scan.at = quote;
                        return None;
                    }
                    Some(b'"') => self.scan.at = quote + 2,
                    Some(_) => self.scan = Scan { at: quote + 1, quoted: false },
                }
            } else {
                let found = at + self.found_or_end(memchr::memchr2(b'"', b'\n', &rest[at..]), rest)?;
                if rest[found] == b'\n' {
                    return Some(found);
                }
                let quoted = found == 0 || rest[found - 1] == separator;
                self.scan = Scan { at: found + 1, quoted };
            }
        }
    }

    fn end_of_line(&mut self, rest: &[u8]) -> Option<usize> {
        let at = self.scan.at;
        Some(at + self.found_or_end(memchr::memchr(b'\n', &rest[at..]), rest)?)
    }

    fn found_or_end(&mut self, found: Option<usize>, rest: &[u8]) -> Option<usize> {
        if found.is_none() {
            self.scan.at = rest.len();
        }
        found
    }

    /// A record is complete, and within the limit.
    fn emit(&mut self, bytes: &[u8], each: &mut impl FnMut(Piece<'_>)) {
        let raw = without_cr(bytes);
        let blank = match self.rows {
            Rows::Lines => raw.trim_ascii().is_empty(),
            Rows::Quoted(_) => raw.is_empty(),
        };
        if !blank {
            each(Piece::Record { line: self.line, raw });
        }
        let inside = if self.rows == Rows::Lines { 0 } else { memchr::memchr_iter(b'\n', raw).count() };
        self.line += 1 + inside as u64;
        self.scan = Scan::default();
    }

    /// The record is longer than the limit. If its first line is not, a quote never closes: only that line
    /// is refused, and the next one is read afresh. Returns how many bytes were used up.
    fn give_up(&mut self, rest: &[u8], each: &mut impl FnMut(Piece<'_>)) -> usize {
        let line_end = memchr::memchr(b'\n', rest).map(|end| (end, without_cr(&rest[..end])));
        match line_end {
            Some((end, raw)) if raw.len() <= self.limits.record_bytes => {
                self.refuse_open(raw, each);
                end + 1
            }
            _ => {
                self.skipped = Some(Vec::new());
                self.scan = Scan::default();
                0
            }
        }
    }

    /// Lets a line pass by that is too long; `None` while its end has not come.
    fn skip(&mut self, rest: &[u8], each: &mut impl FnMut(Piece<'_>)) -> Option<usize> {
        let end = memchr::memchr(b'\n', rest);
        let mut start = self.skipped.take().unwrap_or_default();
        let room = self.limits.kept_bytes.saturating_sub(start.len());
        let passing = &rest[..end.unwrap_or(rest.len())];
        start.extend_from_slice(&passing[..passing.len().min(room)]);
        match end {
            Some(_) => self.refuse_long(&start, each),
            None => self.skipped = Some(start),
        }
        end.map(|end| end + 1)
    }

    fn refuse_long(&mut self, start: &[u8], each: &mut impl FnMut(Piece<'_>)) {
        let expected = format!("a record of at most {} bytes", self.limits.record_bytes);
        let refusal = Refusal::read(RejectKind::TooLong, expected);
        each(Piece::Refused { line: self.line, raw: start, whole: false, refusal });
        self.line += 1;
    }

    fn refuse_open(&mut self, raw: &[u8], each: &mut impl FnMut(Piece<'_>)) {
        let limit = self.limits.record_bytes;
        let expected =
            format!("a closing quote within {limit} bytes for the field that is open at the line's end");
        let refusal = Refusal::read(RejectKind::Malformed, expected);
        each(Piece::Refused { line: self.line, raw, whole: true, refusal });
        self.line += 1;
        self.scan = Scan::default();
        self.stray_quotes += 1;
        if self.stray_quotes >= STRAY_QUOTES_MAX {
            self.rows = Rows::Lines;
        }
    }
}

fn without_cr(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything a splitter says about `text`, a line a piece, for every size of chunks.
    fn check(rows: Rows, limit: usize, text: &str, expect: &[&str]) {
        for size in 1..=text.len().max(1) {
            let limits = Limits { record_bytes: limit, kept_bytes: 4 };
            let mut splitter = Splitter::new(rows, limits);
            let mut seen = Vec::new();
            let mut each = |piece: Piece<'_>| {
                seen.push(match piece {
                    Piece::Record { line, raw } => format!("{line}:{}", raw.escape_ascii()),
                    Piece::Refused { line, raw, whole, refusal } => {
                        let cut = if whole { "" } else { "…" };
                        format!("{line}!{} {}{cut}", refusal.kind.word(), raw.escape_ascii())
                    }
                });
            };
            text.as_bytes().chunks(size).for_each(|chunk| splitter.feed(chunk, &mut each));
            splitter.finish(&mut each);
            assert_eq!(seen, expect, "{text:?} in chunks of {size}");
        }
    }

    #[test]
    fn lines_are_records() {
        check(Rows::Lines, 9, "", &[]);
        check(Rows::Lines, 9, "a\n\n \t\nb\r\nc", &["1:a", "4:b", "5:c"]);
        check(Rows::Lines, 9, "\"a\nb\"\r", &["1:\\\"a", "2:b\\\""]);
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_and_reading_goes_on() {
        check(Rows::Lines, 5, "12345\r\n123456\nx\n", &["1:12345", "2!too_long 1234…", "3:x"]);
        check(Rows::Lines, 5, "123456789", &["1!too_long 1234…"]);
        check(Rows::Quoted(b','), 5, "\"123456\nx\n", &["1!too_long \\\"123…", "2:x"]);
    }

    #[test]
    fn a_quoted_field_may_hold_line_ends() {
        let csv = Rows::Quoted(b',');
        check(csv, 99, "a,\"b\nc\"\r\nd\n\n,e\"\nf", &["1:a,\\\"b\\nc\\\"", "3:d", "5:,e\\\"", "6:f"]);
        check(
            csv,
            99,
            "\"a\"\"\nb\"\nc,\"\"\n\"d\"",
            &["1:\\\"a\\\"\\\"\\nb\\\"", "3:c,\\\"\\\"", "4:\\\"d\\\""],
        );
        check(Rows::Quoted(b';'), 99, "a,\"b\nc;\"d\ne\"", &["1:a,\\\"b", "2:c;\\\"d\\ne\\\""]);
    }

    #[test]
    fn a_quote_that_never_closes_costs_one_line() {
        let csv = Rows::Quoted(b',');
        check(csv, 99, "\"a\nb\nc\n", &["1!malformed \\\"a", "2:b", "3:c"]);
        check(csv, 6, "\"a\r\nb\ncc\ndd\n", &["1!malformed \\\"a", "2:b", "3:cc", "4:dd"]);
        check(csv, 99, "x\n\"a", &["1:x", "2!malformed \\\"a"]);
    }

    #[test]
    fn after_many_open_quotes_lines_are_records() {
        let open = "a\",\"\n".repeat(STRAY_QUOTES_MAX as usize + 10);
        let mut splitter = Splitter::new(Rows::Quoted(b','), Limits { record_bytes: 20, kept_bytes: 4 });
        let (mut refused, mut records) = (0, 0);
        let mut each = |piece: Piece<'_>| match piece {
            Piece::Record { .. } => records += 1,
            Piece::Refused { .. } => refused += 1,
        };
        splitter.feed(open.as_bytes(), &mut each);
        splitter.feed(b"a,\"\nb\n\"c\n", &mut each);
        splitter.finish(&mut each);
        assert_eq!((refused, records), (STRAY_QUOTES_MAX, 13));
    }
}
