//! The learned model: the same bytes whoever runs the work, nothing accepted that is damaged, honest about what it was
//! not taught, and good on real texts.

use crate::{deployed, repository};
use classify::model::{Job, Labelled, Model, OUT_OF_SCOPE, Part, Scratch, Untrainable, measure, train};
use classify::{Classified, Classifier, Decider, Input, Learned, Taxonomy};
use domain::{Channel, ReasonBasis};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

fn in_order(jobs: &[Job<'_>]) -> Vec<Part> {
    jobs.iter().map(Job::run).collect()
}

/// Reasons that are learned: enough to be confused, few enough to be quick.
const REASONS: usize = 6;

/// What customers said of some reasons of the retail taxonomy.
fn examples(taxonomy: &Taxonomy) -> Vec<Labelled<'_>> {
    let leaves = taxonomy.leaves().filter(|leaf| !leaf.examples.positive.is_empty()).take(REASONS);
    let texts = leaves.flat_map(|leaf| leaf.examples.positive.iter().map(|text| (text, leaf.id.as_str())));
    texts.map(|(text, label)| Labelled { text, label, language: None }).collect()
}

static RETAIL: LazyLock<(Taxonomy, Vec<u8>)> = LazyLock::new(|| {
    let taxonomy = deployed("retail.toml");
    let file = train(&examples(&taxonomy), None, &mut in_order).unwrap().to_bytes();
    (taxonomy, file)
});

fn retail() -> Model {
    Model::from_bytes(&RETAIL.1).unwrap()
}

#[test]
fn the_order_of_the_work_changes_no_byte() {
    let mut backwards = |jobs: &[Job<'_>]| jobs.iter().rev().map(Job::run).collect();
    let again = train(&examples(&RETAIL.0), None, &mut backwards).unwrap().to_bytes();
    assert!(again == RETAIL.1, "the same texts gave another file");
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let model = retail();
    assert!(model.to_bytes() == RETAIL.1);
    assert_eq!(model.header().texts, examples(&RETAIL.0).len() as u64);
    assert_eq!(model.labels().len(), REASONS);
}

#[test]
fn what_is_damaged_is_refused() {
    let file = &RETAIL.1;
    for cut in [0, 3, 4, 8, 12, 40, file.len() / 2, file.len() - 1] {
        assert!(Model::from_bytes(&file[..cut]).is_err(), "cut at {cut}");
    }
    for at in (0..file.len()).step_by(file.len() / 50) {
        let mut damaged = file.clone();
        damaged[at] ^= 0x40;
        assert!(Model::from_bytes(&damaged).is_err(), "flipped at {at}");
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(Model::from_bytes(&longer).is_err());
    assert_eq!(
        Model::from_bytes(b"[reason]").unwrap_err().to_string(),
        "expected a model (it begins with QMDL)"
    );
}

#[test]
fn one_label_is_too_few() {
    let only = [
        Labelled { text: "hola", label: "a", language: None },
        Labelled { text: "x", label: "oos", language: None },
    ];
    assert_eq!(train(&only, None, &mut in_order).unwrap_err(), Untrainable::Classes(1));
    assert_eq!(train(&[], None, &mut in_order).unwrap_err(), Untrainable::Classes(0));
}

/// With a word of its own each, even two texts a class are told apart.
#[test]
fn a_few_texts_are_enough_to_begin_with() {
    let texts = [
        ("quiero mi factura", "bill"),
        ("la factura de mayo", "bill"),
        ("no llega el paquete", "parcel"),
        ("mi paquete se ha perdido", "parcel"),
    ];
    let texts = texts.map(|(text, label)| Labelled { text, label, language: Some("es-CL") });
    let model = train(&texts, None, &mut in_order).unwrap();
    let said = |text| model.labels()[model.predict(text, &mut Scratch::default()).class].clone();
    assert_eq!((said("una FACTURA"), said("¿el paquete?")), ("bill".to_owned(), "parcel".to_owned()));
    assert_eq!(model.header().languages, ["es"]);
}

fn input<'a>(
    text: &'a str,
    language: Option<&'a str>,
    attributes: &'a BTreeMap<String, String>,
) -> Input<'a> {
    Input { text, channel: Channel::Unknown, language, source_reason: None, attributes }
}

#[test]
fn rules_go_first_and_what_is_unknown_stays_unclassified() {
    let (taxonomy, file) = &*RETAIL;
    let learned = Learned::new(Arc::new(retail()), file, 0);
    assert!(learned.unknown_labels(taxonomy).is_empty());
    assert_eq!(learned.unknown_labels(&Taxonomy::empty()).len(), learned.model().labels().len());
    let other = Learned::new(Arc::new(retail()), file, 20_000);
    assert_ne!(learned.identity(), other.identity(), "another loss is another epoch");
    let rules = Classifier::new(taxonomy);
    let decider = Decider::new(taxonomy, Some(learned));
    let attributes = BTreeMap::new();
    let mut by_model = 0;
    for example in examples(taxonomy) {
        let (alone, both) = (
            rules.classify(&input(example.text, None, &attributes)),
            decider.classify(&input(example.text, None, &attributes)),
        );
        if alone.basis == ReasonBasis::Rule {
            assert!(!both.further.contains(&both.reason));
            assert_eq!(alone, Classified { further: vec![], ..both }, "{}", example.text);
        }
    }
    for example in examples(taxonomy) {
        let half: Vec<&str> = example.text.split(' ').step_by(2).collect();
        let half = half.join(" ");
        let both = decider.classify(&input(&half, None, &attributes));
        by_model += usize::from(both.basis == ReasonBasis::Model);
        assert!(both.basis != ReasonBasis::Model || (1..=1_000_000).contains(&both.confidence_ppm));
    }
    assert!(by_model > 5, "the model spoke {by_model} times");
    for unknown in ["", "?!", "ひらがなとカタカナ"] {
        assert_eq!(
            decider.classify(&input(unknown, None, &attributes)).basis,
            ReasonBasis::Unclassified,
            "{unknown}"
        );
    }
}

