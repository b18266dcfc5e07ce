//! What is replaced and what is not, as data in `tests/redact_cases.txt`; that redacting twice is redacting
//! once; and that the fields redacted are the fields that the schemas mark.

use super::samples;
use crate::redact::{redact, redact_fact};
use crate::{decode_fact, encode_fact, schema};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use domain::{Body, Spoken, Words};
use proptest::prelude::*;
use serde_json::Value as Json;
use std::borrow::Cow;

#[test]
fn the_cases_come_out_as_written() {
    let cases = include_str!("../../tests/redact_cases.txt");
    let (mut run, mut wrong) = (0, String::new());
    for line in cases.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        let (input, expected) = line.split_once(" => ").expect("input => output");
        let found = redact(input);
        if found != expected {
            wrong.push_str(&format!("{input}\n  expected {expected}\n  found    {found}\n"));
        }
        assert_eq!(redact(&found), found, "twice: {input}");
        assert_eq!(
            matches!(redact(input), Cow::Borrowed(_)),
            input == expected,
            "copied without need: {input}"
        );
        run += 1;
    }
    assert!(run >= 60, "only {run} cases were found");
    assert!(wrong.is_empty(), "{wrong}");
}

/// A canary in running text is found wherever a sentence may put it.
#[test]
fn canaries_are_found_in_every_surrounding() {
    let canaries = [
        "ana@example.com",
        "612345678",
        "+34 612 345 678",
        "4111 1111 1111 1111",
        "ES91 2100 0418 4502 0005 1332",
    ];
    let around = [
        ("", ""),
        ("Hola, ", "."),
        ("(", ")"),
        ("\"", "\""),
        ("a\n", "\nb"),
        ("¿", "?"),
        ("es: ", "!"),
        ("1) ", "; 2)"),
    ];
    for canary in canaries {
        for (before, after) in around {
            let out = redact(&format!("{before}{canary}{after}")).into_owned();
            let found = out
                .strip_prefix(before)
                .and_then(|o| o.strip_suffix(after))
                .expect("what stands around it stays");
            assert!(found.starts_with('<') && found.ends_with('>'), "{canary} in {out}");
        }
    }
}

/// Pieces from which the corners of every rule can be put together.
fn tricky() -> impl Strategy<Value = String> {
    let pieces = [
        "612345678",
        "4123",
        "4567",
        "11",
        "15",
        "011",
        "34",
        "0034",
        "91",
        "123",
        "45",
        "67",
        "9",
        "2026",
        "05",
        "4111111111111111",
        "4111",
        "1111",
        "8222",
        "378282246310005",
        "ES9121000418450200051332",
        "ES91",
        "2100",
        "a@b.com",
        "@",
        "%40",
        "x.es",
        "tel",
        "llámame",
        "pedido",
        "order",
        "id",
        "nº",
        "ORD",
        "A1",
        "euros",
        "€",
        "$",
        " ",
        " ",
        " ",
        "-",
        "-",
        ".",
        ",",
        "+",
        "(",
        ")",
        "#",
        "_",
        ":",
        "/",
        "\n",
        "\u{a0}",
        "<",
        ">",
        "é",
        "<PHONE>",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..14).prop_map(|p| p.concat())
}

proptest! {
    // More cases than usual, and as many as `PROPTEST_CASES` asks for.
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

    #[test]
    fn twice_is_once(text in tricky()) {
        let once = redact(&text).into_owned();
        let twice = redact(&once).into_owned();
        prop_assert_eq!(&twice, &once, "of {:?}", text);
    }

    #[test]
    fn twice_is_once_for_loose_characters(text in "[0-9 .,()+@aE€<>-]{0,40}") {
        let once = redact(&text).into_owned();
        let twice = redact(&once).into_owned();
        prop_assert_eq!(&twice, &once, "of {:?}", text);
    }

}

proptest! {
    #[test]
    fn any_text_is_taken(text in "\\PC{0,60}") {
        redact(&text);
    }

    #[test]
    fn every_spanish_number_is_found(
        number in prop_oneof![600_000_000_u32..700_000_000, 710_000_000_u32..890_000_000, 900_000_000_u32..990_000_000],
        shape in 0..6,
    ) {
        let n = number.to_string();
        let written = match shape {
            0 => n.clone(),
            1 => format!("{} {} {}", &n[..3], &n[3..6], &n[6..]),
            2 => format!("{} {} {} {}", &n[..3], &n[3..5], &n[5..7], &n[7..]),
            3 => format!("+34{n}"),
            4 => format!("0034 {n}"),
            _ => format!("{}-{}-{}", &n[..3], &n[3..6], &n[6..]),
        };
        let said = format!("hola {written}, adiós");
        prop_assert_eq!(redact(&said), "hola <PHONE>, adiós");
    }
}

