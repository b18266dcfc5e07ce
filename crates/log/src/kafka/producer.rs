//! The ingest producer: idempotent, acknowledged by all copies in sync, bounded in what is under way, and
//! given up after anything that leaves in doubt what was written.

use super::client::{Heard, Shared, let_go, say, signed};
use super::metrics::{Counters, count};
use super::settings::{self, IN_FLIGHT_BYTES, IN_FLIGHT_RECORDS};
use super::{fail, fail::Meaning};
use crate::{Error, MAX_RECORD_BYTES, Outgoing, Result, TopicName};
use domain::{Offset, Partition};
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::{BaseRecord, NoCustomPartitioner, ProducerContext, ThreadedProducer};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Beside a message's own timeout: what librdkafka may take to say that it is over.
const GRACE: Duration = Duration::from_secs(5);

/// The producer in use, made at the first append and anew after each that was given up.
#[derive(Default)]
pub(super) struct Producers {
    current: Mutex<Option<Arc<Producer>>>,
}

type Producer = ThreadedProducer<Reports>;

impl Producers {
    pub fn append(&self, shared: &Shared, topic: &TopicName, records: &[Outgoing]) -> Result<Vec<Offset>> {
        check(shared, topic, records, shared.partitions(topic)?)?;
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let producer = self.current(shared)?;
        let call = Arc::new(Call::of(records.len()));
        let deadline = Instant::now() + shared.config.timeouts.message + GRACE;
        let sent = send(&producer, &shared.topic(topic), records, &call, deadline);
        let answer = sent.and_then(|()| call.wait(deadline));
        answer.map_err(|code| self.failed(shared, topic, &producer, code))
    }

    fn current(&self, shared: &Shared) -> Result<Arc<Producer>> {
        let mut current = self.lock();
        if let Some(producer) = &*current {
            return Ok(Arc::clone(producer));
        }
        let reports = Reports { counters: Arc::clone(&shared.counters), ..Reports::default() };
        let made = settings::producer(&shared.config).create_with_context(reports);
        let made = Arc::new(made.map_err(|e| fail::failed(&shared.config, "make a producer", &e))?);
        *current = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Every doubt ends the producer: what it still tries must not mix with what its successor sends.
    fn failed(&self, shared: &Shared, topic: &TopicName, producer: &Arc<Producer>, code: Code) -> Error {
        const ACTION: &str = "append";
        if fail::is_unknown_topic(code) {
            self.give_up(shared, producer);
            return shared.unknown_topic(topic);
        }
        if is_definite(code) {
            count(&shared.counters.refused);
            return fail::refused(&shared.config, ACTION, code);
        }
        self.give_up(shared, producer);
        count(&shared.counters.indefinite);
        let brokers = shared.config.brokers.clone();
        Error::Indefinite { topic: topic.clone(), brokers, cause: code.to_string() }
    }

    /// Lets go of the producer, if it is still that one.
    fn give_up(&self, shared: &Shared, producer: &Arc<Producer>) {
        if let Some(old) = self.lock().take_if(|known| Arc::ptr_eq(producer, known)) {
            count(&shared.counters.rebuilt);
            let_go(old);
        }
    }

    /// Records under way with the producer in use, and their bytes.
    pub fn in_flight(&self) -> (usize, usize) {
        let producer = self.lock().clone();
        producer.map_or((0, 0), |producer| rdkafka::producer::Producer::context(&*producer).budget.used())
    }

    /// Lets go of whichever is in use: it knows a topic that is no more.
    pub fn forget(&self) {
        if let Some(old) = self.lock().take() {
            let_go(old);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Producer>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Producers {
    fn drop(&mut self) {
        self.forget();
    }
}

/// Codes with which a broker says that it has not written the record and never will.
fn is_definite(code: Code) -> bool {
    fail::meaning(code) == Meaning::NotAuthorised
        || matches!(
            code,
            Code::MessageSizeTooLarge
                | Code::InvalidMessageSize
                | Code::MessageBatchTooLarge
                | Code::InvalidRecord
                | Code::InvalidTimestamp
                | Code::PolicyViolation
                | Code::InvalidRequiredAcks
        )
}

/// Refuses what cannot be written, before anything is sent.
pub(super) fn check(shared: &Shared, topic: &TopicName, records: &[Outgoing], partitions: u32) -> Result<()> {
    for (index, record) in records.iter().enumerate() {
        if record.partition.0 >= partitions {
            // It may have got more since it was asked.
            shared.check_partition(topic, record.partition)?;
        }
        let bytes = size(record);
        if bytes > MAX_RECORD_BYTES {
            return Err(Error::TooLarge { topic: topic.clone(), index, bytes });
        }
    }
    Ok(())
}

/// Bytes of key and value.
pub(super) fn size(record: &Outgoing) -> usize {
    record.key.len() + record.value.len()
}

/// A record as librdkafka takes it.
pub(super) fn record<'a, D: rdkafka::util::IntoOpaque>(
    topic: &'a str,
    record: &'a Outgoing,
    opaque: D,
) -> BaseRecord<'a, [u8], [u8], D> {
    BaseRecord::with_opaque_to(topic, opaque)
        .partition(signed(record.partition))
        .key(&record.key[..])
        .payload(&record.value[..])
}

/// Hands records over as fast as those under way are acknowledged. After a failure those already handed over
/// are waited for by nobody; their reports come to the call's own slots.
fn send(
    producer: &Producer,
    topic: &str,
    records: &[Outgoing],
    call: &Arc<Call>,
    deadline: Instant,
) -> Result<(), Code> {
    let reports = rdkafka::producer::Producer::context(producer);
    for (index, outgoing) in records.iter().enumerate() {
        let bytes = size(outgoing);
        reports.budget.take(bytes, deadline)?;
        let ticket = Box::new(Ticket { call: Arc::clone(call), index, bytes });
        if let Err((error, refused)) = producer.send(record(topic, outgoing, ticket)) {
            reports.budget.give(refused.delivery_opaque.bytes);
            return Err(fail::code(&error).unwrap_or(Code::Fail));
        }
    }
    Ok(())
}

/// One append: a place for the report of each record.
struct Call {
    slots: Mutex<Slots>,
    done: Condvar,
}

struct Slots {
    offsets: Vec<Offset>,
    missing: usize,
    failed: Option<Code>,
}

impl Call {
    fn of(records: usize) -> Self {
        let slots = Slots { offsets: vec![Offset(0); records], missing: records, failed: None };
        Self { slots: Mutex::new(slots), done: Condvar::new() }
    }

    fn report(&self, index: usize, answer: Result<Offset, Code>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.missing -= 1;
        match answer {
            Ok(offset) => slots.offsets[index] = offset,
            Err(code) => slots.failed = Some(slots.failed.unwrap_or(code)),
        }
        if slots.missing == 0 || slots.failed.is_some() {
            self.done.notify_all();
        }
    }

    /// All offsets; or the first failure, at once.
    fn wait(&self, deadline: Instant) -> Result<Vec<Offset>, Code> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let more = |slots: &mut Slots| slots.missing > 0 && slots.failed.is_none();
        let left = deadline.saturating_duration_since(Instant::now());
        let (mut slots, _) =
            self.done.wait_timeout_while(slots, left, more).unwrap_or_else(PoisonError::into_inner);
        match slots.failed {
            Some(code) => Err(code),
            None if slots.missing > 0 => Err(Code::OperationTimedOut),
            None => Ok(std::mem::take(&mut slots.offsets)),
        }
    }
}

/// What a record takes along, and its report brings back.
struct Ticket {
    call: Arc<Call>,
    index: usize,
    bytes: usize,
}

/// Receives the reports of one producer.
#[derive(Default)]
struct Reports {
    heard: Heard,
    budget: Budget,
    counters: Arc<Counters>,
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.keep(&error, reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Reports {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, report: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        self.budget.give(ticket.bytes);
        let answer = match report {
            Ok(message) => {
                count(&self.counters.acknowledged);
                u64::try_from(message.offset()).map(Offset).map_err(|_| Code::Fail)
            }
            Err((error, _)) => Err(fail::code(error).unwrap_or(Code::Fail)),
        };
        ticket.call.report(ticket.index, answer);
    }
}

/// What may still be handed over. Smaller than librdkafka's queue, so that "queue full" cannot happen.
#[derive(Default)]
struct Budget {
    used: Mutex<(usize, usize)>,
    freed: Condvar,
}

impl Budget {
    fn take(&self, bytes: usize, deadline: Instant) -> Result<(), Code> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let full = |used: &mut (usize, usize)| !fits(*used, bytes);
        let (mut used, _) =
            self.freed.wait_timeout_while(used, left, full).unwrap_or_else(PoisonError::into_inner);
        if full(&mut used) {
            return Err(Code::TimedOutQueue);
        }
        *used = (used.0 + 1, used.1 + bytes);
        Ok(())
    }

