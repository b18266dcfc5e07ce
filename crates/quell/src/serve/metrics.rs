//! Every metric of the process: name, help and labels stand here and nowhere else.
//!
//! Labels come from closed lists only ([`Values`]): never a customer, a contact, a record or a file, so that the
//! number of series has a bound. Counters count the work that this process has done; after a replay or a restart
//! they begin anew. What is true is in the tables.

use super::health::Job;
use super::route::Endpoint;
use super::watcher::{Reader, Seen, Standing, word};
use crate::ingest::Outcome;
use domain::invariant::Counts;
use domain::{Channel, Instant, RejectKind, RejectStage};
use hyper::StatusCode;
use lake::Cut;
use log::Traffic;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// One metric as it is written here.
pub struct Definition {
    /// Its name, with its unit.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// Its labels.
    pub labels: &'static [Label],
    kind: Kind,
}

/// A label and the values that it can have.
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Its values.
    pub values: Values,
}

/// The closed lists that labels come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// Sources of events. There is one, until keys name others.
    Sources,
    /// Canonical channels.
    Channels,
    /// What became of an event.
    Results,
    /// Stages of refusal.
    Stages,
    /// Kinds of refusal.
    Kinds,
    /// What became of a fact in the fold.
    Fates,
    /// Jobs.
    Jobs,
    /// Published tables.
    Tables,
    /// Endpoints.
    Endpoints,
    /// Statuses of answers.
    Statuses,
    /// The version of the program.
    Version,
    /// What became of an append that failed.
    Failures,
    /// What became of a transaction.
    Transactions,
    /// What reads the log.
    Readers,
    /// Topics; those of an epoch are called alike for each.
    Topics,
    /// Partitions of topics, and shards.
    Partitions,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Counter,
    Gauge,
    /// Upper bounds of the buckets, in the unit of the name.
    Histogram(&'static [f64]),
}

/// From half a millisecond, below which no disk syncs, to ten seconds, at which a client has long given up.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Jobs take longer: up to ten minutes.
const JOB_SECONDS: &[f64] = &[0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 600.0];
/// Events that became durable together.
const EVENTS: &[f64] = &[1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 5_000.0];

const SOURCE: Label = Label { name: "source", values: Values::Sources };
const CHANNEL: Label = Label { name: "channel", values: Values::Channels };
const RESULT: Label = Label { name: "result", values: Values::Results };
const STAGE: Label = Label { name: "stage", values: Values::Stages };
const KIND: Label = Label { name: "kind", values: Values::Kinds };
const FATE: Label = Label { name: "result", values: Values::Fates };
const JOB: Label = Label { name: "job", values: Values::Jobs };
const TABLE: Label = Label { name: "table", values: Values::Tables };
const ENDPOINT: Label = Label { name: "endpoint", values: Values::Endpoints };
const STATUS: Label = Label { name: "status", values: Values::Statuses };
const FAILURE: Label = Label { name: "result", values: Values::Failures };
const TRANSACTION: Label = Label { name: "result", values: Values::Transactions };
const READER: Label = Label { name: "part", values: Values::Readers };
const TOPIC: Label = Label { name: "topic", values: Values::Topics };
const PARTITION: Label = Label { name: "partition", values: Values::Partitions };
const VERSION: Label = Label { name: "version", values: Values::Version };

