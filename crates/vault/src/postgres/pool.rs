//! A few connections for many threads. None is made before it is needed, none is used by two threads at once,
//! and one that failed is never used again.

use super::config::PostgresConfig;
use super::failure::Failure;
use super::session::Session;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How often the same work is tried: once more on a fresh connection, and again where others were in the way.
const TRIES: usize = 4;

pub(super) struct Pool {
    config: PostgresConfig,
    lock_wait: Duration,
    sessions: Mutex<Sessions>,
    freed: Condvar,
}

#[derive(Default)]
struct Sessions {
    idle: Vec<Session>,
    /// Idle ones and those in use.
    open: usize,
}

impl Pool {
    pub(super) fn new(config: PostgresConfig, lock_wait: Duration) -> Self {
        Self { config, lock_wait, sessions: Mutex::default(), freed: Condvar::new() }
    }

    /// Does work that may be repeated: where the connection breaks, nobody knows whether it took effect, and it
    /// is done again on another.
    pub(super) fn repeat<T>(
        &self,
        mut work: impl FnMut(&mut Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut tried = 1;
        loop {
            match self.once(&mut work) {
                Err(failure) if failure.may_pass() && tried < TRIES => tried += 1,
                other => return other,
            }
        }
    }

    /// Does work once. A session that failed is dropped, which rolls back what it had begun.
    pub(super) fn once<T>(
        &self,
        work: impl FnOnce(&mut Session) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut lent = self.lend()?;
        let session = lent.session.as_mut().expect("a lent session is there until it is given back");
        let done = work(session);
        match &done {
            Ok(_) => lent.is_whole = true,
            // What broke one connection has most likely broken all.
            Err(Failure::Lost(_)) => self.drop_idle(),
            Err(_) => (),
        }
        done
    }

    fn lend(&self) -> Result<Lent<'_>, Failure> {
        let mut lent = Lent { session: self.idle_or_leave()?, is_whole: false, pool: self };
        if lent.session.is_none() {
            lent.session = Some(Session::open(&self.config, self.lock_wait)?);
        }
        Ok(lent)
    }

    /// An idle session, or leave to open one.
    fn idle_or_leave(&self) -> Result<Option<Session>, Failure> {
        let until = Instant::now() + self.config.connect_wait;
        let mut sessions = self.sessions();
        loop {
            if let Some(session) = sessions.idle.pop() {
                return Ok(Some(session));
            }
            if sessions.open < self.config.connections {
                sessions.open += 1;
                return Ok(None);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let busy = format!("all {} connections of this process are in use", self.config.connections);
                return Err(Failure::Silent(busy));
            }
            sessions = self.freed.wait_timeout(sessions, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn drop_idle(&self) {
        let mut sessions = self.sessions();
        let broken = std::mem::take(&mut sessions.idle);
        sessions.open -= broken.len();
        drop(sessions);
        self.freed.notify_all();
        drop(broken);
    }

    /// A panic elsewhere cannot leave the counts half changed.
    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A session, or the leave to open one. Goes back to the pool also after a panic, a whole session for further use.
struct Lent<'a> {
    pool: &'a Pool,
    session: Option<Session>,
    is_whole: bool,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut sessions = self.pool.sessions();
        match self.session.take().filter(|_| self.is_whole) {
            Some(session) => sessions.idle.push(session),
            None => sessions.open -= 1,
        }
        self.pool.freed.notify_one();
    }
}
