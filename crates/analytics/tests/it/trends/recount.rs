//! An independent count of every column of every trend table, straight from the contacts, in plain loops. It shares no
//! code with what is tested: neither SQL nor the measures of `domain`.

use super::history::{Ended, Proven};
use domain::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A contact that counts, as far as trends go.
#[derive(Debug, Clone)]
pub struct Seen {
    pub id: ContactId,
    pub at: Instant,
    pub day: Day,
    pub channel: Channel,
    pub reason: String,
    pub basis: ReasonBasis,
    pub code: Option<&'static str>,
    pub customer: Option<CustomerKey>,
    pub dumb: bool,
    pub proofs: Vec<Proven>,
    pub cleared: Vec<&'static str>,
    pub handle_ms: Option<i64>,
    pub abandoned: Option<bool>,
    pub transfers: Option<i32>,
    pub root: ContactId,
    pub melts_at: Instant,
    pub mature_at: Instant,
}

/// Everything that the tables are counted from.
#[derive(Debug, Clone, Default)]
pub struct Books {
    pub contacts: Vec<Seen>,
    /// What was said last of each session, with its day.
    pub sessions: BTreeMap<u8, (Day, Ended)>,
    /// Owner and unit by reason; a reason may be missing.
    pub reasons: BTreeMap<String, (Option<String>, Option<String>)>,
    pub units: BTreeMap<(Day, String), i64>,
    /// Per contact and per second, by first day and channel.
    pub costs: BTreeMap<(Day, Channel), (i64, i64)>,
}

/// Epoch days of a day.
fn number(day: Day) -> i32 {
    day.epoch_days()
}

fn day(number: i32) -> Day {
    Day::from_epoch_days(number).expect("day")
}

/// The Monday of a day: 1970-01-05 was one.
pub fn monday(of: Day) -> Day {
    day(number(of) - (number(of) - 4).rem_euclid(7))
}

/// What a group of contacts measures.
struct Measured {
    columns: Vec<(&'static str, Value)>,
    contacts: i64,
    net: i64,
}

impl Books {
    fn cost(&self, c: &Seen) -> Option<i64> {
        let rates = self.costs.iter().filter(|((from, channel), _)| *from <= c.day && *channel == c.channel);
        let (_, (per_contact, per_second)) = rates.max_by_key(|((from, _), _)| *from)?;
        let handling = per_second * c.handle_ms.unwrap_or(0);
        Some(per_contact + handling / 1_000 + i64::from(handling % 1_000 >= 500))
    }

    fn owner(&self, reason: &str) -> String {
        let owner = self.reasons.get(reason).and_then(|(owner, _)| owner.clone());
        owner.unwrap_or_else(|| "unowned".to_owned())
    }

    fn unit(&self, reason: &str) -> Option<String> {
        self.reasons.get(reason).and_then(|(_, unit)| unit.clone())
    }

    /// Units of a week and the days that have some.
    fn units(&self, week: Day, unit: Option<&str>) -> (Option<i64>, i64) {
        let days = self.units.iter().filter(|((day, u), _)| monday(*day) == week && Some(u.as_str()) == unit);
        let counts: Vec<i64> = days.map(|(_, count)| *count).collect();
        ((!counts.is_empty()).then(|| counts.iter().sum()), counts.len() as i64)
    }

    fn groups<K: Ord>(&self, key: impl Fn(&Seen) -> K) -> BTreeMap<K, Vec<&Seen>> {
        let mut groups: BTreeMap<K, Vec<&Seen>> = BTreeMap::new();
        self.contacts.iter().for_each(|c| groups.entry(key(c)).or_default().push(c));
        groups
    }

