//! The contacts: how many there are of each reason and week, who makes them, when and where, and who comes back
//! about the same issue.

use super::calendar::{Calendar, DAY_SECONDS, Moment};
use super::channels::{CHANNELS, EMAIL, Handling, WEB_FORM, channel};
use super::customers::{Customer, Customers, Kind, SPANISH_PERMILLE};
use super::dice::Dice;
use super::orders::Orders;
use super::plants::{Chain, Link, Plants};
use super::reasons::Reasons;

/// Contacts that begin an issue, of a million orders.
const RATE_PPM: u64 = 60_000;

/// Draws for a later moment of the same day, before it becomes the next day.
const LATER_DRAWS: usize = 8;

/// Every hour and every weekday alike: a company without plants.
const FLAT_HOURS: [u32; 24] = [1; 24];
const FLAT_WEEKDAYS: [u32; 7] = [1; 7];

/// One contact as the company's systems will tell of it, without its record number.
#[derive(Debug, Clone, Default)]
pub(super) struct Contact {
    pub moment: Moment,
    /// Nobody where the company does not know who it was.
    pub customer: Option<Customer>,
    pub spanish: bool,
    /// Place in [`CHANNELS`].
    pub channel: usize,
    /// Place in [`Reasons`]: what it was about.
    pub reason: usize,
    /// What was said; nothing was where the customer gave up.
    pub text: Option<String>,
    pub order: Option<u32>,
    pub ticket: Option<u32>,
    pub handling: Handling,
    pub role: Role,
}

impl Contact {
    /// The order's number as the company writes it.
    pub fn order_number(&self) -> Option<String> {
        self.order.map(order_number)
    }
}

/// An order's number as the company writes it.
fn order_number(order: u32) -> String {
    format!("P-{order}")
}

/// What a customer wants, however often they say it.
#[derive(Debug, Clone, Copy)]
struct Issue {
    reason: usize,
    customer: Option<Customer>,
    spanish: bool,
    order: Option<u32>,
    ticket: Option<u32>,
}

/// What a contact is to the plants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Role {
    /// The only contact of its issue: it may be chosen for anything.
    #[default]
    Plain,
    /// One of several contacts of an issue.
    Linked,
    /// Opened twice by mistake: its ticket is merged into that of the contact at this place.
    TwinOf(usize),
}

/// Makes contacts.
pub(super) struct Maker<'c> {
    calendar: &'c Calendar,
    reasons: &'c Reasons,
    orders: &'c Orders,
    plants: &'c Plants,
    customers: Customers,
    dice: Dice,
    contacts: Vec<Contact>,
    next_order: u32,
    next_ticket: u32,
}

impl<'c> Maker<'c> {
    pub fn new(
        seed: u64,
        calendar: &'c Calendar,
        reasons: &'c Reasons,
        orders: &'c Orders,
        plants: &'c Plants,
    ) -> Self {
        let (customers, dice) = (Customers::new(seed), Dice::new(seed, "contacts"));
        let (next_order, next_ticket) = (4_200_000, 310_000);
        Self {
            calendar,
            reasons,
            orders,
            plants,
            customers,
            dice,
            contacts: Vec::new(),
            next_order,
            next_ticket,
        }
    }

    pub fn finish(self) -> (Vec<Contact>, Customers) {
        (self.contacts, self.customers)
    }

    /// What happens on ordinary days, and what spikes add to it.
    pub fn everyday(&mut self) {
        (0..self.reasons.len()).for_each(|reason| self.left_over(reason));
        for week in 0..self.calendar.weeks() {
            for reason in 0..self.reasons.len() {
                let count = self.dice.count(self.expected_milli(reason, week));
                for _ in 0..count {
                    let day = week * 7 + self.weekday();
                    self.begin(reason, day);
                }
            }
        }
        let plants = self.plants;
        for spike in &plants.spikes {
            let reason = self.reasons.place(&spike.reason);
            for day in spike.first_day..spike.first_day + spike.days {
                let count =
                    self.dice.count(self.usual_milli(reason, day) * u64::from(spike.percent - 100) / 100);
                (0..count).for_each(|_| self.begin(reason, day));
            }
        }
    }

