//! A retailer with customers, orders and contacts, made from a seed: the source files that such a company would
//! have, and the list of what is planted in them. Whole numbers only: equal settings give equal bytes on every
//! machine. Nothing here reads a clock or a file, and nothing knows how contacts are judged.

mod beside;
mod calendar;
mod channels;
mod contacts;
mod customers;
mod deliver;
mod dice;
mod lines;
mod mix;
mod orders;
mod phrases;
mod plants;
mod plants_json;
mod reasons;

pub use calendar::{Calendar, ZONE};
pub use customers::Kind;
pub use lines::record;
pub use plants::{Chain, Correction, Fix, Link, MergedCustomers, MergedTicket, Move, NAMES, Plants, Spike};

use beside::{Outage, Visit};
use contacts::{Contact, Maker, Role, named_chains};
use customers::{Customer, Customers};
use deliver::{Deliveries, MALFORMED, Wrong};
use dice::Dice;
use orders::Orders;
use reasons::Reasons;

/// Fewest weeks: a change needs three before and three after it.
pub const WEEKS_LEAST: u32 = 8;
/// Most weeks: further back the clocks go forward from winter time, and a week is late by an hour.
pub const WEEKS_MOST: u32 = 26;

/// Planted chains, customers who are one, and tickets that are merged.
const CHAINS: u32 = 200;
const DOUBLES: u32 = 80;
const TWINS: u32 = 60;

/// The shape of the week, from Monday, and of the day, from midnight, in thousandths of all contacts.
const WEEKDAYS: [u32; 7] = [180, 165, 155, 150, 145, 115, 90];
#[rustfmt::skip] // midnight to noon, noon to midnight
const HOURS: [u32; 24] = [
    4, 2, 1, 1, 1, 3, 8, 20, 45, 75, 95, 100,
    90, 70, 50, 48, 60, 75, 85, 70, 45, 28, 15, 9,
];

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The seed.
    pub seed: u64,
    /// Weeks, from [`WEEKS_LEAST`] to [`WEEKS_MOST`].
    pub weeks: u32,
    /// Whether anything is planted.
    pub plants: bool,
}

/// A company.
pub struct Company {
    /// Its weeks.
    pub calendar: Calendar,
    /// What is planted.
    pub plants: Plants,
    settings: Settings,
    reasons: Reasons,
    orders: Orders,
    customers: Customers,
    contacts: Vec<Contact>,
    /// Of each contact its number in order of time, from 1.
    numbers: Vec<u32>,
    deliveries: Deliveries,
    doubles: Vec<[(Customer, usize); 2]>,
    outages: Vec<Outage>,
    visits: Vec<Visit>,
}

impl Company {
    /// Makes the company of these settings.
    pub fn new(settings: Settings) -> Self {
        let calendar = Calendar::new(settings.weeks);
        let reasons = Reasons::read(settings.plants);
        let plants = if settings.plants { planned(settings.weeks, &reasons) } else { Plants::default() };
        let orders = Orders::new(settings.seed, &calendar, plants.growth_permille);
        let mut maker = Maker::new(settings.seed, &calendar, &reasons, &orders, &plants);
        maker.everyday();
        let (mut chains, mut doubles) = (Vec::new(), Vec::new());
        if settings.plants {
            chains = maker.chains(CHAINS);
            doubles = maker.doubles(DOUBLES);
            maker.twins(TWINS);
        }
        let (contacts, customers) = maker.finish();
        let by_time = by_time(&contacts);
        let numbers = numbers(&by_time);
        let deliveries = if settings.plants {
            let mut dice = Dice::new(settings.seed, "deliveries");
            Deliveries::troubled(&contacts, &by_time, &calendar, &reasons, &mut dice)
        } else {
            Deliveries::plain(&contacts, &by_time, &calendar)
        };
        let outages = beside::outages(&plants.spikes, &reasons, &calendar);
        let foreseen = beside::foreseen(&outages, &contacts, &reasons);
        let (visits, leaks) = if settings.plants {
            let mut dice = Dice::new(settings.seed, "visits");
            beside::visits(&contacts, &customers, &reasons, &calendar, &mut dice)
        } else {
            Default::default()
        };
        let mut company = Self {
            calendar,
            plants,
            settings,
            reasons,
            orders,
            customers,
            contacts,
            numbers,
            deliveries,
            doubles,
            outages,
            visits,
        };
        company.complete(chains, &foreseen, &leaks);
        company
    }

    /// Contacts that count, once everything is delivered.
    pub fn contacts(&self) -> usize {
        self.contacts.len() - self.plants.merged_tickets.len()
    }

    /// The contact file of a week, in order of delivery.
    pub fn week_file(&self, week: u32) -> Vec<u8> {
        lines::week(self, &self.deliveries.weeks[week as usize])
    }

    /// `orders.csv`: units of every day.
    pub fn orders_file(&self) -> String {
        self.orders.csv(&self.calendar)
    }

