//! What only a vault on a server has: round trips, connections that break, others that hold locks.

use crate::proxy::{Proxy, Way};
use crate::server::{Schema, if_named, listens_at, with};
use crate::support::{customer, email, emails, key_of, plain, resolve_one};
use domain::{CustomerKey, KeyId};
use std::net::TcpListener;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;
use vault::{
    Encryption, Erasure, Mode, Opened, Options, Password, PostgresConfig, Resolution, Vault, VaultError,
};

fn impatient() -> Options {
    Options { wait: Duration::from_millis(50), ..Options::default() }
}

#[test]
fn addresses_that_could_show_a_password_or_lead_astray_are_refused() {
    let cases = [
        ("", "names no host"),
        ("postgres://quell:secret@db/quell", "names a password: give it by file or environment"),
        ("host=db user=quell password=secret dbname=quell", "names a password"),
        ("postgres://db/quell", "names no user"),
        ("postgres://quell@db", "names no database"),
        ("postgres://quell@db/quell?sslmode=require", "names an sslmode"),
        ("postgres://quell@db/quell?options=-c%20fsync%3Doff", "names options"),
        ("postgres://quell:secret@db:many/quell", "expected an address such as"),
        ("quell at db", "expected an address such as"),
    ];
    for (address, expected) in cases {
        let error = PostgresConfig::new(address).unwrap_err();
        let said = format!("{error} {error:?}");
        assert!(said.contains(expected), "{address}: {said}");
        assert!(!said.contains("secret") && !error.is_retryable(), "{said}");
    }
}

#[test]
fn in_clear_only_to_this_machine_unless_the_configuration_says_so() {
    let local = ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "%2Fnowhere"];
    let other =
        ["db.example.com", "10.0.0.7", "localhost,db.example.com", "localhost.example.com", "[2001:db8::1]"];
    let connect = |host: &str, encryption: Encryption| {
        // No server listens at port 1, so that a refusal of the address can be told from trying it.
        let mut config = PostgresConfig::new(&format!("postgres://quell@{host}:1/quell")).unwrap();
        config.connect_wait = Duration::from_millis(1);
        config.encryption = encryption;
        Vault::connect(&config, Mode::Random).unwrap_err()
    };
    for host in local {
        let error = connect(host, Encryption::LocalOnly);
        assert!(matches!(error, VaultError::Unreachable { .. }), "{host}: {error}");
    }
    for host in other {
        let error = connect(host, Encryption::LocalOnly);
        assert!(error.to_string().contains("is another machine"), "{host}: {error}");
        assert!(matches!(error, VaultError::BadConfig(_)), "{host}: {error:?}");
    }
    let told = connect("10.0.0.7", Encryption::InClear);
    assert!(matches!(told, VaultError::Unreachable { .. }), "{told}");
}

