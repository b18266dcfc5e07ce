//! Configuration: flags over `QUELL_…` environment over `quell.toml` over the commented defaults that are
//! part of the program. Two types: [`Layers`] is what was written and where, [`Config`] is what is valid.
//! Every mistake is reported at once. Nothing below the binary reads a setting in another way.

mod kafka;
mod layers;
mod postgres;
mod serving;
mod show;
mod units;
mod valid;

pub use kafka::LogBackend;
pub use layers::{Layers, Mistake, Mistakes, Place, Raw};
pub use postgres::VaultStore;
pub use serving::{HttpLimits, Serving};
pub use show::{ShownSetting, shown};
pub use units::{ByteSize, parse_instant};

use crate::home::Home;
use domain::{EngineSettings, Zone};
use report::Lang;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The commented defaults. Also the list of all settings: what is not in here is unknown.
pub const DEFAULT_TOML: &str = include_str!("../default.toml");

/// A valid configuration: plain values, passed down.
#[derive(Clone)]
pub struct Config {
    /// The tenant's time zone.
    pub zone: Zone,
    /// Language of texts for people.
    pub language: Lang,
    /// Taxonomy file that overrides what was published.
    pub taxonomy: Option<PathBuf>,
    /// Model file that decides where no rule does.
    pub model: Option<PathBuf>,
    /// Share of in-scope contacts that may stay unclassified, in millionths.
    pub accepted_loss_ppm: u32,
    /// Threads for reading, folding and queries.
    pub threads: NonZeroUsize,
    /// Filter of what is said on stderr.
    pub trace: String,
    /// Where the log is.
    pub log: LogBackend,
    /// Partitions of the topic `facts`.
    pub partitions: u32,
    /// Shards of customers that are judged side by side.
    pub shards: u32,
    /// The engine's settings.
    pub engine: EngineSettings,
    /// Facts that are made durable together.
    pub import_batch: usize,
    /// Longest record of a source file, in bytes.
    pub record_bytes_max: usize,
    /// Records of the log between two commits to the lake.
    pub fold_batch: usize,
    /// Whether the fold is shared by several processes, joined by topics of the log.
    pub spread: bool,
    /// Most memory for open state and index, in bytes.
    pub state_bytes_max: u64,
    /// Where the vault is.
    pub vault_store: VaultStore,
    /// Whether the log is archived in the lake's store.
    pub archive: bool,
    /// How the vault comes to keys.
    pub vault: vault::Mode,
    /// What `quell run` does.
    pub serving: Serving,
}

/// Settings of the command line, which are stronger than all others.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--threads`.
    pub threads: Option<NonZeroUsize>,
    /// `--listen` of `quell run`.
    pub listen: Option<String>,
}

/// A valid configuration with where it comes from.
pub struct Loaded {
    /// What is valid.
    pub config: Config,
    /// What was written, layer by layer.
    pub layers: Layers,
    /// The file that was read, where there was one.
    pub file: Option<PathBuf>,
}

/// Reads all layers and validates them: `file` is the one given with `--config`.
pub fn load(
    home: &Home,
    file: Option<&Path>,
    flags: Flags,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Mistakes> {
    let mut layers = Layers::new();
    let mut mistakes = Vec::new();
    let read_file = match file {
        Some(path) => Some(path.to_owned()),
        None => Some(home.config_file()).filter(|path| path.exists()),
    };
    if let Some(path) = &read_file {
        match crate::text::read(path, "the configuration") {
            Ok(text) => mistakes.extend(layers.add_file(path, &text)),
            Err(error) => mistakes.push(Mistake::unreadable(path, &error)),
        }
    }
    mistakes.extend(layers.add_environment(environment));
    if let Ok(seed) = std::fs::read_to_string(home.demo_seed()) {
        layers.add_demo_seed(&seed);
    }
    if let Some(threads) = flags.threads {
        layers.add_flag("threads", "threads", Raw::Integer(i64::try_from(threads.get()).unwrap_or(i64::MAX)));
    }
    if let Some(listen) = flags.listen {
        layers.add_flag("http.listen", "listen", Raw::Text(listen));
    }
    match valid::validate(&layers, mistakes) {
        Ok(config) => Ok(Loaded { config, layers, file: read_file }),
        Err(mistakes) => Err(mistakes),
    }
}

impl Config {
    /// The built-in defaults, without files and environment.
    pub fn defaults() -> Self {
        valid::validate(&Layers::new(), Vec::new())
            .unwrap_or_else(|m| unreachable!("the defaults are valid: {m}"))
    }
}

#[cfg(test)]
mod tests;
