//! Little-endian values in a file whose length is known; nothing is read beyond its end.

/// A file that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    expected: String,
}

impl Broken {
    pub(super) fn new(expected: impl Into<String>) -> Self {
        Self { expected: expected.into() }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "expected {}", self.expected)
    }
}

impl std::error::Error for Broken {}

pub(super) struct Reader<'a> {
    file: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(file: &'a [u8]) -> Self {
        Self { file, at: 0 }
    }

    pub(super) fn take(&mut self, bytes: usize) -> Result<&'a [u8], Broken> {
        let end = self.at.checked_add(bytes);
        let taken = end.and_then(|end| self.file.get(self.at..end));
        let short = || Broken::new(format!("{bytes} more bytes at byte {} of {}", self.at, self.file.len()));
        let taken = taken.ok_or_else(short)?;
        self.at += bytes;
        Ok(taken)
    }

    pub(super) fn expect(&mut self, bytes: &[u8], what: &str) -> Result<(), Broken> {
        if self.take(bytes.len()).is_ok_and(|found| found == bytes) { Ok(()) } else { Err(Broken::new(what)) }
    }

    pub(super) fn end(&self) -> Result<(), Broken> {
        let rest = self.file.len() - self.at;
        if rest == 0 {
            Ok(())
        } else {
            Err(Broken::new(format!("the end at byte {}, {rest} more follow", self.at)))
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        Ok(self.take(N)?.try_into().expect("invariant: N bytes were taken"))
    }

    pub(super) fn u8(&mut self) -> Result<u8, Broken> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(super) fn u16(&mut self) -> Result<u16, Broken> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Broken> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    /// A number of things, as u32.
    pub(super) fn count(&mut self) -> Result<usize, Broken> {
        usize::try_from(self.u32()?).map_err(|_| Broken::new("a count that fits this machine"))
    }

    pub(super) fn text(&mut self, bytes: usize) -> Result<String, Broken> {
        let text = std::str::from_utf8(self.take(bytes)?);
        text.map(str::to_owned).map_err(|e| Broken::new(format!("UTF-8 before byte {} ({e})", self.at)))
    }

    pub(super) fn floats(&mut self, n: usize) -> Result<Vec<f32>, Broken> {
        let bytes = self.take(n.checked_mul(4).ok_or_else(|| Broken::new("fewer values"))?)?;
        let floats: Vec<f32> = bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
        if floats.iter().all(|f| f.is_finite()) { Ok(floats) } else { Err(Broken::new("finite numbers")) }
    }

    pub(super) fn keys(&mut self, n: usize) -> Result<Vec<u64>, Broken> {
        let bytes = self.take(n.checked_mul(8).ok_or_else(|| Broken::new("fewer values"))?)?;
        Ok(bytes.as_chunks().0.iter().map(|&b| u64::from_le_bytes(b)).collect())
    }

    pub(super) fn steps(&mut self, n: usize) -> Result<Vec<i8>, Broken> {
        Ok(self.take(n)?.iter().map(|&b| b.cast_signed()).collect())
    }
}

/// Writes what [`Reader`] reads.
#[derive(Default)]
pub(super) struct Writer(pub(super) Vec<u8>);

impl Writer {
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn count(&mut self, n: usize) {
        self.bytes(&u32::try_from(n).expect("invariant: limits keep counts below 2^32").to_le_bytes());
    }

    pub(super) fn floats(&mut self, floats: &[f32]) {
        floats.iter().for_each(|f| self.bytes(&f.to_le_bytes()));
    }

    pub(super) fn keys(&mut self, keys: &[u64]) {
        keys.iter().for_each(|k| self.bytes(&k.to_le_bytes()));
    }

    pub(super) fn steps(&mut self, steps: &[i8]) {
        self.0.extend(steps.iter().map(|s| s.cast_unsigned()));
    }
}
