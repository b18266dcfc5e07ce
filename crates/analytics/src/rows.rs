//! The answer of a query as it arrives: batches through a short channel, so that an answer of any size takes
//! the memory of a few batches.

use crate::error::{AnalyticsError, Failure};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::DataFusionError;
use datafusion::physical_plan::SendableRecordBatchStream;
use futures::StreamExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

/// Batches that wait for the reader: one being read, one ready, one being made.
const WAITING: usize = 2;

/// The rows of an answer. Dropping it ends the query.
pub struct Rows {
    schema: SchemaRef,
    batches: Receiver<Result<RecordBatch, DataFusionError>>,
    runtime: Handle,
    task: Option<JoinHandle<()>>,
    failure: Failure,
}

impl Rows {
    pub(crate) fn start(runtime: &Handle, mut stream: SendableRecordBatchStream, failure: Failure) -> Self {
        let schema = stream.schema();
        let (sender, batches) = channel(WAITING);
        let task = runtime.spawn(async move {
            while let Some(batch) = stream.next().await {
                let last = batch.is_err();
                // Nobody reads any more: the query ends with its stream.
                if sender.send(batch).await.is_err() || last {
                    return;
                }
            }
        });
        Self { schema, batches, runtime: runtime.clone(), task: Some(task), failure }
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// All of it in memory.
    pub fn collect_all(self) -> Result<Vec<RecordBatch>, AnalyticsError> {
        self.collect()
    }

    /// The channel is empty because the query ended, or because its task panicked: then the panic goes on here,
    /// since a shortened answer would pass for a whole one.
    fn ended(&mut self) {
        let Some(task) = self.task.take() else { return };
        if let Err(e) = self.runtime.block_on(task) {
            std::panic::resume_unwind(e.into_panic());
        }
    }
}

impl Iterator for Rows {
    type Item = Result<RecordBatch, AnalyticsError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.batches.blocking_recv();
        if next.is_none() {
            self.ended();
        }
        next.map(|batch| batch.map_err(|e| (self.failure)(&e)))
    }
}
