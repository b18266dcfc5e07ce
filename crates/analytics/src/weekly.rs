//! The questions of the weekly report. Their SQL lies in `sql/report`, their columns are defined in
//! [`tables::weekly`]; what no table knows (which week, whether it has ended) they get as parameters.

use crate::error::AnalyticsError;
use crate::session::Session;
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Date32Type;
use datafusion::common::ScalarValue;
use domain::{Day, Instant, IsoWeek, Span, Zone};
use std::collections::BTreeMap;

/// A contact that was recorded longer than this after the end of its week came late.
const LATE_AFTER: Span = Span::from_days(7);

macro_rules! questions {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../sql/report/", $name, ".sql"))),)+]
    };
}

/// The name and the text of every question, by name.
const QUESTIONS: &[(&str, &str)] = questions![
    "channels",
    "headline",
    "known_first",
    "known_first_reasons",
    "mechanisms",
    "movers",
    "owners",
    "pareto",
    "quality",
    "refused",
    "self_service",
    "self_service_steps",
    "snowball_chains",
    "snowball_reasons",
    "trend",
];

/// A week as a cut sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekAt {
    /// The week.
    pub week: IsoWeek,
    /// Its first instant, in the tenant's zone.
    pub begins: Instant,
    /// The first instant after it.
    pub ends: Instant,
    /// It had ended at the cut's `as_of`.
    pub complete: bool,
}

impl WeekAt {
    /// The week seen from `as_of`; `None` at the far ends of time.
    pub fn new(week: IsoWeek, as_of: Instant, zone: &Zone) -> Option<Self> {
        let monday = week.monday();
        let begins = monday.begins(zone)?;
        let ends = monday.plus_days(7)?.begins(zone)?;
        Some(Self { week, begins, ends, complete: ends <= as_of })
    }

    /// The parameters that this text names.
    fn parameters(&self, text: &str) -> Vec<(&'static str, ScalarValue)> {
        let late_from = self.ends.plus(LATE_AFTER).micros();
        let all = [
            ("week", ScalarValue::Utf8(Some(self.week.to_string()))),
            ("monday", ScalarValue::Date32(Some(self.week.monday().epoch_days()))),
            ("complete", ScalarValue::Boolean(Some(self.complete))),
            ("late_from", ScalarValue::TimestampMicrosecond(Some(late_from), Some(tables::UTC.into()))),
        ];
        all.into_iter().filter(|(name, _)| text.contains(&format!("${name}"))).collect()
    }
}

/// What each question was answered, by its name.
pub type WeeklyAnswers = BTreeMap<&'static str, Vec<RecordBatch>>;

impl Session {
    /// Everything that the report of one week is made of.
    ///
    /// # Errors
    /// The tables lack what a question needs, or cannot be read.
    pub fn weekly(&self, week: &WeekAt) -> Result<WeeklyAnswers, AnalyticsError> {
        let ask = |(name, text): &(&'static str, &str)| {
            Ok((*name, self.ask(text, week.parameters(text))?.collect_all()?))
        };
        QUESTIONS.iter().map(ask).collect()
    }

    /// The weeks in which there were contacts, oldest first.
    pub fn weeks(&self) -> Result<Vec<IsoWeek>, AnalyticsError> {
        let mut weeks = Vec::new();
        for batch in self.sql("SELECT DISTINCT dt FROM reason_weekly ORDER BY dt")? {
            let batch = batch?;
            let mondays = batch.column(0).as_primitive::<Date32Type>().values();
            weeks.extend(mondays.iter().filter_map(|day| Day::from_epoch_days(*day)).map(Day::week));
        }
        Ok(weeks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_ends_in_the_tenants_zone() {
        let zone = Zone::named("Europe/Madrid").expect("zone");
        let week = IsoWeek::parse("2026-W13").expect("the week in which the clocks change");
        for (as_of, complete) in
            [("2026-03-29T21:59:59Z", false), ("2026-03-29T22:00:00Z", true), ("2026-03-29T22:00:01Z", true)]
        {
            let at = WeekAt::new(week, Instant::parse_rfc3339(as_of).expect("time"), &zone).expect("a week");
            assert_eq!(at.complete, complete, "{as_of}");
            assert_eq!(at.ends.since(at.begins), Span::from_hours(7 * 24 - 1));
        }
    }

    #[test]
    fn every_question_is_defined() {
        let defined: Vec<&str> = tables::weekly::QUERIES.iter().map(|q| q.name).collect();
        let asked: Vec<&str> = QUESTIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(asked, defined);
    }
}
