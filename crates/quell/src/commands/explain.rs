//! `quell explain CONTACT_ID`: what decided a contact's reason and what proves that it was avoidable, in words. The
//! verdict is read from the cut that is shown; the words are opened from the log and held against the same rules.

use super::Shell;
use crate::cli;
use crate::failure::{Exit, Failure};
use crate::instance::{Instance, open_store, topic_name};
use crate::learned;
use crate::pipeline::{self, History};
use analytics::{Format, Resources, Session, write_rows};
use anyhow::{Context as _, Result, bail, ensure};
use classify::model::Scratch;
use classify::{Decider, Input, Taxonomy};
use domain::fact::{ContactRecorded, VerdictOverridden};
use domain::{Body, ContactId, Fact, Mechanism, Offset, Partition, ReasonBasis, Spoken, Topic, Words};
use engine::Ruleset;
use lake::Cut;
use log::Limits;
use report::explained::{Explained, ModelView, Said, Stands, TextState};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Words that are named as having decided.
const WORDS: usize = 6;

pub(super) fn run(shell: &mut Shell, args: &cli::Explain) -> Result<Exit, Failure> {
    let id = contact_id(&args.contact)?;
    let (cut, row) = row(shell, id)?;
    let instance = shell.instance()?;
    let (_, rules) = learned::rules(&instance)?;
    let facts = facts(&instance, &row)?;
    let history = history(&instance, &cut, &row, &facts[0], id)?;
    let recorded: Vec<&ContactRecorded> = facts.iter().filter_map(recorded).collect();
    let explained = explained(&row, &rules, &recorded, &history, shell.lang().tag())?;
    let text = explained.render(shell.lang());
    shell.summary(&text, &as_json(&explained))?;
    Ok(Exit::Done)
}

/// The contact that is meant.
pub(super) fn contact_id(text: &str) -> Result<ContactId> {
    let id = ContactId::parse(text);
    id.with_context(|| format!("`{text}` is no contact id; expected a UUID as in contacts.contact_id"))
}

/// The contact's row and its place in the log, as JSON, and the cut that they are of.
fn row(shell: &Shell, id: ContactId) -> Result<(Cut, Value)> {
    let store = open_store(&shell.home)?;
    let cut = super::freshness::shown(shell, &*store)?;
    let config = &shell.loaded.config;
    let session = Session::open(&*store, &cut, &Resources::with_threads(config.threads.get()), &config.zone)?;
    let query = format!(
        "SELECT c.contact_id, c.occurred_at, c.reason, c.reason_basis, c.confidence_ppm, c.rule_id, c.source_reason, c.dumb,
            c.proofs, c.cleared, p.facts, p.partition, p.\"offset\"
         FROM contacts c JOIN provenance p ON p.contact_id = c.contact_id WHERE c.contact_id = '{id}'"
    );
    let mut json = Vec::new();
    write_rows(session.sql(&query)?, Format::Json, &mut json)?;
    let rows: Vec<Value> = serde_json::from_slice(&json).context("an answer that is no JSON")?;
    let row = rows.into_iter().next();
    Ok((cut, row.with_context(|| format!("no contact {id} in the tables that are shown"))?))
}

