//! Which chains are listed anew since an earlier cut, and the contacts to read for them.
//!
//! A chain lies on the day of its root and its members on any later day, so that a change on one day can change a row
//! on another. The days of the roots follow from the contacts of the touched days, now and before; how far the
//! chains of such a day reach over days that nothing touched is what the earlier cut lists of them.

use super::touched::between;
use super::{Base, Job, column, days_of};
use crate::error::AnalyticsError;
use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use domain::{Day, Instant};
use lake::FileRef;
use std::collections::BTreeSet;
use tables::{CHAINS, CONTACTS};

const MELTED: &str = include_str!("../../sql/trends/melted.sql");
const ROOTED: &str = include_str!("../../sql/trends/rooted.sql");
const ROOTS_ELSEWHERE: &str = include_str!("../../sql/trends/roots_elsewhere.sql");
const REACH: &str = include_str!("../../sql/trends/reach.sql");

/// The days of roots whose chains are written anew, and the days whose contacts they may be made of.
pub(super) struct Roots {
    pub days: BTreeSet<Day>,
    pub contacts: BTreeSet<Day>,
}

impl Roots {
    /// Every chain of these days' contacts.
    pub fn everything(days: BTreeSet<Day>) -> Self {
        Self { contacts: days.clone(), days }
    }

    /// Chains that differ since `base`, whose contacts differ on the days `touched`; `files` are all contacts now.
    pub fn since(
        job: &Job<'_>,
        base: &Base<'_>,
        touched: &BTreeSet<Day>,
        files: &[FileRef],
    ) -> Result<Self, AnalyticsError> {
        let is_touched = |f: &&FileRef| f.day.is_some_and(|day| touched.contains(&day));
        job.files("contacts", &CONTACTS, files)?;
        job.files("touched_now", &CONTACTS, files.iter().filter(is_touched))?;
        job.files("touched_before", &CONTACTS, base.cut.files(CONTACTS.name).filter(is_touched))?;
        job.files("chains_before", &CHAINS, base.cut.files(CHAINS.name))?;
        let mut days = root_days(job)?;
        days.extend(touched);
        if let Some(between) = between(base.as_of(), job.as_of) {
            days.extend(job.days(MELTED, between)?);
        }
        let is_root_day = |f: &&FileRef| f.day.is_some_and(|day| days.contains(&day));
        job.files("chains_before", &CHAINS, base.cut.files(CHAINS.name).filter(is_root_day))?;
        let reaches = reaches(job)?;
        let is_read = |day: &Day| touched.contains(day) || days.contains(day) || within(&reaches, *day);
        let contacts = files.iter().filter_map(|f| f.day).filter(is_read).collect();
        Ok(Self { days, contacts })
    }
}

/// The days of the roots of chains that have a member on touched days. A root that only a look at every contact
/// finds is rare: a contact that was alone, and was not said anew when another joined it.
fn root_days(job: &Job<'_>) -> Result<BTreeSet<Day>, AnalyticsError> {
    job.engine.hold("rooted", job.query(ROOTED, Vec::new())?)?;
    let mut days = job.days("SELECT DISTINCT dt FROM rooted WHERE dt IS NOT NULL", Vec::new())?;
    let unknown = job.query("SELECT chain_root FROM rooted WHERE dt IS NULL LIMIT 1", Vec::new())?;
    if unknown.collect_all()?.iter().any(|batch| batch.num_rows() > 0) {
        days.extend(job.days(ROOTS_ELSEWHERE, Vec::new())?);
    }
    Ok(days)
}

/// For each day of roots the last day that its chains reached.
fn reaches(job: &Job<'_>) -> Result<Vec<(Day, Day)>, AnalyticsError> {
    let mut out = Vec::new();
    for batch in job.query(REACH, Vec::new())? {
        let batch = batch?;
        let last = column(&batch, "last_at").as_primitive::<TimestampMicrosecondType>();
        let last = last.values().iter().map(|micros| {
            let at = Instant::from_micros(*micros).expect("the lake holds instants of the domain");
            at.day(&job.zone)
        });
        out.extend(days_of(&batch).zip(last));
    }
    Ok(out)
}

fn within(reaches: &[(Day, Day)], day: Day) -> bool {
    reaches.iter().any(|(from, to)| *from <= day && day <= *to)
}