    fn measure(&self, of: &[&Seen], as_of: Instant) -> Measured {
        let known: BTreeSet<_> = of.iter().filter_map(|c| c.customer).collect();
        let anonymous = of.iter().filter(|c| c.customer.is_none()).count();
        let handled: Vec<i64> = of.iter().filter_map(|c| c.handle_ms).collect();
        let costs: Vec<(i64, bool)> = of.iter().filter_map(|c| Some((self.cost(c)?, c.dumb))).collect();
        let count = |test: &dyn Fn(&&&Seen) -> bool| of.iter().filter(test).count();
        let dumb_cost: i64 = costs.iter().filter(|(_, dumb)| *dumb).map(|(cost, _)| cost).sum();
        let columns = vec![
            ("contacts", json!(of.len())),
            ("dumb", json!(count(&|c| c.dumb))),
            ("repeats", json!(count(&|c| c.root != c.id))),
            ("customers", json!(known.len())),
            ("handled", json!(handled.len())),
            ("handle_ms", some(!handled.is_empty(), handled.iter().sum::<i64>())),
            ("costed", json!(costs.len())),
            ("cost_micros", some(!costs.is_empty(), costs.iter().map(|(cost, _)| cost).sum::<i64>())),
            ("dumb_cost_micros", some(!costs.is_empty(), dumb_cost)),
            ("provisional", json!(count(&|c| c.mature_at > as_of))),
        ];
        Measured { columns, contacts: of.len() as i64, net: (known.len() + anonymous) as i64 }
    }

    pub fn reason_daily(&self, as_of: Instant) -> Value {
        let groups = self.groups(|c| (c.day, c.reason.clone()));
        let rows = groups.iter().map(|((day, reason), of)| {
            row(*day, vec![("reason", json!(reason))], self.measure(of, as_of).columns, vec![])
        });
        rows.collect()
    }

    pub fn channel_daily(&self, as_of: Instant) -> Value {
        let groups = self.groups(|c| (c.day, c.channel.word()));
        let rows = groups.iter().map(|((day, channel), of)| {
            let abandoned: Vec<bool> = of.iter().filter_map(|c| c.abandoned).collect();
            let transfers: Vec<i32> = of.iter().filter_map(|c| c.transfers).collect();
            let after = vec![
                ("abandoned", some(!abandoned.is_empty(), abandoned.iter().filter(|a| **a).count())),
                ("transfers", some(!transfers.is_empty(), transfers.iter().sum::<i32>())),
            ];
            row(*day, vec![("channel", json!(channel))], self.measure(of, as_of).columns, after)
        });
        rows.collect()
    }

    pub fn mechanism_daily(&self, as_of: Instant) -> Value {
        let mut groups: BTreeMap<(Day, &str), Vec<&Seen>> = BTreeMap::new();
        for c in &self.contacts {
            for proven in &c.proofs {
                groups.entry((c.day, proven.mechanism.word())).or_default().push(c);
            }
        }
        let wanted = ["contacts", "repeats", "customers", "costed", "cost_micros"];
        let rows = groups.iter().map(|((day, mechanism), of)| {
            let mut measured = self.measure(of, as_of).columns;
            measured.retain(|(name, _)| wanted.contains(name));
            row(*day, vec![("mechanism", json!(mechanism))], measured, vec![])
        });
        rows.collect()
    }

    pub fn self_service(&self) -> Value {
        let mut groups: BTreeMap<(Day, &str, Option<&str>), Vec<&Ended>> = BTreeMap::new();
        for (day, ended) in self.sessions.values() {
            groups.entry((*day, ended.path, ended.step)).or_default().push(ended);
        }
        let rows = groups.iter().map(|((day, path, step), of)| {
            let count = |test: &dyn Fn(&Ended) -> bool| of.iter().filter(|ended| test(ended)).count();
            let ended_in = |words: &[&str]| count(&|ended| words.contains(&ended.outcome.word()));
            let known = count(&|ended| ended.customer.is_some());
            let alone = count(&|ended| ended.customer.is_some() && ended.contact.is_none());
            let leaked = count(&|ended| ended.leak.is_some());
            let contacts = self.contacts.iter().filter(|c| c.day == *day).count();
            let columns = vec![
                ("path", json!(path)),
                ("step", json!(step)),
                ("sessions", json!(of.len())),
                ("completed", json!(ended_in(&["completed"]))),
                ("failed", json!(ended_in(&["abandoned", "failed", "handed_over"]))),
                ("known", json!(known)),
                ("contacted", json!(count(&|ended| ended.contact.is_some()))),
                ("leaked", json!(leaked)),
                ("contacts", json!(contacts)),
                ("containment", ratio(alone, known)),
                ("leak_rate", ratio(leaked, known)),
                ("leak_share", ratio(leaked, contacts)),
            ];
            row(*day, columns, vec![], vec![])
        });
        rows.collect()
    }

