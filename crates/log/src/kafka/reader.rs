//! Reading. To the caller every read is by itself; inside, consumers stay where they were left, with what they
//! have fetched ahead, so that whoever reads on is served from memory.
//!
//! A consumer fetches only while there is something to fetch: one that has met the end of its partition is
//! taken off it, and the next read asks for the end first.

use super::client::{PAUSE, Reading, Shared, consumer, let_go, mark, position, signed, unsigned};
use super::{fail, settings};
use crate::clock::clamped;
use crate::{Batch, Error, Limits, Record, Result, TopicName};
use domain::{Instant as Moment, Offset, Partition};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most consumers that are kept. Each may hold `queued.max.messages.kbytes` of 4 MiB and one answer.
const MAX_KEPT: usize = 16;

/// How long one look at a consumer waits.
const LOOK: Duration = Duration::from_millis(20);

/// The consumers that nobody reads with just now, the longest unused first.
#[derive(Default)]
pub(super) struct Readers {
    kept: Mutex<Vec<Reader>>,
    /// The latest `recorded_at` of the records before an offset, so that a broker whose clock goes back does
    /// not take the log's time back with it.
    latest: Mutex<BTreeMap<(TopicName, Partition), (Offset, Moment)>>,
}

impl Readers {
    pub fn read(
        &self,
        shared: &Shared,
        topic: &TopicName,
        partition: Partition,
        from: Offset,
        limits: Limits,
    ) -> Result<Batch> {
        let place = (topic.clone(), partition);
        let mut reader = match self.take_at(&place, from) {
            Some(reader) => reader,
            None => {
                let end = end_of(shared, topic, partition)?;
                if from >= end {
                    return at_or_beyond(topic, partition, from, end);
                }
                let mut reader = self.take_any().map_or_else(|| Reader::new(shared), Ok)?;
                reader.go(shared, place, from, end)?;
                reader
            }
        };
        match reader.batch(shared, limits) {
            Ok(mut batch) => {
                self.never_back(topic, &mut batch);
                self.put(reader);
                Ok(batch)
            }
            Err(error) => {
                let_go(reader);
                Err(error)
            }
        }
    }

    /// A consumer that stands exactly there.
    fn take_at(&self, place: &Place, from: Offset) -> Option<Reader> {
        let mut kept = self.lock();
        let at = kept.iter().position(|r| r.place.as_ref() == Some(place) && r.next == from)?;
        Some(kept.remove(at))
    }

    /// A consumer that stands nowhere; or, if no more may be made, the one that was longest unused.
    fn take_any(&self) -> Option<Reader> {
        let mut kept = self.lock();
        let free = kept.iter().position(|r| r.place.is_none());
        let at = free.or_else(|| (kept.len() >= MAX_KEPT).then_some(0))?;
        Some(kept.remove(at))
    }

    fn put(&self, reader: Reader) {
        let mut kept = self.lock();
        kept.push(reader);
        if kept.len() > MAX_KEPT {
            let_go(kept.remove(0));
        }
    }

    /// Lets go of those that stand in a topic: it is gone, and its name may come back as another.
    pub fn forget(&self, topic: &TopicName) {
        let mut kept = self.lock();
        let (gone, stay): (Vec<Reader>, Vec<Reader>) = std::mem::take(&mut *kept)
            .into_iter()
            .partition(|r| r.place.as_ref().is_some_and(|(known, _)| known == topic));
        *kept = stay;
        let_go(gone);
        self.latest.lock().unwrap_or_else(PoisonError::into_inner).retain(|(known, _), _| known != topic);
    }

    fn never_back(&self, topic: &TopicName, batch: &mut Batch) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let known = latest.entry((topic.clone(), batch.partition)).or_insert((Offset(0), Moment::MIN));
        let before = if batch.from >= known.0 { known.1 } else { Moment::MIN };
        let last = rise(&mut batch.records, before);
        if batch.next > known.0 {
            *known = (batch.next, last);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Reader>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        let_go(std::mem::take(&mut *self.lock()));
    }
}

