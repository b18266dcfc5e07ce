//! A broker that does not answer: nothing acknowledged is lost, nothing hangs, and what is in doubt says so.

use super::cluster::Cluster;
use super::{broker, config, copies, numbered, numbers, opened, outgoing, outputs, topic};
use domain::{Offset, Partition};
use log::{Error, Kafka, KafkaConfig, Limits, Log, Retry, TopicName, TopicSettings};
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::metadata::Metadata;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Timeouts of a patience that a test has.
fn hasty(brokers: &str) -> KafkaConfig {
    let mut config = config(brokers, "");
    let t = &mut config.timeouts;
    t.request = Duration::from_secs(1);
    t.message = Duration::from_secs(2);
    t.transaction = Duration::from_secs(4);
    t.watchdog = Duration::from_secs(6);
    config
}

/// A broker of one's own with these topics, a client with patience, for what is not the matter of the test (a
/// busy machine is slow), and one without.
fn started(topics: &[&TopicName]) -> (Cluster, Kafka, Kafka) {
    let cluster = Cluster::start(&[]);
    let patient = opened(config(cluster.said("BOOTSTRAP"), ""));
    topics.iter().for_each(|name| patient.create(name, 1).unwrap());
    let hasty = patiently(|| Kafka::open(hasty(cluster.said("BOOTSTRAP"))));
    (cluster, patient, hasty)
}

/// Tries until the broker answers again.
fn patiently<T>(mut what: impl FnMut() -> log::Result<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match what() {
            Ok(value) => return value,
            Err(error) if error.retry() == Retry::Never => panic!("{error}"),
            Err(error) => assert!(Instant::now() < deadline, "{error}"),
        }
    }
}

#[test]
fn a_stopped_broker_leaves_appends_in_doubt_and_the_producer_is_made_anew() {
    if broker().is_none() {
        return;
    }
    let name = topic("facts");
    let (cluster, patient, log) = started(&[&name]);
    let mut acknowledged: BTreeSet<Offset> =
        patient.append(&name, &numbered(0, 0..10)).unwrap().into_iter().collect();

    // One call that takes seconds; the broker stops when the first of it has arrived.
    let many: Vec<_> = (0..200_000).map(|_| outgoing(0, "canary")).collect();
    let doubt = std::thread::scope(|scope| {
        let appending = scope.spawn(|| log.append(&name, &many).unwrap_err());
        while patient.ends(&name).unwrap()[&Partition(0)] <= Offset(10) {}
        cluster.tell("pause");
        appending.join().unwrap()
    });
    assert!(matches!(doubt, Error::Indefinite { .. }), "{doubt}");
    assert_eq!(doubt.retry(), Retry::Later);
    assert!(!format!("{doubt} {doubt:?}").contains("canary"), "{doubt:?}");
    // Whoever tries while it is stopped is told in time, too.
    let begun = Instant::now();
    let silent = log.append(&name, &[outgoing(0, "canary")]).unwrap_err();
    assert!(matches!(silent, Error::Unreachable { .. } | Error::Indefinite { .. }), "{silent}");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());

    cluster.tell("resume");
    acknowledged.extend(patiently(|| log.append(&name, &[outgoing(0, "after")])));
    let traffic = log.traffic().unwrap();
    assert!(traffic.indefinite >= 1);
    assert_eq!(traffic.rebuilt, traffic.indefinite, "every doubt ends the producer");
    let stored: BTreeSet<Offset> = read_all(&log).into_iter().map(|(offset, _)| offset).collect();
    assert!(acknowledged.is_subset(&stored), "something acknowledged is gone");
}

fn read_all(log: &Kafka) -> Vec<(Offset, String)> {
    let (mut found, mut from) = (Vec::new(), Offset(0));
    loop {
        let batch = patiently(|| log.read(&topic("facts"), Partition(0), from, Limits::default()));
        if batch.is_empty() {
            return found;
        }
        from = batch.next;
        let text = |r: log::Record| (r.offset, String::from_utf8(r.value).unwrap());
        found.extend(batch.records.into_iter().map(text));
    }
}

