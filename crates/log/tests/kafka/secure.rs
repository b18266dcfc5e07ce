//! TLS and passwords, on a broker with a certificate made for the test.

use super::cluster::Cluster;
use super::{broker, config, numbered, numbers, skip, texts, topic};
use log::{Error, Kafka, KafkaConfig, Log, Mechanism, Sasl, Secret, Security, Tls};
use std::time::Duration;

#[test]
fn tls_and_passwords() {
    if broker().is_none() {
        return;
    }
    if !cfg!(feature = "kafka-tls") {
        return skip("built without the feature kafka-tls");
    }
    let cluster = Cluster::start(&["--tls-sasl"]);
    let read = |key| std::fs::read_to_string(cluster.said(key)).unwrap().trim().to_owned();
    let (user, password) = (read("USER_FILE"), read("PASSWORD_FILE"));
    let with = |mechanism, password: &str, ca: Option<&str>| -> KafkaConfig {
        let mut config = config(cluster.said("SECURE_BOOTSTRAP"), "");
        let sasl = Sasl { mechanism, user: user.clone(), password: Secret::new(password) };
        config.security = Security::SaslTls(sasl, Tls { ca: ca.map(Into::into), identity: None });
        config.timeouts.request = Duration::from_secs(5);
        config
    };
    let ca = Some(cluster.said("CA"));
    for (mechanism, name) in [(Mechanism::ScramSha512, "scram"), (Mechanism::Plain, "plain")] {
        let log = Kafka::open(with(mechanism, &password, ca)).unwrap();
        log.create(&topic(name), 1).unwrap();
        log.append(&topic(name), &numbered(0, 0..10)).unwrap();
        assert_eq!(texts(&log, &topic(name), 0), numbers(0..10));
        let refused = Kafka::open(with(mechanism, "canary", ca)).unwrap_err();
        assert!(matches!(refused, Error::NotAuthorised { .. }), "{refused}");
        assert!(!format!("{refused} {refused:?}").contains("canary"), "{refused:?}");
    }
    // Authorities of the system do not know this broker's.
    let untrusted = Kafka::open(with(Mechanism::ScramSha512, &password, None)).unwrap_err();
    assert!(untrusted.to_string().contains("certificate"), "{untrusted}");
    // Nor does a broker that wants TLS talk to who does not.
    let clear = config(cluster.said("SECURE_BOOTSTRAP"), "");
    let mut clear = KafkaConfig { security: Security::Plaintext, ..clear };
    clear.timeouts.request = Duration::from_secs(2);
    assert!(Kafka::open(clear).is_err());
}
