//! The lines of the contact files, as the company's contact system exports them.

use super::Company;
use super::channels::CHANNELS;
use super::contacts::{Contact, Role};
use super::customers::Kind;
use super::deliver::{Fault, Line};
use serde_json::{Map, Value, json};

/// Begins every record number.
const RECORD: &str = "C-";

/// The record with this number.
pub fn record(number: u32) -> String {
    format!("{RECORD}{number:07}")
}

/// One week's file.
pub(super) fn week(company: &Company, lines: &[Line]) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len() * 400);
    for line in lines {
        match *line {
            Line::Record { contact, version } => out.extend(bytes(&fields(company, contact, version))),
            Line::Malformed { contact, fault, number } => out.extend(spoilt(company, contact, fault, number)),
        }
        out.push(b'\n');
    }
    out
}

fn bytes(fields: &Map<String, Value>) -> Vec<u8> {
    serde_json::to_vec(fields).expect("a JSON object has only text keys")
}

fn fields(company: &Company, at: usize, version: u32) -> Map<String, Value> {
    let contact = &company.contacts[at];
    let wrong = company.deliveries.corrected.iter().find(|wrong| wrong.contact == at && version == 1);
    let channel = wrong.map_or(contact.channel, |wrong| wrong.channel);
    let text = wrong.map(|wrong| &wrong.text).or(contact.text.as_ref());
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| out.insert(name.to_owned(), value);
    put("id", json!(company.record(at)));
    put("version", json!(version));
    put("at", json!(company.calendar.text(contact.moment)));
    put("channel", json!(CHANNELS[channel].source));
    if let Some(customer) = contact.customer {
        put(company.customers.kind(customer).word(), json!(company.customers.identifier(customer)));
    }
    put("language", json!(if contact.spanish { "es" } else { "en" }));
    put("text", json!(text));
    put("order", json!(contact.order_number()));
    put("ticket", json!(contact.ticket.map(|ticket| format!("T-{ticket}"))));
    put_handling(contact, &mut put);
    put_state(company, contact, version, &mut put);
    out
}

fn put_handling<R>(contact: &Contact, put: &mut impl FnMut(&str, Value) -> R) {
    let handling = &contact.handling;
    put("wait_seconds", json!(handling.wait_seconds));
    put("handle_seconds", json!(handling.handle_seconds));
    put("abandoned", json!(handling.abandoned));
    put("transfers", json!(handling.transfers));
    put("agent", json!(handling.agent.map(|agent| format!("agent-{agent:03}"))));
    put("queue", json!(if contact.spanish { "atencion-es" } else { "support-en" }));
    put("resolved", json!(handling.resolved));
}

/// A ticket that was opened twice is open until it is merged.
fn put_state<R>(company: &Company, contact: &Contact, version: u32, put: &mut impl FnMut(&str, Value) -> R) {
    match contact.role {
        Role::TwinOf(first) if version > 1 => {
            put("state", json!("merged"));
            put("merged_into", json!(company.record(first)));
        }
        Role::TwinOf(_) => drop(put("state", json!("open"))),
        Role::Plain | Role::Linked => drop(put("state", json!("closed"))),
    }
}

/// A line made from a contact's, under a record number that no contact has.
fn spoilt(company: &Company, at: usize, fault: Fault, number: u32) -> Vec<u8> {
    let mut fields = fields(company, at, 1);
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("id", json!(format!("X-{number:04}")));
    match fault {
        Fault::CutOff => {
            let whole = serde_json::to_string(&fields).expect("a JSON object has only text keys");
            let end =
                (whole.len() * 2 / 3..).find(|end| whole.is_char_boundary(*end)).expect("the end is one");
            return whole[..end].as_bytes().to_vec();
        }
        Fault::NotUtf8 => {
            put("text", json!("?!"));
            let mut whole = bytes(&fields);
            let place = whole.windows(2).position(|pair| pair == b"?!").expect("put there just now");
            whole[place] = 0xff;
            return whole;
        }
        Fault::NoTime => drop(fields.shift_remove("at")),
        Fault::NotATime => drop(put("at", json!("ayer por la tarde"))),
        Fault::StrangeChannel => drop(put("channel", json!("fax"))),
        Fault::SecondsInWords => drop(put("handle_seconds", json!("cinco minutos"))),
        Fault::TooManySeconds => drop(put("handle_seconds", json!(864_000))),
    }
    bytes(&fields)
}

/// `merges.csv`: who turned out to be whom.
pub(super) fn merges(company: &Company) -> String {
    let mut out = String::from("surviving_kind,surviving,absorbed_kind,absorbed\n");
    let columns = |customer| {
        let kind: Kind = company.customers.kind(customer);
        format!("{},{}", kind.word(), company.customers.identifier(customer))
    };
    for [(surviving, _), (absorbed, _)] in &company.doubles {
        out.push_str(&format!("{},{}\n", columns(*surviving), columns(*absorbed)));
    }
    out
}
