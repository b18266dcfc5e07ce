//! What the learned classifier is worth: accuracy, calibration, rejection, speed and size on labelled texts.
//!
//! `learn TRAIN.csv TEST.csv` trains on one file and tests on the other; `learn TRAIN.csv --folds K` holds every
//! K-th text of each class out in turn; `--few N` learns from N texts a class and tests on the others.
//! `--only I` stops after fold I. Columns `text,label`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement prints, and may fail where it stands"
)]
#![allow(clippy::disallowed_methods, reason = "a measurement looks at the clock")]

use classify::model::{Choice, Job, Labelled, Measured, Model, Scratch, Table, measure, train};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

fn main() {
    let mut files = Vec::new();
    let (mut folds, mut few, mut only, mut seed) = (0usize, 0usize, usize::MAX, 0u64);
    let (mut table, mut choice) = (None, Choice::Always);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--folds" => folds = args.next().unwrap().parse().unwrap(),
            "--few" => few = args.next().unwrap().parse().unwrap(),
            "--only" => only = args.next().unwrap().parse().unwrap(),
            "--table" => {
                table = Some(Arc::new(Table::read(&std::fs::read(args.next().unwrap()).unwrap()).unwrap()))
            }
            "--better" => choice = Choice::Better,
            "--seed" => seed = args.next().unwrap().parse().unwrap(),
            file => files.push(file.to_owned()),
        }
    }
    let train = read(&files[0]);
    let table = table.as_ref().map(|table| (table, choice));
    if folds > 0 {
        let fold = split(&train, seed, folds);
        for at in (0..folds).take(only) {
            report(&of(&train, |i| fold[i] != at), &of(&train, |i| fold[i] == at), table);
        }
    } else if few > 0 {
        let place = split(&train, seed, usize::MAX);
        report(&of(&train, |i| place[i] < few), &of(&train, |i| place[i] >= few), table);
    } else {
        let test = read(&files[1]);
        report(&of(&train, |_| true), &of(&test, |_| true), table);
    }
}

fn read(path: &str) -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|r| r.unwrap()).map(|r| (r[0].to_owned(), r[1].to_owned())).collect()
}

fn of(rows: &[(String, String)], keep: impl Fn(usize) -> bool) -> Vec<Labelled<'_>> {
    let kept = rows.iter().enumerate().filter(|(at, _)| keep(*at));
    kept.map(|(_, (text, label))| Labelled { text, label, language: None }).collect()
}

/// Place of each text among those of its class in a random order, modulo.
fn split(rows: &[(String, String)], seed: u64, modulo: usize) -> Vec<usize> {
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
        place[at] = *count % modulo;
        *count += 1;
    }
    place
}

fn report(examples: &[Labelled<'_>], test: &[Labelled<'_>], table: Option<(&Arc<Table>, Choice)>) {
    if let Ok(path) = std::env::var("LEARN_MODEL") {
        let model = Model::from_bytes(&std::fs::read(path).unwrap()).unwrap();
        for _ in 0..8 {
            println!("{:.0} texts/s", speed(&model, test));
        }
        return;
    }
    let begun = Instant::now();
    let mut spent = Vec::new();
    let mut run = |jobs: &[Job<'_>]| {
        let begun = Instant::now();
        let parts = jobs.iter().map(Job::run).collect();
        spent.push(format!("{:.2}", begun.elapsed().as_secs_f64()));
        parts
    };
    let model = train(examples, table, &mut run).unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let file = model.to_bytes();
    if let Ok(path) = std::env::var("LEARN_SAVE") {
        std::fs::write(path, &file).unwrap();
    }
    let read = Instant::now();
    let model = Model::from_bytes(&file).unwrap();
    let read = read.elapsed().as_secs_f64();
    let m: Measured = measure(&model, test, model.least_familiarity(0.05));
    let h = model.header();
    println!(
        "{} {} train, {} test: acc {:.4} macro_f1 {:.4} after {:.4} lost {:.4} ece {:.4} oos r/p {:.3}/{:.3} T {:.2} held-out {:.4}/{:.4} | train {seconds:.1} s ({}) | {:.1} MB read {read:.2} s | {:.0} texts/s",
        h.kind.word(),
        examples.len(),
        m.in_scope,
        m.accuracy,
        m.macro_f1,
        m.accuracy_after_rejection,
        m.in_scope_rejected,
        m.ece,
        m.oos_recall.unwrap_or(f64::NAN),
        m.oos_precision.unwrap_or(f64::NAN),
        model.temperature(),
        h.accuracy,
        h.ece,
        spent.join(" "),
        file.len() as f64 / 1e6,
        speed(&model, test),
    );
}

/// Texts a second of the best of 15 passes.
fn speed(model: &Model, texts: &[Labelled<'_>]) -> f64 {
    let mut scratch = Scratch::default();
    let mut best = f64::MAX;
    let mut sum = 0usize;
    for _ in 0..15 {
        let begun = Instant::now();
        for text in texts {
            sum += model.predict(text.text, &mut scratch).class;
        }
        best = best.min(begun.elapsed().as_secs_f64());
    }
    assert!(sum < usize::MAX);
    texts.len() as f64 / best
}
