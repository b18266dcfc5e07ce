//! The byte form of snapshots: lengths and numbers as LEB128 varints, ids as they are. A snapshot is a
//! private cache of one engine version, so it has no schema; the lake checks its hash before it comes here,
//! and what still does not parse is [`Damaged`], which costs a fold from an older snapshot.

use domain::{Day, FactId, Instant, ReasonId, RuleId};
use std::collections::HashMap;
use std::fmt;

/// The bytes are not a snapshot of this engine version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged;

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not a snapshot of this engine version")
    }
}

impl std::error::Error for Damaged {}

/// Writes the byte form.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        #[expect(clippy::cast_possible_truncation, reason = "below 0x80")]
        self.0.push(value as u8);
    }

    pub(crate) fn i64(&mut self, value: i64) {
        // Zigzag: small negative numbers stay short.
        self.u64((value.cast_unsigned() << 1) ^ (value >> 63).cast_unsigned());
    }

    pub(crate) fn len(&mut self, len: usize) {
        self.u64(len as u64);
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.0.push(u8::from(value));
    }

    pub(crate) fn str(&mut self, text: &str) {
        self.len(text.len());
        self.raw(text.as_bytes());
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.bool(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.len(items.len());
        for item in items {
            write(self, item);
        }
    }

    pub(crate) fn instant(&mut self, at: Instant) {
        self.i64(at.micros());
    }

    pub(crate) fn facts(&mut self, facts: &[FactId]) {
        self.list(facts.iter(), |w, fact| w.raw(fact.as_bytes()));
    }

    pub(crate) fn day(&mut self, day: Day) {
        self.i64(i64::from(day.epoch_days()));
    }
}

/// Reads the byte form.
pub(crate) struct Reader<'b> {
    rest: &'b [u8],
    /// Reasons and rules repeat for every contact: each is allocated once.
    reasons: HashMap<&'b str, ReasonId>,
    rules: HashMap<&'b str, RuleId>,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, reasons: HashMap::new(), rules: HashMap::new() }
    }

    /// Everything was read.
    pub(crate) fn end(self) -> Result<(), Damaged> {
        if self.rest.is_empty() { Ok(()) } else { Err(Damaged) }
    }

    fn take(&mut self, len: usize) -> Result<&'b [u8], Damaged> {
        let (head, tail) = self.rest.split_at_checked(len).ok_or(Damaged)?;
        self.rest = tail;
        Ok(head)
    }

    pub(crate) fn fact(&mut self) -> Result<FactId, Damaged> {
        self.id().map(FactId::from_bytes)
    }

    pub(crate) fn facts(&mut self) -> Result<Box<[FactId]>, Damaged> {
        self.list(Self::fact).map(Vec::into_boxed_slice)
    }

    pub(crate) fn id(&mut self) -> Result<[u8; 16], Damaged> {
        self.take(16)?.try_into().map_err(|_| Damaged)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Damaged> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Damaged)
    }

    /// Eight bytes, little-endian.
    pub(crate) fn fixed_u64(&mut self) -> Result<u64, Damaged> {
        Ok(u64::from_le_bytes(self.take(8)?.try_into().map_err(|_| Damaged)?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Damaged> {
        let raw = self.u64()?;
        Ok((raw >> 1).cast_signed() ^ -(raw & 1).cast_signed())
    }

    pub(crate) fn len(&mut self) -> Result<usize, Damaged> {
        let len = usize::try_from(self.u64()?).map_err(|_| Damaged)?;
        // Every item takes at least one byte, so a damaged length cannot make us allocate much.
        if len > self.rest.len() { Err(Damaged) } else { Ok(len) }
    }

    pub(crate) fn bool(&mut self) -> Result<bool, Damaged> {
        match self.take(1)?[0] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged),
        }
    }

    pub(crate) fn str(&mut self) -> Result<&'b str, Damaged> {
        let len = self.len()?;
        std::str::from_utf8(self.take(len)?).map_err(|_| Damaged)
    }

    pub(crate) fn reason(&mut self) -> Result<ReasonId, Damaged> {
        let text = self.str()?;
        Ok(self.reasons.entry(text).or_insert_with(|| ReasonId::new(text)).clone())
    }

    pub(crate) fn rule(&mut self) -> Result<RuleId, Damaged> {
        let text = self.str()?;
        Ok(self.rules.entry(text).or_insert_with(|| RuleId::new(text)).clone())
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Damaged>,
    ) -> Result<Option<T>, Damaged> {
        if self.bool()? { read(self).map(Some) } else { Ok(None) }
    }

    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Damaged>,
    ) -> Result<Vec<T>, Damaged> {
        let len = self.len()?;
        (0..len).map(|_| read(self)).collect()
    }

    pub(crate) fn instant(&mut self) -> Result<Instant, Damaged> {
        Instant::from_micros(self.i64()?).ok_or(Damaged)
    }

    pub(crate) fn day(&mut self) -> Result<Day, Damaged> {
        i32::try_from(self.i64()?).ok().and_then(Day::from_epoch_days).ok_or(Damaged)
    }

    /// A value of a closed enum, stored by its index.
    pub(crate) fn one_of<T: Copy>(&mut self, all: &[T]) -> Result<T, Damaged> {
        let index = usize::try_from(self.u64()?).map_err(|_| Damaged)?;
        all.get(index).copied().ok_or(Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(a: u64, b: i64, text: String, flag: bool) {
            let mut w = Writer::default();
            w.u64(a); w.i64(b); w.str(&text); w.option(flag.then_some(a), Writer::u64);
            let bytes = w.into_bytes();
            let mut r = Reader::new(&bytes);
            prop_assert_eq!((r.u64(), r.i64(), r.str(), r.option(Reader::u64)), (Ok(a), Ok(b), Ok(text.as_str()), Ok(flag.then_some(a))));
            prop_assert_eq!(r.end(), Ok(()));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
            let mut r = Reader::new(&bytes);
            let _ = r.list(|r| r.str().map(str::to_owned));
            let _ = r.list(Reader::id);
            let _ = r.instant();
            let _ = r.day();
        }
    }
}
