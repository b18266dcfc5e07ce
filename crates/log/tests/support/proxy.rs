//! A network that fails when a test says so: a TCP proxy on the loopback, between clients and one broker.
//!
//! A broker tells its clients where to come back to, so it must be started with the proxy's port as its own
//! (`broker.sh start --advertise PORT`); hence the proxy listens first and learns its target later.
//!
//! Faults hold for what is connected and for what connects, until the next call. Time passes here only as the
//! fault itself; whoever waits is woken by the call that ends it.

use socket2::SockRef;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bytes that are read at once, at most.
pub const CHUNK: usize = 16 * 1024;
/// Chunks of one connection and direction that are under way, at most: the link's own memory.
const UNDER_WAY: usize = 64;
/// How often a writer whose peer takes nothing looks whether its connection was cut.
const LOOK: Duration = Duration::from_millis(20);

/// One of the two ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Requests.
    ToBroker,
    /// Answers.
    ToClient,
}

/// What the network does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// Every connection is reset, at once and when it is made.
    Cut,
    /// Connections stay and are made, but nothing arrives this way, or either way.
    Held(Option<Way>),
    /// Everything arrives later by that much, both ways.
    Delayed(Duration),
    /// So many bytes a second, at most, on each connection and way.
    Throttled(u32),
}

/// What is, and how much has happened, so that a test sees whether its fault hit anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Connections that are forwarded now.
    pub open: usize,
    /// Connections that were forwarded.
    pub connections: u64,
    /// Connections that were reset, those that were refused included.
    pub resets: u64,
    /// Bytes handed to the broker.
    pub to_broker: u64,
    /// Bytes handed to clients.
    pub to_client: u64,
}

