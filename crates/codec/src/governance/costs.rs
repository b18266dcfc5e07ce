//! A file of cost rates, every key once:
//!
//! ```toml
//! from = 2026-01-01
//! currency = "EUR"
//!
//! [rates]
//! phone = { contact = "1.20", minute = "0.48" }
//! email = { contact = "2.50" }
//! ```
//!
//! Amounts are decimals in quotes, exact to a millionth: a binary fraction is no amount of money. A rate without
//! `contact` or `minute` costs nothing of that kind.

use crate::mapping::mistake::{MappingMistake, Mistakes};
use crate::mapping::number::decimal;
use crate::mapping::sheet::{Entry, Sheet, one_of};
use domain::fact::{CostRate, CostRatePublished};
use domain::governance::{PER_CONTACT_MICROS_MAX, PER_SECOND_MICROS_MAX};
use domain::{Channel, Day};
use toml::de::{DeTable, DeValue};

/// Micro-units of a unit of currency.
const MICROS: i64 = 1_000_000;
/// Digits after the point that an amount may have.
const PLACES: usize = 6;
/// Seconds of a minute.
const SECONDS: i64 = 60;

/// Reads a file of cost rates; `file` is its name in messages, `currency` the one that rates are in so far. Every
/// mistake is told at once.
pub fn cost_rates(
    text: &str,
    file: &str,
    currency: Option<&str>,
) -> Result<CostRatePublished, Vec<MappingMistake>> {
    let mut mistakes = Mistakes::new(text, file);
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        mistakes.add(error.span().map_or(0, |span| span.start), "", error.message());
    }
    if errors.is_empty() {
        let read = published(Sheet::new(table.get_ref(), "", 0), currency, &mut mistakes);
        if let Some(published) = read {
            return mistakes.outcome().map(|()| published);
        }
    }
    mistakes.outcome().map(|()| unreachable!("invariant: what cannot be read is a mistake"))
}

fn published(
    mut top: Sheet<'_>,
    currency: Option<&str>,
    mistakes: &mut Mistakes<'_>,
) -> Option<CostRatePublished> {
    let from = needed(&mut top, "from", "a day such as 2026-01-01", mistakes, day);
    let entry = "a currency such as \"EUR\": three capital letters (ISO 4217)";
    let found = needed(&mut top, "currency", entry, mistakes, |e| {
        e.as_text().filter(|t| is_currency(t)).map(|t| (e.at, t.to_owned()))
    });
    let rates = needed(&mut top, "rates", "a table with a rate a channel", mistakes, Entry::sheet);
    top.finish(mistakes);
    let rates = rates.map(|sheet| channels(sheet, mistakes));
    let (at, found) = found?;
    if let Some(before) = currency.filter(|before| *before != found) {
        let expected = format!("expected {before:?} as in the rates so far, found {found:?}");
        mistakes.add(at, "currency", expected);
    }
    Some(CostRatePublished { from: from?, currency: found, rates: rates? })
}

/// What a key that has to be there says.
fn needed<'t, T>(
    sheet: &mut Sheet<'t>,
    key: &'static str,
    expected: &str,
    mistakes: &mut Mistakes<'_>,
    read: impl Fn(&Entry<'t>) -> Option<T>,
) -> Option<T> {
    let Some(entry) = sheet.take(key) else {
        mistakes.add(sheet.at, key, format!("missing, expected {expected}"));
        return None;
    };
    let value = read(&entry);
    if value.is_none() {
        entry.wrong(mistakes, expected);
    }
    value
}

fn day(entry: &Entry<'_>) -> Option<Day> {
    match entry.value {
        DeValue::Datetime(date) => Day::parse(&date.to_string()),
        DeValue::String(text) => Day::parse(text),
        _ => None,
    }
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}

fn channels(mut sheet: Sheet<'_>, mistakes: &mut Mistakes<'_>) -> Vec<CostRate> {
    let (at, path) = (sheet.at, sheet.path.clone());
    let entries = sheet.take_all();
    if entries.is_empty() {
        mistakes.add(at, &path, "expected a rate for at least one channel");
    }
    let mut rates: Vec<CostRate> = entries.iter().filter_map(|entry| rate(entry, mistakes)).collect();
    rates.sort_by_key(|rate| rate.channel);
    rates
}

fn rate(entry: &Entry<'_>, mistakes: &mut Mistakes<'_>) -> Option<CostRate> {
    let channel = Channel::from_word(&entry.name);
    if channel.is_none() {
        let known = one_of(Channel::WORDS.iter().copied());
        mistakes.add(entry.at, &entry.path, format!("unknown channel, expected {known}"));
    }
    let Some(mut sheet) = entry.sheet() else {
        entry.wrong(mistakes, "a table such as { contact = \"1.20\", minute = \"0.48\" }");
        return None;
    };
    let contact = sheet.take("contact");
    let minute = sheet.take("minute");
    if contact.is_none() && minute.is_none() {
        mistakes.add(entry.at, &entry.path, "expected contact, minute or both");
    }
    sheet.finish(mistakes);
    let per_contact_micros = amount(contact, PER_CONTACT_MICROS_MAX, mistakes)?;
    let per_minute_micros = amount(minute, PER_SECOND_MICROS_MAX * SECONDS, mistakes)?;
    Some(CostRate { channel: channel?, per_contact_micros, per_second_micros: per_second(per_minute_micros) })
}

/// A second's share of a minute, rounded half up to a micro-unit.
fn per_second(per_minute_micros: i64) -> i64 {
    (per_minute_micros + SECONDS / 2) / SECONDS
}

