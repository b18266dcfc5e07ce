//! The answers of the report's queries to the model. A missing answer, column or value is an error that names
//! its place: the SQL and the report have drifted apart, and a report with a hole is worse than none.

use super::model::*;
use arrow::array::{Array, AsArray, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch};
use domain::{Channel, Day, Disposition, IsoWeek, Mechanism, RejectKind};
use std::collections::BTreeMap;

/// What each query of [`tables::weekly::QUERIES`] answered, by its name.
pub type Answers = BTreeMap<&'static str, Vec<RecordBatch>>;

/// Why answers are not a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// A query was not asked.
    #[error("report: no answer of the query {query}")]
    NoAnswer {
        /// Its name.
        query: &'static str,
    },
    /// A query that describes the week as a whole did not answer with one row.
    #[error("report: {query} has {found} rows, expected one")]
    NotOneRow {
        /// The query.
        query: &'static str,
        /// Rows it answered with.
        found: usize,
    },
    /// An answer lacks a column.
    #[error("report: {query} has no column {column}")]
    NoColumn {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A column holds something else.
    #[error("report: {query}.{column} is {found}, expected {expected}")]
    WrongType {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// The type in words of the data dictionary.
        expected: &'static str,
        /// The Arrow type that was found.
        found: String,
    },
    /// A value that must be there is null.
    #[error("report: {query}.{column} is null in row {row}, expected a value")]
    Null {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// The row, from 1.
        row: usize,
    },
    /// A value means nothing.
    #[error("report: {query}.{column} in row {row} is not {expected}")]
    BadValue {
        /// The query.
        query: &'static str,
        /// The column.
        column: &'static str,
        /// The row, from 1.
        row: usize,
        /// What was expected.
        expected: &'static str,
    },
}

impl Weekly {
    /// The report of one week from what the queries answered and what the shell knows.
    ///
    /// # Errors
    /// [`ReadError`] names the query, the column and the row that are not as [`tables::weekly`] defines them.
    pub fn read(answers: &Answers, provenance: Provenance) -> Result<Self, ReadError> {
        Ok(Self {
            headline: one(answers, "headline", headline)?,
            trend: all(answers, "trend", trend_week)?,
            movers: all(answers, "movers", mover)?,
            pareto: all(answers, "pareto", pareto_reason)?,
            snowball_reasons: all(answers, "snowball_reasons", snowball_reason)?,
            snowball_chains: all(answers, "snowball_chains", snowball_chain)?,
            owners: all(answers, "owners", owner)?,
            mechanisms: all(answers, "mechanisms", mechanism)?,
            known_first: one(answers, "known_first", known_first)?,
            known_first_reasons: all(answers, "known_first_reasons", known_first_reason)?,
            self_service: one(answers, "self_service", self_service)?,
            self_service_steps: all(answers, "self_service_steps", self_service_step)?,
            channels: all(answers, "channels", channel)?,
            quality: one(answers, "quality", quality)?,
            refused: all(answers, "refused", refused)?,
            provenance,
        })
    }
}

/// Makes one value of a row.
pub(crate) type Make<T> = fn(&Row<'_>) -> Result<T, ReadError>;

/// A value of each row of an answer.
pub(crate) fn all<T>(answers: &Answers, query: &'static str, make: Make<T>) -> Result<Vec<T>, ReadError> {
    let batches = answers.get(query).ok_or(ReadError::NoAnswer { query })?;
    let places = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |index| (batch, index)));
    places
        .enumerate()
        .map(|(at, (batch, index))| make(&Row { query, batch, index, number: at + 1 }))
        .collect()
}

/// The value of the only row.
pub(crate) fn one<T>(answers: &Answers, query: &'static str, make: Make<T>) -> Result<T, ReadError> {
    let mut rows = all(answers, query, make)?;
    match (rows.pop(), rows.len()) {
        (Some(row), 0) => Ok(row),
        (row, others) => Err(ReadError::NotOneRow { query, found: others + usize::from(row.is_some()) }),
    }
}

