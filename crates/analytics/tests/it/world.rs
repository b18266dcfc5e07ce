//! A small world: a store in a temporary folder, a lake to commit to, contacts and verdicts to commit.

use analytics::{AnalyticsError, Published, Resources, Session, publish};
use arrow::array::RecordBatch;
use arrow::json::writer::{JsonArray, WriterBuilder};
use domain::contact::{ContactChange, Provenance};
use domain::invariant::Counts;
use domain::*;
use lake::{CommitInput, Cut, CutParts, Lake, LocalStore, SegmentKind, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub struct World {
    pub lake: Lake,
    pub root: PathBuf,
    zone: Zone,
    _folder: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::at("plain")
    }

    /// Of a tenant in that zone.
    pub fn in_zone(zone: &Zone) -> Self {
        Self { zone: zone.clone(), ..Self::new() }
    }

    /// Below a folder of that name.
    pub fn at(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let root = folder.path().join(name);
        let store = LocalStore::open_unsynced(&root).expect("store");
        let lake = Lake::open(Arc::new(store), EpochId::from_bytes([7; 8])).expect("lake");
        Self { lake, root, zone: Zone::utc(), _folder: folder }
    }

    pub fn store(&self) -> &dyn Store {
        &**self.lake.store()
    }

    /// Commits rows as the next place of the log. Which days they touch is left unsaid.
    pub fn commit(&mut self, contacts: &[ContactChange], verdicts: &[Verdict]) -> Sequence {
        self.commit_touching(contacts, verdicts, BTreeSet::new())
    }

    pub fn commit_touching(
        &mut self,
        contacts: &[ContactChange],
        verdicts: &[Verdict],
        touched: BTreeSet<Day>,
    ) -> Sequence {
        let segments = vec![
            (SegmentKind::Contacts, vec![tables::contact_rows(contacts)]),
            (SegmentKind::Verdicts, vec![tables::verdict_rows(verdicts)]),
        ];
        self.commit_all(segments, contacts.len() as u64, touched)
    }

    /// Commits segments of any kinds that are no contacts.
    pub fn commit_segments(&mut self, segments: Vec<(SegmentKind, Vec<RecordBatch>)>) -> Sequence {
        self.commit_all(segments, 0, BTreeSet::new())
    }

    fn commit_all(
        &mut self,
        segments: Vec<(SegmentKind, Vec<RecordBatch>)>,
        facts: u64,
        touched: BTreeSet<Day>,
    ) -> Sequence {
        let end = self.lake.end();
        let mut to = end.positions.clone();
        to.set(Topic::Facts, Partition(0), Offset(end.next.0 + 1));
        let accepted = end.counts.accepted + facts;
        let counts = Counts { accepted, stored: accepted, ..Counts::default() };
        let input = CommitInput { from: end.positions, to, segments, counts, touched };
        self.lake.commit(input).expect("commit")
    }

    /// The next commit's ordinal, which is the sequence of what it says.
    pub fn next(&self) -> u64 {
        self.lake.end().next.0
    }

    /// A cut at the lake's end, looked at from a second of its own.
    pub fn parts(&self, as_of: i64) -> CutParts {
        self.parts_at(Instant::from_micros(as_of * 1_000_000).expect("instant"))
    }

    fn parts_at(&self, as_of: Instant) -> CutParts {
        CutParts { epoch: self.lake.epoch(), positions: self.lake.end().positions, as_of }
    }

    pub fn try_publish(&self, as_of: i64, earlier: Option<&Cut>) -> Result<Published, AnalyticsError> {
        publish(&self.lake, &self.parts(as_of), &self.zone, earlier, &Resources::with_threads(2))
    }

    /// Publishes as of an instant, with so many threads.
    pub fn publish_at(&self, as_of: Instant, earlier: Option<&Cut>, threads: usize) -> Published {
        let resources = Resources::with_threads(threads);
        publish(&self.lake, &self.parts_at(as_of), &self.zone, earlier, &resources).expect("publish")
    }

    pub fn publish(&self, as_of: i64, earlier: Option<&Cut>) -> Published {
        self.try_publish(as_of, earlier).expect("publish")
    }

    pub fn session(&self, cut: &Cut) -> Session {
        Session::open(self.store(), cut, &Resources::with_threads(2), &Zone::utc()).expect("session")
    }
}

