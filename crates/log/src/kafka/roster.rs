//! Who of several processes has which partitions, as a group decides it. Nothing is read and nothing committed here:
//! whoever has a partition works on it by reading from where its own outputs say. So an assignment may take effect late,
//! and a process that was stopped and goes on may believe in an old one, where two at work on one partition do no harm.

use super::client::{Heard, Shared, say, unsigned};
use super::metrics::{Counters, count};
use super::{fail, settings};
use crate::{Error, ReaderName, Result, Roster, TopicName};
use domain::Partition;
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaRespErr;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long one look at the group waits.
const TICK: Duration = Duration::from_millis(100);

/// A place in a group.
pub(super) struct Member {
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// What both threads see.
#[derive(Default)]
struct State {
    mine: Mutex<BTreeSet<Partition>>,
    failed: Mutex<Option<Error>>,
    leaving: AtomicBool,
    counters: Arc<Counters>,
}

impl Member {
    pub fn join(shared: &Arc<Shared>, topic: &TopicName, group: &ReaderName) -> Result<Self> {
        shared.partitions(topic)?;
        let asked = settings::member(&shared.config, &format!("{}{group}", shared.config.prefix), None);
        let state = Arc::new(State { counters: Arc::clone(&shared.counters), ..State::default() });
        let turns = Turns { heard: Heard::default(), state: Arc::clone(&state) };
        let consumer: BaseConsumer<Turns> = asked
            .create_with_context(turns)
            .map_err(|e| fail::failed(&shared.config, "make a client", &e))?;
        consumer
            .subscribe(&[&shared.topic(topic)])
            .map_err(|e| fail::failed(&shared.config, "join a group", &e))?;
        let (polled, config) = (Arc::clone(&state), shared.config.clone());
        let thread = thread::Builder::new()
            .name("kafka roster".to_owned())
            .spawn(move || poll(&consumer, &polled, &config))
            .map_err(|source| Error::File {
                action: "start a thread for",
                path: "kafka roster".into(),
                source,
            })?;
        Ok(Self { state, thread: Some(thread) })
    }
}

impl Roster for Member {
    fn mine(&mut self) -> Result<BTreeSet<Partition>> {
        match locked(&self.state.failed).take() {
            Some(error) => Err(error),
            None => Ok(locked(&self.state.mine).clone()),
        }
    }

    fn is_alone(&self) -> bool {
        false
    }
}

impl Drop for Member {
    /// Leaves the group, so that the others need not wait for the session to end.
    fn drop(&mut self) {
        self.state.leaving.store(true, Ordering::SeqCst);
        // A panic of that thread has been told already.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn poll(consumer: &BaseConsumer<Turns>, state: &State, config: &super::KafkaConfig) {
    while !state.leaving.load(Ordering::SeqCst) {
        if let Some(Err(error)) = consumer.poll(TICK) {
            if matches!(error, KafkaError::MessageConsumptionFatal(_)) {
                *locked(&state.failed) = Some(fail::failed(config, "share partitions", &error));
                locked(&state.mine).clear();
                return;
            }
            tracing::debug!(%error, "while sharing partitions");
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Each change is one assignment, so a panic elsewhere leaves the value whole.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the group decides.
struct Turns {
    heard: Heard,
    state: Arc<State>,
}

impl ClientContext for Turns {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.keep(&error, reason);
    }
}

impl ConsumerContext for Turns {
    /// Whatever the group gives, nothing is assigned to the client, so that it fetches nothing. An assignment is answered
    /// with an empty one and not with none, after which the client would join anew.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        let (mine, answer) = match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => {
                count(&self.state.counters.rebalances);
                let mine = list.elements().iter().map(|e| unsigned(e.partition())).collect();
                (mine, consumer.assign(&TopicPartitionList::new()))
            }
            _ => (BTreeSet::new(), consumer.unassign()),
        };
        *locked(&self.state.mine) = mine;
        if let Err(error) = answer {
            tracing::debug!(%error, "while sharing partitions");
        }
    }
}