fn headline(row: &Row<'_>) -> Result<Headline, ReadError> {
    Ok(Headline {
        iso_week: row.week("iso_week")?,
        monday: row.day("monday")?,
        complete: row.flag("complete")?,
        contacts: row.compared("contacts", "contacts_before", "contacts_mean4_sum")?,
        dumb: row.compared("dumb", "dumb_before", "dumb_mean4_sum")?,
        repeats: row.compared("repeats", "repeats_before", "repeats_mean4_sum")?,
        customers: row.count("customers")?,
        provisional: row.count("provisional")?,
        unclassified: row.count("unclassified")?,
        handled: row.count("handled")?,
        handle_ms: row.maybe_count("handle_ms")?,
        costed: row.compared("costed", "costed_before", "costed_mean4_sum")?,
        cost_micros: row.compared_maybe("cost_micros", "cost_micros_before", "cost_micros_mean4_sum")?,
        dumb_cost_micros: row.maybe_count("dumb_cost_micros")?,
        currency: row.maybe_text("currency")?,
        unit: row.maybe_text("unit")?,
        units: row.compared_maybe("units", "units_before", "units_mean4_sum")?,
        unit_days: row.count("unit_days")?,
        mean4_weeks: row.count("mean4_weeks")?,
        mean4_unit_weeks: row.count("mean4_unit_weeks")?,
        mean4_cost_weeks: row.count("mean4_cost_weeks")?,
    })
}

fn trend_week(row: &Row<'_>) -> Result<TrendWeek, ReadError> {
    Ok(TrendWeek {
        iso_week: row.week("iso_week")?,
        monday: row.day("monday")?,
        complete: row.flag("complete")?,
        contacts: row.count("contacts")?,
        dumb: row.count("dumb")?,
        units: row.maybe_count("units")?,
        cost_micros: row.maybe_count("cost_micros")?,
    })
}

fn mover(row: &Row<'_>) -> Result<Mover, ReadError> {
    let owner = Named {
        id: String::new(),
        es: row.maybe_text("owner_label_es")?,
        en: row.maybe_text("owner_label_en")?,
    };
    Ok(Mover {
        reason: row.named("reason", "label_es", "label_en")?,
        owner,
        unit: row.maybe_text("unit")?,
        contacts: row.count("contacts")?,
        contacts_before: row.count("contacts_before")?,
        change: row.whole("change")?,
        growth_effect: row.maybe_whole("growth_effect")?,
        rate_effect: row.maybe_whole("rate_effect")?,
    })
}

fn pareto_reason(row: &Row<'_>) -> Result<ParetoReason, ReadError> {
    Ok(ParetoReason {
        reason: row.named("reason", "label_es", "label_en")?,
        owner: row.named("owner", "owner_label_es", "owner_label_en")?,
        disposition: row.maybe_word("disposition", Disposition::from_word, "a disposition")?,
        contacts: row.count("contacts")?,
        cumulative: row.count("cumulative")?,
        total: row.count("total")?,
        vital: row.flag("vital")?,
        dumb: row.count("dumb")?,
        repeats: row.count("repeats")?,
        unit: row.maybe_text("unit")?,
        cpx: row.maybe_ratio("cpx")?,
        cost_micros: row.maybe_count("cost_micros")?,
        contacts_before: row.count("contacts_before")?,
    })
}

fn snowball_reason(row: &Row<'_>) -> Result<SnowballReason, ReadError> {
    Ok(SnowballReason {
        reason: row.named("reason", "label_es", "label_en")?,
        repeats: row.count("repeats")?,
        chains: row.count("chains")?,
        cost_micros: row.maybe_count("cost_micros")?,
    })
}

fn snowball_chain(row: &Row<'_>) -> Result<SnowballChain, ReadError> {
    Ok(SnowballChain {
        chain_root: row.text("chain_root")?,
        reason: row.named("reason", "label_es", "label_en")?,
        contacts: row.count("contacts")?,
        channels: row.count("channels")?,
        started_on: row.day("started_on")?,
        last_on: row.day("last_on")?,
        melted: row.flag("melted")?,
        cost_micros: row.maybe_count("cost_micros")?,
    })
}

fn owner(row: &Row<'_>) -> Result<OwnerStatement, ReadError> {
    Ok(OwnerStatement {
        owner: row.named("owner", "label_es", "label_en")?,
        reasons: row.count("reasons")?,
        contacts: row.count("contacts")?,
        contacts_before: row.count("contacts_before")?,
        dumb: row.count("dumb")?,
        repeats: row.count("repeats")?,
        costed: row.count("costed")?,
        cost_micros: row.maybe_count("cost_micros")?,
        cost_micros_before: row.maybe_count("cost_micros_before")?,
    })
}

