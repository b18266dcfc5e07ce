//! What is planted in the company: names, sizes and places. The generator obeys it while it makes the contacts
//! and completes it with the records that it chose; a company without plants has none of it.

use std::collections::BTreeMap;

/// Name of every plant, in the order in which people read them.
pub const NAMES: [&str; 17] = [
    "weekday_shape",
    "hour_shape",
    "order_growth",
    "spike_1",
    "spike_2",
    "fix_works",
    "fix_nothing",
    "fix_moved",
    "chains",
    "unowned_reason",
    "late",
    "duplicated",
    "corrected",
    "merged",
    "malformed",
    "known_first",
    "leaks",
];

/// What is planted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plants {
    /// Of a thousand contacts, how many come on each weekday, from Monday.
    pub weekday_permille: Option<[u32; 7]>,
    /// Of a thousand contacts, how many come in each local hour.
    pub hour_permille: Option<[u32; 24]>,
    /// How many thousandths the orders of a week are more than those of the week before.
    pub growth_permille: Option<u32>,
    /// Days on which one reason has many times its usual contacts, in order of the days.
    pub spikes: Vec<Spike>,
    /// A shipped action that worked.
    pub fix_works: Option<Fix>,
    /// A shipped action that changed nothing.
    pub fix_nothing: Option<Fix>,
    /// A shipped action after which contacts only change their reason.
    pub fix_moved: Option<Move>,
    /// The chains of three contacts and more.
    pub chains: Vec<Chain>,
    /// A reason that belongs to nobody.
    pub unowned: Option<String>,
    /// Records that were delivered more than a week after the end of their week.
    pub late: Vec<String>,
    /// Records that were delivered again, unchanged.
    pub duplicated: Vec<String>,
    /// Records that were delivered again, corrected.
    pub corrected: Vec<Correction>,
    /// Customers who turned out to be one.
    pub merged_customers: Vec<MergedCustomers>,
    /// Tickets that their source has merged into others.
    pub merged_tickets: Vec<MergedTicket>,
    /// Lines that have to be refused, by the kind of refusal.
    pub malformed: BTreeMap<&'static str, u32>,
    /// Contacts about what was out, when the company had known of it for a while.
    pub foreseen: Vec<String>,
    /// Contacts that come from a session on the site that failed.
    pub leaks: Vec<String>,
}

/// Days on which one reason has many times its usual contacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spike {
    /// What happened, in English.
    pub cause: &'static str,
    /// The reason.
    pub reason: String,
    /// First day, counted from the first Monday.
    pub first_day: u32,
    /// How many days.
    pub days: u32,
    /// Contacts, in percent of what is usual.
    pub percent: u32,
}

/// An action that was shipped on the Monday of a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The reason that it is to reduce.
    pub reason: String,
    /// The week, counted from the first.
    pub week: u32,
    /// Contacts per order from then on, in thousandths of what they were.
    pub ratio_permille: u32,
}

/// An action after which contacts only change their reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The reason that loses contacts.
    pub from: String,
    /// The reason that gains them.
    pub to: String,
    /// The week, counted from the first.
    pub week: u32,
    /// How many thousandths of its contacts the first one loses.
    pub moved_permille: u32,
}

/// Contacts of one customer about one issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// What ties them together.
    pub link: Link,
    /// Their records, the root first.
    pub records: Vec<String>,
}

/// What ties the contacts of a chain together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// All name the same order.
    Order,
    /// All lie in the same ticket.
    Ticket,
    /// All have the same reason, and no order says otherwise.
    Reason,
}

impl Link {
    /// Every link.
    pub const ALL: [Self; 3] = [Self::Order, Self::Ticket, Self::Reason];

    /// Its name in the file of plants.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Ticket => "ticket",
            Self::Reason => "reason",
        }
    }
}

/// A record whose second version differs from its first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// The record.
    pub record: String,
    /// Its channel in the first version, in our words.
    pub channel_before: &'static str,
    /// Its channel in the second version, in our words.
    pub channel: &'static str,
    /// What the second version's words mean; the first one's mean nothing.
    pub reason: String,
}

/// Two customers who are one, and the contact that each of them made about the same order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedCustomers {
    /// Record of the one that stays.
    pub surviving: String,
    /// Record of the one that goes.
    pub absorbed: String,
}

/// A ticket that was merged into another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergedTicket {
    /// The record that no longer counts.
    pub record: String,
    /// The record that it was merged into.
    pub into: String,
}

impl Plants {
    /// Whether a spike, an action or the missing owner concerns this reason, or nobody knows what it means.
    pub(super) fn concerns(&self, reason: &str) -> bool {
        let spikes = self.spikes.iter().map(|spike| &spike.reason);
        let fixes = self.fix_works.iter().chain(&self.fix_nothing).map(|fix| &fix.reason);
        let moved = self.fix_moved.iter().flat_map(|moved| [&moved.from, &moved.to]);
        let mut all = spikes.chain(fixes).chain(moved).chain(&self.unowned);
        reason == domain::UNCLASSIFIED || all.any(|concerned| concerned == reason)
    }
}
