//! Publishing the trend tables: figures by day, week, reason, channel, mechanism and owner, counted from the cut's own
//! `contacts` and its dimensions. Nothing of the lake is read a second time.
//!
//! The work goes in spans of whole weeks, so that its memory follows from their rows. Every table that divides all
//! contacts must count each of them once, or nothing is published (P3).

use super::calendar::{Calendar, week_after};
use super::chains::Roots;
use super::partitions::Partitions;
use super::spans::{Limits, spans};
use super::touched::{Touched, Weeks};
use super::{Base, Job, column, days_of, dimensions, failure, fingerprint, instant, rejects, self_service};
use crate::error::AnalyticsError;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;
use datafusion::datasource::MemTable;
use domain::Day;
use lake::FileRef;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tables::{
    CHAINS, CHANNEL_DAILY, CODE_AGREEMENT, CONTACTS, KNOWN_FIRST, MECHANISM_DAILY, MOVERS_WEEKLY,
    OWNERS_WEEKLY, REASON_DAILY, REASON_WEEKLY, Table,
};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../sql/trends/", $name, ".sql"))
    };
}

const AT_HAND: &str = sql!("at_hand");
const COSTED: &str = sql!("costed");
const MEASURES: &str = sql!("measures");
const MEMBERS: &str = sql!("members");
const RATES: &str = sql!("rates");
const UNIT_WEEKS: &str = sql!("unit_weeks");

/// Stands in [`MEASURES`] for the columns to count by.
const BY: &str = "{by}";
/// The measures as tables, with the columns that they count by.
const VIEWS: [(&str, &str); 4] = [
    ("measures_by_day_and_reason", "dt, reason"),
    ("measures_by_day_and_channel", "dt, channel"),
    ("measures_by_week_and_reason", "monday, reason"),
    ("measures_by_week_and_owner", "monday, owner"),
];

/// Raised when something besides SQL and columns changes what is written.
const REVISION: &str = "1";

/// A table and the query that gives its rows in their order.
struct Trend {
    table: &'static Table,
    sql: &'static str,
    /// Whether it counts every contact once.
    divides_all: bool,
}

fn daily() -> [Trend; 4] {
    [
        Trend { table: &REASON_DAILY, sql: sql!("reason_daily"), divides_all: true },
        Trend { table: &CHANNEL_DAILY, sql: sql!("channel_daily"), divides_all: true },
        Trend { table: &MECHANISM_DAILY, sql: sql!("mechanism_daily"), divides_all: false },
        Trend { table: &KNOWN_FIRST, sql: sql!("known_first"), divides_all: false },
    ]
}

fn weekly() -> [Trend; 3] {
    [
        Trend { table: &CODE_AGREEMENT, sql: sql!("code_agreement"), divides_all: false },
        Trend { table: &REASON_WEEKLY, sql: sql!("reason_weekly"), divides_all: true },
        Trend { table: &OWNERS_WEEKLY, sql: sql!("owners_weekly"), divides_all: true },
    ]
}

fn movers() -> Trend {
    Trend { table: &MOVERS_WEEKLY, sql: sql!("movers_weekly"), divides_all: false }
}

fn of_chains() -> Trend {
    Trend { table: &CHAINS, sql: sql!("chains"), divides_all: false }
}

/// A fingerprint of everything that decides the bytes of these tables besides what they are counted from.
pub(super) fn made_by() -> String {
    let all: Vec<Trend> = daily().into_iter().chain(weekly()).chain([movers(), of_chains()]).collect();
    let texts: Vec<&str> = [
        REVISION,
        rejects::REJECTED,
        self_service::COUNTED,
        AT_HAND,
        COSTED,
        MEASURES,
        MEMBERS,
        RATES,
        UNIT_WEEKS,
    ]
    .into_iter()
    .chain(all.iter().map(|t| t.sql))
    .collect();
    let tables: Vec<&Table> = all
        .iter()
        .map(|t| t.table)
        .chain(dimensions::tables())
        .chain([rejects::table(), self_service::table()])
        .collect();
    fingerprint(&texts, &tables)
}

/// Contacts of a span: of each some 150 bytes are held, and as many to tell customers apart.
const LIMITS: Limits = Limits { rows: 500_000, idle_rows: 0 };

