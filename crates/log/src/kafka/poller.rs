//! The thread of a member. It polls and does nothing else, so that a slow reader is never taken for a dead
//! one: what it gets goes into one bounded channel, in the order in which it happened, and while that is full
//! the partitions are paused and polling goes on.

use super::client::{Heard, let_go, mark, position, say, signed, unsigned};
use super::fail::{self, Meaning};
use super::reader::{rise, to_record};
use crate::{Batch, Error, Limits, Record};
use domain::{Instant as Moment, Offset, Partition};
use rdkafka::TopicPartitionList;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::types::RDKafkaRespErr;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TryRecvError, TrySendError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one look at the broker's answers waits; also how late an order may be heard.
const TICK: Duration = Duration::from_millis(10);

/// Most messages taken between two looks at everything else.
const MOST_AT_ONCE: usize = 5_000;

/// What the member hears, in order.
pub(super) enum Happened {
    Assigned { round: u64, partitions: Vec<Partition>, group: Option<ConsumerGroupMetadata> },
    Revoked { round: u64, partitions: Vec<Partition>, lost: bool, done: Sender<()> },
    Batch { round: u64, batch: Batch },
    Failed(Error),
}

/// What the poller is told.
pub(super) enum Order {
    /// Read the partitions of that assignment from there.
    Begin {
        round: u64,
        at: Vec<(Partition, Offset)>,
    },
    Leave,
}

/// The assignment in force, seen by both threads.
#[derive(Default)]
pub(super) struct Round {
    /// Its number; 0 = none, or one that is being revoked.
    current: AtomicU64,
    /// The group gave it away without asking.
    lost: AtomicBool,
    /// Batches in the channel.
    waiting: AtomicUsize,
}

