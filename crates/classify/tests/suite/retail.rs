//! The starter taxonomy, `deploy/taxonomies/retail.toml`: obeys the design rules for contact reasons as far
//! as a file alone can, and classifies its own examples, the gold cases and the demo's phrasebook,
//! `deploy/demo/phrases.toml`, as they say.

use crate::{classified, deployed, repository};
use classify::{Classifier, Leaf, Taxonomy, fold};
use domain::{Disposition, Mechanism, UNCLASSIFIED};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What the book on dumb contacts gives as examples of them, and their like in a shop: words, reason and
/// what made the contact avoidable.
const GOLD: &[(&str, &str, Mechanism)] = &[
    ("Les escribo para que por favor me comuniquen el estado de mi caso pendiente.", "case_status", CHASE),
    ("Could you please let me know the status of my pending case?", "case_status", CHASE),
    ("Llamo para que me den la dirección de la oficina de venta.", "store_address", Mechanism::PublicInfo),
    ("I am calling to ask for the address of your sales office.", "store_address", Mechanism::PublicInfo),
    ("Soy yo otra vez. Llamo todos los días por la maleta que me perdieron.", "lost_parcel", CHASE),
    ("It's me again. I call every day about the suitcase you lost.", "lost_parcel", CHASE),
    ("Otro día más: ¿hay novedades del paquete que se les perdió?", "lost_parcel", CHASE),
    ("One more day: is there any news of the parcel that got lost?", "lost_parcel", CHASE),
    ("Estoy en el sitio web y no entiendo cómo navegar en él.", "site_navigation", Mechanism::SiteHowto),
    (
        "I am on the website and I don't understand how to navigate it.",
        "site_navigation",
        Mechanism::SiteHowto,
    ),
    ("Reclamo porque no puedo hacer la compra que quiero.", "checkout_confirm", Mechanism::SiteBlocked),
    ("I want to complain: I can't make the purchase I want.", "checkout_confirm", Mechanism::SiteBlocked),
    ("Problema en paso 3 de compra", "checkout_step3", Mechanism::SiteBlocked),
    ("Problem at step 3 of the checkout", "checkout_step3", Mechanism::SiteBlocked),
];
const CHASE: Mechanism = Mechanism::StatusChase;

/// Words that a label must not have: the channel, a sentiment or an outcome says nothing of the cause.
const NOT_A_CAUSE: &str = "app call chat chatbot correo email llamada llamar mail phone sms social telefono \
    whatsapp web angry complaint complain contento enfadado enojado happy issue problem problema queja \
    reclamacion reclamo resolved resuelto unhappy";
/// Words of which a label that asks nothing has one: it is worded as the customer says it, of the customer or
/// of the thing at hand.
const CUSTOMERS_WORDS: &str = "i me my it mi mis yo es quiero puedo necesito tengo consigo";

/// Read once: its rules are many to compile.
static RETAIL: LazyLock<(Taxonomy, Classifier)> = LazyLock::new(|| {
    let taxonomy = deployed("retail.toml");
    let classifier = Classifier::new(&taxonomy);
    (taxonomy, classifier)
});

fn reasons(taxonomy: &Taxonomy) -> impl Iterator<Item = &Leaf> {
    taxonomy.leaves().filter(|leaf| leaf.id.as_str() != UNCLASSIFIED)
}

