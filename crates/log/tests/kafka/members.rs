//! Members of a group: whatever comes and goes, every record is processed exactly once.

use super::{broker, config, copies, numbered, numbers, opened, outputs, prefix, texts, topic};
use domain::{Offset, Partition};
use log::{Error, Event, Kafka, KafkaConfig, Limits, Log, Member, MemberConfig, Produced, Retry};
use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

const PARTITIONS: u32 = 6;
/// Records of each partition.
const EACH: u32 = 400;
const TICK: Duration = Duration::from_millis(50);
/// What a test waits for before it fails.
const LONG: Duration = Duration::from_secs(60);

fn settings(brokers: &str, prefix: &str) -> KafkaConfig {
    let mut config = config(brokers, prefix);
    config.timeouts.session = Duration::from_secs(2);
    config
}

fn filled(config: &KafkaConfig) -> Kafka {
    let log = opened(config.clone());
    for name in ["input", "output"] {
        log.create(&topic(name), PARTITIONS).unwrap();
    }
    let all: Vec<_> = (0..PARTITIONS).flat_map(|p| numbered(p, 0..EACH)).collect();
    log.append(&topic("input"), &all).unwrap();
    log
}

fn join(log: &Kafka) -> Member {
    let limits = Limits { records: 20, bytes: 1 << 20 };
    log.join(&topic("input"), &outputs("group"), MemberConfig { limits, ..MemberConfig::default() }).unwrap()
}

/// What happened to the members of a test.
#[derive(Default)]
struct Seen {
    copied: AtomicU32,
    assigned: AtomicU32,
    revoked: AtomicU32,
    fenced: AtomicU32,
}

impl Seen {
    fn add(counter: &AtomicU32, count: usize) {
        counter.fetch_add(u32::try_from(count).unwrap(), Ordering::SeqCst);
    }
}

/// Copies what the next event brings. Whoever is fenced goes on with what is left.
fn step(member: &mut Member, seen: &Seen) {
    match member.next(TICK).unwrap() {
        None => {}
        Some(Event::Assigned(_)) => Seen::add(&seen.assigned, 1),
        Some(Event::Revoked(revoked)) => {
            Seen::add(&seen.revoked, 1);
            revoked.acknowledge();
        }
        Some(Event::Batch(batch)) => {
            let (output, records) = (topic("output"), copies(&batch));
            let produced = [Produced { topic: &output, records: &records }];
            match member.commit(batch.partition, batch.next, &produced) {
                Ok(()) => Seen::add(&seen.copied, records.len()),
                Err(Error::Fenced { .. }) => Seen::add(&seen.fenced, 1),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

/// Copies until the test says stop, and leaves.
fn work(log: &Kafka, seen: &Seen, stop: &AtomicBool) {
    let mut member = join(log);
    while !stop.load(Ordering::SeqCst) {
        step(&mut member, seen);
    }
    member.leave();
}

/// Tells the members of a test to stop, also if it fails: else it would wait for them for ever.
struct Stop<'a>(&'a [AtomicBool]);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|stop| stop.store(true, Ordering::SeqCst));
    }
}