/// The contacts of the cut in the making.
struct Contacts {
    files: Vec<FileRef>,
    calendar: Calendar,
}

impl Contacts {
    fn of(files: Vec<FileRef>) -> Self {
        let calendar = Calendar::of(files.iter().filter_map(|f| f.day.as_ref()));
        Self { files, calendar }
    }

    fn days(&self) -> BTreeSet<Day> {
        self.files.iter().filter_map(|f| f.day).collect()
    }

    /// The files whose day passes.
    fn on(&self, passes: impl Fn(Day) -> bool) -> impl Iterator<Item = &FileRef> {
        self.files.iter().filter(move |f| f.day.is_some_and(&passes))
    }

    /// Rows by day, or by what else `key` makes of it.
    fn rows(&self, key: impl Fn(Day) -> Day) -> BTreeMap<Day, u64> {
        let mut rows = BTreeMap::new();
        for (day, file) in self.files.iter().filter_map(|f| f.day.map(|day| (day, f))) {
            *rows.entry(key(day)).or_insert(0) += file.rows;
        }
        rows
    }
}

/// Writes what may have changed since `base`, whose contacts differ on the days `touched`; everything, where the
/// dimensions differ.
pub(super) fn publish(
    job: &Job<'_>,
    base: Option<&Base<'_>>,
    touched: &BTreeSet<Day>,
) -> Result<(), AnalyticsError> {
    let base = base.filter(|base| !dimensions::changed(base));
    let contacts = Contacts::of(job.writer.files(CONTACTS.name));
    job.files("contacts", &CONTACTS, &contacts.files)?;
    know_calendar(job, &contacts.calendar)?;
    let anew = match base {
        Some(base) => {
            let files: Vec<FileRef> = base.cut.files(CONTACTS.name).cloned().collect();
            let before = &Contacts::of(files).calendar;
            Touched::since(job, base, touched, &Weeks { before, now: &contacts.calendar })?
        }
        None => Touched::everything(contacts.days(), &contacts.calendar),
    };
    by_days_and_weeks(job, base, &contacts, &anew)?;
    by_week_before(job, base, &anew)?;
    by_chain(job, base, &contacts, touched)
}

/// What SQL is told besides contacts and dimensions: `calendar` and `weeks`, and what follows from them alone.
fn know_calendar(job: &Job<'_>, calendar: &Calendar) -> Result<(), AnalyticsError> {
    let today = job.today(job.as_of);
    for (name, rows) in [("calendar", calendar.days()), ("weeks", calendar.weeks(today))] {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]);
        table.and_then(|table| job.engine.replace(name, Arc::new(table))).map_err(|e| failure(&e))?;
    }
    job.engine.hold("rates", job.query(RATES, Vec::new())?)?;
    job.engine.hold("unit_weeks", job.query(UNIT_WEEKS, Vec::new())?)
}

/// Holds what is counted of these contacts, and names the measures of it.
fn take_up<'f>(job: &Job<'_>, files: impl IntoIterator<Item = &'f FileRef>) -> Result<(), AnalyticsError> {
    job.files("contacts", &CONTACTS, files)?;
    view(job, "costed", COSTED)?;
    job.engine.hold("at_hand", job.query(AT_HAND, Vec::new())?)?;
    VIEWS.iter().try_for_each(|(name, by)| view(job, name, &MEASURES.replace(BY, by)))
}

fn view(job: &Job<'_>, name: &str, text: &str) -> Result<(), AnalyticsError> {
    job.engine.view(name, text, as_of(job)).map_err(|e| failure(&e))
}

fn as_of(job: &Job<'_>) -> Vec<(&'static str, ScalarValue)> {
    vec![("as_of", instant(job.as_of))]
}

