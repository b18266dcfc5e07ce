//! The three forms of one model: as expected to the byte, and in agreement about every figure.

use crate::fixture;
use report::Lang;
use report::weekly::{self, WIDTH, Weekly};
use serde_json::Value;

fn check(name: &str, actual: &str) {
    let path = format!("{}/tests/golden/weekly/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, actual).expect("the golden file can be written");
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(actual == expected, "{path} differs; UPDATE_GOLDEN=1 rewrites it");
}

#[test]
fn every_week_reads_as_expected() {
    // What is expected of forty-five reasons are limits, not words.
    for (name, weekly) in fixture::all().into_iter().filter(|(name, _)| *name != "many") {
        for lang in Lang::ALL {
            check(&format!("{name}.{}.txt", lang.tag()), &weekly::text(&weekly, *lang));
        }
    }
}

#[test]
fn page_and_json_are_as_expected() {
    let shop = fixture::shop();
    for lang in Lang::ALL {
        check(&format!("shop.{}.html", lang.tag()), &weekly::html(&shop, *lang));
    }
    for (name, weekly) in fixture::all().into_iter().take(3) {
        check(&format!("{name}.json"), &format!("{:#}\n", weekly::json(&weekly)));
    }
}

#[test]
fn text_fits_a_terminal() {
    for (name, weekly) in fixture::all() {
        for lang in Lang::ALL {
            let text = weekly::text(&weekly, *lang);
            let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap_or_default();
            // Letters of two columns are at most as many as letters, marks of none are not counted here.
            let marks = longest.chars().filter(|c| matches!(c, '\u{2068}' | '\u{2069}')).count();
            assert!(longest.chars().count() - marks <= WIDTH, "{name}: {longest}");
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{name}");
        }
    }
}

/// Written by the rules of each language and not by the report's own code.
struct Written {
    lang: Lang,
    currency: String,
}

impl Written {
    fn grouped(&self, digits: &str) -> String {
        let mut groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).collect();
        groups.reverse();
        let groups: Vec<&str> = groups.into_iter().map(|g| std::str::from_utf8(g).expect("digits")).collect();
        groups.join(self.lang.pick(",", "."))
    }

    fn decimal(&self, value: u64, scale: u64, places: usize) -> String {
        let mark = self.lang.pick(".", ",");
        format!("{}{mark}{:0places$}", self.grouped(&(value / scale).to_string()), value % scale)
    }

    fn count(&self, n: u64) -> String {
        self.grouped(&n.to_string())
    }

    fn percent(&self, permille: u64) -> String {
        format!("{}{}", self.decimal(permille, 10, 1), self.lang.pick("%", "\u{a0}%"))
    }

    fn money(&self, micros: u64) -> String {
        let amount = self.decimal((micros + 5_000) / 10_000, 100, 2);
        match (self.currency.as_str(), self.lang) {
            ("EUR", Lang::En) => format!("€{amount}"),
            ("EUR", Lang::Es) => format!("{amount}\u{a0}€"),
            other => panic!("no fixture has {other:?}"),
        }
    }

    fn with_sign(&self, permille: i64, unit: &str) -> String {
        let sign = match permille.signum() {
            1 => "+",
            0 => "",
            _ => "−",
        };
        format!("{sign}{}{unit}", self.decimal(permille.unsigned_abs(), 10, 1))
    }
}

