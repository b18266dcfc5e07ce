//! One connection: made safe before its first use, and never waited for without end.

use super::config::{Encryption, PostgresConfig};
use super::failure::Failure;
use super::tls;
use crate::VaultError;
use std::collections::HashMap;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row, Socket, Statement};

/// A connection with a runtime of its own, which runs on whichever thread asks and is idle in between.
pub(super) struct Session {
    runtime: Loop,
    client: Client,
    prepared: HashMap<&'static str, Statement>,
    answer_wait: Duration,
    /// What the role may do about the server's journal.
    pub(super) journal: JournalRights,
}

/// Ends without waiting, so that it may also be dropped by a thread that drives another runtime.
struct Loop(Option<Runtime>);

impl Loop {
    fn new() -> Result<Self, Failure> {
        let built = Builder::new_current_thread().enable_all().build();
        let unable =
            |source| VaultError::File { action: "watch connections of", path: "the vault".into(), source };
        Ok(Self(Some(built.map_err(unable)?)))
    }

    /// Drives the connection until the work is done; at most for so long.
    fn until<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let runtime = self.0.as_ref().expect("it runs until it is dropped");
        let limited = runtime.block_on(async { tokio::time::timeout(limit, work).await });
        limited.unwrap_or_else(|_| {
            let silent = format!("the server gave no answer within {} ms", limit.as_millis());
            Err(Failure::Silent(silent))
        })
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Whether the role may ask for the two steps that take old segments of the write-ahead log away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct JournalRights {
    pub(super) switch: bool,
    pub(super) checkpoint: bool,
}

/// The server gives up first, and says so; we do when it says nothing at all.
const GRACE: Duration = Duration::from_secs(2);

/// Statements that look at whole tables may take so many times as long as others.
const SLOW: u32 = 10;

impl Session {
    /// Connects; `lock_wait` is how long a statement waits for a lock.
    pub(super) fn open(config: &PostgresConfig, lock_wait: Duration) -> Result<Self, Failure> {
        let runtime = Loop::new()?;
        let client = runtime.until(config.connect_wait, async {
            let client = connect(config).await?;
            client.batch_execute(&settings(config, lock_wait)).await?;
            Ok(client)
        })?;
        let answer_wait = config.answer_wait;
        let journal = JournalRights { switch: false, checkpoint: false };
        let mut session = Self { runtime, client, prepared: HashMap::new(), answer_wait, journal };
        session.check(config)?;
        Ok(session)
    }

