//! The program. Everything is in the library, which tests start too.

use std::process::ExitCode;

fn main() -> ExitCode {
    quell::program()
}
