//! What decided a contact's reason and what proves that it was avoidable: the verdict and its chain are read from a cut,
//! the facts of its proofs from the lake, and the words are opened from the log and held against the same rules.

use crate::instance::{Instance, topic_name};
use crate::pipeline::{self, History};
use crate::rules;
use analytics::{Format, Resources, Session, write_rows};
use anyhow::{Context as _, Result, bail, ensure};
use classify::model::Scratch;
use classify::{Decider, Input, Taxonomy};
use domain::fact::{ContactRecorded, VerdictOverridden};
use domain::measure::contact_cost;
use domain::{
    Body, ContactId, Fact, FactId, Instant, Mechanism, Offset, Partition, ReasonBasis, Spoken, Topic, Words,
};
use engine::Ruleset;
use lake::{Cut, Lake};
use log::Limits;
use report::explained::{Cost, Explained, Link, ModelView, Said, Stands, TextState};
use report::proven::{self, Proven};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Words that are named as having decided.
const WORDS: usize = 6;

/// Explains a contact as the cut shows it, its reason in the language of this tag; `None` where the cut has no such
/// contact.
pub fn explain(instance: &Instance, cut: &Cut, id: ContactId, lang: &str) -> Result<Option<Explained>> {
    let resources = Resources::with_threads(instance.config.threads.get());
    let session = Session::open(&*instance.store, cut, &resources, &instance.config.zone)?;
    let Some(row) = row(&session, id)? else { return Ok(None) };
    let rules = rules::of_epoch(instance, cut.manifest.parts.epoch)?.ruleset;
    let facts = facts(instance, &row)?;
    let history = history(instance, cut, &row, &facts[0], id)?;
    let chain = chain(&session, &row)?;
    let named = named(instance, cut, &row, &chain, &resources)?;
    let cost = cost(&session, &row)?;
    Ok(Some(Made { cut, rules: &rules, facts: &facts, history, chain, named, cost }.explained(&row, lang)?))
}

fn ask(session: &Session, query: &str) -> Result<Vec<Value>> {
    let mut json = Vec::new();
    write_rows(session.sql(query)?, Format::Json, &mut json)?;
    serde_json::from_slice(&json).context("an answer that is no JSON")
}

/// The contact's row and its place in the log, as JSON.
fn row(session: &Session, id: ContactId) -> Result<Option<Value>> {
    let query = format!(
        "SELECT c.contact_id, c.dt, c.occurred_at, c.reason, c.reason_basis, c.confidence_ppm, c.rule_id, c.source_reason,
            c.dumb, c.said_fact, c.proofs, c.cleared, c.step, c.channel, c.handle_ms, c.chain_root, p.facts, p.partition,
            p.\"offset\"
         FROM contacts c JOIN provenance p ON p.contact_id = c.contact_id WHERE c.contact_id = '{id}'"
    );
    Ok(ask(session, &query)?.into_iter().next())
}

/// The rows of the contact's chain, in order.
fn chain(session: &Session, row: &Value) -> Result<Vec<Value>> {
    let root = row["chain_root"].as_str().context("a contact of no chain")?;
    let query = format!(
        "SELECT c.contact_id, c.occurred_at, c.channel, c.melts_at, p.facts
         FROM contacts c JOIN provenance p ON p.contact_id = c.contact_id
         WHERE c.chain_root = '{root}' ORDER BY c.occurred_at, c.contact_id"
    );
    ask(session, &query)
}

/// By the newest rate of its channel that was valid on its day.
fn cost(session: &Session, row: &Value) -> Result<Option<Cost>> {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    let query = format!(
        "SELECT * FROM costs WHERE channel = '{}' AND valid_from <= DATE '{}' ORDER BY valid_from DESC LIMIT 1",
        text("channel"),
        text("dt")
    );
    let Some(rate) = ask(session, &query)?.into_iter().next() else { return Ok(None) };
    let number = |key: &str| rate[key].as_i64().unwrap_or(0);
    let (per_contact_micros, per_second_micros) = (number("per_contact_micros"), number("per_second_micros"));
    let handle_ms = row["handle_ms"].as_i64();
    let micros = contact_cost(per_contact_micros, per_second_micros, handle_ms);
    Ok(micros.map(|micros| Cost {
        micros,
        currency: rate["currency"].as_str().unwrap_or_default().to_owned(),
        per_contact_micros,
        per_second_micros,
        handle_ms,
        valid_from: rate["valid_from"].as_str().unwrap_or_default().to_owned(),
    }))
}

