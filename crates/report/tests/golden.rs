//! Every summary in both languages against the texts in `golden/`. `UPDATE_GOLDEN=1 cargo test -p report`
//! rewrites them.
#![allow(clippy::disallowed_methods, reason = "a test reads and rewrites its own expectations")]

use domain::governance::CostRow;
use domain::invariant::Counts;
use domain::{Channel, CutId, Day, EpochId, Instant, IsoWeek, RejectKind};
use report::demo::{BeforeAfter, Level, Progress, Shift, SpikeDays, Truth, Value};
use report::doctor::Hint;
use report::gold::{Gold, LeftOut, Why};
use report::*;

fn check(name: &str, render: impl Fn(Lang) -> String) {
    for lang in Lang::ALL {
        let path = format!("{}/tests/golden/{name}.{}.txt", env!("CARGO_MANIFEST_DIR"), lang.tag());
        let actual = render(*lang);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &actual).expect("the golden file can be written");
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(actual, expected, "{path}");
    }
}

fn at(text: &str) -> Instant {
    Instant::parse_rfc3339(text).expect("an instant")
}

fn refusals() -> Refusals {
    let mut out = Refusals::default();
    for line in [45, 46] {
        out.add(RejectKind::BadTime, || FirstRefusal {
            file: "mayo.csv".into(),
            line,
            field: Some("opened_at".into()),
            expected: "an RFC 3339 time".into(),
        });
    }
    for line in 0..12_345 {
        out.add(RejectKind::Malformed, || FirstRefusal {
            file: "mayo.csv".into(),
            line: line + 17,
            field: None,
            expected: "21 fields".into(),
        });
    }
    out
}

#[test]
fn import() {
    check("import", |lang| {
        let summary = ImportSummary {
            system: "work".into(),
            files: 2,
            rows: 1_012_347,
            accepted: 1_000_000,
            facts: 999_998,
            suppressed: 3,
            refusals: refusals(),
            folded: Some(Counts { accepted: 999_998, stored: 999_000, duplicate: 990, rejected: 8 }),
        };
        summary.render(lang)
    });
    check("import_clean", |lang| {
        let summary = ImportSummary {
            system: "work".into(),
            files: 1,
            rows: 1,
            accepted: 1,
            facts: 1,
            ..Default::default()
        };
        summary.render(lang)
    });
}

#[test]
fn dry_run() {
    check("dry_run", |lang| {
        let summary = DryRunSummary {
            system: "work".into(),
            files: 1,
            rows: 20_000,
            accepted: 7_653,
            contacts: 5_120,
            messages: 2_533,
            dates: Some((at("2026-05-01T00:00:00Z"), at("2026-05-31T23:59:59.5Z"))),
            customers: 4_000,
            anonymous: 1,
            channels: vec![(Channel::Chat, 653), (Channel::Phone, 7_000)],
            refusals: refusals(),
        };
        summary.render(lang)
    });
    check("dry_run_nothing", |lang| {
        DryRunSummary { system: "work".into(), files: 1, ..Default::default() }.render(lang)
    });
}

fn rollup_summary() -> RollupSummary {
    let rows = |table: &str, rows| TableRows { table: table.into(), rows };
    let other = |name: Option<&str>, records| OtherEpoch {
        name: name.map(str::to_owned),
        epoch: EpochId::from_bytes([2; 8]),
        records,
    };
    RollupSummary {
        epoch: EpochId::from_bytes([1; 8]),
        cut: CutId::from_bytes([0xab; 8]),
        as_of: at("2026-06-01T00:00:00Z"),
        folded: 1,
        counts: Counts { accepted: 1_012_347, stored: 1_000_000, duplicate: 12_340, rejected: 7 },
        tables: vec![rows("contacts", 999_999), rows("provenance", 999_999)],
        folder: "/data/tables/abababababababab".into(),
        shown: true,
        unknown: 0,
        others: vec![other(Some("draft"), 12_345), other(None, 1)],
    }
}

#[test]
fn rollup() {
    check("rollup", |lang| rollup_summary().render(lang));
    let beside = RollupSummary { shown: false, unknown: 12_345, ..rollup_summary() };
    check("rollup_beside", |lang| beside.render(lang));
}

#[test]
fn replay() {
    let summary = ReplaySummary {
        name: "draft".into(),
        epoch: EpochId::from_bytes([2; 8]),
        folded: 1_012_347,
        counts: Counts { accepted: 1_012_347, stored: 1_000_000, duplicate: 12_340, rejected: 7 },
        erased: 42,
    };
    check("replay", |lang| summary.render(lang));
}