/// Every number of the headline as the JSON has it, written in a language.
fn headline_texts(weekly: &Weekly, lang: Lang) -> Vec<String> {
    let json = weekly::json(weekly);
    let written = Written { lang, currency: json["currency"].as_str().unwrap_or_default().to_owned() };
    let headline = &json["headline"];
    let mut out = Vec::new();
    let mut push = |value: &Value, write: &dyn Fn(u64) -> String| out.extend(value.as_u64().map(write));
    for weeks in ["week", "before", "mean4"] {
        push(&headline["contacts"][weeks], &|n| written.count(n));
        push(&headline["cpx_hundredths"][weeks], &|n| written.decimal(n, 100, 2));
        push(&headline["dumb_share_permille"][weeks], &|n| written.percent(n));
        push(&headline["cost_micros"][weeks], &|n| written.money(n));
    }
    push(&headline["dumb"], &|n| written.count(n));
    for weeks in ["before", "mean4"] {
        let points = &headline["dumb_share_permille"][format!("change_{weeks}_points_permille").as_str()];
        let unit = lang.pick("\u{a0}pp", "\u{a0}p.\u{a0}p.");
        out.extend(points.as_i64().map(|n| written.with_sign(n, unit)));
        for figure in ["contacts", "cpx_hundredths", "cost_micros"] {
            let change = &headline[figure][format!("change_{weeks}_permille").as_str()];
            out.extend(change.as_i64().map(|n| written.with_sign(n, lang.pick("%", "\u{a0}%"))));
        }
    }
    out
}

#[test]
fn every_number_of_the_headline_stands_in_all_three() {
    for (name, weekly) in fixture::all() {
        for lang in Lang::ALL {
            let (html, text) = (weekly::html(&weekly, *lang), weekly::text(&weekly, *lang));
            let figures = headline_texts(&weekly, *lang);
            assert!(figures.len() > 2, "{name} has too few figures to compare: {figures:?}");
            for figure in figures {
                assert!(html.contains(&figure), "{name}: the page lacks {figure}");
                assert!(text.contains(&figure), "{name}: the text lacks {figure}");
            }
        }
    }
}

#[test]
fn fewer_than_twenty_contacts_have_no_percentage() {
    let (_, small) = fixture::all().into_iter().find(|(name, _)| *name == "small").expect("small");
    for lang in Lang::ALL {
        let text = weekly::text(&small, *lang);
        let figures = text.split(lang.pick("What the figures mean", "Qué significan las cifras")).next();
        let shown: Vec<&str> = figures.expect("a beginning").lines().filter(|l| l.contains('%')).collect();
        // What remains is the 80% that defines the vital few.
        assert!(shown.iter().all(|line| line.contains("80")), "{shown:?}");
    }
}

#[test]
fn what_is_missing_is_told_and_never_zero() {
    let find = |wanted: &str| fixture::all().into_iter().find(|(name, _)| *name == wanted).expect("a week").1;
    let cases = [
        ("no_units", Lang::En, "no units imported for the week: `quell units import`"),
        ("no_units", Lang::Es, "no se han importado unidades de la semana: `quell units import`"),
        ("no_unit", Lang::En, "the taxonomy names no unit"),
        ("no_costs", Lang::Es, "no hay costes definidos para estos contactos: `quell costs set`"),
        ("first", Lang::En, "no earlier week has this figure"),
        ("unfinished", Lang::En, "This week is not over. Its figures reach to 13\u{a0}May\u{a0}2026"),
        ("unfinished", Lang::Es, "una parte no se compara con semanas completas"),
        ("restated", Lang::En, "Restated: this week was published before"),
        ("restated", Lang::En, "Weeks whose figures changed after they were published"),
        ("restated", Lang::Es, "Semana\u{a0}17 de 2026"),
        ("restated", Lang::Es, "Publicada con otra taxonomía u otras reglas."),
        ("restated", Lang::En, "The taxonomy changed on 12\u{a0}May\u{a0}2026, from retail 1 to retail 2."),
        ("restated", Lang::Es, "de retail 1 a retail 2"),
        ("restated", Lang::En, "\"reason_weekly@0123456789abcdef\""),
    ];
    for (name, lang, expected) in cases {
        let text = weekly::text(&find(name), lang);
        let joined = text.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(expected), "{name}: {expected}");
    }
    let zero = weekly::text(&find("no_costs"), Lang::En);
    assert!(!zero.contains("0.00"), "no cost is shown as nothing");
}
