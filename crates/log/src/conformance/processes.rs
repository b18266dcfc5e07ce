//! Several processes, and processes that are killed. A child is this same test run again with its part of
//! the check in the environment; it speaks to the check through its standard input and output. It does each
//! call only when it is told to, so that no check depends on who is faster.

use super::readers::{copies, everything, position};
use super::workload::{Random, Workload, read_back};
use super::{Fixture, VirtualClock, outputs, topic};
use crate::{Limits, Log, TopicName};
use domain::{Offset, Partition};
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

/// The part of a child: `append WRITER` or `copy`.
const PART: &str = "QUELL_LOG_CHILD";
/// The log that a child opens.
const ADDRESS: &str = "QUELL_LOG_ADDRESS";
/// Stands before what a child says, since the test harness writes to the same output.
const MARK: char = '@';
const PARTITIONS: u32 = 4;
const SMALL: Limits = Limits { records: 7, bytes: usize::MAX };

pub(super) fn is_child() -> bool {
    env::var_os(PART).is_some()
}

/// Does a child's part.
pub(super) fn run_child(fixture: &Fixture<'_>) {
    let part = env::var(PART).expect("the child's part");
    let log = (fixture.open)(&env::var(ADDRESS).expect("the log's address"), VirtualClock::at(1).clock());
    match part.split_once(' ') {
        Some(("append", writer)) => append_calls(&*log, fixture.seed, writer.parse().expect("a number")),
        None if part == "copy" => copy_all(&*log),
        _ => panic!("no part is called {part}"),
    }
}

/// Appends call after call and acknowledges each.
fn append_calls(log: &dyn Log, seed: u64, writer: u32) {
    let (topic, workload) = (topic("input"), Workload { seed, writer, partitions: PARTITIONS });
    say("ready");
    for call in 0.. {
        if !told_to_go() {
            return;
        }
        let offsets = log.append(&topic, &workload.call(call)).expect("append");
        let offsets: Vec<String> = offsets.iter().map(|o| o.0.to_string()).collect();
        say(&format!("{call} {}", offsets.join(",")));
    }
}

/// Copies `input` to `output` in small commits and acknowledges each.
fn copy_all(log: &dyn Log) {
    let all: Vec<Partition> = (0..PARTITIONS).map(Partition).collect();
    let mut reader =
        log.subscribe(&topic("input"), &all, &outputs(&topic("output"), "copier")).expect("subscribe");
    while told_to_go() {
        let batch = reader.next(SMALL).expect("next");
        if batch.is_empty() {
            return say("done");
        }
        reader.commit(&copies(&batch)).expect("commit");
        say(&format!("{} {}", batch.partition.0, batch.next.0));
    }
}

/// Waits for the word to do one more; false when the check has ended.
fn told_to_go() -> bool {
    std::io::stdin().read_line(&mut String::new()).expect("the check's words") > 0
}

