//! Several folds of one log, from outside: replays are the same bytes on any number of threads and after kills, and a
//! reader that loops never sees anything but one epoch, whole.

use crate::program::{Data, files_below};
use analytics::{Resources, Session};
use arrow::array::AsArray as _;
use domain::Zone;
use fastrand::Rng;
use lake::{LocalStore, current_cut};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROWS: u32 = 1_500;
const WORDS: [&str; 4] = ["where is my parcel", "the invoice is wrong", "my lamp is broken", "hello"];
const AS_OF: &str = "2025-06-01T00:00:00Z";

/// A source with texts, its mapping, and two taxonomies: in the second a reason has another name, one is split off.
struct Company {
    folder: TempDir,
}

impl Company {
    fn new() -> Self {
        let company = Self { folder: TempDir::new().expect("a temporary folder") };
        company.write("mapping.toml", MAPPING);
        company.write("one.toml", &taxonomy("1", &[("parcel", "parcel"), ("invoice", "invoice")]));
        company.write(
            "two.toml",
            &taxonomy("2", &[("delivery", "parcel"), ("invoice", "invoice"), ("repair", "broken")]),
        );
        company.write("contacts.csv", &contacts(0..ROWS));
        company.write("later.csv", &contacts(ROWS..ROWS + 50));
        company
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn import(&self, data: &Data, name: &str) {
        data.done(&["import", "--source", "csv", "--mapping", &self.file("mapping.toml"), &self.file(name)]);
    }

    /// A folder with the contacts, served by the first taxonomy.
    fn data(&self) -> Data {
        let data = Data::new();
        data.done(&["taxonomy", "publish", &self.file("one.toml")]);
        self.import(&data, "contacts.csv");
        data.done(&["rollup", "--as-of", AS_OF]);
        data
    }
}

const MAPPING: &str = "\
format = \"csv\"
source = { system = \"crm\" }

[fields]
record = \"id\"
occurred_at = { from = \"at\", format = \"rfc3339\" }
channel = { constant = \"phone\" }
customer = { from = \"caller\", kind = \"account\" }
text = \"words\"
";

fn taxonomy(version: &str, reasons: &[(&str, &str)]) -> String {
    let mut toml = format!("name = \"shop\"\nversion = \"{version}\"\nlanguages = [\"en\"]\n");
    for (at, (reason, phrase)) in reasons.iter().enumerate() {
        write!(
            toml,
            "[[reason]]\nid = \"{reason}\"\nlabel.en = \"{reason}\"\nvotes = {{ customer = \"irritant\", company = \"irritant\" }}\n[[reason.rule]]\nid = \"{reason}.1\"\npriority = {}\nphrases = [\"{phrase}\"]\n",
            at + 1
        )
        .expect("a string");
    }
    toml
}

fn contacts(numbers: std::ops::Range<u32>) -> String {
    let mut rng = Rng::with_seed(u64::from(numbers.start));
    let mut text = String::from("id,caller,at,words\n");
    for n in numbers {
        let (caller, words, day) = (rng.u32(0..400), WORDS[rng.usize(0..WORDS.len())], rng.u32(1..31));
        let (h, m) = (rng.u32(0..24), rng.u32(0..60));
        writeln!(text, "{n},caller {caller},2025-04-{day:02}T{h:02}:{m:02}:00Z,{words}").expect("a string");
    }
    text
}

type Tree = BTreeMap<PathBuf, Vec<u8>>;

/// The files of a cut, all but those that tell in which commits it was folded.
fn tree(data: &Data, cut: &str) -> Tree {
    let root = data.path().join("tables").join(cut);
    let files = files_below(&root).into_iter().map(|file| {
        let name = file.strip_prefix(&root).expect("below").to_owned();
        (name, std::fs::read(file).expect("a file"))
    });
    let told = |name: &Path| {
        name.starts_with("provenance") || name.extension().is_some_and(|e| e == "json" || e == "mark")
    };
    let tree: Tree = files.filter(|(name, _)| !told(name)).collect();
    assert!(tree.len() > 30, "{} files", tree.len());
    tree
}

fn copy_of(data: &Data) -> Data {
    let other = Data::new();
    copy(data, &other);
    other
}

fn copy(data: &Data, to: &Data) {
    for file in ["log", "vault"].iter().flat_map(|part| files_below(&data.path().join(part))) {
        let target = to.path().join(file.strip_prefix(data.path()).expect("below"));
        std::fs::create_dir_all(target.parent().expect("a folder")).expect("made");
        std::fs::copy(file, target).expect("copied");
    }
}

fn text(json: &Value, key: &str) -> String {
    json[key].as_str().unwrap_or_else(|| panic!("no text {key} in {json}")).to_owned()
}

/// The tables of the epoch `draft`, as of the same instant.
fn draft(data: &Data) -> (String, Tree) {
    let rollup = data.json(&["rollup", "--epoch", "draft", "--as-of", AS_OF, "--json"]);
    (text(&rollup, "epoch"), tree(data, &text(&rollup, "cut")))
}

/// P5: whatever the threads and the batches, and however often it is killed.
#[test]
fn a_replay_is_the_same_bytes_on_any_threads_and_after_kills() {
    let company = Company::new();
    let data = company.data();
    let taxonomy = company.file("two.toml");
    let replay = ["replay", "--taxonomy", &taxonomy, "--epoch", "draft", "--json"];
    let begun = Instant::now();
    data.done(&replay);
    let takes = begun.elapsed();
    let expect = draft(&data);
    for threads in ["1", "2", "16"] {
        let copy = copy_of(&data);
        copy.done(&[&replay[..], &["--threads", threads]].concat());
        assert!(draft(&copy) == expect, "{threads} threads: the tables differ");
    }
    let (mut rng, mut killed) = (Rng::with_seed(7), 0);
    let copy = copy_of(&data);
    for _ in 0..4 {
        killed += u32::from(kill(&copy, &replay, takes.mul_f64(rng.f64())));
    }
    assert!(killed > 0, "no kill met a running replay: the rounds prove nothing");
    let rest = copy.json(&replay);
    assert_eq!(rest["accepted"], json!(ROWS));
    assert!(draft(&copy) == expect, "the tables differ after {killed} kills");
}

/// P5: a history that is folded part by part is that of the fold of every day, batch by batch.
#[test]
fn a_replay_is_the_fold_of_every_day() {
    let company = Company::new();
    let replayed = company.data();
    let daily = copy_of(&replayed);
    let taxonomy = company.file("two.toml");
    let replay = ["replay", "--taxonomy", &taxonomy, "--epoch", "draft", "--json"];
    let done = replayed.command(&replay).env("QUELL_FOLD_BATCH", "70").output().expect("starts");
    assert!(done.status.success());
    let commits = files_below(&replayed.path().join("lake").join(draft(&replayed).0).join("commits")).len();
    assert!(commits > 3, "{commits} commits: the history was not taken in several steps");
    assert!(files_below(&replayed.path().join("replays")).len() < 2, "files of the replay were left");
    daily.done(&["taxonomy", "publish", &taxonomy]);
    let rollup = ["rollup", "--as-of", AS_OF, "--json"];
    let cut = daily.command(&rollup).env("QUELL_FOLD_BATCH", "70").output().expect("starts");
    let cut: Value = serde_json::from_slice(&cut.stdout).expect("JSON");
    assert!(draft(&replayed) == (text(&cut, "epoch"), tree(&daily, &text(&cut, "cut"))));
    // What comes later is folded on from the states that the replay has left.
    company.import(&daily, "later.csv");
    copy(&daily, &replayed);
    let cut = daily.json(&rollup);
    assert!(draft(&replayed) == (text(&cut, "epoch"), tree(&daily, &text(&cut, "cut"))));
}

/// Batches so small that a kill finds some commits made and others not.
fn kill(data: &Data, args: &[&str], wait: Duration) -> bool {
    let mut command = data.command(args);
    command.env("QUELL_FOLD_BATCH", "40").stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("starts");
    // Not a synchronisation: the moment of the kill is what is varied.
    std::thread::sleep(wait);
    let was_running = child.try_wait().expect("a child").is_none();
    child.kill().expect("SIGKILL");
    child.wait().expect("a dead child");
    was_running
}

/// The archive alone, without the log that it was made from.
#[test]
fn a_replay_from_the_archive_is_the_same_bytes() {
    let company = Company::new();
    let data = Data::new();
    company.import(&data, "contacts.csv");
    let rollup = data.command(&["rollup"]).env("QUELL_ARCHIVE_ENABLED", "true").output().expect("starts");
    assert!(rollup.status.success());
    let taxonomy = company.file("two.toml");
    let replay = ["replay", "--taxonomy", &taxonomy, "--epoch", "draft"];
    let from_log = copy_of(&data);
    from_log.done(&replay);
    let (log, aside) = (data.path().join("log"), data.path().join("log.aside"));
    std::fs::rename(&log, &aside).expect("moved");
    let none = data.run(&replay);
    assert!(!none.status.success(), "replayed a log that is not there");
    let done = data.json(&[&replay[..], &["--from", "archive", "--json"]].concat());
    assert_eq!(done["accepted"], json!(ROWS));
    assert!(!log.exists() || files_below(&log).is_empty(), "a replay from the archive wrote a log");
    std::fs::rename(&aside, &log).expect("moved back");
    assert!(draft(&data) == draft(&from_log), "the tables differ");
}

/// Promotion and rollback give the bytes that were there before, and whoever reads meanwhile, while contacts arrive, sees
/// the contacts of one epoch, all of them.
#[test]
fn a_reader_that_loops_sees_one_epoch_or_the_other() {
    let company = Company::new();
    let data = company.data();
    data.done(&["replay", "--taxonomy", &company.file("two.toml"), "--epoch", "draft"]);
    let (_, expect_two) = draft(&data);
    let one = current(&data);
    let expect_one = tree(&data, &one);
    let ended = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_until(data.path(), &ended));
        data.done(&["promote", "draft", "--by", "cx-lead"]);
        assert!(tree(&data, &current(&data)) == expect_two, "promoted: other bytes than the draft's");
        data.done(&["rollback"]);
        assert_eq!(current(&data), one);
        assert!(tree(&data, &one) == expect_one, "rolled back: other bytes than before");
        company.import(&data, "later.csv");
        data.done(&["promote", "draft"]);
        company.import(&data, "contacts.csv");
        data.done(&["rollback"]);
        ended.store(true, Ordering::SeqCst);
        reader.join().expect("the reader")
    });
    let epochs: BTreeSet<&BTreeSet<String>> = answers.iter().map(|(_, reasons)| reasons).collect();
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    let (first, second) =
        (of(&["parcel", "invoice", "unclassified"]), of(&["delivery", "invoice", "repair", "unclassified"]));
    assert_eq!(epochs, BTreeSet::from([&first, &second]), "a reader saw something between two epochs");
    let counts: BTreeSet<u64> = answers.iter().map(|(contacts, _)| *contacts).collect();
    assert_eq!(counts, BTreeSet::from([u64::from(ROWS), u64::from(ROWS) + 50]), "a reader saw half a cut");
}

/// Whoever reads after a promotion or a rollback was killed sees the one epoch or the other, whole; and a promotion of the
/// epoch that was meant ends as if nothing had been in its way, wherever the first one was killed.
#[test]
fn a_killed_promotion_leaves_one_epoch_or_the_other() {
    let company = Company::new();
    let data = company.data();
    let one = served(&data);
    data.done(&["replay", "--taxonomy", &company.file("two.toml"), "--epoch", "draft"]);
    let (two, expect_two) = draft(&data);
    let expect_one = tree(&data, &current(&data));
    let begun = Instant::now();
    data.done(&["promote", "draft"]);
    let takes = begun.elapsed();
    data.done(&["rollback"]);
    let (mut rng, mut killed) = (Rng::with_seed(11), 0);
    for round in 0..6 {
        let (command, meant, before, after): (&[&str], _, _, _) = match round % 2 {
            0 => (&["promote", "draft"], &two, &expect_one, &expect_two),
            _ => (&["rollback"], &one, &expect_two, &expect_one),
        };
        killed += u32::from(kill(&data, command, takes.mul_f64(rng.f64())));
        let shown = tree(&data, &current(&data));
        assert!(shown == *before || shown == *after, "{command:?} killed: the tables of neither epoch");
        data.done(&["promote", meant]);
        assert_eq!(served(&data), *meant);
        assert!(tree(&data, &current(&data)) == *after, "{command:?} and promoted: other tables");
    }
    assert!(killed > 0, "no kill met a running command: the rounds prove nothing");
    // Killed between the two pointers: what is served is not shown yet.
    let (live, shown) = (data.path().join("lake/live"), current(&data));
    let pointer = std::fs::read(&live).expect("a pointer");
    data.done(&["promote", "draft"]);
    std::fs::write(&live, pointer).expect("written");
    assert_ne!(current(&data), shown);
    data.done(&["promote", &one]);
    assert_eq!(current(&data), shown, "what is served is not shown");
}

fn served(data: &Data) -> String {
    let live = std::fs::read(data.path().join("lake/live")).expect("an epoch is served");
    text(&serde_json::from_slice(&live).expect("JSON"), "epoch")
}

fn current(data: &Data) -> String {
    let target = std::fs::read_link(data.path().join("tables/current")).expect("a cut is shown");
    target.display().to_string()
}

/// What each look at the tables showed: how many contacts, and of which reasons.
fn read_until(root: &Path, ended: &AtomicBool) -> Vec<(u64, BTreeSet<String>)> {
    let store = LocalStore::open(root).expect("the store");
    let mut answers = Vec::new();
    // Once more after the end, so that the last state is seen as well.
    let mut last = false;
    while !last {
        last = ended.load(Ordering::SeqCst);
        let cut = current_cut(&store).expect("a pointer").expect("a cut is shown");
        let session =
            Session::open(&store, &cut, &Resources::with_threads(1), &Zone::utc()).expect("a session");
        let batches = session
            .sql("SELECT DISTINCT reason, count(*) OVER () AS n FROM contacts")
            .and_then(analytics::Rows::collect_all)
            .expect("an answer");
        let (mut contacts, mut reasons) = (0, BTreeSet::new());
        for batch in &batches {
            let column =
                arrow::compute::cast(batch.column(0), &arrow::datatypes::DataType::Utf8).expect("texts");
            reasons.extend(column.as_string::<i32>().iter().flatten().map(str::to_owned));
            let counts = batch.column(1).as_primitive::<arrow::datatypes::Int64Type>();
            contacts = counts.value(0).unsigned_abs();
        }
        answers.push((contacts, reasons));
    }
    answers
}

/// A person's word outlives every taxonomy, and an erased contact keeps what was found of it.
#[test]
fn what_persons_said_and_what_was_erased_survives_a_replay() {
    let company = Company::new();
    let data = company.data();
    let of = |query: &str| data.json(&["sql", query, "--format", "json"]);
    let said = of("SELECT contact_id FROM contacts WHERE reason = 'parcel' ORDER BY contact_id LIMIT 1");
    let said = text(&said[0], "contact_id");
    data.done(&["override", &said, "--reason", "invoice", "--by", "qa-7", "--why", "asks for the bill"]);
    let caller = "caller 7";
    let mut erase = data.command(&["erase", "--kind", "account"]);
    let mut child = erase.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), caller.as_bytes()).expect("written");
    assert!(child.wait().expect("ends").success());
    let mine = contacts(0..ROWS).lines().filter(|line| line.contains(",caller 7,")).count();
    assert!(mine > 0, "nobody to erase");
    let replayed =
        data.json(&["replay", "--taxonomy", &company.file("two.toml"), "--epoch", "draft", "--json"]);
    assert_eq!(replayed["erased"], json!(mine));
    data.done(&["rollup", "--as-of", AS_OF]);
    data.done(&["rollup", "--epoch", "draft"]);
    let overridden = format!("SELECT reason, reason_basis FROM draft.contacts WHERE contact_id = '{said}'");
    assert_eq!(of(&overridden), json!([{ "reason": "invoice", "reason_basis": "override" }]));
    let carried = of("SELECT a.reason AS a, b.reason AS b, b.reason_basis AS basis, count(*) AS n
         FROM contacts a JOIN \"contacts@draft\" b ON a.contact_id = b.contact_id
         WHERE b.reason_basis = 'erased' GROUP BY a.reason, b.reason, b.reason_basis");
    let rows = carried.as_array().expect("rows");
    assert!(rows.iter().all(|row| row["a"] == row["b"]), "an erased contact got another reason: {carried}");
    let n: u64 = rows.iter().map(|row| row["n"].as_u64().expect("a count")).sum();
    assert_eq!(n, mine as u64);
}
