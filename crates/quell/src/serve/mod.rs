//! `quell run`: contacts by HTTP, made durable, folded and published, in one process.
//!
//! ```text
//! connections ─▶ service: route · read · cut · map ─▶ appender (one thread): vault, log ─▶ answers
//!   async, bounded                                       ▲ one synced write for all that wait
//! log ─▶ folder (one thread): a round = fold, publish; every so often ─▶ lake, tables
//! ```
//!
//! Three threads of work beside the runtime's: whatever blocks (vault, SQLite, DataFusion) is on the appender, the
//! folder, or a blocking thread, never on an async one. Every queue has a bound. Nothing here is a rule of the
//! business: an event goes the way that the line of an imported file goes.

mod answer;
mod appender;
mod broken;
mod crew;
mod folder;
mod health;
mod http;
mod metrics;
mod publisher;
mod rate;
mod rounds;
mod route;
mod schedule;
mod service;
mod shutdown;
mod stall;
mod told;

use crate::instance::Instance;
use crate::output::say;
use crate::pipeline::Share;
use anyhow::{Context as _, Result, anyhow, bail};
use appender::{Appender, Submission};
use codec::mapping::Mapping;
use crew::Crew;
use folder::Folder;
use health::Health;
use metrics::Metrics;
use publisher::Publisher;
use report::Lang;
use rounds::Drain;
use service::{Parts, Service};
use shutdown::{Act, Ending, Event, Phase, Shutdown};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;
use tokio::net::TcpListener as AsyncListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use told::Told;

/// The mapping of the interface, as `quell import` would read it.
const MAPPING: &str = include_str!("../../../../deploy/mappings/http.toml");

/// The source that everything posted here belongs to, until keys name others.
const SOURCE: &str = "http";

/// Threads of the runtime: they move bytes and answer; the work is done elsewhere.
const ASYNC_THREADS: usize = 2;

/// What an event of a request means.
static CANONICAL: LazyLock<Arc<Mapping>> = LazyLock::new(|| {
    let mapping = Mapping::parse(MAPPING, "http.toml");
    Arc::new(mapping.unwrap_or_else(|mistakes| panic!("the mapping of the interface is valid: {mistakes:?}")))
});

/// Listens to an address; port 0 = any free one.
pub fn listen(address: SocketAddr) -> Result<TcpListener> {
    let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
        std::io::ErrorKind::AddrInUse => {
            anyhow!(
                "cannot listen on {address}: another program listens there; expected a free address and port"
            )
        }
        _ => anyhow!("cannot listen on {address}: {error}"),
    })?;
    listener.set_nonblocking(true).with_context(|| format!("cannot listen on {address}"))?;
    Ok(listener)
}

/// What a process does. Several of them, and several of each, share the work where `fold.spread` is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Run,
    /// Contacts by HTTP, made durable.
    Ingest,
    /// A share of the partitions of facts.
    Assemble,
    /// A share of the shards of customers.
    Judge,
    /// Commits to the lake, and its tables.
    Lake,
    /// Answers from the tables.
    Serve,
}

impl Role {
    const fn takes_contacts(self) -> bool {
        matches!(self, Self::Run | Self::Ingest)
    }

    /// Its shares of a shared fold.
    fn shares(self) -> Vec<Share> {
        match self {
            Self::Run => vec![Share::Assemble, Share::Judge, Share::Lake],
            Self::Assemble => vec![Share::Assemble],
            Self::Judge => vec![Share::Judge],
            Self::Lake => vec![Share::Lake],
            Self::Ingest | Self::Serve => Vec::new(),
        }
    }
}

