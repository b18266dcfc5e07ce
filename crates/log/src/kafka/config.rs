//! What has to be known to reach a broker, and what this instance asks of the topics that it makes. All of it
//! is checked once, by [`Kafka::open`](super::Kafka::open).

use crate::{Error, Result};
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How to reach the brokers, and what to ask of them.
#[derive(Debug, Clone)]
pub struct KafkaConfig {
    /// Addresses of some brokers, `HOST:PORT` and commas; the others are found through them.
    pub brokers: String,
    /// Name under which the brokers see this process in their logs and quotas.
    pub client_id: String,
    /// Stands before every name of a topic, a group and a transactional id, so that instances and tests share
    /// a broker. May be empty.
    pub prefix: String,
    /// How the connection is protected.
    pub security: Security,
    /// What topics are created with, and what [`check`](super::Kafka::check) expects of them.
    pub topics: TopicSettings,
    /// How long things may take.
    pub timeouts: Timeouts,
}

impl KafkaConfig {
    /// Without protection and with the defaults of production.
    pub fn new(brokers: &str, client_id: &str) -> Self {
        Self {
            brokers: brokers.to_owned(),
            client_id: client_id.to_owned(),
            prefix: String::new(),
            security: Security::Plaintext,
            topics: TopicSettings::default(),
            timeouts: Timeouts::default(),
        }
    }
}

/// What a topic is created with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSettings {
    /// Copies of each record.
    pub replication: u16,
    /// Copies that must exist before an append is acknowledged.
    pub min_in_sync: u16,
    /// How long records are kept; `None` = for ever. The archive must be newer than this.
    pub retention: Option<Duration>,
}

impl Default for TopicSettings {
    /// Three copies of which two are waited for, kept for ever: the log is the truth.
    fn default() -> Self {
        Self { replication: 3, min_in_sync: 2, retention: None }
    }
}

/// How long things may take. Each is longer than what it waits for: a request within a message, a message
/// within a transaction, and all of these within the watchdog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// One request to a broker, and each call of [`Log`](crate::Log) that only asks.
    pub request: Duration,
    /// From handing a record over to its last acknowledgement; after it nobody knows whether it was written.
    pub message: Duration,
    /// What a broker lets an open transaction live. An orphan holds readers back for at most as long.
    pub transaction: Duration,
    /// When a call that has not answered is given up together with its client.
    pub watchdog: Duration,
    /// When a member of a group that is not heard of has left.
    pub session: Duration,
    /// When a member whose thread no longer polls has left, and how long a rebalance waits for its members.
    pub poll: Duration,
    /// How long a member has to acknowledge a revocation before the partitions are given away anyway.
    pub revocation: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            request: Duration::from_secs(10),
            message: Duration::from_secs(30),
            transaction: Duration::from_secs(20),
            watchdog: Duration::from_secs(30),
            session: Duration::from_secs(6),
            poll: Duration::from_secs(60),
            revocation: Duration::from_secs(30),
        }
    }
}

/// How the connection to a broker is protected.
#[derive(Debug, Clone)]
pub enum Security {
    /// Not at all: for loopback and closed networks.
    Plaintext,
    /// A user and a password over a connection in clear. SCRAM needs the feature `kafka-tls`.
    SaslPlaintext(Sasl),
    /// TLS. Needs the feature `kafka-tls`.
    Tls(Tls),
    /// TLS, and a user and a password inside. Needs the feature `kafka-tls`.
    SaslTls(Sasl, Tls),
}

/// Whom to trust, and who we are.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// PEM file of the authorities to trust; `None` = those of the system.
    pub ca: Option<PathBuf>,
    /// PEM files of our own certificate and its key, where the broker wants one.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// A user and a password.
#[derive(Debug, Clone)]
pub struct Sasl {
    /// How the password is proved.
    pub mechanism: Mechanism,
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// How a password is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// It is sent.
    Plain,
    /// Salted challenge and response over SHA-256.
    ScramSha256,
    /// Salted challenge and response over SHA-512.
    ScramSha512,
}

impl Mechanism {
    /// The name in Kafka.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// Text that no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Longest prefix: with a topic's 120 behind it a name fits Kafka's 249.
const MAX_PREFIX_BYTES: usize = 120;

/// Says every mistake of a configuration at once.
pub(super) fn check(config: &KafkaConfig) -> Result<()> {
    let wrong: Vec<String> =
        names(config).into_iter().chain(times(&config.timeouts)).chain(copies(&config.topics)).collect();
    if wrong.is_empty() {
        return unsupported(&config.security).map_or(Ok(()), Err);
    }
    Err(Error::Configuration { what: wrong.join("; ") })
}

fn names(config: &KafkaConfig) -> Vec<String> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let mut wrong = Vec::new();
    if config.brokers.trim().is_empty() {
        wrong.push("no brokers are named: expected HOST:PORT, several with commas".to_owned());
    }
    if config.prefix.len() > MAX_PREFIX_BYTES || !config.prefix.bytes().all(allowed) {
        let prefix = &config.prefix;
        wrong.push(format!("prefix {prefix:?}: expected at most {MAX_PREFIX_BYTES} of a-z A-Z 0-9 . _ -"));
    }
    wrong
}