/// The files of a cut without their place: table, day, rows and checksum.
pub fn files(cut: &Cut) -> Vec<(String, Option<Day>, u64, [u8; 32])> {
    cut.manifest.files.iter().map(|f| (f.table.clone(), f.day, f.rows, f.sha256)).collect()
}

/// An answer as JSON, which is how tests compare rows.
pub fn json(session: &Session, query: &str) -> serde_json::Value {
    as_json(&session.sql(query).expect(query).collect::<Result<Vec<_>, _>>().expect(query))
}

pub fn as_json(batches: &[RecordBatch]) -> serde_json::Value {
    let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, JsonArray>(Vec::new());
    batches.iter().for_each(|b| writer.write(b).expect("json"));
    writer.finish().expect("json");
    serde_json::from_slice(&writer.into_inner()).expect("json")
}

/// `../shared` beside the repository, where there is one.
pub fn shared() -> Option<PathBuf> {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("../shared"));
    let found = above.into_iter().find(|folder| folder.join("data").is_dir());
    if found.is_none() {
        println!("SKIPPED: no ../shared");
    }
    found
}

/// A plain contact of a customer.
pub fn contact(record: &str, sequence: u64, at: Instant) -> Contact {
    let day = at.day(&Zone::utc());
    Contact {
        id: ContactId::of_record("desk", "", record),
        sequence: Sequence(sequence),
        system: "desk".to_owned(),
        instance: String::new(),
        record: record.to_owned(),
        revision: 0,
        occurred_at: at,
        precision: Precision::Second,
        day,
        week: day.week(),
        case: None,
        channel: Channel::Phone,
        channel_raw: "Phone".to_owned(),
        direction: Direction::Inbound,
        customer_kind: CustomerKind::External,
        language: Some("en".to_owned()),
        country: None,
        products: vec!["modem".to_owned()],
        orders: vec![],
        step: None,
        queue: None,
        agent: None,
        wait_ms: None,
        handle_ms: None,
        handle_basis: HandleBasis::Unknown,
        abandoned: None,
        transfers: None,
        resolved: None,
        legs: 1,
        messages: 1,
        source_reason: None,
        source_reasons: vec![],
        attributes: BTreeMap::new(),
        flags: vec![],
        facts: vec![FactId::from_bytes([1; 16])],
        provenance: Provenance { partition: Partition(0), offset: Offset(sequence), recorded_at: at },
    }
}

/// What judge says of it, alone in its chain.
pub fn verdict(of: &Contact, judged: u64) -> Verdict {
    Verdict {
        contact: of.id,
        sequence: of.sequence,
        judged: Sequence(judged),
        day: of.day,
        customer: None,
        strength: Strength::None,
        reason: ReasonId::new(UNCLASSIFIED),
        basis: ReasonBasis::Unclassified,
        confidence_ppm: 0,
        evidence: None,
        proofs: vec![],
        cleared: vec![],
        said: None,
        further: vec![],
        step: None,
        at_windows: Default::default(),
        answered_once: None,
        dumb: false,
        repeat: false,
        previous: None,
        chain_root: of.id,
        chain_position: 1,
        melts_at: of.occurred_at,
        mature_at: of.occurred_at,
        due_at: None,
    }
}

pub fn is(contact: &Contact) -> ContactChange {
    ContactChange::Is(Box::new(contact.clone()))
}

pub fn gone(contact: &Contact, sequence: u64) -> ContactChange {
    ContactChange::Gone { id: contact.id, sequence: Sequence(sequence), day: contact.day }
}

pub fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).expect(text)
}