/// Runs the services of a role until a signal ends them; returns when everything is answered, folded, published and saved.
pub fn run(instance: Instance, listener: TcpListener, lang: Lang, role: Role) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(ASYNC_THREADS)
        .max_blocking_threads(instance.config.threads.get().max(2))
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ending = runtime.block_on(services(Arc::new(instance), listener, lang, role));
    // What still runs is late or broken, and nothing waits for it: the process is about to end.
    runtime.shutdown_background();
    match ending? {
        Ending::Drained => {
            say(&report::notice::drained(lang));
            Ok(())
        }
        Ending::FoldFailed => {
            bail!(
                "the last round failed, as said above: nothing is lost, run again to fold and publish the rest"
            )
        }
        Ending::Late(phase) => {
            bail!("ended before everything was done, still {}: nothing acknowledged is lost", phase.words())
        }
        Ending::Interrupted => bail!("ended at once, as asked: nothing acknowledged is lost"),
        Ending::Broken => {
            bail!(
                "the disk could not make a write durable: nothing acknowledged is lost, see to it and run again"
            )
        }
    }
}

/// Starts the services and handles what happens, one event at a time, to the end.
async fn services(instance: Arc<Instance>, listener: TcpListener, lang: Lang, role: Role) -> Result<Ending> {
    let drain = instance.config.serving.drain;
    let mut running = Running::start(instance, listener, lang, role)?;
    let mut shutdown = Shutdown::default();
    loop {
        let event = running.next().await;
        match shutdown.apply(event) {
            Act::StopTaking => {
                say(&report::notice::draining(lang));
                running.stop_taking(drain);
            }
            Act::StopKeeping => running.stop_keeping(),
            Act::FoldLast => running.fold_last(),
            Act::End(ending) => return Ok(ending),
        }
    }
}

/// The services and what they say.
struct Running {
    signals: Signals,
    health: Arc<Health>,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    /// Kept until no request can come any more: the appender ends when nobody can submit.
    service: Option<Arc<Service>>,
    /// In a process that takes no contacts, in the service's place: an appender that ends unasked counts as broken.
    nobody_submits: Option<mpsc::Sender<Submission>>,
    kept: oneshot::Receiver<()>,
    drain: SyncSender<Drain>,
    folded: oneshot::Receiver<bool>,
    broken: mpsc::Receiver<()>,
    /// When the end has to be over.
    deadline: Option<Instant>,
    waiting_for: Phase,
}

impl Running {
    fn start(instance: Arc<Instance>, listener: TcpListener, lang: Lang, role: Role) -> Result<Self> {
        let serving = instance.config.serving.clone();
        let (health, metrics) = (Arc::new(Health::default()), Arc::new(Metrics::new()));
        let signals = Signals::new()?;
        let (broken, is_broken) = mpsc::channel(1);
        let (submit, submitted) = mpsc::channel(serving.http.requests);
        let told = Told {
            instance: Arc::clone(&instance),
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
            broken,
        };
        let appender =
            Appender { instance: Arc::clone(&instance), mapping: Arc::clone(&CANONICAL), told: told.clone() };
        let kept = on_a_thread("appender", move || appender.run(submitted))?;
        let (drain, drains) = sync_channel(1);
        let folded = fold(&instance, told, role, drains)?;
        let (submit, nobody_submits) =
            if role.takes_contacts() { (Some(submit), None) } else { (None, Some(submit)) };
        let service = Arc::new(Service::new(Parts {
            instance: Arc::clone(&instance),
            lang,
            mapping: Arc::clone(&CANONICAL),
            limits: serving.http.clone(),
            record_bytes: instance.config.record_bytes_max,
            metrics: Arc::clone(&metrics),
            health: Arc::clone(&health),
            appender: submit,
        }));
        let address = listener.local_addr().context("cannot tell the address that is listened to")?;
        let listener = AsyncListener::from_std(listener).context("cannot listen")?;
        let (stop, stopped) = watch::channel(false);
        let serve = http::serve(listener, Arc::clone(&service), metrics, serving.http, stopped);
        let http = tokio::spawn(serve);
        let folder = instance.home.root().display().to_string();
        say(&report::notice::listening(lang, &address.to_string(), &folder));
        Ok(Self {
            signals,
            health,
            stop,
            http,
            service: Some(service),
            nobody_submits,
            kept,
            drain,
            folded,
            broken: is_broken,
            deadline: None,
            waiting_for: Phase::Serving,
        })
    }

