//! What the company's systems deliver each week: records in order, late ones, some twice, some corrected, some
//! merged at the source, and lines that nobody can read.

use super::calendar::Calendar;
use super::channels::{EMAIL, PHONE, WEB_FORM};
use super::contacts::{Contact, Role};
use super::dice::Dice;
use super::reasons::Reasons;

/// How many of each are planted.
const LATE: usize = 300;
const DUPLICATED: usize = 400;
const CORRECTED: usize = 120;

/// Kinds of refusals with how many lines of each are planted.
#[rustfmt::skip] // a table
pub(super) const MALFORMED: [(Fault, &str, u32); 7] = [
    (Fault::CutOff, "malformed", 14),
    (Fault::NoTime, "missing", 11),
    (Fault::NotATime, "bad_time", 9),
    (Fault::StrangeChannel, "unknown_word", 8),
    (Fault::SecondsInWords, "wrong_type", 6),
    (Fault::TooManySeconds, "out_of_range", 5),
    (Fault::NotUtf8, "not_utf8", 3),
];

/// What is wrong with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It ends in the middle.
    CutOff,
    /// It does not say when.
    NoTime,
    /// It says when in words.
    NotATime,
    /// It came by a channel that the company does not have.
    StrangeChannel,
    /// Its seconds are a word.
    SecondsInWords,
    /// Its seconds are more than a day has.
    TooManySeconds,
    /// Its bytes are no UTF-8.
    NotUtf8,
}

/// One line of a week's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// A record at one of its versions.
    Record {
        /// Place of the contact.
        contact: usize,
        /// The version, from 1.
        version: u32,
    },
    /// A line made from this contact's, so that it has to be refused.
    Malformed {
        /// Place of the contact.
        contact: usize,
        /// What is wrong with it.
        fault: Fault,
        /// Its number among all such lines.
        number: u32,
    },
}

/// The first version of a contact that is corrected later.
pub(super) struct Wrong {
    /// Place of the contact.
    pub contact: usize,
    /// The channel that it says.
    pub channel: usize,
    /// The text that it says, in which no rule finds a reason.
    pub text: String,
}

/// All deliveries.
pub(super) struct Deliveries {
    /// The lines of each week's file.
    pub weeks: Vec<Vec<Line>>,
    /// Contacts that come late.
    pub late: Vec<usize>,
    /// Contacts that come twice.
    pub duplicated: Vec<usize>,
    /// Contacts whose first version is wrong.
    pub corrected: Vec<Wrong>,
}

impl Deliveries {
    /// Every contact in the file of its own week, in order of time.
    pub fn plain(contacts: &[Contact], by_time: &[usize], calendar: &Calendar) -> Self {
        let mut weeks = vec![Vec::new(); calendar.weeks() as usize];
        for &contact in by_time {
            let week = &mut weeks[(contacts[contact].moment.day / 7) as usize];
            week.push(Line::Record { contact, version: 1 });
        }
        Self { weeks, late: Vec::new(), duplicated: Vec::new(), corrected: Vec::new() }
    }

    /// The same with everything that goes wrong.
    pub fn troubled(
        contacts: &[Contact],
        by_time: &[usize],
        calendar: &Calendar,
        reasons: &Reasons,
        dice: &mut Dice,
    ) -> Self {
        let mut out = Self::plain(contacts, by_time, calendar);
        let last = calendar.weeks() - 1;
        let mut plain: Vec<usize> =
            by_time.iter().copied().filter(|at| contacts[*at].role == Role::Plain).collect();
        dice.shuffle(&mut plain);
        let mut plain = plain.into_iter();
        let week_of = |at: usize| contacts[at].moment.day / 7;
        out.late = plain.by_ref().filter(|at| week_of(*at) + 2 <= last).take(LATE).collect();
        for &contact in &out.late {
            let week = (week_of(contact) + dice.between(2, 4)).min(last);
            out.weeks[week_of(contact) as usize].retain(|line| !line.is_of(contact));
            out.weeks[week as usize].push(Line::Record { contact, version: 1 });
        }
        out.duplicated = plain.by_ref().take(DUPLICATED).collect();
        for &contact in &out.duplicated {
            let week = (week_of(contact) + dice.below(2)).min(last);
            out.weeks[week as usize].push(Line::Record { contact, version: 1 });
        }
        let told = plain.filter(|at| contacts[*at].text.is_some());
        out.corrected = told.take(CORRECTED).map(|at| Wrong::of(contacts, at, reasons, dice)).collect();
        let twins = by_time.iter().copied().filter(|at| matches!(contacts[*at].role, Role::TwinOf(_)));
        for contact in out.corrected.iter().map(|wrong| wrong.contact).chain(twins) {
            let week = (week_of(contact) + dice.below(2)).min(last);
            out.weeks[week as usize].push(Line::Record { contact, version: 2 });
        }
        out.spoil(contacts, dice);
        out
    }

    /// Puts lines that cannot be read among the others.
    fn spoil(&mut self, contacts: &[Contact], dice: &mut Dice) {
        let mut number = 0;
        let weeks = u32::try_from(self.weeks.len()).expect("few weeks");
        for (fault, _, count) in MALFORMED {
            for _ in 0..count {
                number += 1;
                let lines = &mut self.weeks[dice.below(weeks) as usize];
                let place = dice.below(u32::try_from(lines.len()).expect("one week's lines")) as usize;
                let contact = lines[place].contact();
                // What is taken away or spoilt has to be there.
                let told = |at: &usize| contacts[*at].text.is_some();
                let contact = Some(contact).filter(told).or_else(|| (0..contacts.len()).find(told));
                let contact = contact.expect("somebody says something");
                lines.insert(place, Line::Malformed { contact, fault, number });
            }
        }
    }
}

impl Line {
    const fn contact(self) -> usize {
        match self {
            Self::Record { contact, .. } | Self::Malformed { contact, .. } => contact,
        }
    }

    fn is_of(self, contact: usize) -> bool {
        self.contact() == contact
    }
}

impl Wrong {
    /// Another channel than the right one, such as a person mistakes it for, and words that say nothing.
    fn of(contacts: &[Contact], contact: usize, reasons: &Reasons, dice: &mut Dice) -> Self {
        let right = &contacts[contact];
        let others: Vec<usize> =
            [PHONE, EMAIL, WEB_FORM].into_iter().filter(|at| *at != right.channel).collect();
        let channel = *dice.pick(&others);
        let text = reasons.phrases(reasons.unclassified(), right.spanish).say(None, dice);
        Self { contact, channel, text }
    }
}
