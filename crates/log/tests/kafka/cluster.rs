//! A broker of a test's own, where a test stops it, or needs another one than `QUELL_KAFKA` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running broker. It ends with the test, also if the test is killed.
pub struct Cluster {
    folder: tempfile::TempDir,
    said: BTreeMap<String, String>,
}

impl Cluster {
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = std::process::id().to_string();
        let arguments = [&["start"], options, &["--owner", &owner]].concat();
        let said = script(&arguments, folder.path(), &[]);
        let line = |line: &str| line.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
        Self { folder, said: said.lines().filter_map(line).collect() }
    }

    /// What the script said of the cluster: `BOOTSTRAP`, `CA`, ...
    pub fn said(&self, key: &str) -> &str {
        &self.said[key]
    }

    /// `pause`, `resume`, `kill` or `restart` the broker.
    pub fn tell(&self, what: &str) {
        self.tell_one(what, 1);
    }

    /// The same of one of three: 1, 2 or 3, which are their ids, too.
    pub fn tell_one(&self, what: &str, broker: i32) {
        script(&[what], self.folder.path(), &[&broker.to_string()]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        script(&["stop"], self.folder.path(), &[]);
    }
}

fn script(before: &[&str], folder: &Path, after: &[&str]) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/kafka/broker.sh");
    let done = Command::new(path).args(before).arg(folder).args(after).output().unwrap();
    assert!(done.status.success(), "{before:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}
