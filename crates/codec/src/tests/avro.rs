//! The library reads every byte that is written here as a value of the committed schema, and writes the
//! same bytes for that value. And older schemas come to the newest by the library's rules.

use super::samples;
use crate::arbitrary::{fact, spoken};
use crate::evolve::Step;
use crate::{encode_fact, encode_spoken, schema};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use domain::Body;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

/// Reads a datum whole with the library.
fn read(schema: &Schema, datum: &[u8]) -> Value {
    let mut rest = datum;
    let value =
        GenericDatumReader::builder(schema).build().expect("reader").read_value(&mut rest).expect("value");
    assert!(rest.is_empty(), "{} bytes are left", rest.len());
    value
}

fn write(schema: &Schema, value: Value) -> Vec<u8> {
    GenericDatumWriter::builder(schema).build().expect("writer").write_value_to_vec(value).expect("valid")
}

/// The library's writer takes maps from a hash table, so their order is its own: compare values then.
fn agrees(name: &str, record: &[u8]) -> Result<(), TestCaseError> {
    let file = schema::newest(name).expect("a committed schema");
    prop_assert_eq!(record[1..5].to_vec(), file.id.to_be_bytes());
    let parsed = schema::parsed(file);
    let value = read(parsed, &record[5..]);
    let again = write(parsed, value.clone());
    prop_assert_eq!(again.len(), record.len() - 5);
    prop_assert_eq!(read(parsed, &again), value);
    if name != "ContactRecorded" {
        prop_assert_eq!(again, &record[5..]);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_library_agrees_with_every_fact(fact in fact()) {
        agrees(fact.body.name(), &encode_fact(&fact))?;
    }

    #[test]
    fn the_library_agrees_with_words(spoken in spoken()) {
        agrees("Spoken", &encode_spoken(&spoken))?;
    }

    #[test]
    fn a_step_takes_any_bytes_without_panic(datum in proptest::collection::vec(any::<u8>(), 0..300)) {
        let newest = schema::parsed(schema::newest("ContactRecorded").expect("committed"));
        let step = Step::new(newest, newest).expect("a schema resolves to itself");
        let _ = step.take(&datum);
    }

    #[test]
    fn a_step_to_the_same_schema_changes_nothing(fact in fact()) {
        let parsed = schema::parsed(schema::newest(fact.body.name()).expect("committed"));
        let record = encode_fact(&fact);
        let taken = Step::new(parsed, parsed).expect("step").take(&record[5..]).expect("a whole datum");
        prop_assert_eq!(read(parsed, &taken), read(parsed, &record[5..]));
    }
}

/// The values that the library sees under each name are the fact's own.
#[test]
fn names_mean_what_they_say() {
    let facts = [samples::contact_recorded(), samples::fact("CutTaken"), samples::fact("WeekClosed")];
    let seen: Vec<Json> = facts
        .iter()
        .map(|f| {
            let parsed = schema::parsed(schema::newest(f.body.name()).expect("committed"));
            Json::try_from(read(parsed, &encode_fact(f)[5..])).expect("json")
        })
        .collect();
    assert_eq!(
        seen[0]["origin"],
        json!({"system": "zendesk", "instance": "acme", "record": "R-1", "revision": 3})
    );
    assert_eq!(seen[0]["occurred_at"], json!(1_767_225_600_000_000_i64));
    assert_eq!(seen[0]["kind"], "leg");
    assert_eq!(
        (&seen[0]["step"], &seen[0]["queue"], &seen[0]["agent"]),
        (&json!("checkout/3"), &json!("billing"), &json!("agent-9"))
    );
    assert_eq!((&seen[0]["wait_ms"], &seen[0]["handle_ms"]), (&json!(-1), &json!(90_000)));
    assert_eq!((&seen[0]["abandoned"], &seen[0]["resolved"]), (&json!(false), &json!(true)));
    assert_eq!(seen[0]["words"]["state"], "sealed");
    assert_eq!(seen[0]["attributes"], json!({"plan": "fibra", "zona": "norte"}));
    assert_eq!(
        seen[1]["positions"],
        json!([
            {"topic": "facts", "partition": 0, "offset": 120},
            {"topic": "facts", "partition": 1, "offset": 99},
            {"topic": "company", "partition": 0, "offset": 3},
        ])
    );
    assert_eq!((&seen[2]["week"], &seen[2]["cut"]), (&json!("2026-W20"), &json!("00112233445566ff")));
}

/// An older schema that lacks fields, and one with a symbol that the newest does not know.
#[test]
fn missing_fields_and_unknown_symbols_take_their_default() {
    let file = schema::newest("ContactRecorded").expect("committed");
    let mut older: Json = serde_json::from_str(file.json).expect("json");
    let fields = older["fields"].as_array_mut().expect("fields");
    fields.retain(|f| !["flags", "agent"].contains(&f["name"].as_str().expect("a name")));
    let channel = fields.iter_mut().find(|f| f["name"] == "channel").expect("channel");
    channel["type"]["symbols"].as_array_mut().expect("symbols").push(json!("hologram"));
    let older = Schema::parse(&older).expect("schema");

    let known = samples::contact_recorded();
    let Value::Record(mut fields) = read(schema::parsed(file), &encode_fact(&known)[5..]) else {
        panic!("a record")
    };
    fields.retain(|(name, _)| !["flags", "agent"].contains(&name.as_str()));
    for (name, value) in &mut fields {
        if name == "channel" {
            *value = Value::Enum(15, "hologram".to_owned());
        }
    }
    let datum = write(&older, Value::Record(fields));
    let taken = Step::new(&older, schema::parsed(file)).expect("step").take(&datum).expect("a whole datum");
    let mut record = vec![0, 0, 0, 0, 1];
    record.extend(taken);

    let mut expected = known;
    let Body::ContactRecorded(contact) = &mut expected.body else { panic!("a contact") };
    (contact.channel, contact.agent, contact.flags) = (domain::Channel::Unknown, None, vec![]);
    assert_eq!(crate::decode_fact(&record), Ok(expected));
}
