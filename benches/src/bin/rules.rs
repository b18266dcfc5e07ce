//! `rules TEXTS.ndjson [--rules RULES.toml] [--passes N] [--peer COMMAND]...`: CPU time a text of classifying, folding
//! included, best of N passes over the texts of the file. A peer is a program that does the same with the same
//! rules, pass by pass in turn with ours; `work/hyperscan.c` says how they speak.
//! `rules --slowest FOLDER...`: which text is slowest a byte, for each rule alone, of those in the files of the
//! folders and of those made to be slow, against the median. Release build only; a debug build says nothing.

use classify::fold::Folding;
use classify::{Classified, Classifier, Input, Rule, Scratch, Taxonomy};
use domain::Channel;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const BENCH: &str = include_str!("../../../deploy/taxonomies/bench.toml");
/// Texts of the second measurement are repeated or cut to this many bytes.
const EQUAL_BYTES: usize = 4_096;
/// Pairs of rule and text that are measured again. Many more than can be interrupted by chance.
const AGAIN: usize = 4_000;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (mut texts, mut rules, mut peers, mut folders) = (None, BENCH.to_owned(), Vec::new(), Vec::new());
    let (mut passes, mut slowest) = (20, false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} expects a value"));
        match argument.as_str() {
            "--rules" => rules = std::fs::read_to_string(value()).expect("a taxonomy"),
            "--passes" => passes = value().parse().expect("a number of passes"),
            "--peer" => peers.push(value()),
            "--slowest" => slowest = true,
            _ if slowest => folders.push(PathBuf::from(argument)),
            _ => texts = Some(argument),
        }
    }
    let taxonomy = Taxonomy::parse(&rules, "rules").unwrap_or_else(|m| panic!("{}", m[0]));
    if let Some(texts) = texts {
        race(&taxonomy, &texts_of(&texts), passes, &peers);
    }
    if slowest {
        slowest_of(&taxonomy, &folders);
    }
}

/// Ours and the peers', pass by pass in turn.
fn race(taxonomy: &Taxonomy, texts: &[String], passes: usize, peers: &[String]) {
    let classifier = Classifier::new(taxonomy);
    let numbers: BTreeMap<_, _> = taxonomy.rules().iter().map(|rule| rule.id.clone()).zip(1u64..).collect();
    let number = |got: &Classified| got.evidence.as_ref().map_or(0, |evidence| numbers[&evidence.rule]);
    let answer = |of: &dyn Fn(&str) -> Classified| {
        texts.iter().fold(0u64, |sum, text| sum.wrapping_mul(31).wrapping_add(number(&of(text))))
    };
    let expected = answer(&|text| classifier.classify(&input(text, &BTreeMap::new())));
    let mut peers: Vec<_> = peers.iter().map(|command| Peer::start(command, taxonomy, texts)).collect();
    let (mut fold, mut ours, mut fresh) = (Best::new(), Best::new(), Best::new());
    let mut scratch = Scratch::default();
    let none = BTreeMap::new();
    for _ in 0..passes {
        fold.pass(|| texts.iter().map(|text| taxonomy.folding().fold(text).len()).sum());
        let confidence = |got: Classified| got.confidence_ppm.unsigned_abs() as usize;
        ours.pass(|| {
            let of = |text: &String| classifier.classify_with(&mut scratch, &input(text, &none));
            texts.iter().map(of).map(confidence).sum()
        });
        fresh.pass(|| texts.iter().map(|t| classifier.classify(&input(t, &none))).map(confidence).sum());
        peers.iter_mut().for_each(Peer::pass);
    }
    let bytes = texts.iter().map(String::len).sum::<usize>() / texts.len().max(1);
    say(&format!("{} texts of {bytes} bytes, {} rules, answers {expected:016x}", texts.len(), numbers.len()));
    let line = |name: &str, best: &Best, note: &str| {
        let each = best.nanos as f64 / texts.len() as f64 / 1e3;
        let ratio = best.nanos as f64 / ours.nanos as f64;
        say(&format!("{name:<44}{each:>8.3} µs a text{ratio:>8.2} × ours{note}"));
    };
    line("classify, folding included", &ours, "");
    line("the same, memory of its own for each text", &fresh, "");
    line("folding alone, to a text of its own", &fold, "");
    for peer in &peers {
        let same = if peer.answer == expected { ", same answers" } else { ", OTHER ANSWERS" };
        line(&peer.name, &peer.best, &format!(", folded before{same}"));
    }
}

/// A program that is told rules and folded texts, and then answers each byte with a line: nanoseconds of CPU of
/// one pass, and its answers' sum.
struct Peer {
    name: String,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    _process: Child,
    best: Best,
    answer: u64,
}