#[test]
fn a_broker_that_stops_within_a_commit_leaves_both_or_neither() {
    if broker().is_none() {
        return;
    }
    let (input, output, to) = (topic("input"), topic("output"), outputs("r"));
    let (cluster, patient, log) = started(&[&input, &output]);
    patient.append(&input, &numbered(0, 0..TOTAL)).unwrap();
    // Until it stops within a commit, and not within what lies between two.
    let in_doubt = (0..10).any(|_| matches!(copy_until_it_stops(&log, &cluster), Error::Unsettled { .. }));
    assert!(in_doubt, "no commit was under way when the broker stopped");
    // Everything once, whichever way the commit in doubt went.
    let mut reader = patiently(|| patient.subscribe(&input, &[Partition(0)], &to));
    loop {
        let batch = patiently(|| reader.next(Limits { records: 1_000, bytes: usize::MAX }));
        if batch.is_empty() {
            break;
        }
        reader.commit(&copies(&batch)).unwrap();
    }
    assert_eq!(super::texts(&patient, &output, 0), numbers(0..TOTAL));
}

const TOTAL: u32 = 20_000;

/// Copies in small commits; the broker stops after the first, and goes on when that has been noticed.
fn copy_until_it_stops(log: &Kafka, cluster: &Cluster) -> Error {
    let few = Limits { records: 5, bytes: usize::MAX };
    let mut reader = patiently(|| log.subscribe(&topic("input"), &[Partition(0)], &outputs("r")));
    let (done, begun) = std::sync::mpsc::channel();
    let error = std::thread::scope(|scope| {
        let copying = scope.spawn(move || {
            loop {
                let copied = reader.next(few).and_then(|batch| {
                    assert!(!batch.is_empty(), "the broker was not stopped in time");
                    reader.commit(&copies(&batch))
                });
                if let Err(error) = copied {
                    return error;
                }
                // The other end is gone once the first was heard.
                let _ = done.send(());
            }
        });
        // On a busy machine it may be noticed before that.
        let paused = begun.recv().is_ok();
        paused.then(|| cluster.tell("pause"));
        let error = copying.join().unwrap();
        paused.then(|| cluster.tell("resume"));
        error
    });
    assert_ne!(error.retry(), Retry::Never, "{error}");
    error
}

/// With three brokers one may die while it leads: nothing acknowledged is lost. When two are dead nothing is acknowledged any
/// more, in bounded time, and it goes on when one of them is back.
#[test]
fn of_three_brokers_one_may_die_and_with_two_nothing_is_acknowledged() {
    if broker().is_none() {
        return;
    }
    let cluster = Cluster::start(&["--brokers", "3"]);
    let name = topic("facts");
    let topics = TopicSettings { replication: 3, min_in_sync: 2, retention: None };
    let brokers = cluster.said("BOOTSTRAP");
    let log = patiently(|| Kafka::open(KafkaConfig { topics: topics.clone(), ..hasty(brokers) }));
    patiently(|| log.create(&name, 1));
    let mut acknowledged = BTreeMap::new();
    let mut next = 0..;
    let mut one = |log: &Kafka| {
        let value = next.next().unwrap().to_string();
        log.append(&name, &[outgoing(0, value.clone())]).map(|offsets| (offsets[0], value))
    };

    acknowledged.extend((0..50).map(|_| patiently(|| one(&log))));
    let first = leader(brokers, "facts");
    std::thread::scope(|scope| {
        let killing = scope.spawn(|| cluster.tell_one("kill", first));
        while !killing.is_finished() {
            acknowledged.extend(one(&log).ok());
        }
    });
    acknowledged.extend((0..50).map(|_| patiently(|| one(&log))));
    let second = leader(brokers, "facts");
    assert_ne!(first, second, "another one leads");

    cluster.tell_one("kill", second);
    let begun = Instant::now();
    let refused = one(&log).unwrap_err();
    assert!(matches!(refused, Error::Indefinite { .. } | Error::Unreachable { .. }), "{refused}");
    assert_eq!(refused.retry(), Retry::Later, "a client hears 503 and comes again");
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());

    cluster.tell_one("restart", second);
    acknowledged.extend((0..50).map(|_| patiently(|| one(&log))));
    let stored: BTreeMap<Offset, String> = read_all(&log).into_iter().collect();
    assert!(acknowledged.len() >= 150, "{}", acknowledged.len());
    for (offset, value) in &acknowledged {
        assert_eq!(stored.get(offset), Some(value), "{value} was acknowledged at {offset:?}");
    }
}

/// The id of the broker that leads the topic's partition.
fn leader(brokers: &str, topic: &str) -> i32 {
    let asking: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers).create().unwrap();
    let found = |metadata: Metadata| {
        let partition = metadata.topics()[0].partitions().first().map(|partition| partition.leader());
        partition.filter(|leader| *leader > 0)
    };
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let asked = asking.fetch_metadata(Some(topic), Duration::from_secs(5));
        if let Some(leader) = asked.ok().and_then(found) {
            return leader;
        }
        assert!(Instant::now() < deadline, "nobody leads {topic}");
    }
}