    /// A contact counts once, however many of its proofs say that a word could have spared it.
    pub fn known_first(&self) -> Value {
        let groups = self.groups(|c| (c.day, c.reason.clone()));
        let rows = groups.iter().filter_map(|((day, reason), of)| {
            let is_spared = |proven: &Proven| match proven.mechanism {
                Mechanism::StatusChase | Mechanism::PreventableByNotice | Mechanism::BrokenPromise => true,
                _ => proven.rule == "public_info/document",
            };
            let on_record = |proven: &&Proven| {
                let (_, how) = proven.rule.split_once('/').expect("a rule names its mechanism");
                ["known", "overdue", "document"].contains(&how)
            };
            let lead =
                |c: &&Seen| c.proofs.iter().filter(on_record).filter_map(|proven| proven.seconds).max();
            let spared: Vec<&Seen> = of.iter().copied().filter(|c| c.proofs.iter().any(is_spared)).collect();
            let mut leads: Vec<i64> = spared.iter().filter_map(lead).collect();
            leads.sort_unstable();
            let noticed =
                of.iter().flat_map(|c| &c.cleared).filter(|rule| rule.ends_with("/noticed")).count();
            let columns = vec![
                ("reason", json!(reason)),
                ("contacts", json!(spared.len())),
                ("known", json!(leads.len())),
                ("noticed", json!(noticed)),
                ("lead_p50_s", json!(percentile(&leads, 50))),
                ("lead_max_s", json!(leads.last())),
                ("known_rate", ratio(leads.len(), spared.len())),
            ];
            (spared.len() + noticed > 0).then(|| row(*day, columns, vec![], vec![]))
        });
        rows.collect()
    }

    pub fn reason_weekly(&self, as_of: Instant, today: Day) -> Value {
        let groups = self.groups(|c| (monday(c.day), c.reason.clone()));
        let rows = groups.iter().map(|((week, reason), of)| {
            let measured = self.measure(of, as_of);
            let mut times: Vec<i64> = of.iter().filter_map(|c| c.handle_ms).collect();
            times.sort_unstable();
            let unit = self.unit(reason);
            let (units, unit_days) = self.units(*week, unit.as_deref());
            let after = vec![
                ("net", json!(measured.net)),
                ("handle_p50_ms", json!(percentile(&times, 50))),
                ("handle_p95_ms", json!(percentile(&times, 95))),
                ("unit", json!(unit)),
                ("units", json!(units)),
                ("unit_days", json!(unit_days)),
                ("cpx", per_hundred(measured.contacts, units)),
                ("cpx_net", per_hundred(measured.net, units)),
            ];
            let before = [of_week(*week, today), vec![("reason", json!(reason))]].concat();
            row(*week, before, measured.columns, after)
        });
        rows.collect()
    }

    pub fn owners_weekly(&self, as_of: Instant, today: Day) -> Value {
        let groups = self.groups(|c| (monday(c.day), self.owner(&c.reason)));
        let unit = self.unit(UNCLASSIFIED);
        let rows = groups.iter().map(|((week, owner), of)| {
            let measured = self.measure(of, as_of);
            let reasons: BTreeSet<&str> = of.iter().map(|c| c.reason.as_str()).collect();
            let (units, unit_days) = self.units(*week, unit.as_deref());
            let before = vec![("owner", json!(owner)), ("reasons", json!(reasons.len()))];
            let after = vec![
                ("net", json!(measured.net)),
                ("unit", json!(unit)),
                ("units", json!(units)),
                ("unit_days", json!(unit_days)),
                ("cpx", per_hundred(measured.contacts, units)),
            ];
            row(*week, [of_week(*week, today), before].concat(), measured.columns, after)
        });
        rows.collect()
    }

