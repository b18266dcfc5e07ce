//! A vault in a folder or a schema of its own, and looks at its insides that no user of the vault has.

use crate::server::Schema;
use domain::{CustomerKey, Identifier, KeyId, Strength};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use vault::{Mode, Opened, Options, Resolution, Vault, VaultError};

/// What keeps a vault.
#[derive(Debug, Clone, Copy)]
pub enum Backend {
    Sqlite,
    Postgres,
}

impl fmt::Display for Backend {
    /// As the modules of the tests are called.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

impl Backend {
    /// A place without a vault, which is removed with it.
    pub fn place(self) -> Place {
        match self {
            Self::Sqlite => Place::Folder(Folder::new()),
            Self::Postgres => Place::Schema(Schema::new().into()),
        }
    }

    /// A place that another process made, and removes.
    pub fn named(self, name: &str) -> Place {
        match self {
            Self::Sqlite => Place::File(name.into()),
            Self::Postgres => Place::Schema(Schema::of_another(name).into()),
        }
    }

    /// Random histories to try: a schema takes longer to make than a file.
    pub fn cases(self) -> u32 {
        match self {
            Self::Sqlite => 40,
            Self::Postgres => 15,
        }
    }
}

/// Where one vault lies.
pub enum Place {
    Folder(Folder),
    File(PathBuf),
    Schema(Box<Schema>),
}

impl Place {
    pub fn try_open(&self, mode: Mode, options: &Options) -> Result<Vault, VaultError> {
        match self {
            Self::Folder(folder) => Vault::open_with(&folder.path(), mode, options),
            Self::File(path) => Vault::open_with(path, mode, options),
            Self::Schema(schema) => Vault::connect_with(&schema.config, mode, options),
        }
    }

    pub fn open(&self) -> Vault {
        self.open_as(Mode::Random)
    }

    pub fn open_as(&self, mode: Mode) -> Vault {
        self.try_open(mode, &Options::default()).unwrap()
    }

    /// A handle with caches so small that they always overflow.
    pub fn open_small(&self, mode: Mode) -> Vault {
        self.try_open(mode, &small()).unwrap()
    }

    /// What another process opens it by, and what messages call it.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(folder) => folder.path().display().to_string(),
            Self::File(path) => path.display().to_string(),
            Self::Schema(schema) => schema.config.schema.clone(),
        }
    }

    /// Changes the tables past the vault.
    pub fn execute(&self, sql: &str) {
        match self {
            Self::Folder(folder) => folder.sql().execute_batch(sql).unwrap(),
            Self::File(_) => unreachable!("only the process that made it looks inside"),
            Self::Schema(schema) => schema.sql().execute(sql),
        }
    }

    /// The bytes of a live key.
    pub fn key_bytes(&self, id: KeyId) -> Vec<u8> {
        match self {
            Self::Folder(folder) => folder.key_bytes(id),
            Self::File(_) => unreachable!("only the process that made it looks inside"),
            Self::Schema(schema) => schema.key_bytes(id),
        }
    }

    /// How often these bytes stand in the vault's files, or in the rows of its tables.
    pub fn occurrences(&self, bytes: &[u8]) -> usize {
        match self {
            Self::Folder(folder) => folder.occurrences(bytes),
            Self::File(_) => unreachable!("only the process that made it looks inside"),
            Self::Schema(schema) => schema.occurrences(bytes),
        }
    }

    /// Files that were left behind by one who made the vault; a server leaves none.
    pub fn drafts(&self) -> usize {
        let Self::Folder(folder) = self else { return 0 };
        folder.files().iter().filter(|(f, _)| f.to_string_lossy().contains("-new-")).count()
    }
}

fn small() -> Options {
    Options { cached_customers: 1, cached_keys: 1, wait: Duration::from_secs(20) }
}

