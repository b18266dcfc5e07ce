//! A reader whose position lies in the file of its outputs, so that one transaction moves both.

use super::crc;
use super::file::TopicFile;
use super::place::Place;
use super::write::{Move, to_sql};
use crate::clock::Clock;
use crate::{Batch, Error, Limits, Outgoing, ReaderName, Result, Subscription, TopicName};
use domain::{Offset, Partition};
use rusqlite::{Connection, Row, Transaction, params};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const SELECT: &str = "SELECT reader, topic, partition, at, crc FROM position";
const PUT: &str =
    "INSERT OR REPLACE INTO position (reader, topic, partition, at, crc) VALUES (?1, ?2, ?3, ?4, ?5)";

/// The row that counts the other rows of `position`: one that damage has swallowed is missed. Without it a
/// reader whose row is gone would begin again from 0 and write everything twice.
pub(super) const COUNT: PositionKey<'_> = ("", "", 0);

/// Reader, topic and partition.
pub(super) type PositionKey<'a> = (&'a str, &'a str, u32);

/// The embedded subscription.
pub(super) struct Reader {
    input: Arc<TopicFile>,
    output: Arc<TopicFile>,
    name: ReaderName,
    clock: Clock,
    cursors: Vec<Cursor>,
    /// Whose turn it is: index of a cursor.
    turn: usize,
    /// The partition at which this reader was fenced, and where it had left it.
    fenced: Option<Cursor>,
}

/// One partition: given out up to `read`, committed up to `committed`.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    partition: Partition,
    committed: Offset,
    read: Offset,
}

impl Reader {
    pub fn open(
        input: &Arc<TopicFile>,
        output: &Arc<TopicFile>,
        name: &ReaderName,
        partitions: &[Partition],
        clock: &Clock,
    ) -> Result<Self> {
        assert!(!partitions.is_empty(), "a subscription has at least one partition");
        let partitions: BTreeSet<Partition> = partitions.iter().copied().collect();
        partitions.iter().try_for_each(|p| input.check_partition(*p))?;
        // A topic that was dropped is told now, not at the first read.
        input.ends()?;
        output.ends()?;
        let topic = &input.place.topic;
        let cursors = output.write("subscribe in", |tx| {
            let mut positions = Positions::load(tx, &output.place)?;
            let cursor = |p| positions.cursor(name, topic, p);
            partitions.into_iter().map(cursor).collect::<Result<Vec<_>>>()
        })?;
        tracing::debug!(reader = %name, %topic, ?cursors, "subscribed");
        let (input, output, clock) = (Arc::clone(input), Arc::clone(output), Arc::clone(clock));
        Ok(Self { input, output, name: name.clone(), clock, cursors, turn: 0, fenced: None })
    }

    fn check_not_fenced(&self) -> Result<()> {
        let Some(Cursor { partition, committed, .. }) = self.fenced else { return Ok(()) };
        let (reader, topic) = (self.name.clone(), self.input.place.topic.clone());
        Err(Error::Fenced { reader, topic, partition, at: committed })
    }
}

/// All positions kept in a file, each checked.
struct Positions<'a> {
    tx: &'a Transaction<'a>,
    place: &'a Place,
    kept: BTreeMap<OwnedKey, u64>,
}

impl<'a> Positions<'a> {
    fn load(tx: &'a Transaction<'a>, place: &'a Place) -> Result<Self> {
        Ok(Self { tx, place, kept: kept(tx, place, "subscribe in")? })
    }

    /// Where the reader left a partition; kept from now on, if it was not.
    fn cursor(&mut self, reader: &ReaderName, topic: &TopicName, partition: Partition) -> Result<Cursor> {
        let key = (reader.as_str(), topic.as_str(), partition.0);
        let known = self.kept.get(&owned(key)).copied();
        if known.is_none() {
            self.kept.insert(owned(key), 0);
            let put = put(self.tx, key, 0).and_then(|()| put(self.tx, COUNT, self.kept.len() as u64));
            put.map_err(self.place.failed("subscribe in"))?;
        }
        let committed = Offset(known.unwrap_or(0));
        Ok(Cursor { partition, committed, read: committed })
    }
}

