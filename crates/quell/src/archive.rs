//! The archive of the log, from the shell's side: records are framed on the way in, and read back as a log on the way
//! out. Keys and values are what the log has: words lie in it sealed, and nowhere in clear.

use crate::instance::{Instance, partitions, topic_name};
use anyhow::{Context as _, Result};
use domain::{Instant, Offset, Partition, Topic};
use lake::{
    LakeError, PIECE_RECORDS, Piece, Store, archived_partitions, archived_to, piece, piece_of, put_piece,
};
use log::{Batch, Limits, Log, Outgoing, Outputs, ReaderName, Record, Roster, Subscription, TopicName};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Archives what the log has and the archive has not; gives the records that it wrote anew.
pub fn archive(instance: &Instance) -> Result<u64> {
    let mut written = 0;
    for topic in Topic::ALL {
        let ends = instance.log.ends(&topic_name(*topic)).context("cannot read the log's end")?;
        for partition in (0..partitions(*topic, &instance.config)).map(Partition) {
            let end = ends.get(&partition).copied().unwrap_or(Offset(0));
            written +=
                archive_partition(instance, *topic, partition, end).context("cannot archive the log")?;
        }
    }
    Ok(written)
}

fn archive_partition(instance: &Instance, topic: Topic, partition: Partition, end: Offset) -> Result<u64> {
    let store = &*instance.store;
    let begun = archived_to(store, topic, partition)?;
    let mut at = begun;
    while at < end {
        let from = piece_of(at);
        let until = Offset((from.0 + PIECE_RECORDS).min(end.0));
        // The log may have let go of what the piece has already.
        let mut bytes = match piece(store, topic, partition, from) {
            Ok(Some(begun)) if begun.to == at => begun.bytes,
            // None yet, or a damaged one, which is made anew as long as the log has its records.
            Ok(_) | Err(LakeError::Damaged { .. }) => frames(instance, topic, partition, from, at)?,
            Err(error) => return Err(error.into()),
        };
        bytes.extend(frames(instance, topic, partition, at, until)?);
        put_piece(store, &Piece { topic, partition, from, to: until, bytes })?;
        at = until;
    }
    Ok(at.0.saturating_sub(begun.0))
}

fn frames(
    instance: &Instance,
    topic: Topic,
    partition: Partition,
    from: Offset,
    until: Offset,
) -> Result<Vec<u8>> {
    let (mut at, mut out) = (from, Vec::new());
    while at < until {
        let left = usize::try_from(until.0 - at.0).unwrap_or(usize::MAX);
        let limits = Limits { records: left, ..Limits::default() };
        let batch = instance.log.read(&topic_name(topic), partition, at, limits)?;
        if batch.is_empty() {
            break;
        }
        batch.records.iter().filter(|record| record.offset < until).for_each(|r| frame(r, &mut out));
        at = batch.next;
    }
    Ok(out)
}

/// Place, time, then key and value with their lengths before them; all numbers little-endian.
fn frame(record: &Record, out: &mut Vec<u8>) {
    out.extend_from_slice(&record.offset.0.to_le_bytes());
    out.extend_from_slice(&record.recorded_at.micros().to_le_bytes());
    for part in [&record.key, &record.value] {
        out.extend_from_slice(&(part.len() as u64).to_le_bytes());
        out.extend_from_slice(part);
    }
}

/// The records of a piece; `None` where the frames are not what [`frame`] writes.
fn unframed(mut bytes: &[u8]) -> Option<Vec<Record>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let offset = Offset(u64::from_le_bytes(number(&mut bytes)?));
        let recorded_at = Instant::from_micros(i64::from_le_bytes(number(&mut bytes)?))?;
        let (key, value) = (part(&mut bytes)?, part(&mut bytes)?);
        records.push(Record { offset, recorded_at, key, value });
    }
    Some(records)
}

fn number(bytes: &mut &[u8]) -> Option<[u8; 8]> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    *bytes = rest;
    Some(*head)
}