/// What stands alone is found alone, however often it is repeated; rules that look back or ahead without a
/// bound would show here as a test that takes minutes.
#[test]
fn a_thousand_of_a_kind_are_as_one() {
    let kinds = [
        ("612345678; ", "<PHONE>; "),
        ("a@b.com ", "<EMAIL> "),
        ("tel 4123-4567\n", "tel <PHONE>\n"),
        ("4111 1111 1111 1111\n", "<CARD>\n"),
        ("ES91 2100 0418 4502 0005 1332 ", "<IBAN> "),
        ("ES91 ", "ES91 "),
        ("1 ", "1 "),
        ("1", "1"),
        ("@", "@"),
        ("a@1 ", "a@1 "),
        ("%40", "%40"),
        ("+(", "+("),
        ("tel ", "tel "),
    ];
    for (piece, expected) in kinds {
        assert!(redact(&piece.repeat(1_000)) == expected.repeat(1_000), "{piece:?}");
    }
}

const CANARY: &str = "ana@example.com";

/// A value of the schema in which every text is the canary and every choice is made so that there is one.
fn canary_value(schema: &Schema) -> Value {
    match schema {
        Schema::String => Value::String(CANARY.to_owned()),
        Schema::Array(array) => Value::Array(vec![canary_value(&array.items)]),
        Schema::Map(_) => Value::Map([("key".to_owned(), Value::String(CANARY.to_owned()))].into()),
        Schema::Union(union) => match &union.variants()[1] {
            Schema::String => Value::Union(1, Box::new(Value::String(CANARY.to_owned()))),
            _ => Value::Union(0, Box::new(Value::Null)),
        },
        Schema::Record(record) => {
            Value::Record(record.fields.iter().map(|f| (f.name.clone(), canary_value(&f.schema))).collect())
        }
        Schema::Enum(symbols) => Value::Enum(0, symbols.symbols[0].clone()),
        Schema::Fixed(fixed) => Value::Fixed(fixed.size, vec![1; fixed.size]),
        Schema::Ref { name } if name.name() == "FactId" => Value::Fixed(16, vec![1; 16]),
        Schema::Ref { name } if name.name() == "CustomerKey" => Value::Fixed(16, vec![1; 16]),
        Schema::Boolean => Value::Boolean(true),
        Schema::Int => Value::Int(1),
        Schema::Date => Value::Date(1),
        Schema::Long => Value::Long(1),
        Schema::TimestampMicros => Value::TimestampMicros(1),
        other => panic!("no canary for {other:?}"),
    }
}

#[test]
fn the_fields_redacted_are_those_that_the_schemas_mark() {
    let mut marked = 0;
    // Their texts have a form of their own, and no field of theirs is marked.
    for name in Body::NAMES.iter().filter(|n| !["CutTaken", "WeekClosed"].contains(n)) {
        let file = schema::newest(name).expect("committed");
        let parsed = schema::parsed(file);
        let writer = GenericDatumWriter::builder(parsed).build().expect("writer");
        let datum = writer.write_value_to_vec(canary_value(parsed)).expect("a valid value");
        let mut fact = decode_fact(&[&[0][..], &file.id.to_be_bytes(), &datum].concat()).expect("a fact");
        redact_fact(&mut fact);
        let datum = encode_fact(&fact).split_off(5);
        let reader = GenericDatumReader::builder(parsed).build().expect("reader");
        let redacted = Json::try_from(reader.read_value(&mut &datum[..]).expect("value")).expect("json");
        let json: Json = serde_json::from_str(file.json).expect("json");
        for field in json["fields"].as_array().expect("fields") {
            let name_of_field = field["name"].as_str().expect("a name");
            let text = redacted[name_of_field].to_string();
            let is_marked = field["pii"] == "redacted";
            assert_eq!(text.contains("<EMAIL>"), is_marked, "{name}.{name_of_field} is {text}");
            assert!(!(is_marked && text.contains(CANARY)), "{name}.{name_of_field} is {text}");
            marked += usize::from(is_marked);
        }
    }
    assert!(marked >= 15, "only {marked} fields are marked");
}

#[test]
fn open_words_are_redacted_whole() {
    for name in ["ContactRecorded", "SurveyAnswered"] {
        let mut fact = samples::unsealed(samples::fact(name));
        let plant = |words: &mut Words| {
            let Words::Open(spoken) = words else { panic!("open words") };
            spoken.subject = Some(CANARY.to_owned());
            spoken.text = Some(format!("soy {CANARY}"));
            spoken.turns.iter_mut().for_each(|t| t.text = CANARY.to_owned());
        };
        match &mut fact.body {
            Body::ContactRecorded(c) => plant(&mut c.words),
            Body::SurveyAnswered(s) => plant(&mut s.comment),
            _ => panic!("a fact with words"),
        }
        redact_fact(&mut fact);
        let words = match &fact.body {
            Body::ContactRecorded(c) => &c.words,
            Body::SurveyAnswered(s) => &s.comment,
            _ => panic!("a fact with words"),
        };
        let Some(Spoken { subject, text, turns }) = words.open() else { panic!("open words") };
        assert_eq!((subject.as_deref(), text.as_deref()), (Some("<EMAIL>"), Some("soy <EMAIL>")));
        assert!(turns.len() == 2 && turns.iter().all(|t| t.text == "<EMAIL>"));
    }
}
