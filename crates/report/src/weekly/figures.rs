//! Figures to text, each in one place, so that page, text and charts agree to the digit. Digits are grouped
//! from one thousand on in both languages: the numbers of a report stand in columns, where Spanish groups
//! four digits too.

use super::measure::{self, Figure, HeadlineFigure, Metric, Missing};
use crate::Lang;
use domain::{Day, IsoWeek};

/// Between a number and its sign or word: they are never parted at the end of a line.
pub(crate) const NBSP: char = '\u{a0}';
/// The sign of negative numbers.
const MINUS: char = '−';
/// Stands where a figure cannot be had.
pub(crate) const NONE: &str = "–";
/// Stands where a percentage would be one of fewer than twenty contacts.
pub(crate) const FEW: &str = "n\u{a0}<\u{a0}20";

/// A count.
pub(crate) fn count(lang: Lang, n: u64) -> String {
    grouped(lang, u128::from(n))
}

/// A difference of counts, always with its sign; no sign where there is no difference.
pub(crate) fn signed(lang: Lang, n: i64) -> String {
    format!("{}{}", sign(n), count(lang, n.unsigned_abs()))
}

/// Contacts: `1 contact`, `1.234 contactos`.
pub(crate) fn contacts(lang: Lang, n: u64) -> String {
    let (one, many) = (lang.pick("contact", "contacto"), lang.pick("contacts", "contactos"));
    format!("{}{NBSP}{}", count(lang, n), if n == 1 { one } else { many })
}

/// A difference of money, always with its sign; no sign where there is no difference.
pub(crate) fn signed_money(lang: Lang, micros: i128, currency: Option<&str>) -> String {
    let size = u64::try_from(micros.unsigned_abs()).unwrap_or(u64::MAX);
    format!("{}{}", sign(micros.signum() as i64), money(lang, size, currency))
}

/// A share: `38.4%`, `38,4 %`.
pub(crate) fn percent(lang: Lang, permille: i64) -> String {
    let minus = if permille < 0 { "−" } else { "" };
    format!("{minus}{}{}", decimals(lang, permille.unsigned_abs(), 1), percent_sign(lang))
}

/// A relative change: `+4.2%`.
pub(crate) fn change(lang: Lang, permille: i64) -> String {
    format!("{}{}{}", sign(permille), decimals(lang, permille.unsigned_abs(), 1), percent_sign(lang))
}

/// A difference of shares: `+1.2 pp`, `+1,2 p. p.`.
pub(crate) fn points(lang: Lang, permille: i64) -> String {
    let unit = lang.pick("pp", "p.\u{a0}p.");
    format!("{}{}{NBSP}{unit}", sign(permille), decimals(lang, permille.unsigned_abs(), 1))
}

/// CPX: two decimals.
pub(crate) fn cpx(lang: Lang, hundredths: i64) -> String {
    decimals(lang, hundredths.unsigned_abs(), 2)
}

/// CPX that arrives as a quotient: what is there and rounds to nothing is not shown as nothing.
pub(crate) fn cpx_of(lang: Lang, ratio: f64) -> String {
    match measure::hundredths(ratio) {
        0 if ratio > 0.0 => format!("<{}", cpx(lang, 1)),
        hundredths => cpx(lang, hundredths),
    }
}

/// Money of a currency: `€1,234.50`, `1.234,50 €`; other currencies by their ISO code.
pub(crate) fn money(lang: Lang, micros: u64, currency: Option<&str>) -> String {
    let places = currency.map_or(2, minor_digits);
    let step = 10_u64.pow(6 - places);
    let minor = micros / step + u64::from(micros % step >= step / 2 && step > 1);
    let amount = decimals(lang, minor, places as usize);
    match (currency, lang) {
        (None, _) => amount,
        (Some("EUR"), Lang::En) => format!("€{amount}"),
        (Some("EUR"), Lang::Es) => format!("{amount}{NBSP}€"),
        (Some(code), Lang::En) => format!("{code}{NBSP}{amount}"),
        (Some(code), Lang::Es) => format!("{amount}{NBSP}{code}"),
    }
}

/// Decimals of a currency (ISO 4217); two, except where the standard lists another number.
fn minor_digits(code: &str) -> u32 {
    const NONE: [&str; 16] = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF",
        "XOF", "XPF",
    ];
    const THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
    if NONE.contains(&code) {
        0
    } else if THREE.contains(&code) {
        3
    } else {
        2
    }
}

