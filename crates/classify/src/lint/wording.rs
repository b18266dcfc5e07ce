//! How a label is worded: A01, it names a step, a place or a defect; L05, the customer says it; L06, without the
//! company's own words; L12, without the channel; L13, without a sentiment or an outcome.
//!
//! A label that has to be reworded anyway is not nagged for its form: A01 is told alone, and L05 only of a label
//! of which nothing else is said.

use super::say::said;
use super::words::{self, has, words};
use super::{About, Check, Review, Said};
use crate::Leaf;

pub(super) fn check(review: &mut Review<'_>) {
    for leaf in review.leaves() {
        for (language, label) in &leaf.labels {
            each(review, leaf, language, label);
        }
    }
}

fn each(review: &mut Review<'_>, leaf: &Leaf, language: &str, label: &str) {
    let at = review.label_of(leaf, language);
    let about = || About::Reason(leaf.id.clone());
    let said = words(label);
    if is_vague(&said, label) {
        let (message, fix) = vague(label);
        review.error(Check::A01, about(), at, message, fix);
        return;
    }
    let mut fine = true;
    for (check, found) in [
        (Check::L06, company_word(label).map(|word| jargon(&word))),
        (Check::L12, channel(&said, label).map(|word| named_channel(&word))),
        (Check::L13, sentiment(&said).map(|word| named_sentiment(&word))),
    ] {
        if let Some((message, fix)) = found {
            fine = false;
            review.warn(check, about(), at.clone(), message, fix);
        }
    }
    if fine && !is_customers(&said, label, language) {
        let (message, fix) = not_customers(label);
        review.warn(Check::L05, about(), at, message, fix);
    }
}

/// A01: nothing is left without grammar, generalities and whole areas of the company. What asks for something
/// ("How do I return a product?") or says that something is not so ("I can't get into my account") names it.
fn is_vague(said: &[String], label: &str) -> bool {
    let lists = [words::GRAMMAR, words::VAGUE, words::AREAS];
    let general = said.iter().all(|word| lists.iter().any(|list| has(list, word)));
    let asks = said.iter().any(|word| has(words::ASKING, word))
        || (label.contains('?') && said.iter().any(|word| has(words::ASKING_HOW, word)));
    let denies = said.iter().any(|word| has(words::DENYING, word))
        || said.windows(2).any(|pair| pair[0].ends_with('n') && pair[1] == "t");
    let names = asks || denies || wants_something(said);
    general && !names
}

/// "I need the invoice": what is wanted is named, be it a whole area.
fn wants_something(said: &[String]) -> bool {
    said.iter().any(|word| has(words::WANTING, word)) && !said.iter().any(|word| has(words::VAGUE, word))
}

fn vague(label: &str) -> (Said, Said) {
    let message = said(
        format!("no step or defect: nobody can act on {label:?}"),
        format!("ni paso ni defecto: nadie puede actuar sobre {label:?}"),
    );
    let fix = said(
        "say what fails and where, as in \"I can't get past step 3 of the checkout\"; split it if that differs",
        "diga qué falla y dónde, como «No puedo pasar del paso 3 de la compra»; divídalo si son varias cosas",
    );
    (message, fix)
}

/// L05: a question; or the customer speaks; or a sentence about the thing at hand.
fn is_customers(said: &[String], label: &str, language: &str) -> bool {
    let (speaking, sentence) = match language {
        "es" => (words::SPEAKING_ES, words::SENTENCE_ES),
        "en" => (words::SPEAKING_EN, words::SENTENCE_EN),
        _ => return true,
    };
    label.contains('?')
        || said.iter().any(|word| has(speaking, word) || has(sentence, word))
        || (language == "es" && said.windows(2).any(|pair| pair[0] == "no" && !is_participle(&pair[1])))
}

/// "no recibido" is how a form says it; "no abre" is how a customer does.
fn is_participle(word: &str) -> bool {
    let stem = word.trim_end_matches('s');
    ["ado", "ada", "ido", "ida"].iter().any(|ending| stem.ends_with(ending))
}

fn not_customers(label: &str) -> (Said, Said) {
    let message = said(
        format!("{label:?} is how a department says it"),
        format!("{label:?} es como lo dice un departamento"),
    );
    let fix = said(
        "word it as the customer does, in the first person or as a question: \"Where is my order?\"",
        "dígalo como el cliente, en primera persona o como pregunta: «¿Dónde está mi pedido?»",
    );
    (message, fix)
}