/// A folder that holds one vault, and is removed with it.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn path(&self) -> PathBuf {
        self.0.path().join("vault").join("vault.db")
    }

    pub fn open(&self) -> Vault {
        self.open_as(Mode::Random)
    }

    pub fn open_as(&self, mode: Mode) -> Vault {
        Vault::open(&self.path(), mode).unwrap()
    }

    /// The database itself, past the vault.
    pub fn sql(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// Every file of the vault with its bytes.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let folder = self.path();
        let files = std::fs::read_dir(folder.parent().unwrap()).unwrap();
        let mut files: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|f| (f.clone(), std::fs::read(f).unwrap())).collect()
    }

    /// How often these bytes stand in any of the vault's files.
    pub fn occurrences(&self, bytes: &[u8]) -> usize {
        self.files().iter().map(|(_, content)| occurrences(content, bytes)).sum()
    }

    /// The bytes of a live key.
    pub fn key_bytes(&self, id: KeyId) -> Vec<u8> {
        self.sql()
            .query_row("SELECT bytes FROM data_keys WHERE key_id = ?1", [id.as_bytes()], |row| row.get(0))
            .unwrap()
    }
}

pub fn occurrences(content: &[u8], bytes: &[u8]) -> usize {
    content.windows(bytes.len()).filter(|w| w[0] == bytes[0] && *w == bytes).count()
}

/// Byte sequences of one length to look for. One pass over a content, with a table of their first three bytes
/// before the hash map, because tests run unoptimised.
pub struct Needles {
    wanted: HashMap<Vec<u8>, usize>,
    heads: Vec<bool>,
    length: usize,
}

impl Needles {
    pub fn new(needles: &[Vec<u8>]) -> Self {
        let mut heads = vec![false; 1 << 24];
        needles.iter().for_each(|bytes| heads[head(bytes)] = true);
        let wanted = needles.iter().enumerate().map(|(n, bytes)| (bytes.clone(), n)).collect();
        Self { wanted, heads, length: needles.first().map_or(3, Vec::len) }
    }

    /// Which of them stand somewhere in the content.
    pub fn among(&self, content: &[u8]) -> Vec<usize> {
        let windows = content.windows(self.length);
        windows.filter(|w| self.heads[head(w)]).filter_map(|w| self.wanted.get(w).copied()).collect()
    }
}

fn head(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 16 | usize::from(bytes[1]) << 8 | usize::from(bytes[2])
}

/// Which of the needles, all of one length, stand somewhere in the content.
pub fn contained(content: &[u8], needles: &[Vec<u8>]) -> Vec<usize> {
    Needles::new(needles).among(content)
}

pub fn email(value: &str) -> Identifier {
    Identifier { strength: Strength::Email, namespace: String::new(), value: value.into() }
}

pub fn emails(from: usize, to: usize) -> Vec<Identifier> {
    (from..to).map(|n| email(&format!("customer-{n}@example.com"))).collect()
}

pub fn customer(resolution: Resolution) -> CustomerKey {
    match resolution {
        Resolution::Customer(key) => key,
        Resolution::Suppressed => panic!("suppressed"),
    }
}

pub fn resolve_one(vault: &Vault, identifier: &Identifier) -> Resolution {
    vault.resolve(std::slice::from_ref(identifier)).unwrap()[0]
}

pub fn key_of(vault: &Vault, identifier: &Identifier) -> KeyId {
    KeyId::of_customer(customer(resolve_one(vault, identifier)))
}

pub fn plain(opened: Opened) -> Vec<u8> {
    match opened {
        Opened::Plain(bytes) => bytes,
        Opened::KeyDestroyed => panic!("key destroyed"),
    }
}

/// Copies the files as they lie on the disk at this moment: what a killed process leaves behind.
pub fn snapshot(from: &Folder) -> Folder {
    let to = Folder::new();
    let folder = to.path();
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    for (file, content) in from.files() {
        std::fs::write(beside(&to.path(), &file), content).unwrap();
    }
    to
}

fn beside(path: &Path, file: &Path) -> PathBuf {
    path.with_file_name(file.file_name().unwrap())
}
