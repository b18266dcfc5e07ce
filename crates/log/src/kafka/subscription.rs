//! A reader on its own: positions in a group that nobody joins, and one transactional producer for each input
//! partition.
//!
//! Taking a partition means, in this order: take its transactional id (whoever had it is fenced, what they
//! left open is rolled back), then ask for the committed position. A commit is one transaction of the first
//! partition that moves; it holds the positions of all. So that nobody who takes *another* of them in the
//! meantime can commit the same input again, every other partition's id is looked at once the transaction
//! holds its position and before it is committed. Whoever takes it before is seen then; whoever takes it after
//! finds a position that is not yet settled, and waits for it.

use super::client::Shared;
use super::metrics::{Held, count};
use super::producer;
use super::reader::Readers;
use super::transaction::{Failed, Transactor};
use crate::{Batch, Error, Limits, Outgoing, Outputs, Result, Subscription, TopicName};
use domain::{Offset, Partition};
use rdkafka::consumer::{Consumer, ConsumerGroupMetadata};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The subscription of Kafka.
pub(super) struct Reader {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    topic: TopicName,
    outputs: Outputs,
    group: Arc<ConsumerGroupMetadata>,
    cursors: Vec<Cursor>,
    /// Whose turn it is: index of a cursor.
    turn: usize,
    over: Option<Over>,
}

/// One partition: given out up to `read`, committed up to `committed`.
struct Cursor {
    partition: Partition,
    committed: Offset,
    read: Offset,
    transactor: Transactor,
}

/// Why a subscription is over.
enum Over {
    /// This partition was taken from us; it stood there.
    Fenced(Partition, Offset),
    Unsettled(String),
}

impl Reader {
    pub fn open(
        shared: &Arc<Shared>,
        readers: &Arc<Readers>,
        topic: &TopicName,
        partitions: &[Partition],
        outputs: &Outputs,
    ) -> Result<Self> {
        assert!(!partitions.is_empty(), "a subscription has at least one partition");
        let partitions: BTreeSet<Partition> = partitions.iter().copied().collect();
        let last = *partitions.last().expect("at least one");
        shared.check_partition(topic, last)?;
        shared.partitions(&outputs.topic)?;
        let partitions: Vec<Partition> = partitions.into_iter().collect();
        let transactors = take(shared, topic, &partitions, outputs)?;
        let name = shared.group(outputs);
        let at = shared.committed(&name, topic, &partitions)?;
        let group = shared.group_client(&name)?.group_metadata().expect("a consumer with a group");
        let cursor = |(partition, transactor): (Partition, Transactor)| {
            let committed = at[&partition];
            Cursor { partition, committed, read: committed, transactor }
        };
        let cursors: Vec<Cursor> = partitions.into_iter().zip(transactors).map(cursor).collect();
        let (shared, readers, topic) = (Arc::clone(shared), Arc::clone(readers), topic.clone());
        let (outputs, group) = (outputs.clone(), Arc::new(group));
        let reader = Self { shared, readers, topic, outputs, group, cursors, turn: 0, over: None };
        reader.note_positions();
        Ok(reader)
    }

    fn check_not_over(&self) -> Result<()> {
        let (reader, topic) = (self.outputs.reader.clone(), self.topic.clone());
        match &self.over {
            None => Ok(()),
            Some(Over::Fenced(partition, at)) => {
                Err(Error::Fenced { reader, topic, partition: *partition, at: *at })
            }
            Some(Over::Unsettled(cause)) => Err(Error::Unsettled { reader, topic, cause: cause.clone() }),
        }
    }

    fn note_positions(&self) {
        for cursor in &self.cursors {
            let held: Held = (self.outputs.reader.clone(), self.topic.clone(), cursor.partition);
            self.shared.counters.stands_at(&held, cursor.committed);
        }
    }

    /// Indices of the cursors that have moved, and where to.
    fn moved(&self) -> Vec<usize> {
        let moved = |i: &usize| self.cursors[*i].read != self.cursors[*i].committed;
        (0..self.cursors.len()).filter(moved).collect()
    }

    /// The transaction. On failure: whose step it was.
    fn transact(&self, moved: &[usize], outputs: &[Outgoing]) -> Result<(), (usize, Failed)> {
        let (first, others) = moved.split_first().expect("something has moved");
        let of = |index: usize| move |failed| (index, failed);
        let own = &self.cursors[*first].transactor;
        let input = self.shared.topic(&self.topic);
        let to: Vec<_> = moved.iter().map(|i| (self.cursors[*i].partition, self.cursors[*i].read)).collect();
        own.write(&[(self.shared.topic(&self.outputs.topic), outputs)]).map_err(of(*first))?;
        own.positions(&input, &to, &self.group).map_err(of(*first))?;
        for other in others {
            let cursor = &self.cursors[*other];
            let checked = cursor.transactor.check(&input, (cursor.partition, cursor.read), &self.group);
            checked.map_err(of(*other))?;
        }
        own.commit().map_err(of(*first))
    }