/// A figure that may be missing.
pub(crate) fn or_missing(figure: Figure, show: impl Fn(i64) -> String) -> String {
    match figure {
        Ok(value) => show(value),
        Err(Missing::Few) => FEW.to_owned(),
        Err(_) => NONE.to_owned(),
    }
}

/// A value of the headline in its unit.
pub(crate) fn metric(lang: Lang, metric: Metric, figure: Figure, currency: Option<&str>) -> String {
    or_missing(figure, |value| match metric {
        Metric::Contacts => count(lang, value.unsigned_abs()),
        Metric::Cpx => cpx(lang, value),
        Metric::Avoidable => percent(lang, value),
        Metric::Cost => money(lang, value.unsigned_abs(), currency),
    })
}

/// A change of a figure of the headline.
pub(crate) fn metric_change(lang: Lang, of: &HeadlineFigure, figure: Figure) -> String {
    or_missing(figure, |value| match of.metric {
        Metric::Avoidable => points(lang, value),
        Metric::Contacts | Metric::Cpx | Metric::Cost => change(lang, value),
    })
}

/// A handle time: `6 min 05 s`.
pub(crate) fn minutes(ms: i64) -> String {
    let seconds = (ms.unsigned_abs() + 500) / 1_000;
    format!("{}{NBSP}min {:02}{NBSP}s", seconds / 60, seconds % 60)
}

/// A length of time as people say it, rounded down, so that "at least" stays true of it: `45 minutes`, `3 días`.
pub(crate) fn duration(lang: Lang, seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (n, en, es) = match seconds {
        ..MINUTE => return lang.pick("a few seconds", "unos segundos").to_owned(),
        s if s < 2 * MINUTE => (1, "minute", "minuto"),
        s if s < 2 * HOUR => (s / MINUTE, "minutes", "minutos"),
        s if s < 2 * DAY => (s / HOUR, "hours", "horas"),
        s => (s / DAY, "days", "días"),
    };
    format!("{}{NBSP}{}", count(lang, n), lang.pick(en, es))
}

/// A day: `11 May 2026`, `11 may 2026`.
pub(crate) fn day(lang: Lang, day: Day) -> String {
    let (year, month, of_month) = parts(day);
    format!("{of_month}{NBSP}{}{NBSP}{year}", month_word(lang, month))
}

/// A day without its year.
pub(crate) fn short_day(lang: Lang, day: Day) -> String {
    let (_, month, of_month) = parts(day);
    format!("{of_month}{NBSP}{}", month_word(lang, month))
}

/// The seven days from a Monday: `11–17 May`, `27 Apr – 3 May`, `29 Dec 2025 – 4 Jan 2026`.
pub(crate) fn week_days(lang: Lang, monday: Day) -> String {
    let sunday = Day::from_epoch_days(monday.epoch_days() + 6).unwrap_or(monday);
    let ((year, month, first), (last_year, last_month, last)) = (parts(monday), parts(sunday));
    if year != last_year {
        format!("{} – {}", day(lang, monday), day(lang, sunday))
    } else if month != last_month {
        format!("{} – {}", short_day(lang, monday), short_day(lang, sunday))
    } else {
        format!("{first}–{last}{NBSP}{}", month_word(lang, month))
    }
}

/// A week: `week 20 of 2026`, `semana 20 de 2026`.
pub(crate) fn week(lang: Lang, week: IsoWeek) -> String {
    let (year, number) = week_parts(week);
    match lang {
        Lang::En => format!("week{NBSP}{number} of {year}"),
        Lang::Es => format!("semana{NBSP}{number} de {year}"),
    }
}

/// A week in an axis or a list: `W20`, `S20`.
pub(crate) fn short_week(lang: Lang, week: IsoWeek) -> String {
    format!("{}{}", lang.pick("W", "S"), week_parts(week).1)
}

fn week_parts(week: IsoWeek) -> (String, u32) {
    let text = week.to_string();
    let (year, number) = text.split_once("-W").unwrap_or((&text, "0"));
    (year.to_owned(), number.parse().unwrap_or(0))
}

/// Year, month and day of the month, of the one form in which a day prints itself.
fn parts(day: Day) -> (i32, usize, u32) {
    let text = day.to_string();
    let mut parts = text.rsplitn(3, '-').map(|part| part.parse::<i32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    let (of_month, month, year) = (next(), next(), next());
    (year, usize::try_from(month).unwrap_or(0), of_month.unsigned_abs())
}

fn month_word(lang: Lang, month: usize) -> &'static str {
    const EN: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const ES: [&str; 12] =
        ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"];
    let months = match lang {
        Lang::En => EN,
        Lang::Es => ES,
    };
    months.get(month.wrapping_sub(1)).copied().unwrap_or("")
}