/// Lifts every time that lies before one already seen; returns the last.
pub(super) fn rise(records: &mut [Record], before: Moment) -> Moment {
    records.iter_mut().fold(before, |latest, record| {
        record.recorded_at = record.recorded_at.max(latest);
        record.recorded_at
    })
}

fn end_of(shared: &Shared, topic: &TopicName, partition: Partition) -> Result<Offset> {
    shared.check_partition(topic, partition)?;
    Ok(shared.ends(topic, std::iter::once(partition.0))?[&partition])
}

fn at_or_beyond(topic: &TopicName, partition: Partition, from: Offset, end: Offset) -> Result<Batch> {
    if from > end {
        return Err(Error::OutOfRange { topic: topic.clone(), partition, from, end });
    }
    Ok(Batch { partition, from, next: from, records: Vec::new() })
}

type Place = (TopicName, Partition);

/// A consumer of one partition, and the record that it has fetched but not given out.
struct Reader {
    consumer: Reading,
    /// Where it stands; `None` if it is to be sent somewhere before it reads.
    place: Option<Place>,
    /// The position to read from next.
    next: Offset,
    ahead: Option<Record>,
    /// The stable end when it was last asked for.
    end: Offset,
    /// Whether it has given out a record since it was sent there. Before that, what it calls its position may
    /// be where it once stood.
    begun: bool,
    /// Whether the consumer was sent to `next` after `end` was asked for: only then "no more records" from
    /// it is news.
    sent_since: bool,
}

/// What follows the records read so far.
enum Follows {
    Record,
    /// Nothing, and the position is the stable end.
    End,
}

impl Reader {
    fn new(shared: &Shared) -> Result<Self> {
        let group = format!("{}readers", shared.config.prefix);
        let consumer = consumer(&shared.config, &settings::reading(&shared.config, &group))?;
        Ok(Self {
            consumer,
            place: None,
            next: Offset(0),
            ahead: None,
            end: Offset(0),
            begun: false,
            sent_since: false,
        })
    }

    fn go(&mut self, shared: &Shared, place: Place, from: Offset, end: Offset) -> Result<()> {
        (self.next, self.ahead, self.end) = (from, None, end);
        (self.begun, self.sent_since) = (false, true);
        let mut to = TopicPartitionList::new();
        to.add_partition_offset(&shared.topic(&place.0), signed(place.1), mark(from))
            .expect("a valid offset");
        self.place = Some(place);
        self.consumer.assign(&to).map_err(|e| fail::failed(&shared.config, "read", &e))
    }

    /// Reads on from `next`.
    fn batch(&mut self, shared: &Shared, limits: Limits) -> Result<Batch> {
        let (topic, partition) = self.place.clone().expect("a reader reads where it was sent");
        let deadline = Instant::now() + shared.config.timeouts.request;
        let mut batch = Batch { partition, from: self.next, next: self.next, records: Vec::new() };
        let mut bytes = 0;
        while let Follows::Record = self.look(shared, &topic, partition, deadline)? {
            let size = self.ahead.as_ref().map_or(0, |r| r.key.len() + r.value.len());
            let fits = batch.records.len() < limits.records && bytes + size <= limits.bytes;
            if !fits && !batch.records.is_empty() {
                break;
            }
            bytes += size;
            let record = self.ahead.take().expect("a record follows");
            self.next = Offset(record.offset.0 + 1);
            batch.records.push(record);
        }
        // Behind control records and what was rolled back, too.
        self.next = self.ahead.as_ref().map_or(self.next, |record| record.offset);
        batch.next = self.next;
        if self.ahead.is_none() {
            self.rest(shared)?;
        }
        Ok(batch)
    }

    /// Takes the consumer off its partition.
    fn rest(&mut self, shared: &Shared) -> Result<()> {
        self.place = None;
        self.consumer.unassign().map_err(|e| fail::failed(&shared.config, "read", &e))
    }

