//! The vault's tables on a PostgreSQL server, for several machines: statements and what each costs.
//!
//! | call | round trips |
//! |---|---|
//! | everything known in memory | 0 under a lease, 1 to renew it |
//! | known customers or keys, not in memory | 1, however many |
//! | new customers | 2, and 1 more where somebody else met one of them at the same time |
//!
//! Issuing is safe to repeat: of two rows for one identifier the index takes the first, and whoever comes second
//! reads it. So where a connection breaks and nobody knows whether the rows were committed, they are issued again
//! and the answer is what lies there.

mod check;
mod config;
mod failure;
mod lease;
mod pool;
mod schema;
mod session;
mod tls;
mod wipe;

pub use config::{Encryption, Password, PostgresConfig};

use crate::secret::{DataKey, Secrets, Tag};
use crate::store::{KeyState, Known, Store, check_mode};
use crate::{Erasure, Integrity, Location, Mode, Options, Resolution, VaultError};
use domain::{CustomerKey, KeyId};
use failure::Failure;
use lease::Lease;
use pool::Pool;
use session::Session;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use zeroize::Zeroizing;

const FIND: &str = "
    SELECT tag, customer, bytes FROM unnest($1::bytea[]) AS asked (tag) JOIN lookups USING (tag)
    LEFT JOIN data_keys ON key_id = customer";

/// One transaction, so that no customer is without a key. In the order of the tags, so that two that issue at
/// the same time never wait for each other in a circle. `IS TRUE` keeps the planner from making a join of the test,
/// which without hash joins would compare each with each.
const ISSUE: &str = "
    WITH fresh AS MATERIALIZED
            (SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[]) AS fresh (tag, customer, bytes)),
        issued AS (INSERT INTO lookups (tag, customer) SELECT tag, customer FROM fresh ORDER BY tag
            ON CONFLICT (tag) DO NOTHING RETURNING customer)
    INSERT INTO data_keys (key_id, bytes)
    SELECT customer, bytes FROM fresh WHERE (customer IN (SELECT customer FROM issued)) IS TRUE
    RETURNING key_id";

const KEYS: &str = "
    SELECT id, bytes FROM unnest($1::bytea[]) AS asked (id) JOIN data_keys ON key_id = id";

const ISSUE_KEYS: &str = "
    INSERT INTO data_keys (key_id, bytes)
    SELECT * FROM unnest($1::bytea[], $2::bytea[]) AS fresh (id, bytes) ORDER BY id
    ON CONFLICT (key_id) DO NOTHING";

/// A vault in a schema of a server.
pub(crate) struct PostgresStore {
    pool: Pool,
    lease: Lease,
    location: Location,
    lock_wait: Duration,
}

/// A customer met for the first time, as it will be if nobody else was faster.
struct Fresh {
    tag: Tag,
    customer: CustomerKey,
    bytes: Zeroizing<[u8; 32]>,
}

impl PostgresStore {
    /// Connects to the vault, making it first where there is none, and gives the secrets it was made with.
    pub(crate) fn connect(
        config: &PostgresConfig,
        mode: Mode,
        options: &Options,
    ) -> Result<(Self, Secrets), VaultError> {
        config.check()?;
        let location = config.location();
        let pool = Pool::new(config.clone(), options.wait);
        let instance = pool
            .repeat(|session| schema::ensure_instance(session, &config.schema, mode, config.lease, &location))
            .map_err(|e| e.named("open the tables", &location))?;
        let secrets = check_mode(mode, &instance.mode, &instance.secret, &location)?;
        let store = Self { pool, lease: Lease::new(instance.lease), location, lock_wait: options.wait };
        // An eraser that was killed before its wipe left bytes. Whoever opens wipes them if nobody is in the way.
        match store.wipe_parts(Duration::ZERO) {
            Ok(()) | Err(VaultError::NotWiped { .. }) => Ok((store, secrets)),
            Err(e) => Err(e),
        }
    }