fn sign(n: i64) -> String {
    match n {
        0 => String::new(),
        n if n < 0 => MINUS.to_string(),
        _ => "+".to_owned(),
    }
}

fn percent_sign(lang: Lang) -> &'static str {
    lang.pick("%", "\u{a0}%")
}

/// A number given in units of its last of `places` decimals.
fn decimals(lang: Lang, value: u64, places: usize) -> String {
    if places == 0 {
        return count(lang, value);
    }
    let digits = format!("{value:0>width$}", width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    let whole = grouped(lang, whole.parse().unwrap_or(0));
    format!("{whole}{}{fraction}", lang.pick(".", ","))
}

fn grouped(lang: Lang, n: u128) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push_str(lang.pick(",", "."));
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: String) -> String {
        text.replace(NBSP, " ")
    }

    #[test]
    fn figures_are_written_as_each_language_does() {
        let cases = [
            (count(Lang::En, 1_234), count(Lang::Es, 1_234), "1,234", "1.234"),
            (signed(Lang::En, -1_234), signed(Lang::Es, 5), "−1,234", "+5"),
            (signed(Lang::En, 0), signed(Lang::Es, 0), "0", "0"),
            (percent(Lang::En, 384), percent(Lang::Es, 384), "38.4%", "38,4 %"),
            (change(Lang::En, -5), change(Lang::Es, 12_345), "−0.5%", "+1.234,5 %"),
            (points(Lang::En, 12), points(Lang::Es, -12), "+1.2 pp", "−1,2 p. p."),
            (cpx(Lang::En, 641), cpx(Lang::Es, 7), "6.41", "0,07"),
            (minutes(365_400), minutes(59_999), "6 min 05 s", "1 min 00 s"),
        ];
        for (en, es, expected_en, expected_es) in cases {
            assert_eq!((plain(en), plain(es)), (expected_en.into(), expected_es.into()));
        }
    }

    #[test]
    fn money_follows_currency_and_language_and_is_rounded_half_up() {
        let cases = [
            (1_234_500_000, Some("EUR"), "€1,234.50", "1.234,50 €"),
            (4_999, Some("EUR"), "€0.00", "0,00 €"),
            (5_000, Some("EUR"), "€0.01", "0,01 €"),
            (1_234_500_000, Some("MXN"), "MXN 1,234.50", "1.234,50 MXN"),
            (1_500_000, Some("JPY"), "JPY 2", "2 JPY"),
            (1_234_567, Some("KWD"), "KWD 1.235", "1,235 KWD"),
            (1_000_000, None, "1.00", "1,00"),
        ];
        for (micros, currency, en, es) in cases {
            let shown = (money(Lang::En, micros, currency), money(Lang::Es, micros, currency));
            assert_eq!((plain(shown.0), plain(shown.1)), (en.into(), es.into()), "{micros} {currency:?}");
        }
    }

    #[test]
    fn a_length_of_time_is_rounded_down() {
        let cases = [
            (0, "a few seconds", "unos segundos"),
            (119, "1 minute", "1 minuto"),
            (7_199, "119 minutes", "119 minutos"),
            (7_200, "2 hours", "2 horas"),
            (86_400, "24 hours", "24 horas"),
            (172_799, "47 hours", "47 horas"),
            (172_800, "2 days", "2 días"),
        ];
        for (seconds, en, es) in cases {
            let shown = (duration(Lang::En, seconds), duration(Lang::Es, seconds));
            assert_eq!((plain(shown.0), plain(shown.1)), (en.into(), es.into()), "{seconds} s");
        }
    }

    #[test]
    fn weeks_name_their_days() {
        let monday = |text| Day::parse(text).expect(text);
        let cases = [
            ("2026-05-11", "11–17 May", "11–17 may"),
            ("2026-04-27", "27 Apr – 3 May", "27 abr – 3 may"),
            ("2025-12-29", "29 Dec 2025 – 4 Jan 2026", "29 dic 2025 – 4 ene 2026"),
        ];
        for (day, en, es) in cases {
            let shown = (week_days(Lang::En, monday(day)), week_days(Lang::Es, monday(day)));
            assert_eq!((plain(shown.0), plain(shown.1)), (en.into(), es.into()));
        }
        let week_of = |text| IsoWeek::parse(text).expect(text);
        assert_eq!(plain(week(Lang::Es, week_of("2026-W05"))), "semana 5 de 2026");
        assert_eq!(short_week(Lang::En, week_of("2026-W20")), "W20");
    }
}