/// Reason, channel, mechanism and owner, by day and by week.
fn by_days_and_weeks(
    job: &Job<'_>,
    base: Option<&Base<'_>>,
    contacts: &Contacts,
    anew: &Touched,
) -> Result<(), AnalyticsError> {
    daily().iter().try_for_each(|t| job.keep(base, t.table, |day| !anew.days.contains(&day)))?;
    weekly().iter().try_for_each(|t| job.keep(base, t.table, |week| !anew.weeks.contains(&week)))?;
    let (by_day, by_week) = (contacts.rows(|day| day), contacts.rows(monday));
    let weeks: Vec<(Day, u64)> = by_week.iter().map(|(week, rows)| (*week, *rows)).collect();
    for span in spans(&weeks, &anew.weeks, LIMITS) {
        // No week is passed over inside a span, so that every one of it is written.
        let within = |day: &Day| span.from <= monday(*day) && monday(*day) <= span.to;
        let weeks = anew.weeks.iter().copied().filter(within).collect();
        take_up(job, contacts.on(|day| within(&day)))?;
        weekly().iter().try_for_each(|trend| write(job, trend, &weeks, &by_week))?;
        let days: BTreeSet<Day> = anew.days.iter().copied().filter(within).collect();
        daily().iter().try_for_each(|trend| write(job, trend, &days, &by_day))?;
    }
    Ok(())
}

fn monday(day: Day) -> Day {
    day.week().monday()
}

/// What changed against the week before: counted from `reason_weekly` of the same cut.
fn by_week_before(job: &Job<'_>, base: Option<&Base<'_>>, anew: &Touched) -> Result<(), AnalyticsError> {
    let trend = movers();
    job.keep(base, trend.table, |week| !anew.movers.contains(&week))?;
    let reads = |week: Day| {
        anew.movers.contains(&week) || week_after(week).is_some_and(|after| anew.movers.contains(&after))
    };
    let files = job.writer.files(REASON_WEEKLY.name);
    let files = files.iter().filter(|f| f.day.is_some_and(reads));
    job.files("reason_weekly", &REASON_WEEKLY, files)?;
    write(job, &trend, &anew.movers, &BTreeMap::new())
}

/// Chains, by the day of their root.
fn by_chain(
    job: &Job<'_>,
    base: Option<&Base<'_>>,
    contacts: &Contacts,
    touched: &BTreeSet<Day>,
) -> Result<(), AnalyticsError> {
    let trend = of_chains();
    let roots = match base {
        Some(base) => Roots::since(job, base, touched, &contacts.files)?,
        None => Roots::everything(contacts.days()),
    };
    job.keep(base, trend.table, |day| !roots.days.contains(&day))?;
    let reach = contacts.on(|day| roots.contacts.contains(&day));
    job.files("every_contact", &CONTACTS, reach)?;
    view(job, "contacts", MEMBERS)?;
    view(job, "costed", COSTED)?;
    write(job, &trend, &roots.days, &BTreeMap::new())
}

/// Writes the rows of these days or weeks, which have so many contacts.
fn write(
    job: &Job<'_>,
    trend: &Trend,
    days: &BTreeSet<Day>,
    contacts: &BTreeMap<Day, u64>,
) -> Result<(), AnalyticsError> {
    if days.is_empty() {
        return Ok(());
    }
    let tables = [trend.table];
    let mut partitions = Partitions::new(&job.writer, &tables, days);
    let mut counted = BTreeMap::new();
    for batch in job.query(trend.sql, as_of(job))? {
        let batch = batch?;
        count(&batch, &mut counted);
        partitions.write(&batch)?;
    }
    partitions.finish()?;
    if trend.divides_all { check_margin(trend.table, days, &counted, contacts) } else { Ok(()) }
}

/// Adds up the contacts that rows count, by day.
fn count(rows: &RecordBatch, counted: &mut BTreeMap<Day, u64>) {
    let contacts = column(rows, "contacts").as_primitive::<Int64Type>();
    for (day, contacts) in days_of(rows).zip(contacts.values()) {
        *counted.entry(day).or_insert(0) += contacts.unsigned_abs();
    }
}

fn check_margin(
    table: &Table,
    days: &BTreeSet<Day>,
    counted: &BTreeMap<Day, u64>,
    contacts: &BTreeMap<Day, u64>,
) -> Result<(), AnalyticsError> {
    let of = |map: &BTreeMap<Day, u64>, day| map.get(day).copied().unwrap_or(0);
    match days.iter().find(|day| of(counted, day) != of(contacts, day)) {
        None => Ok(()),
        Some(day) => Err(AnalyticsError::Margin {
            table: table.name,
            day: *day,
            counted: of(counted, day),
            expected: of(contacts, day),
        }),
    }
}