#[test]
fn languages_that_were_not_learned_are_not_guessed() {
    let texts: Vec<_> =
        examples(&RETAIL.0).into_iter().map(|e| Labelled { language: Some("es"), ..e }).collect();
    let model = train(&texts, None, &mut in_order).unwrap();
    let file = model.to_bytes();
    let decider = Decider::new(&Taxonomy::empty(), Some(Learned::new(Arc::new(model), &file, 0)));
    let attributes = BTreeMap::new();
    let basis = |text, language| decider.classify(&input(text, language, &attributes)).basis;
    let text = "¿Dónde está mi pedido? Hace dos semanas que lo espero";
    assert_eq!(basis(text, None), ReasonBasis::Model);
    assert_eq!(basis(text, Some("es-AR")), ReasonBasis::Model);
    assert_eq!(basis(text, Some("fr")), ReasonBasis::Unclassified);
    assert_eq!(
        basis("Wo ist mein Paket geblieben? Ich warte seit zwei Wochen", None),
        ReasonBasis::Unclassified
    );
}

#[test]
fn an_explanation_names_the_word_that_decided() {
    let texts = [
        ("quiero mi factura", "bill"),
        ("la factura de mayo", "bill"),
        ("quiero mi paquete", "parcel"),
        ("el paquete de mayo", "parcel"),
    ];
    let texts = texts.map(|(text, label)| Labelled { text, label, language: None });
    let model = train(&texts, None, &mut in_order).unwrap();
    let text = "quiero la FACTURA";
    let explained = model.explain(text, &mut Scratch::default(), 3);
    assert_eq!(model.labels()[explained.prediction.class], "bill");
    let (place, part) = &explained.parts[0];
    assert!(text[place.clone()].contains("FACTURA") && *part > 0.0, "{explained:?}");
}

/// The real data, where this checkout has it beside it: Spanish speech transcripts with recognition errors.
#[test]
fn is_good_on_real_speech() {
    let path = repository().join("../shared/data/minds14_es/train.csv");
    let Ok(file) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: no ../shared ({} is not there)", path.display());
        return;
    };
    let rows: Vec<(&str, &str)> = file.lines().skip(1).filter_map(row).collect();
    assert!(rows.len() > 250, "{} rows", rows.len());
    // all fourteen take the time of all other tests together; `learn` of the benches measures them
    let labels: BTreeSet<&str> = rows.iter().map(|(_, label)| *label).collect();
    let some: BTreeSet<&str> = labels.into_iter().step_by(3).collect();
    let rows: Vec<(&str, &str)> = rows.into_iter().filter(|(_, label)| some.contains(label)).collect();
    let fold = |test: bool| {
        let of = rows.iter().enumerate().filter(move |(at, _)| (at % 5 == 0) == test);
        of.map(|(_, &(text, label))| Labelled { text, label, language: Some("es") }).collect::<Vec<_>>()
    };
    let model = train(&fold(false), None, &mut in_order).unwrap();
    let measured = measure(&model, &fold(true), model.least_familiarity(0.05));
    assert!(measured.accuracy >= 0.9, "{measured:?}");
    assert!(measured.in_scope_rejected <= 0.4, "{measured:?}");
}

/// Text and label of a row `text,label,lang`.
fn row(line: &str) -> Option<(&str, &str)> {
    let (rest, _) = line.rsplit_once(',')?;
    let (text, label) = rest.rsplit_once(',')?;
    Some((text.trim_matches('"'), label))
}

#[test]
fn no_text_is_too_naughty() {
    let path = repository().join("../shared/corpora/blns/blns.json");
    let Ok(file) = std::fs::read_to_string(&path) else {
        println!("SKIPPED: no ../shared ({} is not there)", path.display());
        return;
    };
    let (model, mut scratch) = (retail(), Scratch::default());
    let texts: Vec<String> = serde_json::from_str(&file).unwrap();
    for text in texts {
        let explained = model.explain(&text, &mut scratch, 5);
        assert!(explained.prediction.probability.is_finite() && explained.prediction.familiarity.is_finite());
    }
}

#[test]
fn out_of_scope_is_no_class() {
    let mut texts = examples(&RETAIL.0);
    texts.push(Labelled { text: "cuéntame un chiste", label: OUT_OF_SCOPE, language: None });
    assert!(train(&texts, None, &mut in_order).unwrap().to_bytes() == RETAIL.1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any text, however long its words: probabilities are probabilities, and the same text says the same.
    #[test]
    fn any_text_has_an_answer(text in "(\\PC{0,20}|[a-zñé ]{0,300}|x{0,500})") {
        static MODEL: LazyLock<Model> = LazyLock::new(retail);
        let mut scratch = Scratch::default();
        let said = MODEL.predict(&text, &mut scratch);
        prop_assert!((0.0..=1.0).contains(&said.probability) && said.runner_up_probability <= said.probability);
        prop_assert_eq!(said, MODEL.predict(&text, &mut scratch));
        prop_assert_eq!(said, MODEL.predict(&text.to_ascii_uppercase(), &mut Scratch::default()));
    }
}
