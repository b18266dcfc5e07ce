//! Work on chunks by several threads, with results in the order of the chunks. One thread cuts, the workers
//! work, the caller's thread takes the results; every queue is bounded, and a full one makes the thread before
//! it wait, so at most four chunks and results per worker exist at once.

use super::{Chunk, SourceReader};
use anyhow::Result;
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

/// Chunks and results that may wait for one worker each.
const WAITING: usize = 1;

/// Calls `work` with every chunk on some thread, and `take` with the results on this one, in the order of the
/// chunks. Ends with the first error of reading or of `take`; what was taken before stays taken.
pub fn in_order<T: Send>(
    source: &mut SourceReader,
    threads: NonZeroUsize,
    work: impl Fn(&Chunk) -> T + Sync,
    mut take: impl FnMut(T) -> Result<()>,
) -> Result<()> {
    let work = &work;
    thread::scope(|scope| {
        let mut to_workers = Vec::with_capacity(threads.get());
        let mut from_workers = Vec::with_capacity(threads.get());
        for _ in 0..threads.get() {
            let (chunk_in, chunk_out) = sync_channel(WAITING);
            let (result_in, result_out) = sync_channel(WAITING);
            scope.spawn(move || labour(&chunk_out, &result_in, work));
            to_workers.push(chunk_in);
            from_workers.push(result_out);
        }
        // The cutter owns the ways to the workers: when it is done they see the end.
        let cutter = scope.spawn(move || deal(source, &to_workers));
        let mut taken = Ok(());
        // The n-th chunk went to the n-th worker in turn, so its result comes from there.
        for results in from_workers.iter().cycle() {
            let Ok(result) = results.recv() else { break };
            taken = take(result);
            if taken.is_err() {
                break;
            }
        }
        // Workers and cutter that still send find nobody and stop.
        drop(from_workers);
        let cut = cutter.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        taken.and(cut)
    })
}

/// Deals chunks to the workers in turn until the source ends, fails, or a worker has gone.
fn deal(source: &mut SourceReader, workers: &[SyncSender<Chunk>]) -> Result<()> {
    for worker in workers.iter().cycle() {
        let Some(chunk) = source.next_chunk()? else { break };
        if worker.send(chunk).is_err() {
            break;
        }
    }
    Ok(())
}

fn labour<T>(chunks: &Receiver<Chunk>, results: &SyncSender<T>, work: &impl Fn(&Chunk) -> T) {
    while let Ok(chunk) = chunks.recv() {
        if results.send(work(&chunk)).is_err() {
            break;
        }
    }
}