/// The facts of all proofs in words: those of the chain's contacts, and others from the lake.
fn named(
    instance: &Instance,
    cut: &Cut,
    row: &Value,
    chain: &[Value],
    resources: &Resources,
) -> Result<BTreeMap<String, proven::Fact>> {
    let mut named = BTreeMap::new();
    for contact in chain {
        for id in texts(&contact["facts"]) {
            let at = contact["occurred_at"].as_str().map(str::to_owned);
            let (kind, word) =
                (Some("ContactRecorded".to_owned()), contact["channel"].as_str().map(str::to_owned));
            named.insert(id.to_owned(), proven::Fact { id: id.to_owned(), at, kind, word, about: None });
        }
    }
    let proofs = [&row["proofs"], &row["cleared"]].into_iter().filter_map(Value::as_array).flatten();
    let others = proofs.flat_map(|proof| texts(&proof["facts"])).filter(|id| !named.contains_key(*id));
    let others: BTreeSet<FactId> = others.filter_map(FactId::parse).collect();
    let lake =
        Lake::open(Arc::clone(&instance.store), cut.manifest.parts.epoch).context("cannot open the lake")?;
    for found in analytics::stated(&lake, cut, &others.into_iter().collect::<Vec<_>>(), resources)? {
        let id = found.fact.to_string();
        let fact = proven::Fact {
            id: id.clone(),
            at: Some(found.occurred_at.to_string()),
            kind: Some(found.kind),
            word: found.word,
            about: found.about,
        };
        named.insert(id, fact);
    }
    Ok(named)
}

fn texts(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The facts that the contact was made from, at least one, with their words opened, in the order of the log.
fn facts(instance: &Instance, row: &Value) -> Result<Vec<Fact>> {
    let (partition, last) = place(row)?;
    let wanted: BTreeSet<&str> = texts(&row["facts"]).collect();
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

/// What persons had said of the contact at the cut, where its verdict rests on that. It may lie anywhere behind the
/// contact's first record, so the contact's partition is read to the cut's end; of other contacts' records only the
/// key is looked at.
fn history(instance: &Instance, cut: &Cut, row: &Value, first: &Fact, id: ContactId) -> Result<History> {
    if row["said_fact"].is_null() && row["reason_basis"].as_str() != Some(ReasonBasis::Override.word()) {
        return Ok(History::default());
    }
    let (partition, _) = place(row)?;
    let to = cut.manifest.parts.positions.get(Topic::Facts, partition);
    pipeline::history_of(instance, partition, &first.key(), id, to)
}

/// Who said something, as it is shown.
pub fn shown_said(said: Option<&pipeline::Said>) -> Option<Said> {
    let said = said?;
    let VerdictOverridden { by, why, .. } = said.said.clone();
    Some(Said { by, at: said.at.to_string(), why })
}

/// What an explanation is made from, besides the contact's row.
struct Made<'m> {
    cut: &'m Cut,
    rules: &'m Ruleset,
    facts: &'m [Fact],
    history: History,
    chain: Vec<Value>,
    named: BTreeMap<String, proven::Fact>,
    cost: Option<Cost>,
}

impl Made<'_> {
    fn explained(self, row: &Value, lang: &str) -> Result<Explained> {
        let text = |key: &str| row[key].as_str().map(str::to_owned);
        let reason = text("reason").context("a contact without reason")?;
        let decider = self.rules.decider();
        // Of several records the one that gives the contact's reason is the one that decided.
        let recorded: Vec<&ContactRecorded> = self.facts.iter().filter_map(recorded).collect();
        let spoken: Vec<(&ContactRecorded, String)> = recorded
            .iter()
            .map(|r| (*r, r.words.open().map(Spoken::customer_words).unwrap_or_default()))
            .collect();
        let decided =
            spoken.iter().find(|(r, words)| decider.classify(&input(r, words)).reason.as_str() == reason);
        let (record, words) = decided.or(spoken.first()).context("a contact of no record")?;
        let matched = decider.classify(&input(record, words));
        let rule = text("rule_id");
        let is_same = rule.is_some() && matched.evidence.as_ref().map(|e| e.rule.to_string()) == rule;
        let found =
            matched.evidence.filter(|_| is_same).and_then(|e| words.get(e.from as usize..e.to as usize));
        let further = decider.further(&input(record, words)).into_iter();
        let chain = self.links(row)?;
        let parts = &self.cut.manifest.parts;
        let melts = self.chain.iter().filter_map(|contact| instant(contact, "melts_at")).max();
        Ok(Explained {
            stands: self.stands(row, lang, reason, rule)?,
            source_reason: text("source_reason"),
            words: found.filter(|words| !words.is_empty()).map(str::to_owned),
            model: (!words.is_empty()).then(|| model_view(decider, words)).flatten(),
            further: further.map(|(reason, found)| (reason.to_string(), found.rule.to_string())).collect(),
            text: text_state(&recorded),
            step: text("step"),
            chain,
            melts: melts.map_or_else(Default::default, |at| (at.to_string(), at <= parts.as_of)),
            epoch: parts.epoch.to_string(),
            cut: parts.id().to_string(),
            cost: self.cost,
        })
    }

    fn stands(&self, row: &Value, lang: &str, reason: String, rule: Option<String>) -> Result<Stands> {
        let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
        Ok(Stands {
            contact: text("contact_id"),
            occurred_at: text("occurred_at"),
            label: label(self.rules.taxonomy(), &reason, lang),
            reason,
            basis: ReasonBasis::from_word(&text("reason_basis")).context("an unknown basis")?,
            confidence_ppm: row["confidence_ppm"].as_i64().unwrap_or(0),
            rule,
            dumb: row["dumb"]
                .as_bool()
                .context("a contact of which nothing says whether it was avoidable")?,
            mechanisms: self.proven(&row["proofs"])?,
            cleared: self.proven(&row["cleared"])?,
            on_reason: shown_said(self.history.on_reason()),
            on_dumb: shown_said(self.history.on_dumb()),
        })
    }

    fn links(&self, row: &Value) -> Result<Vec<Link>> {
        let mut before: Option<Instant> = None;
        let link = |contact: &Value| {
            let at = instant(contact, "occurred_at").context("a contact without time")?;
            let after_s = before.replace(at).map_or(0, |before| at.since(before).seconds());
            Ok(Link {
                contact: contact["contact_id"].as_str().unwrap_or_default().to_owned(),
                at: at.to_string(),
                after_s,
                channel: contact["channel"].as_str().unwrap_or_default().to_owned(),
                is_this: contact["contact_id"] == row["contact_id"],
            })
        };
        self.chain.iter().map(link).collect()
    }

    fn proven(&self, proofs: &Value) -> Result<Vec<Proven>> {
        let of = |proof: &Value| {
            let word = proof["mechanism"].as_str().unwrap_or_default();
            let Some(mechanism) = Mechanism::from_word(word) else { bail!("an unknown mechanism {word}") };
            let fact =
                |id: &str| self.named.get(id).cloned().unwrap_or_else(|| proven::Fact::bare(id.to_owned()));
            let mut facts: Vec<proven::Fact> = texts(&proof["facts"]).map(fact).collect();
            facts.sort_by(|a, b| (&a.at, &a.id).cmp(&(&b.at, &b.id)));
            Ok(Proven {
                mechanism,
                rule: proof["rule"].as_str().unwrap_or_default().to_owned(),
                confidence_ppm: proof["confidence_ppm"].as_i64().unwrap_or(0),
                seconds: proof["seconds"].as_i64(),
                facts,
            })
        };
        proofs.as_array().into_iter().flatten().map(of).collect()
    }
}

