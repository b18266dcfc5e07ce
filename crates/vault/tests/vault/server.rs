//! The server that `QUELL_POSTGRES` names, a schema of it for each test, and servers that a test starts for itself.

use crate::proxy::Proxy;
use domain::KeyId;
use std::fs::Permissions;
use std::io::Write as _;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_postgres::config::Host;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Row};
use vault::{Mode, Password, PostgresConfig, Vault};

/// Address of a role that may create schemas: `tests/postgres/server.sh` prints one.
const ADDRESS: &str = "QUELL_POSTGRES";
/// File with the role's password.
const PASSWORD_FILE: &str = "QUELL_POSTGRES_PASSWORD_FILE";

/// Runs a case where there is a server, and says where there is none, past the capture of a test's output.
#[allow(clippy::explicit_write, reason = "what a passing test says by `eprintln!` is captured")]
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

/// The configuration of the server at this address, for a schema of this name.
fn config(address: &str, password: Option<PathBuf>, schema: &str) -> PostgresConfig {
    let mut config = PostgresConfig::new(address).unwrap();
    config.password = password.map(|file| Password::new(std::fs::read_to_string(file).unwrap()));
    config.schema = schema.into();
    // Short, because tests erase often. What they prove does not hang on it.
    config.lease = Duration::from_millis(5);
    config
}

/// The same with something changed.
pub fn with(mut config: PostgresConfig, change: impl FnOnce(&mut PostgresConfig)) -> PostgresConfig {
    change(&mut config);
    config
}

fn named() -> String {
    std::env::var(ADDRESS).unwrap()
}

fn password_file() -> Option<PathBuf> {
    std::env::var_os(PASSWORD_FILE).map(PathBuf::from)
}

/// Where the named server listens; user and database of its address.
pub fn listens_at() -> SocketAddr {
    let config: tokio_postgres::Config = named().parse().unwrap();
    let [Host::Tcp(host)] = config.get_hosts() else { panic!("{ADDRESS} names no TCP address") };
    (host.as_str(), config.get_ports()[0]).to_socket_addrs().unwrap().next().unwrap()
}

fn part(name: &str) -> String {
    let config: tokio_postgres::Config = named().parse().unwrap();
    let value = if name == "user" { config.get_user() } else { config.get_dbname() };
    value.unwrap().to_owned()
}

/// A schema that holds one vault.
pub struct Schema {
    pub config: PostgresConfig,
    is_ours: bool,
}

impl Schema {
    pub fn new() -> Self {
        let name = format!("test_{:032x}", fastrand::u128(..));
        Self { config: config(&named(), password_file(), &name), is_ours: true }
    }

    pub fn of_another(name: &str) -> Self {
        Self { config: config(&named(), password_file(), name), is_ours: false }
    }

    pub fn open(&self) -> Vault {
        Vault::connect(&self.config, Mode::Random).unwrap()
    }

    /// The same vault behind a network that can break; every call asks the server.
    pub fn behind(&self, proxy: &Proxy) -> PostgresConfig {
        let address =
            format!("host=127.0.0.1 port={} user={} dbname={}", proxy.port, part("user"), part("dbname"));
        with(config(&address, password_file(), &self.config.schema), |c| c.lease = Duration::ZERO)
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

/// A server that one test starts, stops and breaks.
pub struct OwnServer {
    folder: TempDir,
}

impl OwnServer {
    pub fn start(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir().unwrap();
        script("start", folder.path(), settings);
        Self { folder }
    }

    pub fn config(&self) -> PostgresConfig {
        self.config_at("127.0.0.1")
    }

    /// By another name of this machine.
    pub fn config_at(&self, host: &str) -> PostgresConfig {
        let address = format!("postgres://quell@{host}:{}/quell", self.port());
        config(&address, Some(self.path("password")), "quell_vault")
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("server").join(name)
    }

    fn port(&self) -> String {
        std::fs::read_to_string(self.path("port")).unwrap().trim().to_owned()
    }

    pub fn superuser(&self) -> Sql {
        let sql = Sql::connect(&std::fs::read_to_string(self.path("superuser.url")).unwrap(), None);
        sql.execute("SET search_path = quell_vault");
        sql
    }

    /// As a crash of the server would.
    pub fn restart(&self) {
        script("restart", self.folder.path(), &[]);
    }

    pub fn stop(&self) {
        script("stop", self.folder.path(), &[]);
    }

    pub fn start_again(&self) {
        script("start", self.folder.path(), &[]);
    }

    /// Every file of the server with its bytes, except its programs' text log of starting.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let kind = entry.file_type().unwrap();
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if let Ok(bytes) = std::fs::read(entry.path()) {
                    found.push((entry.path(), bytes)); // a socket, or a file that is gone by now, is none
                }
            }
        }
        found
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        let _ = command("stop", self.folder.path(), &[]).output(); // it may be stopped already
    }
}

fn command(action: &str, folder: &Path, settings: &[&str]) -> Command {
    let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/postgres/server.sh"));
    command.arg(action).arg(folder.join("server")).args(settings);
    command
}

fn script(action: &str, folder: &Path, settings: &[&str]) {
    let status = command(action, folder, settings).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "server.sh {action}");
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
