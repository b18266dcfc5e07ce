//! One of several that share the partitions of a topic. Who has which is the group's decision; that a
//! partition has one owner is the transactional id's, as with a subscription: taking a partition takes its id
//! first and asks for the position after that.

use super::client::{Shared, let_go};
use super::fail;
use super::metrics::{Held, count};
use super::poller::{self, Happened, Order, Parts, Rebalances, Round};
use super::subscription::take;
use super::transaction::{Failed, Transactor};
use super::{producer, settings};
use crate::{Batch, Error, Limits, Outgoing, Outputs, Result, TopicName};
use domain::{Offset, Partition};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::RDKafkaErrorCode as Code;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// How a member behaves.
#[derive(Debug, Clone)]
pub struct MemberConfig {
    /// A name that outlives a restart: the group then keeps the partitions for whoever comes back under it
    /// within the session timeout. No two members may have the same.
    pub instance: Option<String>,
    /// Most of one batch.
    pub limits: Limits,
    /// Events that may wait. Memory is at most so many batches, two more, and what the client fetches ahead.
    pub queue: usize,
}

impl Default for MemberConfig {
    fn default() -> Self {
        Self { instance: None, limits: Limits { records: 5_000, bytes: 4 << 20 }, queue: 4 }
    }
}

/// Something that happened to a member.
#[derive(Debug)]
pub enum Event {
    /// The member owns these partitions now, and no others. Each is read from that position on.
    Assigned(Vec<(Partition, Offset)>),
    /// Records of an owned partition, in order, from where the last batch of it ended.
    Batch(Batch),
    /// The partitions are to be given up.
    Revoked(Revoked),
}

/// Partitions that are to be given up. The group waits until this is acknowledged or dropped: until then what
/// was done may still be committed. No records of them come any more.
#[derive(Debug)]
pub struct Revoked {
    /// All that the member owned.
    pub partitions: Vec<Partition>,
    /// The group has given them away already. Nothing can be committed any more.
    pub lost: bool,
    /// Hung up when this is dropped.
    _done: Sender<()>,
}

impl Revoked {
    /// Lets the group go on.
    pub fn acknowledge(self) {}
}

/// Outputs for one topic.
#[derive(Debug, Clone, Copy)]
pub struct Produced<'a> {
    /// Where to.
    pub topic: &'a TopicName,
    /// What.
    pub records: &'a [Outgoing],
}

/// A member of the group of a reader. One owner; what it gives out and what it is told go through one thread.
pub struct Member {
    shared: Arc<Shared>,
    topic: TopicName,
    outputs: Outputs,
    events: Receiver<Happened>,
    orders: Sender<Order>,
    round: Arc<Round>,
    /// The assignment that the owner was told of.
    announced: u64,
    owned: BTreeMap<Partition, Owned>,
    group: Option<Arc<ConsumerGroupMetadata>>,
    /// The owner was handed the revocation; at the next call it has been settled.
    revoked: bool,
}

struct Owned {
    transactor: Transactor,
    committed: Offset,
}

impl Member {
    pub(super) fn join(
        shared: &Arc<Shared>,
        topic: &TopicName,
        outputs: &Outputs,
        config: MemberConfig,
    ) -> Result<Self> {
        const ACTION: &str = "join a group";
        shared.partitions(topic)?;
        shared.partitions(&outputs.topic)?;
        let name = shared.topic(topic);
        let asked = settings::member(&shared.config, &shared.group(outputs), config.instance.as_deref());
        let consumer: BaseConsumer<Rebalances> = asked
            .create_with_context(Rebalances::default())
            .map_err(|e| fail::failed(&shared.config, "make a client", &e))?;
        consumer.subscribe(&[&name]).map_err(|e| fail::failed(&shared.config, ACTION, &e))?;
        let (events, heard) = sync_channel(config.queue.max(1));
        let (orders, ordered) = channel();
        let round = Arc::new(Round::default());
        let parts = Parts {
            consumer,
            topic: name,
            limits: config.limits,
            revocation: shared.config.timeouts.revocation,
            config: shared.config.clone(),
            events,
            orders: ordered,
            round: Arc::clone(&round),
        };
        let named = thread::Builder::new().name("kafka member".to_owned());
        named.spawn(move || poller::run(parts)).map_err(|source| Error::File {
            action: "start a thread for",
            path: "kafka member".into(),
            source,
        })?;
        Ok(Self {
            shared: Arc::clone(shared),
            topic: topic.clone(),
            outputs: outputs.clone(),
            events: heard,
            orders,
            round,
            announced: 0,
            owned: BTreeMap::new(),
            group: None,
            revoked: false,
        })
    }

