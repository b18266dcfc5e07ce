//! Making a vault, and checking that an existing one is what was asked for.
//!
//! A vault comes into being whole: it is built under another name, with mode 0600 from its first byte, and
//! then linked to its own name, where the first of several processes wins. So nobody ever sees a vault
//! without its secret, and two processes never make two secrets.

use super::{VaultFile, failed, set_up};
use crate::secret::{KEY_BYTES, Secrets, new_instance_secret};
use crate::store::check_mode;
use crate::{Location, Mode, VaultError};
use rusqlite::Connection;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Marks the file as ours: "QVLT".
const APPLICATION_ID: i32 = 0x5156_4c54;
/// Layout of the tables below.
const FORMAT: i32 = 1;
/// Nobody but the owner reads keys.
const FILE_MODE: u32 = 0o600;

/// `bytes` and `tag`, `customer` are null where they were destroyed; such a key id is never issued again.
const SCHEMA: &str = "
    CREATE TABLE instance (mode TEXT NOT NULL, secret BLOB NOT NULL);
    CREATE TABLE data_keys (n INTEGER PRIMARY KEY, key_id BLOB NOT NULL, bytes BLOB);
    CREATE UNIQUE INDEX data_keys_by_id ON data_keys (key_id);
    CREATE TABLE lookups (n INTEGER PRIMARY KEY, tag BLOB, customer BLOB);
    CREATE UNIQUE INDEX lookups_by_tag ON lookups (tag);
    CREATE TABLE suppressions (tag BLOB PRIMARY KEY) WITHOUT ROWID;
";

pub(super) fn ensure_exists(path: &Path, mode: Mode) -> Result<(), VaultError> {
    let found = fs::metadata(path);
    match found {
        Ok(meta) if meta.permissions().mode() & 0o777 == FILE_MODE => Ok(()),
        Ok(_) => file(
            "restrict the mode of",
            path,
            fs::set_permissions(path, fs::Permissions::from_mode(FILE_MODE)),
        ),
        Err(e) if e.kind() == io::ErrorKind::NotFound => create(path, mode),
        Err(e) => file("look at", path, Err(e)),
    }
}

fn create(path: &Path, mode: Mode) -> Result<(), VaultError> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    file("create", folder, fs::create_dir_all(folder))?;
    let draft = draft_name(path)?;
    let linked = build(&draft, mode).and_then(|()| match fs::hard_link(&draft, path) {
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => file("create", path, other),
    });
    let removed = file("remove", &draft, fs::remove_file(&draft));
    linked.and(removed)?;
    file("sync", folder, fs::File::open(folder).and_then(|f| f.sync_all()))
}

fn draft_name(path: &Path) -> Result<PathBuf, VaultError> {
    let unique = getrandom::u64()?;
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-new-{unique:016x}"));
    Ok(PathBuf::from(name))
}

fn build(draft: &Path, mode: Mode) -> Result<(), VaultError> {
    let made = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(draft);
    file("create", draft, made.map(drop))?;
    let secret = new_instance_secret(mode)?;
    fill(draft, mode, &secret).map_err(|e| failed("create the tables", draft, e))
}

fn fill(draft: &Path, mode: Mode, secret: &[u8; KEY_BYTES]) -> rusqlite::Result<()> {
    let connection = Connection::open(draft)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    set_up(&connection)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.execute_batch(SCHEMA)?;
    connection.execute("INSERT INTO instance (mode, secret) VALUES (?1, ?2)", (mode.word(), &secret[..]))?;
    connection.close().map_err(|(_, e)| e)
}

/// Refuses what is not a vault, and a vault made in another mode or with another seed.
pub(super) fn check_instance(store: &VaultFile, asked: Mode) -> Result<Secrets, VaultError> {
    let path = &store.path;
    let number = |name| store.connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let fail = |e| failed("read the header", path, e);
    let (application, format) =
        (number("application_id").map_err(fail)?, number("user_version").map_err(fail)?);
    if (application, format) != (APPLICATION_ID, FORMAT) {
        let found = format!("application id {application:#x}, format {format}");
        return Err(VaultError::NotAVault { vault: Location::File(path.clone()), expected: FORMAT, found });
    }
    let (found, secret) =
        instance(&store.connection).map_err(|e| failed("read the instance's secret", path, e))?;
    check_mode(asked, &found, &secret, &Location::File(path.clone()))
}

fn instance(connection: &Connection) -> rusqlite::Result<(String, Zeroizing<[u8; KEY_BYTES]>)> {
    connection.query_row("SELECT mode, secret FROM instance", [], |row| {
        Ok((row.get(0)?, Zeroizing::new(row.get(1)?)))
    })
}

fn file<T>(action: &'static str, path: &Path, result: io::Result<T>) -> Result<T, VaultError> {
    result.map_err(|source| VaultError::File { action, path: path.to_owned(), source })
}
