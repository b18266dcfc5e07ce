//! Appending: one immediate transaction that moves readers' positions, places records behind the heads,
//! and moves the heads. Records enter a topic here and nowhere else.

use super::file::TopicFile;
use super::frame::{self, Frame};
use super::read::{Head, head};
use super::{crc, place::Place};
use crate::clock::Clock;
use crate::{Error, MAX_RECORD_BYTES, Outgoing, ReaderName, Result, TopicName};
use domain::{Offset, Partition};
use rusqlite::{CachedStatement, Transaction, params};
use std::collections::BTreeMap;

const INSERT: &str = "INSERT INTO record (partition, offset, frame) VALUES (?1, ?2, ?3)";
const UPDATE_HEAD: &str = "UPDATE head SET next = ?2, recorded_at = ?3, crc = ?4 WHERE partition = ?1";
const UPDATE_POSITION: &str = "UPDATE position SET at = ?5, crc = ?6
    WHERE reader = ?1 AND topic = ?2 AND partition = ?3 AND at = ?4";

/// A reader's position moves from where its owner believes it to be.
#[derive(Debug)]
pub(super) struct Move<'a> {
    pub reader: &'a ReaderName,
    pub topic: &'a TopicName,
    pub partition: Partition,
    pub from: Offset,
    pub to: Offset,
}

impl TopicFile {
    /// Appends all records and makes all moves, or does nothing.
    pub fn append(&self, records: &[Outgoing], moves: &[Move<'_>], clock: &Clock) -> Result<Vec<Offset>> {
        self.check(records)?;
        if records.is_empty() && moves.is_empty() {
            // Not worth a sync, but a topic that is gone must still be told.
            return self.ends().map(|_| Vec::new());
        }
        self.write("append to", |tx| {
            for change in moves {
                move_position(tx, &self.place, change)?;
            }
            let mut tail = Tail { file: self, tx, now: clock().micros(), heads: BTreeMap::new() };
            let offsets = tail.place(records)?;
            tail.move_heads()?;
            Ok(offsets)
        })
    }

    fn check(&self, records: &[Outgoing]) -> Result<()> {
        for (index, record) in records.iter().enumerate() {
            self.check_partition(record.partition)?;
            let bytes = record.key.len() + record.value.len();
            if bytes > MAX_RECORD_BYTES {
                return Err(Error::TooLarge { topic: self.place.topic.clone(), index, bytes });
            }
        }
        Ok(())
    }
}

/// `at` only ever grows, so a position that is where it was left was not moved in between.
fn move_position(tx: &Transaction<'_>, place: &Place, change: &Move<'_>) -> Result<()> {
    let failed = place.failed("append to");
    let Move { reader, topic, partition, from, to } = *change;
    let crc = crc::of_position(reader.as_str(), topic.as_str(), partition.0, to.0);
    let mut update = tx.prepare_cached(UPDATE_POSITION).map_err(&failed)?;
    let row = params![reader.as_str(), topic.as_str(), partition.0, to_sql(from.0), to_sql(to.0), crc];
    if update.execute(row).map_err(&failed)? == 1 {
        return Ok(());
    }
    tracing::warn!(%reader, %topic, partition = partition.0, at = from.0, "fenced: another owner moved the position");
    Err(Error::Fenced { reader: reader.clone(), topic: topic.clone(), partition, at: from })
}

/// The ends of the partitions that one transaction appends to.
struct Tail<'a> {
    file: &'a TopicFile,
    tx: &'a Transaction<'a>,
    now: i64,
    heads: BTreeMap<Partition, Head>,
}

impl Tail<'_> {
    fn place(&mut self, records: &[Outgoing]) -> Result<Vec<Offset>> {
        let failed = self.file.place.failed("append to");
        let mut insert = self.tx.prepare_cached(INSERT).map_err(&failed)?;
        let (mut offsets, mut bytes) = (Vec::with_capacity(records.len()), Vec::new());
        for record in records {
            let Outgoing { partition, key, value } = record;
            let head = self.head(*partition)?;
            let frame = Frame { recorded_at: head.recorded_at, key, value };
            frame::encode(&mut bytes, partition.0, head.next, &frame);
            self.insert(&mut insert, *partition, Offset(head.next), &bytes)?;
            offsets.push(Offset(head.next));
            self.heads.insert(*partition, Head { next: head.next + 1, ..head });
        }
        Ok(offsets)
    }

    /// The head as this transaction has moved it so far. The clock may have jumped back since the last
    /// record, in this process or between two machines' clocks: then the last record's time stands.
    fn head(&self, partition: Partition) -> Result<Head> {
        if let Some(known) = self.heads.get(&partition) {
            return Ok(*known);
        }
        let stored = head(self.tx, self.file, partition)?;
        Ok(Head { recorded_at: stored.recorded_at.max(self.now), ..stored })
    }

    fn insert(
        &self,
        insert: &mut CachedStatement<'_>,
        partition: Partition,
        at: Offset,
        frame: &[u8],
    ) -> Result<()> {
        match insert.execute(params![partition.0, to_sql(at.0), frame]) {
            Ok(_) => Ok(()),
            // The head says that this place is free.
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) => {
                Err(self.file.place.damaged_record(partition, at, "it lies behind the end of its partition"))
            }
            Err(error) => Err(self.file.place.failed("append to")(error)),
        }
    }

    fn move_heads(&self) -> Result<()> {
        let failed = self.file.place.failed("append to");
        let mut update = self.tx.prepare_cached(UPDATE_HEAD).map_err(&failed)?;
        for (partition, head) in &self.heads {
            let crc = crc::of_head(partition.0, self.file.partitions, head.next, head.recorded_at);
            let row = params![partition.0, to_sql(head.next), head.recorded_at, crc];
            update.execute(row).map_err(&failed)?;
        }
        Ok(())
    }
}

/// An offset as SQLite's signed integer. None that large was ever placed, so holding it there finds nothing.
pub(super) fn to_sql(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
