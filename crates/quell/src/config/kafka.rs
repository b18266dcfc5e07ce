//! The settings of Apache Kafka, for an instance whose log it is.

use super::layers::{Place, Raw, Secrets};
use super::valid::{Check, text};
use domain::Span;
use log::{KafkaConfig, Mechanism, Sasl, Secret, Security, Tls, TopicSettings};
use std::path::PathBuf;
use std::time::Duration;

/// Where the log is.
#[derive(Debug, Clone)]
pub enum LogBackend {
    /// Files of the data folder.
    Embedded,
    /// Brokers.
    Kafka(Box<KafkaConfig>),
}

/// How a connection is protected, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protection {
    Plaintext,
    SaslPlaintext,
    Tls,
    SaslTls,
}

impl Check<'_> {
    pub(super) fn log_backend(&mut self) -> LogBackend {
        let kafka = self.kafka();
        match self.word("log.backend", &[("embedded", false), ("kafka", true)]) {
            Some(true) => LogBackend::Kafka(Box::new(kafka)),
            Some(false) | None => LogBackend::Embedded,
        }
    }

    /// Checked also where the log is embedded, so that a mistake shows before it matters.
    fn kafka(&mut self) -> KafkaConfig {
        let mut config = KafkaConfig::new(&self.text("kafka.brokers"), "quell");
        config.prefix = self.text("kafka.prefix");
        config.topics = TopicSettings {
            replication: self.integer("kafka.replication", 1, 100),
            min_in_sync: self.integer("kafka.min_in_sync", 1, 100),
            retention: self.retention("kafka.retention"),
        };
        config.timeouts.message =
            self.wait("kafka.append_timeout", 1_000, Span::from_micros(15 * 60_000_000));
        config.timeouts.request = config.timeouts.request.min(config.timeouts.message);
        config.timeouts.session = self.wait("kafka.session_timeout", 1_000, Span::from_micros(60_000_000));
        config.security = self.security();
        config
    }

    fn security(&mut self) -> Security {
        let words = [
            ("plaintext", Protection::Plaintext),
            ("sasl_plaintext", Protection::SaslPlaintext),
            ("tls", Protection::Tls),
            ("sasl_tls", Protection::SaslTls),
        ];
        let protection = self.word("kafka.security", &words).unwrap_or(Protection::Plaintext);
        let (sasl, tls) = (self.sasl(protection), Tls { ca: self.path("kafka.ca_file"), identity: None });
        match (protection, sasl) {
            (Protection::SaslPlaintext, Some(sasl)) => Security::SaslPlaintext(sasl),
            (Protection::SaslTls, Some(sasl)) => Security::SaslTls(sasl, tls),
            (Protection::Tls, _) => Security::Tls(tls),
            (Protection::Plaintext | Protection::SaslPlaintext | Protection::SaslTls, _) => {
                Security::Plaintext
            }
        }
    }

    fn sasl(&mut self, protection: Protection) -> Option<Sasl> {
        let words = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512].map(|m| (m.name(), m));
        let mechanism = self.word("kafka.mechanism", &words).unwrap_or(Mechanism::ScramSha512);
        let (user, file) = (self.text("kafka.user"), self.path("kafka.password_file"));
        if !matches!(protection, Protection::SaslPlaintext | Protection::SaslTls) {
            return None;
        }
        let password = self.secret("kafka.password_file", Secrets::KAFKA_PASSWORD, file)?;
        Some(Sasl { mechanism, user, password: Secret::new(password) })
    }

    /// A secret from the environment, else from a file; neither is a mistake.
    pub(super) fn secret(
        &mut self,
        key: &str,
        variable: &'static str,
        file: Option<PathBuf>,
    ) -> Option<String> {
        if let Some(secret) = self.layers().secret(variable) {
            return Some(secret.to_owned());
        }
        let message = match file.map(|path| (crate::text::read(&path, "the password"), path)) {
            Some((Ok(text), _)) => return Some(text.trim_end_matches(['\r', '\n']).to_owned()),
            Some((Err(error), path)) => format!("{key} is {}; {error}", path.display()),
            None => {
                format!("{key} is empty; expected a file with the password, or the password in {variable}")
            }
        };
        self.mistake(Place::Default, message);
        None
    }

    pub(super) fn text(&mut self, key: &str) -> String {
        let read = |raw: &Raw, _: &Place| text(raw).map(str::to_owned).ok_or_else(|| "a text".to_owned());
        self.each(key, read).unwrap_or_default()
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, words: &[(&str, T)]) -> Option<T> {
        let expected = || {
            let quoted: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
            quoted.join(" or ")
        };
        let read = |raw: &Raw, _: &Place| {
            let found =
                words.iter().find(|(word, _)| text(raw).is_some_and(|t| t.eq_ignore_ascii_case(word)));
            found.map(|(_, value)| *value).ok_or_else(expected)
        };
        self.each(key, read)
    }

    fn retention(&mut self, key: &str) -> Option<Duration> {
        let read = |raw: &Raw, _: &Place| match text(raw) {
            Some("forever") => Ok(None),
            other => {
                let span = super::units::parse_span(other.unwrap_or_default())
                    .map_err(|_| "\"forever\" or a length of time, such as \"400d\"".to_owned())?;
                let least = span >= Span::from_days(1);
                let duration = Duration::from_micros(span.micros().unsigned_abs());
                least.then_some(Some(duration)).ok_or_else(|| "\"forever\" or at least \"1d\"".to_owned())
            }
        };
        self.each(key, read).flatten()
    }
}
