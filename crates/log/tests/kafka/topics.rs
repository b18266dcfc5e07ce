//! Topics: what they are made with, what is noticed of them, and what happens when something is gone.

use super::{
    ALL, broker, config, copies, numbered, numbers, opened, outgoing, outputs, prefix, texts, topic,
};
use domain::{Offset, Partition};
use log::{Error, Kafka, KafkaConfig, Log, Retry};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::topic_partition_list::{Offset as Mark, TopicPartitionList};
use std::net::TcpListener;
use std::time::Duration;

#[test]
fn a_topic_is_what_was_asked_for_and_a_difference_is_named() {
    let Some(brokers) = broker() else { return };
    let mut config = config(&brokers, &prefix("check"));
    let log = opened(config.clone());
    let name = topic("facts");
    let none = log.check(&name, 3).unwrap_err();
    assert!(matches!(none, Error::UnknownTopic { .. }), "{none}");
    log.create(&name, 3).unwrap();
    let report = log.check(&name, 3).unwrap();
    assert_eq!((report.partitions, report.replication, report.in_sync), (3, 1, 1));
    assert!(report.mismatches.is_empty(), "{report:?}");
    let setting = |what| report.settings.iter().find(|(k, _)| *k == what).unwrap().1.clone();
    assert_eq!(setting("message.timestamp.type"), "LogAppendTime");
    assert_eq!(setting("retention.ms"), "-1");
    assert_eq!(setting("max.message.bytes"), "6000000");

    config.topics.retention = Some(Duration::from_secs(3_600));
    config.topics.replication = 2;
    let report = opened(config).check(&name, 4).unwrap();
    let said: Vec<String> = report.mismatches.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "partitions is 3, expected 4",
            "replication factor is 1, expected 2",
            "retention.ms is -1, expected 3600000"
        ]
    );
}

/// More than a client's queue holds goes through it all the same, by one call and by several at once. (Reports
/// come in heaps, and a heap leaves the queue as a whole: counting each report once overran it.)
#[test]
fn calls_larger_than_the_queue_do_not_overrun_it() {
    let Some(brokers) = broker() else { return };
    let log = opened(config(&brokers, &prefix("large")));
    let name = topic("facts");
    log.create(&name, 2).unwrap();
    let many = |p| (0..40_000).map(move |i: u32| outgoing(p, i.to_string())).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let append = |p| {
            scope.spawn({
                let (log, name) = (&log, &name);
                move || log.append(name, &many(p)).unwrap()
            })
        };
        for offsets in [append(0), append(1)].map(|a| a.join().unwrap()) {
            assert!(offsets.iter().copied().eq((0..40_000).map(Offset)), "offsets in the order given");
        }
    });
    assert_eq!(texts(&log, &name, 1), numbers(0..40_000));
}

#[test]
fn a_brokers_own_settings_are_looked_at() {
    let Some(brokers) = broker() else { return };
    let said = opened(config(&brokers, "")).check_brokers().unwrap();
    let said: Vec<String> = said.iter().map(ToString::to_string).collect();
    // The tests' broker is set up well but for this default of Kafka's: seven days.
    assert_eq!(said, ["offsets.retention.minutes is 10080, expected at least 525600"]);
}

/// What retention does: the first records go, and a reader that had not read them must be told.
#[test]
fn a_gap_that_retention_left_is_an_error_that_names_both_ends() {
    let Some(brokers) = broker() else { return };
    let config = config(&brokers, &prefix("gap"));
    let log = opened(config.clone());
    for name in ["input", "output"] {
        log.create(&topic(name), 1).unwrap();
    }
    let name = topic("input");
    log.append(&name, &numbered(0, 0..10)).unwrap();
    // Also for a reader that is in the middle of what goes.
    let mut reader = log.subscribe(&name, &[Partition(0)], &outputs("r")).unwrap();
    remove_before(&config, "input", 6);

    let error = log.read(&name, Partition(0), Offset(2), ALL).unwrap_err();
    assert!(matches!(error, Error::Removed { from: Offset(2), start: Offset(6), .. }), "{error}");
    assert_eq!(error.to_string(), "offset 2 of topic input partition 0 lies before its first record 6");
    assert_eq!(error.retry(), Retry::Never);
    let error = reader.next(ALL).unwrap_err();
    assert!(matches!(error, Error::Removed { from: Offset(0), start: Offset(6), .. }), "{error}");
    let rest = log.read(&name, Partition(0), Offset(6), ALL).unwrap();
    assert_eq!((rest.records.len(), rest.next), (4, Offset(10)));
}

fn remove_before(config: &KafkaConfig, name: &str, offset: i64) {
    let mut settings = ClientConfig::new();
    settings.set("bootstrap.servers", &config.brokers);
    let admin: AdminClient<_> = settings.create().unwrap();
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&format!("{}{name}", config.prefix), 0, Mark::Offset(offset)).unwrap();
    futures::executor::block_on(admin.delete_records(&list, &AdminOptions::new())).unwrap();
}

#[test]
fn positions_go_with_the_topic_that_they_are_kept_beside() {
    let Some(brokers) = broker() else { return };
    let log = opened(config(&brokers, &prefix("positions")));
    let input = topic("input");
    let make = || log.create(&topic("output"), 1).unwrap();
    log.create(&input, 1).unwrap();
    make();
    log.append(&input, &numbered(0, 0..10)).unwrap();
    for to in [outputs("r"), outputs("s")] {
        let mut reader = log.subscribe(&input, &[Partition(0)], &to).unwrap();
        let batch = reader.next(ALL).unwrap();
        reader.commit(&copies(&batch)).unwrap();
        assert_eq!(log.position(&input, Partition(0), &to).unwrap(), Offset(10));
    }
    log.drop_topic(&topic("output")).unwrap();
    make();
    for to in [outputs("r"), outputs("s")] {
        assert_eq!(log.position(&input, Partition(0), &to).unwrap(), Offset(0));
    }
}

#[test]
fn nobody_there_is_said_at_once_and_why() {
    // A port on which nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut config = KafkaConfig::new(&format!("127.0.0.1:{port}"), "quell-tests");
    config.timeouts.request = Duration::from_secs(2);
    let error = Kafka::open(config).unwrap_err();
    assert_eq!(error.retry(), Retry::Later);
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("cannot connect: no answer of the brokers 127.0.0.1:{port}: ")),
        "{text}"
    );
    assert!(text.contains("Connection refused"), "{text}");
}