#[test]
fn schemas_pools_and_leases_that_cannot_be_are_refused() {
    let good = PostgresConfig::new("postgres://quell@localhost:1/quell").unwrap();
    for name in ["", "Vault", "a b", "v;drop", "1st", "pg_vault", "\"v\"", &"v".repeat(64)] {
        let config = with(good.clone(), |c| c.schema = name.into());
        let error = Vault::connect(&config, Mode::Random).unwrap_err();
        assert!(error.to_string().contains("is not a name of at most 63"), "{error}");
    }
    let none = with(good.clone(), |c| c.connections = 0);
    let endless = with(good, |c| c.lease = Duration::from_secs(61));
    for (config, expected) in
        [(none, "expected at least one connection"), (endless, "a lease of at most 60 s")]
    {
        let error = Vault::connect(&config, Mode::Random).unwrap_err();
        assert!(matches!(error, VaultError::BadConfig(_)) && error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn no_output_shows_the_password() {
    let mut config = PostgresConfig::new("postgres://quell@localhost:1/quell").unwrap();
    config.password = Some(Password::new("secret-4711".into()));
    let error = Vault::connect(&config, Mode::Random).unwrap_err();
    let said = format!("{config:?} {:?} {error} {error:?}", config.password);
    assert!(!said.contains("secret-4711"), "{said}");
    assert!(
        said.contains("not shown") && said.contains("postgres://quell@localhost:1/quell schema quell_vault")
    );
}

#[test]
fn a_server_that_is_not_there_or_says_nothing_is_a_retryable_error() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [1, silent.local_addr().unwrap().port()] {
        let mut config = PostgresConfig::new(&format!("postgres://quell@127.0.0.1:{port}/quell")).unwrap();
        config.connect_wait = Duration::from_millis(20);
        let error = Vault::connect(&config, Mode::Random).unwrap_err();
        assert!(matches!(error, VaultError::Unreachable { .. }) && error.is_retryable(), "{error:?}");
        assert!(
            error.to_string().starts_with("cannot open the tables in the vault postgres://quell@127.0.0.1")
        );
    }
}

#[test]
fn a_schema_of_a_later_format_or_of_something_else_is_refused() {
    if_named(|| {
        let schema = Schema::new();
        drop(schema.open());
        let refusal = || {
            let error = Vault::connect(&schema.config, Mode::Random).unwrap_err();
            assert!(matches!(error, VaultError::NotAVault { expected: 1, .. }), "{error:?}");
            error.to_string()
        };
        schema.sql().execute("UPDATE instance SET format = 2; ALTER TABLE instance DROP COLUMN mode");
        assert!(refusal().contains("is not a vault of format 1: format 2"));
        schema.sql().execute("DROP TABLE instance; CREATE TABLE instance (id int)");
        assert!(refusal().contains("a table `instance` of something else"));
    });
}

/// What the documentation promises, counted on the wire. The largest batch would also take longer than a statement
/// may, if its cost grew with the square.
#[test]
fn round_trips_do_not_grow_with_the_batch() {
    if_named(|| {
        let schema = Schema::new();
        drop(schema.open());
        let proxy = Proxy::to(listens_at());
        let asks_always = schema.behind(&proxy); // the vault was made with a lease of 5 ms
        schema.sql().execute("UPDATE instance SET lease_micros = 0");
        let open = || Vault::connect(&asks_always, Mode::Random).unwrap();
        let vault = open();
        let trips = |work: &dyn Fn()| {
            proxy.round_trips();
            work();
            proxy.round_trips()
        };
        vault.resolve(&emails(0, 1)).unwrap(); // prepares the statements
        for (from, to) in [(1, 2), (100, 200), (1000, 21_000)] {
            let batch = emails(from, to);
            let resolve = || drop(vault.resolve(&batch).unwrap());
            assert_eq!(trips(&resolve), 3, "generation, look-up, issuing of {} new", batch.len());
            assert_eq!(trips(&resolve), 1, "{} in memory", batch.len());
            let cold = open();
            cold.lookup(&email("stranger@example.com")).unwrap();
            assert_eq!(trips(&|| drop(cold.resolve(&batch).unwrap())), 2, "{} known", batch.len());
            let keys: Vec<KeyId> =
                vault.resolve(&batch).unwrap().into_iter().map(|r| KeyId::of_customer(customer(r))).collect();
            let cold = open();
            let _ = cold.load_keys(&[KeyId::from_bytes([7; 16])]);
            assert_eq!(trips(&|| cold.load_keys(&keys).unwrap()), 2, "{} keys", keys.len());
        }
        schema.sql().execute("UPDATE instance SET lease_micros = 3600000000");
        let leased = open();
        let batch = emails(100, 200);
        let key = key_of(&leased, &batch[0]);
        leased.resolve(&batch).unwrap();
        assert_eq!(trips(&|| drop(leased.resolve(&batch).unwrap())), 0);
        assert_eq!(trips(&|| drop(leased.seal(key, b"words", b"fact").unwrap())), 0);
    });
}

/// The connection breaks at any byte of the question or of the answer, so that the vault does not know whether
/// what it issued was committed: the answer is what every other handle finds.
#[test]
fn a_connection_that_breaks_anywhere_while_issuing_changes_no_answer() {
    if_named(|| {
        let schema = Schema::new();
        let direct = schema.open();
        let proxy = Proxy::to(listens_at());
        let vault = Vault::connect(&schema.behind(&proxy), Mode::Random).unwrap();
        let mut customers = 0;
        for way in [Way::Asking, Way::Answering] {
            for after in (0..).step_by(11) {
                let batch = emails(customers, customers + 3);
                customers += 3;
                proxy.cut(way, after);
                let answers = vault.resolve(&batch).unwrap();
                let was_cut = proxy.has_cut();
                assert_eq!(direct.resolve(&batch).unwrap(), answers, "{way:?} cut after {after} bytes");
                let key = KeyId::of_customer(customer(answers[2]));
                let sealed = vault.seal(key, b"words", b"fact").unwrap();
                assert_eq!(plain(direct.open_box(&sealed, b"fact").unwrap()), b"words", "one key for both");
                if !was_cut {
                    break;
                }
            }
        }
        assert!(customers > 3 * 60, "{customers}: question and answer have hundreds of bytes each");
        let state = direct.integrity().unwrap();
        assert_eq!(
            (state.customers, state.keys, state.is_sound()),
            (customers as u64, customers as u64, true)
        );
    });
}

/// An erasure says so when it does not know, and can be made again.
#[test]
fn an_erasure_whose_connection_breaks_is_done_when_it_says_so() {
    if_named(|| {
        let schema = Schema::new();
        let direct = schema.open();
        let proxy = Proxy::to(listens_at());
        let vault = Vault::connect(&schema.behind(&proxy), Mode::Random).unwrap();
        for way in [Way::Asking, Way::Answering] {
            for after in (0..).step_by(211) {
                let gone = email(&format!("{way:?}-{after}@example.com"));
                let victim = customer(resolve_one(&direct, &gone));
                proxy.cut(way, after);
                while let Err(error) = vault.erase_customer(victim) {
                    assert!(matches!(error, VaultError::Unreachable { .. }), "{error:?}");
                }
                let was_cut = proxy.has_cut();
                assert_eq!(
                    resolve_one(&direct, &gone),
                    Resolution::Suppressed,
                    "{way:?} cut after {after} bytes"
                );
                if !was_cut {
                    break;
                }
            }
        }
        let unwiped = schema.sql().query("SELECT count(*) FROM unwiped", &[]);
        assert_eq!(unwiped[0].get::<_, i64>(0), 0);
        assert!(direct.integrity().unwrap().is_sound());
    });
}

/// Two machines meet the same new customer, and the first is not yet done: the second waits for its outcome.
#[test]
fn who_comes_second_takes_what_the_first_committed_and_issues_what_it_did_not() {
    if_named(|| {
        let schema = Schema::new();
        let vault = schema.open();
        for (n, end) in ["COMMIT", "ROLLBACK"].into_iter().enumerate() {
            let asked = email(&format!("{end}@example.com"));
            let first = schema.sql();
            let tag = tag_of(&schema, &asked);
            let theirs = CustomerKey::from_bytes([u8::try_from(n).unwrap(); 16]);
            first.execute("BEGIN");
            first
                .query("INSERT INTO data_keys VALUES ($1, $2)", &[&&theirs.as_bytes()[..], &&[7_u8; 32][..]]);
            first.query("INSERT INTO lookups VALUES ($1, $2)", &[&tag, &&theirs.as_bytes()[..]]);
            thread::scope(|scope| {
                let second = scope.spawn(|| resolve_one(&vault, &asked));
                until_somebody_waits(&schema);
                first.execute(end);
                let answer = second.join().unwrap();
                assert_eq!(answer == Resolution::Customer(theirs), end == "COMMIT", "{end}");
                assert_eq!(resolve_one(&schema.open(), &asked), answer);
            });
        }
        let state = vault.integrity().unwrap();
        assert_eq!((state.customers, state.keys, state.is_sound()), (2, 2, true));
    });
}

/// As above, and what the first does is suppressing.
#[test]
fn a_suppression_that_is_not_yet_committed_wins_over_issuing() {
    if_named(|| {
        let schema = Schema::new();
        let vault = schema.open();
        let asked = email("gone@example.com");
        let tag = tag_of(&schema, &asked);
        let first = schema.sql();
        first.execute("BEGIN");
        first.query("INSERT INTO lookups (tag) VALUES ($1)", &[&tag]);
        thread::scope(|scope| {
            let second = scope.spawn(|| vault.resolve(&[email("a@example.com"), asked.clone()]).unwrap());
            until_somebody_waits(&schema);
            first.execute("COMMIT");
            assert_eq!(second.join().unwrap()[1], Resolution::Suppressed);
        });
        assert!(schema.open().is_suppressed(&asked).unwrap());
        assert_eq!(vault.integrity().unwrap().customers, 1);
    });
}

/// Issuing and suppressing the same identifiers at once, in any order of events: each is a customer for
/// everybody or nobody for everybody, for ever, and nobody has a key without being a customer.
#[test]
fn issuing_and_suppressing_at_once_have_one_outcome() {
    if_named(|| {
        let schema = Schema::new();
        drop(schema.open());
        let all = emails(0, 60);
        let barrier = Barrier::new(4);
        let answers: Vec<Vec<Resolution>> = thread::scope(|scope| {
            let suppress = || {
                let vault = schema.open();
                barrier.wait();
                all.iter().step_by(2).for_each(|identifier| vault.suppress(identifier).unwrap());
            };
            let issue = || {
                let vault = schema.open();
                barrier.wait();
                all.chunks(4).rev().flat_map(|batch| vault.resolve(batch).unwrap()).collect()
            };
            scope.spawn(suppress);
            let issuers: Vec<_> = (0..3).map(|_| scope.spawn(issue)).collect();
            issuers.into_iter().map(|issuer| issuer.join().unwrap()).collect()
        });
        let by_chunk: Vec<_> = all.chunks(4).rev().flatten().collect();
        let vault = schema.open();
        let mut suppressed = 0;
        for (n, identifier) in by_chunk.into_iter().enumerate() {
            let outcome = resolve_one(&vault, identifier);
            assert!(answers.iter().all(|answer| answer[n] == outcome));
            suppressed += u64::from(outcome == Resolution::Suppressed);
        }
        let state = vault.integrity().unwrap();
        assert_eq!(
            (state.customers, state.keys, state.suppressions),
            (60 - suppressed, 60 - suppressed, suppressed)
        );
    });
}

#[test]
fn a_lock_that_is_not_given_back_is_a_retryable_error() {
    if_named(|| {
        let schema = Schema::new();
        drop(schema.open());
        let vault = Vault::connect_with(&schema.config, Mode::Random, &impatient()).unwrap();
        let other = schema.sql();
        other.execute("BEGIN; LOCK TABLE lookups IN SHARE MODE");
        let error = vault.resolve(&emails(0, 3)).unwrap_err();
        assert!(matches!(error, VaultError::Busy { .. }) && error.is_retryable(), "{error:?}");
        assert!(!error.to_string().contains("customer-"), "{error}");
        other.execute("ROLLBACK");
        vault.resolve(&emails(0, 3)).unwrap();
    });
}

/// The erasure is done, but the tables cannot be written anew while somebody reads them.
#[test]
fn a_reader_in_the_way_is_named_and_erasing_again_wipes_the_tables() {
    if_named(|| {
        let schema = Schema::new();
        drop(schema.open());
        let vault = Vault::connect_with(&schema.config, Mode::Random, &impatient()).unwrap();
        let (gone, stays) = (email("gone@example.com"), email("stays@example.com"));
        let victim = customer(resolve_one(&vault, &gone));
        let kept = resolve_one(&vault, &stays);
        let reader = schema.sql();
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
        let rows = || reader.query("SELECT * FROM lookups", &[]).len();
        assert_eq!(rows(), 2);
        let error = vault.erase_customer(victim).unwrap_err();
        assert!(matches!(error, VaultError::NotWiped { .. }) && error.is_retryable(), "{error:?}");
        assert_eq!(resolve_one(&vault, &gone), Resolution::Suppressed, "erased all the same");
        drop(Vault::connect_with(&schema.config, Mode::Random, &impatient()).unwrap());
        assert_ne!(unwiped(&schema), 0, "opening waits for nobody");

        reader.execute("COMMIT");
        let nothing = Erasure { key_destroyed: false, lookups_removed: 0 };
        assert_eq!(vault.erase_customer(victim).unwrap(), nothing);
        assert_eq!(unwiped(&schema), 0);
        assert_eq!(resolve_one(&schema.open(), &stays), kept);
    });
}

/// Who took the snapshot before a wipe and reads after it misses no row that was not erased.
#[test]
fn an_old_snapshot_sees_the_rows_of_tables_that_were_written_anew() {
    if_named(|| {
        let schema = Schema::new();
        let vault = schema.open();
        let all = vault.resolve(&emails(0, 100)).unwrap();
        let reader = schema.sql();
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ");
        reader.query("SELECT * FROM instance", &[]);
        vault.erase_customer(customer(all[0])).unwrap();
        let rows = reader.query("SELECT count(*) FROM data_keys", &[]);
        assert_eq!(rows[0].get::<_, i64>(0), 100);
    });
}

/// Killed between the erasure's commit and its wipe: the next one to open wipes.
#[test]
fn opening_wipes_what_a_killed_eraser_left() {
    if_named(|| {
        let schema = Schema::new();
        let vault = schema.open();
        let key = key_of(&vault, &email("gone@example.com"));
        let sql = schema.sql();
        sql.execute(
            "INSERT INTO unwiped SELECT relname FROM pg_class WHERE oid IN (SELECT tableoid FROM data_keys)",
        );
        let file = || {
            let rows = sql.query("SELECT max(pg_relation_filenode(tableoid)) FROM data_keys", &[]);
            rows[0].get::<_, u32>(0)
        };
        let before = file();
        let reopened = schema.open();
        assert_eq!(unwiped(&schema), 0);
        assert_ne!(file(), before, "the rows lie in another file now");
        reopened.seal(key, b"words", b"fact").unwrap();
    });
}

#[test]
fn more_threads_than_connections_share_them() {
    if_named(|| {
        let schema = Schema::new();
        let proxy = Proxy::to(listens_at());
        let vault =
            Vault::connect(&with(schema.behind(&proxy), |c| c.connections = 2), Mode::Random).unwrap();
        thread::scope(|scope| {
            for thread in 0..8 {
                let vault = &vault;
                scope.spawn(move || {
                    (0..20).for_each(|n| {
                        drop(vault.resolve(&emails(thread * 7 + n, thread * 7 + n + 9)).unwrap())
                    })
                });
            }
        });
        assert!((1..=2).contains(&proxy.connections()), "{}", proxy.connections());
    });
}

/// Nobody could be told of an erasure, or of a row that stands in the way: errors, not answers.
#[test]
fn tables_that_somebody_emptied_or_hid_are_errors() {
    if_named(|| {
        let schema = Schema::new();
        let vault = schema.open();
        let known = emails(0, 3);
        vault.resolve(&known).unwrap();
        let refused = |vault: &Vault, expected: &str| {
            let error = vault.resolve(&known).unwrap_err();
            assert!(
                matches!(error, VaultError::Refused { .. }) && error.to_string().contains(expected),
                "{error}"
            );
        };
        schema.sql().execute("ALTER TABLE lookups ENABLE ROW LEVEL SECURITY; ALTER TABLE lookups FORCE ROW LEVEL SECURITY;
            CREATE POLICY hides ON lookups FOR SELECT USING (false); CREATE POLICY takes ON lookups FOR INSERT WITH CHECK (true)");
        refused(&schema.open(), "");
        schema.sql().execute("DROP POLICY hides ON lookups; ALTER TABLE lookups DISABLE ROW LEVEL SECURITY");
        schema.sql().execute("DELETE FROM generation");
        refused(&schema.open(), "no row in `generation`");
        assert_eq!(vault.integrity().unwrap().problems, ["1 rows in `generation` beside the one, or none"]);
    });
}

/// With a lease that no test outlasts by chance: who was told "nobody was erased" must not use it any more when
/// an erasure has returned.
#[test]
fn an_erasure_returns_only_when_every_lease_has_run_out() {
    if_named(|| {
        let schema = Schema::new();
        let config = with(schema.config.clone(), |c| c.lease = Duration::from_millis(1500));
        let (eraser, reader) = (Vault::connect(&config, Mode::Random).unwrap(), schema.open());
        let gone = email("gone@example.com");
        let key = key_of(&eraser, &gone);
        let sealed = reader.seal(key, b"words", b"fact").unwrap();
        assert_eq!(
            resolve_one(&reader, &gone),
            Resolution::Customer(CustomerKey::from_bytes(*key.as_bytes()))
        );
        eraser.erase_customer(CustomerKey::from_bytes(*key.as_bytes())).unwrap();
        assert_eq!(reader.open_box(&sealed, b"fact").unwrap(), Opened::KeyDestroyed);
        assert_eq!(resolve_one(&reader, &gone), Resolution::Suppressed);
    });
}

fn unwiped(schema: &Schema) -> i64 {
    schema.sql().query("SELECT count(*) FROM unwiped", &[])[0].get(0)
}

/// What a vault keeps in place of the identifier: found by issuing it in a schema with the same secret.
fn tag_of(schema: &Schema, identifier: &domain::Identifier) -> Vec<u8> {
    let twin = Schema::new();
    drop(twin.open());
    let sql = twin.sql();
    sql.execute(&format!(
        "DELETE FROM instance; INSERT INTO instance SELECT * FROM {}.instance",
        schema.config.schema
    ));
    resolve_one(&twin.open(), identifier);
    sql.query("SELECT tag FROM lookups", &[])[0].get(0)
}

/// Until a session waits for the end of another's transaction that changed this schema.
fn until_somebody_waits(schema: &Schema) {
    let sql = schema.sql();
    let waiting =
        "SELECT 1 FROM pg_locks waits JOIN pg_locks holds ON holds.pid = waits.pid AND holds.granted
         JOIN pg_class ON pg_class.oid = holds.relation
         WHERE NOT waits.granted AND relnamespace = $1::text::regnamespace";
    while sql.query(waiting, &[&schema.config.schema]).is_empty() {
        thread::yield_now();
    }
}
