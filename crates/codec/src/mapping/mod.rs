//! A mapping file says which column of a source becomes which field of a fact. It holds no code: columns,
//! constants, maps from the source's words to ours, units, time formats. Reading it reports every mistake at
//! once; using it turns one [`Record`] into one [`Draft`], or a [`Refusal`] that names the field and what was
//! expected. Nothing here redacts or seals: a draft holds its words and its customer in clear, in memory, until
//! the shell has done both.
//!
//! ```
//! use codec::{mapping::Mapping, records::{Limits, Piece}};
//!
//! let mapping = Mapping::parse(r#"
//!     format = "csv"
//!     zone = "Europe/Madrid"
//!     source = { system = "crm" }
//!     [fields]
//!     record = "id"
//!     occurred_at = "opened"
//!     channel = { from = "via", map = { Tel = "phone", Mail = "email" }, otherwise = "unknown" }
//!     customer = { from = "mail", kind = "email" }
//!     handle_ms = { from = "seconds", scale = 1000, max = 86400 }
//! "#, "crm.toml").map_err(|mistakes| mistakes[0].to_string())?;
//!
//! let mut drafts = Vec::new();
//! let mut reader = mapping.reader(mapping.format().expect("csv"), Limits::default()).expect("a text format");
//! let file = b"id,opened,via,mail,seconds\n7,2026-03-05 14:07,Tel,ANA@example.org,90\n";
//! reader.feed(file, |_, _| {}).map_err(|e| e.to_string())?;
//! reader.finish(|parser, piece| {
//!     if let Piece::Record { raw, .. } = piece {
//!         drafts.push(parser.parse(raw).and_then(|record| mapping.map(&record)));
//!     }
//! }).map_err(|e| e.to_string())?;
//! let draft = drafts[0].as_ref().map_err(ToString::to_string)?;
//! assert_eq!(draft.occurred_at.to_string(), "2026-03-05T13:07:00Z");
//! # Ok::<(), String>(())
//! ```
//!
//! # The file
//!
//! ```toml
//! fact = "ContactRecorded"          # the default; the others are below
//! format = "csv"                    # csv, ndjson or parquet; may be left to the file's name
//! separator = ";"                   # of CSV; a comma by default
//! zone = "Europe/Madrid"            # of times without an offset; UTC by default
//! source = { system = "crm", instance = "es" }
//! collect = ["source_reason"]       # rows that share a record id are one contact; also products, orders
//!
//! [fields]                          # field of the fact = column of the source
//! record = "id"                     # always needed, as are occurred_at and, of a contact, channel
//!
//! [fields.turns]                    # a transcript: a list of objects, in CSV as JSON
//! from = "transcript"
//! speaker = { from = "who", map = { Cliente = "customer", Agente = "agent" }, otherwise = "unknown" }
//! text = "said"                     # needed
//! at_ms = { from = "seconds", scale = 1000 }
//! ```
//!
//! The other facts: `ContactResolved`, `ContactReopened`, `OrderPlaced`, `UpstreamEvent`, `SelfServiceEnded`,
//! `NotificationSent`, `PromiseMade`, `PromiseSettled`, `RecoveryOffered`. `docs/mappings.md` has the fields of each, and a
//! test holds it to them. Upstream events and notices without a customer are about everybody (topic `company`); any
//! other fact without one is about nobody.
//!
//! A field is the name of a column (`a.b.c` reaches into nested objects) or a table of options:
//!
//! | option | meaning |
//! |---|---|
//! | `from` / `constant` | the column, or a list of which the first that has a value counts / the same value for every record |
//! | `required = true` | an empty value refuses the record. Null, a missing field, `""` and `[]` are empty |
//! | `default` | stands in for an empty value |
//! | `null = ["?", "n/a"]` | texts that mean empty too |
//! | `trim = true` | cut white space around a text (customers: by default) |
//! | `otherwise` | for a value that is not understood: `"refuse"` (default), `"null"`, or a value |
//! | `type` | `"string"`, `"int"`, `"bool"`: the source itself has to give this type, where it knows types |
//! | `map = { Tel = "phone" }`, `ignore_case` | words of the source; others are refused (texts: `otherwise = "keep"`) |
//! | `min`, `max`, `scale` | numbers: limits in the source's unit; whole factor to ours (seconds to ms: 1000) |
//! | `format` | times: `iso` (default), `rfc3339`, `epoch_s`, `epoch_ms`, `epoch_us`, a pattern, or a list |
//! | `precision` | times: overrules how exact the format looks |
//! | `split = ","` | lists: separates the parts of one text. `["a", "b"]` takes several columns |
//! | `kind`, `namespace`, `country_code` | customers: `account`, `email`, `phone`, `device`, `name`, `verified`; a list takes the first that is there |

mod build;
mod collect;
mod customer;
mod fields;
mod head;
mod iso;
mod kinds;
pub(crate) mod mistake;
pub(crate) mod number;
mod pick;
mod plan;
pub(crate) mod sheet;
mod time;
mod turns;

pub use collect::{Collected, Collector, CollectorFull};
pub use head::Format;
pub use mistake::MappingMistake;

use crate::records::{Columns, Limits, Reader, Record, Refusal};
use build::{Build, Need};
use collect::Collect;
use domain::{Body, Identifier, Instant, Origin, Precision};
use fields::TextField;
use mistake::Mistakes;
use plan::{FACTS, FactKind, Plan, needed, text};
use sheet::Sheet;
use std::fmt;
use std::sync::Arc;
use time::{RevisionField, TimeField};
use toml::de::DeTable;

