//! What takes a server that the test may break: its files, its settings, its crashes.

use crate::server::{OwnServer, if_named, with};
use crate::support::{Needles, customer, email, emails, key_of, plain, resolve_one};
use domain::{CustomerKey, KeyId};
use std::collections::BTreeSet;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::thread;
use std::time::Duration;
use vault::{Mode, Opened, Resolution, Vault, VaultError};

#[test]
fn a_server_that_could_lose_or_show_a_key_is_refused() {
    let cases = [
        ("ALTER SYSTEM SET fsync = off", "fsync = off, so that a crash"),
        ("ALTER SYSTEM SET full_page_writes = off", "full_page_writes = off, so that a crash"),
        ("ALTER ROLE quell SET log_statement = 'mod'", "log_statement = mod, so that its log shows"),
        (
            "ALTER SYSTEM SET log_min_duration_statement = 100",
            "log_min_duration_statement = 100ms, so that its log",
        ),
        (
            "ALTER SYSTEM SET log_min_duration_sample = 100",
            "log_min_duration_sample = 100ms, so that its log",
        ),
        (
            "ALTER SYSTEM SET log_transaction_sample_rate = 0.5",
            "log_transaction_sample_rate = 0.5, so that its log",
        ),
        (
            "ALTER ROLE quell SET default_transaction_read_only = on",
            "transaction_read_only = on, so that nothing",
        ),
    ];
    if_named(|| {
        let server = OwnServer::start(&[]);
        let superuser = server.superuser();
        let undo = "ALTER SYSTEM RESET ALL; ALTER ROLE quell RESET ALL";
        for (change, expected) in cases {
            superuser.execute(change);
            reload(&server);
            let error = Vault::connect(&server.config(), Mode::Random).unwrap_err();
            assert!(matches!(error, VaultError::UnsafeServer { .. }) && !error.is_retryable(), "{error:?}");
            assert!(error.to_string().contains(expected), "{error}");
            undo.split(';').for_each(|sql| superuser.execute(sql));
            reload(&server);
        }
        superuser.execute("ALTER ROLE quell SET log_statement = 'all'");
        superuser.execute("ALTER ROLE quell SET log_parameter_max_length = 0");
        superuser.execute("ALTER ROLE quell SET synchronous_commit = off");
        let vault = Vault::connect(&server.config(), Mode::Random).unwrap();
        key_of(&vault, &email("a@example.com"));
        let log = String::from_utf8(std::fs::read(server.path("server.log")).unwrap()).unwrap();
        assert!(
            log.contains("INSERT INTO data_keys") && !log.to_lowercase().contains("parameters: $1"),
            "{log}"
        );
        assert!(log.contains("SET synchronous_commit = on"), "{log}");
    });
}

/// Until a new connection sees the settings that the server was told to read.
fn reload(server: &OwnServer) {
    let before =
        server.superuser().query("SELECT pg_conf_load_time()", &[])[0].get::<_, std::time::SystemTime>(0);
    server.superuser().query("SELECT pg_reload_conf()", &[]);
    while server.superuser().query("SELECT pg_conf_load_time()", &[])[0].get::<_, std::time::SystemTime>(0)
        == before
    {
        thread::yield_now();
    }
}

#[test]
fn a_server_that_crashes_and_comes_back_finds_the_handle_as_it_was() {
    if_named(|| {
        let server = OwnServer::start(&[]);
        let config = with(server.config(), |c| (c.lease, c.connections) = (Duration::ZERO, 8));
        let vault = Vault::connect(&config, Mode::Random).unwrap();
        let known = vault.resolve(&emails(0, 50)).unwrap();
        let sealed = vault.seal(KeyId::of_customer(customer(known[0])), b"words", b"fact").unwrap();
        connect_all(&vault, &server);
        server.restart();
        assert_eq!(vault.resolve(&emails(0, 50)).unwrap(), known, "by connections that were there before");
        let more = vault.resolve(&emails(50, 60)).unwrap();

        server.stop();
        for _ in 0..2 {
            let error = vault.resolve(&emails(0, 1)).unwrap_err();
            assert!(matches!(error, VaultError::Unreachable { .. }) && error.is_retryable(), "{error:?}");
            let error = vault.open_box(&sealed, b"fact").unwrap_err();
            assert!(matches!(error, VaultError::Unreachable { .. }), "{error:?}");
        }
        server.start_again();
        assert_eq!(vault.resolve(&emails(50, 60)).unwrap(), more);
        assert_eq!(plain(vault.open_box(&sealed, b"fact").unwrap()), b"words");
        server.restart();
        vault.erase_customer(customer(known[0])).unwrap(); // by a connection that was there before
        server.restart();
        assert_eq!(vault.open_box(&sealed, b"fact").unwrap(), Opened::KeyDestroyed);
    });
}

/// Eight threads that wait for the same lock have a connection each.
fn connect_all(vault: &Vault, server: &OwnServer) {
    let superuser = server.superuser();
    superuser.execute("BEGIN; LOCK TABLE lookups IN SHARE MODE");
    thread::scope(|scope| {
        for n in 0..8 {
            scope.spawn(move || vault.resolve(&emails(1000 + n, 1001 + n)).unwrap());
        }
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted";
        while superuser.query(waiting, &[])[0].get::<_, i64>(0) < 8 {
            thread::yield_now();
        }
        superuser.execute("COMMIT");
    });
}