fn mechanism(row: &Row<'_>) -> Result<MechanismCount, ReadError> {
    Ok(MechanismCount {
        mechanism: row.word("mechanism", Mechanism::from_word, "a mechanism")?,
        contacts: row.count("contacts")?,
        contacts_before: row.count("contacts_before")?,
        cost_micros: row.maybe_count("cost_micros")?,
    })
}

fn known_first(row: &Row<'_>) -> Result<KnownFirst, ReadError> {
    Ok(KnownFirst {
        contacts: row.count("contacts")?,
        known: row.count("known")?,
        noticed: row.count("noticed")?,
        lead_p50_s: row.maybe_count("lead_p50_s")?,
        lead_max_s: row.maybe_count("lead_max_s")?,
    })
}

fn known_first_reason(row: &Row<'_>) -> Result<KnownFirstReason, ReadError> {
    Ok(KnownFirstReason {
        reason: row.named("reason", "label_es", "label_en")?,
        contacts: row.count("contacts")?,
        known: row.count("known")?,
    })
}

fn self_service(row: &Row<'_>) -> Result<SelfService, ReadError> {
    Ok(SelfService {
        sessions: row.count("sessions")?,
        known: row.count("known")?,
        contacted: row.count("contacted")?,
        leaked: row.count("leaked")?,
    })
}

fn self_service_step(row: &Row<'_>) -> Result<SelfServiceStep, ReadError> {
    Ok(SelfServiceStep { path: row.text("path")?, step: row.maybe_text("step")?, ended: self_service(row)? })
}

fn channel(row: &Row<'_>) -> Result<ChannelCount, ReadError> {
    Ok(ChannelCount {
        channel: row.word("channel", Channel::from_word, "a channel")?,
        contacts: row.count("contacts")?,
        contacts_before: row.count("contacts_before")?,
        dumb: row.count("dumb")?,
        cost_micros: row.maybe_count("cost_micros")?,
    })
}

fn quality(row: &Row<'_>) -> Result<Quality, ReadError> {
    Ok(Quality {
        contacts: row.count("contacts")?,
        unclassified: row.count("unclassified")?,
        anonymous: row.count("anonymous")?,
        not_costed: row.count("not_costed")?,
        late: row.count("late")?,
        unowned: row.count("unowned")?,
    })
}

fn refused(row: &Row<'_>) -> Result<RefusedCount, ReadError> {
    Ok(RefusedCount {
        kind: row.word("kind", RejectKind::from_word, "a kind of refusal")?,
        inputs: row.count("inputs")?,
    })
}

/// One row of an answer.
pub(crate) struct Row<'a> {
    query: &'static str,
    batch: &'a RecordBatch,
    /// Place inside its batch.
    index: usize,
    /// Place in the whole answer, from 1.
    number: usize,
}