/// A fact before ingest has redacted, sealed and named it.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// The record it comes from.
    pub origin: Origin,
    /// When it happened at the source.
    pub occurred_at: Instant,
    /// How exact `occurred_at` is.
    pub precision: Precision,
    /// The customer in clear; the fact itself names none yet.
    pub identifier: Option<Identifier>,
    /// What happened. Words are open and not redacted.
    pub body: Body,
}

impl fmt::Debug for Draft {
    /// Shows neither words nor customer (P9).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "draft({} of {:?} at {})", self.body.name(), self.origin.record, self.occurred_at)
    }
}

/// A mapping file without mistakes.
pub struct Mapping {
    fact: &'static str,
    format: Option<Format>,
    separator: u8,
    system: String,
    instance: String,
    columns: Arc<Columns>,
    collect: Vec<Collect>,
    record: Option<TextField>,
    revision: Option<RevisionField>,
    occurred_at: TimeField,
    plan: Plan,
}

impl Mapping {
    /// Reads a mapping file. `file` is its name in messages.
    pub fn parse(text: &str, file: &str) -> Result<Self, Vec<MappingMistake>> {
        let mut mistakes = Mistakes::new(text, file);
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Self::build(Sheet::new(table.get_ref(), "", 0), mistakes);
        }
        for error in errors {
            mistakes.add(error.span().map_or(0, |span| span.start), "", error.message());
        }
        mistakes.outcome().map(|()| unreachable!("invariant: an error is a mistake"))
    }

    fn build(mut top: Sheet<'_>, mut mistakes: Mistakes<'_>) -> Result<Self, Vec<MappingMistake>> {
        let facts: Vec<(&str, FactKind)> = FACTS.iter().map(|fact| (fact.name, *fact)).collect();
        let fact = top.choice("fact", &facts, &mut mistakes).unwrap_or(FACTS[0]);
        let format = top.choice("format", Format::WORDS, &mut mistakes);
        let separator = head::separator(&mut top, &mut mistakes);
        let zone = head::zone(&mut top, &mut mistakes);
        let (system, instance) = head::source(&mut top, &mut mistakes);
        let fields = head::section("fields", &mut top, &mut mistakes);
        let collect = head::collect(&mut top, fact.name, fields.as_ref(), &mut mistakes);
        top.finish(&mut mistakes);
        let Some(fields) = fields else {
            return mistakes.outcome().map(|()| unreachable!("invariant: noted"));
        };

        let columns = Columns::default();
        let mut b = Build { mistakes, columns, zone, system: system.clone(), fields };
        let record = b.text("record", Need::Always);
        let revision = b.revision("revision");
        let occurred_at = b.time("occurred_at", Need::Always);
        let plan = (fact.build)(&mut b);
        let Build { mut mistakes, columns, fields, .. } = b;
        fields.finish(&mut mistakes);
        mistakes.outcome()?;
        let occurred_at = occurred_at.expect("invariant: without occurred_at there is a mistake");
        let columns = Arc::new(columns);
        Ok(Self {
            fact: fact.name,
            format,
            separator,
            system,
            instance,
            columns,
            collect,
            record,
            revision,
            occurred_at,
            plan,
        })
    }

    /// The draft of a record, which was read for [`Self::columns`].
    pub fn map(&self, record: &Record<'_>) -> Result<Draft, Refusal> {
        let own = std::ptr::eq(record.columns(), &*self.columns) || *record.columns() == *self.columns;
        assert!(own, "a record is mapped by the mapping it was read for");
        let name = needed(text(&self.record, record)?);
        let revision = self.revision.as_ref().map_or(Ok(None), |field| field.get(record))?.unwrap_or(0);
        let stamp = needed(self.occurred_at.get(record)?);
        let (body, identifier) = self.plan.map(record)?;
        let (system, instance) = (self.system.clone(), self.instance.clone());
        let origin = Origin { system, instance, record: name, revision };
        Ok(Draft { origin, occurred_at: stamp.at, precision: stamp.precision, identifier, body })
    }

    /// Reads the bytes of a file of a text format; `None` for Parquet, whose rows the shell makes into
    /// records by the names of [`Self::columns`].
    pub fn reader(&self, format: Format, limits: Limits) -> Option<Reader> {
        match format {
            Format::Csv => Some(Reader::csv(Arc::clone(&self.columns), self.separator, limits)),
            Format::Ndjson => Some(Reader::ndjson(Arc::clone(&self.columns), limits)),
            Format::Parquet => None,
        }
    }

    /// Where rows of one record are one contact: what every draft of a file has to go through.
    pub fn collector(&self, budget_bytes: usize) -> Option<Collector> {
        (!self.collect.is_empty()).then(|| Collector::new(&self.collect, budget_bytes))
    }

    /// Name of the fact that records become.
    pub const fn fact(&self) -> &'static str {
        self.fact
    }

    /// The format of the source's files, where the mapping names it.
    pub const fn format(&self) -> Option<Format> {
        self.format
    }

    /// Name of the source system.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// Account or site of the source; empty where there is one only.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    /// The columns that the mapping reads.
    pub const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mapping({} from {})", self.fact, self.system)
    }
}
