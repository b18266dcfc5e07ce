//! Does a broker keep the promises of Kafka's transactions? Six probes, from outside, of any broker:
//!
//! ```text
//! cargo run -p log@0.1.0 --example probes -- --brokers HOST:PORT [--set KEY=VALUE]... [--json]
//! cargo run -p log@0.1.0 --example probes -- --mock [--json]
//! ```
//!
//! `--set` gives the client any property of librdkafka, as `security.protocol=SASL_SSL`; `KEY=@FILE` reads the
//! value from a file, for secrets. `--mock` probes the cluster that librdkafka has inside. A topic and a group
//! named `quell-probe-…` are made and, as far as the broker allows, deleted again.
//!
//! Exit code 0: all six as promised; 1: a probe differs; 2: it could not be probed, and one line says why.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the results are the output")]

use pollster::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::{ClientConfig, FromClientConfig};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};
use serde_json::json;
use std::process::{self, ExitCode};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

type Result<T> = std::result::Result<T, String>;

/// The longest that one call may take, and that a record is waited for.
const CALL: Duration = Duration::from_secs(15);
/// The longest for a group to give its only member a partition: there are brokers that take half of it.
const JOIN: Duration = Duration::from_secs(60);
/// The longest for all: some calls of librdkafka do not keep to their time limit.
const ALL: Duration = Duration::from_secs(240);
const PARTITION: i32 = 0;
const USAGE: &str = "usage: probes (--brokers HOST:PORT[,...] | --mock) [--set KEY=VALUE]... [--json]";

fn main() -> ExitCode {
    let told = Arguments::parse(std::env::args().skip(1)).and_then(|arguments| {
        thread::spawn(watchdog);
        let outcome = arguments.probe()?;
        outcome.print(arguments.json);
        Ok(outcome.differs())
    });
    match told {
        Ok(differs) => ExitCode::from(u8::from(differs)),
        Err(why) => {
            eprintln!("probes: {why}");
            ExitCode::from(2)
        }
    }
}

/// What is being done, for the message of a call that never ends.
static STEP: Mutex<&str> = Mutex::new("starting");

fn step(what: &'static str) {
    *STEP.lock().unwrap_or_else(PoisonError::into_inner) = what;
}

fn watchdog() {
    thread::sleep(ALL);
    let what = *STEP.lock().unwrap_or_else(PoisonError::into_inner);
    eprintln!("probes: no answer within {} s; it was {what}", ALL.as_secs());
    process::exit(2);
}

#[derive(Default)]
struct Arguments {
    brokers: Option<String>,
    mock: bool,
    json: bool,
    set: Vec<(String, String)>,
}

impl Arguments {
    fn parse(mut args: impl Iterator<Item = String>) -> Result<Self> {
        let mut parsed = Self::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{USAGE}"));
            match arg.as_str() {
                "--brokers" => parsed.brokers = Some(value()?),
                "--set" => parsed.set.push(setting(&value()?)?),
                "--mock" => parsed.mock = true,
                "--json" => parsed.json = true,
                other => return Err(format!("unknown argument {other}\n{USAGE}")),
            }
        }
        if parsed.mock == parsed.brokers.is_some() {
            return Err(format!("either --brokers or --mock\n{USAGE}"));
        }
        Ok(parsed)
    }

    fn probe(&self) -> Result<Outcome> {
        let Some(brokers) = &self.brokers else {
            let cluster = MockCluster::new(1).map_err(|e| told("starting librdkafka's mock cluster", &e))?;
            let session = Session::new(cluster.bootstrap_servers(), &self.set)?;
            cluster.create_topic(&session.topic, 1, 1).map_err(|e| told("making a topic", &e))?;
            return session.probe("librdkafka's mock cluster");
        };
        let session = Session::new(brokers.clone(), &self.set)?;
        session.reach(brokers)?;
        let outcome = session.create().and_then(|()| session.probe(brokers));
        session.clean_up();
        outcome
    }
}

fn setting(text: &str) -> Result<(String, String)> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("--set {text}: expected KEY=VALUE"))?;
    let value = match value.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(|e| format!("--set {key}: {file}: {e}"))?,
        None => value.to_owned(),
    };
    Ok((key.to_owned(), value.trim_end_matches(['\r', '\n']).to_owned()))
}

