//! What was written, where: the layers of settings before anything is checked. Knows which settings exist
//! (those of the default file) and nothing of what they mean.

use crate::text::nearest;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use toml::de::{DeTable, DeValue};

/// Prefix of settings in the environment.
const PREFIX: &str = "QUELL_";

/// Environment variables with our prefix that are no settings: flags' own variables and the vault's seed.
/// Secrets are no settings, so that no file and no listing can hold them.
const NOT_SETTINGS: &[&str] = &["QUELL_DATA", "QUELL_CONFIG", SEED_VARIABLE];

/// Secrets that the environment may hold.
pub(super) struct Secrets;

impl Secrets {
    /// The password of Kafka's user.
    pub(super) const KAFKA_PASSWORD: &'static str = "QUELL_KAFKA_PASSWORD";
    /// The password of PostgreSQL's role.
    pub(super) const POSTGRES_PASSWORD: &'static str = "QUELL_VAULT_POSTGRES_PASSWORD";
    const ALL: &'static [&'static str] = &[Self::KAFKA_PASSWORD, Self::POSTGRES_PASSWORD];
}

/// The variable that holds the seed of a seeded vault.
pub(super) const SEED_VARIABLE: &str = "QUELL_VAULT_SEED";

/// Where a value was written. Later variants win over earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The defaults that are part of the program.
    Default,
    /// A configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Line in it, from 1.
        line: usize,
    },
    /// A variable of the environment.
    Environment {
        /// Its name.
        variable: String,
    },
    /// A flag of the command line.
    Flag {
        /// Its name, without dashes.
        name: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Environment { variable } => write!(f, "environment {variable}"),
            Self::Flag { name } => write!(f, "flag --{name}"),
        }
    }
}

/// A mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// What, and what was expected.
    pub message: String,
}

impl Mistake {
    /// A configuration file that cannot be read.
    pub(super) fn unreadable(path: &Path, error: &anyhow::Error) -> Self {
        let place = Place::File { path: path.to_owned(), line: 1 };
        Self { place, message: error.to_string() }
    }
}

/// Every mistake in the configuration; [`super::load`] puts them in the order of layers and lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.0.iter().enumerate() {
            let end = if i + 1 < self.0.len() { "\n" } else { "" };
            write!(f, "{}: {}{end}", mistake.place, mistake.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// A value as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// Text of a file.
    Text(String),
    /// An integer of a file or flag.
    Integer(i64),
    /// true or false of a file.
    Flag(bool),
    /// A number of a file that is no integer.
    Float(String),
    /// Text of the environment, whose meaning the setting decides.
    Untyped(String),
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Integer(n) => write!(f, "{n}"),
            Self::Flag(on) => write!(f, "{on}"),
            Self::Float(text) => f.write_str(text),
            Self::Untyped(text) => write!(f, "{text:?}"),
        }
    }
}

/// A setting as one layer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The value.
    pub value: Raw,
    /// Where it stands.
    pub place: Place,
}

/// All layers, weakest first: for each setting what was written of it.
#[derive(Debug, Clone)]
pub struct Layers {
    settings: BTreeMap<String, Vec<Written>>,
    /// The seed, kept apart from settings so that no listing can show it.
    seed: Option<String>,
    /// The seed of a data folder that the demo has made.
    demo_seed: Option<String>,
    /// By their variables; kept apart for the same reason.
    secrets: BTreeMap<String, Hidden>,
}

/// Text that no message shows.
#[derive(Clone)]
struct Hidden(String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hidden")
    }
}

/// The default file, read once. Its keys are all the settings there are.
static DEFAULTS: LazyLock<BTreeMap<String, Vec<Written>>> = LazyLock::new(|| {
    let (entries, mistakes) = read_toml(super::DEFAULT_TOML, |_| Place::Default);
    assert!(mistakes.is_empty(), "the default file is TOML: {mistakes:?}");
    entries.into_iter().map(|(key, written)| (key, vec![written])).collect()
});

impl Layers {
    /// The built-in defaults.
    pub fn new() -> Self {
        Self { settings: DEFAULTS.clone(), seed: None, demo_seed: None, secrets: BTreeMap::new() }
    }

    /// Adds a configuration file's text.
    pub fn add_file(&mut self, path: &Path, text: &str) -> Vec<Mistake> {
        let place = |line| Place::File { path: path.to_owned(), line };
        let (entries, mut mistakes) = read_toml(text, place);
        for (key, written) in entries {
            match self.settings.get_mut(&key) {
                Some(layers) => layers.push(written),
                None => mistakes.push(unknown_key(&key, written.place)),
            }
        }
        mistakes
    }

