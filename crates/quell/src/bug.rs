//! What a person sees where the program itself is wrong: one line that says so, and how to report it. Never a
//! panic's own text, which might hold data.

use crate::failure::Exit;
use crate::output::say;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

/// Ends the process with one line for a bug, wherever it happens. With `RUST_BACKTRACE=1` the message of the
/// panic and the way to it follow.
pub fn report_panics() {
    panic::set_hook(Box::new(|bug| {
        if CONTAINED.get() {
            return;
        }
        say(&message(bug));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            say(&format!("{bug}\n{backtrace}"));
        }
        // What is durable stays so; a state that a bug has touched must not be written any more.
        std::process::exit(Exit::Failed.code().into());
    }));
}

thread_local! {
    /// This thread is inside [`contain`].
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library that panics on damaged input instead of returning an error; `None` where it did. For input
/// from outside only: what it was doing is dropped, and nothing of ours may be half-changed by it.
pub fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    let outer = CONTAINED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CONTAINED.set(outer);
    result.ok()
}

fn message(bug: &PanicHookInfo<'_>) -> String {
    let place = bug.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error: this is a bug in quell {version}{place}; please report it with this line, as CONTRIBUTING.md \
         says (RUST_BACKTRACE=1 shows more)"
    )
}