/// Every metric there is, by name.
pub static ALL: &[Definition] = &[
    gauge("quell_build_info", "The version that runs; always 1.", &[VERSION]),
    gauge(
        "quell_consumer_lag_records",
        "Records of the log that were not folded yet when the last round began.",
        &[],
    ),
    counter("quell_dead_letters_total", "Refused events, kept sealed for quell rejects.", &[STAGE, KIND]),
    counter(
        "quell_events_received_total",
        "Events received and durable: accepted as facts, or refused and kept (then channel is unknown).",
        &[SOURCE, CHANNEL, RESULT],
    ),
    counter(
        "quell_facts_folded_total",
        "Records of the log that this process has folded: new, known already, or refused by the fold.",
        &[FATE],
    ),
    gauge("quell_http_connections", "Open connections.", &[]),
    gauge("quell_http_requests_in_progress", "Requests with contacts that are worked on.", &[]),
    counter("quell_http_requests_total", "Answered requests.", &[ENDPOINT, STATUS]),
    histogram("quell_job_duration_seconds", "How long a job took.", &[JOB], JOB_SECONDS),
    counter("quell_job_failures_total", "Failed attempts of a job; each is tried again.", &[JOB]),
    gauge("quell_job_last_success_timestamp_seconds", "When a job last went well, since 1970.", &[JOB]),
    histogram("quell_kept_batch_events", "Events that became durable with one synced write.", &[], EVENTS),
    counter(
        "quell_log_append_failures_total",
        "Appends to the log that failed: indefinite, they may have been written, or refused for good.",
        &[FAILURE],
    ),
    gauge(
        "quell_log_high_watermark_offset",
        "Where a partition ends, with what open transactions hold.",
        &[TOPIC, PARTITION],
    ),
    gauge("quell_log_in_flight_bytes", "Bytes handed over to the log and not acknowledged yet.", &[]),
    gauge("quell_log_in_flight_records", "Records handed over to the log and not acknowledged yet.", &[]),
    counter(
        "quell_log_producers_rebuilt_total",
        "Producers given up after an append in doubt, and made anew.",
        &[],
    ),
    counter("quell_log_rebalances_total", "Times that a group gave this process its share anew.", &[]),
    counter("quell_log_records_appended_total", "Records that all brokers in sync have acknowledged.", &[]),
    gauge(
        "quell_log_stable_offset",
        "Where a partition ends for readers: the last stable offset.",
        &[TOPIC, PARTITION],
    ),
    counter("quell_log_transactions_total", "Transactions of this process.", &[TRANSACTION]),
    counter("quell_log_watchdog_total", "Calls to the log that did not come back and were given up.", &[]),
    counter(
        "quell_output_rows_total",
        "Rows of the files of published tables that were written anew; unchanged files are taken over.",
        &[TABLE],
    ),
    gauge(
        "quell_part_lag_records",
        "Offsets of a partition that a part of this process has still to read.",
        &[READER, TOPIC, PARTITION],
    ),
    gauge("quell_parts", "Parts of the fold that this process has.", &[READER]),
    histogram(
        "quell_processing_duration_seconds",
        "From the whole body of a request with contacts to its answer, after which its events are durable.",
        &[],
        SECONDS,
    ),
    gauge(
        "quell_published_timestamp_seconds",
        "The instant that the published tables speak of, since 1970.",
        &[],
    ),
    gauge("quell_ready", "1 while /readyz says so.", &[]),
    gauge("quell_table_rows", "Rows of a table in the published cut.", &[TABLE]),
    gauge(
        "quell_watermark_timestamp_seconds",
        "Everything that the log held at this instant, since 1970, is folded.",
        &[],
    ),
];

const fn counter(name: &'static str, help: &'static str, labels: &'static [Label]) -> Definition {
    Definition { name, help, labels, kind: Kind::Counter }
}

const fn gauge(name: &'static str, help: &'static str, labels: &'static [Label]) -> Definition {
    Definition { name, help, labels, kind: Kind::Gauge }
}

const fn histogram(
    name: &'static str,
    help: &'static str,
    labels: &'static [Label],
    bounds: &'static [f64],
) -> Definition {
    Definition { name, help, labels, kind: Kind::Histogram(bounds) }
}

impl Values {
    /// Every value that a label of this list can have.
    pub fn all(self) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        match self {
            Self::Sources => words(&[super::SOURCE]),
            Self::Channels => words(Channel::WORDS),
            Self::Results => words(&["accepted", "refused"]),
            Self::Stages => RejectStage::ALL.iter().map(|stage| stage.word().to_owned()).collect(),
            Self::Kinds => RejectKind::ALL.iter().map(|kind| kind.word().to_owned()).collect(),
            Self::Fates => words(&["stored", "duplicate", "rejected"]),
            Self::Jobs => Job::ALL.iter().map(|job| job.word().to_owned()).collect(),
            Self::Tables => tables::published().iter().map(|table| table.name.to_owned()).collect(),
            Self::Endpoints => Endpoint::ALL.iter().map(|endpoint| endpoint.word().to_owned()).collect(),
            Self::Statuses => words(STATUSES),
            Self::Failures => words(&["indefinite", "refused"]),
            Self::Transactions => words(&["committed", "aborted", "fenced"]),
            Self::Readers => Reader::ALL.iter().map(|reader| reader.word().to_owned()).collect(),
            Self::Topics => {
                let own = domain::Topic::ALL.iter().map(|topic| topic.name().to_owned());
                own.chain(words(&["steps", "contacts", "verdicts"])).collect()
            }
            Self::Partitions => (0..log::MAX_PARTITIONS).map(|at| at.to_string()).collect(),
            Self::Version => words(&[env!("CARGO_PKG_VERSION")]),
        }
    }
}