fn part(bytes: &mut &[u8]) -> Option<Vec<u8>> {
    let length = usize::try_from(u64::from_le_bytes(number(bytes)?)).ok()?;
    let (head, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(head.to_owned())
}

/// The archive as a log that can only be read.
pub struct ArchivedLog {
    store: Arc<dyn Store>,
    /// The piece of each partition that was read last: a fold reads on where it stopped.
    held: Mutex<BTreeMap<(Topic, Partition), Arc<Held>>>,
}

struct Held {
    from: Offset,
    to: Offset,
    records: Vec<Record>,
}

impl ArchivedLog {
    /// The archive in this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, held: Mutex::new(BTreeMap::new()) }
    }

    fn topic(&self, name: &TopicName) -> log::Result<Topic> {
        let unknown = || log::Error::UnknownTopic { topic: name.clone(), place: "the archive".to_owned() };
        Topic::ALL.iter().copied().find(|topic| topic_name(*topic) == *name).ok_or_else(unknown)
    }

    fn place(&self) -> PathBuf {
        self.store.local_path("archive").unwrap_or_else(|| PathBuf::from("archive"))
    }

    fn failed(&self, topic: &TopicName, source: LakeError) -> log::Error {
        log::Error::Storage {
            action: "read",
            topic: topic.clone(),
            path: self.place(),
            source: Box::new(source),
        }
    }

    fn read_only(&self, action: &'static str, topic: &TopicName) -> log::Error {
        let source = "it is an archive, which can only be read".into();
        log::Error::Storage { action, topic: topic.clone(), path: self.place(), source }
    }

    /// The piece with this position, from memory where it was read last.
    fn piece(&self, name: &TopicName, partition: Partition, at: Offset) -> log::Result<Option<Arc<Held>>> {
        let (topic, from) = (self.topic(name)?, piece_of(at));
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(piece) = held.get(&(topic, partition)).filter(|piece| piece.from == from) {
            return Ok(Some(Arc::clone(piece)));
        }
        let found = piece(&*self.store, topic, partition, from).map_err(|e| self.failed(name, e))?;
        let Some(Piece { to, bytes, .. }) = found else { return Ok(None) };
        let records = unframed(&bytes).ok_or_else(|| log::Error::DamagedFile {
            path: self.place(),
            topic: name.clone(),
            what: format!("the records from {} on are not framed as this version does", from.0),
        })?;
        let piece = Arc::new(Held { from, to, records });
        held.insert((topic, partition), Arc::clone(&piece));
        Ok(Some(piece))
    }
}

impl Log for ArchivedLog {
    /// The archive's topics are those that were archived.
    fn create(&self, topic: &TopicName, wanted: u32) -> log::Result<()> {
        let has = self.partitions(topic)?;
        if has <= wanted {
            Ok(())
        } else {
            Err(log::Error::PartitionCount { topic: topic.clone(), has, wanted })
        }
    }

    fn drop_topic(&self, topic: &TopicName) -> log::Result<()> {
        Err(self.read_only("drop", topic))
    }

    fn partitions(&self, topic: &TopicName) -> log::Result<u32> {
        archived_partitions(&*self.store, self.topic(topic)?).map_err(|e| self.failed(topic, e))
    }

    fn append(&self, topic: &TopicName, _: &[Outgoing]) -> log::Result<Vec<Offset>> {
        Err(self.read_only("append to", topic))
    }

    fn ends(&self, topic: &TopicName) -> log::Result<BTreeMap<Partition, Offset>> {
        let known = self.topic(topic)?;
        let end = |partition| Ok((partition, archived_to(&*self.store, known, partition)?));
        let ends: Result<_, LakeError> = (0..self.partitions(topic)?).map(Partition).map(end).collect();
        ends.map_err(|e| self.failed(topic, e))
    }

    fn read(
        &self,
        topic: &TopicName,
        partition: Partition,
        from: Offset,
        limits: Limits,
    ) -> log::Result<Batch> {
        let nothing = Batch { partition, from, next: from, records: Vec::new() };
        let Some(piece) = self.piece(topic, partition, from)? else {
            let end = archived_to(&*self.store, self.topic(topic)?, partition);
            let end = end.map_err(|e| self.failed(topic, e))?;
            let topic = topic.clone();
            return if from == end {
                Ok(nothing)
            } else {
                Err(log::Error::OutOfRange { topic, partition, from, end })
            };
        };
        if from > piece.to {
            let (topic, end) = (topic.clone(), piece.to);
            return Err(log::Error::OutOfRange { topic, partition, from, end });
        }
        let begin = piece.records.partition_point(|record| record.offset < from);
        let records = piece.records[begin..].iter().take(limits.records.max(1));
        let records = within(records, limits.bytes);
        let next = match records.last() {
            // The piece may end with positions that hold no record.
            Some(last) if begin + records.len() == piece.records.len() => {
                piece.to.max(Offset(last.offset.0 + 1))
            }
            Some(last) => Offset(last.offset.0 + 1),
            None => return Ok(nothing),
        };
        Ok(Batch { partition, from, next, records })
    }

    fn position(&self, topic: &TopicName, _: Partition, _: &Outputs) -> log::Result<Offset> {
        Err(self.read_only("keep positions beside", topic))
    }

    fn share(&self, topic: &TopicName, _: &ReaderName) -> log::Result<Box<dyn Roster>> {
        Err(self.read_only("share", topic))
    }

    fn subscribe(
        &self,
        topic: &TopicName,
        _: &[Partition],
        _: &Outputs,
    ) -> log::Result<Box<dyn Subscription>> {
        Err(self.read_only("subscribe to", topic))
    }
}

