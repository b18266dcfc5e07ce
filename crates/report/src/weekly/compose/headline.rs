//! The four figures that everybody looks at first, and what must be known before looking.

use super::Say;
use crate::Lang;
use crate::weekly::figures;
use crate::weekly::measure::{Figure, HeadlineFigure, Metric, Missing};
use crate::weekly::model::{Headline, TaxonomyChange, TrendWeek};
use crate::weekly::page::{Against, Card, Term, Tone};
use crate::weekly::words;
use std::collections::BTreeSet;

/// What was known when.
pub(super) fn as_of(say: Say<'_>) -> String {
    let p = &say.weekly.provenance;
    let day = figures::day(say.lang, p.as_of.day(&p.zone));
    match say.lang {
        Lang::En => format!("As known on {day}"),
        Lang::Es => format!("Con lo que se sabía el {day}"),
    }
}

/// What a reader must know before reading any figure.
pub(super) fn warnings(say: Say<'_>) -> Vec<String> {
    let mut out = Vec::new();
    if !say.weekly.headline.complete {
        let day = figures::day(say.lang, say.weekly.provenance.as_of.day(&say.weekly.provenance.zone));
        out.push(match say.lang {
            Lang::En => format!("This week is not over. Its figures reach to {day} and will still change."),
            Lang::Es => {
                format!("La semana no ha terminado. Sus cifras llegan hasta el {day} y aún cambiarán.")
            }
        });
    }
    if say.weekly.provenance.restated_week(say.weekly.headline.iso_week).is_some() {
        out.push(say.pick(
            "Restated: this week was published before with other figures. Data that came later changed them.",
            "Revisado: esta semana se publicó antes con otras cifras. Datos que llegaron más tarde las han \
             cambiado.",
        ));
    }
    out.extend(say.weekly.provenance.taxonomy_changes.iter().map(|change| taxonomy_changed(say, change)));
    out
}

/// Each epoch counts every week, so that nothing is missing: it has to be said which way the weeks are counted here, and
/// where the other is.
fn taxonomy_changed(say: Say<'_>, change: &TaxonomyChange) -> String {
    let day = figures::day(say.lang, change.at.day(&say.weekly.provenance.zone));
    let none = say.pick("no taxonomy", "ninguna taxonomía");
    let named = |name: &str| if name.is_empty() { none.clone() } else { name.to_owned() };
    let (from, to) = (named(&change.from), named(&change.to));
    let p = &say.weekly.provenance;
    let here = named(format!("{} {}", p.taxonomy_name, p.taxonomy_version).trim());
    let mut text = match say.lang {
        Lang::En => format!(
            "The taxonomy changed on {day}, from {from} to {to}. All weeks of this report are counted by {here}, \
             on both sides of that day."
        ),
        Lang::Es => format!(
            "La taxonomía cambió el {day}, de {from} a {to}. Todas las semanas de este informe se cuentan con \
             {here}, a ambos lados de ese día."
        ),
    };
    if let Some(other) = &change.other_epoch {
        text.push_str(&match say.lang {
            Lang::En => format!(
                " The other reading: `quell rollup --epoch {other}`, then `quell report weekly --epoch {other}`, \
                 or the table \"reason_weekly@{other}\" in `quell sql`."
            ),
            Lang::Es => format!(
                " La otra lectura: `quell rollup --epoch {other}` y después `quell report weekly --epoch {other}`, \
                 o la tabla \"reason_weekly@{other}\" en `quell sql`."
            ),
        });
    }
    text
}

/// The four cards.
pub(super) fn cards(say: Say<'_>) -> Vec<Card> {
    say.weekly.headline.figures().iter().map(|figure| card(say, figure)).collect()
}

/// Why figures of the cards are missing, each reason once.
pub(super) fn notes(say: Say<'_>) -> Vec<String> {
    let figures = say.weekly.headline.figures();
    let compared =
        figures.iter().flat_map(|f| [f.before, f.mean4, f.change_before, f.change_mean4].map(Result::err));
    // Why a figure of this week is missing stands in its card; why few are no percentage, in the definitions.
    let own: BTreeSet<Missing> = figures.iter().filter_map(|f| f.week.err()).collect();
    let missing: BTreeSet<Missing> = compared.flatten().collect();
    let told = missing.into_iter().filter(|m| *m != Missing::Few && !own.contains(m));
    told.map(|missing| say.missing_note(missing)).collect()
}

fn card(say: Say<'_>, figure: &HeadlineFigure) -> Card {
    let h = &say.weekly.headline;
    let (name, term) = match figure.metric {
        Metric::Contacts => (say.pick("Contacts", "Contactos"), Term::Contact),
        Metric::Cpx => (cpx_name(say), Term::Cpx),
        Metric::Avoidable => (say.pick("Avoidable contacts", "Contactos innecesarios"), Term::Avoidable),
        Metric::Cost => (say.pick("Cost of contacts", "Coste de los contactos"), Term::Cost),
    };
    let detail = match figure.week {
        Err(missing) if missing != Missing::Few => words::missing(say.lang, missing).to_owned(),
        _ => detail(say, h, figure.metric),
    };
    Card {
        name,
        term: Some(term),
        value: figures::metric(say.lang, figure.metric, figure.week, h.currency.as_deref()),
        detail,
        against: against(say, figure),
        weeks: say.weekly.trend.iter().map(|week| value_of(week, figure.metric)).collect(),
        notes: limits(say, h, figure.metric),
    }
}

