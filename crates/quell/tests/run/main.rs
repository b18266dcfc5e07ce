//! `quell run` from outside: the program on a free port of its own, spoken to over a plain socket.
//!
//! Nothing here waits for a time to pass: what has to happen is asked for until it has, within [`server::BOUND`].
#![cfg(unix)]

mod client;
mod server;

mod bodies;
mod durable;
mod limits;
mod process;
mod rounds;