/// The proxy; it ends, and resets what it carries, when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    link: Arc<Link>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// On a free port. Until it knows a target, connections are reset.
    pub fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (address, link) = (listener.local_addr()?, Arc::new(Link::default()));
        let theirs = Arc::clone(&link);
        let accepting = Some(thread::spawn(move || accept(&listener, &theirs)));
        Ok(Self { address, link, accepting })
    }

    /// Where clients connect to.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Where new connections go to from now on.
    pub fn forward_to(&self, broker: SocketAddr) {
        self.link.lock().broker = Some(broker);
    }

    /// Resets all connections, and every new one. Returns when the last is gone.
    pub fn cut(&self) {
        self.link.reset(Some(Fault::Cut));
    }

    /// Resets all connections once; new ones are forwarded.
    pub fn reset(&self) {
        self.link.reset(None);
    }

    /// Nothing arrives any more, and nobody is told.
    pub fn half_open(&self) {
        self.link.set(Fault::Held(None));
    }

    /// Nothing arrives this way any more: with [`Way::ToClient`] requests are done and their answers lost.
    pub fn hold(&self, way: Way) {
        self.link.set(Fault::Held(Some(way)));
    }

    /// Everything arrives later by that much.
    pub fn delay(&self, by: Duration) {
        self.link.set(Fault::Delayed(by));
    }

    /// At most so many bytes a second on each connection, each way.
    pub fn throttle(&self, bytes_per_second: u32) {
        assert!(bytes_per_second > 0, "a link of no bytes a second is half open");
        self.link.set(Fault::Throttled(bytes_per_second));
    }

    /// The end of the fault. What was held arrives now.
    pub fn heal(&self) {
        self.link.set(Fault::None);
    }

    /// What is now, and how much has happened since the start.
    pub fn seen(&self) -> Seen {
        self.link.lock().seen
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.link.lock().ending = true;
        self.cut();
        // An accept that waits is woken by somebody who comes.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

/// What all threads share.
struct Link {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    broker: Option<SocketAddr>,
    fault: Fault,
    ending: bool,
    connections: Vec<Weak<Connection>>,
    seen: Seen,
}

impl Default for Link {
    fn default() -> Self {
        let state = State {
            broker: None,
            fault: Fault::None,
            ending: false,
            connections: Vec::new(),
            seen: Seen::default(),
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl Link {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, fault: Fault) {
        self.lock().fault = fault;
        self.changed.notify_all();
    }

    fn reset(&self, from_now: Option<Fault>) {
        let cut = self.cut_all(from_now);
        self.changed.notify_all();
        // Not under the lock: the last to let go of a connection takes it to say so.
        drop(cut);
        let mut state = self.lock();
        while state.seen.open > 0 {
            state = self.wait(state, None);
        }
    }

    /// All under one lock: what is held must not slip out when the fault changes, and nobody may look, be not yet
    /// waiting, and miss it.
    fn cut_all(&self, from_now: Option<Fault>) -> Vec<Arc<Connection>> {
        let mut state = self.lock();
        state.fault = from_now.unwrap_or(state.fault);
        let connections: Vec<_> = state.connections.drain(..).filter_map(|c| c.upgrade()).collect();
        state.seen.resets += connections.len() as u64;
        connections.iter().for_each(|c| c.cut());
        connections
    }

    /// Waits until what came at `since` may arrive: no sooner than the delay, and not while it is held.
    fn pass(&self, connection: &Connection, way: Way, since: Instant) -> Result<Option<u32>, Gone> {
        let mut state = self.lock();
        loop {
            connection.check()?;
            let wait = match state.fault {
                Fault::Held(which) if which.is_none_or(|w| w == way) => None,
                Fault::Delayed(by) => match by.checked_sub(since.elapsed()) {
                    Some(left) if !left.is_zero() => Some(left),
                    _ => return Ok(None),
                },
                Fault::Throttled(rate) => return Ok(Some(rate)),
                _ => return Ok(None),
            };
            state = self.wait(state, wait);
        }
    }

    /// As long as that, or until something changes.
    fn pause(&self, connection: &Connection, until: Instant) -> Result<(), Gone> {
        let mut state = self.lock();
        let fault = state.fault;
        while state.fault == fault {
            connection.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.wait(state, Some(left));
        }
        Ok(())
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, longest: Option<Duration>) -> MutexGuard<'a, State> {
        match longest {
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(left) => self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
        }
    }

    fn count(&self, way: Way, change: impl Fn(u64) -> u64) {
        let seen = &mut self.lock().seen;
        let bytes = match way {
            Way::ToBroker => &mut seen.to_broker,
            Way::ToClient => &mut seen.to_client,
        };
        *bytes = change(*bytes);
    }
}

/// The connection was cut: its threads end.
struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// A client's connection and ours to the broker. The sockets close when the last of its threads lets go, and only
/// then is it counted as gone; the fields are dropped in this order.
struct Connection {
    client: TcpStream,
    broker: TcpStream,
    cut: AtomicBool,
    alive: Alive,
}

/// Counts a connection while it lives.
struct Alive(Arc<Link>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.lock().seen.open -= 1;
        self.0.changed.notify_all();
    }
}

impl Connection {
    fn check(&self) -> Result<(), Gone> {
        if self.cut.load(Ordering::SeqCst) { Err(Gone) } else { Ok(()) }
    }

    /// From now on closing resets; whoever reads is woken, without the peer being told.
    fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
        for socket in [&self.client, &self.broker] {
            reset_on_close(socket);
            let _ = socket.shutdown(Shutdown::Read);
        }
    }

    fn ends(&self, way: Way) -> (&TcpStream, &TcpStream) {
        match way {
            Way::ToBroker => (&self.client, &self.broker),
            Way::ToClient => (&self.broker, &self.client),
        }
    }
}

fn reset_on_close(socket: &TcpStream) {
    let _ = SockRef::from(socket).set_linger(Some(Duration::ZERO));
}

fn accept(listener: &TcpListener, link: &Arc<Link>) {
    for client in listener.incoming() {
        if link.lock().ending {
            return;
        }
        let Ok(client) = client else { continue };
        if let Some(refused) = connect(client, link) {
            reset_on_close(&refused);
            link.lock().seen.resets += 1;
        }
    }
}

