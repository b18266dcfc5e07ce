//! SQL over the tables of one cut. A session knows the files of its cut from the cut's manifest, so that no
//! answer ever mixes two cuts, and it only reads.

use crate::engine::{Engine, Resources};
use crate::error::AnalyticsError;
use crate::files::FileTable;
use crate::named::named_query;
use crate::publish::TRENDS_MADE_BY;
use crate::rows::Rows;
use arrow::array::RecordBatch;
use datafusion::catalog::{MemorySchemaProvider, SchemaProvider as _};
use datafusion::common::{DataFusionError, ScalarValue, TableReference};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SQLOptions;
use datafusion::prelude::SessionConfig;
use domain::{Instant, Zone};
use lake::{Cut, Store};
use std::sync::Arc;
use tables::{CONTACTS, PROVENANCE, Table, published};

/// The catalog in which a context finds names.
const CATALOG: &str = "datafusion";

/// SQL over one cut.
pub struct Session {
    engine: Engine,
    /// What time it was for the cut.
    as_of: Instant,
}

impl Session {
    /// Opens a cut. `zone` is what `now()` and `current_date` are in; instants of the tables are UTC.
    pub fn open(
        store: &dyn Store,
        cut: &Cut,
        resources: &Resources,
        zone: &Zone,
    ) -> Result<Self, AnalyticsError> {
        let engine = Engine::new(store, resources, config(zone))?;
        for table in tables_of(cut) {
            let files = FileTable::of_cut(table, cut.files(table.name));
            engine
                .context
                .register_table(table.name, Arc::new(files))
                .map_err(|e| AnalyticsError::failed("open the cut", &e))?;
        }
        Ok(Self { engine, as_of: cut.manifest.parts.as_of })
    }

    /// Makes the tables of another cut known as well, as `NAME.table` and as `"table@NAME"`.
    ///
    /// # Errors
    /// The name is one of DataFusion's own.
    pub fn add(&self, name: &str, cut: &Cut) -> Result<(), AnalyticsError> {
        let failed = |e: DataFusionError| AnalyticsError::failed("open the cut of another epoch", &e);
        let schema = Arc::new(MemorySchemaProvider::new());
        for table in tables_of(cut) {
            let files = || Arc::new(FileTable::of_cut(table, cut.files(table.name)));
            schema.register_table(table.name.to_owned(), files()).map_err(failed)?;
            let beside = TableReference::bare(format!("{}@{name}", table.name));
            self.engine.context.register_table(beside, files()).map_err(failed)?;
        }
        let catalog = self.engine.context.catalog(CATALOG).expect("the catalog that the context begins with");
        catalog.register_schema(name, schema).map(|_| ()).map_err(failed)
    }

    /// Answers one query: `SELECT`, `EXPLAIN`, `SHOW TABLES`, `SHOW COLUMNS` or `DESCRIBE`.
    pub fn sql(&self, text: &str) -> Result<Rows, AnalyticsError> {
        self.ask(text, Vec::new())
    }

    /// Answers one query with the parameters that it names.
    pub(crate) fn ask(
        &self,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<Rows, AnalyticsError> {
        let allowed =
            SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
        self.engine.query(text, parameters, allowed, AnalyticsError::of_query)
    }

    /// Makes rows in memory known as a table of that name, in place of an earlier one.
    pub(crate) fn hold(&self, name: &str, rows: RecordBatch) -> Result<(), AnalyticsError> {
        let table = MemTable::try_new(rows.schema(), vec![vec![rows]]);
        table
            .and_then(|table| self.engine.replace(name, Arc::new(table)))
            .map_err(|e| AnalyticsError::failed("hold rows", &e))
    }

    /// Answers a named query. `$as_of` in its text is what time it was for the cut.
    pub fn named(&self, name: &str) -> Result<Rows, AnalyticsError> {
        let text = named_query(name)?.sql;
        let as_of = ScalarValue::TimestampMicrosecond(Some(self.as_of.micros()), Some(tables::UTC.into()));
        let parameters = if text.contains("$as_of") { vec![("as_of", as_of)] } else { Vec::new() };
        self.ask(text, parameters)
    }
}

/// The tables that the cut has, be they empty. One that was published before there were trend tables has none of
/// them: no answer at all is better than one of no rows.
fn tables_of(cut: &Cut) -> impl Iterator<Item = &'static Table> {
    let old = [CONTACTS.name, PROVENANCE.name];
    let has_all = cut.manifest.extra.contains_key(TRENDS_MADE_BY);
    published().into_iter().filter(move |t| has_all || old.contains(&t.name))
}

fn config(zone: &Zone) -> SessionConfig {
    SessionConfig::new()
        .with_information_schema(true)
        .set_str("datafusion.execution.time_zone", zone.name())
        // Places in error messages.
        .set_bool("datafusion.sql_parser.collect_spans", true)
}