/// What the figure is made of.
fn detail(say: Say<'_>, h: &Headline, metric: Metric) -> String {
    match metric {
        Metric::Contacts => of_customers(say, h),
        Metric::Cpx => {
            let units = h.units.week.map(|units| say.count(units)).unwrap_or_default();
            format!("{units} {}", say.unit().many)
        }
        Metric::Avoidable => match say.lang {
            Lang::En => format!("{} of {}", say.count(h.dumb.week), say.contacts(h.contacts.week)),
            Lang::Es => format!("{} de {}", say.count(h.dumb.week), say.contacts(h.contacts.week)),
        },
        Metric::Cost => match (h.dumb_cost_micros, say.lang) {
            (None, _) => String::new(),
            (Some(dumb), Lang::En) => format!("{} of it for avoidable contacts", say.money(dumb)),
            (Some(dumb), Lang::Es) => format!("{} de ellos por contactos innecesarios", say.money(dumb)),
        },
    }
}

fn of_customers(say: Say<'_>, h: &Headline) -> String {
    let n = say.count(h.customers);
    let customers = match (say.lang, h.customers) {
        (Lang::En, 1) => "from 1 customer".to_owned(),
        (Lang::En, _) => format!("from {n} customers"),
        (Lang::Es, 1) => "de 1 cliente".to_owned(),
        (Lang::Es, _) => format!("de {n} clientes"),
    };
    match (h.handle_ms_mean(), say.lang) {
        (Err(_), _) => customers,
        (Ok(ms), Lang::En) => format!("{customers}; handling took {} on average", figures::minutes(ms)),
        (Ok(ms), Lang::Es) => format!("{customers}; se tardó {} de media en atender", figures::minutes(ms)),
    }
}

/// What limits the figure.
fn limits(say: Say<'_>, h: &Headline, metric: Metric) -> Vec<String> {
    let mut out = Vec::new();
    if metric == Metric::Cpx && h.complete && h.units.week.is_some() && h.unit_days < 7 {
        out.push(unit_days(say));
    }
    if metric == Metric::Cost && h.cost_micros.week.is_some() && h.costed.week < h.contacts.week {
        let (costed, contacts) = (say.count(h.costed.week), say.contacts(h.contacts.week));
        out.push(match say.lang {
            Lang::En => format!("Only {costed} of {contacts} have a cost"),
            Lang::Es => format!("Solo {costed} de {contacts} tienen coste"),
        });
    }
    out
}

/// Some days of the week have no count of units, so contacts per unit come out too high.
pub(super) fn unit_days(say: Say<'_>) -> String {
    let (days, units) = (say.weekly.headline.unit_days, say.unit().many);
    match say.lang {
        Lang::En => {
            format!("{} were counted on {days} of 7 days: the rate is too high", super::capitalised(&units))
        }
        Lang::Es => format!("Hay recuento de {units} de {days} de 7 días: la tasa sale demasiado alta"),
    }
}

/// `Contacts per 100 orders`.
pub(super) fn cpx_name(say: Say<'_>) -> String {
    let units = say.unit().many;
    match say.lang {
        Lang::En => format!("Contacts per 100 {units}"),
        Lang::Es => format!("Contactos por cada 100 {units}"),
    }
}

fn against(say: Say<'_>, figure: &HeadlineFigure) -> Vec<Against> {
    let currency = say.currency();
    let one = |name: String, value: Figure, change: Figure| Against {
        name,
        value: figures::metric(say.lang, figure.metric, value, currency.as_deref()),
        // Beside a value that is missing, a missing change says nothing more.
        change: value.map(|_| figures::metric_change(say.lang, figure, change)).unwrap_or_default(),
        tone: Tone::of(change.ok()),
    };
    vec![
        one(say.pick("last week", "semana anterior"), figure.before, figure.change_before),
        one(mean_name(say), figure.mean4, figure.change_mean4),
    ]
}

/// The mean says of how many weeks it is.
fn mean_name(say: Say<'_>) -> String {
    let weeks = match say.weekly.headline.mean4_weeks {
        0 => 4,
        weeks => weeks,
    };
    match say.lang {
        Lang::En if weeks == 1 => "mean of 1 week".to_owned(),
        Lang::Es if weeks == 1 => "media de 1 semana".to_owned(),
        Lang::En => format!("mean of {weeks} weeks"),
        Lang::Es => format!("media de {weeks} semanas"),
    }
}

/// The value of a week for the small chart of a card. Only drawn, never printed, so that it may be a float.
#[expect(clippy::cast_precision_loss, reason = "the height of a line in a small chart")]
fn value_of(week: &TrendWeek, metric: Metric) -> Option<f64> {
    let contacts = week.contacts as f64;
    match metric {
        Metric::Contacts => Some(contacts),
        Metric::Cpx => week.units.filter(|u| *u > 0).map(|units| contacts / units as f64),
        Metric::Avoidable => (week.contacts > 0).then(|| week.dumb as f64 / contacts),
        Metric::Cost => week.cost_micros.map(|cost| cost as f64),
    }
}
