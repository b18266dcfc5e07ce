//! The doctor's report: one line per check. What is well is said in the reader's language; what failed
//! carries the technical message of the failure, in English everywhere, so that it can be searched for.

use crate::Lang;
use domain::invariant::Counts;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, and somebody should know.
    Warn,
    /// Broken.
    Fail,
}

impl State {
    /// Its word, in JSON and in text.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// How far a topic reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicEnds {
    /// Name of the topic.
    pub topic: String,
    /// Number of partitions.
    pub partitions: u64,
    /// Records in all of them.
    pub records: u64,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The data folder can be read and written.
    Folder {
        /// Where it is.
        path: String,
    },
    /// The configuration is valid.
    Configuration {
        /// The file it was read from; `None` = built-in defaults and environment only.
        file: Option<String>,
    },
    /// The vault's database is sound.
    Vault {
        /// Customers it holds keys of.
        customers: u64,
    },
    /// Every record of a topic can be read.
    Log(TopicEnds),
    /// The lake's commits chain, and every file has the content it was written with.
    Lake {
        /// Commits.
        commits: u64,
        /// Segments.
        segments: u64,
    },
    /// The newest snapshot can be used.
    Snapshot {
        /// Where a restart would begin.
        up_to: String,
    },
    /// No snapshot: a restart folds from the beginning of the log.
    NoSnapshot,
    /// Which epoch is served.
    Epoch {
        /// The epoch.
        id: String,
    },
    /// What became of the records of the log (P2).
    Balance {
        /// The lake's counts.
        counts: Counts,
        /// Records in the log that are not yet folded.
        behind: u64,
    },
    /// The cut that readers see.
    Cut {
        /// The cut.
        id: String,
        /// Folder of its tables.
        folder: String,
    },
    /// There is nothing to look at yet.
    Nothing {
        /// What to do to get something.
        hint: Hint,
    },
    /// The check failed, or found something that somebody should know.
    Trouble {
        /// The failure's message.
        message: String,
    },
}

/// What would bring something to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Nothing was imported.
    Import,
    /// Nothing was folded or published.
    Rollup,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at: `folder`, `vault`, `log/facts` … The same word in both languages and in JSON.
    pub name: String,
    /// How it ended.
    pub state: State,
    /// What was found.
    pub finding: Finding,
}

/// All checks, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DoctorReport {
    /// The checks.
    pub checks: Vec<Check>,
}

impl DoctorReport {
    /// The worst state of all checks.
    pub fn worst(&self) -> State {
        self.checks.iter().map(|c| c.state).max().unwrap_or(State::Ok)
    }

    /// As text for people: a line per check.
    pub fn render(&self, lang: Lang) -> String {
        let width = self.checks.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
        let mut out = String::new();
        for check in &self.checks {
            let gap = " ".repeat(width - check.name.chars().count());
            let state = check.state.word();
            out.push_str(&format!("{state:<4}  {}{gap}  {}\n", check.name, check.finding.render(lang)));
        }
        out
    }
}

impl Finding {
    /// As one line for people.
    pub fn render(&self, lang: Lang) -> String {
        match self {
            Self::Folder { path } => path.clone(),
            Self::Configuration { file: Some(file) } => file.clone(),
            Self::Configuration { file: None } => {
                lang.pick("built-in defaults", "valores por defecto incorporados").to_owned()
            }
            Self::Vault { customers } => lang.customers(*customers),
            Self::Log(ends) => ends.render(lang),
            Self::Lake { commits, segments } => lake(lang, *commits, *segments),
            Self::Snapshot { up_to } => format!("{} {up_to}", lang.pick("up to", "hasta")),
            Self::NoSnapshot => lang
                .pick(
                    "no snapshot: a restart folds from the beginning",
                    "sin instantánea: se empezaría desde el principio",
                )
                .to_owned(),
            Self::Epoch { id } => id.clone(),
            Self::Balance { counts, behind } => balance(lang, counts, *behind),
            Self::Cut { id, folder } => format!("{id} {} {folder}", lang.pick("in", "en")),
            Self::Nothing { hint } => hint.render(lang).to_owned(),
            Self::Trouble { message } => message.clone(),
        }
    }
}

impl TopicEnds {
    fn render(&self, lang: Lang) -> String {
        let partitions =
            lang.count(self.partitions, ("partition", "partitions"), ("partición", "particiones"));
        format!("{} {} {partitions}", lang.records(self.records), lang.pick("in", "en"))
    }
}

impl Hint {
    const fn render(self, lang: Lang) -> &'static str {
        match self {
            Self::Import => lang.pick("nothing yet: see quell import", "todavía nada: véase quell import"),
            Self::Rollup => lang.pick("nothing yet: see quell rollup", "todavía nada: véase quell rollup"),
        }
    }
}

fn lake(lang: Lang, commits: u64, segments: u64) -> String {
    let commits = lang.count(commits, ("commit", "commits"), ("confirmación", "confirmaciones"));
    let segments = lang.count(segments, ("segment", "segments"), ("segmento", "segmentos"));
    match lang {
        Lang::En => format!("{commits} in one chain, {segments} as they were written"),
        Lang::Es => format!("{commits} en una cadena, {segments} tal como se escribieron"),
    }
}

fn balance(lang: Lang, counts: &Counts, behind: u64) -> String {
    let n = |value| lang.number(value);
    let (accepted, stored) = (n(counts.accepted), n(counts.stored));
    let (duplicate, rejected, behind) = (n(counts.duplicate), n(counts.rejected), n(behind));
    match lang {
        Lang::En => format!(
            "accepted {accepted} = stored {stored} + duplicate {duplicate} + rejected {rejected}; \
             {behind} not yet folded"
        ),
        Lang::Es => format!(
            "aceptados {accepted} = guardados {stored} + duplicados {duplicate} + rechazados {rejected}; \
             {behind} aún por incorporar"
        ),
    }
}