fn times(t: &Timeouts) -> Vec<String> {
    let least = Duration::from_millis(100);
    let all = [t.request, t.message, t.transaction, t.watchdog, t.session, t.poll, t.revocation];
    let mut wrong = Vec::new();
    if all.iter().any(|d| *d < least || d.as_millis() > 900_000) {
        wrong.push("a timeout: expected 100 ms to 15 min".to_owned());
    }
    for (shorter, longer, what) in [
        (t.request, t.message, "the request timeout must not be longer than the message timeout"),
        (t.request, t.transaction, "the request timeout must not be longer than the transaction timeout"),
        (t.transaction, t.watchdog, "the transaction timeout must not be longer than the watchdog's"),
        (t.session, t.poll, "the session timeout must not be longer than the poll timeout"),
        (t.revocation, t.poll, "the revocation timeout must not be longer than the poll timeout"),
    ] {
        if shorter > longer {
            wrong.push(format!("{what}: {} ms and {} ms", shorter.as_millis(), longer.as_millis()));
        }
    }
    wrong
}

fn copies(topics: &TopicSettings) -> Option<String> {
    let TopicSettings { replication, min_in_sync, .. } = topics;
    let good = (1..=*replication).contains(min_in_sync);
    (!good).then(|| format!("min in sync {min_in_sync} of {replication} copies: expected 1 to {replication}"))
}

/// The error of a protection that this build does not have.
fn unsupported(security: &Security) -> Option<Error> {
    let what = match security {
        Security::Plaintext => return None,
        Security::SaslPlaintext(sasl) if sasl.mechanism == Mechanism::Plain => return None,
        Security::SaslPlaintext(sasl) => sasl.mechanism.name(),
        Security::Tls(_) | Security::SaslTls(..) => "TLS",
    };
    (!cfg!(feature = "kafka-tls")).then_some(Error::NotBuiltIn { what, feature: "kafka-tls" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Retry;

    fn sasl(mechanism: Mechanism) -> Sasl {
        Sasl { mechanism, user: "quell".to_owned(), password: Secret::new("canary-password") }
    }

    #[test]
    fn a_secret_is_shown_nowhere() {
        let mut config = KafkaConfig::new("127.0.0.1:9092", "test");
        config.security = Security::SaslTls(sasl(Mechanism::ScramSha512), Tls::default());
        config.prefix = "a b".to_owned();
        let refused = check(&config).expect_err("a space in the prefix");
        let text = format!("{config:?} {refused} {refused:?}");
        assert!(text.contains("quell") && !text.contains("canary"), "{text}");
    }

    #[test]
    fn every_mistake_is_said_at_once() {
        let mut config = KafkaConfig::new(" ", "test");
        config.prefix = "a/b".to_owned();
        config.timeouts.watchdog = Duration::from_secs(19);
        config.topics.min_in_sync = 4;
        let refused = check(&config).expect_err("four mistakes");
        assert_eq!(refused.retry(), Retry::Never);
        let text = refused.to_string();
        for part in ["HOST:PORT", "prefix \"a/b\"", "watchdog's: 20000 ms and 19000 ms", "4 of 3 copies"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_this_build_cannot_do_is_refused_by_name() {
        let config = |security| KafkaConfig { security, ..KafkaConfig::new("127.0.0.1:9092", "test") };
        let plain = || sasl(Mechanism::Plain);
        assert!(check(&config(Security::SaslPlaintext(plain()))).is_ok());
        for (security, what) in [
            (Security::Tls(Tls::default()), "TLS"),
            (Security::SaslTls(plain(), Tls::default()), "TLS"),
            (Security::SaslPlaintext(sasl(Mechanism::ScramSha256)), "SCRAM-SHA-256"),
        ] {
            let answer = check(&config(security)).map_err(|e| e.to_string());
            let refusal = format!("{what} is not built into this program: it needs the feature kafka-tls");
            let expected = if cfg!(feature = "kafka-tls") { Ok(()) } else { Err(refusal) };
            assert_eq!(answer, expected);
        }
    }
}