    /// By the textbook: shares observed and expected of a table of two by two.
    pub fn code_agreement(&self, today: Day) -> Value {
        let is_judged = |c: &&Seen| matches!(c.basis, ReasonBasis::Rule | ReasonBasis::Model);
        let codes: BTreeSet<(Day, &str)> =
            self.contacts.iter().filter_map(|c| Some((monday(c.day), c.code?))).collect();
        let rows = codes.into_iter().map(|(week, code)| {
            let coded: Vec<&Seen> =
                self.contacts.iter().filter(|c| monday(c.day) == week && c.code.is_some()).collect();
            let all: Vec<&Seen> = coded.iter().copied().filter(is_judged).collect();
            let of_code: Vec<&&Seen> = all.iter().filter(|c| c.code == Some(code)).collect();
            let said = |reason: &str| of_code.iter().filter(|c| c.reason == reason).count();
            let reasons: BTreeSet<&str> = of_code.iter().map(|c| c.reason.as_str()).collect();
            let reason = reasons.iter().copied().rev().max_by_key(|reason| said(reason));
            let agreed = reason.map_or(0, said);
            let with_reason = all.iter().filter(|c| Some(c.reason.as_str()) == reason).count();
            let [n, a, j, r] = [all.len(), agreed, of_code.len(), with_reason].map(|x| x as f64);
            let observed = (a + (n - j - r + a)) / n;
            let expected = (j * r + (n - j) * (n - r)) / (n * n);
            let kappa = (observed - expected) / (1.0 - expected);
            let after = vec![
                ("source_reason", json!(code)),
                ("contacts", json!(coded.iter().filter(|c| c.code == Some(code)).count())),
                ("judged", json!(of_code.len())),
                ("reason", json!(reason)),
                ("agreed", json!(agreed)),
                ("with_reason", json!(with_reason)),
                ("all_judged", json!(all.len())),
                ("kappa", if kappa.is_finite() { json!((kappa * 1e9).round() / 1e9) } else { Value::Null }),
            ];
            row(week, of_week(week, today), vec![], after)
        });
        rows.collect()
    }

    pub fn movers_weekly(&self, today: Day) -> Value {
        let weeks: BTreeSet<Day> = self.contacts.iter().map(|c| monday(c.day)).collect();
        let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else { return json!([]) };
        let reasons: BTreeSet<&str> = self.contacts.iter().map(|c| c.reason.as_str()).collect();
        let mut rows = Vec::new();
        for week in (number(*first) + 7..=number(*last)).step_by(7).map(day) {
            let before = day(number(week) - 7);
            for reason in &reasons {
                let count = |week| {
                    let of = |c: &&Seen| monday(c.day) == week && c.reason == *reason;
                    self.contacts.iter().filter(of).count() as i64
                };
                let (now, then) = (count(week), count(before));
                if now + then == 0 {
                    continue;
                }
                let unit = self.unit(reason);
                let (units, units_before) =
                    (self.units(week, unit.as_deref()).0, self.units(before, unit.as_deref()).0);
                let growth = growth(then, units, units_before);
                let of_reason = vec![
                    ("reason", json!(reason)),
                    ("contacts", json!(now)),
                    ("contacts_before", json!(then)),
                    ("change", json!(now - then)),
                    ("unit", json!(unit)),
                    ("units", json!(units)),
                    ("units_before", json!(units_before)),
                    ("growth_effect", json!(growth)),
                    ("rate_effect", json!(growth.map(|growth| now - then - growth))),
                ];
                rows.push(row(week, of_week(week, today), of_reason, vec![]));
            }
        }
        Value::Array(rows)
    }