fn told(doing: &str, error: &KafkaError) -> String {
    format!("{doing}: {error}")
}

/// One probe and what came of it.
struct Probe {
    name: &'static str,
    expected: &'static str,
    found: String,
    passed: bool,
}

struct Outcome {
    broker: String,
    probes: Vec<Probe>,
}

impl Outcome {
    fn differs(&self) -> bool {
        self.probes.iter().any(|p| !p.passed)
    }

    fn print(&self, as_json: bool) {
        let (_, librdkafka) = rdkafka::util::get_rdkafka_version();
        if as_json {
            let probe = |p: &Probe| json!({"probe": p.name, "expected": p.expected, "found": p.found, "passed": p.passed});
            let probes: Vec<_> = self.probes.iter().map(probe).collect();
            println!("{}", json!({"broker": self.broker, "librdkafka": librdkafka, "probes": probes}));
            return;
        }
        println!("{}, probed with librdkafka {librdkafka}", self.broker);
        for p in &self.probes {
            let verdict = if p.passed { "yes" } else { "NO" };
            println!("{verdict:3}  {:24} expected: {}; found: {}", p.name, p.expected, p.found);
        }
    }
}

/// One run: names of its own, so that runs do not meet.
struct Session {
    config: ClientConfig,
    topic: String,
}

