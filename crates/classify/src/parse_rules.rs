//! The rules of a reason in the taxonomy file. `parse` shows the form.

use crate::parse::Reader;
use crate::read::{self, Fields, Text, Value};
use crate::{Conditions, Exclusion, Near, Pattern, Rule, limits, near};
use domain::{Channel, ReasonId, RuleId};
use std::collections::BTreeSet;

impl Reader<'_> {
    pub(crate) fn rules(&mut self, fields: &mut Fields<'_, '_>, reason: &ReasonId) {
        let Some(value) = fields.optional("rule") else { return };
        for rule in read::list(value, limits::RULES, &mut self.mistakes) {
            if self.made.rules.len() == limits::RULES {
                let most = limits::RULES;
                self.mistakes.add(rule.span(), format!("too many rules, expected at most {most} in all"));
                return;
            }
            self.rule(rule, reason);
        }
    }

    fn rule(&mut self, value: Value<'_, '_>, reason: &ReasonId) {
        let Some(mut fields) = read::table(value, &mut self.mistakes) else { return };
        let id = self.rule_id(&mut fields);
        let priority = self.priority(&mut fields);
        let phrases = self.phrases(&mut fields);
        let pattern = self.pattern(&mut fields);
        let near = self.near(&mut fields);
        let none_of = self.none_of(&mut fields);
        let conditions = self.conditions(&mut fields);
        let asked = ["phrases", "regex", "near", "source_reason", "attributes"];
        if asked.iter().all(|key| fields.optional(key).is_none()) {
            let expected = asked.join("`, `");
            let message = format!("a rule that matches every contact, expected one of `{expected}`");
            self.mistakes.add_missing(fields.span(), message);
        }
        fields.finish(&mut self.mistakes);
        self.made.rules.push(Rule {
            id: RuleId::new(&id.unwrap_or_default()),
            reason: reason.clone(),
            priority: priority.unwrap_or_default(),
            phrases,
            pattern,
            near,
            none_of,
            conditions,
        });
    }

    fn rule_id(&mut self, fields: &mut Fields<'_, '_>) -> Option<String> {
        let found = self.needed_id(fields)?;
        let first = *self.seen.rules.entry(found.text.clone()).or_insert(found.span.start);
        self.unique(found.span, first, || format!("rule `{}`", found.text))?;
        Some(found.text)
    }

    fn priority(&mut self, fields: &mut Fields<'_, '_>) -> Option<u32> {
        let value = fields.required("priority", &mut self.mistakes)?;
        let found = read::number(value, limits::PRIORITY, &mut self.mistakes)?;
        let first = *self.seen.priorities.entry(found).or_insert(value.span().start);
        self.unique(value.span(), first, || format!("priority {found}"))?;
        Some(found)
    }

    /// Folded here, once: a text is only ever compared folded.
    fn phrases(&mut self, fields: &mut Fields<'_, '_>) -> BTreeSet<String> {
        let Some(value) = fields.optional("phrases") else { return BTreeSet::new() };
        let phrases = read::some_texts(value, limits::PHRASES, limits::PHRASE_BYTES, &mut self.mistakes);
        phrases.into_iter().map(|phrase| self.made.folding.fold(&phrase.text)).collect()
    }

    fn pattern(&mut self, fields: &mut Fields<'_, '_>) -> Option<Pattern> {
        let value = fields.optional("regex")?;
        let found = read::text(value, limits::REGEX_BYTES, &mut self.mistakes)?;
        match Pattern::compile(&found.text, self.made.folding, self.weight_left) {
            Ok(pattern) => {
                self.weight_left -= pattern.weight;
                Some(pattern)
            }
            Err(bad) => {
                for bad in bad {
                    let at = self.mistakes.inside(&found.text, found.span.clone(), bad.at);
                    self.mistakes.add(at, format!("regex: {}", bad.message));
                }
                None
            }
        }
    }

    fn near(&mut self, fields: &mut Fields<'_, '_>) -> Option<Near> {
        let mut table = read::table(fields.optional("near")?, &mut self.mistakes)?;
        let words = table.required("words", &mut self.mistakes).map(|value| self.near_words(value));
        let within = table.required("within", &mut self.mistakes).and_then(|value| {
            let found = read::number(value, limits::NEAR_WITHIN, &mut self.mistakes)?;
            let least = words.as_ref().map_or(0, Vec::len);
            if (found as usize) < least {
                let message =
                    format!("within {found} words, expected at least {least}: as many as there are");
                self.mistakes.add(value.span(), message);
            }
            Some(found)
        });
        table.finish(&mut self.mistakes);
        Some(Near { words: words?, within: within? })
    }

    fn near_words(&mut self, value: Value<'_, '_>) -> Vec<String> {
        let mut words = BTreeSet::new();
        let found = read::texts(value, limits::NEAR_WORDS, limits::PHRASE_BYTES, &mut self.mistakes);
        if found.len() < 2 && value.get_ref().as_array().is_some_and(|list| list.len() < 2) {
            self.mistakes.add(value.span(), "expected at least two words");
        }
        for Text { text, span } in found {
            let word = self.made.folding.fold(&text);
            if !near::is_word(&word) {
                self.mistakes.add(span, format!("`{text}`, expected one word of letters and digits"));
            } else if !words.insert(word) {
                self.mistakes.add(span, format!("word `{text}` is there twice"));
            }
        }
        words.into_iter().collect()
    }

    fn none_of(&mut self, fields: &mut Fields<'_, '_>) -> Exclusion {
        let Some(mut table) =
            fields.optional("none_of").and_then(|value| read::table(value, &mut self.mistakes))
        else {
            return Exclusion::default();
        };
        let exclusion = Exclusion { phrases: self.phrases(&mut table), pattern: self.pattern(&mut table) };
        table.finish(&mut self.mistakes);
        exclusion
    }

    fn conditions(&mut self, fields: &mut Fields<'_, '_>) -> Conditions {
        let channels = self.values(fields.optional("channels"));
        let languages = self.values(fields.optional("languages"));
        let codes = self.values(fields.optional("source_reason"));
        let channels = channels.into_iter().filter_map(|channel| {
            read::word(channel, Channel::WORDS, Channel::from_word, &mut self.mistakes)
        });
        let channels = channels.collect();
        for language in languages.iter().filter(|l| !self.made.languages.contains(&l.text)) {
            let message = format!("unknown language `{}`, expected one of {}", language.text, self.known());
            self.mistakes.add(language.span.clone(), message);
        }
        let attributes = self.keyed(fields, "attributes").into_iter();
        let attributes = attributes.map(|(key, value)| (key, set(self.values(Some(value))))).collect();
        Conditions { channels, languages: set(languages), source_reasons: set(codes), attributes }
    }

    fn values(&mut self, value: Option<Value<'_, '_>>) -> Vec<Text> {
        let Some(value) = value else { return Vec::new() };
        read::some_texts(value, limits::CONDITION_VALUES, limits::VALUE_BYTES, &mut self.mistakes)
    }
}

fn set(texts: Vec<Text>) -> BTreeSet<String> {
    texts.into_iter().map(|found| found.text).collect()
}