/// The statuses that the service answers with.
const STATUSES: &[&str] =
    &["200", "202", "400", "403", "404", "405", "408", "413", "415", "422", "429", "503"];

/// The metrics of one process.
pub struct Metrics {
    registry: Registry,
    events: IntCounterVec,
    dead_letters: IntCounterVec,
    folded: IntCounterVec,
    requests: IntCounterVec,
    failures: IntCounterVec,
    output_rows: IntCounterVec,
    table_rows: IntGaugeVec,
    lag: IntGauge,
    ready: IntGauge,
    /// Requests with contacts that are worked on.
    pub in_progress: IntGauge,
    /// Open connections.
    pub connections: IntGauge,
    processing: Histogram,
    kept_batch: Histogram,
    job_duration: HistogramVec,
    last_success: GaugeVec,
    published: Gauge,
    watermark: Gauge,
    log: LogMetrics,
    /// Where the parts of this process stand.
    pub standing: Standing,
    /// Held while several series that belong together change, and while they are read.
    whole: Mutex<()>,
}

/// What is known of the log. Where it is files only ends and lags say anything.
struct LogMetrics {
    appended: IntCounterVec,
    append_failures: IntCounterVec,
    rebuilt: IntCounterVec,
    rebalances: IntCounterVec,
    transactions: IntCounterVec,
    watchdog: IntCounterVec,
    in_flight_records: IntGauge,
    in_flight_bytes: IntGauge,
    high_watermark: IntGaugeVec,
    stable: IntGaugeVec,
    part_lag: IntGaugeVec,
    parts: IntGaugeVec,
}

impl LogMetrics {
    fn new(r: &Registry) -> Self {
        Self {
            appended: counters(r, "quell_log_records_appended_total"),
            append_failures: counters(r, "quell_log_append_failures_total"),
            rebuilt: counters(r, "quell_log_producers_rebuilt_total"),
            rebalances: counters(r, "quell_log_rebalances_total"),
            transactions: counters(r, "quell_log_transactions_total"),
            watchdog: counters(r, "quell_log_watchdog_total"),
            in_flight_records: int_gauges(r, "quell_log_in_flight_records").with_label_values::<&str>(&[]),
            in_flight_bytes: int_gauges(r, "quell_log_in_flight_bytes").with_label_values::<&str>(&[]),
            high_watermark: int_gauges(r, "quell_log_high_watermark_offset"),
            stable: int_gauges(r, "quell_log_stable_offset"),
            part_lag: int_gauges(r, "quell_part_lag_records"),
            parts: int_gauges(r, "quell_parts"),
        }
    }

    /// Counters of the log's client begin with the process, as these do.
    fn traffic(&self, traffic: Traffic) {
        let Traffic { acknowledged, indefinite, refused, in_flight_records, in_flight_bytes, .. } = traffic;
        let Traffic { committed, aborted, fenced, rebuilt, watchdog_fired, rebalances, .. } = traffic;
        let up_to = |counters: &IntCounterVec, labels: &[&str], count: u64| {
            let counter = counters.with_label_values(labels);
            counter.inc_by(count.saturating_sub(counter.get()));
        };
        up_to(&self.appended, &[], acknowledged);
        up_to(&self.append_failures, &["indefinite"], indefinite);
        up_to(&self.append_failures, &["refused"], refused);
        up_to(&self.rebuilt, &[], rebuilt);
        up_to(&self.rebalances, &[], rebalances);
        up_to(&self.transactions, &["committed"], committed);
        up_to(&self.transactions, &["aborted"], aborted);
        up_to(&self.transactions, &["fenced"], fenced);
        up_to(&self.watchdog, &[], watchdog_fired);
        self.in_flight_records.set(whole_number(in_flight_records));
        self.in_flight_bytes.set(whole_number(in_flight_bytes));
    }

