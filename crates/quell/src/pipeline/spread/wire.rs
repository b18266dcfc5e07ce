//! Rows as bytes: counts and days as JSON, then each batch as an Arrow stream.

use crate::pipeline::rows::Rows;
use anyhow::{Context as _, Result, ensure};
use arrow::array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use domain::Day;
use domain::invariant::Counts;
use lake::SegmentKind;
use serde::{Deserialize, Serialize};

/// What comes before the batches.
#[derive(Serialize, Deserialize)]
struct Head {
    accepted: u64,
    stored: u64,
    duplicate: u64,
    rejected: u64,
    /// Days since 1970.
    touched: Vec<i32>,
    /// Kind and bytes of each batch, in order.
    batches: Vec<(String, usize)>,
}

pub(super) fn encode(rows: &Rows) -> Result<Vec<u8>> {
    let batches: Vec<(String, Vec<u8>)> = rows
        .segments
        .iter()
        .map(|(kind, batch)| Ok((kind.name().to_owned(), stream(batch)?)))
        .collect::<Result<_>>()?;
    let Counts { accepted, stored, duplicate, rejected } = rows.counts;
    let touched = rows.touched.iter().map(|day| day.epoch_days()).collect();
    let lengths = batches.iter().map(|(kind, bytes)| (kind.clone(), bytes.len())).collect();
    let head = Head { accepted, stored, duplicate, rejected, touched, batches: lengths };
    let mut out = serde_json::to_vec(&head).context("cannot encode rows")?;
    out.push(b'\n');
    batches.iter().for_each(|(_, bytes)| out.extend_from_slice(bytes));
    Ok(out)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Rows> {
    let line = bytes.iter().position(|b| *b == b'\n').context("rows without a head")?;
    let (head, mut rest) = (&bytes[..line], &bytes[line + 1..]);
    let head: Head = serde_json::from_slice(head).context("rows with a strange head")?;
    let mut rows = Rows {
        segments: Vec::with_capacity(head.batches.len()),
        counts: Counts {
            accepted: head.accepted,
            stored: head.stored,
            duplicate: head.duplicate,
            rejected: head.rejected,
        },
        touched: head
            .touched
            .iter()
            .map(|day| Day::from_epoch_days(*day).context("rows of no day"))
            .collect::<Result<_>>()?,
    };
    for (kind, length) in head.batches {
        let (batch, tail) = rest.split_at_checked(length).context("rows that are cut off")?;
        rest = tail;
        let kind = SegmentKind::ALL.iter().find(|k| k.name() == kind).context("rows of no kind")?;
        rows.segments.push((*kind, batch_of(batch)?));
    }
    ensure!(rest.is_empty(), "rows with something behind them");
    Ok(rows)
}

fn stream(batch: &RecordBatch) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = StreamWriter::try_new(&mut bytes, &batch.schema()).context("cannot encode rows")?;
    writer.write(batch).and_then(|()| writer.finish()).context("cannot encode rows")?;
    drop(writer);
    Ok(bytes)
}

fn batch_of(bytes: &[u8]) -> Result<RecordBatch> {
    let mut reader = StreamReader::try_new(bytes, None).context("rows that are no Arrow stream")?;
    let batch = reader.next().context("an Arrow stream without rows")?;
    batch.context("rows that are no Arrow stream")
}
