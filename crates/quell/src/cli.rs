//! The command line, exactly as DESIGN §4 fixes it, for what exists so far. Only parsing: what the arguments
//! mean is decided in `commands`.

use crate::demo::company::{WEEKS_LEAST, WEEKS_MOST};
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

const EXAMPLES: &str = "\
Examples:
  quell demo
  quell taxonomy lint taxonomy.toml
  quell taxonomy publish taxonomy.toml
  quell import --source csv --mapping crm.toml may.csv --dry-run
  quell import --source csv --mapping crm.toml may.csv
  quell units import orders.csv
  quell costs set costs.toml
  quell rollup
  quell sql --named reasons
  quell sql \"SELECT reason, count(*) FROM contacts GROUP BY reason\" --format csv

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong configuration.
Data goes to stdout, everything else to stderr.";

/// Records every customer contact as an event, says why it happened and proves which ones were avoidable.
#[derive(Debug, Parser)]
#[command(name = "quell", version, after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Cli {
    /// Arguments of every command.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Arguments of every command.
#[derive(Debug, Args)]
pub struct Global {
    /// Data folder, made if it is missing; by default ./quell-data, for the demo ./quell-demo.
    #[arg(long, global = true, value_name = "DIR", env = "QUELL_DATA", hide_env_values = true)]
    pub data: Option<PathBuf>,
    /// Configuration file, instead of quell.toml in the data folder.
    #[arg(long, global = true, value_name = "FILE", env = "QUELL_CONFIG", hide_env_values = true)]
    pub config: Option<PathBuf>,
    /// Threads to use; by default as many as the machine has cores.
    #[arg(long, global = true, value_name = "N")]
    pub threads: Option<NonZeroUsize>,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Cli {
    /// The data folder: the one that was named, else the one of every day, or the demo's own.
    pub fn data(&self) -> &Path {
        let default = if matches!(self.command, Command::Demo(_)) { "./quell-demo" } else { "./quell-data" };
        self.global.data.as_deref().unwrap_or(Path::new(default))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what all this is for: a made-up company with planted truths, from its files to its report.
    ///
    /// Makes the source files of a retailer, imports them week by week, publishes the tables and the weekly
    /// report, and then says whether the tables show what was planted. It takes about half a minute.
    ///
    /// The demo has a data folder of its own, ./quell-demo, and begins anew in it each time. Equal seeds give
    /// equal bytes.
    Demo(Demo),
    /// Bring contacts from files into the log.
    ///
    /// A mapping file says which field of the source becomes what. Rows that cannot be understood are
    /// refused one by one and kept, sealed, for `quell rejects`; the rest is imported. Importing the same
    /// file twice changes nothing.
    ///
    /// The exit code is 1 when a file cannot be read, the mapping does not fit or nothing was accepted.
    /// Refused rows alone are no failure.
    Import(Import),
    /// Run all services in one process: take contacts by HTTP, fold, publish.
    ///
    /// Contacts are posted to /v1/contacts and answered once they are durable; docs/http.md describes it. What
    /// is new is folded and published every 30 seconds ([publish] every). /metrics, /healthz and /readyz say
    /// how it goes. It listens to this machine only, because there are no keys yet.
    ///
    /// SIGTERM or Ctrl-C ends it: requests under way are answered, everything is folded, published and saved.
    /// A second one ends it at once; nothing that was acknowledged is lost either way.
    Run(Run),
    /// Take contacts by HTTP and make them durable, and nothing else.
    ///
    /// One of the services that `quell run` has in one process; any number of each may run, on one machine or several,
    /// where the log is Apache Kafka. docs/kafka.md says how.
    Ingest(Run),
    /// Make contacts of facts: a share of the partitions of the log. Needs fold.spread = true.
    ///
    /// Those that run share the partitions among them, and take over what one leaves. The rest is as with `quell ingest`.
    Assemble(Run),
    /// Judge contacts: a share of the customers. Needs fold.spread = true.
    ///
    /// Those that run share the customers among them, and take over what one leaves. The rest is as with `quell ingest`.
    Judge(Run),
    /// Commit to the lake and publish its tables. Needs fold.spread = true.
    ///
    /// One of those that run does it at a time; another one takes over when it ends. The rest is as with `quell ingest`.
    Lake(Run),
    /// Answer questions by HTTP from the published tables, and nothing else.
    Serve(Run),
    /// Make or check the topics of a log on Apache Kafka.
    #[command(subcommand)]
    Topics(Topics),
    /// Fold the log to its end and publish the tables at a cut.
    ///
    /// Everything in a cut is as of one instant: which chains have melted, which resolutions are final.
    /// Without --as-of it is now. Equal log, epoch and instant give equal bytes.
    ///
    /// With --as-of TIME only what the log had recorded by then counts: late facts, corrections and merges that came
    /// afterwards do not. A log that is younger than that instant cannot say what was known then, because its history
    /// was imported afterwards: then everything in it counts, seen from that instant. With --as-of CUT it is what that
    /// cut knew. Tables that leave something out, and those of an epoch that is not served (--epoch), lie beside the
    /// ones that are shown, under the id of their cut.
    ///
    /// With --epoch alone the tables of that epoch are published at the cut that is shown, so that both can be compared.
    ///
    /// Epochs with a name, and the one that was served before, are folded on as well.
    Rollup(Rollup),
    /// Fold the whole log once more, by another taxonomy or model.
    ///
    /// This makes another epoch, beside the one that is served.
    /// Nothing that is published changes. The epoch gets a name, is folded on with every rollup until it is
    /// dropped, and can be compared (`quell diff`), queried and promoted. Stopped or killed, it goes on from its
    /// last commit when it is run again. Contacts whose words were erased keep the reason that was found before.
    Replay(Replay),
    /// Say what another epoch would change: two of them at one cut, contact by contact.
    ///
    /// An epoch is named as `quell replay` named it, by `live`, or by the first digits of its id. Both are looked at
    /// at the cut that is shown: up to the same positions of the log, as of the same instant. Where one has no tables
    /// there, they are made beside it. Nothing that is served changes.
    ///
    /// The ten largest moves come first, each with contacts for `quell explain`. JSON has the whole matrix; the page
    /// is one file that loads nothing else.
    Diff(Diff),
    /// Serve another epoch: its tables are shown from now on.
    ///
    /// It is folded to where the log ends and its tables are made first; then it takes its place in one step, and who
    /// reads sees the one or the other, whole. The epoch before is folded on, so that `quell rollback` can go back.
    /// It stays so until another one is promoted, or a taxonomy is published or configured.
    Promote(Promote),
    /// Serve again what was served before the last change.
    Rollback(Rollback),
    /// See the epochs, or drop one.
    #[command(subcommand)]
    Epochs(Epochs),
    /// Print where the files of a published table are, as a glob.
    Path(TablePath),
    /// Query the published tables.
    ///
    /// The whole answer belongs to one cut. An epoch that is not shown is asked as NAME.contacts or "contacts@NAME",
    /// once `quell rollup --epoch NAME` has published its tables. Output for spreadsheets is CSV: there, texts that a
    /// spreadsheet would take for a formula (beginning with = + - @ or a tab) get an apostrophe in front.
    /// Programs should read JSON or Parquet, which hold every text as it is.
    Sql(Sql),
    /// Make a report for people.
    #[command(subcommand)]
    Report(Report),
    /// See what was refused, and why.
    #[command(subcommand)]
    Rejects(Rejects),
    /// Make a customer's words unreadable for ever; the identifier is read from stdin.
    ///
    /// The identifier (an e-mail address, a phone number, a customer number …) is read from stdin, one
    /// line, so that it appears in no shell history and no process list. The customer's key is destroyed;
    /// counts and tables stay as they were. The identifier stays suppressed: later contacts are counted
    /// without person and words.
    ///
    /// Where one text means several customers (a phone number that is another one's account number)
    /// nothing is erased, and --kind has to say what is meant.
    Erase(Erase),
    /// Check data, configuration and promises.
    Doctor,
    /// Check, publish or see the taxonomy.
    #[command(subcommand)]
    Taxonomy(Taxonomy),
    /// Count what contacts are divided by: orders, active accounts …
    #[command(subcommand)]
    Units(Units),
    /// Say what contacts cost.
    #[command(subcommand)]
    Costs(Costs),
    /// Say in words why a contact has its reason, and what proves that it was avoidable.
    Explain(Explain),
    /// Correct what was found of a contact: its reason, or whether it was avoidable.
    ///
    /// A person's word always wins, over rules, models and proofs. It is kept in the log with who said it and why,
    /// and the tables show it from the next rollup on. Of what persons say of one contact the newest counts; what it
    /// does not mention stays as somebody said before. `quell train --overrides` learns from it.
    ///
    /// Who and why are kept in clear: give a pseudonym, and name no customer. Texts with an e-mail address, a
    /// phone, card or account number are refused.
    Override(Override),
    /// Train a model from texts with labels.
    ///
    /// The model decides a contact's reason where no rule of the taxonomy does. Texts come from a file, from the
    /// examples of a taxonomy, from corrections by people, or from several of them together. Training is
    /// deterministic: equal texts give an equal file, whatever the machine and the number of threads. To fold with
    /// it, name it in the configuration as model.file.
    Train(Train),
    /// Measure a model on texts with labels, or an epoch on contacts with labels.
    ///
    /// With --gold it says how often an epoch gives contacts the reason that a person gave them: so that a draft can
    /// be judged before it is served. Lines whose contact or label the epoch does not have are named and left out.
    Eval(Eval),
    /// Find the reasons of texts: NDJSON in, NDJSON out.
    ///
    /// Reads objects {id, text, lang} from stdin, one a line (lang may be missing), and prints an object
    /// {id, reason, confidence, mechanisms, evidence} for each, in the same order. The mechanisms are the
    /// candidates that the taxonomy names for the reason; what really happened is proven from the log
    /// only.
    Classify(Classify),
    /// Check or see the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

impl Command {
    /// The address of `--listen`, where the command has it.
    pub fn listen(&self) -> Option<String> {
        match self {
            Self::Run(run)
            | Self::Ingest(run)
            | Self::Assemble(run)
            | Self::Judge(run)
            | Self::Lake(run)
            | Self::Serve(run) => run.listen.clone(),
            _ => None,
        }
    }
}

/// Arguments of `quell demo`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell demo
  quell demo --weeks 26 --seed 7
  quell demo --no-plants --json")]
pub struct Demo {
    /// How many weeks, the last of which is 2026-W20.
    #[arg(long, value_name = "N", default_value_t = 12, value_parser = clap::value_parser!(u32).range(i64::from(WEEKS_LEAST)..=i64::from(WEEKS_MOST)))]
    pub weeks: u32,
    /// Seed of the company.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Plant nothing: then nothing may be found.
    #[arg(long)]
    pub no_plants: bool,
}

/// Arguments of `quell import`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell import --source csv --mapping crm.toml may.csv june.csv
  quell import --source ndjson --mapping chat.toml chat.ndjson --dry-run
  quell import --source parquet --mapping calls.toml calls.parquet --json")]
pub struct Import {
    /// Format of the files.
    #[arg(long, value_name = "NAME")]
    pub source: SourceName,
    /// Mapping file: which field of the source becomes what.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Read and count everything, keep nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Files to import, in this order.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// A source that `quell import` knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SourceName {
    /// Comma-separated values with a header line.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Parquet.
    Parquet,
}

/// Arguments of `quell run`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell run
  quell run --listen 127.0.0.1:8080 --data /srv/quell
  curl -d '{\"record\":\"c-1\",\"occurred_at\":\"2026-05-01T10:00:00Z\",\"channel\":\"phone\"}' \\
    http://127.0.0.1:7071/v1/contacts")]
pub struct Run {
    /// Address and port to listen to, instead of [http] listen; port 0 takes a free one and says which.
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
}

/// What `quell topics` does.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Topics {
    /// Make those that are missing, and check all.
    Create,
    /// Compare topics and brokers with what the promises rest on. The exit code is 1 where anything differs.
    Check,
}

/// Arguments of `quell rollup`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell rollup
  quell rollup --as-of 2026-06-01
  quell rollup --as-of 2026-06-01T00:00:00+02:00 --json
  quell rollup --as-of 0123456789abcdef --epoch draft")]
pub struct Rollup {
    /// The instant the tables speak of: RFC 3339 with an offset, or a day, whose beginning in the configured
    /// zone is meant; or the id of a cut.
    #[arg(long, value_name = "TIME|CUT")]
    pub as_of: Option<String>,
    /// The epoch, by its name or the first digits of its id; by default the one that is served.
    #[arg(long, value_name = "NAME")]
    pub epoch: Option<String>,
}

/// Arguments of `quell replay`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell replay --taxonomy draft.toml --epoch draft
  quell replay --taxonomy draft.toml --model reasons.model --epoch draft_2 --json
  quell replay --taxonomy draft.toml --from archive --epoch draft")]
pub struct Replay {
    /// Taxonomy file.
    #[arg(long, value_name = "FILE")]
    pub taxonomy: PathBuf,
    /// Model file, which decides where no rule does; by default the one of the configuration.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Decide by the taxonomy's rules alone, whatever model is configured.
    #[arg(long, conflicts_with = "model")]
    pub no_model: bool,
    /// Where the records come from: the log, or its archive ([archive] enabled).
    #[arg(long, value_name = "WORD", default_value = "log")]
    pub from: ReplayFrom,
    /// Name of the epoch: lower-case letters, digits, _ and -, a letter first.
    #[arg(long, value_name = "NAME", value_parser = epoch_name)]
    pub epoch: String,
}

/// Where a replay reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayFrom {
    /// The log.
    Log,
    /// The archive of the log in the lake's store.
    Archive,
}

/// Arguments of `quell promote`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell promote draft
  quell promote draft --by cx-lead --why \"delivery reasons are split\"")]