    /// Settles what can be settled, and says what the caller may do.
    fn failed(&mut self, first: usize, at: usize, failed: Failed) -> Error {
        let cursor = &self.cursors[at];
        let (partition, committed) = (cursor.partition, cursor.committed);
        let over = match failed {
            Failed::Fenced => {
                if at != first && self.cursors[first].transactor.abort().is_err() {
                    tracing::debug!("a fenced transaction was left to whoever takes its id");
                }
                Over::Fenced(partition, committed)
            }
            Failed::Abort(cause) => match self.roll_back(first, at) {
                Ok(()) => {
                    let (reader, topic) = (self.outputs.reader.clone(), self.topic.clone());
                    return Error::RolledBack { reader, topic, cause };
                }
                Err(Failed::Fenced) => Over::Fenced(partition, committed),
                Err(Failed::Abort(why) | Failed::Unknown(why)) => Over::Unsettled(why),
            },
            Failed::Unknown(cause) => Over::Unsettled(cause),
        };
        count(match over {
            Over::Fenced(..) => &self.shared.counters.fenced,
            Over::Unsettled(_) => &self.shared.counters.rebuilt,
        });
        self.over = Some(over);
        self.cursors.clear();
        self.check_not_over().expect_err("the subscription is over")
    }

    /// A transaction is decided before its marks are written, and its records are visible only after that: a
    /// moment, or as long as somebody else's open transaction lies before them. Whoever reads what he has just
    /// committed should find it.
    fn wait_until_visible(&self, first: usize) {
        let written = self.cursors[first].transactor.written();
        let deadline = Instant::now() + self.shared.config.timeouts.transaction;
        while !written.is_empty() && Instant::now() < deadline {
            match self.shared.ends(&self.outputs.topic, written.keys().map(|p| p.0)) {
                Ok(ends) if written.iter().all(|(p, end)| ends[p] >= *end) => return,
                // It is committed all the same.
                Err(_) => return,
                Ok(_) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    fn roll_back(&self, first: usize, at: usize) -> Result<(), Failed> {
        if at != first {
            self.cursors[at].transactor.abort()?;
        }
        self.cursors[first].transactor.abort()
    }
}

/// Takes the transactional ids of partitions, all at once: each is a few answers of the brokers away.
pub(super) fn take(
    shared: &Arc<Shared>,
    topic: &TopicName,
    partitions: &[Partition],
    outputs: &Outputs,
) -> Result<Vec<Transactor>> {
    let open = |p: &Partition| Transactor::open(shared, &shared.transactional_id(topic, *p, outputs));
    thread::scope(|scope| {
        let taking: Vec<_> = partitions.iter().map(|p| scope.spawn(move || open(p))).collect();
        taking.into_iter().map(|t| t.join().expect("opening a producer does not panic")).collect()
    })
}

impl Subscription for Reader {
    fn next(&mut self, limits: Limits) -> Result<Batch> {
        self.check_not_over()?;
        let count = self.cursors.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let cursor = &mut self.cursors[index];
            let batch =
                self.readers.read(&self.shared, &self.topic, cursor.partition, cursor.read, limits)?;
            // Also of an empty batch: control records need not be met again.
            cursor.read = batch.next;
            if !batch.is_empty() {
                self.turn = (index + 1) % count;
                return Ok(batch);
            }
        }
        let Cursor { partition, read, .. } = self.cursors[self.turn];
        Ok(Batch { partition, from: read, next: read, records: Vec::new() })
    }

    fn commit(&mut self, outputs: &[Outgoing]) -> Result<()> {
        self.check_not_over()?;
        let moved = self.moved();
        assert!(
            outputs.is_empty() || !moved.is_empty(),
            "outputs are committed with the input that they come from"
        );
        let Some(first) = moved.first().copied() else { return Ok(()) };
        let highest = producer::highest(outputs).map_or(1, |p| p.0 + 1);
        let partitions = self.shared.partitions(&self.outputs.topic)?;
        producer::check(&self.shared, &self.outputs.topic, outputs, partitions.min(highest))?;
        match self.transact(&moved, outputs) {
            Ok(()) => {
                self.wait_until_visible(first);
                self.cursors.iter_mut().for_each(|c| c.committed = c.read);
                self.note_positions();
                Ok(())
            }
            Err((at, failed)) => Err(self.failed(first, at, failed)),
        }
    }
}