/// The facts that the contact was made from, at least one, with their words opened, in the order of the log.
fn facts(instance: &Instance, row: &Value) -> Result<Vec<Fact>> {
    let (partition, last) = place(row)?;
    let wanted: BTreeSet<&str> =
        row["facts"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    // A contact of one fact lies where its provenance says; of several, all lie before that, in one partition.
    let mut from = if wanted.len() > 1 { Offset(0) } else { last };
    let mut found = Vec::new();
    while from <= last {
        let batch = instance.log.read(&topic_name(Topic::Facts), partition, from, Limits::default());
        let batch = batch.context("cannot read the log")?;
        if batch.is_empty() {
            break;
        }
        from = batch.next;
        let facts = pipeline::decoded(&instance.vault, Topic::Facts, batch)?.into_iter();
        let facts = facts.map(|placed| placed.value);
        found.extend(facts.filter(|f| recorded(f).is_some() && wanted.contains(f.id.to_string().as_str())));
    }
    ensure!(!found.is_empty(), "the log no longer holds the records of this contact");
    Ok(found)
}

/// The contact's partition, and the offset of its last fact.
fn place(row: &Value) -> Result<(Partition, Offset)> {
    let number = |key: &str| row[key].as_u64().with_context(|| format!("no {key} in provenance"));
    let partition = u32::try_from(number("partition")?).context("a partition beyond 2^32")?;
    Ok((Partition(partition), Offset(number("offset")?)))
}

fn recorded(fact: &Fact) -> Option<&ContactRecorded> {
    match &fact.body {
        Body::ContactRecorded(recorded) => Some(recorded),
        _ => None,
    }
}

/// What persons had said of the contact at the cut. It may lie anywhere behind the contact's first record, so the
/// contact's partition is read to the cut's end; of other contacts' records only the key is looked at.
fn history(instance: &Instance, cut: &Cut, row: &Value, first: &Fact, id: ContactId) -> Result<History> {
    let (partition, _) = place(row)?;
    let to = cut.manifest.parts.positions.get(Topic::Facts, partition);
    pipeline::history_of(instance, partition, &first.key(), id, to)
}

/// Who said something, as it is shown.
pub(super) fn shown_said(said: Option<&pipeline::Said>) -> Option<Said> {
    let said = said?;
    let VerdictOverridden { by, why, .. } = said.said.clone();
    Some(Said { by, at: said.at.to_string(), why })
}

fn explained(
    row: &Value,
    rules: &Ruleset,
    recorded: &[&ContactRecorded],
    history: &History,
    lang: &str,
) -> Result<Explained> {
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    let reason = text("reason").context("a contact without reason")?;
    let basis =
        text("reason_basis").as_deref().and_then(ReasonBasis::from_word).context("an unknown basis")?;
    let rule = text("rule_id");
    let decider = rules.decider();
    // Of several records the one that gives the contact's reason is the one that decided.
    let spoken: Vec<(&ContactRecorded, String)> = recorded
        .iter()
        .map(|r| (*r, r.words.open().map(Spoken::customer_words).unwrap_or_default()))
        .collect();
    let decided =
        spoken.iter().find(|(r, words)| decider.classify(&input(r, words)).reason.as_str() == reason);
    let (record, words) = decided.or(spoken.first()).context("a contact of no record")?;
    let matched = decider.classify(&input(record, words));
    let is_same = rule.is_some() && matched.evidence.as_ref().map(|e| e.rule.to_string()) == rule;
    let found = matched.evidence.filter(|_| is_same).and_then(|e| words.get(e.from as usize..e.to as usize));
    let further = decider.further(&input(record, words));
    let stands = Stands {
        contact: text("contact_id").unwrap_or_default(),
        occurred_at: text("occurred_at").unwrap_or_default(),
        label: label(rules.taxonomy(), &reason, lang),
        reason,
        basis,
        confidence_ppm: row["confidence_ppm"].as_i64().unwrap_or(0),
        rule,
        dumb: row["dumb"].as_bool().context("a contact of which nothing says whether it was avoidable")?,
        mechanisms: mechanisms(&row["proofs"])?,
        cleared: mechanisms(&row["cleared"])?,
        on_reason: shown_said(history.on_reason()),
        on_dumb: shown_said(history.on_dumb()),
    };
    Ok(Explained {
        stands,
        source_reason: text("source_reason"),
        words: found.filter(|words| !words.is_empty()).map(str::to_owned),
        model: (!words.is_empty()).then(|| model_view(decider, words)).flatten(),
        further: further
            .into_iter()
            .map(|(reason, found)| (reason.to_string(), found.rule.to_string()))
            .collect(),
        text: text_state(recorded),
    })
}

/// A reason in the customer's words; its id where the taxonomy does not have it any more.
pub(super) fn label(taxonomy: &Taxonomy, reason: &str, lang: &str) -> String {
    taxonomy.leaf(reason).map_or(reason, |leaf| leaf.label(lang)).to_owned()
}

fn input<'a>(recorded: &'a ContactRecorded, words: &'a str) -> Input<'a> {
    Input {
        text: words,
        channel: recorded.channel,
        language: recorded.language.as_deref(),
        source_reason: recorded.source_reason.as_deref(),
        attributes: &recorded.attributes,
    }
}

fn model_view(decider: &Decider, words: &str) -> Option<ModelView> {
    let learned = decider.learned()?;
    let model = learned.model();
    let explained = model.explain(words, &mut Scratch::default(), WORDS);
    let p = explained.prediction;
    let label = |class: usize| model.labels()[class].clone();
    let named = |(place, part): (std::ops::Range<usize>, f32)| (words[place].to_owned(), part);
    Some(ModelView {
        best: (label(p.class), p.probability),
        runner_up: (label(p.runner_up), p.runner_up_probability),
        familiarity: (p.familiarity, learned.least_familiarity()),
        words: explained.parts.into_iter().map(named).collect(),
    })
}

fn mechanisms(proofs: &Value) -> Result<Vec<(Mechanism, String, Vec<String>)>> {
    let of = |proof: &Value| {
        let word = proof["mechanism"].as_str().unwrap_or_default();
        let Some(mechanism) = Mechanism::from_word(word) else { bail!("an unknown mechanism {word}") };
        let facts = proof["facts"].as_array().into_iter().flatten().filter_map(Value::as_str);
        Ok((
            mechanism,
            proof["rule"].as_str().unwrap_or_default().to_owned(),
            facts.map(str::to_owned).collect(),
        ))
    };
    proofs.as_array().into_iter().flatten().map(of).collect()
}

fn text_state(recorded: &[&ContactRecorded]) -> TextState {
    let any = |state: fn(&Words) -> bool| recorded.iter().any(|r| state(&r.words));
    if any(|words| matches!(words, Words::Open(_))) {
        TextState::Open
    } else if any(|words| matches!(words, Words::Gone | Words::Sealed(_))) {
        TextState::Gone
    } else {
        TextState::None
    }
}

fn as_json(e: &Explained) -> Value {
    let pair = |(label, p): &(String, f32)| json!({ "reason": label, "probability": p });
    let model = e.model.as_ref().map(|m| {
        json!({
            "best": pair(&m.best),
            "runner_up": pair(&m.runner_up),
            "familiarity": m.familiarity.0,
            "least_familiarity": if m.familiarity.1.is_finite() { json!(m.familiarity.1) } else { Value::Null },
            "words": m.words.iter().map(|(word, part)| json!({ "words": word, "part": part })).collect::<Vec<_>>(),
        })
    });
    let mut json = stands_json(&e.stands);
    let words = json!({
        "source_reason": e.source_reason,
        "words": e.words,
        "further": e.further.iter().map(|(reason, rule)| json!({ "reason": reason, "rule": rule })).collect::<Vec<_>>(),
        "model": model,
        "text": match e.text {
            TextState::Open => "open",
            TextState::None => "none",
            TextState::Gone => "erased",
        },
    });
    json.extend(words.as_object().cloned().unwrap_or_default());
    Value::Object(json)
}

/// What stands of a contact.
pub(super) fn stands_json(s: &Stands) -> Map<String, Value> {
    let mechanism = |(mechanism, rule, facts): &(Mechanism, String, Vec<String>)| json!({ "mechanism": mechanism.word(), "rule": rule, "facts": facts });
    let said = |said: &Said| json!({ "by": said.by, "at": said.at, "why": said.why });
    let json = json!({
        "contact_id": s.contact,
        "occurred_at": s.occurred_at,
        "reason": s.reason,
        "label": s.label,
        "basis": s.basis.word(),
        "confidence": s.confidence_ppm as f64 / 1e6,
        "rule": s.rule,
        "avoidable": s.dumb,
        "mechanisms": s.mechanisms.iter().map(mechanism).collect::<Vec<_>>(),
        "cleared": s.cleared.iter().map(mechanism).collect::<Vec<_>>(),
        "said": { "of_reason": s.on_reason.as_ref().map(said), "of_avoidable": s.on_dumb.as_ref().map(said) },
    });
    match json {
        Value::Object(json) => json,
        _ => unreachable!("an object was made"),
    }
}