    /// What happens next. A part that has ended is looked at only while it is waited for, since its end is told
    /// once.
    async fn next(&mut self) -> Event {
        let phase = self.waiting_for;
        let deadline = self.deadline;
        let overdue = async {
            match deadline {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.signals.next() => Event::Signal,
            Some(()) = self.broken.recv() => Event::Broken,
            _ = &mut self.http, if matches!(phase, Phase::Serving | Phase::Answering) => Event::Answered,
            _ = &mut self.kept, if phase != Phase::Folding => Event::Kept,
            done = &mut self.folded => Event::Folded { done: done.unwrap_or(false) },
            () = overdue => Event::Overdue,
        }
    }

    fn stop_taking(&mut self, drain: Duration) {
        self.health.draining();
        self.deadline = Some(Instant::now() + drain);
        self.waiting_for = Phase::Answering;
        // Nobody listens where the connections have ended already.
        let _ = self.stop.send(true);
    }

    fn stop_keeping(&mut self) {
        self.waiting_for = Phase::Keeping;
        self.service = None;
        self.nobody_submits = None;
    }

    fn fold_last(&mut self) {
        self.waiting_for = Phase::Folding;
        // Without a receiver the folder has ended, which is told by itself.
        let _ = self.drain.try_send(Drain);
    }
}

/// Starts what folds in this role; whether its last round did what it should is told when it ends.
fn fold(
    instance: &Arc<Instance>,
    told: Told,
    role: Role,
    drains: Receiver<Drain>,
) -> Result<oneshot::Receiver<bool>> {
    let instance = Arc::clone(instance);
    if !instance.config.spread && role == Role::Run {
        let folder = Folder { instance, told };
        return on_a_thread("folder", move || folder.run(&drains));
    }
    let shares = role.shares();
    if shares.is_empty() {
        told.health.caught_up();
        return on_a_thread("folder", move || matches!(drains.recv(), Ok(Drain) | Err(_)));
    }
    let leads = Arc::new(AtomicBool::new(false));
    let publisher =
        Publisher { instance: Arc::clone(&instance), told: told.clone(), leads: Arc::clone(&leads) };
    let crew = Crew { instance, shares, told, leads };
    on_a_thread("crew", move || {
        let (publish_last, publishes_last) = sync_channel(1);
        let publishing = thread::spawn(move || publisher.run(&publishes_last));
        let saved = crew.run(&drains);
        // The last publication comes after the last commit. Without a receiver it has ended already.
        let _ = publish_last.try_send(Drain);
        publishing.join().unwrap_or(false) & saved
    })
}

/// Runs work on a thread of its own and says what it came to.
fn on_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<oneshot::Receiver<T>> {
    let (done, is_done) = oneshot::channel();
    let named = thread::Builder::new().name(name.to_owned());
    let started = named.spawn(move || {
        // Nobody waits for it where the process ends before.
        let _ = done.send(work());
    });
    started.with_context(|| format!("cannot start the thread {name}"))?;
    Ok(is_done)
}

/// What asks the process to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let of = |kind| signal(kind).context("cannot wait for signals");
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    /// The next one.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mapping_is_valid_and_its_source_is_the_one_of_the_metrics() {
        assert_eq!((CANONICAL.system(), CANONICAL.fact()), (SOURCE, "ContactRecorded"));
        assert!(CANONICAL.collector(1).is_none(), "an event is answered by itself, so none waits for others");
    }

    #[test]
    fn every_field_and_every_metric_is_documented() {
        let documented = include_str!("../../../../docs/http.md");
        for field in CANONICAL.columns().names() {
            let name = field.rsplit('.').next().expect("a last part");
            assert!(
                documented.contains(&format!("`{name}`")) || documented.contains(&format!("\"{name}\"")),
                "{field}"
            );
        }
        for metric in metrics::ALL {
            assert!(documented.contains(&format!("`{}`", metric.name)), "{}", metric.name);
        }
    }
}