impl Session {
    fn new(brokers: String, set: &[(String, String)]) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|e| e.to_string())?;
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", brokers).set("socket.timeout.ms", CALL.as_millis().to_string());
        config.extend(set.iter().cloned());
        Ok(Self { config, topic: format!("quell-probe-{}-{}", now.as_millis(), process::id()) })
    }

    fn client<T: FromClientConfig>(&self, more: &[(&str, &str)]) -> Result<T> {
        let mut config = self.config.clone();
        config.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        config.create().map_err(|e| told("starting a client", &e))
    }

    fn reach(&self, brokers: &str) -> Result<()> {
        step("connecting");
        let asking: BaseConsumer = self.client(&[])?;
        let answer = asking.fetch_metadata(None, CALL);
        answer.map(|_| ()).map_err(|e| format!("no broker answers at {brokers}: {}", code(&e)))
    }

    /// A broker that does not know the request, or lets only operators make topics, may still have it made by
    /// asking for it; whether it is there is then seen.
    fn create(&self) -> Result<()> {
        step("making a topic");
        let admin: AdminClient<DefaultClientContext> = self.client(&[])?;
        let new = NewTopic::new(&self.topic, 1, TopicReplication::Fixed(-1));
        let answer =
            block_on(admin.create_topics([&new], &options())).map_err(|e| told("making a topic", &e))?;
        let refused = answer.into_iter().find_map(std::result::Result::err).map(|(_, code)| code);
        self.wait_for_topic()
            .map_err(|e| refused.map_or(e, |code| format!("making the topic {}: {code}", self.topic)))
    }

    fn wait_for_topic(&self) -> Result<()> {
        let consumer: BaseConsumer = self.client(&[("allow.auto.create.topics", "true")])?;
        let deadline = Instant::now() + CALL;
        while Instant::now() < deadline {
            let metadata = consumer
                .fetch_metadata(Some(&self.topic), CALL)
                .map_err(|e| told("asking for the topic", &e))?;
            if metadata.topics().iter().any(|t| t.error().is_none() && !t.partitions().is_empty()) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err(format!("the topic {} did not appear within {} s", self.topic, CALL.as_secs()))
    }

    /// Best effort: what stays is an empty group and a topic of a few records.
    fn clean_up(&self) {
        step("deleting the topic");
        let Ok(admin) = self.client::<AdminClient<DefaultClientContext>>(&[]) else { return };
        let _ = block_on(admin.delete_topics(&[&self.topic], &options()));
        let _ = block_on(admin.delete_groups(&[&self.topic], &options()));
    }

    fn probe(&self, broker: &str) -> Result<Outcome> {
        let old = self.producer()?;
        step("writing in transactions");
        transaction(&old, self, "c1")?;
        self.begin_and_send(&old, "ABORTED")?;
        old.abort_transaction(CALL).map_err(|e| told("aborting a transaction", &e))?;
        transaction(&old, self, "c2")?;
        self.begin_and_send(&old, "OPEN")?;
        self.check_written()?;
        let mut probes = visible(&self.read("read_committed", "c2")?);
        let new = self.producer()?;
        probes.push(self.fencing(&old, &new)?);
        probes.push(self.offsets(&new)?);
        Ok(Outcome { broker: broker.to_owned(), probes })
    }

    /// Both of a run have the same id, which is what fences.
    fn producer(&self) -> Result<BaseProducer> {
        step("starting a transactional producer");
        let timeout = CALL.as_millis().to_string();
        let producer: BaseProducer = self.client(&[
            ("transactional.id", &self.topic),
            ("transaction.timeout.ms", "60000"),
            ("message.timeout.ms", &timeout),
        ])?;
        producer.init_transactions(CALL).map_err(|e| told("starting a transactional producer", &e))?;
        Ok(producer)
    }

    fn begin_and_send(&self, producer: &BaseProducer, value: &str) -> Result<()> {
        producer.begin_transaction().map_err(|e| told("beginning a transaction", &e))?;
        let record = BaseRecord::<(), str>::to(&self.topic).partition(PARTITION).payload(value);
        producer.send(record).map_err(|(e, _)| told("sending a record", &e))?;
        producer.flush(CALL).map_err(|e| told("sending a record", &e))
    }

    /// A record that never reached the broker would be hidden by any: without all four there is nothing to probe.
    fn check_written(&self) -> Result<()> {
        let seen = self.read("read_uncommitted", "OPEN")?;
        match ["c1", "ABORTED", "c2", "OPEN"].iter().find(|v| !seen.iter().any(|s| s == *v)) {
            Some(missing) => {
                Err(format!("{missing} was sent, and is not in the topic ({})", seen.join(", ")))
            }
            None => Ok(()),
        }
    }

    /// The values from the beginning to the end that the isolation level shows, `until` being among them; less
    /// only if that does not come in time, because a commit may be answered before it is seen.
    fn read(&self, isolation: &str, until: &str) -> Result<Vec<String>> {
        step("reading the topic");
        let consumer: BaseConsumer = self.client(&[
            ("group.id", &self.topic),
            ("isolation.level", isolation),
            ("enable.partition.eof", "true"),
            ("enable.auto.commit", "false"),
        ])?;
        let mut place = TopicPartitionList::new();
        place
            .add_partition_offset(&self.topic, PARTITION, Offset::Beginning)
            .map_err(|e| told("reading", &e))?;
        consumer.assign(&place).map_err(|e| told("reading", &e))?;
        let (mut seen, deadline) = (Vec::new(), Instant::now() + CALL);
        while Instant::now() < deadline {
            match consumer.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => seen.push(text(message.payload())),
                Some(Err(KafkaError::PartitionEOF(_))) if seen.iter().any(|v| v == until) => break,
                Some(Err(KafkaError::PartitionEOF(_))) | None => {}
                Some(Err(error)) => return Err(told("reading", &error)),
            }
        }
        Ok(seen)
    }

    fn fencing(&self, old: &BaseProducer, new: &BaseProducer) -> Result<Probe> {
        step("committing with a fenced producer");
        let answer = old.commit_transaction(CALL);
        transaction(new, self, "c3")?;
        let later = self.read("read_committed", "c3")?;
        let seen = if later.iter().any(|v| v == "OPEN") { "delivered" } else { "hidden" };
        let how = match &answer {
            Ok(()) => "accepted".to_owned(),
            Err(error) => format!("refused ({})", code(error)),
        };
        Ok(Probe {
            name: "old producer fenced",
            expected: "its commit refused",
            found: format!("its commit {how}, its record {seen}"),
            passed: answer.is_err(),
        })
    }

    fn offsets(&self, producer: &BaseProducer) -> Result<Probe> {
        let consumer: BaseConsumer = self.client(&[
            ("group.id", &self.topic),
            ("auto.offset.reset", "earliest"),
            ("enable.auto.commit", "false"),
            ("isolation.level", "read_committed"),
        ])?;
        let joined = self.join(&consumer)?;
        step("sending offsets to a transaction");
        self.send_offset(producer, &consumer, 1)?;
        producer.abort_transaction(CALL).map_err(|e| told("aborting offsets", &e))?;
        let aborted = self.committed(&consumer, |_| true)?;
        self.send_offset(producer, &consumer, 2)?;
        producer.commit_transaction(CALL).map_err(|e| told("committing offsets", &e))?;
        let committed = self.committed(&consumer, |at| at == Some(2))?;
        let shown = |at: Option<i64>| at.map_or_else(|| "none".to_owned(), |n| n.to_string());
        let member = if joined { "" } else { "; a group consumer got no record" };
        Ok(Probe {
            name: "offsets move with it",
            expected: "after an abort none, after a commit 2",
            found: format!("after an abort {}, after a commit {}{member}", shown(aborted), shown(committed)),
            passed: joined && aborted.is_none() && committed == Some(2),
        })
    }

    /// As a member of the group: that is what processors are, and what fences them.
    fn join(&self, consumer: &BaseConsumer) -> Result<bool> {
        step("joining a group");
        consumer.subscribe(&[&self.topic]).map_err(|e| told("joining a group", &e))?;
        let deadline = Instant::now() + JOIN;
        while Instant::now() < deadline {
            match consumer.poll(Duration::from_millis(200)) {
                Some(Ok(_)) => return Ok(true),
                Some(Err(error)) => return Err(told("joining a group", &error)),
                None => {}
            }
        }
        Ok(false)
    }

    fn send_offset(&self, producer: &BaseProducer, consumer: &BaseConsumer, at: i64) -> Result<()> {
        let mut place = TopicPartitionList::new();
        place
            .add_partition_offset(&self.topic, PARTITION, Offset::Offset(at))
            .map_err(|e| told("an offset", &e))?;
        let group = consumer.group_metadata().ok_or("the consumer has no group")?;
        producer.begin_transaction().map_err(|e| told("beginning a transaction", &e))?;
        let sent = producer.send_offsets_to_transaction(&place, &group, CALL);
        sent.map_err(|e| told("sending offsets to a transaction", &e))
    }

    /// The group's position, asked until it is as wished, or for a while.
    fn committed(
        &self,
        consumer: &BaseConsumer,
        wished: impl Fn(Option<i64>) -> bool,
    ) -> Result<Option<i64>> {
        step("asking for a group's position");
        let mut place = TopicPartitionList::new();
        place.add_partition(&self.topic, PARTITION);
        let deadline = Instant::now() + CALL;
        loop {
            let answer = consumer
                .committed_offsets(place.clone(), CALL)
                .map_err(|e| told("asking for the position", &e))?;
            let at = answer.elements().first().and_then(|e| match e.offset() {
                Offset::Offset(at) => Some(at),
                _ => None,
            });
            if wished(at) || Instant::now() > deadline {
                return Ok(at);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(CALL)).operation_timeout(Some(CALL))
}

fn transaction(producer: &BaseProducer, session: &Session, value: &str) -> Result<()> {
    session.begin_and_send(producer, value)?;
    producer.commit_transaction(CALL).map_err(|e| told("committing a transaction", &e))
}

/// The four probes of what a reader of committed records sees.
fn visible(seen: &[String]) -> Vec<Probe> {
    let probe = |name, value: &str, expected: &'static str| {
        let found = if seen.iter().any(|v| v == value) { "delivered" } else { "hidden" };
        Probe { name, expected, found: found.to_owned(), passed: found == expected }
    };
    vec![
        probe("committed delivered", "c1", "delivered"),
        probe("aborted hidden", "ABORTED", "hidden"),
        probe("later committed delivered", "c2", "delivered"),
        probe("open hidden", "OPEN", "hidden"),
    ]
}

fn text(payload: Option<&[u8]>) -> String {
    String::from_utf8_lossy(payload.unwrap_or_default()).into_owned()
}

fn code(error: &KafkaError) -> String {
    error.rdkafka_error_code().map_or_else(|| error.to_string(), |code| format!("{code:?}"))
}
