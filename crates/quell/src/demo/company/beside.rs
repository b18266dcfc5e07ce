//! What the company's other systems tell: its status board, with the outages behind the spikes, and its site, with
//! how sessions of self-service ended.

use super::calendar::{Calendar, DAY_SECONDS, Moment};
use super::contacts::{Contact, Role};
use super::customers::{Customer, Customers, Kind};
use super::dice::Dice;
use super::mix::BROKEN_CHECKOUT;
use super::plants::Spike;
use super::reasons::Reasons;
use domain::{Instant, Span};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// An outage begins and ends so many seconds after midnight.
const BEGINS: u32 = 6 * 3_600;
const ENDS: u32 = 23 * 3_600;
/// A customer who asks sooner than this after the beginning could hardly have been told.
const TELLS_AFTER: i64 = 30 * 60;

/// The journey on which sessions fail, of a thousand of whose contacts so many come from one that failed.
const PATH: &str = "checkout";
const FAILED_PERMILLE: u32 = 500;
/// The step that is broken when customers say so, and the one at which others fail.
const BROKEN_STEP: &str = "3";
const OTHER_STEP: &str = "4";
const LAST_STEP: &str = "5";
/// Further journeys, with how many of a thousand sessions are on each.
const PATHS: [(&str, u32); 3] = [(PATH, 600), ("orders", 250), ("account", 150)];
/// Sessions that no contact follows, for one that is followed.
const QUIET_FOR_ONE: usize = 8;
/// Nobody contacts so many seconds before or after a session that no contact follows.
const QUIET: i64 = 2 * DAY_SECONDS as i64;

/// An outage on the status board.
pub(super) struct Outage {
    subject: String,
    from: Moment,
    to: Moment,
}

/// How a session on the site ended.
pub(super) struct Visit {
    /// Seconds since 1970.
    at: i64,
    customer: Customer,
    path: &'static str,
    step: Option<&'static str>,
    outcome: &'static str,
    seconds: u32,
}

/// The outages behind the spikes, each about what its reason is about.
pub(super) fn outages(spikes: &[Spike], reasons: &Reasons, calendar: &Calendar) -> Vec<Outage> {
    let outage = |spike: &Spike| Outage {
        subject: reasons.topics(reasons.place(&spike.reason))[0].clone(),
        from: calendar.moment(spike.first_day, BEGINS),
        to: calendar.moment(spike.first_day + spike.days - 1, ENDS),
    };
    spikes.iter().map(outage).collect()
}

/// Contacts during an outage about what is out, once the company could have told: all of them could have been spared.
pub(super) fn foreseen(outages: &[Outage], contacts: &[Contact], reasons: &Reasons) -> Vec<usize> {
    let during = |contact: &Contact| {
        let topics = reasons.topics(contact.reason);
        outages.iter().any(|outage| {
            let told = outage.from.at + TELLS_AFTER..outage.to.at;
            told.contains(&contact.moment.at) && topics.contains(&outage.subject)
        })
    };
    counted(contacts).filter(|at| during(&contacts[*at])).collect()
}

/// Contacts in which something is said, and that stay contacts.
fn counted(contacts: &[Contact]) -> impl Iterator<Item = usize> {
    let is_counted = |c: &Contact| c.text.is_some() && !matches!(c.role, Role::TwinOf(_));
    (0..contacts.len()).filter(move |at| is_counted(&contacts[*at]))
}

/// When customers with an account contact: sessions are known of these alone.
struct Accounts(BTreeMap<Customer, Vec<i64>>);

impl Accounts {
    fn of(contacts: &[Contact], customers: &Customers) -> Self {
        let mut moments: BTreeMap<Customer, Vec<i64>> = BTreeMap::new();
        for contact in contacts {
            if let Some(customer) = contact.customer.filter(|c| customers.kind(*c) == Kind::Account) {
                moments.entry(customer).or_default().push(contact.moment.at);
            }
        }
        Self(moments)
    }

    /// Contacts of a customer around an instant.
    fn near(&self, customer: Customer, at: i64) -> usize {
        self.0[&customer].iter().filter(|other| (**other - at).abs() <= QUIET).count()
    }

    fn known(&self, contact: &Contact) -> Option<Customer> {
        contact.customer.filter(|customer| self.0.contains_key(customer))
    }
}