pub struct Promote {
    /// The epoch: its name, or the first digits of its id.
    #[arg(value_name = "NAME")]
    pub epoch: String,
    /// Who and why.
    #[command(flatten)]
    pub said: Signed,
}

/// Arguments of `quell rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// Who and why.
    #[command(flatten)]
    pub said: Signed,
}

/// Who does something, and why. Both are kept in the log, in clear.
#[derive(Debug, Clone, Args)]
pub struct Signed {
    /// Who does it: a pseudonym.
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Why, without naming anybody.
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
}

/// Commands on epochs.
#[derive(Debug, Subcommand)]
pub enum Epochs {
    /// List the epochs: which one is served, by what they were folded, how far.
    List,
    /// Remove an epoch that is not served. The log keeps everything: a replay makes it anew.
    Drop {
        /// The epoch: its name, or the first digits of its id.
        #[arg(value_name = "NAME")]
        epoch: String,
    },
}

/// A name that an epoch can get.
fn epoch_name(text: &str) -> Result<String, String> {
    let expected = || {
        "expected at most 40 lower-case letters, digits, _ and -, a letter first, and not `live` or `public`"
            .to_owned()
    };
    lake::good_epoch_name(text).then(|| text.to_owned()).ok_or_else(expected)
}

/// Arguments of `quell diff`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell diff live draft
  quell diff live draft --week 2026-W20
  quell diff live draft --format html,json --out reports --lang es")]
