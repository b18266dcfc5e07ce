//! What parts say in one partition, step by step.

use super::frame::Collector;
use super::strange;
use crate::instance::Instance;
use anyhow::{Context as _, Result};
use domain::{Offset, Partition, Sequence};
use log::{Limits, TopicName};
use std::ops::Range;

/// Bytes of one read. What is read of later steps is kept until its turn comes, and a leader lets only a few steps be
/// under way.
const READ: Limits = Limits { records: 256, bytes: 8 * 1024 * 1024 };

/// A reader of one partition.
pub(super) struct Inbox {
    topic: TopicName,
    partition: Partition,
    /// Who speaks there.
    parts: Range<u32>,
    next: Offset,
    collector: Collector,
}

impl Inbox {
    pub(super) fn new(
        topic: &TopicName,
        partition: Partition,
        parts: Range<u32>,
        from: Offset,
        step: Sequence,
    ) -> Self {
        Self { topic: topic.clone(), partition, parts, next: from, collector: Collector::from(step) }
    }

    /// Reads until everybody has spoken of the step; false where the partition ends before.
    pub(super) fn hears(&mut self, instance: &Instance, step: Sequence) -> Result<bool> {
        loop {
            if self.parts.clone().all(|part| self.collector.has(step, part)) {
                return Ok(true);
            }
            let batch = instance
                .log
                .read(&self.topic, self.partition, self.next, READ)
                .with_context(|| format!("cannot read the topic {}", self.topic))?;
            if batch.is_empty() {
                return Ok(false);
            }
            self.next = batch.next;
            for record in &batch.records {
                let pushed = self.collector.push(&record.value, record.offset);
                pushed.with_context(|| strange(&self.topic, self.partition, record.offset))?;
            }
        }
    }

    /// Takes the words on a step that everybody has spoken of, in the order of the parts.
    pub(super) fn take(&mut self, step: Sequence) -> Option<Vec<Vec<u8>>> {
        self.collector.take(step, self.parts.clone())
    }

    /// Drops what is said of earlier steps.
    pub(super) fn forget(&mut self, from: Sequence) {
        self.collector.forget(from);
    }

    /// Where a reader begins that has taken the same.
    pub(super) fn offset(&self) -> Offset {
        self.collector.began().unwrap_or(self.next)
    }
}