impl Row<'_> {
    fn column(&self, column: &'static str) -> Result<&dyn Array, ReadError> {
        let found = self.batch.column_by_name(column);
        found.map(AsRef::as_ref).ok_or(ReadError::NoColumn { query: self.query, column })
    }

    /// The value of a column of one Arrow type, `None` where it is null.
    fn value<A: Array + 'static, T>(
        &self,
        column: &'static str,
        expected: &'static str,
        get: fn(&A, usize) -> T,
    ) -> Result<Option<T>, ReadError> {
        let array = self.column(column)?;
        let typed = array.as_any().downcast_ref::<A>();
        let typed = typed.ok_or_else(|| self.wrong_type(column, expected, array))?;
        Ok(typed.is_valid(self.index).then(|| get(typed, self.index)))
    }

    fn wrong_type(&self, column: &'static str, expected: &'static str, array: &dyn Array) -> ReadError {
        ReadError::WrongType { query: self.query, column, expected, found: array.data_type().to_string() }
    }

    fn there<T>(&self, column: &'static str, value: Option<T>) -> Result<T, ReadError> {
        value.ok_or(ReadError::Null { query: self.query, column, row: self.number })
    }

    fn bad(&self, column: &'static str, expected: &'static str) -> ReadError {
        ReadError::BadValue { query: self.query, column, row: self.number, expected }
    }

    fn maybe_whole(&self, column: &'static str) -> Result<Option<i64>, ReadError> {
        self.value::<Int64Array, _>(column, "int64", Int64Array::value)
    }

    fn whole(&self, column: &'static str) -> Result<i64, ReadError> {
        let value = self.maybe_whole(column)?;
        self.there(column, value)
    }

    pub(crate) fn maybe_count(&self, column: &'static str) -> Result<Option<u64>, ReadError> {
        let value = self.maybe_whole(column)?;
        let count = |v| u64::try_from(v).map_err(|_| self.bad(column, "a count of at least 0"));
        value.map(count).transpose()
    }

    pub(crate) fn count(&self, column: &'static str) -> Result<u64, ReadError> {
        let value = self.maybe_count(column)?;
        self.there(column, value)
    }

    fn maybe_ratio(&self, column: &'static str) -> Result<Option<f64>, ReadError> {
        let value = self.value::<Float64Array, _>(column, "float64", Float64Array::value)?;
        let finite = |v: f64| if v.is_finite() { Ok(v) } else { Err(self.bad(column, "a finite number")) };
        value.map(finite).transpose()
    }

    pub(crate) fn flag(&self, column: &'static str) -> Result<bool, ReadError> {
        let value = self.value::<BooleanArray, _>(column, "boolean", BooleanArray::value)?;
        self.there(column, value)
    }

    fn day(&self, column: &'static str) -> Result<Day, ReadError> {
        let value = self.value::<Date32Array, _>(column, "date", Date32Array::value)?;
        let days = self.there(column, value)?;
        Day::from_epoch_days(days).ok_or_else(|| self.bad(column, "a day of the calendar"))
    }

    /// A query may answer with any of Arrow's layouts of text.
    pub(crate) fn maybe_text(&self, column: &'static str) -> Result<Option<String>, ReadError> {
        let array = self.column(column)?;
        let text = if let Some(texts) = array.as_string_opt::<i32>() {
            texts.is_valid(self.index).then(|| texts.value(self.index))
        } else if let Some(texts) = array.as_string_opt::<i64>() {
            texts.is_valid(self.index).then(|| texts.value(self.index))
        } else if let Some(texts) = array.as_string_view_opt() {
            texts.is_valid(self.index).then(|| texts.value(self.index))
        } else {
            return Err(self.wrong_type(column, "text", array));
        };
        Ok(text.map(str::to_owned))
    }

    pub(crate) fn text(&self, column: &'static str) -> Result<String, ReadError> {
        let value = self.maybe_text(column)?;
        self.there(column, value)
    }

    fn maybe_word<T>(
        &self,
        column: &'static str,
        from_word: fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<Option<T>, ReadError> {
        let word = self.maybe_text(column)?;
        word.map(|w| from_word(&w).ok_or_else(|| self.bad(column, expected))).transpose()
    }

    pub(crate) fn word<T>(
        &self,
        column: &'static str,
        from_word: fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Result<T, ReadError> {
        let value = self.maybe_word(column, from_word, expected)?;
        self.there(column, value)
    }

    fn week(&self, column: &'static str) -> Result<IsoWeek, ReadError> {
        self.word(column, IsoWeek::parse, "an ISO week such as 2026-W20")
    }

    pub(crate) fn named(
        &self,
        id: &'static str,
        es: &'static str,
        en: &'static str,
    ) -> Result<Named, ReadError> {
        Ok(Named { id: self.text(id)?, es: self.maybe_text(es)?, en: self.maybe_text(en)? })
    }

    fn compared(
        &self,
        week: &'static str,
        before: &'static str,
        mean4_sum: &'static str,
    ) -> Result<Compared<u64>, ReadError> {
        let week = self.count(week)?;
        Ok(Compared { week, before: self.maybe_count(before)?, mean4_sum: self.maybe_count(mean4_sum)? })
    }

    fn compared_maybe(
        &self,
        week: &'static str,
        before: &'static str,
        mean4_sum: &'static str,
    ) -> Result<Compared<Option<u64>>, ReadError> {
        let week = self.maybe_count(week)?;
        Ok(Compared { week, before: self.maybe_count(before)?, mean4_sum: self.maybe_count(mean4_sum)? })
    }
}