    /// The rows of a statement that is prepared at its first use.
    pub(super) fn query(
        &mut self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Failure> {
        let Self { runtime, client, prepared, .. } = self;
        runtime.until(self.answer_wait + GRACE, async {
            if !prepared.contains_key(sql) {
                prepared.insert(sql, client.prepare(sql).await?);
            }
            Ok(client.query(&prepared[sql], parameters).await?)
        })
    }

    /// Runs work of several statements, or of one that looks at whole tables. Where it fails, an open transaction
    /// is left, which ends with the session.
    pub(super) fn slowly<T>(
        &self,
        work: impl AsyncFnOnce(&Client) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let limit = self.answer_wait * SLOW;
        let timeout = |limit: Duration| format!("SET statement_timeout = {}", limit.as_millis().max(1));
        self.runtime.until(limit + GRACE, async {
            self.client.batch_execute(&timeout(limit)).await?;
            let done = work(&self.client).await?;
            self.client.batch_execute(&timeout(self.answer_wait)).await?;
            Ok(done)
        })
    }

    /// Refuses a server that could lose a key or shows it to others. Looks at each connection, because the
    /// server may have been set up anew, or be another one, since the last.
    fn check(&mut self, config: &PostgresConfig) -> Result<(), Failure> {
        let rows = self.query(
            "SELECT name, current_setting(name, true)
             FROM unnest(ARRAY['fsync', 'full_page_writes', 'synchronous_commit', 'transaction_read_only',
                 'log_parameter_max_length', 'log_statement', 'log_min_duration_statement',
                 'log_min_duration_sample', 'log_transaction_sample_rate']) AS name
             UNION ALL SELECT 'may switch', has_function_privilege('pg_switch_wal()', 'EXECUTE')::text
             UNION ALL SELECT 'may checkpoint', (rolsuper OR coalesce(
                 pg_has_role(oid, to_regrole('pg_checkpoint')::oid, 'USAGE'), false))::text
             FROM pg_roles WHERE rolname = current_user",
            &[],
        )?;
        let all: HashMap<String, String> = rows
            .iter()
            .map(|row| (row.get(0), row.get::<_, Option<String>>(1).unwrap_or_default()))
            .collect();
        if let Some((setting, risk)) = unsafe_setting(&all) {
            return Err(VaultError::UnsafeServer { vault: config.location(), setting, risk }.into());
        }
        self.journal = JournalRights {
            switch: all["may switch"] == "true",
            checkpoint: all["may checkpoint"] == "true",
        };
        if all["synchronous_commit"] == "off" {
            self.slowly(async |client| Ok(client.batch_execute("SET synchronous_commit = on").await?))?;
        }
        Ok(())
    }
}

/// The first setting with which no vault is kept, and why.
fn unsafe_setting(all: &HashMap<String, String>) -> Option<(String, &'static str)> {
    let is = |name: &str, value: &str| all[name] == value;
    let lossy = "so that a crash of its machine can lose keys that were used: turn it on";
    let logged = "so that its log shows the keys that statements carry: \
                  ALTER ROLE … SET log_parameter_max_length = 0 as a superuser";
    let logs_parameters = !is("log_parameter_max_length", "0");
    let cases = [
        ("fsync", is("fsync", "off"), lossy),
        ("full_page_writes", is("full_page_writes", "off"), lossy),
        (
            "transaction_read_only",
            is("transaction_read_only", "on"),
            "so that nothing can be kept there: name the primary server, not a replica",
        ),
        (
            "log_statement",
            logs_parameters && (is("log_statement", "all") || is("log_statement", "mod")),
            logged,
        ),
        ("log_min_duration_statement", logs_parameters && !is("log_min_duration_statement", "-1"), logged),
        ("log_min_duration_sample", logs_parameters && !is("log_min_duration_sample", "-1"), logged),
        ("log_transaction_sample_rate", logs_parameters && !is("log_transaction_sample_rate", "0"), logged),
    ];
    let (name, _, risk) = cases.into_iter().find(|(_, found, _)| *found)?;
    Some((format!("{name} = {}", all[name]), risk))
}

/// Settings of this connection only. Plans are made once: of the few statements each has one good plan, from row to
/// row by the indexes, whatever the server believes about the sizes of tables without statistics.
fn settings(config: &PostgresConfig, lock_wait: Duration) -> String {
    let (schema, answer) = (&config.schema, config.answer_wait.as_millis().max(1));
    let lock = lock_wait.as_millis().max(1);
    format!(
        "SET search_path = {schema}; SET lock_timeout = {lock}; SET statement_timeout = {answer};
         SET idle_in_transaction_session_timeout = {answer}; SET client_min_messages = warning;
         SET log_parameter_max_length_on_error = 0; SET jit = off; SET plan_cache_mode = force_generic_plan;
         SET enable_hashjoin = off; SET enable_mergejoin = off"
    )
}

async fn connect(config: &PostgresConfig) -> Result<Client, Failure> {
    match &config.encryption {
        Encryption::LocalOnly | Encryption::InClear => connect_over(config, NoTls).await,
        Encryption::Tls { roots } => connect_over(config, tls::trusting(roots)?).await,
    }
}

async fn connect_over<T>(config: &PostgresConfig, tls: T) -> Result<Client, Failure>
where
    T: MakeTlsConnect<Socket, Stream: Send + 'static>,
{
    let (client, connection) = config.ready().connect(tls).await?;
    // Its error is also that of the statement which waits for an answer.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}