pub struct Diff {
    /// The epoch to begin with.
    #[arg(value_name = "A")]
    pub a: String,
    /// The epoch to end with.
    #[arg(value_name = "B")]
    pub b: String,
    /// Only the contacts of this ISO week, such as 2026-W20.
    #[arg(long, value_name = "WEEK")]
    pub week: Option<String>,
    /// Language; by default the configured one.
    #[arg(long, value_name = "LANG")]
    pub lang: Option<ReportLang>,
    /// Forms, joined by commas; by default text. A single text or json goes to stdout unless --out is given.
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<ReportFormat>,
    /// Folder for the files, made if it is missing; by default `reports` in the data folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `quell path`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell path contacts
  duckdb -c \"SELECT count(*) FROM read_parquet('$(quell path contacts)', hive_partitioning = true)\"")]
pub struct TablePath {
    /// Name of a published table.
    #[arg(value_name = "TABLE")]
    pub table: String,
    /// Which tables.
    #[command(flatten)]
    pub which: Which,
}

/// Which published tables are meant; by default those that are shown.
#[derive(Debug, Clone, Default, Args)]
pub struct Which {
    /// The tables of this cut, which may be an older one or one that was published beside.
    #[arg(long, value_name = "CUT", conflicts_with = "epoch")]
    pub cut: Option<String>,
    /// The tables of this epoch: its name or the first digits of its id.
    #[arg(long, value_name = "NAME")]
    pub epoch: Option<String>,
}

