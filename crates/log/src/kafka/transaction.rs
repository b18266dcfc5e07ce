//! A transactional producer, and a thread of its own for those of its calls that may never come back
//! (librdkafka #5456: `send_offsets_to_transaction` ignores its timeout while the group's coordinator is
//! away). A call that does not answer in time is given up together with producer and thread; nobody waits
//! for them, and whoever takes the transactional id next settles what they left.

use super::client::{Heard, Shared, say, signed, unsigned};
use super::fail::{self, Meaning};
use super::metrics::count;
use super::{producer, settings};
use crate::{Error, Outgoing, Result};
use domain::{Offset, Partition};
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message as _};
use rdkafka::producer::{BaseProducer, NoCustomPartitioner, Producer as _, ProducerContext};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A step of a transaction failed.
#[derive(Debug)]
pub(super) enum Failed {
    /// Somebody else has taken the transactional id or the group's partition.
    Fenced,
    /// The transaction is lost, and an abort makes the producer usable again.
    Abort(String),
    /// Nobody knows; the producer must not be used again.
    Unknown(String),
}

/// The producer, once for each partition of a reader.
pub(super) struct Transactor {
    // Dropped before `jobs`, so that the thread is the last to hold it, and closes it there: letting go of a
    // transactor waits for nobody.
    producer: Arc<Transactional>,
    jobs: Sender<Job>,
    shared: Arc<Shared>,
}

type Transactional = BaseProducer<Under>;
type Job = Box<dyn FnOnce(&Transactional) + Send>;

impl Transactor {
    /// Makes the producer and takes its id: whoever had it is fenced, and what they left open is rolled back.
    pub fn open(shared: &Arc<Shared>, id: &str) -> Result<Self> {
        const ACTION: &str = "take over a partition";
        let made = settings::transactional(&shared.config, id).create_with_context(Under::default());
        let made: Transactional = made.map_err(|e| fail::failed(&shared.config, "make a producer", &e))?;
        let producer = Arc::new(made);
        let (jobs, todo) = channel();
        let worker = Arc::clone(&producer);
        let named = thread::Builder::new().name("kafka transaction".to_owned());
        named.spawn(move || work(&worker, &todo)).map_err(|source| Error::File {
            action: "start a thread for",
            path: "kafka transaction".into(),
            source,
        })?;
        let transactor = Self { producer, jobs, shared: Arc::clone(shared) };
        let timeout = shared.config.timeouts.transaction;
        match transactor.watched(move |p| p.init_transactions(timeout)) {
            Ok(Ok(())) => Ok(transactor),
            Ok(Err(error)) => Err(fail::failed(&shared.config, ACTION, &error)),
            Err(()) => Err(fail::refused(&shared.config, ACTION, Code::OperationTimedOut)),
        }
    }

    /// Begins, and writes the outputs; every one of them is acknowledged when it returns.
    pub fn write(&self, outputs: &[(String, &[Outgoing])]) -> Result<(), Failed> {
        self.step(Transactional::begin_transaction)?;
        let under = self.producer.context();
        let deadline = Instant::now() + self.shared.config.timeouts.transaction;
        for (topic, records) in outputs {
            for outgoing in *records {
                let bytes = producer::size(outgoing);
                self.serve(deadline, || under.fits(bytes))?;
                under.more(bytes);
                if let Err((error, _)) = self.producer.send(producer::record(topic, outgoing, bytes)) {
                    under.less(bytes);
                    return Err(classify(&error));
                }
            }
        }
        self.serve(deadline, || under.records.load(Ordering::SeqCst) == 0)?;
        under.failed().map_or(Ok(()), |code| Err(of_code(code)))
    }

    /// Adds positions to the transaction.
    pub fn positions(
        &self,
        topic: &str,
        moves: &[(Partition, Offset)],
        group: &Arc<ConsumerGroupMetadata>,
    ) -> Result<(), Failed> {
        let mut offsets = TopicPartitionList::new();
        for (partition, to) in moves {
            let at = super::client::mark(*to);
            offsets.add_partition_offset(topic, signed(*partition), at).expect("a valid offset");
        }
        let (group, timeout) = (Arc::clone(group), self.shared.config.timeouts.request);
        self.step(move |p| p.send_offsets_to_transaction(&offsets, &group, timeout))
    }

