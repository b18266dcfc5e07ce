//! `plants.json`: the list of plants for people and for programs that count again.

use super::calendar::ZONE;
use super::{Chain, Company, Correction, Fix, MergedCustomers, MergedTicket, Move, NAMES, Plants, Spike};
use serde_json::{Value, json};

/// The file, indented for people's eyes. Each plant has its name; what is not planted is not in it.
pub(super) fn write(company: &Company) -> String {
    let plants: Vec<Value> = NAMES.iter().filter_map(|name| plant(company, name)).collect();
    let weeks: Vec<String> =
        (0..company.calendar.weeks()).map(|week| company.calendar.week(week).to_string()).collect();
    let file = json!({
        "seed": company.settings.seed,
        "zone": ZONE,
        "as_of": company.calendar.end_of_week(company.calendar.weeks() - 1).to_string(),
        "weeks": weeks,
        "contacts": company.contacts(),
        "plants": plants,
    });
    let mut text = serde_json::to_string_pretty(&file).expect("a JSON value has only text keys");
    text.push('\n');
    text
}

fn plant(company: &Company, name: &str) -> Option<Value> {
    let Plants { weekday_permille, hour_permille, growth_permille, .. } = &company.plants;
    let plants = &company.plants;
    let mut value = match name {
        "weekday_shape" => json!({ "permille_from_monday": weekday_permille.as_ref()? }),
        "hour_shape" => json!({ "permille_from_midnight": hour_permille.as_ref()? }),
        "order_growth" => json!({ "unit": "orders", "permille_a_week": growth_permille.as_ref()? }),
        "spike_1" => spike(company, plants.spikes.first()?),
        "spike_2" => spike(company, plants.spikes.get(1)?),
        "fix_works" => fix(company, plants.fix_works.as_ref()?),
        "fix_nothing" => fix(company, plants.fix_nothing.as_ref()?),
        "fix_moved" => moved(company, plants.fix_moved.as_ref()?),
        "chains" => json!({ "chains": filled(&plants.chains, chain)? }),
        "unowned_reason" => json!({ "reason": plants.unowned.as_ref()? }),
        "late" => json!({ "records": filled(&plants.late, |record| json!(record))? }),
        "duplicated" => json!({ "records": filled(&plants.duplicated, |record| json!(record))? }),
        "corrected" => json!({ "records": filled(&plants.corrected, correction)? }),
        "merged" => json!({
            "customers": filled(&plants.merged_customers, customers)?,
            "tickets": filled(&plants.merged_tickets, ticket)?,
        }),
        "known_first" => json!({ "records": filled(&plants.foreseen, |record| json!(record))? }),
        "leaks" => json!({ "records": filled(&plants.leaks, |record| json!(record))? }),
        "malformed" if !plants.malformed.is_empty() => json!({ "lines": plants.malformed }),
        _ => return None,
    };
    let fields = value.as_object_mut().expect("every plant is an object");
    fields.shift_insert(0, "name".to_owned(), json!(name));
    Some(value)
}

/// The values of a plant that is there.
fn filled<T>(items: &[T], value: impl Fn(&T) -> Value) -> Option<Vec<Value>> {
    (!items.is_empty()).then(|| items.iter().map(value).collect())
}

fn spike(company: &Company, spike: &Spike) -> Value {
    let day = |after| company.calendar.day(spike.first_day + after).to_string();
    let days: Vec<String> = (0..spike.days).map(day).collect();
    json!({ "cause": spike.cause, "reason": spike.reason, "days": days, "percent_of_usual": spike.percent })
}

fn fix(company: &Company, fix: &Fix) -> Value {
    let week = company.calendar.week(fix.week).to_string();
    json!({ "reason": fix.reason, "shipped_in": week, "ratio_permille": fix.ratio_permille })
}

fn moved(company: &Company, moved: &Move) -> Value {
    let week = company.calendar.week(moved.week).to_string();
    json!({ "from": moved.from, "to": moved.to, "shipped_in": week, "moved_permille": moved.moved_permille })
}

fn chain(chain: &Chain) -> Value {
    json!({ "root": chain.records.first(), "link": chain.link.word(), "records": chain.records })
}

fn correction(c: &Correction) -> Value {
    json!({ "record": c.record, "channel_before": c.channel_before, "channel": c.channel, "reason": c.reason })
}

fn customers(merged: &MergedCustomers) -> Value {
    json!({ "surviving": merged.surviving, "absorbed": merged.absorbed })
}

fn ticket(merged: &MergedTicket) -> Value {
    json!({ "record": merged.record, "into": merged.into })
}