    fn used(&self) -> (usize, usize) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, bytes: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = (used.0 - 1, used.1 - bytes);
        self.freed.notify_all();
    }
}

/// Whether a record may join those under way. One alone always may.
pub(super) fn fits((records, bytes): (usize, usize), more: usize) -> bool {
    records == 0 || (records < IN_FLIGHT_RECORDS && bytes + more <= IN_FLIGHT_BYTES)
}

/// A partition that outputs go to must exist; that of an input is checked when it is read.
pub(super) fn highest(records: &[Outgoing]) -> Option<Partition> {
    records.iter().map(|r| r.partition).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_way_is_bounded_by_count_and_bytes() {
        for (used, more, expected) in [
            ((0, 0), usize::MAX / 2, true),
            ((IN_FLIGHT_RECORDS - 1, 0), 1, true),
            ((IN_FLIGHT_RECORDS, 0), 1, false),
            ((1, IN_FLIGHT_BYTES - 5), 5, true),
            ((1, IN_FLIGHT_BYTES - 5), 6, false),
        ] {
            assert_eq!(fits(used, more), expected, "{used:?} and {more}");
        }
    }

    #[test]
    fn a_full_budget_waits_for_a_report_and_not_for_ever() {
        let budget = Budget::default();
        let soon = || Instant::now() + Duration::from_secs(60);
        assert_eq!(budget.take(IN_FLIGHT_BYTES, soon()), Ok(()));
        assert_eq!(budget.take(1, Instant::now()), Err(Code::TimedOutQueue));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| budget.take(1, soon()));
            budget.give(IN_FLIGHT_BYTES);
            assert_eq!(waiting.join().expect("the waiting thread"), Ok(()));
        });
        assert_eq!(*budget.used.lock().expect("not poisoned"), (1, 1));
    }

    #[test]
    fn a_call_ends_with_its_last_report_or_its_first_failure() {
        let far = || Instant::now() + Duration::from_secs(60);
        let call = Call::of(2);
        call.report(1, Ok(Offset(8)));
        assert_eq!(call.wait(Instant::now()), Err(Code::OperationTimedOut));
        call.report(0, Ok(Offset(7)));
        assert_eq!(call.wait(far()), Ok(vec![Offset(7), Offset(8)]));
        let call = Call::of(2);
        call.report(0, Err(Code::MessageTimedOut));
        assert_eq!(call.wait(far()), Err(Code::MessageTimedOut));
        call.report(1, Err(Code::PurgeQueue));
        assert_eq!(call.wait(far()), Err(Code::MessageTimedOut), "the first says why");
    }
}