/// The amount of an entry in micro-units, 0 where there is none; `None` is a mistake.
fn amount(entry: Option<Entry<'_>>, max: i64, mistakes: &mut Mistakes<'_>) -> Option<i64> {
    let Some(entry) = entry else { return Some(0) };
    let text = match entry.value {
        DeValue::Integer(_) => entry.as_int().map(|n| n.to_string()),
        _ => entry.as_text().map(str::to_owned),
    };
    let places = |t: &String| t.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let exact = text.filter(|t| places(t) <= PLACES).and_then(|t| decimal(&t, MICROS));
    let within = exact.filter(|micros| (0..=max).contains(micros));
    if within.is_none() {
        let most = max / MICROS;
        entry.wrong(
            mistakes,
            &format!("an amount from 0 to {most} in quotes, such as \"1.20\", with at most {PLACES} digits after the point"),
        );
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, currency: Option<&str>) -> Result<CostRatePublished, Vec<String>> {
        cost_rates(text, "costs.toml", currency).map_err(|m| m.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_file_of_rates_is_exact() {
        let text = r#"
            from = 2026-01-01
            currency = "EUR"
            [rates]
            phone = { contact = "1.20", minute = "0.48" }
            chat = { minute = "0.5" }
            email = { contact = 2 }
            app = { contact = "0.000001" }
        "#;
        for before in [None, Some("EUR")] {
            let published = read(text, before).expect("sound");
            assert_eq!(
                (published.from.to_string(), published.currency.as_str()),
                ("2026-01-01".into(), "EUR")
            );
            let rates: Vec<_> = published
                .rates
                .iter()
                .map(|r| (r.channel.word(), r.per_contact_micros, r.per_second_micros))
                .collect();
            // Half a unit a minute is 8,333 and a third micro-units a second.
            let expected =
                [("phone", 1_200_000, 8_000), ("email", 2_000_000, 0), ("chat", 0, 8_333), ("app", 1, 0)];
            assert_eq!(rates, expected);
        }
        let quoted = "from = \"2026-01-01\"\ncurrency = \"EUR\"\n[rates]\nphone = { contact = \"1\" }";
        assert!(read(quoted, None).is_ok());
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let whole =
            |from: &str, currency: &str, rates: &str| format!("{from}\n{currency}\n[rates]\n{rates}\n");
        let (from, eur) = ("from = 2026-01-01", "currency = \"EUR\"");
        let amount = "expected an amount from 0 to 1000000 in quotes, such as \"1.20\", with at most 6 digits after the point";
        let channels = Channel::WORDS.join(", ");
        let cases = [
            (
                whole("", "", ""),
                vec![
                    "costs.toml:1: `currency`: missing, expected a currency such as \"EUR\": three capital letters (ISO 4217)".to_owned(),
                    "costs.toml:1: `from`: missing, expected a day such as 2026-01-01".to_owned(),
                    "costs.toml:3: `rates`: expected a rate for at least one channel".to_owned(),
                ],
            ),
            (
                whole(from, eur, "fax = { contact = \"1\" }"),
                vec![format!("costs.toml:4: `rates.fax`: unknown channel, expected one of {channels}")],
            ),
            (
                whole(from, eur, "phone = { contact = \"1.2000001\" }"),
                vec![format!("costs.toml:4: `rates.phone.contact`: {amount}, found the text \"1.2000001\"")],
            ),
            (
                whole(from, eur, "phone = { contact = 1.2 }"),
                vec![format!("costs.toml:4: `rates.phone.contact`: {amount}, found 1.2")],
            ),
            (
                whole(from, eur, "phone = { contact = \"-1\" }"),
                vec![format!("costs.toml:4: `rates.phone.contact`: {amount}, found the text \"-1\"")],
            ),
            (
                whole(from, eur, "phone = { hour = \"1\" }"),
                vec![
                    "costs.toml:4: `rates.phone`: expected contact, minute or both".to_owned(),
                    "costs.toml:4: `rates.phone.hour`: unknown key, expected one of contact, minute".to_owned(),
                ],
            ),
            (
                whole(from, eur, "phone = \"1.20\""),
                vec!["costs.toml:4: `rates.phone`: expected a table such as { contact = \"1.20\", minute = \"0.48\" }, found the text \"1.20\"".to_owned()],
            ),
            (
                whole(from, "currency = \"USD\"", "phone = { contact = \"1\" }"),
                vec!["costs.toml:2: `currency`: expected \"EUR\" as in the rates so far, found \"USD\"".to_owned()],
            ),
            (
                whole("from = 2026-01-01T10:00:00", "currency = \"euro\"", "phone = { contact = \"1\" }"),
                vec![
                    "costs.toml:1: `from`: expected a day such as 2026-01-01, found a value of type datetime".to_owned(),
                    "costs.toml:2: `currency`: expected a currency such as \"EUR\": three capital letters (ISO 4217), found the text \"euro\"".to_owned(),
                ],
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read(&text, Some("EUR")), Err(expected), "{text}");
        }
        let broken = read("from = ", None).expect_err("no TOML");
        assert!(broken[0].starts_with("costs.toml:1: "), "{broken:?}");
        let unknown =
            read("from = 2026-01-01\ncurrency = \"EUR\"\nto = 1\n[rates]\nphone = { contact = \"1\" }", None);
        let expected = "costs.toml:3: `to`: unknown key, expected one of from, currency, rates";
        assert_eq!(unknown, Err(vec![expected.to_owned()]));
    }
}
