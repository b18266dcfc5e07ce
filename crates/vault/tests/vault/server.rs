//! The server that `QUELL_POSTGRES` names, a schema of it for each test, and servers that a test starts for itself.

use domain::KeyId;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Once;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};
use vault::{Password, PostgresConfig};

/// Address of a role that may create schemas: `tests/postgres/server.sh` prints one.
const ADDRESS: &str = "QUELL_POSTGRES";
/// File with the role's password.
const PASSWORD_FILE: &str = "QUELL_POSTGRES_PASSWORD_FILE";

/// Runs a case where there is a server, and says where there is none, past the capture of a test's output.
pub fn if_named(case: impl FnOnce()) {
    static SAID: Once = Once::new();
    if std::env::var_os(ADDRESS).is_some() {
        return case();
    }
    SAID.call_once(|| {
        let line = format!("SKIPPED: every test of the vault on PostgreSQL, because {ADDRESS} names no server (make test-postgres starts one)");
        writeln!(std::io::stderr(), "{line}").unwrap();
    });
}

/// The configuration of the server, for a schema of this name.
fn config(schema: &str) -> PostgresConfig {
    let mut config = PostgresConfig::new(&std::env::var(ADDRESS).unwrap()).unwrap();
    config.password = std::env::var_os(PASSWORD_FILE)
        .map(|file| Password::new(std::fs::read_to_string(PathBuf::from(file)).unwrap()));
    config.schema = schema.into();
    // Short, because tests erase often. What they prove does not hang on it.
    config.lease = Duration::from_millis(5);
    config
}

/// A schema that holds one vault.
pub struct Schema {
    pub config: PostgresConfig,
    is_ours: bool,
}

impl Schema {
    pub fn new() -> Self {
        Self { config: config(&format!("test_{:032x}", fastrand::u128(..))), is_ours: true }
    }

    pub fn of_another(name: &str) -> Self {
        Self { config: config(name), is_ours: false }
    }

    /// The tables themselves, past the vault.
    pub fn sql(&self) -> Sql {
        let sql = Sql::connect(
            &std::env::var(ADDRESS).unwrap(),
            std::env::var_os(PASSWORD_FILE).map(PathBuf::from),
        );
        sql.execute(&format!("SET search_path = {}", self.config.schema));
        sql
    }

    pub fn key_bytes(&self, id: KeyId) -> Vec<u8> {
        let rows = self.sql().query("SELECT bytes FROM data_keys WHERE key_id = $1", &[&&id.as_bytes()[..]]);
        rows[0].get(0)
    }

    pub fn occurrences(&self, bytes: &[u8]) -> usize {
        let sql = self.sql();
        let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
        let tables = sql.query("SELECT relname::text FROM pg_class WHERE relnamespace = $1::text::regnamespace AND relkind = 'r'", &[&self.config.schema]);
        let times = |table: &Row| {
            let table: &str = table.get(0);
            let rows =
                sql.query(&format!("SELECT count(*) FROM {table} AS t WHERE t::text LIKE '%{hex}%'"), &[]);
            usize::try_from(rows[0].get::<_, i64>(0)).unwrap()
        };
        tables.iter().map(times).sum()
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if self.is_ours {
            self.sql().execute(&format!("DROP SCHEMA IF EXISTS {} CASCADE", self.config.schema));
        }
    }
}

/// A connection past the vault.
pub struct Sql {
    runtime: Runtime,
    client: Client,
}

impl Sql {
    pub fn connect(address: &str, password: Option<PathBuf>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut config: tokio_postgres::Config = address.parse().unwrap();
        if let Some(file) = password {
            config.password(std::fs::read(file).unwrap());
        }
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(async { drop(connection.await) });
            client
        });
        Self { runtime, client }
    }

    pub fn execute(&self, sql: &str) {
        self.runtime.block_on(self.client.batch_execute(sql)).unwrap();
    }

    pub fn query(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Vec<Row> {
        self.runtime.block_on(self.client.query(sql, parameters)).unwrap()
    }
}