/// Arguments of `quell sql`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell sql --list
  quell sql --named repeat_counts --format json
  quell sql \"SELECT dt, count(*) FROM contacts GROUP BY dt ORDER BY dt\" --format csv > days.csv
  quell sql \"SELECT reason, count(*) FROM draft.contacts GROUP BY reason\"
  quell sql \"SELECT * FROM contacts\" --format parquet > contacts.parquet")]
#[command(group = ArgGroup::new("what").required(true).args(["query", "named", "list"]))]
pub struct Sql {
    /// A query.
    #[arg(value_name = "QUERY", allow_hyphen_values = true)]
    pub query: Option<String>,
    /// A named query.
    #[arg(long, value_name = "NAME")]
    pub named: Option<String>,
    /// List the named queries.
    #[arg(long)]
    pub list: bool,
    /// Form of the answer.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Which tables.
    #[command(flatten)]
    pub which: Which,
}

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns for people.
    Table,
    /// For spreadsheets, with a header line.
    Csv,
    /// One array of objects.
    Json,
    /// Parquet, to a file or a pipe.
    Parquet,
}

/// Reports for people.
#[derive(Debug, Subcommand)]
pub enum Report {
    /// The weekly contact-elimination report: why customers called, what was avoidable, who can remove the cause.
    ///
    /// Speaks of the tables that were published last. The page is one file that loads nothing else: it can be
    /// sent as it is. The first report of a week that has ended closes that week; if its figures change later, the
    /// report says that it was restated.
    #[command(after_long_help = "\
Examples:
  quell report weekly
  quell report weekly --week 2026-W20 --lang es --out reports
  quell report weekly --format text
  quell report weekly --format html,text,json --out reports")]
    Weekly(ReportWeekly),
}

