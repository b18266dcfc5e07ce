//! Reading: heads, ends and ranges of records. Whatever comes out was checked against its checksum, and a
//! range is given out only if no place in it is empty.

use super::crc;
use super::file::TopicFile;
use super::frame::{self, Frame};
use super::place::Place;
use super::write::to_sql;
use crate::{Batch, Error, Limits, Record, Result};
use domain::{Instant, Offset, Partition};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;

const HEAD: &str = "SELECT partition, next, recorded_at, crc FROM head WHERE partition = ?1";
const HEADS: &str = "SELECT partition, next, recorded_at, crc FROM head ORDER BY partition";
const RANGE: &str = "SELECT offset, frame FROM record
    WHERE partition = ?1 AND offset >= ?2 AND offset < ?3 ORDER BY offset";

/// The end of a partition.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    /// The offset that the next record gets.
    pub next: u64,
    /// When the last record was appended.
    pub recorded_at: i64,
}

/// A head as stored.
struct HeadRow {
    partition: u32,
    next: i64,
    recorded_at: i64,
    crc: u32,
}

impl HeadRow {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { partition: row.get(0)?, next: row.get(1)?, recorded_at: row.get(2)?, crc: row.get(3)? })
    }

    fn checked(&self, place: &Place, partitions: u32) -> Result<Head> {
        let next = u64::try_from(self.next).unwrap_or(u64::MAX);
        if self.next < 0 || self.crc != crc::of_head(self.partition, partitions, next, self.recorded_at) {
            return Err(place.damaged_file(format!(
                "the end of partition {} does not match its checksum",
                self.partition
            )));
        }
        Ok(Head { next, recorded_at: self.recorded_at })
    }
}

/// How many partitions a file has; 0 if it is what is left of a topic.
pub(super) fn count_partitions(connection: &Connection, place: &Place) -> Result<u32> {
    connection.query_row("SELECT count(*) FROM head", [], |row| row.get(0)).map_err(place.failed("open"))
}

/// The head of a partition. If it is not there, the topic was dropped since it was opened.
pub(super) fn head(connection: &Connection, file: &TopicFile, partition: Partition) -> Result<Head> {
    let failed = file.place.failed("read");
    let mut select = connection.prepare_cached(HEAD).map_err(&failed)?;
    let row = select.query_row([partition.0], HeadRow::from_row).optional().map_err(&failed)?;
    row.ok_or_else(|| file.place.unknown_topic())?.checked(&file.place, file.partitions)
}

impl TopicFile {
    pub fn check_partition(&self, partition: Partition) -> Result<()> {
        let partitions = self.partitions;
        if partition.0 < partitions {
            return Ok(());
        }
        Err(Error::UnknownPartition { topic: self.place.topic.clone(), partition, partitions })
    }

    /// All ends as of one moment: one statement reads from one snapshot.
    pub fn ends(&self) -> Result<BTreeMap<Partition, Offset>> {
        let rows = self.with_reader(|connection| {
            let failed = self.place.failed("read");
            let mut select = connection.prepare_cached(HEADS).map_err(&failed)?;
            let rows = select.query_map([], HeadRow::from_row).map_err(&failed)?;
            rows.collect::<rusqlite::Result<Vec<_>>>().map_err(&failed)
        })?;
        if rows.is_empty() {
            return Err(self.place.unknown_topic());
        }
        let end = |row: &HeadRow| {
            let head = row.checked(&self.place, self.partitions)?;
            Ok((Partition(row.partition), Offset(head.next)))
        };
        let ends = rows.iter().map(end).collect::<Result<BTreeMap<_, _>>>()?;
        if ends.len() != self.partitions as usize {
            return Err(self.place.damaged_file(format!(
                "it has {} partitions, not {}",
                ends.len(),
                self.partitions
            )));
        }
        Ok(ends)
    }

    /// Reads a range. The end is read first, so that every place before it must be filled: what is appended
    /// meanwhile only lies behind it.
    pub fn read(&self, partition: Partition, from: Offset, limits: Limits) -> Result<Batch> {
        self.check_partition(partition)?;
        self.with_reader(|connection| {
            let end = head(connection, self, partition)?.next;
            if from.0 > end {
                let topic = self.place.topic.clone();
                return Err(Error::OutOfRange { topic, partition, from, end: Offset(end) });
            }
            let most = u64::try_from(limits.records.max(1)).unwrap_or(u64::MAX);
            let to = end.min(from.0.saturating_add(most));
            let records = self.range(connection, partition, from.0..to, limits.bytes)?;
            let next = Offset(from.0 + records.len() as u64);
            Ok(Batch { partition, from, next, records })
        })
    }

    fn range(
        &self,
        connection: &Connection,
        partition: Partition,
        range: std::ops::Range<u64>,
        bytes_max: usize,
    ) -> Result<Vec<Record>> {
        let failed = self.place.failed("read");
        let mut records = Vec::new();
        if range.is_empty() {
            return Ok(records);
        }
        let mut select = connection.prepare_cached(RANGE).map_err(&failed)?;
        let mut rows =
            select.query(params![partition.0, to_sql(range.start), to_sql(range.end)]).map_err(&failed)?;
        let mut bytes = 0;
        for offset in range {
            let at = (partition, Offset(offset));
            let row = rows.next().map_err(|e| self.unreadable(at, e))?;
            let row =
                row.ok_or_else(|| self.place.damaged_record(partition, Offset(offset), "it is missing"))?;
            let frame = blob(row, 1).map_err(|e| self.unreadable(at, e))?;
            bytes += frame::content_bytes(frame);
            if bytes > bytes_max && !records.is_empty() {
                break;
            }
            records.push(self.record(row, frame, at)?);
        }
        Ok(records)
    }

    fn record(
        &self,
        row: &Row<'_>,
        bytes: &[u8],
        (partition, offset): (Partition, Offset),
    ) -> Result<Record> {
        let damaged = |what| self.place.damaged_record(partition, offset, what);
        let Some(Frame { recorded_at, key, value }) = frame::decode(partition.0, offset.0, bytes) else {
            // Another record in its place: the one that belongs here is gone.
            let stands: i64 = row.get(0).map_err(|e| self.unreadable((partition, offset), e))?;
            let here = stands == to_sql(offset.0);
            return Err(damaged(if here { "it does not match its checksum" } else { "it is missing" }));
        };
        let recorded_at =
            Instant::from_micros(recorded_at).ok_or_else(|| damaged("its time is out of range"))?;
        Ok(Record { offset, recorded_at, key: key.to_vec(), value: value.to_vec() })
    }

    /// A row that SQLite cannot give out is named by the place where it was expected.
    fn unreadable(&self, (partition, offset): (Partition, Offset), source: rusqlite::Error) -> Error {
        match self.place.failed("read")(source) {
            Error::DamagedFile { .. } => {
                self.place.damaged_record(partition, offset, "its page cannot be read")
            }
            other => other,
        }
    }
}

fn blob<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a [u8]> {
    let cell = row.get_ref(column)?;
    cell.as_blob()
        .map_err(|_| rusqlite::Error::InvalidColumnType(column, String::from("frame"), cell.data_type()))
}
