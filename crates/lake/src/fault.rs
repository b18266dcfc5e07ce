//! A store that fails, crashes and tears on purpose, for tests. It never does so by chance: the same number
//! gives the same fault.

use crate::store::{Entry, Store, StoreError, StoreFile};
use domain::Instant;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happens at the chosen operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing and reports an error; later ones work.
    Error,
    /// It is done, yet reports an error; later ones work.
    LostReply,
    /// The process ends before it: nothing works any more.
    CrashBefore,
    /// The process ends right after it.
    CrashAfter,
    /// The machine ends before it, and names that were not settled vanish.
    PowerLoss,
    /// The machine ends in it, and a disk that lied keeps only this share of the object, in thousandths.
    /// Operations that write no content crash before.
    Torn(u16),
}

impl Fault {
    /// One of every kind.
    pub const ALL: &'static [Self] = &[
        Self::Error,
        Self::LostReply,
        Self::CrashBefore,
        Self::CrashAfter,
        Self::PowerLoss,
        Self::Torn(600),
    ];
}

/// Wraps a store and lets one of its operations go wrong. Operations are counted from 0, reading ones too;
/// a streamed object counts when it is created and when it is finished.
pub struct FaultStore<S>(Arc<Shared<S>>);

struct Shared<S> {
    inner: S,
    plan: Option<(u64, Fault)>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    operations: u64,
    crashed: bool,
    unsettled: Vec<String>,
}

/// How an operation is to be done.
enum Way {
    Plain,
    ThenError,
    ThenCrash,
    Torn(u16),
}

impl<S: Store> FaultStore<S> {
    /// Counts operations and lets them all pass.
    pub fn counting(inner: S) -> Self {
        Self(Arc::new(Shared { inner, plan: None, state: Mutex::default() }))
    }

    /// Lets operation `at` go wrong.
    pub fn new(inner: S, at: u64, fault: Fault) -> Self {
        Self(Arc::new(Shared { inner, plan: Some((at, fault)), state: Mutex::default() }))
    }

    /// Operations so far.
    pub fn operations(&self) -> u64 {
        self.0.state().operations
    }

    /// Whether the fault was reached. A test that never reaches it proves nothing.
    pub fn hit(&self) -> bool {
        self.0.plan.is_some_and(|(at, _)| at < self.operations())
    }
}

impl<S: Store> Shared<S> {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, path: &str) -> Result<Way, StoreError> {
        let mut state = self.state();
        if state.crashed {
            return Err(injected(path));
        }
        let n = state.operations;
        state.operations += 1;
        let fault = self.plan.filter(|(at, _)| *at == n).map(|(_, fault)| fault);
        state.crashed = !matches!(fault, None | Some(Fault::Error | Fault::LostReply));
        match fault {
            None => Ok(Way::Plain),
            Some(Fault::LostReply) => Ok(Way::ThenError),
            Some(Fault::CrashAfter) => Ok(Way::ThenCrash),
            Some(Fault::Torn(share)) => Ok(Way::Torn(share)),
            Some(Fault::Error | Fault::CrashBefore) => Err(injected(path)),
            Some(Fault::PowerLoss) => {
                for lost in state.unsettled.drain(..) {
                    self.inner.delete(&lost)?;
                }
                Err(injected(path))
            }
        }
    }

    /// An operation whose content, if it has any, is `bytes` long.
    fn run<T>(
        &self,
        path: &str,
        op: impl FnOnce(Option<u16>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        match self.next(path)? {
            Way::Plain => op(None),
            Way::ThenError | Way::ThenCrash => op(None).and(Err(injected(path))),
            Way::Torn(share) => op(Some(share)).and(Err(injected(path))),
        }
    }

    /// An operation without content.
    fn plain<T>(&self, path: &str, op: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.run(path, |torn| if torn.is_some() { Err(injected(path)) } else { op() })
    }
}

impl<S: Store + 'static> Store for FaultStore<S> {
    fn put_new(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.run(path, |torn| self.0.inner.put_new(path, kept(bytes, torn)))
    }

    fn put_replace(&self, path: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.0.run(path, |torn| self.0.inner.put_replace(path, kept(bytes, torn)))
    }

    fn create(&self, path: &str) -> Result<Box<dyn StoreFile>, StoreError> {
        self.0.plain(path, || {
            let file = FaultFile { shared: self.0.clone(), path: path.to_owned(), bytes: Vec::new() };
            Ok(Box::new(file) as Box<dyn StoreFile>)
        })
    }

    fn settle(&self, folder: &str) -> Result<(), StoreError> {
        self.0.plain(folder, || {
            self.0.inner.settle(folder)?;
            self.0.state().unsettled.retain(|path| !path.starts_with(&format!("{folder}/")));
            Ok(())
        })
    }

    fn get(&self, path: &str) -> Result<Vec<u8>, StoreError> {
        self.0.plain(path, || self.0.inner.get(path))
    }

    fn read(&self, path: &str) -> Result<Box<dyn Read + Send>, StoreError> {
        self.0.plain(path, || self.0.inner.read(path))
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, StoreError> {
        self.0.plain(folder, || self.0.inner.list(folder))
    }

    fn size(&self, path: &str) -> Result<Option<u64>, StoreError> {
        self.0.plain(path, || self.0.inner.size(path))
    }

    fn modified(&self, path: &str) -> Result<Option<Instant>, StoreError> {
        self.0.plain(path, || self.0.inner.modified(path))
    }

    fn delete(&self, path: &str) -> Result<(), StoreError> {
        self.0.plain(path, || self.0.inner.delete(path))
    }

    fn delete_tree(&self, folder: &str) -> Result<(), StoreError> {
        self.0.plain(folder, || self.0.inner.delete_tree(folder))
    }

    fn link_or_copy(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.0.plain(to, || {
            self.0.inner.link_or_copy(from, to)?;
            self.0.state().unsettled.push(to.to_owned());
            Ok(())
        })
    }

    fn point(&self, path: &str, target: &str) -> Result<(), StoreError> {
        self.0.plain(path, || self.0.inner.point(path, target))
    }

    fn pointed(&self, path: &str) -> Result<Option<String>, StoreError> {
        self.0.plain(path, || self.0.inner.pointed(path))
    }

    fn local_path(&self, path: &str) -> Option<PathBuf> {
        self.0.inner.local_path(path)
    }
}

/// Holds its content until it is finished, so that it can be torn.
struct FaultFile<S> {
    shared: Arc<Shared<S>>,
    path: String,
    bytes: Vec<u8>,
}

impl<S: Store> Write for FaultFile<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<S: Store> StoreFile for FaultFile<S> {
    fn finish(self: Box<Self>) -> Result<(), StoreError> {
        let Self { shared, path, bytes } = *self;
        shared.run(&path, |torn| {
            let mut file = shared.inner.create(&path)?;
            let failed = |source| StoreError::Io { action: "write", path: path.clone(), source };
            file.write_all(kept(&bytes, torn)).map_err(failed)?;
            file.finish()?;
            shared.state().unsettled.push(path.clone());
            Ok(())
        })
    }
}

fn kept(bytes: &[u8], torn: Option<u16>) -> &[u8] {
    let share = torn.map_or(1000, usize::from).min(1000);
    &bytes[..bytes.len() * share / 1000]
}

fn injected(path: &str) -> StoreError {
    StoreError::Io { action: "reach", path: path.to_owned(), source: io::Error::other("injected fault") }
}