/// Arguments of `quell report weekly`.
#[derive(Debug, Args)]
pub struct ReportWeekly {
    /// The ISO week, such as 2026-W20; by default the last one that has ended.
    #[arg(long, value_name = "WEEK")]
    pub week: Option<String>,
    /// Language; by default the configured one.
    #[arg(long, value_name = "LANG")]
    pub lang: Option<ReportLang>,
    /// Forms, joined by commas; by default html. A single text or json goes to stdout unless --out is given.
    #[arg(long, value_name = "FORMAT", value_delimiter = ',')]
    pub format: Vec<ReportFormat>,
    /// Folder for the files, made if it is missing; by default `reports` in the data folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Which tables. A report of others than those that are shown closes no week.
    #[command(flatten)]
    pub which: Which,
}

/// Language of a text for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportLang {
    /// Spanish.
    Es,
    /// English.
    En,
}

/// Form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum ReportFormat {
    /// One page for the browser.
    Html,
    /// For the terminal and plain mail.
    Text,
    /// For programs; the same in both languages.
    Json,
}

/// Commands on refused inputs.
#[derive(Debug, Subcommand)]
pub enum Rejects {
    /// List what was refused, the newest last.
    List,
    /// Show refused inputs, or with --raw their original bytes.
    #[command(after_long_help = "\
Examples:
  quell rejects show 3f9c2a71
  quell rejects show --raw 3f9c2a71 > row.csv
  quell rejects show --raw --all > refused.ndjson")]
    Show(RejectsShow),
}

/// Arguments of `quell rejects show`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).args(["ids", "all"]))]
pub struct RejectsShow {
    /// Print the original bytes, each followed by a newline, and nothing else.
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
    /// Ids as `rejects list` prints them; their first digits are enough.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// All of them, the newest last.
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `quell erase`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell erase < identifier.txt
  quell erase --kind account --namespace crm < number.txt")]
pub struct Erase {
    /// What the identifier is; by default whatever it is known as.
    #[arg(long, value_name = "KIND")]
    pub kind: Option<IdentifierKind>,
    /// For customer numbers and the like: the source in which they mean something; by default every source.
    #[arg(long, value_name = "NAME")]
    pub namespace: Option<String>,
}

/// What an identifier is, as mapping files name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IdentifierKind {
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// A customer or account number of a source.
    Account,
    /// An identity that the company has verified.
    Verified,
    /// A device or cookie.
    Device,
    /// A display name.
    Name,
}

