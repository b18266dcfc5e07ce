//! The settings of `quell run`.

use super::layers::{Place, Raw};
use super::valid::{Check, text};
use domain::Span;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// What `quell run` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Serving {
    /// Address to listen to, of this machine itself; port 0 = any free one.
    pub listen: SocketAddr,
    /// How much is taken at once.
    pub http: HttpLimits,
    /// Time between the beginnings of two publications.
    pub publish_every: Duration,
    /// How long a cut stays after another one took its place.
    pub keep_cuts: Span,
    /// How long a graceful end may take.
    pub drain: Duration,
}

/// How much is taken at once, and how long clients may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpLimits {
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Events of one request.
    pub events: usize,
    /// Levels of nesting in one event.
    pub levels: usize,
    /// Events a second from all clients together.
    pub events_per_second: u32,
    /// Requests that are worked on at once.
    pub requests: usize,
    /// Open connections.
    pub connections: usize,
    /// For the head of a request, from the moment the connection is idle.
    pub head_timeout: Duration,
    /// For the body of a request.
    pub body_timeout: Duration,
    /// For the client to take some of an answer.
    pub write_timeout: Duration,
    /// For the events of a request to be durable.
    pub answer_timeout: Duration,
}

/// Longest of the short waits that a setting may ask for: beyond it, a number with a wrong unit is likelier.
const WAIT_MAX: Span = Span::from_hours(1);

impl Check<'_> {
    pub(super) fn serving(&mut self) -> Serving {
        Serving {
            listen: self.listen("http.listen"),
            http: self.http_limits(),
            publish_every: self.wait("publish.every", 100, Span::from_hours(24)),
            keep_cuts: self.span_within(
                "publish.keep",
                Span::from_hours(24),
                Span::from_days(3650),
                "from \"24h\" to \"3650d\"",
            ),
            drain: self.wait("run.drain", 1_000, WAIT_MAX),
        }
    }

    fn http_limits(&mut self) -> HttpLimits {
        HttpLimits {
            body_bytes: usize::try_from(self.size("http.body", 1 << 10, 64 << 20)).unwrap_or(usize::MAX),
            events: self.integer("http.events", 1, 100_000),
            levels: self.integer("http.depth", 1, 32),
            events_per_second: self.integer("http.rate", 1, 10_000_000),
            requests: self.integer("http.concurrency", 1, 10_000),
            connections: self.integer("http.connections", 1, 10_000),
            head_timeout: self.wait("http.head_timeout", 100, WAIT_MAX),
            body_timeout: self.wait("http.body_timeout", 100, WAIT_MAX),
            write_timeout: self.wait("http.write_timeout", 100, WAIT_MAX),
            answer_timeout: self.wait("http.answer_timeout", 100, WAIT_MAX),
        }
    }

    /// A wait from so many milliseconds on.
    pub(super) fn wait(&mut self, key: &str, least_ms: i64, most: Span) -> Duration {
        let hours = most.micros() / Span::from_hours(1).micros();
        let least =
            if least_ms % 1_000 == 0 { format!("{}s", least_ms / 1_000) } else { format!("{least_ms}ms") };
        let expected = format!("from \"{least}\" to \"{hours}h\"");
        let span = self.span_within(key, Span::from_micros(least_ms * 1_000), most, &expected);
        Duration::from_micros(span.micros().unsigned_abs())
    }

    fn listen(&mut self, key: &str) -> SocketAddr {
        let read = |raw: &Raw, _: &Place| {
            let address =
                text(raw).and_then(address).ok_or("an address and port, such as \"127.0.0.1:7071\"")?;
            if address.ip().is_loopback() {
                return Ok(address);
            }
            Err("an address of this machine itself, such as \"127.0.0.1:7071\", because there are no keys yet \
                 that would keep others out"
                .to_owned())
        };
        self.each(key, read).unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

/// `localhost` always means the IPv4 address here; asking a resolver could give anything.
fn address(text: &str) -> Option<SocketAddr> {
    match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Layers, valid};
    use std::path::Path;

    fn listen(text: &str) -> Result<String, String> {
        let mut layers = Layers::new();
        let mistakes = layers.add_file(Path::new("q.toml"), &format!("http.listen = {text:?}"));
        let config = valid::validate(&layers, mistakes).map_err(|m| m.to_string())?;
        Ok(config.serving.listen.to_string())
    }

    #[test]
    fn only_addresses_of_this_machine_are_listened_to() {
        for (text, expect) in [
            ("127.0.0.1:7071", "127.0.0.1:7071"),
            ("127.9.0.1:0", "127.9.0.1:0"),
            ("[::1]:80", "[::1]:80"),
            ("localhost:7071", "127.0.0.1:7071"),
        ] {
            assert_eq!(listen(text).as_deref(), Ok(expect), "{text}");
        }
        for text in ["0.0.0.0:7071", "192.168.0.1:7071", "[::]:7071", "8.8.8.8:80", "[::ffff:127.0.0.1]:1"] {
            let refused = listen(text).expect_err(text);
            assert!(refused.contains("no keys yet"), "{refused}");
        }
        for text in ["", "7071", "127.0.0.1", "127.0.0.1:70710", "example.org:80", "localhost"] {
            let refused = listen(text).expect_err(text);
            assert!(refused.contains("expected an address and port"), "{refused}");
        }
    }
}