    fn look(
        &mut self,
        shared: &Shared,
        topic: &TopicName,
        partition: Partition,
        deadline: Instant,
    ) -> Result<Follows> {
        if self.ahead.is_some() {
            return Ok(Follows::Record);
        }
        let mut wait = Duration::ZERO;
        loop {
            match poll(&self.consumer, wait) {
                // Nothing of where it was sent before gets through librdkafka; nor would it here.
                Some(Ok((from, record))) if from == partition && record.offset >= self.next => {
                    (self.ahead, self.begun) = (Some(record), true);
                    return Ok(Follows::Record);
                }
                Some(Err(KafkaError::PartitionEOF(_))) if self.sent_since => {
                    self.next = self.next.max(self.end);
                    return Ok(Follows::End);
                }
                // It may be of before the end was asked for. Sent again, the consumer says it again.
                Some(Err(KafkaError::PartitionEOF(_))) => {
                    let (place, next, end) = ((topic.clone(), partition), self.next, self.end);
                    self.go(shared, place, next, end)?;
                }
                Some(Err(error)) => self.complaint(shared, topic, partition, &error)?,
                Some(Ok(_)) | None => {}
            }
            self.pass_control_records();
            if self.next >= self.end {
                let end = end_of(shared, topic, partition)?;
                if self.next >= end {
                    return Ok(Follows::End);
                }
                (self.end, self.sent_since) = (end, false);
            }
            if Instant::now() >= deadline {
                return Err(fail::refused(&shared.config, "read", Code::OperationTimedOut));
            }
            wait = LOOK;
        }
    }

    /// What the consumer has passed without giving anything out is no record.
    fn pass_control_records(&mut self) {
        if !self.begun {
            return;
        }
        let passed =
            self.consumer.position().ok().and_then(|list| list.elements().first().map(|e| e.offset()));
        if let Some(at) = passed.and_then(position) {
            self.next = self.next.max(at);
        }
    }

    fn complaint(
        &self,
        shared: &Shared,
        topic: &TopicName,
        partition: Partition,
        error: &KafkaError,
    ) -> Result<()> {
        match fail::code(error) {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => {
                let (start, end) = (shared.start(topic, partition)?, end_of(shared, topic, partition)?);
                let (topic, from) = (topic.clone(), self.next);
                match from < start {
                    true => Err(Error::Removed { topic, partition, from, start }),
                    false => Err(Error::OutOfRange { topic, partition, from, end }),
                }
            }
            Some(code) if fail::is_unknown_topic(code) => Err(shared.unknown_topic(topic)),
            Some(code) if fail::meaning(code) == fail::Meaning::NotAuthorised => {
                Err(fail::refused(&shared.config, "read", code))
            }
            // A lost connection comes back, or the deadline passes.
            _ => {
                tracing::debug!(%topic, partition = partition.0, %error, "while reading");
                std::thread::sleep(PAUSE);
                Ok(())
            }
        }
    }
}

/// The next record and its partition, the end, or a complaint.
fn poll(consumer: &Reading, wait: Duration) -> Option<Result<(Partition, Record), KafkaError>> {
    consumer
        .poll(wait)
        .map(|answer| answer.map(|message| (unsigned(message.partition()), to_record(&message))))
}

/// A message as a record.
pub(super) fn to_record(message: &BorrowedMessage<'_>) -> Record {
    let millis = message.timestamp().to_millis().unwrap_or(0);
    Record {
        offset: Offset(u64::try_from(message.offset()).expect("a stored record has an offset")),
        recorded_at: clamped(millis.saturating_mul(1_000)),
        key: message.key().unwrap_or_default().to_vec(),
        value: message.payload().unwrap_or_default().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_back() {
        let at = |micros| Moment::from_micros(micros).expect("accepted");
        let record =
            |micros| Record { offset: Offset(0), recorded_at: at(micros), key: vec![], value: vec![] };
        let mut records = [5, 3, 7, 6].map(record);
        assert_eq!(rise(&mut records, at(4)), at(7));
        assert_eq!(records.map(|r| r.recorded_at.micros()), [5, 5, 7, 7]);
        assert_eq!(rise(&mut [], at(4)), at(4));
    }
}