    /// What happens next; nothing if nothing does for so long. Whoever asks again has settled what a
    /// revocation took. After an error the member is over: drop it and join anew.
    pub fn next(&mut self, wait: Duration) -> Result<Option<Event>> {
        if std::mem::take(&mut self.revoked) {
            self.owned.clear();
        }
        let deadline = Instant::now() + wait;
        loop {
            match self.events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Err(RecvTimeoutError::Timeout) => return Ok(None),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(fail::refused(&self.shared.config, "go on as a member", Code::State));
                }
                Ok(happened) => {
                    if let Some(event) = self.hear(happened)? {
                        return Ok(Some(event));
                    }
                }
            }
        }
    }

    fn hear(&mut self, happened: Happened) -> Result<Option<Event>> {
        match happened {
            Happened::Batch { round, batch } => {
                self.round.took();
                let ours = round == self.announced && self.round.is(round);
                Ok(ours.then_some(Event::Batch(batch)))
            }
            Happened::Assigned { round, partitions, group } if self.round.is(round) => {
                self.announced = round;
                self.group = group.map(Arc::new);
                self.take(round, &partitions).map(|at| Some(Event::Assigned(at)))
            }
            // Revoked again before we got to it; so the revocation, which comes next, is nobody's business.
            Happened::Assigned { .. } => Ok(None),
            Happened::Revoked { round, partitions, lost, done } => {
                self.revoked = !lost;
                if lost {
                    self.owned.clear();
                }
                let announced = round == self.announced;
                Ok(announced.then_some(Event::Revoked(Revoked { partitions, lost, _done: done })))
            }
            Happened::Failed(error) => Err(error),
        }
    }

    /// Takes the partitions of an assignment, and has them read from where their positions are.
    fn take(&mut self, round: u64, partitions: &[Partition]) -> Result<Vec<(Partition, Offset)>> {
        count(&self.shared.counters.rebalances);
        let transactors = take(&self.shared, &self.topic, partitions, &self.outputs)?;
        let group = self.shared.group(&self.outputs);
        let at = match partitions {
            [] => BTreeMap::new(),
            some => self.shared.committed(&group, &self.topic, some)?,
        };
        let owned = partitions.iter().zip(transactors);
        self.owned = owned.map(|(p, transactor)| (*p, Owned { transactor, committed: at[p] })).collect();
        for (partition, owned) in &self.owned {
            self.shared.counters.stands_at(&self.held(*partition), owned.committed);
        }
        let at: Vec<(Partition, Offset)> = at.into_iter().collect();
        if !at.is_empty() {
            // If the poller has ended, the next call says why.
            let _ = self.orders.send(Order::Begin { round, at: at.clone() });
        }
        Ok(at)
    }

    /// Makes outputs of a partition and its position behind what they were made from visible together or not
    /// at all. [`Error::Fenced`]: the partition is no longer ours. [`Error::RolledBack`]: the same commit may be
    /// tried again. [`Error::Unsettled`]: drop the member and join anew.
    ///
    /// # Panics
    /// If there are outputs and the position does not move.
    pub fn commit(&mut self, partition: Partition, up_to: Offset, outputs: &[Produced<'_>]) -> Result<()> {
        let none = outputs.iter().all(|p| p.records.is_empty());
        let Some(owned) = self.owned.get(&partition).filter(|_| !self.round.is_lost()) else {
            return Err(self.fenced(partition, up_to));
        };
        let moves = up_to > owned.committed;
        assert!(none || moves, "outputs are committed with the input that they come from");
        if !moves {
            return Ok(());
        }
        for produced in outputs {
            let highest = producer::highest(produced.records).map_or(1, |p| p.0 + 1);
            let partitions = self.shared.partitions(produced.topic)?;
            producer::check(&self.shared, produced.topic, produced.records, partitions.min(highest))?;
        }
        let at = owned.committed;
        match self.transact(owned, partition, up_to, outputs) {
            Ok(()) => {
                self.shared.counters.stands_at(&self.held(partition), up_to);
                self.owned.entry(partition).and_modify(|owned| owned.committed = up_to);
                Ok(())
            }
            Err(failed) => Err(self.failed(partition, at, failed)),
        }
    }

    fn transact(
        &self,
        owned: &Owned,
        partition: Partition,
        up_to: Offset,
        outputs: &[Produced<'_>],
    ) -> Result<(), Failed> {
        let group = self.group.as_ref().ok_or(Failed::Fenced)?;
        let named: Vec<_> = outputs.iter().map(|p| (self.shared.topic(p.topic), p.records)).collect();
        owned.transactor.write(&named)?;
        owned.transactor.positions(&self.shared.topic(&self.topic), &[(partition, up_to)], group)?;
        owned.transactor.commit()
    }

    fn failed(&mut self, partition: Partition, at: Offset, failed: Failed) -> Error {
        let owned = self.owned.remove(&partition).expect("the partition was owned a moment ago");
        let (reader, topic) = (self.outputs.reader.clone(), self.topic.clone());
        let failed = match failed {
            Failed::Abort(cause) => match owned.transactor.abort() {
                Ok(()) => {
                    self.owned.insert(partition, owned);
                    return Error::RolledBack { reader, topic, cause };
                }
                Err(Failed::Abort(why) | Failed::Unknown(why)) => Failed::Unknown(why),
                Err(Failed::Fenced) => Failed::Fenced,
            },
            failed => failed,
        };
        match failed {
            Failed::Fenced => self.fenced(partition, at),
            Failed::Abort(cause) | Failed::Unknown(cause) => {
                count(&self.shared.counters.rebuilt);
                Error::Unsettled { reader, topic, cause }
            }
        }
    }

    fn fenced(&self, partition: Partition, at: Offset) -> Error {
        count(&self.shared.counters.fenced);
        Error::Fenced { reader: self.outputs.reader.clone(), topic: self.topic.clone(), partition, at }
    }

    fn held(&self, partition: Partition) -> Held {
        (self.outputs.reader.clone(), self.topic.clone(), partition)
    }

    /// Leaves the group, so that its partitions are given to others at once and not only when the session
    /// times out. Waits no longer than one request may take.
    pub fn leave(mut self) {
        self.owned.clear();
        let _ = self.orders.send(Order::Leave);
        let deadline = Instant::now() + self.shared.config.timeouts.request;
        // What still comes is dropped, and with it a revocation is acknowledged.
        let next = || self.events.recv_timeout(deadline.saturating_duration_since(Instant::now()));
        while next().is_ok() {}
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::Leave);
        let (_, nothing) = sync_channel(0);
        let_go(std::mem::replace(&mut self.events, nothing));
    }
}
