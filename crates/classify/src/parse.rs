//! The taxonomy file: TOML to [`Taxonomy`], every mistake at once. Reads; `rule` and `pattern` say what the
//! parts mean.
//!
//! ```toml
//! name = "shop"
//! version = "2026-05"
//! languages = ["es", "en"]
//! unit = "orders"                                           # what contacts are divided by; may be left out
//! effective = 2026-05-01                                    # from when on it is meant to hold; only shown
//! folding = "loose"                                         # "plain": case and accents only; may be left out
//!
//! [owners.web]
//! label = { es = "Compra en línea", en = "Online checkout" }
//!
//! [[reason]]
//! id = "purchase_step3"
//! label = { es = "No puedo pasar del paso 3 de la compra", en = "I can't get past step 3 of the checkout" }
//! owner = "web"
//! votes = { customer = "irritant", company = "irritant" }   # or disposition = "eliminate"
//! mechanism = "site_blocked"
//! group = "digital_failure"
//! unit = "checkouts"                                        # where it is not the taxonomy's
//! topics = ["checkout"]                                     # what else happens there proves why (docs/mechanisms.md)
//! meta = { manual = "PR-17" }
//! examples = { positive = ["me quedo atascado en el paso 3"], negative = ["¿dónde está mi pedido?"] }
//!
//! [[reason.rule]]
//! id = "purchase_step3.1"
//! priority = 10
//! phrases = ["atascado en el paso"]
//! regex = '\b(?:step|paso) (?:3|three|tres)\b'
//! near = { words = ["boton", "pagar"], within = 6 }         # in any order
//! none_of = { phrases = ["paso 3 del manual"] }
//! channels = ["phone", "chat"]
//! languages = ["es"]
//! source_reason = ["WEB-3"]
//! attributes = { shop = ["es", "pt"] }
//! ```

use crate::fold::Folding;
use crate::mistake::Mistakes;
use crate::place::Places;
use crate::read::{self, Fields, Text, Value};
use crate::taxonomy::{Examples, Leaf, Owner, Taxonomy, Vote, Votes};
use crate::{TaxonomyMistake, limits};
use domain::{Day, Disposition, Mechanism, OwnerId, ReasonId, UNCLASSIFIED};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use toml::de::DeTable;

pub(crate) fn taxonomy(text: &str, file: &str) -> Result<Taxonomy, Vec<TaxonomyMistake>> {
    let (taxonomy, ()) = read(text, file, Contradictions::Refused, |_| ())?;
    Ok(taxonomy)
}

/// For review: what contradicts itself is kept, and where everything stands is known.
pub(crate) fn draft(text: &str, file: &str) -> Result<(Taxonomy, Places), Vec<TaxonomyMistake>> {
    read(text, file, Contradictions::Kept, Places::of)
}

/// What becomes of a reason whose disposition is not the one that its votes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Contradictions {
    /// It is a mistake.
    Refused,
    /// The stated disposition stands beside the votes; lint finds it (L16).
    Kept,
}

fn read<T>(
    text: &str,
    file: &str,
    contradictions: Contradictions,
    places: impl FnOnce(&DeTable<'_>) -> T,
) -> Result<(Taxonomy, T), Vec<TaxonomyMistake>> {
    let mut mistakes = Mistakes::of(text, file);
    if text.len() > limits::FILE_BYTES {
        let most = limits::FILE_BYTES;
        mistakes.add(0..0, format!("file of {} bytes, expected at most {most}", text.len()));
        return Err(mistakes.into_found());
    }
    let (table, syntax) = DeTable::parse_recoverable(text);
    for error in syntax {
        mistakes.add_syntax(error.span().unwrap_or(0..0), error.message());
    }
    let mut reader = Reader {
        made: Taxonomy::empty(),
        seen: Seen::default(),
        weight_left: limits::REGEX_WEIGHT,
        contradictions,
        mistakes,
    };
    reader.file(Fields::of(table.get_ref(), 0..0));
    let Reader { mut made, mistakes, .. } = reader;
    made.rules.sort_by_key(|rule| rule.priority);
    let found = mistakes.into_found();
    if found.is_empty() { Ok((made, places(table.get_ref()))) } else { Err(found) }
}

/// What has been read so far.
pub(crate) struct Reader<'t> {
    pub(crate) made: Taxonomy,
    pub(crate) seen: Seen,
    /// What expressions may still weigh.
    pub(crate) weight_left: u64,
    contradictions: Contradictions,
    pub(crate) mistakes: Mistakes<'t>,
}