    /// All series anew: a part that another process has now is not this one's to tell of.
    fn seen(&self, Seen { ends, lags }: &Seen) {
        for gauges in [&self.high_watermark, &self.stable, &self.part_lag, &self.parts] {
            gauges.reset();
        }
        for ((topic, partition), marks) in ends {
            let labels = [word(topic), &partition.0.to_string()];
            self.high_watermark.with_label_values(&labels).set(whole_number(marks.high_watermark.0));
            self.stable.with_label_values(&labels).set(whole_number(marks.stable_end.0));
        }
        let mut parts = BTreeMap::<Reader, BTreeSet<domain::Partition>>::new();
        for (place, lag) in lags {
            let labels = [place.reader.word(), word(&place.topic), &place.partition.0.to_string()];
            self.part_lag.with_label_values(&labels).set(whole_number(*lag));
            parts.entry(place.reader).or_default().insert(place.partition);
        }
        for reader in Reader::ALL {
            let own = parts.get(reader).map_or(0, |of| if reader.is_one() { 1 } else { of.len() });
            self.parts.with_label_values(&[reader.word()]).set(whole_number(own as u64));
        }
    }
}

impl Metrics {
    /// All of them at zero.
    pub fn new() -> Self {
        let registry = Registry::new();
        let r = &registry;
        let build = int_gauges(r, "quell_build_info");
        build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Self {
            events: counters(r, "quell_events_received_total"),
            dead_letters: counters(r, "quell_dead_letters_total"),
            folded: counters(r, "quell_facts_folded_total"),
            requests: counters(r, "quell_http_requests_total"),
            failures: counters(r, "quell_job_failures_total"),
            output_rows: counters(r, "quell_output_rows_total"),
            table_rows: int_gauges(r, "quell_table_rows"),
            lag: int_gauges(r, "quell_consumer_lag_records").with_label_values::<&str>(&[]),
            ready: int_gauges(r, "quell_ready").with_label_values::<&str>(&[]),
            in_progress: int_gauges(r, "quell_http_requests_in_progress").with_label_values::<&str>(&[]),
            connections: int_gauges(r, "quell_http_connections").with_label_values::<&str>(&[]),
            processing: histograms(r, "quell_processing_duration_seconds").with_label_values::<&str>(&[]),
            kept_batch: histograms(r, "quell_kept_batch_events").with_label_values::<&str>(&[]),
            job_duration: histograms(r, "quell_job_duration_seconds"),
            last_success: gauges(r, "quell_job_last_success_timestamp_seconds"),
            published: gauges(r, "quell_published_timestamp_seconds").with_label_values::<&str>(&[]),
            watermark: gauges(r, "quell_watermark_timestamp_seconds").with_label_values::<&str>(&[]),
            log: LogMetrics::new(r),
            standing: Standing::default(),
            whole: Mutex::default(),
            registry,
        }
    }