/// Commands on the taxonomy.
#[derive(Debug, Subcommand)]
pub enum Taxonomy {
    /// Review a taxonomy file: can somebody act on each reason, and whose is it?
    ///
    /// Prints what is found with its place and what to do; docs/taxonomy.md describes each check. Where tables
    /// are published in the data folder, the contacts of the last whole weeks are looked at too, and what
    /// cannot be checked is said on stderr. The taxonomy in force is what L15 compares with, unless --against
    /// names another file.
    ///
    /// The exit code is 1 when there are errors, be they mistakes in the file; warnings and notes are none.
    #[command(after_long_help = "\
Examples:
  quell taxonomy lint taxonomy.toml
  quell taxonomy lint taxonomy.toml --against taxonomy-2025.toml --lang es
  quell taxonomy lint taxonomy.toml --json")]
    Lint(TaxonomyLint),
    /// Publish a taxonomy file: the next rollup folds the whole log by it and serves that.
    ///
    /// What was served before is kept, and `quell rollback` goes back to it. To look before anybody sees it, use
    /// `quell replay` and `quell promote` instead.
    Publish {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Who publishes it: a pseudonym, which the log keeps in clear.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
    },
    /// Show the taxonomy in force, or the one of a file.
    ///
    /// With the one in force comes its history: what was published and served, when and by whom.
    Show {
        /// The file; by default the taxonomy in force.
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
}

/// Arguments of `quell taxonomy lint`.
#[derive(Debug, Args)]
pub struct TaxonomyLint {
    /// The file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A taxonomy file whose meanings the ids shall keep; by default the taxonomy in force.
    #[arg(long, value_name = "FILE")]
    pub against: Option<PathBuf>,
    /// Language; by default the configured one.
    #[arg(long, value_name = "LANG")]
    pub lang: Option<ReportLang>,
}

/// Commands on units.
#[derive(Debug, Subcommand)]
pub enum Units {
    /// Bring counts of units from CSV files into the log.
    ///
    /// A file has the header day,unit,count and a row a day and unit: 2026-05-01,orders,1250. A unit is
    /// written as the taxonomy names it. Importing the same file twice changes nothing; another count of a
    /// day replaces the one before. Rows that cannot be understood are refused one by one and kept for
    /// `quell rejects`.
    ///
    /// The exit code is 1 when a file cannot be read or nothing was accepted. Refused rows alone are no
    /// failure.
    #[command(after_long_help = "\
Examples:
  quell units import orders.csv
  quell units import orders-2025.csv orders-2026.csv --json
  quell sql \"SELECT day, count FROM units WHERE unit = 'orders' ORDER BY day\"")]
    Import {
        /// Files to import, in this order.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// Commands on costs.
#[derive(Debug, Subcommand)]
pub enum Costs {
    /// Set what a contact and a minute of handling cost by channel, from a day on.
    ///
    /// The file is TOML. Amounts are decimals in quotes, exact to a millionth, all in one currency. Each
    /// channel costs what its latest rate says that is valid on the day of the contact; without one a
    /// contact's cost is unknown, not 0. Rates from the same day replace those set before.
    #[command(after_long_help = "\
Example of a file:
  from = 2026-01-01
  currency = \"EUR\"

  [rates]
  phone = { contact = \"1.20\", minute = \"0.48\" }
  email = { contact = \"2.50\" }

Examples:
  quell costs set costs.toml
  quell sql \"SELECT * FROM costs ORDER BY valid_from, channel\"")]
    Set {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Arguments of `quell classify`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  echo '{\"id\": 1, \"text\": \"where is my parcel?\"}' | quell classify --taxonomy taxonomy.toml")]
pub struct Classify {
    /// Taxonomy file; by default the taxonomy in force.
    #[arg(long, value_name = "FILE")]
    pub taxonomy: Option<PathBuf>,
    /// Model file, which decides where no rule does; by default the one of the configuration. With a model and
    /// without any taxonomy its labels are the reasons.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
}

/// Arguments of `quell explain`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell explain 0f8b2a4e-6f3a-5a53-9a3a-1a0c5f0f3a11
  QUELL_LANGUAGE=es quell explain 0f8b2a4e-6f3a-5a53-9a3a-1a0c5f0f3a11")]
pub struct Explain {
    /// The contact: contacts.contact_id.
    #[arg(value_name = "CONTACT_ID")]
    pub contact: String,
}

/// Arguments of `quell override`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell override 0f8b2a4e-6f3a-5a53-9a3a-1a0c5f0f3a11 --reason invoice --by qa-7 --why \"asks about the bill\"
  quell override 0f8b2a4e-6f3a-5a53-9a3a-1a0c5f0f3a11 --avoidable no --by qa-7 --why \"wanted to buy\"
  quell override 0f8b2a4e-6f3a-5a53-9a3a-1a0c5f0f3a11 --as-found --by qa-7 --why \"I had misread it\"")]
#[command(group = ArgGroup::new("ruling").required(true).multiple(true).args(["reason", "avoidable", "as_found"]))]
pub struct Override {
    /// The contact: contacts.contact_id.
    #[arg(value_name = "CONTACT_ID")]
    pub contact: String,
    /// The right reason, by its id in the taxonomy in force; `unclassified` where none fits.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Whether it was avoidable.
    #[arg(long, value_name = "WORD")]
    pub avoidable: Option<YesNo>,
    /// Take back everything that persons said of it: what was found counts again.
    #[arg(long, conflicts_with_all = ["reason", "avoidable"])]
    pub as_found: bool,
    /// Who says so: a pseudonym.
    #[arg(long, value_name = "NAME")]
    pub by: String,
    /// Why, without naming anybody.
    #[arg(long, value_name = "TEXT")]
    pub why: String,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum YesNo {
    /// It was.
    Yes,
    /// It was not.
    No,
}

/// Arguments of `quell train`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell train --labels labelled.csv --out reasons.model
  quell train --taxonomy taxonomy.toml --labels labelled.csv --out reasons.model
  quell train --taxonomy taxonomy.toml --labels labelled.csv --overrides --out reasons.model
  quell train --labels labelled.csv --table tokens.qtbl --out reasons.model")]
#[command(group = ArgGroup::new("from").required(true).multiple(true).args(["labels", "taxonomy", "overrides"]))]
pub struct Train {
    /// CSV with the columns text, label and, where the language is known, lang (BCP 47). The label `oos` means out
    /// of scope; such texts are not learned.
    #[arg(long, value_name = "FILE")]
    pub labels: Option<PathBuf>,
    /// Taxonomy whose examples are learned as well, and whose reasons all labels have to be.
    #[arg(long, value_name = "FILE")]
    pub taxonomy: Option<PathBuf>,
    /// Learn from what persons corrected as well: the words of every contact that `quell override` gave a reason,
    /// where they can still be opened. Corrections to `unclassified` count as out of scope.
    #[arg(long)]
    pub overrides: bool,
    /// Where to write the model.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Token table: knows words that the texts do not have. It is used if that classifies held-out texts better.
    #[arg(long, value_name = "FILE")]
    pub table: Option<PathBuf>,
    /// Use the token table without trying whether it helps.
    #[arg(long, requires = "table")]
    pub always: bool,
}

/// Arguments of `quell eval`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  quell eval --model reasons.model --labels held_out.csv
  quell eval --model reasons.model --labels held_out.csv --accept-loss 0.02 --json
  quell eval --gold reviewed.csv --epoch draft")]
#[command(group = ArgGroup::new("measured").required(true).args(["model", "gold"]))]
pub struct Eval {
    /// Model file.
    #[arg(long, value_name = "FILE", requires = "labels")]
    pub model: Option<PathBuf>,
    /// CSV with the columns text and label; `oos` = out of scope.
    #[arg(long, value_name = "FILE", requires = "model")]
    pub labels: Option<PathBuf>,
    /// CSV of contacts with the reason that is right: the columns contact_id and label, or source, record_id, label
    /// and, where the source has several, instance; `oos` = no reason fits.
    #[arg(long, value_name = "FILE", requires = "epoch", conflicts_with = "accept_loss")]
    pub gold: Option<PathBuf>,
    /// The epoch to measure: a name, `live`, or the first digits of an id.
    #[arg(long, value_name = "NAME", requires = "gold")]
    pub epoch: Option<String>,
    /// Share of in-scope texts that may stay unclassified, 0 to 0.5; by default that of the configuration.
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub accept_loss: Option<f64>,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=0.5).contains(share));
    share.ok_or_else(|| "expected a share from 0 to 0.5, such as 0.05".to_owned())
}

/// Commands on the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum ConfigCommand {
    /// Check the configuration: every mistake at once, with file and line.
    Check,
    /// Show every setting in force and where it was set. Secrets are never shown.
    Show,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    /// Once `--format` and `--raw` belonged to the groups of what can be asked for only once.
    #[test]
    fn what_is_asked_for_can_be_given_a_form() {
        let parses = |line: &str| Cli::try_parse_from(line.split(' ')).is_ok();
        for line in
            ["quell sql q --format csv", "quell sql --named n --format json", "quell sql --list --json"]
        {
            assert!(parses(line), "{line}");
        }
        for line in
            ["quell rejects show --raw --all", "quell rejects show --raw a b", "quell rejects show --json a"]
        {
            assert!(parses(line), "{line}");
        }
        for line in [
            "quell sql --format csv",
            "quell sql q --list",
            "quell rejects show --raw",
            "quell rejects show a --all",
        ] {
            assert!(!parses(line), "{line}");
        }
    }
}