#[test]
fn epochs() {
    let line = |id: u8, names: &[&str], live, before, kept| EpochLine {
        id: EpochId::from_bytes([id; 8]),
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        live,
        before,
        kept,
        taxonomy: (id != 4).then(|| format!("retail {id}")),
        records: 1_012_347,
        behind: u64::from(id) * 10,
    };
    let lines = [
        line(1, &[], true, false, true),
        line(2, &["draft", "june"], false, false, true),
        line(3, &[], false, true, true),
        line(4, &[], false, false, false),
    ];
    let promoted = PromoteSummary {
        called: "draft".into(),
        epoch: EpochId::from_bytes([2; 8]),
        before: Some(EpochId::from_bytes([1; 8])),
        cut: Some(CutId::from_bytes([0xab; 8])),
    };
    let already = PromoteSummary { cut: None, ..promoted.clone() };
    check("epochs", |lang| {
        let lists = format!("{}{}", epochs::list(&[], lang), epochs::list(&lines, lang));
        let dropped = epochs::dropped(EpochId::from_bytes([4; 8]), lang);
        format!("{lists}\n{}{}{dropped}", promoted.render(lang), already.render(lang))
    });
}

#[test]
fn units() {
    let day = |text: &str| Day::parse(text).expect("a day");
    let days = |unit: &str, days| UnitDays {
        unit: unit.into(),
        first: day("2026-05-01"),
        last: day("2026-05-31"),
        days,
    };
    check("units", |lang| {
        let summary = UnitsSummary {
            files: 2,
            rows: 12_400,
            accepted: 53,
            new: 50,
            corrected: 1,
            known: 2,
            units: vec![days("orders", 31), days("accounts", 1)],
            refusals: refusals(),
        };
        format!("{}{}", summary.render(lang), UnitsSummary { files: 1, ..Default::default() }.render(lang))
    });
}

#[test]
fn costs() {
    let rate = |from: &str, channel, per_contact_micros, per_second_micros| CostRow {
        valid_from: Day::parse(from).expect("a day"),
        channel,
        currency: "EUR".into(),
        per_contact_micros,
        per_second_micros,
    };
    check("costs", |lang| {
        let rates = vec![
            rate("2026-01-01", Channel::Phone, 1_200_000, 8_333),
            rate("2026-05-01", Channel::WebForm, 1_234_000_000, 0),
        ];
        let from = Day::parse("2026-05-01").expect("a day");
        let summary = CostsSummary { changed: true, from, rates };
        format!("{}{}", summary.render(lang), CostsSummary { changed: false, ..summary.clone() }.render(lang))
    });
}

#[test]
fn erase() {
    check("erase", |lang| {
        let known = EraseSummary { known: true, contacts: 12 };
        let unknown = EraseSummary { known: false, contacts: 0 };
        format!("{}{}", known.render(lang), unknown.render(lang))
    });
}

#[test]
fn notices() {
    check("notices", |lang| {
        let other = notice::other_cut(lang, "draft");
        format!("{}\n{}\n{other}\n", notice::newer_records(lang, 12_345), notice::first_rollup(lang))
    });
}

#[test]
fn demo() {
    check("demo", |lang| {
        let summary = DemoSummary {
            truths: truths(),
            ratios: vec![BeforeAfter {
                reason: "refund_status".into(),
                week: week("2026-W15"),
                before_ppm: 3_732,
                after_ppm: 2_664,
                permille: 714,
                bounds_permille: (670, 761),
            }],
            report: "/demo/reports/weekly-2026-W20.en.html".into(),
            tables: "/demo/tables/9a6be2ab53727f52".into(),
            commands: vec!["quell --data /demo sql --named reasons".into()],
        };
        let progress = [
            Progress::Made { contacts: 120_605, weeks: 12, folder: "/demo/demo".into() },
            Progress::Imported { week: week("2026-W09"), rows: 8_593, refused: 7 },
            Progress::Publishing,
            Progress::Reporting,
        ];
        let lines: Vec<String> = progress.iter().map(|step| step.render(lang)).collect();
        format!("{}\n{}", lines.join("\n"), summary.render(lang))
    });
}

fn week(text: &str) -> IsoWeek {
    IsoWeek::parse(text).expect("a week")
}

