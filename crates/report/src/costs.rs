//! What contacts cost, after cost rates were set.

use crate::lang::Lang;
use domain::Day;
use domain::governance::CostRow;

/// What setting cost rates did, and what is in force since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostsSummary {
    /// Whether anything is different now.
    pub changed: bool,
    /// The day from which the rates that were set are valid.
    pub from: Day,
    /// All rates, by day and channel.
    pub rates: Vec<CostRow>,
}

impl CostsSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let from = self.from;
        let mut out = match (lang, self.changed) {
            (Lang::En, true) => format!("Set: the cost rates from {from} on.\n"),
            (Lang::En, false) => format!("The cost rates from {from} on are set already.\n"),
            (Lang::Es, true) => format!("Fijado: las tarifas de coste desde {from}.\n"),
            (Lang::Es, false) => format!("Las tarifas de coste desde {from} ya estaban fijadas.\n"),
        };
        out.push_str(lang.pick("In force:\n", "En vigor:\n"));
        let width = self.rates.iter().map(|rate| rate.channel.word().len()).max().unwrap_or(0);
        for rate in &self.rates {
            let CostRow { valid_from, channel, currency, .. } = rate;
            let contact = amount(lang, rate.per_contact_micros);
            let minute = amount(lang, rate.per_second_micros * SECONDS);
            let channel = channel.word();
            out.push_str(&match lang {
                Lang::En => format!(
                    "  from {valid_from}  {channel:width$}  {contact} {currency} a contact, {minute} {currency} a minute\n"
                ),
                Lang::Es => format!(
                    "  desde {valid_from}  {channel:width$}  {contact} {currency} por contacto, {minute} {currency} por minuto\n"
                ),
            });
        }
        out
    }
}

/// Seconds of a minute.
const SECONDS: i64 = 60;
/// Micro-units of a unit of currency.
const MICROS: u64 = 1_000_000;

/// Micro-units as an exact decimal with at least two digits after the point: `1.20`, `0.49998`.
fn amount(lang: Lang, micros: i64) -> String {
    let (whole, fraction) = (micros.unsigned_abs() / MICROS, micros.unsigned_abs() % MICROS);
    let digits = format!("{fraction:06}");
    let kept = digits.trim_end_matches('0').len().max(2);
    let sign = if micros < 0 { "−" } else { "" };
    format!("{sign}{}{}{}", lang.number(whole), lang.pick(".", ","), &digits[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_show_cents() {
        let cases = [
            (0, "0.00", "0,00"),
            (1_200_000, "1.20", "1,20"),
            (499_980, "0.49998", "0,49998"),
            (1, "0.000001", "0,000001"),
            (12_345_000_000, "12,345.00", "12.345,00"),
        ];
        for (micros, en, es) in cases {
            assert_eq!((amount(Lang::En, micros), amount(Lang::Es, micros)), (en.to_owned(), es.to_owned()));
        }
    }
}