    fn ask<T>(
        &self,
        action: &'static str,
        work: impl FnMut(&mut Session) -> Result<T, Failure>,
    ) -> Result<T, VaultError> {
        self.pool.repeat(work).map_err(|e| e.named(action, &self.location))
    }

    fn ask_generation(&self) -> Result<u64, Failure> {
        let rows = self.pool.repeat(|session| session.query("SELECT number FROM generation", &[]))?;
        // Without it nobody would hear of an erasure, so nothing is answered.
        let row = rows.first().ok_or_else(|| wrong("no row in `generation`"))?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}

impl Store for PostgresStore {
    fn location(&self) -> &Location {
        &self.location
    }

    fn settled(&self) -> Result<Option<u64>, VaultError> {
        let generation = self.lease.generation(|| self.ask_generation());
        generation.map(Some).map_err(|e| e.named("ask whether anybody was erased", &self.location))
    }

    fn resolve(&self, tags: BTreeSet<Tag>, secrets: &Secrets) -> Result<BTreeMap<Tag, Known>, VaultError> {
        let mut found = self.ask("look up customers", |session| find(session, tags.iter()))?;
        let unknown: Vec<&Tag> = tags.iter().filter(|tag| !found.contains_key(*tag)).collect();
        if !unknown.is_empty() {
            let fresh = unknown.into_iter().map(|tag| fresh(tag, secrets)).collect::<Result<Vec<_>, _>>()?;
            found.extend(self.ask("issue customers", |session| issue(session, &fresh))?);
        }
        Ok(found)
    }

    fn find(&self, tag: &Tag) -> Result<Option<Known>, VaultError> {
        let mut found = self.ask("look up a customer", |session| find(session, [tag].into_iter()))?;
        Ok(found.remove(tag))
    }

    fn keys(&self, ids: &[KeyId]) -> Result<Vec<(KeyId, KeyState)>, VaultError> {
        self.ask("read keys", |session| keys(session, ids))
    }

    fn ensure_keys(&self, ids: &[KeyId], secrets: &Secrets) -> Result<Vec<KeyState>, VaultError> {
        let mut known: BTreeMap<KeyId, KeyState> = self.keys(ids)?.into_iter().collect();
        let missing: BTreeSet<KeyId> = ids.iter().filter(|id| !known.contains_key(*id)).copied().collect();
        if !missing.is_empty() {
            let fresh = missing.iter().map(|id| secrets.new_key(*id)).collect::<Result<Vec<_>, _>>()?;
            let missing: Vec<KeyId> = missing.into_iter().collect();
            known.extend(self.ask("issue keys", |session| issue_keys(session, &missing, &fresh))?);
        }
        Ok(ids
            .iter()
            .map(|id| known.get(id).expect("what was not there is issued, or an error").clone())
            .collect())
    }

    fn erase(&self, customer: CustomerKey) -> Result<Erasure, VaultError> {
        self.erase_customer(customer)
    }

    fn suppress(&self, tag: &Tag) -> Result<(), VaultError> {
        self.suppress_tag(tag)
    }

    fn destroy_key(&self, id: KeyId) -> Result<bool, VaultError> {
        self.destroy_one(id)
    }

    fn wipe(&self) -> Result<(), VaultError> {
        let wiped = self.wipe_parts(self.lock_wait);
        self.lease.wait_out();
        wiped
    }

    fn integrity(&self) -> Result<Integrity, VaultError> {
        self.ask("check the tables", |session| check::inspect(session))
    }
}

fn find<'t>(
    session: &mut Session,
    tags: impl Iterator<Item = &'t Tag>,
) -> Result<BTreeMap<Tag, Known>, Failure> {
    let tags: Vec<&[u8]> = tags.map(|tag| &tag[..]).collect();
    session.query(FIND, &[&tags])?.iter().map(known).collect()
}

fn known(row: &Row) -> Result<(Tag, Known), Failure> {
    let tag = sized(row, 0, "a tag of another length")?.ok_or_else(|| wrong("a lookup without its tag"))?;
    let Some(customer) = sized(row, 1, "a surrogate of another length")? else {
        return Ok((tag, (Resolution::Suppressed, None)));
    };
    Ok((tag, (Resolution::Customer(CustomerKey::from_bytes(customer)), live(row, 2)?)))
}