    /// In the first week come back those who began in the week before it, of which nobody tells. Without them the
    /// first week would look quieter than it was.
    fn left_over(&mut self, reason: usize) {
        let back = self.expected_milli(reason, 0) * u64::from(self.reasons.back_permille(reason)) / 1_000;
        for _ in 0..self.dice.count(back) {
            let (began, again) = (self.weekday(), self.weekday());
            if again < began {
                let customer = self.customers.draw(reason, &mut self.dice);
                let spanish = self.customers.writes_spanish(customer);
                let (channel, moment) = (channel(&mut self.dice), self.moment(again));
                let issue = Issue { reason, customer: Some(customer), spanish, order: None, ticket: None };
                self.say(issue, moment, channel, Role::Plain);
            }
        }
    }

    /// Thousandths of contacts of this reason on an ordinary day like this one, those of customers who come
    /// back included. Some whom nobody can name, and some who gave up, do not.
    fn usual_milli(&self, reason: usize, day: u32) -> u64 {
        let first = self.expected_milli(reason, day / 7) * self.weekday_permille(day % 7) / 1_000;
        first + first * u64::from(self.reasons.back_permille(reason)) * 93 / 100_000
    }

    /// Thousandths of contacts that begin an issue of this reason in this week.
    fn expected_milli(&self, reason: usize, week: u32) -> u64 {
        let plants = self.plants;
        let of = |id: &str| self.rate_milli(self.reasons.place(id), week);
        let own = self.rate_milli(reason, week);
        let id = self.reasons.id(reason);
        if let Some(fix) = plants.fix_works.iter().chain(&plants.fix_nothing).find(|fix| fix.reason == id)
            && week >= fix.week
        {
            return own * u64::from(fix.ratio_permille) / 1_000;
        }
        match plants.fix_moved.as_ref().filter(|moved| week >= moved.week) {
            Some(moved) if moved.from == id => own - own * u64::from(moved.moved_permille) / 1_000,
            Some(moved) if moved.to == id => own + of(&moved.from) * u64::from(moved.moved_permille) / 1_000,
            _ => own,
        }
    }

    /// The same before anything was done about it.
    fn rate_milli(&self, reason: usize, week: u32) -> u64 {
        let all = self.orders.of_week(week) * RATE_PPM / 1_000;
        all * u64::from(self.reasons.weight(reason)) / u64::from(self.reasons.weights())
    }

    fn weekday(&mut self) -> u32 {
        let place = self.dice.weighted(&self.plants.weekday_permille.unwrap_or(FLAT_WEEKDAYS));
        u32::try_from(place).expect("seven weekdays")
    }

    fn weekday_permille(&self, weekday: u32) -> u64 {
        self.plants.weekday_permille.map_or(1_000 / 7, |days| u64::from(days[weekday as usize]))
    }

    fn moment(&mut self, day: u32) -> Moment {
        let hour = self.dice.weighted(&self.plants.hour_permille.unwrap_or(FLAT_HOURS));
        let hour = u32::try_from(hour).expect("24 hours");
        self.calendar.moment(day, hour * 3_600 + self.dice.below(3_600))
    }

