//! Every setting of librdkafka that a promise rests on, pinned: its defaults lose data (positions that are
//! committed by themselves, a silent jump to the end of a topic, checksums that nobody looks at).

use super::config::{KafkaConfig, Sasl, Security, Tls};
use rdkafka::ClientConfig;
use std::path::Path;
use std::time::Duration;

/// Largest batch that a client or a topic accepts, in bytes. Above
/// [`MAX_RECORD_BYTES`](crate::MAX_RECORD_BYTES) and what Kafka adds to a record.
pub(super) const MAX_MESSAGE_BYTES: u32 = 6_000_000;

/// Records that may be under way in one producer. Less than half of [`PRODUCER`]'s queue, which therefore is never
/// full: a record leaves the queue only when all reports that came with its own have been heard.
pub(super) const IN_FLIGHT_RECORDS: usize = 8_000;

/// Bytes that may be under way in one producer; also less than half of its queue.
pub(super) const IN_FLIGHT_BYTES: usize = 28 << 20;

/// Every client. Nothing of a record is ever in librdkafka's log, whose debug contexts stay off.
pub(super) const CLIENT: &[(&str, &str)] = &[
    ("message.max.bytes", "6000000"),
    ("statistics.interval.ms", "0"),
    ("log_level", "6"),
    ("topic.metadata.refresh.interval.ms", "60000"),
    ("reconnect.backoff.ms", "50"),
    ("reconnect.backoff.max.ms", "1000"),
    ("allow.auto.create.topics", "false"),
    // Nothing of ours goes to anybody else than the broker's operator asked for.
    ("enable.metrics.push", "false"),
];

/// Every producer.
pub(super) const PRODUCER: &[(&str, &str)] = &[
    ("enable.idempotence", "true"),
    ("acks", "-1"),
    ("max.in.flight.requests.per.connection", "5"),
    ("retries", "2147483647"),
    ("linger.ms", "5"),
    ("compression.codec", "zstd"),
    ("queue.buffering.max.messages", "20000"),
    ("queue.buffering.max.kbytes", "65536"),
    ("delivery.report.only.error", "false"),
];

/// Every consumer.
pub(super) const CONSUMER: &[(&str, &str)] = &[
    ("enable.auto.commit", "false"),
    ("enable.auto.offset.store", "false"),
    ("auto.offset.reset", "error"),
    ("isolation.level", "read_committed"),
    ("check.crcs", "true"),
    ("group.protocol", "classic"),
    ("partition.assignment.strategy", "range"),
    // A reader that waits for the end of a partition waits this long, and so does one that is moved.
    ("fetch.wait.max.ms", "20"),
    ("fetch.error.backoff.ms", "50"),
    // By itself a second: a fast reader would get one queue a second.
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.message.max.bytes", "1048576"),
    ("queued.min.messages", "100000"),
    // Memory of one consumer, beside one answer of a broker.
    ("queued.max.messages.kbytes", "4096"),
];

/// The ingest producer.
pub(super) fn producer(config: &KafkaConfig) -> ClientConfig {
    let mut settings = client(config);
    set_all(&mut settings, PRODUCER);
    settings.set("message.timeout.ms", millis(config.timeouts.message));
    settings
}

/// A transactional producer. A record that is not written when its transaction times out never is.
pub(super) fn transactional(config: &KafkaConfig, id: &str) -> ClientConfig {
    let mut settings = client(config);
    set_all(&mut settings, PRODUCER);
    let message = config.timeouts.message.min(config.timeouts.transaction);
    settings.set("message.timeout.ms", millis(message));
    settings.set("transaction.timeout.ms", millis(config.timeouts.transaction));
    settings.set("transactional.id", id);
    settings
}

/// A client of the administration.
pub(super) fn administration(config: &KafkaConfig) -> ClientConfig {
    client(config)
}

/// A client that only asks: no group, so that it never joins one.
pub(super) fn asking(config: &KafkaConfig) -> ClientConfig {
    let mut settings = client(config);
    set_all(&mut settings, CONSUMER);
    settings
}

/// A consumer that is told what to read.
pub(super) fn reading(config: &KafkaConfig, group: &str) -> ClientConfig {
    let mut settings = asking(config);
    settings.set("group.id", group);
    settings.set("enable.partition.eof", "true");
    settings
}

/// A member of a group.
pub(super) fn member(config: &KafkaConfig, group: &str, instance: Option<&str>) -> ClientConfig {
    let mut settings = asking(config);
    settings.set("group.id", group);
    settings.set("session.timeout.ms", millis(config.timeouts.session));
    settings.set("heartbeat.interval.ms", millis(config.timeouts.session / 6));
    settings.set("max.poll.interval.ms", millis(config.timeouts.poll));
    if let Some(instance) = instance {
        settings.set("group.instance.id", instance);
    }
    settings
}

fn client(config: &KafkaConfig) -> ClientConfig {
    let mut settings = ClientConfig::new();
    set_all(&mut settings, CLIENT);
    settings.set("bootstrap.servers", &config.brokers);
    settings.set("client.id", &config.client_id);
    settings.set("socket.timeout.ms", millis(config.timeouts.request));
    protect(&mut settings, &config.security);
    settings
}

fn set_all(settings: &mut ClientConfig, pins: &[(&str, &str)]) {
    for (key, value) in pins {
        settings.set(*key, *value);
    }
}

