//! Whether the process is ready: what each service last said of itself. Held for a few instructions at a time,
//! never across a wait.

use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Part of the work that can fail by itself and be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Events are made durable.
    Append,
    /// The log is folded into the lake.
    Fold,
    /// Tables are published.
    Publish,
    /// Epochs that are kept, but not served, are folded on.
    Epochs,
    /// What is new in the log is archived, where that is configured.
    Archive,
    /// Old cuts are removed.
    Prune,
    /// The state is saved at the end.
    Save,
    /// The log's ends are looked at, for the metrics.
    Watch,
}

impl Job {
    /// Every job.
    pub const ALL: &'static [Self] = &[
        Self::Append,
        Self::Fold,
        Self::Publish,
        Self::Epochs,
        Self::Archive,
        Self::Prune,
        Self::Save,
        Self::Watch,
    ];

    /// Its word in metrics and in what is said of readiness.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Fold => "fold",
            Self::Publish => "publish",
            Self::Epochs => "epochs",
            Self::Archive => "archive",
            Self::Prune => "prune",
            Self::Save => "save",
            Self::Watch => "watch",
        }
    }
}

/// Why the process is not ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// What lay in the log at the start is not yet folded.
    CatchingUp,
    /// It is about to end.
    Draining,
    /// A job fails, and is tried again.
    Failing {
        /// The job.
        job: Job,
        /// What went wrong last. Never personal data, as no error has any.
        message: String,
    },
}

/// Whether the process is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// Why not; nothing = it is.
    pub because: Vec<Why>,
}

/// What each service last said of itself.
#[derive(Debug, Default)]
pub struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    caught_up: bool,
    draining: bool,
    failing: Vec<(Job, String)>,
}

impl Health {
    /// All that lay in the log at the start is folded.
    pub fn caught_up(&self) {
        self.state().caught_up = true;
    }

    /// The process is about to end.
    pub fn draining(&self) {
        self.state().draining = true;
    }

    /// A job went well.
    pub fn works(&self, job: Job) {
        self.state().failing.retain(|(failing, _)| *failing != job);
    }

    /// A job failed and will be tried again. Nobody waits for old cuts to go, for epochs that are not served, or for the
    /// archive: these are counted and told, and whoever is served is served.
    pub fn fails(&self, job: Job, message: String) {
        let mut state = self.state();
        state.failing.retain(|(failing, _)| *failing != job);
        if !matches!(job, Job::Prune | Job::Epochs | Job::Archive) {
            state.failing.push((job, message));
        }
    }

    /// Whether the process is ready.
    pub fn readiness(&self) -> Readiness {
        let state = self.state();
        let mut because = Vec::new();
        because.extend(state.draining.then_some(Why::Draining));
        because.extend((!state.caught_up).then_some(Why::CatchingUp));
        because.extend(
            state.failing.iter().map(|(job, message)| Why::Failing { job: *job, message: message.clone() }),
        );
        Readiness { because }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment, so a panic elsewhere leaves the state whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Readiness {
    /// The answer of `/readyz`.
    pub fn to_json(&self) -> Value {
        let why = |why: &Why| match why {
            Why::CatchingUp => json!({ "state": "catching_up" }),
            Why::Draining => json!({ "state": "draining" }),
            Why::Failing { job, message } => {
                json!({ "state": "failing", "job": job.word(), "message": message })
            }
        };
        json!({ "ready": self.because.is_empty(), "because": self.because.iter().map(why).collect::<Vec<_>>() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_once_caught_up_and_while_nothing_fails() {
        let health = Health::default();
        let ready = |health: &Health| health.readiness().because.is_empty();
        assert_eq!(health.readiness().because, [Why::CatchingUp]);
        health.caught_up();
        assert!(ready(&health));
        health.fails(Job::Publish, "one".into());
        health.fails(Job::Publish, "two".into());
        health.fails(Job::Append, "three".into());
        let failing = |job, message: &str| Why::Failing { job, message: message.into() };
        assert_eq!(health.readiness().because, [failing(Job::Publish, "two"), failing(Job::Append, "three")]);
        health.fails(Job::Prune, "four".into());
        health.works(Job::Publish);
        assert!(!ready(&health));
        health.works(Job::Append);
        assert!(ready(&health));
        health.draining();
        assert_eq!(health.readiness().because, [Why::Draining]);
        assert_eq!(
            health.readiness().to_json().to_string(),
            r#"{"ready":false,"because":[{"state":"draining"}]}"#
        );
    }
}
