//! The Avro binary form of values, written and read without an intermediate tree: a contact costs a few
//! hundred nanoseconds each way, where the library's serde path looks every field up by name and asks for
//! one byte at a time, and its `Value` path copies every field name.
//!
//! What is here only knows the newest version of each schema. `evolve` brings older records there, with
//! the library; a test holds every byte written here against the library's own writer and reader.
//!
//! Reading takes any bytes: it never panics, and what it allocates is bounded by the bytes it was given.

mod values;

/// What the bytes are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A record for the log.
    Log,
    /// The content that a fact's id is made from: nothing that the vault decides is part of it.
    Content,
}

/// A value with a form inside an Avro datum.
pub(crate) trait Wire: Sized {
    /// Whether the vault decides this value, so that it is no part of a fact's content where it is optional.
    const FROM_VAULT: bool = false;

    /// Appends the value.
    fn write(&self, out: &mut Out);

    /// Reads the value.
    fn read(from: &mut Datum<'_>) -> Result<Self, Malformed>;
}

/// A datum that does not follow its schema. Never carries what it found: that may be personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// Byte of the datum at which reading stopped.
    pub at: usize,
    /// The last field begun.
    pub field: &'static str,
    /// What should have been there.
    pub expected: &'static str,
}

/// A datum being written.
pub(crate) struct Out {
    bytes: Vec<u8>,
    purpose: Purpose,
}

impl Out {
    /// An empty datum, or one that follows the bytes already there.
    pub fn after(bytes: Vec<u8>, purpose: Purpose) -> Self {
        Self { bytes, purpose }
    }

    /// Whether a fact's content is written, not a record for the log.
    pub fn is_content(&self) -> bool {
        self.purpose == Purpose::Content
    }

    /// Everything written.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// A zigzag variable-length integer, which is also a union's branch and an enum's symbol.
    pub fn long(&mut self, value: i64) {
        let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
        while rest > 0x7f {
            self.bytes.push(rest.to_le_bytes()[0] | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest.to_le_bytes()[0]);
    }

    /// A length or an index.
    pub fn length(&mut self, value: usize) {
        self.long(i64::try_from(value).expect("what lies in memory is shorter than 2^63"));
    }

    /// A length and the bytes: `bytes` and `string`.
    pub fn sized(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// The bytes alone: `fixed`.
    pub fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// One byte: `boolean`.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }
}

/// A datum being read.
pub(crate) struct Datum<'b> {
    rest: &'b [u8],
    len: usize,
    field: &'static str,
}

impl<'b> Datum<'b> {
    /// At the datum's first byte.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes, len: bytes.len(), field: "" }
    }

    /// Names the field that is read next.
    pub fn begin(&mut self, field: &'static str) {
        self.field = field;
    }

    /// A failure at the current byte.
    pub fn malformed(&self, expected: &'static str) -> Malformed {
        Malformed { at: self.len - self.rest.len(), field: self.field, expected }
    }

    /// The next `count` bytes.
    pub fn take(&mut self, count: usize, expected: &'static str) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(|| self.malformed(expected))?;
        self.rest = rest;
        Ok(taken)
    }

    /// One byte.
    pub fn byte(&mut self, expected: &'static str) -> Result<u8, Malformed> {
        let (&byte, rest) = self.rest.split_first().ok_or_else(|| self.malformed(expected))?;
        self.rest = rest;
        Ok(byte)
    }

    /// A zigzag variable-length integer.
    pub fn long(&mut self) -> Result<i64, Malformed> {
        const EXPECTED: &str = "an integer of at most 64 bits";
        let mut value = 0_u64;
        let mut shift = 0;
        loop {
            let byte = self.byte(EXPECTED)?;
            // The tenth byte holds the last bit only.
            if shift == 63 && byte > 1 {
                return Err(self.malformed(EXPECTED));
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
            shift += 7;
        }
    }

    /// A length, index or count. Nothing has more parts than there are bytes left to hold them, which
    /// bounds what a reader reserves.
    fn small(&mut self, expected: &'static str) -> Result<usize, Malformed> {
        let value = self.long()?;
        usize::try_from(value).ok().filter(|v| *v <= self.rest.len()).ok_or_else(|| self.malformed(expected))
    }

    /// Index of a union's branch or an enum's symbol.
    pub fn index(&mut self, expected: &'static str) -> Result<usize, Malformed> {
        let value = self.long()?;
        usize::try_from(value).map_err(|_| self.malformed(expected))
    }

    /// `bytes`.
    pub fn sized(&mut self) -> Result<&'b [u8], Malformed> {
        let len = self.small("a length no greater than the bytes left")?;
        self.take(len, "bytes")
    }

    /// `string`.
    pub fn text(&mut self) -> Result<&'b str, Malformed> {
        let bytes = self.sized()?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("UTF-8 text"))
    }

    /// Number of items in the next block of an array or a map; 0 ends it.
    pub fn block(&mut self) -> Result<usize, Malformed> {
        const EXPECTED: &str = "a count of items no greater than the bytes left";
        let count = self.long()?;
        if count < 0 {
            // A negative count is followed by the block's size in bytes, for readers that skip it.
            self.small("the size of a block no greater than the bytes left")?;
        }
        usize::try_from(count.unsigned_abs())
            .ok()
            .filter(|c| *c <= self.rest.len())
            .ok_or_else(|| self.malformed(EXPECTED))
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.malformed("the end of the record")) }
    }
}

/// A record whose fields are known by name, so that a test can hold them against the schema.
#[cfg(test)]
pub(crate) trait Record: Wire {
    /// The fields in the order in which they are written.
    const FIELDS: &'static [&'static str];
}

/// Gives records their form: every field in the order of the schema. A macro, because one list of names
/// then drives writing, reading, the names that the tests compare with the schema, and the generators of
/// the property tests; four lists would have to agree by hand, 28 names long. Fields that came with a later
/// version of the schema stand behind a semicolon.
macro_rules! record {
    ($($name:ident { $($field:ident),+ $(,)? $(; $($added:ident),+)? })+) => {$(
        impl $crate::wire::Wire for $name {
            fn write(&self, out: &mut $crate::wire::Out) {
                $(self.$field.write(out);)+
                $($($crate::wire::write_later(&self.$added, out);)+)?
            }

            fn read(from: &mut $crate::wire::Datum<'_>) -> Result<Self, $crate::wire::Malformed> {
                Ok(Self {
                    $($field: { from.begin(stringify!($field)); $crate::wire::Wire::read(from)? },)+
                    $($($added: { from.begin(stringify!($added)); $crate::wire::Wire::read(from)? },)+)?
                })
            }
        }

        #[cfg(test)]
        impl $crate::wire::Record for $name {
            const FIELDS: &'static [&'static str] =
                &[$(stringify!($field),)+ $($(stringify!($added),)+)?];
        }

        #[cfg(any(test, feature = "testing"))]
        $crate::arbitrary::sample_record!($name { $($field),+ $($(, $added)+)? });
    )+};
}
pub(crate) use record;

/// Writes a field that came with a later version. Where it has its default it is no part of the content that a
/// fact's id is made from: else a record imported again after the upgrade would become another fact.
pub(crate) fn write_later<T: Wire + Default + PartialEq>(field: &T, out: &mut Out) {
    if !out.is_content() || *field != T::default() {
        field.write(out);
    }
}
