//! Which server, whose role, which schema, and how much patience.

use crate::{Location, VaultError};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};
use zeroize::Zeroizing;

/// A role's password: wiped when dropped, and never shown.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes it from where it was read: a file or the environment, never a configuration or a command line.
    pub fn new(password: String) -> Self {
        Self(Zeroizing::new(password))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password(not shown)")
    }
}

/// How the bytes travel to the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Encryption {
    /// In clear, and therefore only to this machine: a socket in a folder, or a loopback address.
    #[default]
    LocalOnly,
    /// Encrypted, to a server whose certificate bears the name of its host and is signed by one of these. Only in
    /// a program built with the feature `postgres-tls`.
    Tls {
        /// A PEM file of certificates.
        roots: PathBuf,
    },
    /// In clear to any address: for a network that is encrypted by other means.
    InClear,
}

/// A PostgreSQL server that keeps a vault.
///
/// The role needs a database in which it may create a schema, or a schema of its own, and nothing else. Several
/// instances share a database under different schemas.
///
/// # What an erasure leaves on the server
///
/// When [`crate::Vault::erase_customer`] returns, the tables and indexes of the vault hold no byte of the key and
/// nothing that leads from the customer to an identifier: the parts of the tables that held them are written anew
/// and the files they had are removed. Outside the tables, until PostgreSQL itself drops them:
/// - **Write-ahead log.** The statements that issued the key are there, until a checkpoint removes their segments.
///   Where the role may (`pg_checkpoint`, EXECUTE on `pg_switch_wal()`), the erasure ends with both. A segment
///   that the server renames for later use keeps its old bytes: set `wal_recycle = off`.
/// - **Archived log, base backups, dumps, replicas' logs, snapshots of volumes.** They hold what they held. Keep
///   them no longer than the law and the customers were told; a restore must be followed by the erasures since.
/// - **The disk** under the removed files, until it is written over or trimmed: encrypt it.
///
/// The vault's tables carry no statistics, because PostgreSQL keeps samples of the values among those.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    address: tokio_postgres::Config,
    /// The role's password, where the server asks for one.
    pub password: Option<Password>,
    /// The schema that holds the vault: lower-case letters, digits, `_`; `quell_vault` by default.
    pub schema: String,
    /// How the bytes travel.
    pub encryption: Encryption,
    /// Connections at most, one for each thread that asks at once; 4 by default. A thread beyond waits.
    pub connections: usize,
    /// How long to wait for a connection; 5 s by default.
    pub connect_wait: Duration,
    /// How long to wait for the answer of a statement; 30 s by default. Erasing and checking look at whole
    /// tables and may take ten times as long.
    pub answer_wait: Duration,
    /// How long a handle may answer from memory after it asked the server whether anybody was erased; 100 ms by
    /// default, zero to ask in every call. What counts for all handles is the value with which the vault was made.
    ///
    /// An erasure returns only when every lease given before it has run out, so no handle on any machine uses what
    /// was erased before its call began. A call with everything in memory costs no round trip under a lease and
    /// one without: at most ten a second and handle. This trusts that no machine's clock (the one that also counts
    /// while the machine sleeps) runs slower than another's by more than an eighth; a virtual machine that its
    /// host freezes and thaws may break that, and wants a lease of zero.
    pub lease: Duration,
}

/// So long at most does an erasure wait for others' leases.
const LONGEST_LEASE: Duration = Duration::from_secs(60);

impl PostgresConfig {
    /// Reads an address such as `postgres://quell@db.example.com:5432/quell` or
    /// `host=/run/postgresql user=quell dbname=quell`. An address with a password, without a host or with other
    /// options is [`VaultError::BadConfig`].
    pub fn new(address: &str) -> Result<Self, VaultError> {
        let config = Self {
            address: parse(address).map_err(VaultError::BadConfig)?,
            password: None,
            schema: "quell_vault".into(),
            encryption: Encryption::default(),
            connections: 4,
            connect_wait: Duration::from_secs(5),
            answer_wait: Duration::from_secs(30),
            lease: Duration::from_millis(100),
        };
        Ok(config)
    }

    /// What is wrong with it, if anything, before a connection is tried.
    pub(super) fn check(&self) -> Result<(), VaultError> {
        let bad = |what: String| Err(VaultError::BadConfig(what));
        if !is_schema_name(&self.schema) {
            return bad(format!(
                "the schema {:?} is not a name of at most 63 lower-case letters, digits and _",
                self.schema
            ));
        }
        if self.lease > LONGEST_LEASE {
            return bad(format!(
                "expected a lease of at most {} s, found {} ms",
                LONGEST_LEASE.as_secs(),
                self.lease.as_millis()
            ));
        }
        if self.connections == 0 {
            return bad("expected at least one connection, found 0".into());
        }
        if self.encryption == Encryption::LocalOnly && !is_local(&self.address) {
            return bad(format!(
                "{} is another machine: give the certificates for TLS, or say that the network is encrypted by other means",
                self.location()
            ));
        }
        Ok(())
    }

    /// The address with all that connecting needs.
    pub(super) fn ready(&self) -> tokio_postgres::Config {
        let mut ready = self.address.clone();
        if let Some(password) = &self.password {
            ready.password(password.0.as_bytes());
        }
        let tls = matches!(self.encryption, Encryption::Tls { .. });
        ready
            .ssl_mode(if tls { SslMode::Require } else { SslMode::Disable })
            .application_name("quell vault")
            .connect_timeout(self.connect_wait)
            .tcp_user_timeout(self.answer_wait);
        ready
    }

    pub(super) fn location(&self) -> Location {
        let hosts: Vec<String> = self
            .address
            .get_hosts()
            .iter()
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(folder) => folder.display().to_string(),
            })
            .collect();
        let ports: Vec<String> = self.address.get_ports().iter().map(u16::to_string).collect();
        let port = if ports.is_empty() { "5432".into() } else { ports.join(",") };
        let name = |name: Option<&str>| name.unwrap_or("?").to_owned();
        Location::Server(format!(
            "postgres://{}@{}:{port}/{} schema {}",
            name(self.address.get_user()),
            hosts.join(","),
            name(self.address.get_dbname()),
            self.schema
        ))
    }
}

/// The reason never repeats the address, which may hold a password.
fn parse(address: &str) -> Result<tokio_postgres::Config, String> {
    let parsed: tokio_postgres::Config = address.parse().map_err(|_| {
        "expected an address such as postgres://user@host:5432/database, found something else".to_owned()
    })?;
    let plain = tokio_postgres::Config::new();
    let says = [
        (parsed.get_password().is_some(), "names a password: give it by file or environment"),
        (parsed.get_hosts().is_empty(), "names no host"),
        (parsed.get_user().is_none(), "names no user"),
        (parsed.get_dbname().is_none(), "names no database"),
        (parsed.get_options().is_some(), "names options for the server: set them for the role, there"),
        (parsed.get_ssl_mode() != plain.get_ssl_mode(), "names an sslmode: say it in the configuration"),
    ];
    match says.iter().find(|(found, _)| *found) {
        Some((_, what)) => Err(format!("the address {what}")),
        None => Ok(parsed),
    }
}

fn is_local(address: &tokio_postgres::Config) -> bool {
    let is_loopback = |name: &String| {
        name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    };
    let hosts = address.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => is_loopback(name),
        Host::Unix(_) => true,
    });
    hosts && address.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn is_schema_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let first = name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    first && name.len() <= 63 && name.bytes().all(allowed) && !name.starts_with("pg_")
}