fn words(text: &str) -> Vec<String> {
    let words = fold::fold(text);
    words.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[test]
fn every_example_has_its_reason() {
    let (taxonomy, classifier) = &*RETAIL;
    let mut wrong = Vec::new();
    for leaf in reasons(taxonomy) {
        let mut told_in = BTreeSet::new();
        for text in &leaf.examples.positive {
            let (reason, rule) = classified(classifier, text);
            if reason == leaf.id.as_str() {
                told_in.insert(language(&rule));
            } else {
                wrong.push(format!("{} not of {}: {text}", leaf.id, reason));
            }
        }
        for text in &leaf.examples.negative {
            if classified(classifier, text).0 == leaf.id.as_str() {
                wrong.push(format!("{}, a counter-example: {text}", leaf.id));
            }
        }
        assert!(leaf.examples.positive.len() >= 3 && leaf.examples.negative.len() >= 2, "{}", leaf.id);
        assert_eq!(told_in, BTreeSet::from(["en", "es"]), "{}: examples in each language", leaf.id);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The language a rule is written for: `order_status.es_waiting` is Spanish.
fn language(rule: &str) -> &'static str {
    let of = rule.split_once('.').map(|(_, of)| of).unwrap_or_default();
    match of.split('_').next() {
        Some("es") => "es",
        Some("en") => "en",
        _ => panic!("rule {rule} names no language"),
    }
}

#[test]
fn gold_cases() {
    let (taxonomy, classifier) = &*RETAIL;
    for (text, reason, mechanism) in GOLD {
        assert_eq!(classified(classifier, text).0, *reason, "{text}");
        assert_eq!(taxonomy.leaf(reason).unwrap().mechanism, Some(*mechanism), "{reason}");
    }
    assert_eq!(classified(classifier, "Problema web").0, UNCLASSIFIED, "says nothing to act on");
}

#[test]
fn every_reason_can_be_acted_on() {
    let (taxonomy, _) = &*RETAIL;
    let count = reasons(taxonomy).count();
    assert!((30..=45).contains(&count), "{count} reasons");
    for leaf in reasons(taxonomy) {
        assert!(leaf.votes.is_some() && leaf.group.is_some(), "{}", leaf.id);
        let avoidable = leaf.disposition == Some(Disposition::Eliminate);
        assert_eq!(leaf.mechanism.is_some(), avoidable, "{}: avoidable is what neither side wants", leaf.id);
        for rule in taxonomy.rules().iter().filter(|rule| rule.reason == leaf.id) {
            assert!(rule.id.as_str().starts_with(&format!("{}.e", leaf.id)), "{}", rule.id);
        }
    }
    let valued = reasons(taxonomy).filter(|leaf| leaf.disposition == Some(Disposition::Leverage)).count();
    assert!(valued >= 4, "{valued} reasons of value to both sides");
    assert_eq!(taxonomy.unit(), Some("orders"));
    let units: BTreeSet<_> = reasons(taxonomy).filter_map(|leaf| leaf.unit.as_deref()).collect();
    assert_eq!(units, BTreeSet::from(["accounts", "orders", "returns"]));
}

#[test]
fn every_reason_but_one_has_an_owner_where_its_cause_lies() {
    let (taxonomy, _) = &*RETAIL;
    let unowned: Vec<_> =
        reasons(taxonomy).filter(|leaf| leaf.owner.is_none()).map(|leaf| &leaf.id).collect();
    assert_eq!(unowned.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["reach_person"]);
    let owning: BTreeSet<_> = reasons(taxonomy).filter_map(|leaf| leaf.owner.as_ref()).collect();
    assert_eq!(owning, taxonomy.owners().map(|owner| &owner.id).collect(), "an owner of nothing");
    for owner in taxonomy.owners() {
        let service = ["service", "support", "care", "atencion", "soporte", "servicio"];
        let named = [owner.id.as_str(), owner.label("es"), owner.label("en")].map(words).concat();
        assert!(
            !named.iter().any(|word| service.contains(&word.as_str())),
            "{} answers, it causes not",
            owner.id
        );
    }
}

#[test]
fn labels_are_the_customers_words() {
    let (taxonomy, _) = &*RETAIL;
    let mut seen = BTreeSet::new();
    for leaf in reasons(taxonomy) {
        for language in ["es", "en"] {
            let label = leaf.labels[language].as_str();
            let said = words(label);
            let has = |list: &str| list.split_whitespace().any(|word| said.iter().any(|said| said == word));
            assert!(seen.insert(label), "{label}: the label of two reasons");
            assert!(label.ends_with('?') || has(CUSTOMERS_WORDS), "{}: {label}", leaf.id);
            assert!(!has(NOT_A_CAUSE), "{}: {label}", leaf.id);
            let jargon = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_uppercase() || c == '_');
            assert!(!label.split(' ').any(jargon), "{}: {label}", leaf.id);
        }
    }
}

/// What stands in the phrasebook for an order, a product, a date and a name.
const FILLINGS: &[(&str, [[&str; 4]; 2])] = &[
    (
        "es",
        [
            ["A-104233", "robot de cocina", "12 de mayo", "Lucía Fernández"],
            ["8841207", "sofá gris", "lunes", "Jorge"],
        ],
    ),
    ("en", [["A-104233", "blender", "12 May", "Emma Clark"], ["8841207", "grey sofa", "Monday", "Tom"]]),
];
const PLACEHOLDERS: [&str; 4] = ["{order}", "{product}", "{date}", "{name}"];

/// One `[[phrases]]` of the phrasebook.
struct Phrases {
    reason: String,
    language: String,
    texts: Vec<String>,
}

fn phrasebook() -> Vec<Phrases> {
    let text = std::fs::read_to_string(repository().join("deploy/demo/phrases.toml")).unwrap();
    let file: toml::Table = text.parse().unwrap();
    let entry = |value: &toml::Value| {
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        let texts = value["texts"].as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned());
        Phrases { reason: text("reason"), language: text("lang"), texts: texts.collect() }
    };
    file["phrases"].as_array().unwrap().iter().map(entry).collect()
}