fn fresh(tag: &Tag, secrets: &Secrets) -> Result<Fresh, VaultError> {
    let customer = secrets.new_customer(tag)?;
    Ok(Fresh { tag: *tag, customer, bytes: secrets.new_key(KeyId::of_customer(customer))? })
}

/// Issues those that nobody else did, and reads what the others did.
fn issue(session: &mut Session, fresh: &[Fresh]) -> Result<BTreeMap<Tag, Known>, Failure> {
    let tags: Vec<&[u8]> = fresh.iter().map(|f| &f.tag[..]).collect();
    let customers: Vec<&[u8]> = fresh.iter().map(|f| &f.customer.as_bytes()[..]).collect();
    let bytes: Vec<&[u8]> = fresh.iter().map(|f| &f.bytes[..]).collect();
    let rows = session.query(ISSUE, &[&tags, &customers, &bytes])?;
    let issued: BTreeSet<&[u8]> = rows.iter().map(|row| row.get(0)).collect();
    let (ours, theirs): (Vec<&Fresh>, Vec<&Fresh>) =
        fresh.iter().partition(|f| issued.contains(&f.customer.as_bytes()[..]));
    let known = |f: &Fresh| (f.tag, (Resolution::Customer(f.customer), DataKey::copied(&f.bytes[..])));
    let mut found: BTreeMap<Tag, Known> = ours.into_iter().map(known).collect();
    if !theirs.is_empty() {
        found.extend(find(session, theirs.iter().map(|f| &f.tag))?);
    }
    // Only a policy or a trigger that somebody put on the tables hides what stands in the way.
    if found.len() < fresh.len() { Err(wrong("rows that are not shown")) } else { Ok(found) }
}

fn keys(session: &mut Session, ids: &[KeyId]) -> Result<Vec<(KeyId, KeyState)>, Failure> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| &id.as_bytes()[..]).collect();
    let state = |row: &Row| {
        let id =
            sized(row, 0, "a key's id of another length")?.ok_or_else(|| wrong("a key without its id"))?;
        Ok((KeyId::from_bytes(id), live(row, 1)?.map_or(KeyState::Destroyed, KeyState::Live)))
    };
    session.query(KEYS, &[&ids])?.iter().map(state).collect()
}

fn issue_keys(
    session: &mut Session,
    ids: &[KeyId],
    fresh: &[Zeroizing<[u8; 32]>],
) -> Result<Vec<(KeyId, KeyState)>, Failure> {
    let names: Vec<&[u8]> = ids.iter().map(|id| &id.as_bytes()[..]).collect();
    let bytes: Vec<&[u8]> = fresh.iter().map(|bytes| &bytes[..]).collect();
    session.query(ISSUE_KEYS, &[&names, &bytes])?;
    let issued = keys(session, ids)?;
    if issued.len() < ids.len() { Err(wrong("rows that are not shown")) } else { Ok(issued) }
}

/// The key in a column that is null where the key was destroyed.
fn live(row: &Row, column: usize) -> Result<Option<Arc<DataKey>>, Failure> {
    let Some(bytes) = bytes(row, column)? else { return Ok(None) };
    DataKey::copied(bytes).map(Some).ok_or_else(|| wrong("a key of another length"))
}

fn sized<const N: usize>(row: &Row, column: usize, what: &str) -> Result<Option<[u8; N]>, Failure> {
    let Some(bytes) = bytes(row, column)? else { return Ok(None) };
    bytes.try_into().map(Some).map_err(|_| wrong(what))
}

fn bytes(row: &Row, column: usize) -> Result<Option<&[u8]>, Failure> {
    Ok(row.try_get(column)?)
}

/// As the server says of data that do not fit.
fn wrong(what: &str) -> Failure {
    let code = SqlState::DATA_EXCEPTION.code().to_owned();
    Failure::Refused { code, message: format!("the tables hold {what}") }
}
