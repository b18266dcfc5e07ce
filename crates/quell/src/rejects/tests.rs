//! From a refused input to the log and back.

use super::*;
use domain::Topic;
use log::{Embedded, Log as _, Record, system_clock};
use vault::Mode;

fn input<'a>(line: u64, raw: &'a [u8]) -> RefusedInput<'a> {
    RefusedInput {
        source: "crm",
        file: "may.csv",
        line,
        stage: RejectStage::Map,
        kind: RejectKind::BadTime,
        field: Some("opened_at"),
        expected: "an RFC 3339 time",
        raw,
        whole: true,
    }
}

fn sealed(vault: &Vault, day: &str, inputs: &[RefusedInput<'_>]) -> Vec<Outgoing> {
    let day = Day::parse(day).expect("a day");
    seal_rejects(vault, day, inputs).expect("sealed").into_iter().map(|(_, record)| record).collect()
}

#[test]
fn what_was_refused_comes_back_byte_for_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::open(&folder.path().join("vault.db"), Mode::Seeded(1)).expect("a vault");
    let log = Embedded::open(&folder.path().join("log"), system_clock()).expect("a log");
    let topic = Topic::Rejects.into();
    log.create(&topic, 1).expect("the topic");
    let bytes: &[&[u8]] = &[b"canary-one\xff\0", b"", b"two\r"];
    let all: Vec<_> = bytes.iter().zip(1..).map(|(raw, line)| input(line, raw)).collect();
    log.append(&topic, &sealed(&vault, "2026-05-01", &all)).expect("appended");
    // The same file again, a day later: the first line is refused for another reason now.
    let again = RefusedInput { kind: RejectKind::Missing, ..all[0] };
    log.append(&topic, &sealed(&vault, "2026-05-02", &[again])).expect("appended");

    let listing = Listing::read(&log).expect("a listing");
    let seen: Vec<_> = listing.rejects().map(|r| (r.line, r.kind, r.day.to_string())).collect();
    let expected = [
        (2, RejectKind::BadTime, "2026-05-01".to_owned()),
        (3, RejectKind::BadTime, "2026-05-01".to_owned()),
        (1, RejectKind::Missing, "2026-05-02".to_owned()),
    ];
    assert_eq!(seen, expected);
    for reject in listing.rejects() {
        let opened = listing.open(&log, &vault, reject).expect("opened");
        let line = usize::try_from(reject.line).expect("small");
        assert!(opened == OpenedReject::Bytes(bytes[line - 1].to_vec()), "line {line}");
        let id = reject.id.to_string();
        assert_eq!(listing.chosen(&[id[..12].to_uppercase()]).expect("one").len(), 1);
    }
    assert!(
        listing.chosen(&["zz".to_owned()]).is_err_and(|e| e.to_string().contains("no reject has the id zz"))
    );
    assert!(listing.chosen(&[String::new()]).is_err());
    for file in std::fs::read_dir(folder.path().join("log")).expect("the log") {
        let bytes = std::fs::read(file.expect("a file").path()).expect("its bytes");
        assert!(!bytes.windows(6).any(|w| w == b"canary"), "refused bytes are sealed");
    }
}

#[test]
fn no_bytes_make_reading_panic() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::open(&folder.path().join("vault.db"), Mode::Seeded(1)).expect("a vault");
    let sealed = sealed(&vault, "2026-05-01", &[input(1, b"x")]).remove(0);
    let record = |key: &[u8], value: &[u8]| Record {
        offset: domain::Offset(0),
        recorded_at: domain::Instant::from_micros(0).expect("an instant"),
        key: key.to_vec(),
        value: value.to_vec(),
    };
    let good = StoredReject::decode(&record(&sealed.key, &sealed.value)).expect("it decodes");
    assert_eq!((good.position(), good.whole), ("may.csv:1".to_owned(), true));
    assert!(StoredReject::decode(&record(b"short", &sealed.value)).is_err());
    let notes_end = 5 + sealed.value[5..].iter().position(|b| *b == b'}').expect("notes") + 1;
    for end in 0..notes_end {
        assert!(StoredReject::decode(&record(&sealed.key, &sealed.value[..end])).is_err(), "{end}");
    }
    for at in 0..notes_end {
        let mut broken = sealed.value.clone();
        broken[at] ^= 0x80;
        // Whatever it becomes, it is a value.
        let _ = StoredReject::decode(&record(&sealed.key, &broken));
    }
}

#[test]
fn more_bytes_than_the_log_takes_are_cut_and_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let vault = Vault::open(&folder.path().join("vault.db"), Mode::Seeded(1)).expect("a vault");
    let raw = vec![b'a'; KEPT_BYTES_MAX + 1];
    let sealed = sealed(&vault, "2026-05-01", &[input(1, &raw)]).remove(0);
    assert!(sealed.key.len() + sealed.value.len() <= log::MAX_RECORD_BYTES);
    let at = domain::Instant::from_micros(0).expect("an instant");
    let record = Record { offset: domain::Offset(0), recorded_at: at, key: sealed.key, value: sealed.value };
    assert!(!StoredReject::decode(&record).expect("it decodes").whole);
}