fn filled(template: &str, with: &[&str; 4]) -> String {
    let pairs = PLACEHOLDERS.iter().zip(with);
    let text = pairs.fold(template.to_owned(), |text, (placeholder, with)| text.replace(placeholder, with));
    assert!(!text.contains(['{', '}']), "{template}: expected only {PLACEHOLDERS:?}");
    text
}

/// Courtesies change no reason.
fn polite(text: &str, language: &str) -> String {
    match language {
        "es" => format!("Buenas tardes. {text} Quedo a la espera de su respuesta. Gracias, un saludo."),
        _ => format!("Good afternoon. {text} I look forward to hearing from you. Thanks, kind regards."),
    }
}

#[test]
fn every_phrase_of_the_demo_has_its_reason() {
    let (_, classifier) = &*RETAIL;
    let mut wrong = Vec::new();
    for Phrases { reason, language, texts } in phrasebook() {
        let (_, fillings) = FILLINGS.iter().find(|(of, _)| *of == language).unwrap();
        for (template, with) in texts.iter().flat_map(|text| fillings.iter().map(move |with| (text, with))) {
            let text = filled(template, with);
            for said in [polite(&text, &language), text.to_uppercase(), fold::fold(&text), text] {
                let got = classified(classifier, &said);
                if got.0 != reason {
                    wrong.push(format!("{reason} not {got:?}: {said}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_demo_has_phrases_for_every_reason() {
    let (taxonomy, _) = &*RETAIL;
    let book = phrasebook();
    let mut seen = BTreeSet::new();
    for phrases in &book {
        assert!(taxonomy.leaf(&phrases.reason).is_some(), "no reason {}", phrases.reason);
        for text in &phrases.texts {
            assert!(seen.insert(text), "{text}: there twice");
        }
    }
    for leaf in taxonomy.leaves() {
        let least = if leaf.id.as_str() == UNCLASSIFIED { 20 } else { 12 };
        for language in ["es", "en"] {
            let of = book.iter().filter(|p| p.reason == leaf.id.as_str() && p.language == language);
            let count = of.map(|p| p.texts.len()).sum::<usize>();
            assert!(count >= least, "{} in {language}: {count} phrases, expected {least}", leaf.id);
        }
    }
}
