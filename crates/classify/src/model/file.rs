//! A model as a file, little-endian: `QMDL`, u32 version, header (u32 length, TOML), labels, features, weights,
//! calibration, token table, and the sha256 of all that. Equal models are equal bytes.

use super::bytes::{Broken, Reader, Writer};
use super::dense::Dense;
use super::dictionary::Dictionary;
use super::score::UNITS;
use super::table::{DIMENSIONS, Table};
use super::train::{CLASSES, width};
use super::{Calibration, Header, Kind, Model, THOUSAND, stride};
use pulp::Arch;
use sha2::{Digest, Sha256};
use std::sync::Arc;

const MAGIC: &[u8] = b"QMDL";
const VERSION: u32 = 1;
const HASH: usize = 32;

impl Model {
    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::default();
        w.bytes(MAGIC);
        w.bytes(&VERSION.to_le_bytes());
        let header = self.header.to_toml();
        w.count(header.len());
        w.bytes(header.as_bytes());
        w.count(self.labels.len());
        for label in &self.labels {
            w.count(label.len());
            w.bytes(label.as_bytes());
        }
        w.count(self.keys.len());
        w.keys(&self.keys);
        w.steps(&self.rows);
        for floats in [&self.word_scales, &self.gram_scales, &self.constant, &self.outputs, &self.bias] {
            w.floats(floats);
        }
        let c = &self.calibration;
        w.floats(&[c.temperature, c.linear.0, c.linear.1, c.coverage.0, c.coverage.1]);
        w.floats(&c.familiarity);
        if let Some(dense) = &self.dense {
            w.count(dense.table.file.len());
            w.bytes(&dense.table.file);
            w.floats(&dense.weights);
        }
        let hash = Sha256::digest(&w.0);
        w.bytes(&hash);
        w.0
    }

    /// Reads a file. One that is damaged, cut or of another kind is refused.
    pub fn from_bytes(file: &[u8]) -> Result<Self, Broken> {
        let mut r = Reader::new(file);
        r.expect(MAGIC, "a model (it begins with QMDL)")?;
        let version = r.u32()?;
        if version != VERSION {
            return Err(Broken::new(format!("version {VERSION} of a model, found {version}")));
        }
        let (body, hash) = file.split_last_chunk::<HASH>().ok_or_else(|| Broken::new("a hash at the end"))?;
        if Sha256::digest(body).as_slice() != hash {
            return Err(Broken::new("the hash at its end to be that of the file: it is damaged or cut"));
        }
        read(body)
    }

    /// sha256 of the file: names the model in an epoch.
    pub fn sha256(file: &[u8]) -> [u8; HASH] {
        Sha256::digest(file).into()
    }
}

/// Reads what the hash has shown to be whole.
fn read(body: &[u8]) -> Result<Model, Broken> {
    let mut r = Reader::new(body);
    r.take(MAGIC.len() + 4)?;
    let header_bytes = r.count()?;
    let header = Header::from_toml(&r.text(header_bytes)?)?;
    let classes = r.count()?;
    if !(2..=CLASSES).contains(&classes) {
        return Err(Broken::new(format!("2 to {CLASSES} labels")));
    }
    let labels = (0..classes).map(|_| {
        let bytes = r.count()?;
        r.text(bytes)
    });
    let labels = labels.collect::<Result<Vec<_>, _>>()?;
    let (stride, width) = (stride(classes), width(classes));
    let features = r.count()?;
    let keys = r.keys(features)?;
    let rows = r.steps(features.checked_mul(stride).ok_or_else(|| Broken::new("fewer features"))?)?;
    let [word_scales, gram_scales, constant] = [r.floats(stride)?, r.floats(stride)?, r.floats(stride)?];
    let outputs = r.floats(UNITS * width)?;
    let bias = r.floats(width)?;
    let c = r.floats(5)?;
    let calibration = Calibration {
        temperature: c[0],
        linear: (c[1], c[2]),
        coverage: (c[3], c[4]),
        familiarity: r.floats(THOUSAND + 1)?,
    };
    let dense = if header.kind == Kind::Table {
        let bytes = r.count()?;
        let table = Table::read(r.take(bytes)?)?;
        Some(Dense::new(Arc::new(table), r.floats(DIMENSIONS * stride)?, stride))
    } else {
        None
    };
    r.end()?;
    Ok(Model {
        header,
        labels,
        dictionary: Dictionary::of(&keys),
        keys,
        stride,
        rows,
        word_scales,
        gram_scales,
        constant,
        outputs,
        bias,
        dense,
        calibration,
        arch: Arch::new(),
    })
}