impl Round {
    pub fn is(&self, round: u64) -> bool {
        self.current.load(Ordering::SeqCst) == round
    }

    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// The owner has taken a batch out of the channel.
    pub fn took(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What one poller needs.
pub(super) struct Parts {
    pub consumer: BaseConsumer<Rebalances>,
    /// The topic's name at the brokers.
    pub topic: String,
    pub limits: Limits,
    pub revocation: Duration,
    pub config: super::KafkaConfig,
    pub events: SyncSender<Happened>,
    pub orders: Receiver<Order>,
    pub round: Arc<Round>,
}

/// Polls until it is told to leave, or nobody listens.
pub(super) fn run(parts: Parts) {
    let mut poller = Poller::of(parts);
    while !poller.leaving {
        poller.take_orders();
        poller.deliver();
        poller.poll();
        poller.settle();
        poller.change();
    }
    poller.leave();
}

struct Poller {
    parts: Parts,
    /// Number of the last assignment.
    round: u64,
    state: State,
    building: BTreeMap<Partition, Building>,
    latest: BTreeMap<Partition, Moment>,
    /// Where the last batch of a partition ended.
    given: BTreeMap<Partition, Offset>,
    /// What does not fit in the channel yet.
    outbox: VecDeque<Happened>,
    paused: bool,
    failed: bool,
    leaving: bool,
}

enum State {
    /// Nothing assigned.
    Idle,
    /// Assigned; the member is taking the partitions and will say where to begin.
    Taking,
    Reading,
    /// Being revoked: the group waits for us, and we for the member.
    Revoking {
        done: Receiver<()>,
        deadline: Instant,
    },
}

#[derive(Default)]
struct Building {
    records: Vec<Record>,
    bytes: usize,
}

impl Poller {
    fn of(parts: Parts) -> Self {
        Self {
            parts,
            round: 0,
            state: State::Idle,
            building: BTreeMap::new(),
            latest: BTreeMap::new(),
            given: BTreeMap::new(),
            outbox: VecDeque::new(),
            paused: false,
            failed: false,
            leaving: false,
        }
    }

    fn take_orders(&mut self) {
        loop {
            match self.parts.orders.try_recv() {
                Ok(Order::Begin { round, at })
                    if round == self.round && matches!(self.state, State::Taking) =>
                {
                    self.begin(&at);
                }
                Ok(Order::Begin { .. }) => {}
                Ok(Order::Leave) | Err(TryRecvError::Disconnected) => {
                    self.leaving = true;
                    return;
                }
                Err(TryRecvError::Empty) => return,
            }
        }
    }

    fn begin(&mut self, at: &[(Partition, Offset)]) {
        let mut to = TopicPartitionList::new();
        for (partition, from) in at {
            to.add_partition_offset(&self.parts.topic, signed(*partition), mark(*from))
                .expect("a valid offset");
        }
        self.latest.clear();
        self.given = at.iter().copied().collect();
        (self.paused, self.state) = (false, State::Reading);
        // A partition that rested when it was given up still rests when it comes back.
        let consumer = &self.parts.consumer;
        let answer = consumer.assign(&to).and_then(|()| consumer.resume(&to));
        self.expect(answer);
    }

    /// Passes on what fits. Partitions rest while something does not.
    fn deliver(&mut self) {
        while let Some(event) = self.outbox.pop_front() {
            let batches = usize::from(matches!(event, Happened::Batch { .. }));
            // Before the owner can take it.
            self.parts.round.waiting.fetch_add(batches, Ordering::SeqCst);
            let sent = self.parts.events.try_send(event);
            if sent.is_err() {
                self.parts.round.waiting.fetch_sub(batches, Ordering::SeqCst);
            }
            match sent {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.outbox.push_front(event);
                    break;
                }
                Err(TrySendError::Disconnected(_)) => {
                    self.leaving = true;
                    return;
                }
            }
        }
        let full = !self.outbox.is_empty();
        if full != self.paused && matches!(self.state, State::Reading) {
            self.rest(full);
        }
    }

    fn rest(&mut self, rest: bool) {
        let consumer = &self.parts.consumer;
        let answer = consumer
            .assignment()
            .and_then(|all| if rest { consumer.pause(&all) } else { consumer.resume(&all) });
        self.paused = rest;
        self.expect(answer);
    }

    fn poll(&mut self) {
        let mut wait = TICK;
        for _ in 0..MOST_AT_ONCE {
            match self.parts.consumer.poll(wait) {
                Some(Ok(message)) => {
                    let (partition, record) = (unsigned(message.partition()), to_record(&message));
                    drop(message);
                    self.collect(partition, record);
                }
                Some(Err(error)) => {
                    self.complaint(&error);
                    break;
                }
                None => break,
            }
            wait = Duration::ZERO;
        }
        self.flush();
    }

    fn collect(&mut self, partition: Partition, record: Record) {
        if !matches!(self.state, State::Reading) {
            return;
        }
        let size = record.key.len() + record.value.len();
        let limits = self.parts.limits;
        let building = self.building.entry(partition).or_default();
        let full = building.records.len() >= limits.records || building.bytes + size > limits.bytes;
        if full && !building.records.is_empty() {
            let whole = std::mem::take(building);
            let next = record.offset;
            self.give(partition, whole, next);
        }
        let building = self.building.entry(partition).or_default();
        building.bytes += size;
        building.records.push(record);
    }

    /// Hands out what has come so far, up to behind the control records that came with it. While the owner has something
    /// to do, batches grow instead: each costs a transaction, and partitions that rest fetch again what they had.
    fn flush(&mut self) {
        let busy = self.parts.round.waiting.load(Ordering::SeqCst) > 0 || !self.outbox.is_empty();
        if self.building.is_empty() || busy {
            return;
        }
        let passed = self.positions();
        for (partition, whole) in std::mem::take(&mut self.building) {
            let Some(last) = whole.records.last() else { continue };
            let next = Offset(last.offset.0 + 1);
            let next = passed.get(&partition).map_or(next, |at| next.max(*at));
            self.give(partition, whole, next);
        }
    }

    fn positions(&self) -> BTreeMap<Partition, Offset> {
        let Ok(list) = self.parts.consumer.position() else { return BTreeMap::new() };
        let known = list.elements().into_iter();
        known.filter_map(|e| position(e.offset()).map(|at| (unsigned(e.partition()), at))).collect()
    }

    fn give(&mut self, partition: Partition, mut whole: Building, next: Offset) {
        let Some(first) = whole.records.first() else { return };
        let from = self.given.insert(partition, next).unwrap_or(first.offset);
        let latest = self.latest.entry(partition).or_insert(Moment::MIN);
        *latest = rise(&mut whole.records, *latest);
        let batch = Batch { partition, from, next, records: whole.records };
        self.outbox.push_back(Happened::Batch { round: self.round, batch });
    }

    /// Goes on with a revocation that was acknowledged, or was not in time.
    fn settle(&mut self) {
        let State::Revoking { done, deadline } = &self.state else { return };
        let waits = matches!(done.try_recv(), Err(TryRecvError::Empty));
        if waits && Instant::now() < *deadline {
            return;
        }
        if waits {
            tracing::warn!(topic = %self.parts.topic, "a revocation was not acknowledged in time; it went on");
            self.parts.round.lost.store(true, Ordering::SeqCst);
        }
        self.let_go_of_all();
    }

    fn let_go_of_all(&mut self) {
        (self.state, self.paused) = (State::Idle, false);
        let answer = self.parts.consumer.unassign();
        self.expect(answer);
    }

    /// Takes notice of what the group has decided.
    fn change(&mut self) {
        if self.parts.consumer.assignment_lost() {
            self.parts.round.lost.store(true, Ordering::SeqCst);
        }
        for change in self.parts.consumer.context().take() {
            match change {
                Change::Assign(partitions) => self.assigned(partitions),
                Change::Revoke { partitions, lost } => self.revoked(partitions, lost),
            }
        }
    }

    fn assigned(&mut self, partitions: Vec<Partition>) {
        self.round += 1;
        self.parts.round.lost.store(false, Ordering::SeqCst);
        self.parts.round.current.store(self.round, Ordering::SeqCst);
        self.state = State::Taking;
        if partitions.is_empty() {
            self.begin(&[]);
        }
        let group = self.parts.consumer.group_metadata();
        self.outbox.push_back(Happened::Assigned { round: self.round, partitions, group });
    }

    fn revoked(&mut self, partitions: Vec<Partition>, lost: bool) {
        self.building.clear();
        // What the member was not given yet is read by whoever comes next.
        self.outbox.retain(|event| !matches!(event, Happened::Batch { .. }));
        self.parts.round.lost.store(lost, Ordering::SeqCst);
        self.parts.round.current.store(0, Ordering::SeqCst);
        let (done, waits) = channel();
        let nothing = partitions.is_empty();
        self.outbox.push_back(Happened::Revoked { round: self.round, partitions, lost, done });
        if lost || nothing {
            return self.let_go_of_all();
        }
        self.state = State::Revoking { done: waits, deadline: Instant::now() + self.parts.revocation };
    }

    fn complaint(&mut self, error: &KafkaError) {
        let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
        let code = fail::code(error);
        let refused = code.is_some_and(|code| fail::meaning(code) == Meaning::NotAuthorised);
        // Removed by retention, or a topic that is gone: reading on would skip silently.
        let gap = code.is_some_and(|code| {
            use rdkafka::error::RDKafkaErrorCode as Code;
            matches!(code, Code::AutoOffsetReset | Code::OffsetOutOfRange) || fail::is_unknown_topic(code)
        });
        if fatal || refused || gap {
            self.outbox.push_back(Happened::Failed(fail::failed(
                &self.parts.config,
                "read as a member",
                error,
            )));
        } else {
            tracing::debug!(topic = %self.parts.topic, %error, "while reading as a member");
        }
    }

    fn expect(&mut self, answer: Result<(), KafkaError>) {
        if let Err(error) = answer {
            self.fail(&error);
        }
    }

    /// Says once that the member is over.
    fn fail(&mut self, error: &KafkaError) {
        if !std::mem::replace(&mut self.failed, true) {
            let error = fail::failed(&self.parts.config, "read as a member", error);
            self.outbox.push_back(Happened::Failed(error));
        }
    }

    /// Leaves the group. The channel ends when that is done.
    fn leave(self) {
        self.parts.consumer.context().closing.store(true, Ordering::SeqCst);
        let Parts { consumer, events, orders, .. } = self.parts;
        drop(consumer);
        drop(events);
        let_go(orders);
    }
}

/// What the group decided, kept until the poller looks.
#[derive(Default)]
pub(super) struct Rebalances {
    heard: Heard,
    changes: Mutex<Vec<Change>>,
    closing: AtomicBool,
}

enum Change {
    Assign(Vec<Partition>),
    Revoke { partitions: Vec<Partition>, lost: bool },
}

impl Rebalances {
    fn take(&self) -> Vec<Change> {
        std::mem::take(&mut *self.changes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Rebalances {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        say(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.heard.keep(&error, reason);
    }
}

impl ConsumerContext for Rebalances {
    /// The group waits until `assign` or `unassign` is called. That happens once the member is ready, and not
    /// here, where it would hold up the polling.
    fn rebalance(&self, consumer: &BaseConsumer<Self>, what: RDKafkaRespErr, list: &mut TopicPartitionList) {
        if self.closing.load(Ordering::SeqCst) {
            // Closing goes on only after this; should it fail, closing says so itself.
            let _ = consumer.unassign();
            return;
        }
        let partitions: Vec<Partition> = list.elements().iter().map(|e| unsigned(e.partition())).collect();
        let change = match what {
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS => Change::Assign(partitions),
            _ => Change::Revoke { partitions, lost: consumer.assignment_lost() },
        };
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).push(change);
    }
}