/// Searches every file of the server. The role may renew the journal and the server keeps no old segments, as
/// the documentation advises; autovacuum and statistics have done their work in between.
#[test]
fn no_byte_of_a_destroyed_key_is_left_in_any_file_of_the_server() {
    if_named(|| {
        let server = OwnServer::start(&["wal_recycle=off", "wal_init_zero=on"]);
        let config = server.config();
        let superuser = server.superuser();
        superuser.execute("GRANT pg_checkpoint TO quell; GRANT EXECUTE ON FUNCTION pg_switch_wal() TO quell");
        let vault = Vault::connect(&config, Mode::Random).unwrap();
        let mut customers = Vec::new();
        for batch in 0..5 {
            let resolved = vault.resolve(&emails(batch * 200, batch * 200 + 200)).unwrap();
            customers.extend(resolved.into_iter().map(customer));
            superuser.execute("ANALYZE; CHECKPOINT"); // full pages in the journal, samples among the statistics
        }
        let stored = superuser
            .query("SELECT key_id, bytes, tag FROM data_keys JOIN lookups ON customer = key_id", &[]);
        let row = |c: &CustomerKey| stored.iter().find(|row| row.get::<_, &[u8]>(0) == c.as_bytes()).unwrap();
        let secrets = |n: usize| [row(&customers[n]).get(1), link(row(&customers[n]).get(2), &customers[n])];
        let (erased, kept): (Vec<usize>, Vec<usize>) = (0..1000).partition(|n| n % 200 == 4);
        let [gone, living] = [&erased, &kept].map(|which| {
            let all: Vec<Vec<u8>> = which.iter().flat_map(|n| secrets(*n)).collect();
            (Needles::new(&all), all.len())
        });
        let found = |needles: &Needles| -> BTreeSet<usize> {
            server.files().iter().flat_map(|(_, content)| needles.among(content)).collect()
        };
        assert_eq!(found(&gone.0).len(), gone.1, "each key and link that is there is found");
        for n in &erased {
            vault.erase_customer(customers[*n]).unwrap();
        }
        for (file, content) in &server.files() {
            assert_eq!(gone.0.among(content), [], "{}", file.display());
        }
        superuser.execute("CHECKPOINT");
        assert_eq!(found(&living.0).len(), living.1, "each living key and link is there");
        let again = vault.resolve(&emails(0, 1000)).unwrap();
        for (n, resolution) in again.into_iter().enumerate() {
            let expected =
                if n % 200 == 4 { Resolution::Suppressed } else { Resolution::Customer(customers[n]) };
            assert_eq!(resolution, expected);
        }
        let rows = superuser.query(
            "SELECT count(*) FROM pg_stats WHERE schemaname = 'quell_vault'
            AND attname IN ('tag', 'customer', 'key_id', 'bytes', 'secret')",
            &[],
        );
        assert_eq!(rows[0].get::<_, i64>(0), 0, "no samples of values");
    });
}

/// What would lead from an identifier to the customer: the end of its tag and the surrogate, as they stand side by
/// side in a row, with the length that PostgreSQL writes before the second. As long as a key.
fn link(tag: &[u8], customer: &CustomerKey) -> Vec<u8> {
    let length = u8::try_from(customer.as_bytes().len() + 1).unwrap();
    [&tag[17..], &[length << 1 | 1], customer.as_bytes()].concat()
}

/// A page that does not fit its checksum, and an index that lost an entry.
#[test]
fn the_check_reports_damaged_pages() {
    if_named(|| {
        let server = OwnServer::start(&[]);
        let vault = Vault::connect(&server.config(), Mode::Random).unwrap();
        vault.resolve(&emails(0, 200)).unwrap();
        assert!(vault.integrity().unwrap().is_sound());
        let superuser = server.superuser();
        let file: String = superuser.query("SELECT pg_relation_filepath('data_keys_3')", &[])[0].get(0);
        server.stop();
        let mut damaged =
            std::fs::OpenOptions::new().write(true).open(server.path("data").join(file)).unwrap();
        damaged.seek(SeekFrom::Start(8000)).unwrap();
        damaged.write_all(&[0xA5; 100]).unwrap();
        server.start_again();
        let state = vault.integrity().unwrap();
        assert!(!state.is_sound() && state.problems[0].contains("invalid page"), "{state:?}");
        let _ = vault.resolve(&emails(0, 200)); // an answer or a typed error
        assert!(matches!(
            Vault::connect(&server.config(), Mode::Random).unwrap().resolve(&emails(0, 200)),
            Err(VaultError::Refused { .. })
        ));
        let _ = resolve_one(&vault, &emails(0, 1)[0]);
    });
}

#[cfg(feature = "postgres-tls")]
#[test]
fn over_tls_only_to_the_server_that_the_certificates_name() {
    use vault::Encryption;
    if_named(|| {
        let (server, other) = (OwnServer::start(&[]), OwnServer::start(&[]));
        let connect = |host: &str, roots| {
            let config = with(server.config_at(host), |c| c.encryption = Encryption::Tls { roots });
            Vault::connect(&config, Mode::Random)
        };
        for host in ["localhost", "127.0.0.1"] {
            let vault = connect(host, server.path("ca.pem")).unwrap();
            key_of(&vault, &email("a@example.com"));
            let open = server.superuser().query(
                "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'quell'", &[]);
            assert!(open[0].get::<_, bool>(0), "all that the vault says is encrypted");
        }
        let error = connect("localhost", other.path("ca.pem")).unwrap_err();
        assert!(
            matches!(error, VaultError::Unreachable { .. }) && error.to_string().contains("TLS"),
            "{error}"
        );
        for (roots, expected) in [("none.pem", "cannot read the certificates"), ("password", "there is none")]
        {
            let error = connect("localhost", server.path(roots)).unwrap_err();
            assert!(
                matches!(error, VaultError::BadConfig(_)) && error.to_string().contains(expected),
                "{error}"
            );
        }
    });
}