    /// An issue begins; perhaps the customer comes back about it.
    fn begin(&mut self, reason: usize, day: u32) {
        let channel = channel(&mut self.dice);
        let named = !self.dice.permille(CHANNELS[channel].anonymous_permille);
        let customer = named.then(|| self.customers.draw(reason, &mut self.dice));
        let spanish = match customer {
            Some(customer) => self.customers.writes_spanish(customer),
            None => self.dice.permille(SPANISH_PERMILLE),
        };
        let issue = Issue { reason, customer, spanish, order: None, ticket: None };
        if CHANNELS[channel].is_given_up(&mut self.dice) {
            return self.give_up(issue, day, channel);
        }
        let order = self.dice.permille(self.reasons.order_permille(reason)).then(|| self.new_order());
        let ticket = self.dice.permille(CHANNELS[channel].ticket_permille).then(|| self.new_ticket());
        let issue = Issue { order, ticket, ..issue };
        let moment = self.moment(day);
        let first = self.say(issue, moment, channel, Role::Plain);
        if customer.is_some() && self.dice.permille(self.reasons.back_permille(reason)) {
            self.come_back(first, issue);
        }
    }

    /// The customer gives up before anybody answers, and nothing is said.
    fn give_up(&mut self, issue: Issue, day: u32, channel: usize) {
        let moment = self.moment(day);
        let handling = CHANNELS[channel].give_up(&mut self.dice);
        self.tell(issue, Contact { moment, channel, handling, ..Contact::default() });
    }

    /// The customer comes back, where that is still within the weeks of the company.
    fn come_back(&mut self, first: usize, issue: Issue) {
        let begun = self.contacts[first].moment;
        let Some(moment) = self.later(begun) else { return };
        let before = self.contacts[first].channel;
        let channel = if self.dice.permille(600) { before } else { channel(&mut self.dice) };
        let order = issue.order.filter(|_| self.dice.permille(850));
        let ticket = issue.ticket.filter(|_| self.dice.permille(500));
        self.say(Issue { order, ticket, ..issue }, moment, channel, Role::Linked);
        self.contacts[first].role = Role::Linked;
    }

    /// When a customer comes back: on the same day or within the six after it; `None` after the end of the
    /// company's weeks. The weekday is drawn, not the days until then, so that the shape of the week stays what
    /// was planted.
    fn later(&mut self, begun: Moment) -> Option<Moment> {
        let after = (self.weekday() + 7 - begun.day % 7) % 7;
        if after == 0
            && let Some(today) =
                (0..LATER_DRAWS).map(|_| self.moment(begun.day)).find(|moment| *moment > begun)
        {
            return Some(today);
        }
        let day = begun.day + after.max(1);
        (day < self.calendar.days()).then(|| self.moment(day))
    }

    /// A contact in which the customer says what they want; returns its place.
    fn say(&mut self, issue: Issue, moment: Moment, channel: usize, role: Role) -> usize {
        let named = issue.order.map(order_number);
        let phrases = self.reasons.phrases(issue.reason, issue.spanish);
        let text = Some(phrases.say(named.as_deref(), &mut self.dice));
        let percent = self.reasons.handle_percent(issue.reason);
        let handling = CHANNELS[channel].handle(percent, &mut self.dice);
        self.tell(issue, Contact { moment, channel, text, handling, role, ..Contact::default() })
    }

    /// Takes a contact of an issue in; returns its place.
    fn tell(&mut self, issue: Issue, contact: Contact) -> usize {
        let Issue { reason, customer, spanish, order, ticket } = issue;
        self.contacts.push(Contact { reason, customer, spanish, order, ticket, ..contact });
        self.contacts.len() - 1
    }

    fn new_order(&mut self) -> u32 {
        self.next_order += 1;
        self.next_order
    }

    fn new_ticket(&mut self) -> u32 {
        self.next_ticket += 1;
        self.next_ticket
    }

    /// Chains of three to six contacts by customers who make no others. Of each the places of its contacts.
    pub fn chains(&mut self, count: u32) -> Vec<(Link, Vec<usize>)> {
        (0..count as usize)
            .map(|n| Link::ALL[n % Link::ALL.len()])
            .map(|link| (link, self.chain(link)))
            .collect()
    }