/// Waits for something that the members bring about.
pub fn wait(what: &str, mut reached: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !reached() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// The oracle: each partition of the output is its input, in order, once.
fn check_copies(log: &Kafka) {
    for partition in 0..PARTITIONS {
        assert_eq!(texts(log, &topic("output"), partition), numbers(0..EACH), "partition {partition}");
    }
}

#[test]
fn three_members_come_and_go_and_everything_is_copied_once() {
    let Some(brokers) = broker() else { return };
    let config = settings(&brokers, &prefix("members"));
    let log = filled(&config);
    let (seen, total) = (Seen::default(), PARTITIONS * EACH);
    let stops: Vec<AtomicBool> = (0..4).map(|_| AtomicBool::new(false)).collect();
    // Each is its own process's worth of clients.
    let logs: Vec<Kafka> = (0..4).map(|_| opened(config.clone())).collect();
    let until = |part: u32| {
        wait("progress", || seen.copied.load(Ordering::SeqCst) >= total * part / 10);
    };
    let members = |count: u32| wait("members", || seen.assigned.load(Ordering::SeqCst) >= count);
    std::thread::scope(|scope| {
        let _all = Stop(&stops);
        let start = |i: usize| {
            let (log, seen, stop) = (&logs[i], &seen, &stops[i]);
            scope.spawn(move || work(log, seen, stop));
        };
        start(0);
        until(1);
        start(1);
        start(2);
        until(3);
        stops[0].store(true, Ordering::SeqCst);
        until(6);
        start(3);
        until(8);
        stops[1].store(true, Ordering::SeqCst);
        until(10);
        members(6);
    });
    let (assigned, revoked) = (seen.assigned.load(Ordering::SeqCst), seen.revoked.load(Ordering::SeqCst));
    assert!(assigned >= 6 && revoked >= 3, "{assigned} assignments and {revoked} revocations");
    assert_eq!(seen.copied.load(Ordering::SeqCst), total, "no commit that succeeded was for nothing");
    check_copies(&log);
    for partition in 0..PARTITIONS {
        let at = log.position(&topic("input"), Partition(partition), &outputs("group")).unwrap();
        assert_eq!(at, Offset(u64::from(EACH)));
    }
}

/// A member that holds a revocation back too long, as one whose machine was suspended: the group goes on
/// without it, and what it does then is refused.
#[test]
fn a_member_that_does_not_let_go_is_fenced() {
    let Some(brokers) = broker() else { return };
    let mut config = settings(&brokers, &prefix("zombie"));
    config.timeouts.revocation = Duration::from_secs(1);
    let log = filled(&config);
    let mut zombie = join(&log);
    let seen = Seen::default();
    let mut batch = None;
    wait("a batch", || {
        if let Some(Event::Batch(got)) = zombie.next(TICK).unwrap() {
            batch = Some(got);
        }
        batch.is_some()
    });
    let batch = batch.unwrap();
    let (other, stop) = (opened(config.clone()), [AtomicBool::new(false)]);
    std::thread::scope(|scope| {
        let all = Stop(&stop);
        scope.spawn(|| work(&other, &seen, &stop[0]));
        // Nobody asks the zombie for anything; half of the partitions go to the other all the same. When they do,
        // the rest is the zombie's to take, which it does not, until it wakes up.
        wait("the other's turn", || seen.assigned.load(Ordering::SeqCst) >= 1);
        let records = copies(&batch);
        let produced = [Produced { topic: &topic("output"), records: &records }];
        let fenced = zombie.commit(batch.partition, batch.next, &produced).unwrap_err();
        assert!(matches!(fenced, Error::Fenced { .. }), "{fenced}");
        assert_eq!(fenced.retry(), Retry::Resubscribe);
        // It is told why, and goes on with what the group gives it now.
        wait("everything", || {
            step(&mut zombie, &seen);
            seen.copied.load(Ordering::SeqCst) >= PARTITIONS * EACH
        });
        drop(all);
        zombie.leave();
    });
    check_copies(&log);
}

/// Set in a child process: the prefix that it works under.
const CHILD: &str = "QUELL_LOG_MEMBER";

#[test]
fn a_killed_member_is_replaced_within_the_session_timeout() {
    let Some(brokers) = broker() else { return };
    if let Ok(prefix) = env::var(CHILD) {
        let log = opened(settings(&brokers, &prefix));
        let mut member = join(&log);
        let seen = Seen::default();
        loop {
            step(&mut member, &seen);
            println_copied(seen.copied.load(Ordering::SeqCst));
        }
    }
    let config = settings(&brokers, &prefix("killed"));
    let log = filled(&config);
    let mut child = Killed::start(&config.prefix);
    child.wait_for(PARTITIONS * EACH / 10);
    drop(child);
    let killed = Instant::now();
    let before: usize = (0..PARTITIONS).map(|p| texts(&log, &topic("output"), p).len()).sum();
    assert!(before >= 200 && before < (PARTITIONS * EACH) as usize, "{before} copied when it was killed");
    let (mut member, seen) = (join(&log), Seen::default());
    wait("the first new record", || {
        step(&mut member, &seen);
        seen.copied.load(Ordering::SeqCst) > 0
    });
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(12), "taking over took {took:?}");
    let left = u32::try_from((PARTITIONS * EACH) as usize - before).unwrap();
    wait("everything", || {
        step(&mut member, &seen);
        seen.copied.load(Ordering::SeqCst) >= left
    });
    member.leave();
    check_copies(&log);
}

/// The parent listens; the test harness writes to the same output.
fn println_copied(count: u32) {
    use std::io::Write;
    let line = format!("@{count}\n");
    let mut out = std::io::stdout().lock();
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap();
}

/// A child that is killed without warning.
struct Killed(Child, BufReader<std::process::ChildStdout>);

impl Killed {
    fn start(prefix: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        let test = "members::a_killed_member_is_replaced_within_the_session_timeout";
        command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(CHILD, prefix);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self(child, said)
    }

    fn wait_for(&mut self, count: u32) {
        loop {
            let mut line = String::new();
            assert!(self.1.read_line(&mut line).unwrap() > 0, "the child failed by itself");
            let copied = line.trim().split_once('@').and_then(|(_, n)| n.parse::<u32>().ok());
            if copied.is_some_and(|n| n >= count) {
                return;
            }
        }
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
