//! Reads what the truths are judged by from the published tables, with SQL that anybody can run: the files in
//! `sql/`.

use super::company::{Calendar, record};
use super::truths::{Evidence, Series};
use analytics::Session;
use anyhow::{Context as _, Result, ensure};
use arrow::array::{AsArray as _, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use domain::{Day, Instant, Span};
use std::collections::BTreeMap;
use std::fmt::Display;
use std::str::FromStr;

/// After so many days beyond the end of its week a record is late.
const LATE_DAYS: i64 = 7;

/// Reads the evidence from the tables of a cut; `duplicate` is what the fold counted.
pub fn gather(session: &Session, calendar: &Calendar, duplicate: u64) -> Result<Evidence> {
    Ok(Evidence {
        series: series(session, calendar)?,
        hours: hours(session, calendar)?,
        chains: rows(session, include_str!("sql/chains.sql"), |[root, contacts]| {
            Ok((root, number(&contacts)?))
        })?,
        unowned: rows(session, include_str!("sql/unowned.sql"), |[reason]| Ok(reason))?,
        late: late(session, calendar)?,
        corrected: rows(session, include_str!("sql/corrected.sql"), Ok)?,
        merged: merged(session)?,
        uncounted: uncounted(session)?,
        refused: refused(session)?,
        known_first: rows(session, include_str!("sql/known_first.sql"), |[record]| Ok(record))?,
        leaks: rows(session, include_str!("sql/leaks.sql"), |[record]| Ok(record))?,
        duplicate,
    })
}

fn series(session: &Session, calendar: &Calendar) -> Result<Series> {
    let days = calendar.days() as usize;
    let first = calendar.day(0).epoch_days();
    let place = |day: &str| -> Result<usize> {
        let day = Day::parse(day).with_context(|| format!("{day} is no day"))?;
        let place = usize::try_from(day.epoch_days() - first).unwrap_or(usize::MAX);
        ensure!(place < days, "{day} lies outside the weeks of the demo");
        Ok(place)
    };
    let mut series = Series { orders: vec![0; calendar.weeks() as usize], ..Series::default() };
    for (day, reason, contacts) in
        rows(session, include_str!("sql/reasons.sql"), |[day, reason, contacts]| {
            Ok((place(&day)?, reason, number(&contacts)?))
        })?
    {
        series.reasons.entry(reason).or_insert_with(|| vec![0; days])[day] = contacts;
    }
    for (day, orders) in rows(session, include_str!("sql/orders.sql"), |[day, orders]| {
        Ok((place(&day)?, number::<u64>(&orders)?))
    })? {
        series.orders[day / 7] += orders;
    }
    Ok(series)
}

fn hours(session: &Session, calendar: &Calendar) -> Result<[u64; 24]> {
    let mut hours = [0; 24];
    for (micros, contacts) in rows(session, include_str!("sql/hours.sql"), |[micros, n]| {
        Ok((instant(&micros)?, number::<u64>(&n)?))
    })? {
        let (_, hour) = calendar.hour(micros).context("a contact lies outside the weeks of the demo")?;
        hours[hour] += contacts;
    }
    Ok(hours)
}

fn late(session: &Session, calendar: &Calendar) -> Result<Vec<String>> {
    let found = rows(session, include_str!("sql/late.sql"), |[record, happened, recorded]| {
        let (day, _) = calendar.hour(instant(&happened)?).context("a contact outside the weeks")?;
        let ends = calendar.end_of_week(day / 7).plus(Span::from_days(LATE_DAYS));
        Ok((instant(&recorded)? > ends).then_some(record))
    })?;
    Ok(found.into_iter().flatten().collect())
}

fn merged(session: &Session) -> Result<Vec<[String; 2]>> {
    let mut chains: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (chain, record) in
        rows(session, include_str!("sql/merged.sql"), |[chain, record]| Ok((chain, record)))?
    {
        chains.entry(chain).or_default().push(record);
    }
    Ok(chains.into_values().filter_map(|records| records.try_into().ok()).collect())
}

fn uncounted(session: &Session) -> Result<Vec<String>> {
    let gaps = rows(session, include_str!("sql/uncounted.sql"), |[before, after]| {
        Ok(number::<u32>(&before)? + 1..number::<u32>(&after)?)
    })?;
    Ok(gaps.into_iter().flatten().map(record).collect())
}

fn refused(session: &Session) -> Result<BTreeMap<String, u64>> {
    let kinds = rows(session, include_str!("sql/refused.sql"), |[kind, lines]| Ok((kind, number(&lines)?)))?;
    Ok(kinds.into_iter().collect())
}

/// The rows of an answer, every column as text.
fn rows<T, const N: usize>(
    session: &Session,
    sql: &str,
    read: impl Fn([String; N]) -> Result<T>,
) -> Result<Vec<T>> {
    let mut out = Vec::new();
    for batch in session.sql(sql)? {
        let columns = texts::<N>(&batch?)?;
        let count = columns.first().map_or(0, Vec::len);
        for row in 0..count {
            out.push(read(columns.each_ref().map(|column| column[row].clone()))?);
        }
    }
    Ok(out)
}

fn texts<const N: usize>(batch: &RecordBatch) -> Result<[Vec<String>; N]> {
    let column = |place: usize| -> Result<Vec<String>> {
        let column = cast(batch.column(place), &DataType::Utf8)?;
        Ok(column.as_string::<i32>().iter().map(|text| text.unwrap_or_default().to_owned()).collect())
    };
    ensure!(batch.num_columns() == N, "expected {N} columns, found {}", batch.num_columns());
    let columns: Vec<Vec<String>> = (0..N).map(column).collect::<Result<_>>()?;
    Ok(columns.try_into().expect("as many columns as were counted"))
}

fn number<T: FromStr<Err: Display>>(text: &str) -> Result<T> {
    text.parse().map_err(|error| anyhow::anyhow!("{text} is no count: {error}"))
}

fn instant(micros: &str) -> Result<Instant> {
    Instant::from_micros(number(micros)?).with_context(|| format!("{micros} is no instant"))
}