    fn chain(&mut self, link: Link) -> Vec<usize> {
        let gaps: Vec<u32> = (0..self.dice.between(2, 5)).map(|_| self.dice.between(1, 6)).collect();
        let mut day = self.dice.below(self.calendar.days() - gaps.iter().sum::<u32>());
        let (spanish, reason) = (self.dice.permille(SPANISH_PERMILLE), self.quiet());
        let customer = Some(self.customers.reserve(Kind::Account, spanish));
        let (order, ticket) = match link {
            Link::Order => (Some(self.new_order()), None),
            Link::Ticket => (None, Some(self.new_ticket())),
            Link::Reason => (None, None),
        };
        let mut issue = Issue { reason, customer, spanish, order, ticket };
        let mut places = vec![self.say_once(issue, day)];
        for gap in gaps {
            day += gap;
            if link == Link::Ticket {
                issue.reason = self.quiet();
            }
            places.push(self.say_once(issue, day));
        }
        places
    }

    /// A contact of a planted issue, by any channel.
    fn say_once(&mut self, issue: Issue, day: u32) -> usize {
        let (channel, moment) = (channel(&mut self.dice), self.moment(day));
        self.say(issue, moment, channel, Role::Linked)
    }

    fn quiet(&mut self) -> usize {
        self.reasons.quiet(self.plants, &mut self.dice)
    }

    /// Customers known by an account number and by an address, who are one: each contacts once about the same
    /// order. Of each pair (who stays, who goes) the customers and the places of their contacts.
    pub fn doubles(&mut self, count: u32) -> Vec<[(Customer, usize); 2]> {
        (0..count).map(|_| self.double()).collect()
    }

    fn double(&mut self) -> [(Customer, usize); 2] {
        let (spanish, gap) = (self.dice.permille(SPANISH_PERMILLE), self.dice.between(1, 5));
        let day = self.dice.below(self.calendar.days() - gap);
        let (reason, order, ticket) = (self.quiet(), Some(self.new_order()), None);
        let account_first = self.dice.permille(500);
        [(Kind::Account, account_first), (Kind::Email, !account_first)].map(|(kind, first)| {
            let customer = self.customers.reserve(kind, spanish);
            let issue = Issue { reason, customer: Some(customer), spanish, order, ticket };
            (customer, self.say_once(issue, if first { day } else { day + gap }))
        })
    }

    /// Contacts in writing that were sent twice within minutes; the places of the second ones. None of them is
    /// of the last day, so that each leaves a gap between the numbers of two records.
    pub fn twins(&mut self, count: u32) -> Vec<usize> {
        let last = self.calendar.days() - 1;
        let may = |contact: &Contact| {
            matches!(contact.channel, EMAIL | WEB_FORM)
                && contact.role == Role::Plain
                && contact.moment.day < last
                && contact.moment.second + 300 < DAY_SECONDS
        };
        let mut able: Vec<usize> = (0..self.contacts.len()).filter(|at| may(&self.contacts[*at])).collect();
        self.dice.shuffle(&mut able);
        able.truncate(count as usize);
        able.sort_unstable();
        able.into_iter().map(|of| self.twin(of)).collect()
    }

    fn twin(&mut self, of: usize) -> usize {
        let ticket = Some(self.new_ticket());
        let later = self.dice.between(40, 280);
        self.contacts[of].role = Role::Linked;
        let Moment { day, second, .. } = self.contacts[of].moment;
        let moment = self.calendar.moment(day, second + later);
        let twin = Contact { moment, ticket, role: Role::TwinOf(of), ..self.contacts[of].clone() };
        self.contacts.push(twin);
        self.contacts.len() - 1
    }
}

/// The planted chains by their record numbers, each in order of time.
pub(super) fn named_chains(chains: Vec<(Link, Vec<usize>)>, record: impl Fn(usize) -> String) -> Vec<Chain> {
    let named = |(link, places): (Link, Vec<usize>)| Chain {
        link,
        records: places.into_iter().map(&record).collect(),
    };
    chains.into_iter().map(named).collect()
}