    pub fn chains(&self, as_of: Instant) -> Value {
        let groups = self.groups(|c| c.root);
        let mut rows: Vec<(Day, Instant, String, Value)> = Vec::new();
        for (root, members) in groups.iter().filter(|(_, members)| members.len() > 1) {
            let first = members.iter().find(|c| c.id == *root).expect("the root is one of its members");
            let channels: BTreeSet<Channel> = members.iter().map(|c| c.channel).collect();
            let melts_at = members.iter().map(|c| c.melts_at).max().expect("members");
            let mut measured = self.measure(members, as_of).columns;
            measured
                .retain(|(name, _)| ["dumb", "handled", "handle_ms", "costed", "cost_micros"].contains(name));
            let started_at = members.iter().map(|c| c.at).min().expect("members");
            let before = vec![
                ("chain_root", json!(root.to_string())),
                ("reason", json!(first.reason)),
                ("channel", json!(first.channel.word())),
                ("owner", json!(self.owner(&first.reason))),
                ("customer_key", json!(first.customer.map(|c| c.to_string()))),
                ("contacts", json!(members.len())),
                ("repeats", json!(members.len() - 1)),
                ("channels", json!(channels.len())),
                ("started_at", json!(started_at.to_string())),
                ("last_at", json!(members.iter().map(|c| c.at).max().expect("members").to_string())),
                ("melts_at", json!(melts_at.to_string())),
                ("melted", json!(melts_at <= as_of)),
            ];
            let one = row(first.day, before, measured, vec![]);
            rows.push((first.day, started_at, root.to_string(), one));
        }
        rows.sort_by(|a, b| (a.0, a.1, &a.2).cmp(&(b.0, b.1, &b.2)));
        rows.into_iter().map(|(.., row)| row).collect()
    }
}

fn ratio(part: usize, whole: usize) -> Value {
    some(whole > 0, part as f64 / whole as f64)
}

fn some<T: Into<Value>>(known: bool, value: T) -> Value {
    if known { value.into() } else { Value::Null }
}

fn of_week(week: Day, today: Day) -> Vec<(&'static str, Value)> {
    // The days of the tests lie in these weeks.
    let labels = [
        ("2026-03-09", "2026-W11"),
        ("2026-03-16", "2026-W12"),
        ("2026-03-23", "2026-W13"),
        ("2026-03-30", "2026-W14"),
        ("2026-04-06", "2026-W15"),
        ("2026-04-13", "2026-W16"),
        ("2026-12-14", "2026-W51"),
        ("2026-12-21", "2026-W52"),
        ("2026-12-28", "2026-W53"),
        ("2027-01-04", "2027-W01"),
        ("2027-01-11", "2027-W02"),
        ("2027-01-18", "2027-W03"),
    ];
    let label = labels.iter().find(|(monday, _)| *monday == week.to_string()).expect("a week of the tests").1;
    vec![("iso_week", json!(label)), ("complete", json!(number(today) - number(week) > 6))]
}

/// The least value that at least so many of 100 values do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let enough = |value: &&i64| sorted.iter().filter(|v| v <= value).count() * 100 >= percent * sorted.len();
    sorted.iter().find(enough).copied()
}

fn per_hundred(contacts: i64, units: Option<i64>) -> Value {
    units
        .filter(|units| *units != 0)
        .map_or(Value::Null, |units| json!((contacts * 100) as f64 / units as f64))
}

/// `before · (units − units_before) / units_before`, by long division; half goes away from zero.
fn growth(before: i64, units: Option<i64>, units_before: Option<i64>) -> Option<i64> {
    let (units, units_before) = (units?, units_before?);
    if units_before == 0 {
        return None;
    }
    let whole = before * (units - units_before);
    let (quotient, rest) = (whole / units_before, whole % units_before);
    Some(quotient + if rest.abs() * 2 >= units_before { rest.signum() } else { 0 })
}

fn row(
    dt: Day,
    before: Vec<(&'static str, Value)>,
    measured: Vec<(&'static str, Value)>,
    after: Vec<(&'static str, Value)>,
) -> Value {
    let columns = before.into_iter().chain(measured).chain(after).chain([("dt", json!(dt.to_string()))]);
    Value::Object(columns.map(|(name, value)| (name.to_owned(), value)).collect())
}