fn instant(row: &Value, key: &str) -> Option<Instant> {
    Instant::parse_rfc3339(row[key].as_str()?)
}

/// A reason in the customer's words; its id where the taxonomy does not have it any more.
pub fn label(taxonomy: &Taxonomy, reason: &str, lang: &str) -> String {
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

/// An explanation as JSON: what `--json` and the service give.
pub fn as_json(e: &Explained) -> Value {
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
    let link = |link: &Link| json!({ "contact_id": link.contact, "occurred_at": link.at, "channel": link.channel, "after_s": link.after_s });
    let cost = e.cost.as_ref().map(|c| {
        json!({
            "micros": c.micros,
            "currency": c.currency,
            "per_contact_micros": c.per_contact_micros,
            "per_second_micros": c.per_second_micros,
            "handle_ms": c.handle_ms,
            "valid_from": c.valid_from,
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
        "step": e.step,
        "chain": e.chain.iter().map(link).collect::<Vec<_>>(),
        "melts_at": e.melts.0,
        "melted": e.melts.1,
        "cost": cost,
        "epoch": e.epoch,
        "cut": e.cut,
    });
    json.extend(words.as_object().cloned().unwrap_or_default());
    Value::Object(json)
}

/// What stands of a contact.
pub fn stands_json(s: &Stands) -> Map<String, Value> {
    let fact = |f: &proven::Fact| json!({ "id": f.id, "occurred_at": f.at, "kind": f.kind, "word": f.word, "about": f.about });
    let proven = |p: &Proven| {
        json!({
            "mechanism": p.mechanism.word(),
            "rule": p.rule,
            "confidence": p.confidence_ppm as f64 / 1e6,
            "seconds": p.seconds,
            "facts": p.facts.iter().map(fact).collect::<Vec<_>>(),
        })
    };
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
        "mechanisms": s.mechanisms.iter().map(proven).collect::<Vec<_>>(),
        "cleared": s.cleared.iter().map(proven).collect::<Vec<_>>(),
        "said": { "of_reason": s.on_reason.as_ref().map(said), "of_avoidable": s.on_dumb.as_ref().map(said) },
    });
    match json {
        Value::Object(json) => json,
        _ => unreachable!("an object was made"),
    }
}
