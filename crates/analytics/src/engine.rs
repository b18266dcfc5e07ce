//! DataFusion as it is set up here: one pinned configuration, whose results do not depend on the number of
//! threads, and a runtime of its own. Callers see blocking functions; in an async program they belong on a
//! thread that may block.

use crate::error::{AnalyticsError, Failure};
use crate::rows::Rows;
use datafusion::catalog::TableProvider;
use datafusion::common::{DataFusionError, ScalarValue};
use datafusion::datasource::MemTable;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::prelude::SessionConfig;
use lake::Store;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// Stack of a worker in bytes: planning recurses, and an unoptimised build needs several times what a thread
/// has by default.
const STACK_BYTES: usize = 16 << 20;
/// Under this name DataFusion finds the files of the store.
const STORE: &str = "quell://store/";

/// What a job or a session may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resources {
    /// Threads, at least 1. Results do not depend on them (P4).
    pub threads: usize,
    /// Memory for sorting, grouping and joining, in bytes. Beyond it sorts and groups go to a temporary file,
    /// and what cannot fails. Reading and writing files comes on top: some 100 MiB.
    pub memory_bytes: usize,
}

impl Resources {
    /// This many threads, and memory that suffices for ten million contacts.
    pub fn with_threads(threads: usize) -> Self {
        Self { threads: threads.max(1), memory_bytes: 768 << 20 }
    }
}

/// A context and the runtime that its plans run on.
pub(crate) struct Engine {
    pub context: SessionContext,
    runtime: Runtime,
}

impl Engine {
    /// Over the files of a store.
    pub fn new(
        store: &dyn Store,
        resources: &Resources,
        config: SessionConfig,
    ) -> Result<Self, AnalyticsError> {
        let failed = |e: DataFusionError| AnalyticsError::failed("set up DataFusion", &e);
        let pool = FairSpillPool::new(resources.memory_bytes);
        let environment =
            RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).build_arc().map_err(failed)?;
        let files = LocalFileSystem::new_with_prefix(root(store)?).map_err(|e| failed(e.into()))?;
        environment.register_object_store(store_url().as_ref(), Arc::new(files));
        let config = config.with_target_partitions(resources.threads);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(resources.threads)
            .thread_stack_size(STACK_BYTES)
            .thread_name("quell-query")
            .enable_all()
            .build()
            .map_err(|e| failed(DataFusionError::IoError(e)))?;
        Ok(Self { context: SessionContext::new_with_config_rt(config, environment), runtime })
    }

    /// Plans and begins a query. `failure` says whose fault an error is.
    pub fn query(
        &self,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
        allowed: SQLOptions,
        failure: Failure,
    ) -> Result<Rows, AnalyticsError> {
        let (context, text) = (self.context.clone(), text.to_owned());
        let begun = self.wait(async move {
            let mut plan = context.sql_with_options(&text, allowed).await?;
            if !parameters.is_empty() {
                plan = plan.with_param_values(parameters)?;
            }
            plan.execute_stream().await
        });
        begun.map(|stream| Rows::start(self.runtime.handle(), stream, failure)).map_err(|e| failure(&e))
    }

    /// Makes a table known under a name, in place of an earlier one.
    pub fn replace(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<(), DataFusionError> {
        self.context.deregister_table(name)?;
        self.context.register_table(name, table).map(|_| ())
    }

    /// Makes a query known as a table of that name, in place of an earlier one. It is answered anew whenever it
    /// is asked; the tables that it names are those of this moment.
    pub fn view(
        &self,
        name: &str,
        text: &str,
        parameters: Vec<(&'static str, ScalarValue)>,
    ) -> Result<(), DataFusionError> {
        let (context, text) = (self.context.clone(), text.to_owned());
        let query = self.wait(async move {
            let query = context.sql(&text).await?;
            if parameters.is_empty() { Ok(query) } else { query.with_param_values(parameters) }
        })?;
        self.replace(name, query.into_view())
    }

    /// Keeps an answer in memory as the table of that name, in place of an earlier one.
    pub fn hold(&self, name: &str, rows: Rows) -> Result<(), AnalyticsError> {
        let schema = Arc::clone(rows.schema());
        let batches = rows.collect_all()?;
        let held = MemTable::try_new(schema, vec![batches]);
        held.and_then(|table| self.replace(name, Arc::new(table)))
            .map_err(|e| AnalyticsError::failed("hold an answer", &e))
    }

    /// Runs on a worker and waits. A panic there goes on here.
    fn wait<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        match self.runtime.block_on(self.runtime.spawn(work)) {
            Ok(done) => done,
            Err(e) => std::panic::resume_unwind(e.into_panic()),
        }
    }
}

/// Under which files of the store are known.
pub(crate) fn store_url() -> ObjectStoreUrl {
    ObjectStoreUrl::parse(STORE).expect("a constant that is a URL")
}

/// The folder of the store, found through a name that every store has.
fn root(store: &dyn Store) -> Result<PathBuf, AnalyticsError> {
    let tables = store.local_path("tables").ok_or(AnalyticsError::NoFiles)?;
    Ok(tables.parent().ok_or(AnalyticsError::NoFiles)?.to_owned())
}
