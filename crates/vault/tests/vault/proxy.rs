//! A network between a vault and its server that counts what passes and breaks at any byte.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

/// Listens on this machine and hands everything on, both ways.
pub struct Proxy {
    pub port: u16,
    wire: Arc<Wire>,
}

#[derive(Default)]
struct Wire {
    /// Answers that the server finished: round trips.
    answers: AtomicUsize,
    /// Which way breaks after how many more bytes.
    cut: Mutex<Option<(Way, usize)>>,
    has_cut: AtomicBool,
    connections: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Asking,
    Answering,
}

impl Proxy {
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let wire = Arc::new(Wire::default());
        let proxy = Self { port, wire: Arc::clone(&wire) };
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, wire) = (client.unwrap(), Arc::clone(&wire));
                let Ok(server) = TcpStream::connect(server) else { continue };
                wire.connect(client, server);
            }
        });
        proxy
    }

    /// Finished answers since the last look.
    pub fn round_trips(&self) -> usize {
        self.wire.answers.swap(0, SeqCst)
    }

    /// Connections ever made.
    pub fn connections(&self) -> usize {
        self.wire.connections.load(SeqCst)
    }

    /// Breaks the connection that carries the byte after so many on this way, once.
    pub fn cut(&self, way: Way, after: usize) {
        self.wire.has_cut.store(false, SeqCst);
        *self.wire.cut.lock().unwrap() = Some((way, after));
    }

    /// Whether the break has come; it comes no more.
    pub fn has_cut(&self) -> bool {
        *self.wire.cut.lock().unwrap() = None;
        self.wire.has_cut.load(SeqCst)
    }
}

impl Wire {
    fn connect(self: Arc<Self>, client: TcpStream, server: TcpStream) {
        self.connections.fetch_add(1, SeqCst);
        for stream in [&client, &server] {
            stream.set_nodelay(true).unwrap();
        }
        let asking = (client.try_clone().unwrap(), server.try_clone().unwrap());
        let wire = Arc::clone(&self);
        thread::spawn(move || wire.carry(Way::Asking, asking.0, asking.1));
        thread::spawn(move || self.carry(Way::Answering, server, client));
    }

    fn carry(&self, way: Way, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 1 << 16];
        let mut frames = Frames::default();
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            let allowed = self.allowed(way, read);
            if way == Way::Answering {
                self.answers.fetch_add(frames.finished(&buffer[..allowed]), SeqCst);
            }
            if to.write_all(&buffer[..allowed]).is_err() || allowed < read {
                break;
            }
        }
        let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    }

    fn allowed(&self, way: Way, bytes: usize) -> usize {
        let mut cut = self.cut.lock().unwrap();
        match &mut *cut {
            Some((cut_way, left)) if *cut_way == way && *left < bytes => {
                let allowed = *left;
                *cut = None;
                self.has_cut.store(true, SeqCst);
                allowed
            }
            Some((cut_way, left)) if *cut_way == way => {
                *left -= bytes;
                bytes
            }
            _ => bytes,
        }
    }
}

/// Messages of the server: a letter, and a length that counts itself. `Z` ends an answer.
#[derive(Default)]
struct Frames {
    head: Vec<u8>,
    body_left: usize,
}

impl Frames {
    fn finished(&mut self, mut bytes: &[u8]) -> usize {
        let mut finished = 0;
        while !bytes.is_empty() {
            let body = self.body_left.min(bytes.len());
            self.body_left -= body;
            bytes = &bytes[body..];
            let head = (5 - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..head]);
            bytes = &bytes[head..];
            if let [letter, a, b, c, d] = self.head[..] {
                finished += usize::from(letter == b'Z');
                self.body_left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap() - 4;
                self.head.clear();
            }
        }
        finished
    }
}
