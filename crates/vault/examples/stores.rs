//! Identifiers resolved in a second, on a SQLite file and on a PostgreSQL server, in one run on one machine.
//!
//! `stores ADDRESS [PASSWORD_FILE]`; `make bench-vault` starts a server for it.
#![allow(clippy::print_stdout, reason = "figures go to whoever runs it")]

use domain::{CustomerKey, Identifier, KeyId, Strength};
use std::error::Error;
use std::time::Instant;
use vault::{Mode, Password, PostgresConfig, Resolution, Vault, VaultError};

/// Customers that are there before anything is measured.
const FILLED: usize = 200_000;
/// Identifiers in a batch, and how many of them are resolved in all.
const BATCHES: [(usize, usize); 3] = [(1, 3_000), (100, 50_000), (5_000, 200_000)];

type Open<'a> = dyn Fn() -> Result<Vault, VaultError> + 'a;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut config = PostgresConfig::new(&arguments.next().ok_or("expected the address of a server")?)?;
    if let Some(file) = arguments.next() {
        config.password = Some(Password::new(std::fs::read_to_string(file)?));
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("vault.db");
    let on_file = || Vault::open(&path, Mode::Random);
    let on_server = || Vault::connect(&config, Mode::Random);
    let stores: [&Open<'_>; 2] = [&on_file, &on_server];
    for open in stores {
        resolve(&open()?, 0, FILLED, 10_000)?;
    }
    println!("| identifiers | a batch | SQLite/s | PostgreSQL/s | ratio |\n|---|---|---|---|---|");
    let mut from = FILLED;
    for (batch, all) in BATCHES {
        let [file, server] = stores.map(|open| rates(open, from, all, batch));
        for ((kind, file), (_, server)) in file?.into_iter().zip(server?) {
            println!("| {kind} | {batch} | {file:.0} | {server:.0} | {:.2} |", server / file);
        }
        from += all;
    }
    erasures(&on_file, "SQLite")?;
    erasures(&on_server, "PostgreSQL")?;
    Ok(())
}

/// Per second: new customers, known ones that are not in memory, known ones that are.
fn rates(
    open: &Open<'_>,
    from: usize,
    all: usize,
    batch: usize,
) -> Result<[(&'static str, f64); 3], VaultError> {
    let new = resolve(&open()?, from, all, batch)?;
    let reader = open()?;
    let cold = resolve(&reader, from, all, batch)?;
    let warm = resolve(&reader, from, all, batch)?;
    Ok([("new", new), ("known, not in memory", cold), ("in memory", warm)])
}

fn resolve(vault: &Vault, from: usize, all: usize, batch: usize) -> Result<f64, VaultError> {
    let identifiers: Vec<Identifier> = (from..from + all).map(email).collect();
    let began = Instant::now();
    for batch in identifiers.chunks(batch) {
        vault.resolve(batch)?;
    }
    Ok(per_second(all, began))
}

fn erasures(open: &Open<'_>, name: &str) -> Result<(), VaultError> {
    const ERASED: usize = 10;
    let vault = open()?;
    let identifiers: Vec<Identifier> = (0..ERASED).map(email).collect();
    let customers: Vec<CustomerKey> = vault.resolve(&identifiers)?.into_iter().filter_map(customer).collect();
    let began = Instant::now();
    for customer in &customers {
        vault.erase_customer(*customer)?;
    }
    let each_ms = began.elapsed().as_secs_f64() * 1e3 / customers.len() as f64;
    let state = vault.integrity()?;
    println!("{name}: {each_ms:.0} ms an erasure among {} customers", state.customers);
    let key = vault.resolve(&[email(ERASED)])?.into_iter().find_map(customer).map(KeyId::of_customer);
    if let Some(key) = key {
        let began = Instant::now();
        (0..20_000_u32)
            .try_for_each(|n| vault.seal(key, b"where is my order", &n.to_be_bytes()).map(drop))?;
        println!("{name}: {:.0} texts sealed a second", per_second(20_000, began));
    }
    Ok(())
}

fn customer(resolution: Resolution) -> Option<CustomerKey> {
    match resolution {
        Resolution::Customer(customer) => Some(customer),
        Resolution::Suppressed => None,
    }
}

fn email(n: usize) -> Identifier {
    let value = format!("customer-{n}@example.com");
    Identifier { strength: Strength::Email, namespace: String::new(), value }
}

fn per_second(all: usize, began: Instant) -> f64 {
    all as f64 / began.elapsed().as_secs_f64()
}
