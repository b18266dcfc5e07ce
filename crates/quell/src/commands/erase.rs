//! `quell erase`: one identifier on stdin. It is never printed, logged or put into an error.

use super::Shell;
use crate::cli::{Erase, IdentifierKind};
use crate::failure::{Exit, Failure};
use crate::instance::Instance;
use crate::pipeline;
use anyhow::{Context as _, Result, anyhow, bail};
use codec::mapping::Mapping;
use codec::records::{Record, Value};
use domain::{CustomerKey, Identifier, Strength, Topic};
use report::EraseSummary;
use serde_json::json;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Read as _;

/// Longest identifier, in bytes: an e-mail address has at most 254.
const IDENTIFIER_BYTES_MAX: u64 = 1_024;

pub(super) fn run(shell: &mut Shell, args: &Erase) -> Result<Exit, Failure> {
    let text = read_stdin()?;
    let instance = shell.instance()?;
    let readings = readings(&instance, args, &text)?;
    let chosen = chosen(&instance, args, readings)?;
    let summary = pipeline::erase(&instance, &chosen)?;
    let EraseSummary { known, contacts } = &summary;
    shell.summary(&summary.render(shell.lang()), &json!({ "known": known, "contacts": contacts }))?;
    Ok(Exit::Done)
}

fn read_stdin() -> Result<String> {
    let mut text = String::new();
    let mut stdin = std::io::stdin().lock().take(IDENTIFIER_BYTES_MAX + 1);
    // Without its cause, which could show some of what was read.
    stdin
        .read_to_string(&mut text)
        .map_err(|_| anyhow!("cannot read the identifier from stdin as UTF-8 text"))?;
    let line = text.trim();
    if line.is_empty() {
        bail!("no identifier on stdin; expected one line with an e-mail address, a phone number or the like");
    }
    if line.contains('\n') || text.len() as u64 > IDENTIFIER_BYTES_MAX {
        bail!("expected one line of at most {IDENTIFIER_BYTES_MAX} bytes on stdin");
    }
    Ok(line.to_owned())
}

/// All that the text may mean, normalised as an import would.
fn readings(instance: &Instance, args: &Erase, text: &str) -> Result<Vec<Identifier>> {
    let kinds = match args.kind {
        Some(kind) => vec![strength(kind)],
        None => Strength::ALL.iter().copied().filter(|s| *s != Strength::None).collect(),
    };
    let namespaces = match &args.namespace {
        Some(namespace) => BTreeSet::from([namespace.clone()]),
        None => systems(instance)?,
    };
    let mut readings = Vec::new();
    for kind in kinds {
        for mut identifier in normalised(kind, text)? {
            if matches!(kind, Strength::Email | Strength::Phone) {
                readings.push(identifier);
                continue;
            }
            for namespace in &namespaces {
                identifier.namespace.clone_from(namespace);
                readings.push(identifier.clone());
            }
        }
    }
    if readings.is_empty() {
        bail!("what stands on stdin cannot be such an identifier");
    }
    Ok(readings)
}

/// The source systems whose facts are in the log: where customer numbers mean something.
fn systems(instance: &Instance) -> Result<BTreeSet<String>> {
    let mut systems = BTreeSet::new();
    for partition in instance.fact_partitions() {
        pipeline::each_fact(instance, Topic::Facts, partition, |fact| {
            if !systems.contains(&fact.origin.system) {
                systems.insert(fact.origin.system);
            }
        })?;
    }
    Ok(systems)
}

/// The readings that the vault knows. With a kind given, what is meant is clear, also where nobody is known.
fn chosen(instance: &Instance, args: &Erase, readings: Vec<Identifier>) -> Result<Vec<Identifier>> {
    let mut known = Vec::new();
    let mut customers: BTreeSet<CustomerKey> = BTreeSet::new();
    let mut kinds = BTreeSet::new();
    for reading in &readings {
        let customer = instance.vault.lookup(reading).context("cannot look up an identifier")?;
        let erased = instance.vault.is_suppressed(reading).context("cannot look up an identifier")?;
        if customer.is_some() || erased {
            kinds.insert(reading.strength.word());
            known.push(reading.clone());
        }
        customers.extend(customer);
    }
    if customers.len() > 1 && args.kind.is_none() {
        let kinds: Vec<&str> = kinds.into_iter().collect();
        bail!(
            "this means {} customers; say with --kind (and --namespace) which is meant: {}",
            customers.len(),
            kinds.join(", ")
        );
    }
    match (known.is_empty(), args.kind) {
        (false, _) => Ok(known),
        (true, Some(_)) => Ok(readings),
        (true, None) => unknown(readings),
    }
}

/// Nobody is known by this text. What can be an e-mail address is suppressed as one; a number could be anybody's
/// phone, so it is not guessed what it is.
fn unknown(readings: Vec<Identifier>) -> Result<Vec<Identifier>> {
    let emails: Vec<Identifier> = readings.into_iter().filter(|r| r.strength == Strength::Email).collect();
    if emails.is_empty() {
        bail!(
            "no customer with this identifier is known; to suppress it all the same, say with --kind what it is"
        );
    }
    Ok(emails)
}

const fn strength(kind: IdentifierKind) -> Strength {
    match kind {
        IdentifierKind::Email => Strength::Email,
        IdentifierKind::Phone => Strength::Phone,
        IdentifierKind::Account => Strength::Account,
        IdentifierKind::Verified => Strength::Verified,
        IdentifierKind::Device => Strength::Device,
        IdentifierKind::Name => Strength::Name,
    }
}

/// The identifier as mappings make it, by way of mappings of one column: an erasure must find exactly what an
/// import has stored. A phone number may have been stored with or without the mark of its country code.
fn normalised(kind: Strength, text: &str) -> Result<Vec<Identifier>> {
    let rules: &[&str] = if kind == Strength::Phone { &["", ", country_code = \"\""] } else { &[""] };
    let mut found = Vec::new();
    for rule in rules {
        let toml = format!(
            "source = {{ system = \"stdin\" }}\n[fields]\nrecord = {{ constant = \"1\" }}\n\
             occurred_at = {{ constant = \"1970-01-01T00:00:00Z\" }}\nchannel = {{ constant = \"unknown\" }}\n\
             customer = {{ from = \"id\", kind = \"{}\"{rule} }}\n",
            kind.word()
        );
        let mapping = Mapping::parse(&toml, "stdin").expect("a mapping of one column is valid");
        let record = Record::from_values(mapping.columns(), vec![Value::Text(Cow::Borrowed(text))]);
        // A text that is none of this kind is refused, and is simply no reading.
        let identifier = mapping.map(&record).ok().and_then(|draft| draft.identifier);
        found.extend(identifier.filter(|identifier| !found.contains(identifier)));
    }
    Ok(found)
}