    /// All of them in Prometheus' text format; what changes by itself is given as it is at that moment.
    pub fn text(&self, ready: bool, traffic: Option<Traffic>) -> String {
        // Two that ask at once must not both add what is new.
        let _whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        traffic.into_iter().for_each(|traffic| self.log.traffic(traffic));
        self.ready.set(i64::from(ready));
        let mut text = String::new();
        let encoded = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text);
        encoded.expect("a string can be written to");
        text
    }

    /// A request was answered.
    pub fn answered(&self, endpoint: Endpoint, status: StatusCode) {
        self.requests.with_label_values(&[endpoint.word(), status.as_str()]).inc();
    }

    /// The events of a request are answered as durable, so long after its body was there.
    pub fn processed(&self, took: Duration) {
        self.processing.observe(took.as_secs_f64());
    }

    /// These events became durable with one write, whether their clients still wait or not.
    pub fn kept(&self, outcomes: &[Vec<Outcome>]) {
        self.kept_batch.observe(outcomes.iter().map(Vec::len).sum::<usize>() as f64);
        for outcome in outcomes.iter().flatten() {
            let (channel, result) = match outcome {
                Outcome::Accepted { channel, .. } => (*channel, "accepted"),
                Outcome::Refused { refusal, .. } => {
                    let (stage, kind) = (refusal.stage.word(), refusal.kind.word());
                    self.dead_letters.with_label_values(&[stage, kind]).inc();
                    (Channel::Unknown, "refused")
                }
            };
            self.events.with_label_values(&[super::SOURCE, channel.word(), result]).inc();
        }
    }

    /// A job went well.
    pub fn worked(&self, job: Job, took: Duration, now: Instant) {
        self.took(job, took);
        self.last_success.with_label_values(&[job.word()]).set(seconds(now));
    }

    /// A job failed.
    pub fn failed(&self, job: Job, took: Duration) {
        self.took(job, took);
        self.failures.with_label_values(&[job.word()]).inc();
    }

    fn took(&self, job: Job, took: Duration) {
        self.job_duration.with_label_values(&[job.word()]).observe(took.as_secs_f64());
    }

    /// The log was so far ahead of the fold.
    pub fn lag(&self, records: u64) {
        self.lag.set(whole_number(records));
    }

    /// The log ends there, and parts are so far behind.
    pub fn seen(&self, seen: &Seen) {
        let _whole = self.whole.lock().unwrap_or_else(PoisonError::into_inner);
        self.log.seen(seen);
    }

    /// These records were folded, and with them all that the log held at `watermark`.
    pub fn folded(&self, fresh: Counts, watermark: Option<Instant>) {
        let Counts { accepted: _, stored, duplicate, rejected } = fresh;
        for (fate, count) in [("stored", stored), ("duplicate", duplicate), ("rejected", rejected)] {
            self.folded.with_label_values(&[fate]).inc_by(count);
        }
        if let Some(watermark) = watermark {
            self.watermark.set(seconds(watermark));
        }
    }

    /// A cut was published in the place of another one.
    pub fn published(&self, cut: &Cut, before: Option<&Cut>) {
        let of = |cut: &Cut| -> BTreeSet<(String, Option<domain::Day>, [u8; 32])> {
            cut.manifest.files.iter().map(|f| (f.table.clone(), f.day, f.sha256)).collect()
        };
        let known = before.map(of).unwrap_or_default();
        for table in cut.tables() {
            let rows: u64 = cut.files(table).map(|f| f.rows).sum();
            self.table_rows.with_label_values(&[table]).set(whole_number(rows));
            let new = cut.files(table).filter(|f| !known.contains(&(f.table.clone(), f.day, f.sha256)));
            self.output_rows.with_label_values(&[table]).inc_by(new.map(|f| f.rows).sum());
        }
        self.published.set(seconds(cut.manifest.parts.as_of));
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn definition(name: &str) -> &'static Definition {
    ALL.iter().find(|d| d.name == name).expect("every metric of the process stands in the list above")
}

fn label_names(definition: &Definition) -> Vec<&'static str> {
    definition.labels.iter().map(|label| label.name).collect()
}

fn counters(registry: &Registry, name: &str) -> IntCounterVec {
    let d = definition(name);
    assert!(d.kind == Kind::Counter, "{name} is written as a counter");
    let made = registered(registry, IntCounterVec::new(Opts::new(d.name, d.help), &label_names(d)));
    // Zero from the beginning on, so that the first failure is an increase and no new series. Of several labels
    // most pairs never occur.
    if d.labels.is_empty() {
        made.with_label_values::<&str>(&[]).inc_by(0);
    }
    if let [label] = d.labels {
        label.values.all().iter().for_each(|value| made.with_label_values(&[value]).inc_by(0));
    }
    made
}

fn int_gauges(registry: &Registry, name: &str) -> IntGaugeVec {
    let d = definition(name);
    assert!(d.kind == Kind::Gauge, "{name} is written as a gauge");
    registered(registry, IntGaugeVec::new(Opts::new(d.name, d.help), &label_names(d)))
}

fn gauges(registry: &Registry, name: &str) -> GaugeVec {
    let d = definition(name);
    assert!(d.kind == Kind::Gauge, "{name} is written as a gauge");
    registered(registry, GaugeVec::new(Opts::new(d.name, d.help), &label_names(d)))
}

