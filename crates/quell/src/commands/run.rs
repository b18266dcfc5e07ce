//! `quell run`: all services in one process; and each of them by itself.

use super::Shell;
use crate::failure::{Exit, Failure};
use crate::serve::{self, Role};

pub(super) fn run(shell: &mut Shell, role: Role) -> Result<Exit, Failure> {
    let shares_the_fold = matches!(role, Role::Assemble | Role::Judge | Role::Lake);
    if shares_the_fold && !shell.loaded.config.spread {
        let why = "this service shares the fold with others; expected fold.spread = true in quell.toml, or `quell \
                   run`, which does everything";
        return Err(Failure::Usage(why.to_owned()));
    }
    // Before anything else is opened: an address in use is the likeliest mistake, and costs nothing then.
    let listener = serve::listen(shell.loaded.config.serving.listen)?;
    serve::run(shell.instance()?, listener, shell.lang(), role)?;
    Ok(Exit::Done)
}