/// One line, in one write: a kill leaves it whole or not at all, or the check ignores what is left.
fn say(what: &str) {
    let line = format!("{MARK}{what}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).expect("the check listens");
}

/// A running child. It does not outlive the check, also if that fails.
struct Child {
    process: std::process::Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Child {
    fn start(fixture: &Fixture<'_>, address: &str, part: &str) -> Self {
        let program = env::current_exe().expect("the running test");
        let mut command = Command::new(program);
        command.args([fixture.test, "--exact", "--nocapture", "--test-threads=1"]);
        command.env(PART, part).env(ADDRESS, address);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("start a child");
        let input = process.stdin.take().expect("a piped input");
        let output = BufReader::new(process.stdout.take().expect("a piped output"));
        Self { process, input, output }
    }

    /// The next whole thing that the child says; `None` when it has ended.
    fn hear(&mut self) -> Option<String> {
        loop {
            let mut line = String::new();
            if self.output.read_line(&mut line).expect("the child's output") == 0 {
                return None;
            }
            let whole = line.strip_suffix('\n').and_then(|l| l.split_once(MARK));
            if let Some((_, said)) = whole {
                return Some(said.to_owned());
            }
        }
    }

    /// Lets the child do so many calls.
    fn go(&mut self, calls: usize) {
        self.input.write_all("go\n".repeat(calls).as_bytes()).expect("the child listens");
    }

    /// So many things that the child says; fewer if it ends.
    fn hear_up_to(&mut self, count: usize) -> Vec<String> {
        (0..count).map_while(|_| self.hear()).collect()
    }

    /// Lets the child do so many calls, kills it during one of the next few, and returns what it said.
    fn go_and_die(mut self, calls: usize, random: &mut Random) -> Vec<String> {
        self.go(calls + 3);
        let mut said = self.hear_up_to(calls);
        for _ in 0..random.below(3_000_000) {
            std::hint::spin_loop();
        }
        said.extend(self.kill());
        said
    }

    /// Kills it without warning and returns what it had still said.
    fn kill(mut self) -> Vec<String> {
        self.process.kill().expect("kill the child");
        std::iter::from_fn(|| self.hear()).collect()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended by itself, which is no failure of the check.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A call and its offsets, as `append_calls` says them.
fn acknowledged(said: &str) -> (u32, Vec<Offset>) {
    let (call, offsets) = said.split_once(' ').expect("a call and its offsets");
    let offsets = offsets.split(',').map(|o| Offset(o.parse().expect("an offset")));
    (call.parse().expect("a call"), offsets.collect())
}

pub(super) fn several_processes(fixture: &Fixture<'_>) {
    const WRITERS: u32 = 3;
    const CALLS: usize = 30;
    let (address, log, topic) = fixture.with_topic(PARTITIONS);
    let start = |writer| Child::start(fixture, &address, &format!("append {writer}"));
    let mut children: Vec<Child> = (0..WRITERS).map(start).collect();
    let mut heard: Vec<Vec<String>> = vec![Vec::new(); children.len()];
    children.iter_mut().for_each(|child| assert_eq!(child.hear().as_deref(), Some("ready")));
    // In two rounds, so that the records mix also where one child is much faster than another.
    for _ in 0..2 {
        children.iter_mut().for_each(|child| child.go(CALLS));
        children.iter_mut().zip(&mut heard).for_each(|(child, heard)| heard.extend(child.hear_up_to(CALLS)));
    }
    let found = read_back(&*log, &topic, fixture.seed);
    for (writer, heard) in (0..).zip(&heard) {
        assert_eq!(heard.len(), 2 * CALLS, "acknowledgements of writer {writer}");
        for (call, offsets) in heard.iter().map(|said| acknowledged(said)) {
            found.expect_acknowledged(writer, call, &offsets);
        }
        found.expect_calls(writer, 2 * u32::try_from(CALLS).expect("few calls"));
    }
    assert!(found.is_mixed(), "the writers did write in turns");
}

pub(super) fn killed_appender(fixture: &Fixture<'_>) {
    const ROUNDS: u32 = 10;
    let (address, log, topic) = fixture.with_topic(PARTITIONS);
    let mut random = Random::of(&[fixture.seed, 1]);
    let mut heard: Vec<(u32, u32, Vec<Offset>)> = Vec::new();
    for writer in 0..ROUNDS {
        let mut child = Child::start(fixture, &address, &format!("append {writer}"));
        assert_eq!(child.hear().as_deref(), Some("ready"));
        let calls = 1 + usize::try_from(random.below(20)).expect("below 20");
        let said = child.go_and_die(calls, &mut random);
        assert!(said.len() >= calls, "a child failed by itself");
        let calls = said.iter().map(|s| acknowledged(s));
        heard.extend(calls.map(|(call, offsets)| (writer, call, offsets)));
        // What earlier children were promised holds after this kill too.
        let found = read_back(&*log, &topic, fixture.seed);
        for (writer, call, offsets) in &heard {
            found.expect_acknowledged(*writer, *call, offsets);
        }
        let last = heard.last().map(|(_, call, _)| *call);
        assert!(found.last_call(writer) <= last.map(|call| call + 1), "at most one call was under way");
    }
}

pub(super) fn killed_reader(fixture: &Fixture<'_>) {
    let (address, log, input) = fixture.with_topic(PARTITIONS);
    let output = topic("output");
    log.create(&output, PARTITIONS).expect("create");
    let workload = Workload { seed: fixture.seed, writer: 0, partitions: PARTITIONS };
    let records: Vec<_> = (0..120).flat_map(|call| workload.call(call)).collect();
    log.append(&input, &records).expect("append");
    let mut random = Random::of(&[fixture.seed, 2]);
    let mut kills = 0;
    loop {
        let child = Child::start(fixture, &address, "copy");
        let calls = 1 + usize::try_from(random.below(8)).expect("below 8");
        let mut said = child.go_and_die(calls, &mut random);
        let finished = said.last().is_some_and(|s| s == "done");
        said.retain(|s| s != "done");
        assert!(finished || said.len() >= calls, "a child failed by itself");
        check_copies(&*log, &input, &output, &said);
        if finished {
            break;
        }
        kills += 1;
    }
    // Some 60 batches, of which a child does at most 11.
    assert!(kills >= 4, "the reader was killed {kills} times only");
    let all =
        |topic: &TopicName| -> usize { (0..PARTITIONS).map(|p| everything(&*log, topic, p).len()).sum() };
    assert_eq!((all(&input), all(&output)), (records.len(), records.len()));
}

/// Every partition's outputs are exactly its inputs before the position, and no commit that was
/// acknowledged lies behind it.
fn check_copies(log: &dyn Log, input: &TopicName, output: &TopicName, said: &[String]) {
    // As the next owner would: what the killed one left in the middle of a commit is settled with that.
    let all: Vec<Partition> = (0..PARTITIONS).map(Partition).collect();
    drop(log.subscribe(input, &all, &outputs(output, "copier")).expect("take over"));
    for partition in 0..PARTITIONS {
        let at = position(log, input, output, "copier", partition);
        let read = everything(log, input, partition).into_iter().filter(|r| r.offset < at);
        let sent: Vec<_> = read.map(|r| (r.key, r.value)).collect();
        let copied = copied_up_to(log, output, partition, sent.len());
        assert!(sent == copied, "partition {partition}: {} read and {} copied", sent.len(), copied.len());
        let committed = said.iter().map(|s| acknowledged(s)).filter(|(p, _)| *p == partition);
        assert!(committed.map(|(_, next)| next[0]).max() <= Some(at), "partition {partition} went back");
    }
}

/// What was copied: at least so much, once it is all visible. A backend may decide a commit a moment before
/// its outputs can be read.
fn copied_up_to(log: &dyn Log, output: &TopicName, partition: u32, least: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
    const MOST_LOOKS: u32 = 1_000;
    for _ in 1..MOST_LOOKS {
        let seen = everything(log, output, partition);
        if seen.len() >= least {
            return seen.into_iter().map(|r| (r.key, r.value)).collect();
        }
    }
    everything(log, output, partition).into_iter().map(|r| (r.key, r.value)).collect()
}