/// Every position in a file, as of one moment: one statement reads from one snapshot.
fn kept(connection: &Connection, place: &Place, action: &'static str) -> Result<BTreeMap<OwnedKey, u64>> {
    let failed = place.failed(action);
    let mut select = connection.prepare_cached(SELECT).map_err(&failed)?;
    let mut rows = select.query([]).map_err(&failed)?;
    let mut kept = BTreeMap::new();
    while let Some(row) = rows.next().map_err(&failed)? {
        let (key, at) = checked(row)
            .map_err(&failed)?
            .ok_or_else(|| place.damaged_file("the position of a reader does not match its checksum"))?;
        kept.insert(key, at);
    }
    let count = kept.remove(&owned(COUNT));
    if count != Some(kept.len() as u64) {
        return Err(place.damaged_file("the position of a reader is missing"));
    }
    Ok(kept)
}

/// Where a reader has committed up to.
pub(super) fn position(
    input: &TopicFile,
    output: &TopicFile,
    name: &ReaderName,
    partition: Partition,
) -> Result<Offset> {
    input.check_partition(partition)?;
    input.ends()?;
    output.ends()?;
    let all = output.with_reader(|connection| kept(connection, &output.place, "read"))?;
    let key = owned((name.as_str(), input.place.topic.as_str(), partition.0));
    Ok(Offset(all.get(&key).copied().unwrap_or(0)))
}

/// Keeps a position.
pub(super) fn put(connection: &Connection, key: PositionKey<'_>, at: u64) -> rusqlite::Result<()> {
    let crc = crc::of_position(key.0, key.1, key.2, at);
    connection.execute(PUT, params![key.0, key.1, key.2, to_sql(at), crc]).map(|_| ())
}

/// A position's key, as a row holds it: reader, topic, partition.
type OwnedKey = (String, String, u32);

/// A row's key and position, if they match its checksum.
fn checked(row: &Row<'_>) -> rusqlite::Result<Option<(OwnedKey, u64)>> {
    let key: OwnedKey = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (at, crc): (i64, u32) = (row.get(3)?, row.get(4)?);
    let at = u64::try_from(at).ok().filter(|at| crc == crc::of_position(&key.0, &key.1, key.2, *at));
    Ok(at.map(|at| (key, at)))
}

fn owned((reader, topic, partition): PositionKey<'_>) -> OwnedKey {
    (reader.to_owned(), topic.to_owned(), partition)
}

impl Subscription for Reader {
    fn next(&mut self, limits: Limits) -> Result<Batch> {
        self.check_not_fenced()?;
        let count = self.cursors.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let cursor = &mut self.cursors[index];
            let batch = self.input.read(cursor.partition, cursor.read, limits)?;
            if !batch.is_empty() {
                cursor.read = batch.next;
                self.turn = (index + 1) % count;
                return Ok(batch);
            }
        }
        let Cursor { partition, read, .. } = self.cursors[self.turn];
        Ok(Batch { partition, from: read, next: read, records: Vec::new() })
    }

    fn commit(&mut self, outputs: &[Outgoing]) -> Result<()> {
        self.check_not_fenced()?;
        let moved = self.cursors.iter().filter(|c| c.read != c.committed);
        let moves: Vec<Move<'_>> = moved
            .map(|c| Move {
                reader: &self.name,
                topic: &self.input.place.topic,
                partition: c.partition,
                from: c.committed,
                to: c.read,
            })
            .collect();
        assert!(
            outputs.is_empty() || !moves.is_empty(),
            "outputs are committed with the input that they come from"
        );
        if moves.is_empty() {
            return Ok(());
        }
        match self.output.append(outputs, &moves, &self.clock) {
            Ok(_) => {
                self.cursors.iter_mut().for_each(|c| c.committed = c.read);
                Ok(())
            }
            Err(error) => {
                if let Error::Fenced { partition, .. } = &error {
                    self.fenced = self.cursors.iter().find(|c| c.partition == *partition).copied();
                }
                Err(error)
            }
        }
    }
}