    /// Adds the variables of the environment that carry our prefix. Variables that Kubernetes makes for a
    /// service called `quell` (QUELL_PORT…, QUELL_SERVICE_…) are none of ours.
    pub fn add_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Vec<Mistake> {
        let mut ours: Vec<_> = environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        ours.sort();
        let mut mistakes = Vec::new();
        for (variable, value) in ours {
            if variable == SEED_VARIABLE {
                self.seed = Some(value);
                continue;
            }
            if Secrets::ALL.contains(&variable.as_str()) {
                self.secrets.insert(variable, Hidden(value));
                continue;
            }
            let kubernetes = variable.starts_with("QUELL_PORT") || variable.starts_with("QUELL_SERVICE_");
            if kubernetes || NOT_SETTINGS.contains(&variable.as_str()) {
                continue;
            }
            let place = Place::Environment { variable: variable.clone() };
            match self.settings.iter_mut().find(|(key, _)| variable_of(key) == variable) {
                Some((_, layers)) => layers.push(Written { value: Raw::Untyped(value), place }),
                None => mistakes.push(Mistake { place, message: "no setting has this name".to_owned() }),
            }
        }
        mistakes
    }

    /// Adds a flag of the command line: its name, and the setting that it stands for.
    pub fn add_flag(&mut self, key: &str, name: &str, value: Raw) {
        let layers = self.settings.get_mut(key).expect("a flag stands for a setting of the default file");
        layers.push(Written { value, place: Place::Flag { name: name.to_owned() } });
    }

    /// What was written of a setting, weakest first.
    pub fn of(&self, key: &str) -> &[Written] {
        self.settings.get(key).expect("a setting of the default file")
    }

    /// The names of all settings, sorted.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.settings.keys().map(String::as_str)
    }

    /// Adds the seed that the demo has left in its data folder. The environment's wins over it.
    pub(super) fn add_demo_seed(&mut self, seed: &str) {
        self.demo_seed = Some(seed.trim().to_owned());
    }

    /// A secret that the environment holds.
    pub(super) fn secret(&self, variable: &str) -> Option<&str> {
        self.secrets.get(variable).map(|hidden| hidden.0.as_str())
    }

    /// The seed of a seeded vault, as written.
    pub(super) fn seed(&self) -> Option<&str> {
        self.seed.as_deref().or(self.demo_seed.as_deref())
    }

    /// Whether the environment has a seed.
    pub(super) const fn has_environment_seed(&self) -> bool {
        self.seed.is_some()
    }
}

impl Default for Layers {
    fn default() -> Self {
        Self::new()
    }
}

/// `engine.chain_window` to `QUELL_ENGINE_CHAIN_WINDOW`.
fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "_").to_ascii_uppercase())
}

fn unknown_key(key: &str, place: Place) -> Mistake {
    let near = nearest(key, DEFAULTS.keys().map(String::as_str));
    let hint = near.map(|known| format!("; did you mean {known}?")).unwrap_or_default();
    Mistake { place, message: format!("unknown setting {key}{hint}") }
}

/// Flattens a TOML text to `table.key` entries, reading on after mistakes.
fn read_toml(text: &str, place: impl Fn(usize) -> Place) -> (Vec<(String, Written)>, Vec<Mistake>) {
    let line_of = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|b| **b == b'\n').count();
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut mistakes: Vec<_> = errors
        .iter()
        .map(|error| Mistake {
            place: place(line_of(error.span().map_or(0, |s| s.start))),
            message: format!("not TOML: {}", error.message().replace('\n', ", ")),
        })
        .collect();
    let mut entries = Vec::new();
    flatten("", document.get_ref(), &mut |key, value, offset| {
        let at = place(line_of(offset));
        match raw(value) {
            Ok(value) => entries.push((key, Written { value, place: at })),
            Err(found) => mistakes.push(Mistake { place: at, message: format!("{key} cannot be {found}") }),
        }
    });
    (entries, mistakes)
}

fn flatten(prefix: &str, table: &DeTable<'_>, found: &mut impl FnMut(String, &DeValue<'_>, usize)) {
    for (name, value) in table {
        let key = if prefix.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{prefix}.{}", name.get_ref())
        };
        match value.get_ref() {
            DeValue::Table(inner) => flatten(&key, inner, found),
            other => found(key, other, name.span().start),
        }
    }
}

/// What stands in the file, or what it is instead of a value that a setting can have.
fn raw(value: &DeValue<'_>) -> Result<Raw, &'static str> {
    match value {
        DeValue::String(text) => Ok(Raw::Text(text.to_string())),
        DeValue::Integer(n) => {
            let digits = n.as_str().replace('_', "");
            Ok(i64::from_str_radix(&digits, n.radix()).map_or(Raw::Float(digits), Raw::Integer))
        }
        DeValue::Float(x) => Ok(Raw::Float(x.as_str().to_owned())),
        DeValue::Boolean(on) => Ok(Raw::Flag(*on)),
        DeValue::Datetime(_) => Err("a date"),
        DeValue::Array(_) => Err("a list"),
        DeValue::Table(_) => unreachable!("tables are flattened before"),
    }
}
