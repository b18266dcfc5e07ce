//! The page as one HTML file: nothing is loaded, nothing runs, and what comes from a taxonomy is escaped by the
//! template itself.

use super::chart;
use super::page::*;
use crate::Lang;
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The page's style, in the page.
const STYLE: &str = include_str!("style.css");
/// A table of at most so many rows is kept on one sheet of paper.
const ONE_SHEET: usize = 8;

/// The page as HTML.
pub(crate) fn html(page: &Page) -> String {
    let document = html! {
        (DOCTYPE)
        html lang=(page.lang.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.kind) ". " (page.title) " (" (page.days) ")" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (opening(page))
                    (brief(page))
                    (cards(page))
                    @for section in &page.sections { (self::section(page, section)) }
                }
            }
        }
    };
    document.into_string()
}

fn opening(page: &Page) -> Markup {
    html! {
        header {
            p.kind { (page.kind) }
            h1 { (page.title) " " span { (page.days) } }
            p.as-of { (page.as_of) }
            @for warning in &page.warnings { p.warning { (warning) } }
        }
    }
}

fn brief(page: &Page) -> Markup {
    html! {
        section.brief aria-labelledby="brief" {
            h2 #brief { (page.brief_title) }
            dl {
                @for point in &page.brief {
                    div { dt { (point.about) } dd { (point.text) } }
                }
            }
        }
    }
}

fn cards(page: &Page) -> Markup {
    html! {
        section aria-labelledby="figures" {
            h2 #figures { (page.cards_title) }
            div.cards { @for card in &page.cards { (self::card(page.lang, card)) } }
            (notes(&page.cards_notes))
        }
    }
}

fn card(lang: Lang, card: &Card) -> Markup {
    html! {
        div.card {
            h3 { (card.name) @if let Some(term) = card.term { (reference(lang, term)) } }
            p.value { (card.value) }
            div.detail {
                p { (with_code(&card.detail)) }
                @for note in &card.notes { p.worse { (with_code(note)) } }
            }
            div.spark {
                @if card.weeks.iter().flatten().count() > 1 { (PreEscaped(chart::sparkline(&card.weeks))) }
            }
            dl.against {
                @for against in &card.against {
                    dt { (against.name) }
                    dd { (against.value) }
                    dd class=[tone(against.tone)] { (against.change) }
                }
            }
        }
    }
}

fn section(page: &Page, section: &Section) -> Markup {
    html! {
        section #(section.id) aria-labelledby=(format!("{}-title", section.id)) {
            h2 id=(format!("{}-title", section.id)) {
                (section.title)
                @if let Some(term) = section.term { (reference(page.lang, term)) }
            }
            @for lead in &section.lead { p.lead { (lead) } }
            @for mark in &section.marks { p.mark { (mark) } }
            @for block in &section.blocks { (self::block(page, block)) }
        }
    }
}

fn block(page: &Page, block: &Block) -> Markup {
    match block {
        Block::Table(table) => self::table(table),
        Block::Trend(trend) => self::trend(page, trend),
        Block::Note(note) => html! { p.note { (with_code(note)) } },
        Block::Folded(folded) => html! {
            details { summary { (folded.title) } (table(&folded.table)) }
        },
        Block::Samples(samples) => self::samples(samples),
        Block::Terms(terms) => html! {
            dl.terms { @for (name, text) in terms { div { dt { (name) } dd { (text) } } } }
        },
        Block::Explained(terms) => html! {
            dl.terms.explained { @for (name, text) in terms { div { dt { (name) } dd { (text) } } } }
        },
        Block::Definitions(all) => html! {
            ol.definitions {
                @for (term, name, text) in all {
                    li id=(anchor(*term)) { b { (name) } " " (with_code(text)) }
                }
            }
        },
    }
}

/// Two drawings of one chart, of which the page's width shows one.
fn trend(page: &Page, trend: &Trend) -> Markup {
    let [wide, narrow] = chart::trend(trend, page.lang);
    html! {
        figure.trend {
            figcaption {
                i.key.avoidable {} " " (trend.dumb) " "
                i.key {} " " (page.lang.pick("all other contacts", "los demás contactos"))
            }
            div.wide role="img" aria-label=(trend.description) { (PreEscaped(wide)) }
            div.narrow role="img" aria-label=(trend.description) { (PreEscaped(narrow)) }
            details { summary { (trend.table_title) } (table(&trend.table)) }
        }
    }
}

fn samples(samples: &Samples) -> Markup {
    html! {
        details.samples {
            summary { (samples.title) }
            div.window role="region" tabindex="0" aria-label=(samples.title) {
                table {
                    thead { tr { @for head in &samples.heads { th scope="col" class="words" { (head) } } } }
                    tbody {
                        @for [id, a, b] in &samples.rows {
                            tr { th scope="row" { code { (id) } } td class="words" { (a) } td class="words" { (b) } }
                        }
                    }
                }
            }
        }
    }
}

/// On a phone a table is wider than its window: it is moved sideways, by finger or by key.
fn table(table: &Table) -> Markup {
    let class = if table.rows.len() <= ONE_SHEET { "table keep" } else { "table" };
    html! {
        figure class=(class) {
            figcaption { (table.caption) }
            div.window role="region" tabindex="0" aria-label=(table.caption) {
                table {
                    thead { tr { @for head in &table.heads { (self::head(head)) } } }
                    tbody {
                        @for row in &table.rows {
                            tr class=[role(row.role)] {
                                @for (cell, head) in row.cells.iter().zip(&table.heads) { (self::cell(cell, head)) }
                            }
                        }
                    }
                }
            }
            (notes(&table.notes))
        }
    }
}

