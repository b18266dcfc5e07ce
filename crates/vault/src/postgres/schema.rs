//! Making the vault's tables, and checking that existing ones are what was asked for. Whoever comes first makes
//! them, whole, in one transaction that others wait for.

use super::failure::Failure;
use super::session::Session;
use crate::secret::{KEY_BYTES, new_instance_secret};
use crate::{Location, Mode, VaultError};
use std::fmt::Write as _;
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use zeroize::Zeroizing;

/// Layout of the tables below.
const FORMAT: i32 = 1;

/// Parts of a table. An erasure writes one part of each anew, which at ten million customers is 40 MB; every
/// statement opens all of them, which at many more would be what it does most.
pub(super) const PARTS: u32 = 16;

/// A row without `customer` is a suppression, one without `bytes` a destroyed key: neither is ever issued again.
/// That both are rows of the table that issues makes issuing and suppressing meet in its index, where one wins.
/// `unwiped` names the parts that still hold bytes of what was destroyed.
///
/// No statistics of values: the server would keep samples of keys where no erasure finds them.
fn statements(schema: &str) -> String {
    let mut sql = "
        CREATE TABLE instance (format int NOT NULL, mode text NOT NULL, secret bytea NOT NULL,
            lease_micros bigint NOT NULL);
        CREATE TABLE generation (number bigint NOT NULL);
        INSERT INTO generation VALUES (0);
        CREATE TABLE unwiped (part text PRIMARY KEY);
        CREATE TABLE lookups (tag bytea PRIMARY KEY, customer bytea) PARTITION BY HASH (tag);
        CREATE TABLE data_keys (key_id bytea PRIMARY KEY, bytes bytea) PARTITION BY HASH (key_id);"
        .to_owned();
    for table in ["lookups", "data_keys"] {
        for part in 0..PARTS {
            write!(
                sql,
                "CREATE TABLE {table}_{part} PARTITION OF {schema}.{table}
                     FOR VALUES WITH (MODULUS {PARTS}, REMAINDER {part});"
            )
            .expect("a text takes any text");
        }
    }
    sql + "ALTER TABLE lookups ALTER tag SET STATISTICS 0, ALTER customer SET STATISTICS 0;
           ALTER TABLE data_keys ALTER key_id SET STATISTICS 0, ALTER bytes SET STATISTICS 0;
           ALTER TABLE instance ALTER secret SET STATISTICS 0;"
}

/// What the vault was made with.
pub(super) struct Instance {
    pub(super) mode: String,
    pub(super) secret: Zeroizing<[u8; KEY_BYTES]>,
    pub(super) lease: Duration,
}

/// The instance in this schema; made first where there is none.
pub(super) fn ensure_instance(
    session: &mut Session,
    schema: &str,
    mode: Mode,
    lease: Duration,
    vault: &Location,
) -> Result<Instance, Failure> {
    if !exists(session, schema)? {
        create(session, schema, mode, lease)?;
    }
    read(session, vault)
}

fn exists(session: &mut Session, schema: &str) -> Result<bool, Failure> {
    let rows = session.query("SELECT to_regclass($1 || '.instance') IS NOT NULL", &[&schema])?;
    Ok(rows[0].get(0))
}

/// `CREATE SCHEMA IF NOT EXISTS` would ask for the right to create one even where it exists.
fn create(session: &Session, schema: &str, mode: Mode, lease: Duration) -> Result<(), Failure> {
    let secret = new_instance_secret(mode)?;
    let lease = i64::try_from(lease.as_micros()).unwrap_or(i64::MAX);
    session.slowly(async |client| {
        client.batch_execute("BEGIN").await?;
        client
            .execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&format!("quell {schema}")])
            .await?;
        let found = client
            .query_one(
                "SELECT to_regnamespace($1) IS NULL, to_regclass($1 || '.instance') IS NULL",
                &[&schema],
            )
            .await?;
        let (no_schema, no_instance): (bool, bool) = (found.get(0), found.get(1));
        if no_schema {
            client.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
        }
        if no_instance {
            client.batch_execute(&statements(schema)).await?;
            let row: [&(dyn ToSql + Sync); 4] = [&FORMAT, &mode.word(), &&secret[..], &lease];
            client.execute("INSERT INTO instance VALUES ($1, $2, $3, $4)", &row).await?;
        }
        Ok(client.batch_execute("COMMIT").await?)
    })
}

fn read(session: &mut Session, vault: &Location) -> Result<Instance, Failure> {
    let other = |found: String| VaultError::NotAVault { vault: vault.clone(), expected: FORMAT, found };
    // A later format may have other columns, so its number comes first.
    let format: i32 = match session.query("SELECT format FROM instance", &[]) {
        Ok(rows) if rows.len() == 1 => rows[0].try_get(0)?,
        Ok(rows) => return Err(other(format!("a table `instance` of {} rows", rows.len())).into()),
        Err(Failure::Refused { code, .. }) if code == SqlState::UNDEFINED_COLUMN.code() => {
            return Err(other("a table `instance` of something else".into()).into());
        }
        Err(e) => return Err(e),
    };
    if format != FORMAT {
        return Err(other(format!("format {format}")).into());
    }
    let rows = session.query("SELECT mode, secret, lease_micros FROM instance", &[])?;
    let secret = <[u8; KEY_BYTES]>::try_from(rows[0].get::<_, &[u8]>(1));
    let Ok(secret) = secret else { return Err(other("a secret of another length".into()).into()) };
    Ok(Instance {
        mode: rows[0].get(0),
        secret: Zeroizing::new(secret),
        lease: Duration::from_micros(rows[0].get::<_, i64>(2).unsigned_abs()),
    })
}