/// L06: an identifier, a code, an abbreviation or a word of the trade.
fn company_word(label: &str) -> Option<String> {
    let shouted = !label.chars().any(char::is_lowercase);
    let mark = |c: char| !c.is_alphanumeric() && c != '_';
    let mut tokens = label.split_whitespace().map(|token| token.trim_matches(mark)).filter(|t| !t.is_empty());
    let found = tokens.find(|token| {
        let folded = words(token).concat();
        token.contains('_')
            || has(words::JARGON, &folded)
            || (!has(words::COMMON_ABBREVIATIONS, &folded)
                && (is_code(token) || (!shouted && is_abbreviation(token))))
    });
    found.map(str::to_owned)
}

/// A letter first and a digit later: `T-1000`, `E42`. `3er`, `24h` and `5G` are words of everybody.
fn is_code(token: &str) -> bool {
    let letters = token.chars().take_while(|c| c.is_alphabetic());
    token.starts_with(char::is_uppercase)
        && letters.clone().count() <= 5
        && letters.clone().all(char::is_uppercase)
        && token.chars().any(|c| c.is_ascii_digit())
}

/// Two capitals or more, perhaps with a plural: `SLA`, `SKUs`.
fn is_abbreviation(token: &str) -> bool {
    let letters = token.strip_suffix('s').unwrap_or(token);
    letters.chars().filter(|c| c.is_alphabetic()).count() >= 2
        && letters.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '&' | '/'))
}

fn jargon(word: &str) -> (Said, Said) {
    let message = said(
        format!("`{word}` is a word of the company, not of its customers"),
        format!("`{word}` es una palabra de la empresa, no de sus clientes"),
    );
    let fix = said(
        "say what it stands for; codes and ids belong into `meta` or `source_reason`",
        "diga lo que significa; los códigos e ids van en `meta` o en `source_reason`",
    );
    (message, fix)
}

/// L12: a channel as the way of the contact, not as what it is about: first ("Call about …"), after a word of the
/// way ("by phone"), or in brackets at the end ("(chat)").
fn channel(said: &[String], label: &str) -> Option<String> {
    let bracketed = label.trim_end_matches([')', ']']);
    if bracketed.len() < label.len()
        && let Some(last) = said.last().filter(|word| is_channel(word))
    {
        return Some(last.clone());
    }
    if let Some(first) = leading_channel(said, label) {
        return Some(first.to_owned());
    }
    let to_order = said.windows(2).any(|pair| has("i to", &pair[0]) && pair[1] == "order");
    if to_order || said.iter().any(|word| has(words::DONE_BY_CHANNEL, word)) {
        return None;
    }
    let after_way = |(at, _): (usize, &String)| {
        let skipped = usize::from(said.get(at + 1).is_some_and(|word| has(words::ARTICLES, word)));
        said.get(at + 1 + skipped).filter(|word| is_channel(word))
    };
    let ways = said.iter().enumerate().filter(|(_, word)| has(words::WAYS, word));
    ways.filter_map(after_way).next().cloned()
}

/// The channel that begins a label as its heading: "Call about …", "Chat: …". What comes by a channel, as in
/// "Correo de confirmación", is none.
fn leading_channel<'a>(said: &'a [String], label: &str) -> Option<&'a str> {
    let first = said.iter().position(|word| !has(words::ARTICLES, word))?;
    let mut tokens = label.split_whitespace().skip(first);
    let punctuated = tokens.next().is_some_and(|token| token.ends_with([':', ',', '-']))
        || tokens.next().is_some_and(|token| token.starts_with(['-', '–', '—', '/']));
    let heading = said.get(first + 1).is_none_or(|next| has(words::AFTER_CHANNEL, next));
    (is_channel(&said[first]) && (punctuated || heading)).then_some(said[first].as_str())
}

fn is_channel(word: &str) -> bool {
    has(words::CHANNELS, word)
}

fn named_channel(word: &str) -> (Said, Said) {
    let message = said(
        format!("`{word}` is a channel: how the contact came, not why"),
        format!("`{word}` es un canal: cómo llegó el contacto, no por qué"),
    );
    let fix = said(
        "leave it out: the channel is recorded with each contact, and a reason is the same in all of them",
        "quítelo: el canal se registra con cada contacto, y un motivo es el mismo en todos",
    );
    (message, fix)
}

/// L13.
fn sentiment(said: &[String]) -> Option<String> {
    let handed_in = |at: usize| at > 0 && has(words::HANDED_IN, &said[at - 1]);
    let found = said
        .iter()
        .enumerate()
        .find(|(at, word)| has(words::SENTIMENTS, word) || (has(words::COMPLAINTS, word) && !handed_in(*at)));
    found.map(|(_, word)| word.clone())
}

fn named_sentiment(word: &str) -> (Said, Said) {
    let message = said(
        format!("`{word}` says how the customer felt or how it ended, not why they got in touch"),
        format!("`{word}` dice cómo se sentía el cliente o cómo acabó, no por qué se puso en contacto"),
    );
    let fix = said("name what happened to the customer", "nombre lo que le pasó al cliente");
    (message, fix)
}
