//! The one place where work is spread over threads. Results come back in the order of the items, so nothing
//! that follows can depend on how many threads there were (P4).

use std::num::NonZeroUsize;
use std::sync::Mutex;

/// Applies `work` to every item on at most `threads` threads.
pub fn map<T: Send, R: Send>(threads: NonZeroUsize, items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let workers = threads.get().min(items.len());
    if workers <= 1 {
        return items.into_iter().map(work).collect();
    }
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let queue = Mutex::new(items.into_iter().zip(results.iter_mut()));
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no worker panics while it takes an item").next();
                    let Some((item, result)) = next else { break };
                    *result = Some(work(item));
                }
            });
        }
    });
    drop(queue);
    results.into_iter().map(|r| r.expect("the scope ends only when every item is done")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        for threads in [1, 2, 7] {
            let threads = NonZeroUsize::new(threads).expect("not zero");
            let squares = map(threads, (0..100u64).collect(), |n| n * n);
            assert_eq!(squares, (0..100u64).map(|n| n * n).collect::<Vec<_>>());
        }
        assert!(map(NonZeroUsize::MIN, Vec::<u8>::new(), |n| n).is_empty());
    }
}