/// As many records as fit, at least one.
fn within<'r>(records: impl Iterator<Item = &'r Record>, most: usize) -> Vec<Record> {
    let mut bytes = 0_usize;
    let mut taken = Vec::new();
    for record in records {
        bytes = bytes.saturating_add(record.key.len() + record.value.len());
        if bytes > most && !taken.is_empty() {
            break;
        }
        taken.push(record.clone());
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::home::Home;
    use tempfile::TempDir;

    fn instance(folder: &TempDir) -> Instance {
        let home = Home::open(folder.path()).expect("a folder");
        let config = Config { partitions: 2, vault: vault::Mode::Seeded(1), ..Config::defaults() };
        let clock: log::Clock = Arc::new(|| Instant::from_micros(1_700_000_000_000_000).expect("a time"));
        Instance::open(home, config, clock).expect("an instance")
    }

    fn append(instance: &Instance, numbers: std::ops::Range<u32>) {
        let record = |n: u32| Outgoing {
            partition: Partition(n % 2),
            key: n.to_le_bytes().to_vec(),
            value: vec![n.to_le_bytes()[0]; usize::try_from(n % 7).expect("small")],
        };
        let records: Vec<Outgoing> = numbers.map(record).collect();
        instance.log.append(&topic_name(Topic::Facts), &records).expect("appended");
    }

    /// Every record of a partition, read with these limits.
    fn all(log: &dyn Log, partition: Partition, limits: Limits) -> Vec<Record> {
        let (mut at, mut records) = (Offset(0), Vec::new());
        loop {
            let batch = log.read(&topic_name(Topic::Facts), partition, at, limits).expect("read");
            if batch.is_empty() {
                return records;
            }
            assert!(batch.from == at && batch.next > at);
            at = batch.next;
            records.extend(batch.records);
        }
    }

    /// More than two pieces a partition, archived in steps that end anywhere.
    #[test]
    fn an_archive_reads_as_its_log_does_and_is_the_same_however_it_grew() {
        let (grown, at_once) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
        let (grown, at_once) = (instance(&grown), instance(&at_once));
        let piece = u32::try_from(PIECE_RECORDS).expect("fits");
        let ends = [1, piece, 2 * piece, 2 * piece + 3, 5 * piece + 1];
        let mut from = 0;
        for end in ends {
            append(&grown, from..end);
            assert_eq!(archive(&grown).expect("archived"), u64::from(end - from));
            append(&at_once, from..end);
            from = end;
        }
        assert_eq!(archive(&grown).expect("archived"), 0);
        archive(&at_once).expect("archived");
        let archived = ArchivedLog::new(Arc::clone(&grown.store));
        let limits = [Limits::default(), Limits { records: 1_000, bytes: 700 }];
        for partition in [Partition(0), Partition(1)] {
            let expect = all(&*grown.log, partition, Limits::default());
            for limits in limits {
                assert!(all(&archived, partition, limits) == expect, "{partition:?}: other records");
            }
            let end = archived.ends(&topic_name(Topic::Facts)).expect("ends")[&partition];
            for from in (0..end.0).step_by(piece as usize).map(Offset) {
                let of = |instance: &Instance| lake::piece(&*instance.store, Topic::Facts, partition, from);
                assert!(
                    of(&grown).expect("a piece") == of(&at_once).expect("a piece"),
                    "{from:?}: other bytes"
                );
            }
            let beyond = archived.read(&topic_name(Topic::Facts), partition, Offset(end.0 + 1), limits[0]);
            assert!(matches!(beyond, Err(log::Error::OutOfRange { .. })));
        }
        assert!(archived.append(&topic_name(Topic::Facts), &[]).is_err(), "an archive takes nothing");
    }

    #[test]
    fn a_piece_that_was_changed_or_does_not_follow_is_refused() {
        let folder = TempDir::new().expect("a folder");
        let one = instance(&folder);
        append(&one, 0..3 * u32::try_from(PIECE_RECORDS).expect("fits"));
        archive(&one).expect("archived");
        let path = |from: u64| folder.path().join(format!("archive/facts/00000/{from:020}.piece"));
        let second = std::fs::read(path(PIECE_RECORDS)).expect("a piece");
        let mut changed = second.clone();
        *changed.last_mut().expect("bytes") ^= 1;
        std::fs::write(path(PIECE_RECORDS), &changed).expect("written");
        let read = |from| piece(&*one.store, Topic::Facts, Partition(0), Offset(from));
        let error = read(PIECE_RECORDS).expect_err("a changed piece").to_string();
        assert!(error.contains("archive/facts/00000") && error.contains("checksum"), "{error}");
        // The first piece anew, shorter: the second one names another.
        std::fs::write(path(PIECE_RECORDS), &second).expect("written");
        let first = read(0).expect("read").expect("a piece");
        let shorter = Piece {
            to: Offset(first.to.0 - 1),
            bytes: first.bytes[..first.bytes.len() / 2].to_vec(),
            ..first
        };
        put_piece(&*one.store, &shorter).expect("written");
        let error = read(PIECE_RECORDS).expect_err("another piece before").to_string();
        assert!(error.contains("names another piece"), "{error}");
    }
}
