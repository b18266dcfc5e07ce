//! What the tests on a real broker stand on is tested, too: without a broker, and on every machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod proxy;

use proxy::{Proxy, Way};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Says everything back, to everybody, until the test ends.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || std::io::copy(&mut &stream, &mut &stream));
        }
    });
    address
}

fn proxy() -> Proxy {
    let proxy = Proxy::listen().unwrap();
    proxy.forward_to(echo());
    proxy
}

/// Nothing here takes long unless it is broken, and then the test ends.
fn client(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", proxy.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

fn answer(mut stream: &TcpStream, bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut answer = vec![0; bytes];
    stream.read_exact(&mut answer).map(|()| answer)
}

fn say(mut stream: &TcpStream, bytes: &[u8]) -> Vec<u8> {
    stream.write_all(bytes).unwrap();
    answer(stream, bytes.len()).unwrap()
}

/// Does nothing arrive? The longer this waits, the surer; it never fails by chance.
fn is_silent(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let silent = matches!(answer(stream, 1), Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    silent
}

fn is_reset(stream: &TcpStream) -> bool {
    matches!(answer(stream, 1), Err(e) if e.kind() == ErrorKind::ConnectionReset)
}

/// The kernel completes a connection before the proxy sees it, so that a refusal comes with its first use.
fn is_refused(proxy: &Proxy) -> bool {
    match TcpStream::connect(("127.0.0.1", proxy.port())) {
        Ok(stream) => {
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            is_reset(&stream)
        }
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn it_carries_every_byte_both_ways() {
    let (proxy, bytes) = (proxy(), (0..=255).cycle().take(1 << 20).collect::<Vec<u8>>());
    let stream = client(&proxy);
    let mut writing = stream.try_clone().unwrap();
    let sent = bytes.clone();
    let writer = thread::spawn(move || writing.write_all(&sent).unwrap());
    assert!(answer(&stream, bytes.len()).unwrap() == bytes);
    writer.join().unwrap();
    let seen = proxy.seen();
    assert_eq!((seen.connections, seen.resets), (1, 0));
    assert_eq!((seen.to_broker, seen.to_client), (1 << 20, 1 << 20));
}

#[test]
fn the_end_of_a_connection_is_carried() {
    let proxy = proxy();
    let mut stream = client(&proxy);
    stream.write_all(b"last").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    assert_eq!(all, b"last");
}

#[test]
fn a_cut_resets_what_is_connected_and_what_connects_until_it_is_healed() {
    let proxy = proxy();
    let (one, two) = (client(&proxy), client(&proxy));
    assert_eq!((say(&one, b"1"), say(&two, b"2")), (b"1".to_vec(), b"2".to_vec()));
    assert_eq!(proxy.seen().open, 2);
    proxy.cut();
    assert_eq!(proxy.seen().open, 0, "the last is gone when a cut returns");
    assert!(is_reset(&one) && is_reset(&two) && is_refused(&proxy));
    proxy.heal();
    assert_eq!(say(&client(&proxy), b"3"), b"3");
    assert_eq!((proxy.seen().connections, proxy.seen().resets), (3, 3));
}

#[test]
fn a_reset_hits_what_is_connected_only() {
    let proxy = proxy();
    let stream = client(&proxy);
    say(&stream, b"1");
    proxy.reset();
    assert!(is_reset(&stream));
    assert_eq!(say(&client(&proxy), b"2"), b"2");
}

#[test]
fn a_half_open_link_tells_nobody_and_loses_nothing() {
    let proxy = proxy();
    let mut old = client(&proxy);
    say(&old, b"1");
    proxy.half_open();
    let mut new = client(&proxy);
    old.write_all(b"2").unwrap();
    new.write_all(b"3").unwrap();
    assert!(is_silent(&old) && is_silent(&new));
    assert_eq!(proxy.seen().to_broker, 1);
    proxy.heal();
    assert_eq!((answer(&old, 1).unwrap(), answer(&new, 1).unwrap()), (b"2".to_vec(), b"3".to_vec()));
}

#[test]
fn answers_alone_can_be_held() {
    let proxy = proxy();
    let mut stream = client(&proxy);
    say(&stream, b"1");
    proxy.hold(Way::ToClient);
    stream.write_all(b"2").unwrap();
    assert!(is_silent(&stream));
    assert_eq!((proxy.seen().to_broker, proxy.seen().to_client), (2, 1));
    proxy.cut();
    assert!(is_reset(&stream), "a held answer is lost with its connection");
}

#[test]
fn a_delay_holds_each_way_and_is_no_limit_on_the_rate() {
    let (proxy, by, reads) = (proxy(), Duration::from_millis(200), 40);
    let stream = client(&proxy);
    say(&stream, b"1");
    proxy.delay(by);
    let begun = Instant::now();
    let mut writing = stream.try_clone().unwrap();
    let writer = thread::spawn(move || writing.write_all(&vec![5; reads * proxy::CHUNK]).unwrap());
    answer(&stream, reads * proxy::CHUNK).unwrap();
    writer.join().unwrap();
    assert!(begun.elapsed() >= by * 2);
    assert!(begun.elapsed() < by * 40, "what is under way waits together, not one after the other");
}

#[test]
fn a_throttled_link_carries_no_more_than_its_rate() {
    let proxy = proxy();
    let stream = client(&proxy);
    say(&stream, b"1");
    proxy.throttle(20_000);
    let begun = Instant::now();
    assert_eq!(say(&stream, &[7; 4_000]), [7; 4_000]);
    // A fifth of a second, less the last slice, after which nobody waits.
    assert!(begun.elapsed() >= Duration::from_millis(140));
}

#[test]
fn a_link_that_is_slow_is_cut_and_healed_at_once() {
    let proxy = proxy();
    let mut stream = client(&proxy);
    say(&stream, b"1");
    proxy.delay(Duration::from_secs(3_600));
    stream.write_all(b"2").unwrap();
    assert!(is_silent(&stream));
    proxy.heal();
    assert_eq!(answer(&stream, 1).unwrap(), b"2");
    proxy.throttle(1);
    stream.write_all(&[9; 1_000]).unwrap();
    proxy.cut();
    assert!(is_reset(&stream));
}

#[test]
fn a_peer_that_reads_nothing_does_not_keep_a_cut_waiting() {
    let proxy = proxy();
    let stream = client(&proxy);
    say(&stream, b"1");
    stream.set_nonblocking(true).unwrap();
    // Until all buffers between here and the echo and back are full.
    let mut writing = &stream;
    let mut full = 0;
    while full < 50 {
        match writing.write(&[1; 1 << 16]) {
            Ok(_) => full = 0,
            Err(_) => full += 1,
        }
        thread::yield_now();
    }
    proxy.cut();
    assert_eq!(proxy.seen().resets, 1);
}

#[test]
fn without_a_broker_connections_are_reset() {
    let proxy = Proxy::listen().unwrap();
    assert!(is_refused(&proxy));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    proxy.forward_to(nobody);
    assert!(is_refused(&proxy));
    assert_eq!(proxy.seen().connections, 0);
}

#[test]
fn its_port_is_free_when_it_is_dropped() {
    let proxy = proxy();
    let (stream, port) = (client(&proxy), proxy.port());
    say(&stream, b"1");
    drop(proxy);
    assert!(is_reset(&stream));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}