/// A column of bars without a name needs none: its figures stand beside it.
fn head(head: &Head) -> Markup {
    let class = class(head.kind);
    html! {
        @if head.text.is_empty() { td class=[class] {} }
        @else { th scope="col" class=[class] { (head.text) } }
    }
}

/// Figures are what most cells hold, so that they need no class.
const fn class(kind: HeadKind) -> Option<&'static str> {
    match kind {
        HeadKind::Words => Some("words"),
        HeadKind::Figures => None,
        HeadKind::Told => Some("told"),
        HeadKind::Bars => Some("bars"),
        HeadKind::Splits => Some("splits told"),
    }
}

fn cell(cell: &Cell, head: &Head) -> Markup {
    let class = class(head.kind);
    match cell {
        Cell::Name { text, lines } => html! {
            th scope="row" {
                (text)
                @for line in lines { small { (line) } }
            }
        },
        Cell::Figure(text, tone) => {
            let class = [class, self::tone(*tone)].into_iter().flatten().collect::<Vec<_>>().join(" ");
            html! { td class=[(!class.is_empty()).then_some(class)] { (text) } }
        }
        Cell::Words(text) => html! { td class=[class] { (text) } },
        Cell::Bar(bar) => html! {
            td class=[class] {
                (self::bar(bar))
                @if !bar.caption.is_empty() { small { (bar.caption) } }
            }
        },
        Cell::Split(split) => html! { td class=[class] { (self::split(split)) } },
    }
}

/// A thousand units are the longest bar of the table.
fn length(value: u64, max: u64) -> u64 {
    value.saturating_mul(1_000) / max.max(1)
}

fn bar(bar: &Bar) -> Markup {
    let (all, part) = (length(bar.value, bar.max), length(bar.part, bar.max));
    html! {
        svg.bar viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true" {
            @if part < all { rect width=(all) height="1" {} }
            @if part > 0 { rect.avoidable width=(part) height="1" {} }
        }
    }
}

/// Growth above, rate below, both from the middle.
fn split(split: &Split) -> Markup {
    let side = |n: i64| {
        let length = length(n.unsigned_abs(), split.max) / 2;
        (if n < 0 { 500 - length } else { 500 }, length)
    };
    let ((growth_at, growth), (rate_at, rate)) = (side(split.growth), side(split.rate));
    let class = if split.rate > 0 { "worse" } else { "avoidable" };
    html! {
        svg.split viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true" {
            rect x=(growth_at) y="0" width=(growth) height="9" {}
            rect class=(class) x=(rate_at) y="11" width=(rate) height="9" {}
            rect.axis x="497" y="0" width="6" height="20" {}
        }
    }
}

fn notes(notes: &[String]) -> Markup {
    html! { @for note in notes { p.note { (with_code(note)) } } }
}

fn anchor(term: Term) -> String {
    format!("d{}", term.number())
}

/// The number of a definition, which leads there.
fn reference(lang: Lang, term: Term) -> Markup {
    let number = term.number();
    let name = format!("{} {number}", lang.pick("definition", "definición"));
    html! { sup { a href=(format!("#{}", anchor(term))) aria-label=(name) { (number) } } }
}

const fn tone(tone: Tone) -> Option<&'static str> {
    match tone {
        Tone::Plain => None,
        Tone::Better => Some("better"),
        Tone::Worse => Some("worse"),
    }
}

const fn role(role: RowRole) -> Option<&'static str> {
    match role {
        RowRole::Plain => None,
        RowRole::Rest => Some("rest"),
        RowRole::Alert => Some("alert"),
    }
}

/// Our own words, in which `such` words are names of commands and tables.
fn with_code(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of `#rrggbb` (WCAG 2.2).
    fn luminance(colour: &str) -> f64 {
        let digits: String = match colour.len() {
            3 => colour.chars().flat_map(|c| [c, c]).collect(),
            _ => colour.to_owned(),
        };
        let part = |at: usize| {
            let value = u8::from_str_radix(digits.get(at..at + 2).expect("two digits"), 16).expect("digits");
            let value = f64::from(value) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(0) + 0.7152 * part(2) + 0.0722 * part(4)
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_text_has_contrast_enough_in_light_and_dark() {
        let schemes: Vec<&str> = STYLE.split("--paper:").skip(1).collect();
        assert_eq!(schemes.len(), 2, "light and dark");
        for scheme in schemes {
            let scheme = format!("--paper:{}", scheme.split('}').next().expect("a block"));
            let colour = |name: &str| {
                let found = scheme.split(';').find_map(|one| one.strip_prefix(&format!("--{name}:#")));
                found.unwrap_or_else(|| panic!("no colour {name}"))
            };
            for text in ["ink", "soft", "accent", "warn"] {
                for ground in ["paper", "hush"] {
                    let found = contrast(colour(text), colour(ground));
                    assert!(found >= 4.5, "{text} on {ground}: {found:.2}");
                }
            }
        }
    }
}