    /// Makes the transaction visible.
    pub fn commit(&self) -> Result<(), Failed> {
        let timeout = self.shared.config.timeouts.transaction;
        self.step(move |p| p.commit_transaction(timeout))?;
        count(&self.shared.counters.committed);
        Ok(())
    }

    /// Where the records written since the last call end. Sensible if they all went to one topic.
    pub fn written(&self) -> BTreeMap<Partition, Offset> {
        std::mem::take(&mut *self.producer.context().written.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Rolls the transaction back.
    pub fn abort(&self) -> Result<(), Failed> {
        let timeout = self.shared.config.timeouts.transaction;
        self.step(move |p| p.abort_transaction(timeout))?;
        self.producer.context().forget();
        count(&self.shared.counters.aborted);
        Ok(())
    }

    /// Whether the transactional id is still ours: a transaction that moves a position and is rolled back.
    pub fn check(
        &self,
        topic: &str,
        moved: (Partition, Offset),
        group: &Arc<ConsumerGroupMetadata>,
    ) -> Result<(), Failed> {
        self.step(Transactional::begin_transaction)?;
        self.positions(topic, &[moved], group)?;
        let timeout = self.shared.config.timeouts.transaction;
        self.step(move |p| p.abort_transaction(timeout))
    }

    fn step(
        &self,
        job: impl FnOnce(&Transactional) -> KafkaResult<()> + Send + 'static,
    ) -> Result<(), Failed> {
        match self.watched(job) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(classify(&error)),
            Err(()) => Err(Failed::Unknown("the client did not come back; it was given up".to_owned())),
        }
    }

    /// Runs a call on the producer's own thread and waits for it as long as the watchdog allows.
    fn watched<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Transactional) -> T + Send + 'static,
    ) -> Result<T, ()> {
        let (answer, answered) = channel();
        let job: Job = Box::new(move |producer| {
            // Nobody listens any more if the watchdog was faster.
            let _ = answer.send(job(producer));
        });
        self.jobs.send(job).map_err(|_| ())?;
        answered.recv_timeout(self.shared.config.timeouts.watchdog).map_err(|error| {
            if error == RecvTimeoutError::Timeout {
                count(&self.shared.counters.watchdog_fired);
                tracing::warn!("a call of the Kafka client did not come back and was given up");
            }
        })
    }

    /// Takes reports until it is enough.
    fn serve(&self, deadline: Instant, enough: impl Fn() -> bool) -> Result<(), Failed> {
        while !enough() {
            if Instant::now() >= deadline {
                return Err(Failed::Unknown("the outputs were not acknowledged in time".to_owned()));
            }
            self.producer.poll(Duration::from_millis(1));
        }
        Ok(())
    }
}

/// The thread of a producer: one call after the other, until nobody has any left. It is the last to hold the
/// producer, and closes it.
fn work(producer: &Arc<Transactional>, todo: &Receiver<Job>) {
    while let Ok(job) = todo.recv() {
        job(producer);
    }
}

/// What a failed step means for the transaction.
fn classify(error: &KafkaError) -> Failed {
    let cause = fail::text(error);
    match error {
        _ if fail::code(error).is_some_and(|code| fail::meaning(code) == Meaning::Fenced) => Failed::Fenced,
        KafkaError::Transaction(e) if e.txn_requires_abort() && !e.is_fatal() => Failed::Abort(cause),
        KafkaError::MessageProduction(_) => Failed::Abort(cause),
        _ => Failed::Unknown(cause),
    }
}

/// What a record's report means: librdkafka has already failed the transaction.
fn of_code(code: Code) -> Failed {
    match fail::meaning(code) {
        Meaning::Fenced => Failed::Fenced,
        // Also where the producer is beyond repair: rolling back says why.
        _ => Failed::Abort(code.to_string()),
    }
}

