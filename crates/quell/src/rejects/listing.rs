//! Reading the topic `rejects`: one entry for each id, the newest last.

use super::wire::{RejectId, StoredReject};
use anyhow::{Context as _, Result, bail};
use domain::{Offset, Partition, Topic};
use log::{Limits, Log, TopicName};
use std::collections::HashMap;
use vault::{Opened, Vault};

/// What was refused, without the bytes: they are read again for those that are shown.
#[derive(Debug)]
pub struct Listing {
    /// In the order in which they were last refused. Their `sealed` is empty.
    entries: Vec<(Offset, StoredReject)>,
}

/// The bytes of a refused input.
#[derive(Clone, PartialEq, Eq)]
pub enum OpenedReject {
    /// They can be read.
    Bytes(Vec<u8>),
    /// The key of their day was destroyed.
    Gone,
}

impl Listing {
    /// Reads the whole topic.
    pub fn read(log: &dyn Log) -> Result<Self> {
        let mut newest: HashMap<RejectId, (Offset, StoredReject)> = HashMap::new();
        each_record(log, |offset, mut reject| {
            reject.sealed.bytes = Vec::new();
            newest.insert(reject.id, (offset, reject));
        })?;
        let mut entries: Vec<_> = newest.into_values().collect();
        entries.sort_by_key(|(offset, _)| *offset);
        Ok(Self { entries })
    }

    /// What is known of each, the newest last.
    pub fn rejects(&self) -> impl Iterator<Item = &StoredReject> {
        self.entries.iter().map(|(_, reject)| reject)
    }

    /// Those whose id begins with one of these texts; each text must mean exactly one.
    pub fn chosen(&self, ids: &[String]) -> Result<Vec<&StoredReject>> {
        ids.iter().map(|id| self.one(id)).collect()
    }

    fn one(&self, id: &str) -> Result<&StoredReject> {
        let wanted = id.to_ascii_lowercase();
        let mut found =
            self.rejects().filter(|reject| !wanted.is_empty() && reject.id.to_string().starts_with(&wanted));
        match (found.next(), found.next()) {
            (Some(reject), None) => Ok(reject),
            (None, _) => bail!("no reject has the id {id}; `quell rejects list` shows all of them"),
            (Some(_), Some(_)) => {
                bail!("several rejects have an id that begins with {id}; expected more of its digits")
            }
        }
    }

    /// Opens the bytes of a reject of this listing.
    pub fn open(&self, log: &dyn Log, vault: &Vault, reject: &StoredReject) -> Result<OpenedReject> {
        let offset = self.entries.iter().find(|(_, entry)| entry.id == reject.id).map(|(offset, _)| *offset);
        let offset = offset.context("the reject is not of this listing")?;
        let limits = Limits { records: 1, ..Limits::default() };
        let batch =
            log.read(&topic(), Partition(0), offset, limits).context("cannot read the topic rejects")?;
        let record = batch.records.first().context("a reject has gone from the log")?;
        let stored = StoredReject::decode(record)?;
        match vault.open_box(&stored.sealed, stored.id.as_bytes()).context("cannot open a refused input")? {
            Opened::Plain(bytes) => Ok(OpenedReject::Bytes(bytes)),
            Opened::KeyDestroyed => Ok(OpenedReject::Gone),
        }
    }
}

fn topic() -> TopicName {
    TopicName::from(Topic::Rejects)
}

fn each_record(log: &dyn Log, mut each: impl FnMut(Offset, StoredReject)) -> Result<()> {
    let mut from = Offset(0);
    loop {
        let batch = log
            .read(&topic(), Partition(0), from, Limits::default())
            .context("cannot read the topic rejects")?;
        for record in &batch.records {
            each(record.offset, StoredReject::decode(record)?);
        }
        if batch.is_empty() {
            return Ok(());
        }
        from = batch.next;
    }
}
