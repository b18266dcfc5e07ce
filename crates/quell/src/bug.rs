//! What a person sees where the program itself is wrong: one line that says so, and how to report it. Never a
//! panic's own text, which might hold data.

use crate::failure::Exit;
use crate::output::say;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic::{self, PanicHookInfo};

/// Ends the process with one line for a bug, wherever it happens. With `RUST_BACKTRACE=1` the message of the
/// panic and the way to it follow.
pub fn report_panics() {
    panic::set_hook(Box::new(|bug| {
        say(&message(bug));
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            say(&format!("{bug}\n{backtrace}"));
        }
        // What is durable stays so; a state that a bug has touched must not be written any more.
        std::process::exit(Exit::Failed.code().into());
    }));
}

fn message(bug: &PanicHookInfo<'_>) -> String {
    let place = bug.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "error: this is a bug in quell {version}{place}; please report it with this line, as CONTRIBUTING.md \
         says (RUST_BACKTRACE=1 shows more)"
    )
}