/// The sessions, in order of time, and the contacts that come from one that failed.
pub(super) fn visits(
    contacts: &[Contact],
    customers: &Customers,
    reasons: &Reasons,
    calendar: &Calendar,
    dice: &mut Dice,
) -> (Vec<Visit>, Vec<usize>) {
    let accounts = Accounts::of(contacts, customers);
    let (mut visits, mut leaks) = (Vec::new(), Vec::new());
    for place in counted(contacts).filter(|at| contacts[*at].role == Role::Plain) {
        let contact = &contacts[place];
        let is_about = reasons.topics(contact.reason).iter().any(|topic| topic == PATH);
        let alone = accounts.known(contact).filter(|c| accounts.near(*c, contact.moment.at) == 1);
        let Some(customer) = alone.filter(|_| is_about) else { continue };
        if dice.permille(FAILED_PERMILLE) {
            visits.push(failed(contact, customer, reasons, dice));
            leaks.push(place);
        }
    }
    quiet_visits(&mut visits, &accounts, contacts, calendar, dice);
    visits.sort_by_key(|visit| (visit.at, visit.customer));
    (visits, leaks)
}

/// The session before a contact.
fn failed(contact: &Contact, customer: Customer, reasons: &Reasons, dice: &mut Dice) -> Visit {
    let is_broken = reasons.id(contact.reason) == BROKEN_CHECKOUT;
    Visit {
        at: contact.moment.at - i64::from(dice.between(3 * 60, 90 * 60)),
        customer,
        path: PATH,
        step: Some(if is_broken { BROKEN_STEP } else { OTHER_STEP }),
        outcome: if dice.permille(700) { "failed" } else { "abandoned" },
        seconds: dice.between(40, 900),
    }
}

/// Sessions of customers who do not contact around that time.
fn quiet_visits(
    visits: &mut Vec<Visit>,
    accounts: &Accounts,
    contacts: &[Contact],
    calendar: &Calendar,
    dice: &mut Dice,
) {
    // Not those who turned out to be somebody else as well, with contacts of their own.
    let plain = contacts.iter().filter(|contact| contact.role == Role::Plain);
    let known: BTreeSet<Customer> = plain.filter_map(|contact| accounts.known(contact)).collect();
    let known: Vec<Customer> = known.into_iter().collect();
    let begins = calendar.moment(0, 0).at;
    let wanted = visits.len() * (QUIET_FOR_ONE + 1);
    while visits.len() < wanted {
        let customer = *dice.pick(&known);
        let at = begins + i64::from(dice.below(calendar.days() * DAY_SECONDS));
        if accounts.near(customer, at) == 0 {
            visits.push(quiet(customer, at, dice));
        }
    }
}

/// A session that no contact follows, however it ended.
fn quiet(customer: Customer, at: i64, dice: &mut Dice) -> Visit {
    let path = PATHS[dice.weighted(&PATHS.map(|(_, weight)| weight))].0;
    let outcome = ["completed", "abandoned", "failed"][dice.weighted(&[880, 90, 30])];
    let step = match outcome {
        _ if path != PATH => None,
        "completed" => Some(LAST_STEP),
        _ => Some(*dice.pick(&["1", "2", BROKEN_STEP, OTHER_STEP])),
    };
    Visit { at, customer, path, step, outcome, seconds: dice.between(20, 900) }
}

/// `status.ndjson`: the status board.
pub(super) fn status(outages: &[Outage]) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, outage) in (1..).zip(outages) {
        for (kind, moment) in [("outage", outage.from), ("ended", outage.to)] {
            let id = format!("S-{number}-{kind}");
            line(&mut out, &json!({ "id": id, "at": utc(moment.at), "kind": kind, "about": outage.subject }));
        }
    }
    out
}

/// `sessions.ndjson`: the log of the site.
pub(super) fn sessions(visits: &[Visit], customers: &Customers) -> Vec<u8> {
    let mut out = Vec::new();
    for (number, visit) in (1..).zip(visits) {
        line(
            &mut out,
            &json!({
                "id": format!("V-{number:06}"),
                "ended_at": utc(visit.at),
                "account": customers.identifier(visit.customer),
                "path": visit.path,
                "step": visit.step,
                "outcome": visit.outcome,
                "seconds": visit.seconds,
            }),
        );
    }
    out
}

fn line(out: &mut Vec<u8>, fields: &Value) {
    serde_json::to_writer(&mut *out, fields).expect("a JSON object has only text keys");
    out.push(b'\n');
}

/// Machines note their time in UTC.
fn utc(seconds: i64) -> String {
    let since = Instant::from_micros(0).expect("1970").plus(Span::from_seconds(seconds));
    since.to_string()
}
