//! What the learned classifier is worth: accuracy, calibration, rejection, time, speed and size on labelled texts.
//!
//! `learn TRAIN.csv TEST.csv` trains on one file and tests on the other. `learn TRAIN.csv --folds K` holds every K-th
//! text of each class out, each in turn, `--few N` all but N texts of each class; `--seeds S` does so once in each of S
//! random orders. `--table
//! FILE` uses a token table. `--dumb MAPPING.csv` (columns `intent`, `dumb`) measures how well contacts that are not
//! avoidable are recognised. Prints a line a run, then mean and standard deviation. Columns `text,label`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and may fail where it stands"
)]
#![allow(clippy::disallowed_methods, reason = "a measurement looks at the clock")]

use classify::model::{Choice, Job, Labelled, Model, OUT_OF_SCOPE, Scratch, Table, measure, train};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

/// Share of in-scope texts that may be lost.
const ACCEPTED_LOSS: f64 = 0.05;
/// Passes of which the fastest counts.
const PASSES: usize = 15;

#[derive(Default)]
struct Args {
    files: Vec<String>,
    folds: Option<usize>,
    few: Option<usize>,
    seeds: Option<u64>,
    table: Option<Arc<Table>>,
    dumb: Option<HashMap<String, bool>>,
}

fn args() -> Args {
    let mut made = Args::default();
    let mut given = std::env::args().skip(1);
    while let Some(arg) = given.next() {
        match arg.as_str() {
            "--folds" => made.folds = Some(given.next().unwrap().parse().unwrap()),
            "--few" => made.few = Some(given.next().unwrap().parse().unwrap()),
            "--seeds" => made.seeds = Some(given.next().unwrap().parse().unwrap()),
            "--table" => {
                let file = std::fs::read(given.next().unwrap()).unwrap();
                made.table = Some(Arc::new(Table::read(&file).unwrap()));
            }
            "--dumb" => made.dumb = Some(mapping(&given.next().unwrap())),
            _ => made.files.push(arg),
        }
    }
    made
}

fn main() {
    let args = args();
    let rows = read(&args.files[0]);
    let mut runs = Vec::new();
    if let Some(test) = args.files.get(1) {
        let test = read(test);
        runs.push(run(&of(&rows, |_| true), &of(&test, |_| true), &args));
    } else {
        // with seeds one fold of each order; without, every fold of one order
        let orders: Vec<(u64, usize)> = match (args.seeds, args.folds) {
            (Some(seeds), _) => (0..seeds).map(|seed| (seed, 0)).collect(),
            (None, folds) => (0..folds.unwrap_or(1)).map(|fold| (0, fold)).collect(),
        };
        for (seed, fold) in orders {
            let place = places(&rows, seed);
            let is_test = |at: usize| match (args.folds, args.few) {
                (Some(folds), _) => place[at] % folds == fold,
                (None, Some(few)) => place[at] >= few,
                (None, None) => panic!("expected a second file, --folds or --few"),
            };
            runs.push(run(&of(&rows, |at| !is_test(at)), &of(&rows, is_test), &args));
        }
    }
    println!("{:>24}  {:>10}  {:>8}", "", "mean", "sd");
    for (at, (name, _)) in runs[0].iter().enumerate() {
        let values: Vec<f64> = runs.iter().map(|run| run[at].1).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        println!("{name:>24}  {mean:>10.4}  {:>8.4}", variance.sqrt());
    }
}

fn read(path: &str) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|r| r.unwrap()).map(|r| (r[0].to_owned(), r[1].to_owned())).collect()
}

fn mapping(path: &str) -> HashMap<String, bool> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let dumb = reader.headers().unwrap().iter().position(|name| name == "dumb").unwrap();
    reader.records().map(|r| r.unwrap()).map(|r| (r[0].to_owned(), &r[dumb] == "true")).collect()
}

fn of(rows: &[(String, String)], keep: impl Fn(usize) -> bool) -> Vec<Labelled<'_>> {
    let kept = rows.iter().enumerate().filter(|(at, _)| keep(*at));
    kept.map(|(_, (text, label))| Labelled { text, label, language: None }).collect()
}

/// Place of each text among those of its class, in a random order.
fn places(rows: &[(String, String)], seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for at in (1..order.len()).rev() {
        order.swap(at, random() % (at + 1));
    }
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut place = vec![0; rows.len()];
    for at in order {
        let count = next.entry(rows[at].1.as_str()).or_default();
        place[at] = *count;
        *count += 1;
    }
    place
}

type Figures = Vec<(&'static str, f64)>;

fn run(examples: &[Labelled<'_>], test: &[Labelled<'_>], args: &Args) -> Figures {
    let begun = Instant::now();
    let mut in_turn = |jobs: &[Job<'_>]| jobs.iter().map(Job::run).collect();
    let table = args.table.as_ref().map(|table| (table, Choice::Always));
    let model = train(examples, table, &mut in_turn).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let file = model.to_bytes();
    let bytes = file.len();
    let hash: String = Model::sha256(&file)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let m = measure(&model, test, model.least_familiarity(ACCEPTED_LOSS));
    let mut figures = vec![
        ("accuracy", m.accuracy),
        ("macro F1", m.macro_f1),
        ("calibration error", m.ece),
        ("in scope, lost", m.in_scope_rejected),
        ("accuracy after", m.accuracy_after_rejection),
    ];
    figures.extend(m.oos_recall.map(|share| ("out of scope, recall", share)));
    figures.extend(
        m.oos_precision.filter(|_| m.out_of_scope > 0).map(|share| ("out of scope, precision", share)),
    );
    figures.extend(args.dumb.as_ref().map(|dumb| ("not avoidable, F1", not_dumb(&model, test, dumb))));
    let megabytes = bytes as f64 / 1e6;
    figures.extend([("training, s", seconds), ("model, MB", megabytes), ("texts/s", speed(&model, test))]);
    let line: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value:.4}")).collect();
    println!("{} train, {} test, model {hash}: {}", examples.len(), test.len(), line.join(", "));
    figures
}

/// F1 of "this contact is not avoidable", by the class that a text is given.
fn not_dumb(model: &Model, test: &[Labelled<'_>], dumb: &HashMap<String, bool>) -> f64 {
    let mut scratch = Scratch::default();
    let (mut both, mut said, mut is) = (0u32, 0u32, 0u32);
    for text in test.iter().filter(|text| text.label != OUT_OF_SCOPE) {
        let class = &model.labels()[model.predict(text.text, &mut scratch).class];
        let (predicted, true_) = (!dumb[class], !dumb[text.label]);
        said += u32::from(predicted);
        is += u32::from(true_);
        both += u32::from(predicted && true_);
    }
    f64::from(2 * both) / f64::from(said + is)
}

/// Texts a second of the fastest pass, on one thread, text in, label out.
fn speed(model: &Model, texts: &[Labelled<'_>]) -> f64 {
    let mut scratch = Scratch::default();
    let mut best = f64::MAX;
    let mut sum = 0usize;
    for _ in 0..PASSES {
        let begun = Instant::now();
        for text in texts {
            sum = sum.wrapping_add(model.predict(text.text, &mut scratch).class);
        }
        best = best.min(begun.elapsed().as_secs_f64());
    }
    assert!(sum < usize::MAX);
    texts.len() as f64 / best
}
