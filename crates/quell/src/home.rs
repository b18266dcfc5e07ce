//! The data folder: where everything of one instance lies. Knows the layout and nothing of the contents.

use anyhow::{Context as _, Result, bail};
use std::path::{Path, PathBuf};

/// The data folder of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// Opens the folder, made where it is missing. Its path is absolute from then on, so that a printed path
    /// means the same thing in every working folder.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        if path.exists() && !path.is_dir() {
            bail!("cannot use {name} as the data folder: expected a folder, found a file");
        }
        std::fs::create_dir_all(path).with_context(|| format!("cannot make the data folder {name}"))?;
        let root = path.canonicalize().with_context(|| format!("cannot open the data folder {name}"))?;
        Ok(Self { root })
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings that differ from the defaults.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("quell.toml")
    }

    /// The event log: one file per topic.
    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// The vault's database.
    pub fn vault(&self) -> PathBuf {
        self.root.join("vault").join("vault.db")
    }

    /// Epochs with their commits, segments and snapshots.
    pub fn lake(&self) -> PathBuf {
        self.root.join("lake")
    }

    /// Reports for people, and the figures of closed weeks.
    pub fn reports(&self) -> PathBuf {
        self.root.join("reports")
    }

    /// Published cuts.
    pub fn tables(&self) -> PathBuf {
        self.root.join("tables")
    }

    /// Records of the log, framed, where that is configured.
    pub fn archive(&self) -> PathBuf {
        self.root.join("archive")
    }

    /// Folds aside, for as long as they take.
    pub fn scratch(&self) -> PathBuf {
        self.root.join("scratch")
    }

    /// Folds of whole histories, for as long as they take.
    pub fn replays(&self) -> PathBuf {
        self.root.join("replays")
    }

    /// The source files of the demo's company.
    pub fn demo(&self) -> PathBuf {
        self.root.join("demo")
    }

    /// The seed of the demo, which tells a folder that the demo has made. It protects nobody: all customers of a
    /// demo are made up.
    pub fn demo_seed(&self) -> PathBuf {
        self.demo().join("seed")
    }

    /// Whether the demo has made this folder.
    pub fn is_demo(&self) -> bool {
        self.demo_seed().is_file()
    }

    /// The folders that together are the instance.
    pub fn instance_folders(&self) -> [PathBuf; 8] {
        [
            self.log(),
            self.root.join("vault"),
            self.lake(),
            self.tables(),
            self.reports(),
            self.archive(),
            self.scratch(),
            self.replays(),
        ]
    }
}