impl Peer {
    fn start(command: &str, taxonomy: &Taxonomy, texts: &[String]) -> Self {
        let mut words = command.split(' ');
        let mut process = Command::new(words.next().expect("a command"))
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("{command}: {e}"));
        let mut to = process.stdin.take().expect("piped");
        let from = BufReader::new(process.stdout.take().expect("piped"));
        let rules: Vec<_> = taxonomy.rules().iter().map(expression).collect();
        let folded: Vec<_> = texts.iter().map(|text| taxonomy.folding().fold(text)).collect();
        for list in [rules, folded] {
            let mut bytes = length(list.len()).to_vec();
            list.iter().for_each(|text| {
                bytes.extend(length(text.len()));
                bytes.extend(text.as_bytes());
            });
            to.write_all(&bytes).unwrap_or_else(|e| panic!("{command}: {e}"));
        }
        let name = command.rsplit('/').next().unwrap_or(command).to_owned();
        Self { name, to, from, _process: process, best: Best::new(), answer: 0 }
    }

    fn pass(&mut self) {
        let mut line = String::new();
        let asked = self.to.write_all(b"g").and_then(|()| self.to.flush());
        asked.and_then(|()| self.from.read_line(&mut line)).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        let mut numbers = line.split_whitespace().filter_map(|n| n.parse::<u64>().ok());
        let (Some(nanos), Some(answer)) = (numbers.next(), numbers.next()) else {
            panic!("{} said {line:?}", self.name)
        };
        self.best.nanos = self.best.nanos.min(nanos);
        self.answer = answer;
    }
}

fn length(n: usize) -> [u8; 4] {
    u32::try_from(n).expect("a length of 32 bits").to_le_bytes()
}

/// The rule as one expression.
fn expression(rule: &Rule) -> String {
    let escaped = |phrase: &String| {
        let special = |c: char| !(c.is_alphanumeric() || c == ' ');
        phrase.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect::<String>()
    };
    let pattern = rule.pattern.iter().map(|pattern| pattern.as_str().to_owned());
    rule.phrases.iter().map(escaped).chain(pattern).collect::<Vec<_>>().join("|")
}