/// Every form that a finding can have, the last of them not as planted.
fn truths() -> Vec<Truth> {
    let day = |day| Day::new(2026, 5, day).expect("a day");
    let mut hours = [30; 24];
    (hours[11], hours[18]) = (99, 86);
    let spike = |first, last| SpikeDays { reason: "late_delivery".into(), first, last, percent: 448 };
    let level = |permille| Level { reason: "refund_status".into(), week: week("2026-W15"), permille };
    let (from, to) = ("return_how".to_owned(), "exchange_item".to_owned());
    let same = |name, value: Value| Truth { name, planted: value.clone(), found: value, ok: true };
    vec![
        same("weekday_shape", Value::Weekdays([180, 165, 155, 150, 145, 115, 90])),
        same("hour_shape", Value::Hours(hours)),
        same("order_growth", Value::Growth(20)),
        same("spike_1", Value::Spikes(vec![spike(day(5), day(6)), spike(day(14), day(14))])),
        same("spike_2", Value::None),
        same("fix_moved", Value::Moves(vec![Shift { from, to, week: week("2026-W14"), permille: 500 }])),
        same("chains", Value::Chains { chains: 200, contacts: 1_873 }),
        same("unowned_reason", Value::Reasons(vec!["reach_person".into()])),
        same("late", Value::Records(1)),
        same("merged", Value::Merged { customers: 80, tickets: 1 }),
        same("malformed", Value::Lines { lines: 56, kinds: 7 }),
        same("known_first", Value::Records(461)),
        same("leaks", Value::Records(900)),
        Truth {
            name: "fix_works",
            planted: Value::Levels(vec![level(700)]),
            found: Value::Levels(vec![level(996)]),
            ok: false,
        },
    ]
}

/// Labels of every fate: right, mistaken, missed, out of scope, and three that say nothing.
#[test]
fn gold() {
    let pair = |label: &str, found: &str, n| ((label.to_owned(), found.to_owned()), n);
    let pairs = [
        pair("invoice", "invoice", 40),
        pair("invoice", "refund", 8),
        pair("refund", "refund", 1_000),
        pair("refund", "unclassified", 20),
        pair("late", "invoice", 1),
        pair("unclassified", "unclassified", 9),
        pair("unclassified", "late", 1),
    ];
    let left = |line, why| LeftOut { line, why };
    let gold = Gold {
        name: "draft".into(),
        epoch: EpochId::from_bytes([1; 8]),
        cut: CutId::from_bytes([2; 8]),
        pairs: pairs.into(),
        left_out: vec![
            left(7, Why::NoContact("crm 77".into())),
            left(8, Why::NoReason("delivery".into())),
            left(9, Why::Again(2)),
        ],
    };
    assert_eq!((gold.in_scope(), gold.right(), gold.unclassified()), (1_069, 1_040, 20));
    let refund = gold.per_reason()["refund"];
    assert_eq!((refund.support, refund.predicted, refund.right), (1_020, 1_008, 1_000));
    assert_eq!(gold.json()["per_reason"]["late"]["precision"], 0.0);
    check("gold", |lang| {
        let left_out: Vec<String> = gold.left_out.iter().map(|l| l.render(lang)).collect();
        format!("{}\n{}", left_out.join("\n"), gold.render(lang))
    });
    // No label is right, and none says anything of what is out of scope.
    let nothing = Gold { pairs: [pair("a", "b", 1)].into(), left_out: Vec::new(), ..gold };
    check("gold_nothing", |lang| nothing.render(lang));
}

#[test]
fn doctor() {
    let check_of = |name: &str, state, finding| Check { name: name.into(), state, finding };
    let counts = Counts { accepted: 12, stored: 9, duplicate: 2, rejected: 1 };
    let facts = TopicEnds { topic: "facts".into(), partitions: 4, records: 12_345 };
    let report = DoctorReport {
        checks: vec![
            check_of("folder", State::Ok, Finding::Folder { path: "/data".into() }),
            check_of("configuration", State::Ok, Finding::Configuration { file: None }),
            check_of("vault", State::Ok, Finding::Vault { customers: 1 }),
            check_of("log/facts", State::Ok, Finding::Log(facts)),
            check_of("lake", State::Ok, Finding::Lake { commits: 3, segments: 6 }),
            check_of("snapshot", State::Ok, Finding::Snapshot { up_to: "facts/0=120 facts/1=99".into() }),
            check_of("snapshot", State::Warn, Finding::NoSnapshot),
            check_of("epoch", State::Ok, Finding::Epoch { id: "0101010101010101".into() }),
            check_of("balance", State::Ok, Finding::Balance { counts, behind: 0 }),
            check_of(
                "cut",
                State::Ok,
                Finding::Cut { id: "abab".into(), folder: "/data/tables/abab".into() },
            ),
            check_of("cut", State::Warn, Finding::Nothing { hint: Hint::Rollup }),
            check_of("log/facts", State::Warn, Finding::Nothing { hint: Hint::Import }),
            check_of(
                "lake",
                State::Fail,
                Finding::Trouble { message: "commit 3 starts at facts/0=7, not 9".into() },
            ),
        ],
    };
    assert_eq!(report.worst(), State::Fail);
    assert_eq!(DoctorReport::default().worst(), State::Ok);
    check("doctor", |lang| report.render(lang));
}
