//! Who a contact is from: identifiers in clear, normalised so that every spelling gives the same customer.
//! They live in memory only, between a record and the vault, and are in no message.

use super::fields::text_in;
use super::pick::{Pick, Wrong};
use crate::records::{Record, Refusal, Value};
use domain::{Identifier, RejectKind, Strength};

/// One column that may name the customer.
pub(super) struct IdentifierField {
    pub pick: Pick<String>,
    pub strength: Strength,
    /// Where it means something.
    pub namespace: String,
    pub phone: PhoneRules,
    /// Only what the source itself calls text.
    pub strict: bool,
}

/// How the source writes phone numbers.
#[derive(Default)]
pub(super) struct PhoneRules {
    /// Country of numbers without one; empty: every number begins with its country code, with or without `+`.
    pub country_code: Option<String>,
}

impl IdentifierField {
    pub fn get(&self, record: &Record<'_>) -> Result<Option<Identifier>, Refusal> {
        let value = self.pick.get(record, |value| self.read(value))?;
        let (strength, namespace) = (self.strength, self.namespace.clone());
        Ok(value.map(|value| Identifier { strength, namespace, value }))
    }

    fn read(&self, value: &Value<'_>) -> Result<String, Wrong> {
        let text = text_in(value, self.strict, self.pick.trims())?;
        match self.strength {
            Strength::Email => email(&text).ok_or_else(|| Wrong::kind("an e-mail address")),
            Strength::Phone => phone(&text, &self.phone)
                .ok_or_else(|| Wrong::new(RejectKind::WrongType, "a phone number of 3 to 15 digits")),
            Strength::None | Strength::Name | Strength::Device | Strength::Account | Strength::Verified => {
                Ok(text.into_owned())
            }
        }
    }
}

/// The first of several columns that names the customer.
pub(super) fn first_of(
    fields: &[IdentifierField],
    record: &Record<'_>,
) -> Result<Option<Identifier>, Refusal> {
    for field in fields {
        if let Some(identifier) = field.get(record)? {
            return Ok(Some(identifier));
        }
    }
    Ok(None)
}

/// Lower-case address. Local parts are case-sensitive by the letter of RFC 5321 and nowhere in practice.
fn email(text: &str) -> Option<String> {
    let address = text.trim();
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    let (local, host) = address.rsplit_once('@')?;
    let plain = !address.contains(|c: char| c.is_whitespace() || c.is_control());
    (plain && !local.is_empty() && !host.is_empty()).then(|| address.to_lowercase())
}

/// Digits after a `+` where the country is known (E.164), else the digits alone.
fn phone(text: &str, rules: &PhoneRules) -> Option<String> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    let (number, international) = match (text.strip_prefix('+'), text.strip_prefix("00")) {
        (Some(rest), _) | (None, Some(rest)) => (rest, true),
        (None, None) => (text, false),
    };
    let mut digits = String::with_capacity(16);
    for c in number.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' => {}
            _ => return None,
        }
    }
    let whole = match (&rules.country_code, international) {
        (_, true) => format!("+{digits}"),
        (Some(code), false) if code.is_empty() => format!("+{digits}"),
        (Some(code), false) => format!("+{code}{}", without_trunk(&digits, code)),
        (None, false) => digits,
    };
    let length = whole.bytes().filter(u8::is_ascii_digit).count();
    (3..=15).contains(&length).then_some(whole)
}

/// National numbers are dialled with a leading 0 in most countries; only in Italy it is part of the number.
fn without_trunk<'d>(digits: &'d str, country_code: &str) -> &'d str {
    if country_code == "39" { digits } else { digits.strip_prefix('0').unwrap_or(digits) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_the_same() {
        let cases = [
            (" Ana.Ruiz@Example.ORG ", Some("ana.ruiz@example.org")),
            ("mailto:a@b", Some("a@b")),
            ("Ana <a@b.c>", None),
            ("a@", None),
            ("@b", None),
            ("nobody", None),
        ];
        for (text, expect) in cases {
            assert_eq!(email(text).as_deref(), expect, "{text}");
        }
    }

    #[test]
    fn every_spelling_of_a_number_is_the_same() {
        let cases = [
            ("+34 600 11-12.22", Some("34"), Some("+34600111222")),
            ("0034600111222", Some("34"), Some("+34600111222")),
            ("600 111 222", Some("34"), Some("+34600111222")),
            ("34600111222", Some(""), Some("+34600111222")),
            ("tel:+34600111222", None, Some("+34600111222")),
            ("600111222", None, Some("600111222")),
            ("(020) 7946 0000", Some("44"), Some("+442079460000")),
            ("06 1234 5678", Some("39"), Some("+390612345678")),
            ("12", None, None),
            ("1234567890123456", None, None),
            ("anonymous", Some("34"), None),
            ("600111222 x12", Some("34"), None),
        ];
        for (text, code, expect) in cases {
            let rules = PhoneRules { country_code: code.map(str::to_owned) };
            assert_eq!(phone(text, &rules).as_deref(), expect, "{text}");
        }
    }
}
