//! Appending: one immediate transaction that moves readers' positions, places records behind the heads,
//! and moves the heads. Records enter a topic here and nowhere else.

use super::file::TopicFile;
use super::frame::{self, Frame};
use super::read::{Head, head};
use super::{crc, place::Place};
use crate::clock::Clock;
use crate::{Error, MAX_RECORD_BYTES, Outgoing, ReaderName, Result, TopicName};
use domain::{Offset, Partition};
use rusqlite::{CachedStatement, ErrorCode, Transaction, params};

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
            Tail::open(self, tx, clock().micros())?.place_all(records)
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

/// The end of a topic, inside one transaction.
struct Tail<'a> {
    file: &'a TopicFile,
    tx: &'a Transaction<'a>,
    insert: CachedStatement<'a>,
    update_head: CachedStatement<'a>,
    now: i64,
    /// The frame being written.
    frame: Vec<u8>,
}

impl<'a> Tail<'a> {
    fn open(file: &'a TopicFile, tx: &'a Transaction<'a>, now: i64) -> Result<Self> {
        let prepared = |sql| tx.prepare_cached(sql).map_err(file.place.failed("append to"));
        let (insert, update_head) = (prepared(INSERT)?, prepared(UPDATE_HEAD)?);
        Ok(Self { file, tx, insert, update_head, now, frame: Vec::new() })
    }

    /// Places the records partition by partition, each partition's in the order given: neighbours go to the
    /// same page. The offsets come in the order of the records.
    fn place_all(&mut self, records: &[Outgoing]) -> Result<Vec<Offset>> {
        let mut order: Vec<usize> = (0..records.len()).collect();
        order.sort_by_key(|i| records[*i].partition);
        let mut offsets = vec![Offset(0); records.len()];
        for run in order.chunk_by(|a, b| records[*a].partition == records[*b].partition) {
            let partition = records[run[0]].partition;
            let mut end = self.head(partition)?;
            for i in run {
                self.place(&records[*i], end)?;
                offsets[*i] = Offset(end.next);
                end.next += 1;
            }
            self.move_head(partition, end)?;
        }
        Ok(offsets)
    }

    /// The head, at the time of this transaction. The clock may have jumped back since the last record, in
    /// this process or between two machines' clocks: then the last record's time stands.
    fn head(&self, partition: Partition) -> Result<Head> {
        let stored = head(self.tx, self.file, partition)?;
        Ok(Head { recorded_at: stored.recorded_at.max(self.now), ..stored })
    }

    fn place(&mut self, record: &Outgoing, end: Head) -> Result<()> {
        let Outgoing { partition, key, value } = record;
        let frame = Frame { recorded_at: end.recorded_at, key, value };
        frame::encode(&mut self.frame, partition.0, end.next, &frame);
        match self.insert.execute(params![partition.0, to_sql(end.next), self.frame]) {
            Ok(_) => Ok(()),
            // The head says that this place is free.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                let what = "it lies behind the end of its partition";
                Err(self.file.place.damaged_record(*partition, Offset(end.next), what))
            }
            Err(error) => Err(self.file.place.failed("append to")(error)),
        }
    }

    fn move_head(&mut self, partition: Partition, end: Head) -> Result<()> {
        let crc = crc::of_head(partition.0, self.file.partitions, end.next, end.recorded_at);
        let row = params![partition.0, to_sql(end.next), end.recorded_at, crc];
        self.update_head.execute(row).map(|_| ()).map_err(self.file.place.failed("append to"))
    }
}

/// An offset as SQLite's signed integer. None that large was ever placed, so holding it there finds nothing.
pub(super) fn to_sql(offset: u64) -> i64 {
    i64::try_from(offset).unwrap_or(i64::MAX)
}