fn histograms(registry: &Registry, name: &str) -> HistogramVec {
    let d = definition(name);
    let Kind::Histogram(bounds) = d.kind else { panic!("{name} is written as a histogram") };
    let options = HistogramOpts::new(d.name, d.help).buckets(bounds.to_vec());
    registered(registry, HistogramVec::new(options, &label_names(d)))
}

fn registered<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> C {
    let made = made.expect("names and labels of the list above are valid");
    registry.register(Box::new(made.clone())).expect("each metric is made once");
    made
}

fn whole_number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn seconds(at: Instant) -> f64 {
    at.micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::super::watcher::Place;
    use super::*;
    use codec::records::Refusal;

    /// Names with their type, and each series with its labels, as a scraper reads them.
    struct Scraped<'t> {
        types: BTreeMap<&'t str, &'t str>,
        series: Vec<(&'t str, BTreeMap<&'t str, &'t str>)>,
    }

    fn scraped(text: &str) -> Scraped<'_> {
        let mut out = Scraped { types: BTreeMap::new(), series: Vec::new() };
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect("a type");
                out.types.insert(name, kind);
            } else if !line.starts_with('#') {
                let (series, _) = line.rsplit_once(' ').expect("a value");
                let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap_or((series, ""));
                let labels = labels.split("\",").filter(|l| !l.is_empty());
                let labels = labels.map(|l| l.trim_end_matches('"').split_once("=\"").expect("a label"));
                out.series.push((name, labels.collect()));
            }
        }
        out
    }

    /// Everything that can happen happens once.
    fn exercised() -> String {
        let metrics = Metrics::new();
        let fact = domain::FactId::from_bytes([1; 16]);
        let mut outcomes: Vec<Outcome> = Channel::ALL
            .iter()
            .map(|channel| Outcome::Accepted { fact, contact: None, channel: *channel })
            .collect();
        let reject = crate::rejects::RejectId::from_bytes([2; 16]);
        for (stage, kind) in RejectStage::ALL.iter().flat_map(|s| RejectKind::ALL.iter().map(move |k| (s, k)))
        {
            let refusal = Refusal { stage: *stage, kind: *kind, field: None, expected: String::new() };
            outcomes.push(Outcome::Refused { reject, refusal });
        }
        metrics.kept(&[outcomes]);
        metrics.processed(Duration::from_millis(3));
        let now = Instant::from_micros(1_000_000).expect("an instant");
        for job in Job::ALL {
            metrics.worked(*job, Duration::from_millis(3), now);
            metrics.failed(*job, Duration::from_millis(3));
        }
        metrics.folded(Counts { accepted: 6, stored: 1, duplicate: 2, rejected: 3 }, Some(now));
        metrics.lag(7);
        for endpoint in Endpoint::ALL {
            for status in STATUSES {
                metrics.answered(*endpoint, status.parse().expect("a status"));
            }
        }
        metrics.published(&cut(), None);
        metrics.seen(&seen());
        metrics.text(true, Some(Traffic::default()))
    }

    /// Everybody reads partition 3 of every topic.
    fn seen() -> Seen {
        let partition = domain::Partition(3);
        let marks = log::Marks { stable_end: domain::Offset(8), high_watermark: domain::Offset(10) };
        let own = domain::Topic::ALL.iter().map(|topic| crate::instance::topic_name(*topic));
        let of_epoch = ["steps", "contacts", "verdicts"].map(|name| format!("{name}.0000000000000001"));
        let of_epoch = of_epoch.iter().map(|name| log::TopicName::new(name).expect("a name"));
        let mut seen = Seen::default();
        for topic in own.chain(of_epoch) {
            seen.ends.insert((topic.clone(), partition), marks);
            for reader in Reader::ALL {
                seen.lags.insert(Place { reader: *reader, topic: topic.clone(), partition }, 5);
            }
        }
        seen
    }

    #[test]
    fn the_log_is_told_of_and_what_another_process_has_is_not() {
        let metrics = Metrics::new();
        metrics.seen(&seen());
        let traffic = Traffic { acknowledged: 3, refused: 1, in_flight_bytes: 9, ..Traffic::default() };
        metrics.text(true, Some(traffic));
        let text = metrics.text(true, Some(Traffic { acknowledged: 4, in_flight_bytes: 2, ..traffic }));
        for line in [
            "quell_log_records_appended_total 4",
            "quell_log_append_failures_total{result=\"refused\"} 1",
            "quell_log_append_failures_total{result=\"indefinite\"} 0",
            "quell_log_in_flight_bytes 2",
            "quell_log_high_watermark_offset{partition=\"3\",topic=\"facts\"} 10",
            "quell_log_stable_offset{partition=\"3\",topic=\"contacts\"} 8",
            "quell_part_lag_records{part=\"judge\",partition=\"3\",topic=\"contacts\"} 5",
            "quell_parts{part=\"assemble\"} 1",
        ] {
            assert!(text.lines().any(|l| l == line), "{line}: {text}");
        }
        metrics.seen(&Seen::default());
        let text = metrics.text(true, None);
        assert!(!text.contains("quell_part_lag_records{"), "{text}");
        assert!(text.contains("quell_parts{part=\"assemble\"} 0\n"), "{text}");
        assert!(text.contains("quell_log_records_appended_total 4\n"), "{text}");
    }

    fn cut() -> Cut {
        let parts = lake::CutParts {
            epoch: domain::EpochId::from_bytes([0; 8]),
            positions: domain::Positions::start(),
            as_of: Instant::from_micros(5).expect("an instant"),
        };
        let file = |table: &str| lake::FileRef {
            table: table.to_owned(),
            day: None,
            path: String::new(),
            rows: 4,
            bytes: 1,
            sha256: [0; 32],
        };
        let files = Values::Tables.all().iter().map(|table| file(table)).collect();
        let (counts, extra) = (Counts::default(), BTreeMap::new());
        Cut { id: parts.id(), manifest: lake::Manifest { parts, counts, extra, files } }
    }

    #[test]
    fn what_is_exposed_is_what_is_listed() {
        let text = exercised();
        let found = scraped(&text);
        let kind = |d: &Definition| match d.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        let listed: BTreeMap<&str, &str> = ALL.iter().map(|d| (d.name, kind(d))).collect();
        assert_eq!(found.types, listed);
        for d in ALL {
            assert!(text.contains(&format!("# HELP {} {}\n", d.name, d.help)), "{}", d.name);
        }
    }

    #[test]
    fn every_label_has_a_closed_list_of_values() {
        let text = exercised();
        let mut series = 0;
        for (name, labels) in scraped(&text).series {
            let base = ALL
                .iter()
                .filter(|d| {
                    name.strip_prefix(d.name)
                        .is_some_and(|rest| ["", "_bucket", "_sum", "_count"].contains(&rest))
                })
                .max_by_key(|d| d.name.len());
            let listed = base.unwrap_or_else(|| panic!("{name} is not listed")).labels;
            for (label, value) in labels.iter().filter(|(label, _)| **label != "le") {
                let values = listed.iter().find(|l| l.name == *label).map(|l| l.values.all());
                let values = values.unwrap_or_else(|| panic!("{name} has no label {label} in the list"));
                assert!(values.iter().any(|v| v == value), "{name}: {label}={value} is not in its list");
            }
            series += 1;
        }
        assert!(series < 500, "{series} series");
    }

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        assert!(ALL.is_sorted_by_key(|d| d.name), "the list is sorted");
        for d in ALL {
            let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| d.name.ends_with(suffix));
            assert!(d.name.starts_with("quell_"), "{}", d.name);
            assert_eq!(ends(&["_total"]), d.kind == Kind::Counter, "{}: counters end in _total", d.name);
            assert!(d.help.ends_with('.'), "{}: help is a sentence", d.name);
            if let Kind::Histogram(bounds) = d.kind {
                assert!(ends(&["_seconds", "_bytes", "_events"]) && bounds.is_sorted(), "{}", d.name);
            }
        }
    }

    #[test]
    fn rows_that_were_taken_over_are_no_new_output() {
        let metrics = Metrics::new();
        metrics.published(&cut(), None);
        metrics.published(&cut(), Some(&cut()));
        let text = metrics.text(false, None);
        assert!(text.contains("quell_output_rows_total{table=\"contacts\"} 4\n"), "{text}");
        assert!(text.contains("quell_table_rows{table=\"contacts\"} 4\n"), "{text}");
        assert!(text.contains("quell_ready 0\n"), "{text}");
    }
}
