//! Every metric of the process: name, help and labels stand here and nowhere else.
//!
//! Labels come from closed lists only ([`Values`]): never a customer, a contact, a record or a file, so that the
//! number of series has a bound. Counters count the work that this process has done; after a replay or a restart
//! they begin anew. What is true is in the tables.

use super::health::Job;
use super::route::Endpoint;
use crate::ingest::Outcome;
use domain::invariant::Counts;
use domain::{Channel, Instant, RejectKind, RejectStage};
use hyper::StatusCode;
use lake::Cut;
use prometheus::core::Collector;
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};
use std::collections::BTreeSet;
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
        "quell_output_rows_total",
        "Rows of the files of published tables that were written anew; unchanged files are taken over.",
        &[TABLE],
    ),
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
            registry,
        }
    }

    /// All of them in Prometheus' text format; `ready` is asked for at that moment.
    pub fn text(&self, ready: bool) -> String {
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
        self.lag.set(i64::try_from(records).unwrap_or(i64::MAX));
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
            self.table_rows.with_label_values(&[table]).set(i64::try_from(rows).unwrap_or(i64::MAX));
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

fn seconds(at: Instant) -> f64 {
    at.micros() as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::records::Refusal;
    use std::collections::BTreeMap;

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
        metrics.text(true)
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
        let text = metrics.text(false);
        assert!(text.contains("quell_output_rows_total{table=\"contacts\"} 4\n"), "{text}");
        assert!(text.contains("quell_table_rows{table=\"contacts\"} 4\n"), "{text}");
        assert!(text.contains("quell_ready 0\n"), "{text}");
    }
}