    /// `merges.csv`: customers who turned out to be one.
    pub fn merges_file(&self) -> String {
        lines::merges(self)
    }

    /// `status.ndjson`: the status board; empty where nothing was ever out.
    pub fn status_file(&self) -> Vec<u8> {
        beside::status(&self.outages)
    }

    /// `sessions.ndjson`: how sessions on the site ended; empty where nothing is known of them.
    pub fn sessions_file(&self) -> Vec<u8> {
        beside::sessions(&self.visits, &self.customers)
    }

    /// `taxonomy.toml`: the retail taxonomy.
    pub const fn taxonomy_file(&self) -> &'static str {
        reasons::TAXONOMY
    }

    /// `phrasebook.json`: what customers say, by reason, and what is put into their sentences.
    pub fn phrasebook_file(&self) -> String {
        phrases::phrasebook()
    }

    /// `plants.json`: what is planted, where and how large.
    pub fn plants_file(&self) -> String {
        plants_json::write(self)
    }

    fn record(&self, contact: usize) -> String {
        record(self.numbers[contact])
    }

    /// Puts the records that were chosen into the list of plants.
    fn complete(&mut self, chains: Vec<(Link, Vec<usize>)>, foreseen: &[usize], leaks: &[usize]) {
        if !self.settings.plants {
            return;
        }
        let record = |contact: usize| self.record(contact);
        let records = |contacts: &[usize]| contacts.iter().map(|at| record(*at)).collect();
        let chains = named_chains(chains, record);
        let (foreseen, leaks) = (records(foreseen), records(leaks));
        let (late, duplicated) = (records(&self.deliveries.late), records(&self.deliveries.duplicated));
        let corrected = self.deliveries.corrected.iter().map(|wrong| self.correction(wrong)).collect();
        let double = |[(_, surviving), (_, absorbed)]: &[(Customer, usize); 2]| MergedCustomers {
            surviving: record(*surviving),
            absorbed: record(*absorbed),
        };
        let merged_customers = self.doubles.iter().map(double).collect();
        let twin = |(at, contact): (usize, &Contact)| match contact.role {
            Role::TwinOf(first) => Some(MergedTicket { record: record(at), into: record(first) }),
            Role::Plain | Role::Linked => None,
        };
        let merged_tickets = self.contacts.iter().enumerate().filter_map(twin).collect();
        let malformed = MALFORMED.iter().map(|(_, kind, count)| (*kind, *count)).collect();
        let planned = std::mem::take(&mut self.plants);
        self.plants = Plants {
            chains,
            late,
            duplicated,
            corrected,
            merged_customers,
            merged_tickets,
            malformed,
            foreseen,
            leaks,
            ..planned
        };
    }

    fn correction(&self, wrong: &Wrong) -> Correction {
        let contact = &self.contacts[wrong.contact];
        Correction {
            record: self.record(wrong.contact),
            channel_before: channels::CHANNELS[wrong.channel].word,
            channel: channels::CHANNELS[contact.channel].word,
            reason: self.reasons.id(contact.reason).to_owned(),
        }
    }
}

/// What is planted before any contact is made. Changes come in the middle, spikes at the end, so that the last
/// report shows one.
fn planned(weeks: u32, reasons: &Reasons) -> Plants {
    let fix =
        |reason: &str, week, ratio_permille| Some(Fix { reason: reason.to_owned(), week, ratio_permille });
    let spike = |cause, reason: &str, first_day, days, percent| Spike {
        cause,
        reason: reason.to_owned(),
        first_day,
        days,
        percent,
    };
    Plants {
        weekday_permille: Some(WEEKDAYS),
        hour_permille: Some(HOURS),
        growth_permille: Some(20),
        spikes: vec![
            spike("outage of the carrier", mix::OUTAGE, (weeks - 2) * 7 + 1, 2, 450),
            spike("step 3 of the checkout is broken", mix::BROKEN_CHECKOUT, (weeks - 1) * 7 + 3, 1, 600),
        ],
        fix_works: fix(mix::REDUCED, weeks / 2, 700),
        fix_nothing: fix(mix::UNCHANGED, weeks / 2, 1_000),
        fix_moved: Some(Move {
            from: mix::LOSES.to_owned(),
            to: mix::GAINS.to_owned(),
            week: weeks / 2 - 1,
            moved_permille: 500,
        }),
        unowned: reasons.unowned().map(str::to_owned),
        ..Plants::default()
    }
}

fn by_time(contacts: &[Contact]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..contacts.len()).collect();
    places.sort_by_key(|at| (contacts[*at].moment, *at));
    places
}

fn numbers(by_time: &[usize]) -> Vec<u32> {
    let mut numbers = vec![0; by_time.len()];
    for (number, at) in (1..).zip(by_time) {
        numbers[*at] = number;
    }
    numbers
}

#[cfg(test)]
mod tests;