/// Where what must be unique was first given: byte of the file.
#[derive(Default)]
pub(crate) struct Seen {
    reasons: HashMap<String, usize>,
    pub(crate) rules: HashMap<String, usize>,
    pub(crate) priorities: HashMap<u32, usize>,
}

impl Reader<'_> {
    fn file(&mut self, mut fields: Fields<'_, '_>) {
        self.made.name = self.needed_text(&mut fields, "name", limits::LABEL_BYTES);
        self.made.version = self.needed_text(&mut fields, "version", limits::LABEL_BYTES);
        self.made.effective = self.effective(&mut fields);
        if let Some(value) = fields.required("languages", &mut self.mistakes) {
            self.languages(value);
        }
        let unclassified = Leaf { unit: self.unit(&mut fields), ..Leaf::unclassified() };
        self.made.leaves.insert(UNCLASSIFIED.to_owned(), unclassified);
        if let Some(found) = self.optional_text(&mut fields, "folding") {
            let folding = read::word(found, Folding::WORDS, Folding::from_word, &mut self.mistakes);
            self.made.folding = folding.unwrap_or_default();
        }
        if let Some(value) = fields.optional("owners") {
            self.owners(value);
        }
        if let Some(value) = fields.required("reason", &mut self.mistakes) {
            for reason in read::list(value, limits::REASONS, &mut self.mistakes) {
                self.reason(reason);
            }
        }
        fields.finish(&mut self.mistakes);
    }

    fn effective(&mut self, fields: &mut Fields<'_, '_>) -> Option<Day> {
        let value = fields.optional("effective")?;
        let day = value.get_ref().as_datetime().and_then(|date| Day::parse(&date.to_string()));
        if day.is_none() {
            let found = match value.get_ref().as_datetime() {
                Some(date) => format!("`{date}`"),
                None => format!("a value of type {}", value.get_ref().type_str()),
            };
            let message = format!("found {found}, expected a day without quotes, as 2026-05-01");
            self.mistakes.add(value.span(), message);
        }
        day
    }

    fn languages(&mut self, value: Value<'_, '_>) {
        for found in read::some_texts(value, limits::LANGUAGES, limits::LABEL_BYTES, &mut self.mistakes) {
            let good =
                (2..=3).contains(&found.text.len()) && found.text.bytes().all(|b| b.is_ascii_lowercase());
            if !good {
                let message = format!("language `{}`, expected two or three letters, as `es`", found.text);
                self.mistakes.add(found.span, message);
            } else if self.made.languages.contains(&found.text) {
                self.mistakes.add(found.span, format!("language `{}` is there twice", found.text));
            } else {
                self.made.languages.push(found.text);
            }
        }
    }

    fn owners(&mut self, value: Value<'_, '_>) {
        let Some(owners) = read::free_table(value, &mut self.mistakes) else { return };
        if owners.len() > limits::OWNERS {
            let message = format!("too many owners: {}, expected at most {}", owners.len(), limits::OWNERS);
            self.mistakes.add(value.span(), message);
        }
        for (name, value) in owners.iter().take(limits::OWNERS) {
            let key = Text { text: name.get_ref().to_string(), span: name.span() };
            let id = read::id(key, limits::ID_BYTES, &mut self.mistakes);
            let Some(mut fields) = read::table(value, &mut self.mistakes) else { continue };
            let labels = self.labels(&mut fields);
            fields.finish(&mut self.mistakes);
            if let Some(id) = id.map(|id| OwnerId::new(&id.text)) {
                self.made.owners.insert(id.clone(), Owner { id, labels });
            }
        }
    }

    /// One label in each language of the taxonomy.
    fn labels(&mut self, fields: &mut Fields<'_, '_>) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        let Some(value) = fields.required("label", &mut self.mistakes) else { return labels };
        let Some(table) = read::free_table(value, &mut self.mistakes) else { return labels };
        for (language, label) in table {
            if !self.made.languages.iter().any(|l| l == language.get_ref()) {
                let message = format!("label in `{}`, expected only {}", language.get_ref(), self.known());
                self.mistakes.add(language.span(), message);
            }
            if let Some(label) = read::text(label, limits::LABEL_BYTES, &mut self.mistakes) {
                labels.insert(language.get_ref().to_string(), label.text);
            }
        }
        for language in &self.made.languages {
            if !table.keys().any(|key| key.get_ref() == language) {
                self.mistakes.add_missing(value.span(), format!("missing label in `{language}`"));
            }
        }
        labels
    }

    pub(crate) fn known(&self) -> String {
        match self.made.languages.as_slice() {
            [] => "the languages of the file".to_owned(),
            languages => format!("`{}`", languages.join("`, `")),
        }
    }

    fn reason(&mut self, value: Value<'_, '_>) {
        let Some(mut fields) = read::table(value, &mut self.mistakes) else { return };
        let id = self.reason_id(&mut fields);
        let labels = self.labels(&mut fields);
        let owner = self.owner(&mut fields);
        let votes = self.votes(&mut fields);
        let disposition = self.disposition(&mut fields, votes);
        let mechanism = self
            .optional_text(&mut fields, "mechanism")
            .and_then(|t| read::word(t, Mechanism::WORDS, Mechanism::from_word, &mut self.mistakes));
        let group = self.optional_text(&mut fields, "group").map(|t| t.text);
        let unit = self.unit(&mut fields).or_else(|| self.made.unit().map(str::to_owned));
        let topics = self.topics(&mut fields);
        let meta = self.meta(&mut fields);
        let examples = self.examples(&mut fields);
        let id = ReasonId::new(&id.unwrap_or_default());
        self.rules(&mut fields, &id);
        fields.finish(&mut self.mistakes);
        let key = id.as_str().to_owned();
        let leaf =
            Leaf { id, labels, owner, votes, disposition, mechanism, group, unit, topics, meta, examples };
        self.made.leaves.insert(key, leaf);
    }

    fn reason_id(&mut self, fields: &mut Fields<'_, '_>) -> Option<String> {
        let found = self.needed_id(fields)?;
        if found.text == UNCLASSIFIED {
            self.mistakes.add(found.span, format!("`{UNCLASSIFIED}` is reserved, expected another id"));
            return None;
        }
        let first = *self.seen.reasons.entry(found.text.clone()).or_insert(found.span.start);
        self.unique(found.span, first, || format!("reason `{}`", found.text))?;
        Some(found.text)
    }

    fn owner(&mut self, fields: &mut Fields<'_, '_>) -> Option<OwnerId> {
        let found = self.optional_text(fields, "owner")?;
        let id = OwnerId::new(&found.text);
        if self.made.owners.contains_key(&id) {
            return Some(id);
        }
        let known = self.made.owners.keys().map(OwnerId::as_str).collect::<Vec<_>>().join(", ");
        let expected =
            if known.is_empty() { "a table `[owners.ID]`".into() } else { format!("one of {known}") };
        self.mistakes.add(found.span, format!("unknown owner `{}`, expected {expected}", found.text));
        None
    }

    fn votes(&mut self, fields: &mut Fields<'_, '_>) -> Option<Votes> {
        let value = fields.optional("votes")?;
        let mut votes = read::table(value, &mut self.mistakes)?;
        let mut vote = |side| {
            let word = votes.required(side, &mut self.mistakes)?;
            let word = read::text(word, limits::LABEL_BYTES, &mut self.mistakes)?;
            read::word(word, Vote::WORDS, Vote::from_word, &mut self.mistakes)
        };
        let (customer, company) = (vote("customer"), vote("company"));
        votes.finish(&mut self.mistakes);
        Some(Votes { customer: customer?, company: company? })
    }

    fn disposition(&mut self, fields: &mut Fields<'_, '_>, votes: Option<Votes>) -> Option<Disposition> {
        let voted = votes.map(Votes::disposition);
        let Some(found) = self.optional_text(fields, "disposition") else { return voted };
        let span = found.span.clone();
        let stated = read::word(found, Disposition::WORDS, Disposition::from_word, &mut self.mistakes)?;
        let refused = self.contradictions == Contradictions::Refused;
        if let Some(voted) = voted.filter(|voted| refused && *voted != stated) {
            self.mistakes.add(span, format!("disposition `{stated}`, expected `{voted}` as the votes say"));
        }
        Some(stated)
    }

    fn unit(&mut self, fields: &mut Fields<'_, '_>) -> Option<String> {
        let found = self.optional_text(fields, "unit")?;
        read::name(found, "unit", limits::ID_BYTES, &mut self.mistakes).map(|t| t.text)
    }

    fn topics(&mut self, fields: &mut Fields<'_, '_>) -> Vec<String> {
        let Some(value) = fields.optional("topics") else { return Vec::new() };
        let found = read::some_texts(value, limits::TOPICS, limits::ID_BYTES, &mut self.mistakes);
        let mut topics: Vec<String> = Vec::with_capacity(found.len());
        for topic in found {
            if topics.contains(&topic.text) {
                self.mistakes.add(topic.span, format!("topic `{}` is there twice", topic.text));
            } else {
                topics.push(topic.text);
            }
        }
        topics
    }

    fn meta(&mut self, fields: &mut Fields<'_, '_>) -> BTreeMap<String, String> {
        self.keyed(fields, "meta")
            .into_iter()
            .filter_map(|(key, value)| {
                Some((key, read::text(value, limits::LABEL_BYTES, &mut self.mistakes)?.text))
            })
            .collect()
    }

    fn examples(&mut self, fields: &mut Fields<'_, '_>) -> Examples {
        let Some(mut table) =
            fields.optional("examples").and_then(|value| read::table(value, &mut self.mistakes))
        else {
            return Examples::default();
        };
        let mut side = |key| {
            let value = table.optional(key);
            let read =
                |value| read::texts(value, limits::EXAMPLES, limits::EXAMPLE_BYTES, &mut self.mistakes);
            value.map(read).unwrap_or_default().into_iter().map(|t| t.text).collect()
        };
        let examples = Examples { positive: side("positive"), negative: side("negative") };
        table.finish(&mut self.mistakes);
        examples
    }

    /// The entries of a table whose keys the writer chooses.
    pub(crate) fn keyed<'a, 'i>(
        &mut self,
        fields: &mut Fields<'a, 'i>,
        key: &'static str,
    ) -> Vec<(String, Value<'a, 'i>)> {
        let Some(value) = fields.optional(key) else { return Vec::new() };
        let Some(table) = read::free_table(value, &mut self.mistakes) else { return Vec::new() };
        if table.len() > limits::KEYS {
            let message = format!("too many keys: {}, expected at most {}", table.len(), limits::KEYS);
            self.mistakes.add(value.span(), message);
        }
        let mut entries = Vec::new();
        for (key, value) in table.iter().take(limits::KEYS) {
            if key.get_ref().len() > limits::VALUE_BYTES {
                let message =
                    format!("key of {} bytes, expected at most {}", key.get_ref().len(), limits::VALUE_BYTES);
                self.mistakes.add(key.span(), message);
            }
            entries.push((key.get_ref().to_string(), value));
        }
        entries
    }

    pub(crate) fn needed_id(&mut self, fields: &mut Fields<'_, '_>) -> Option<Text> {
        let value = fields.required("id", &mut self.mistakes)?;
        let found = read::text(value, limits::LABEL_BYTES, &mut self.mistakes)?;
        read::id(found, limits::ID_BYTES, &mut self.mistakes)
    }

    fn needed_text(&mut self, fields: &mut Fields<'_, '_>, key: &'static str, limit: usize) -> String {
        let value = fields.required(key, &mut self.mistakes);
        let found = value.and_then(|value| read::text(value, limit, &mut self.mistakes));
        found.map(|found| found.text).unwrap_or_default()
    }

    fn optional_text(&mut self, fields: &mut Fields<'_, '_>, key: &'static str) -> Option<Text> {
        read::text(fields.optional(key)?, limits::LABEL_BYTES, &mut self.mistakes)
    }

    /// `None`, and a mistake, where the same was given before, at byte `first`.
    pub(crate) fn unique(
        &mut self,
        span: Range<usize>,
        first: usize,
        what: impl Fn() -> String,
    ) -> Option<()> {
        if first == span.start {
            return Some(());
        }
        let line = self.mistakes.line_of(first);
        self.mistakes.add(span, format!("{} is already given in line {line}", what()));
        None
    }
}