fn protect(settings: &mut ClientConfig, security: &Security) {
    let protocol = match security {
        Security::Plaintext => "plaintext",
        Security::SaslPlaintext(sasl) => {
            prove(settings, sasl);
            "sasl_plaintext"
        }
        Security::Tls(tls) => {
            trust(settings, tls);
            "ssl"
        }
        Security::SaslTls(sasl, tls) => {
            prove(settings, sasl);
            trust(settings, tls);
            "sasl_ssl"
        }
    };
    settings.set("security.protocol", protocol);
}

fn prove(settings: &mut ClientConfig, sasl: &Sasl) {
    settings.set("sasl.mechanism", sasl.mechanism.name());
    settings.set("sasl.username", &sasl.user);
    settings.set("sasl.password", sasl.password.reveal());
}

fn trust(settings: &mut ClientConfig, tls: &Tls) {
    let path = |path: &Path| path.display().to_string();
    settings.set("ssl.endpoint.identification.algorithm", "https");
    settings.set("enable.ssl.certificate.verification", "true");
    if let Some(ca) = &tls.ca {
        settings.set("ssl.ca.location", path(ca));
    }
    if let Some((certificate, key)) = &tls.identity {
        settings.set("ssl.certificate.location", path(certificate));
        settings.set("ssl.key.location", path(key));
    }
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MAX_RECORD_BYTES;

    fn config() -> KafkaConfig {
        KafkaConfig::new("127.0.0.1:1", "pins")
    }

    /// What librdkafka itself says of a configuration, after it has understood it.
    fn effective(settings: &ClientConfig, key: &str) -> String {
        settings
            .create_native_config()
            .and_then(|native| native.get(key))
            .unwrap_or_else(|e| panic!("{key}: {e}"))
    }

    fn check(settings: &ClientConfig, pins: &[(&str, &str)]) {
        for (key, value) in pins {
            assert_eq!(effective(settings, key), *value, "{key}");
        }
    }

    #[test]
    fn pins_are_what_librdkafka_understood() {
        let timeout = ("message.timeout.ms", "30000");
        check(&producer(&config()), &[CLIENT, PRODUCER, &[timeout]].concat());
        let transaction = [
            ("message.timeout.ms", "20000"),
            ("transaction.timeout.ms", "20000"),
            ("transactional.id", "app-0"),
            ("socket.timeout.ms", "10000"),
        ];
        check(&transactional(&config(), "app-0"), &[CLIENT, PRODUCER, &transaction].concat());
        check(&asking(&config()), &[CLIENT, CONSUMER, &[("client.id", "pins")]].concat());
        let eof = ("enable.partition.eof", "true");
        check(&reading(&config(), "g"), &[CLIENT, CONSUMER, &[eof, ("group.id", "g")]].concat());
        let group = [
            ("group.id", "g"),
            ("group.instance.id", "one"),
            ("session.timeout.ms", "6000"),
            ("heartbeat.interval.ms", "1000"),
            ("max.poll.interval.ms", "60000"),
        ];
        check(&member(&config(), "g", Some("one")), &[CLIENT, CONSUMER, &group].concat());
    }

    /// Where librdkafka's own choice is the dangerous one, a pin that was lost would show.
    #[test]
    fn defaults_that_lose_data_are_not_what_we_use() {
        let defaults = ClientConfig::new();
        let (producer, consumer) = (producer(&config()), asking(&config()));
        for (settings, key, dangerous) in [
            (&producer, "enable.idempotence", "false"),
            (&producer, "message.max.bytes", "1000000"),
            (&producer, "queue.buffering.max.kbytes", "1048576"),
            (&producer, "compression.codec", "none"),
            (&consumer, "enable.auto.commit", "true"),
            (&consumer, "enable.auto.offset.store", "true"),
            (&consumer, "check.crcs", "false"),
            (&consumer, "partition.assignment.strategy", "range,roundrobin"),
        ] {
            assert_eq!(effective(&defaults, key), dangerous, "{key} has another default now");
            assert_ne!(effective(settings, key), dangerous, "{key}");
        }
    }

    #[test]
    fn what_is_under_way_never_fills_the_queue() {
        let number = |key| effective(&producer(&config()), key).parse::<usize>().expect("a number");
        assert!(2 * IN_FLIGHT_RECORDS < number("queue.buffering.max.messages"));
        assert!(2 * IN_FLIGHT_BYTES + MAX_RECORD_BYTES < number("queue.buffering.max.kbytes") * 1024);
        assert_eq!(MAX_MESSAGE_BYTES as usize, number("message.max.bytes"));
        // 70 bytes of a record's own, and what compression may add to bytes that it cannot shrink.
        assert!(MAX_RECORD_BYTES + MAX_RECORD_BYTES / 100 < MAX_MESSAGE_BYTES as usize);
    }

    /// What the ready-made library offers decides what the configuration may ask for.
    #[test]
    fn the_bundled_library_has_what_is_used() {
        let features = effective(&producer(&config()), "builtin.features");
        let has = |feature: &str| features.split(',').any(|f| f == feature);
        assert!(has("zstd") && has("sasl_plain"), "{features}");
        for feature in ["ssl", "sasl_scram"] {
            assert_eq!(has(feature), cfg!(feature = "kafka-tls"), "{feature} of {features}");
        }
    }
}