/// Each rule alone on each text: how many times the median of all is the slowest a byte?
fn slowest_of(taxonomy: &Taxonomy, folders: &[PathBuf]) {
    let mut texts = made_to_be_slow(taxonomy);
    folders.iter().for_each(|folder| collect(folder, &mut texts));
    let texts: Vec<_> = texts.iter().filter(|(_, text)| !text.is_empty()).map(equal).collect();
    let classifiers: Vec<_> =
        taxonomy.rules().iter().map(|rule| Classifier::new(&alone(rule, taxonomy.folding()))).collect();
    let mut scratch = Scratch::default();
    let mut nanos_a_byte = |rule: usize, text: &str, passes: u32| {
        let mut best = Best::new();
        for _ in 0..passes {
            best.wall(|| classifiers[rule].classify_with(&mut scratch, &input(text, &BTreeMap::new())));
        }
        best.nanos as f64 / text.len() as f64
    };
    let mut all = Vec::new();
    for (rule, text) in
        (0..taxonomy.rules().len()).flat_map(|rule| (0..texts.len()).map(move |text| (rule, text)))
    {
        all.push((nanos_a_byte(rule, &texts[text].1, 5), rule, text));
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let median = all[all.len() / 2].0;
    let first = all[all.len() - 1].0 / median;
    // The slowest of a million short measurements is whatever the machine interrupted. What looked slow is
    // measured again, three times at other moments; its least time is what it takes.
    let looked_slow = all.len().saturating_sub(AGAIN);
    for _ in 0..3 {
        for (nanos, rule, text) in &mut all[looked_slow..] {
            *nanos = nanos.min(nanos_a_byte(*rule, &texts[*text].1, 30));
        }
    }
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    say(&format!("{} rules, {} texts, median {median:.3} ns a byte", taxonomy.rules().len(), texts.len()));
    say(&format!("the slowest at first sight {first:.2} × the median, the {AGAIN} slowest measured again:"));
    let mut told = std::collections::BTreeSet::new();
    for (nanos, rule, text) in all.iter().rev().filter(|(_, _, text)| told.insert(*text)).take(8) {
        let (rule, text) = (&taxonomy.rules()[*rule].id, &texts[*text].0);
        say(&format!("{:>8.2} × the median: {rule} on {text}", nanos / median));
    }
}

/// A taxonomy of this rule's words alone.
fn alone(rule: &Rule, folding: Folding) -> Taxonomy {
    let quoted = |text: &str| format!("{text:?}").replace("\\'", "'");
    let words = |phrases: &std::collections::BTreeSet<String>, pattern: Option<&classify::Pattern>| {
        let phrases = phrases.iter().map(|phrase| quoted(phrase)).collect::<Vec<_>>().join(", ");
        let phrases = (!phrases.is_empty()).then(|| format!("phrases = [{phrases}]"));
        let pattern = pattern.map(|pattern| format!("regex = {}", quoted(pattern.as_str())));
        phrases.into_iter().chain(pattern).collect::<Vec<_>>()
    };
    let barred = words(&rule.none_of.phrases, rule.none_of.pattern.as_ref());
    let folding = if folding == Folding::Plain { "plain" } else { "loose" };
    let text = format!(
        "name = 'x'\nversion = '1'\nlanguages = ['en']\nfolding = '{folding}'\n[[reason]]\nid = 'r'\nlabel.en = 'r'\n\
         [[reason.rule]]\nid = {:?}\npriority = 1\n{}\nnone_of = {{ {} }}\n",
        rule.id.as_str(),
        words(&rule.phrases, rule.pattern.as_ref()).join("\n"),
        barred.join(", ")
    );
    Taxonomy::parse(&text, "one rule").unwrap_or_else(|m| panic!("{}\n{text}", m[0]))
}

/// Words of the rules over and over, so that every counter of an automaton runs at every place, and what folding
/// or an automaton may choke on.
fn made_to_be_slow(taxonomy: &Taxonomy) -> Vec<(String, String)> {
    let mut texts: Vec<(String, String)> = [
        "a", "á", "aA", " ", "\n", "\u{a0} ", "e\u{301}", "😡", "İ", "\u{301}", "0", "ab", "a ", "aab",
        "llll ",
    ]
    .map(|text| (format!("{text:?} repeated"), text.to_owned()))
    .into();
    for rule in taxonomy.rules() {
        let expression = rule.pattern.as_ref().map_or_else(|| expression(rule), |p| p.as_str().to_owned());
        let words: Vec<_> =
            expression.split(|c: char| !c.is_ascii_lowercase()).filter(|w| w.len() > 1).collect();
        let mut made = |name: &str, text: String| texts.push((format!("{name} {}", rule.id), text));
        made("words of", words.join(" "));
        made("words without gaps of", words.concat());
        made("words backward of", words.iter().rev().copied().collect::<Vec<_>>().join(" "));
        made("words and accents of", words.join(" é "));
        let (first, last) = (words.first().copied().unwrap_or("x"), words.last().copied().unwrap_or("x"));
        for (name, gap) in
            [("", " "), (" far", " x x x x x x x x x x x x x x x "), (" in other letters", " ж ")]
        {
            made(&format!("first word{name} of"), format!("{first}{gap}").repeat(700) + last);
            made(&format!("last word{name} of"), format!("{first} ") + &format!("{last}{gap}").repeat(700));
            made(&format!("first and last word{name} of"), format!("{first}{gap}{last}{gap}"));
        }
    }
    texts
}

/// The lines, and the whole, of each file below the folder, and the texts of its JSON.
fn collect(at: &Path, to: &mut Vec<(String, String)>) {
    if let Ok(folder) = std::fs::read_dir(at) {
        let mut below: Vec<_> = folder.filter_map(|entry| Some(entry.ok()?.path())).collect();
        below.sort();
        below.iter().for_each(|path| collect(path, to));
        return;
    }
    let bytes = std::fs::read(at).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let name = at.file_name().unwrap_or_default().to_string_lossy();
    to.push((name.to_string(), text.to_string()));
    let lines = text.lines().zip(1..).filter(|(line, _)| line.len() > 3);
    // a corpus of thousands of lines says no more than some hundreds of them
    let step = text.lines().count() / 300 + 1;
    to.extend(lines.step_by(step).map(|(line, number)| (format!("{name}:{number}"), line.to_owned())));
}

/// The text over and over, up to the length that all have.
fn equal((name, text): &(String, String)) -> (String, String) {
    let mut long = text.repeat(EQUAL_BYTES / text.len() + 1);
    long.truncate(long.floor_char_boundary(EQUAL_BYTES));
    (name.clone(), long)
}

/// The `text` of each line that has one.
fn texts_of(path: &str) -> Vec<String> {
    let file = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let text = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(line.get("text")?.as_str()?.to_owned())
    };
    file.lines().filter_map(text).collect()
}

const fn input<'a>(text: &'a str, attributes: &'a BTreeMap<String, String>) -> Input<'a> {
    Input { text, channel: Channel::Phone, language: None, source_reason: None, attributes }
}

/// The least time that any pass took.
struct Best {
    nanos: u64,
}

impl Best {
    const fn new() -> Self {
        Self { nanos: u64::MAX }
    }

    fn pass(&mut self, work: impl FnOnce() -> usize) {
        let before = cpu_nanos();
        std::hint::black_box(work());
        self.nanos = self.nanos.min(cpu_nanos() - before);
    }

    fn wall<T>(&mut self, work: impl FnOnce() -> T) {
        let before = std::time::Instant::now();
        std::hint::black_box(work());
        self.nanos = self.nanos.min(u64::try_from(before.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
}

/// CPU time of this thread, as Linux tells it.
fn cpu_nanos() -> u64 {
    std::thread::yield_now(); // brings the count up to date
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    said.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("schedstat begins with nanoseconds")
}

#[expect(clippy::print_stdout, reason = "this program's answer")]
fn say(line: &str) {
    println!("{line}");
}
