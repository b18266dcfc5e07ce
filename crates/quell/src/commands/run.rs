//! `quell run`: all services in one process.

use super::Shell;
use crate::failure::{Exit, Failure};
use crate::serve;

pub(super) fn run(shell: &mut Shell) -> Result<Exit, Failure> {
    // Before anything else is opened: an address in use is the likeliest mistake, and costs nothing then.
    let listener = serve::listen(shell.loaded.config.serving.listen)?;
    serve::run(shell.instance()?, listener, shell.lang())?;
    Ok(Exit::Done)
}