/// What is under way in one transactional producer.
#[derive(Default)]
struct Under {
    heard: Heard,
    records: AtomicUsize,
    bytes: AtomicUsize,
    failed: Mutex<Option<Code>>,
    /// Behind the last record written to each partition since this was last taken.
    written: Mutex<BTreeMap<Partition, Offset>>,
}

impl Under {
    fn fits(&self, bytes: usize) -> bool {
        producer::fits((self.records.load(Ordering::SeqCst), self.bytes.load(Ordering::SeqCst)), bytes)
    }

    fn more(&self, bytes: usize) {
        self.records.fetch_add(1, Ordering::SeqCst);
        self.bytes.fetch_add(bytes, Ordering::SeqCst);
    }

    fn less(&self, bytes: usize) {
        self.records.fetch_sub(1, Ordering::SeqCst);
        self.bytes.fetch_sub(bytes, Ordering::SeqCst);
    }

    /// The first failure of the transaction.
    fn failed(&self) -> Option<Code> {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn forget(&self) {
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl ClientContext for Under {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.keep(&error, reason);
    }
}

impl ProducerContext<NoCustomPartitioner> for Under {
    type DeliveryOpaque = usize;

    fn delivery(&self, report: &DeliveryResult<'_>, bytes: usize) {
        match report {
            Ok(message) => {
                let behind = Offset(u64::try_from(message.offset() + 1).unwrap_or(0));
                let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
                let end = written.entry(unsigned(message.partition())).or_insert(behind);
                *end = behind.max(*end);
            }
            Err((error, _)) => {
                let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed = failed.or(Some(fail::code(error).unwrap_or(Code::Fail)));
            }
        }
        // Last: whoever waits for the reports looks at the rest when none is missing.
        self.less(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A producer of a broker that is not there: it can be made, and does its calls.
    fn transactor(watchdog: Duration) -> (Transactor, Arc<Shared>) {
        let mut config = super::super::KafkaConfig::new("127.0.0.1:1", "watchdog");
        config.timeouts.watchdog = watchdog;
        let shared = Arc::new(Shared::without_asking(config).expect("a client"));
        let made: Transactional = settings::transactional(&shared.config, "t")
            .create_with_context(Under::default())
            .expect("a producer");
        let (producer, (jobs, todo)) = (Arc::new(made), channel());
        let worker = Arc::clone(&producer);
        thread::spawn(move || work(&worker, &todo));
        (Transactor { producer, jobs, shared: Arc::clone(&shared) }, shared)
    }

    /// A call that hangs until the test lets it go.
    #[test]
    fn a_call_that_does_not_come_back_is_given_up() {
        let (transactor, shared) = transactor(Duration::from_millis(100));
        let (release, released) = channel::<()>();
        let hangs = move |_: &Transactional| {
            released.recv().expect("the test lets go");
            Ok(())
        };
        let failed = transactor.step(hangs).expect_err("nobody answers");
        assert!(matches!(&failed, Failed::Unknown(why) if why.contains("given up")), "{failed:?}");
        assert_eq!(shared.counters.watchdog_fired.load(Ordering::SeqCst), 1);
        // Letting it go waits for nobody either: the thread still hangs here.
        drop(transactor);
        release.send(()).expect("the thread still waits");
    }

    #[test]
    fn a_call_that_comes_back_is_not() {
        let (transactor, shared) = transactor(Duration::from_secs(60));
        assert!(transactor.step(|_| Ok(())).is_ok());
        let fenced = transactor.step(|_| Err(KafkaError::Global(Code::ProducerFenced)));
        assert!(matches!(fenced, Err(Failed::Fenced)), "{fenced:?}");
        let unknown = transactor.step(|_| Err(KafkaError::Flush(Code::OperationTimedOut)));
        assert!(matches!(unknown, Err(Failed::Unknown(_))), "{unknown:?}");
        assert_eq!(shared.counters.watchdog_fired.load(Ordering::SeqCst), 0);
    }
}
