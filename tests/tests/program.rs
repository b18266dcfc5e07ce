//! Starting the program as a user does.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A data folder of its own, with a seeded vault so that bytes can be compared.
pub struct Data {
    folder: TempDir,
}

impl Data {
    pub fn new() -> Self {
        Self { folder: TempDir::new().expect("a temporary folder") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The program with these arguments on this folder, not yet started.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_program"));
        command.arg("--data").arg(self.path()).args(args);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("QUELL_")) {
            command.env_remove(name);
        }
        command.envs(SEEDED);
        command
    }

    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the program starts")
    }

    /// Runs to exit 0 and gives what it printed.
    pub fn done(&self, args: &[&str]) -> String {
        let out = self.run(args);
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{args:?}: {:?}\n{stdout}\n{stderr}", out.status.code());
        stdout.into_owned()
    }

    pub fn json(&self, args: &[&str]) -> Value {
        let text = self.done(args);
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{args:?}: {e}\n{text}"))
    }

    /// The published files of `contacts`, by partition.
    pub fn contacts(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let glob = self.done(&["path", "contacts"]);
        let root = Path::new(glob.trim()).ancestors().nth(2).expect("…/contacts/dt=*/*.parquet").to_owned();
        files_below(&root)
            .into_iter()
            .map(|f| (f.strip_prefix(&root).expect("below").to_owned(), std::fs::read(&f).expect("file")))
            .collect()
    }
}

/// A vault whose keys follow from a seed.
pub const SEEDED: [(&str, &str); 3] =
    [("QUELL_VAULT_MODE", "seeded"), ("QUELL_VAULT_ALLOW_SEEDED", "true"), ("QUELL_VAULT_SEED", "7")];

/// A folder of the shared test data; says so where it is missing, because then a test proves nothing.
pub fn shared(below: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(below);
    if path.exists() {
        return path.canonicalize().ok();
    }
    eprintln!("SKIPPED: no {} beside the repository", Path::new("../shared").join(below).display());
    None
}

pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|e| e.expect("an entry").path()) {
            // `tables/current` points to a folder that is listed under its own name.
            if path.is_symlink() {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}
