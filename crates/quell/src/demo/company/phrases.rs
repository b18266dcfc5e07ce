//! What customers say: the phrasebook's sentences, with orders, products, days and names put in.

use super::dice::Dice;
use serde_json::{Value, json};

/// What customers say, by reason and language.
pub(super) const PHRASES: &str = include_str!("../../../../../deploy/demo/phrases.toml");

/// Stands for the number of the contact's order.
const ORDER: &str = "{order}";

/// What else stands in a sentence, with what is put there in Spanish and in English.
#[rustfmt::skip] // a table
const FILLINGS: [(&str, [&[&str]; 2]); 3] = [
    ("{product}", [
        &["robot de cocina", "aspirador", "televisor", "horno", "ventilador", "reloj", "altavoz", "patinete"],
        &["blender", "vacuum cleaner", "television", "kettle", "fan", "watch", "speaker", "scooter"],
    ]),
    ("{date}", [
        &["lunes", "martes", "jueves", "viernes"],
        &["Monday", "Tuesday", "Thursday", "Friday"],
    ]),
    ("{name}", [
        &["Lucía", "Jorge", "Carmen", "Andrés", "Elena", "Pablo"],
        &["Emma", "Tom", "Sarah", "James", "Olivia", "Peter"],
    ]),
];

/// Sentences of one reason in one language.
pub(super) struct Phrases {
    /// Those without an order first.
    sentences: Vec<String>,
    /// How many these are.
    without_order: usize,
    language: usize,
}

impl Phrases {
    /// The sentences of a reason, in Spanish or in English.
    pub fn of(book: &toml::Table, reason: &str, spanish: bool) -> Self {
        let (language, tag) = if spanish { (0, "es") } else { (1, "en") };
        let mut sentences: Vec<String> =
            entries(book).filter(|e| is(e, reason, tag)).flat_map(texts).collect();
        sentences.sort_by_key(|sentence| sentence.contains(ORDER));
        let without_order = sentences.iter().filter(|sentence| !sentence.contains(ORDER)).count();
        assert!(without_order > 0, "expected a sentence without an order for {reason} in {tag}");
        Self { sentences, without_order, language }
    }

    /// One of the sentences; one that names an order only where there is one.
    pub fn say(&self, order: Option<&str>, dice: &mut Dice) -> String {
        let end = if order.is_some() { self.sentences.len() } else { self.without_order };
        let mut sentence = dice.pick(&self.sentences[..end]).replace(ORDER, order.unwrap_or_default());
        for (place, fillings) in FILLINGS {
            if sentence.contains(place) {
                sentence = sentence.replace(place, dice.pick::<&str>(fillings[self.language]));
            }
        }
        sentence
    }
}

fn entries(book: &toml::Table) -> impl Iterator<Item = &toml::Value> {
    book.get("phrases").and_then(toml::Value::as_array).into_iter().flatten()
}

fn is(entry: &toml::Value, reason: &str, language: &str) -> bool {
    let text = |key: &str| entry.get(key).and_then(toml::Value::as_str);
    (text("reason"), text("lang")) == (Some(reason), Some(language))
}

fn texts(entry: &toml::Value) -> impl Iterator<Item = String> {
    let texts = entry.get("texts").and_then(toml::Value::as_array);
    texts.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned))
}

/// `phrasebook.json`: every sentence with its reason, and what is put into it; for whoever counts again.
pub(super) fn phrasebook() -> String {
    let book: toml::Table = PHRASES.parse().expect("our own phrasebook is TOML");
    let phrases: Vec<&toml::Value> = entries(&book).collect();
    let fillings: serde_json::Map<String, Value> = FILLINGS
        .iter()
        .map(|(place, [es, en])| ((*place).to_owned(), json!({ "es": es, "en": en })))
        .collect();
    let file = json!({ "order": "P-[0-9]{7}", "fillings": fillings, "phrases": phrases });
    let mut text = serde_json::to_string_pretty(&file).expect("a JSON value has only text keys");
    text.push('\n');
    text
}