/// Takes the connection, or gives it back.
fn connect(client: TcpStream, link: &Arc<Link>) -> Option<TcpStream> {
    let state = link.lock();
    let Some(broker) = state.broker.filter(|_| state.fault != Fault::Cut) else { return Some(client) };
    drop(state);
    let Ok(broker) = TcpStream::connect(broker) else { return Some(client) };
    let prepared = prepare(&client).and_then(|()| prepare(&broker));
    if prepared.is_ok() { carry(client, broker, link) } else { Some(client) }
}

/// No waiting for more to send: what delays here is what the test asked for.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(LOOK))
}

/// Once more under the lock: a cut that came meanwhile would not have seen it.
fn carry(client: TcpStream, broker: TcpStream, link: &Arc<Link>) -> Option<TcpStream> {
    let mut state = link.lock();
    if state.fault == Fault::Cut {
        return Some(client);
    }
    let alive = Alive(Arc::clone(link));
    let connection = Arc::new(Connection { client, broker, cut: AtomicBool::new(false), alive });
    state.seen.open += 1;
    state.seen.connections += 1;
    state.connections.retain(|c| c.strong_count() > 0);
    state.connections.push(Arc::downgrade(&connection));
    drop(state);
    for way in [Way::ToBroker, Way::ToClient] {
        let (chunks, arriving) = sync_channel(UNDER_WAY);
        let reader = Arc::clone(&connection);
        thread::spawn(move || read(&reader, way, &chunks));
        let writer = Arc::clone(&connection);
        thread::spawn(move || drop(write(&writer, way, &arriving)));
    }
    None
}

/// An empty chunk is the peer's end of the connection.
type Chunk = (Instant, Vec<u8>);

fn read(connection: &Connection, way: Way, chunks: &SyncSender<Chunk>) {
    let (mut from, _) = connection.ends(way);
    let mut buffer = vec![0; CHUNK];
    loop {
        // A peer's reset ends it like a close: the test hears of the resets that it asked for.
        let count = from.read(&mut buffer).unwrap_or(0);
        let chunk = (Instant::now(), buffer[..count].to_vec());
        if chunks.send(chunk).is_err() || count == 0 {
            return;
        }
    }
}

fn write(connection: &Connection, way: Way, chunks: &Receiver<Chunk>) -> Result<(), Gone> {
    let (_, to) = connection.ends(way);
    let link = &connection.alive.0;
    while let Ok((since, chunk)) = chunks.recv() {
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            rest = write_some(connection, way, since, rest)?;
        }
        if chunk.is_empty() {
            link.pass(connection, way, since)?;
            to.shutdown(Shutdown::Write)?;
        }
    }
    Ok(())
}

/// Writes what may go now, and returns what is left.
fn write_some<'a>(
    connection: &Connection,
    way: Way,
    since: Instant,
    bytes: &'a [u8],
) -> Result<&'a [u8], Gone> {
    /// Of a throttled link's second: small enough that it flows, large enough that it is not all waiting.
    const SLICES: u32 = 20;
    let (link, (_, mut to)) = (&connection.alive.0, connection.ends(way));
    let rate = link.pass(connection, way, since)?;
    let slice = rate.map_or(bytes.len(), |r| bytes.len().min((r / SLICES).max(1) as usize));
    // Before the peer can have it, so that who has received something finds it counted.
    link.count(way, |seen| seen + slice as u64);
    let count = match to.write(&bytes[..slice]) {
        Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => 0,
        count => count?,
    };
    link.count(way, |seen| seen - (slice - count) as u64);
    if let Some(rate) = rate {
        let takes = Duration::from_secs_f64(count as f64 / f64::from(rate));
        link.pause(connection, Instant::now() + takes)?;
    }
    Ok(&bytes[count..])
}
