//! How a command can end, and what each end means to the shell that called it. Errors are printed once, at
//! the top, as one message; nothing below prints one.

use crate::config::Mistakes;
use crate::output::OutputClosed;
use std::process::ExitCode;

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// Failed: the world, or the input.
    Failed,
    /// The command line asks for something that does not exist.
    Usage,
    /// The configuration is not valid.
    Configuration,
}

impl Exit {
    /// The number of this end, as documented in `quell --help`.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            // EX_CONFIG of sysexits.h.
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Arguments that contradict each other in a way that the parser of the command line does not see.
    #[error("{0}")]
    Usage(String),
    /// Mistakes in the configuration, all of them.
    #[error("the configuration is not valid\n{0}")]
    Configuration(#[from] Mistakes),
    /// Everything else.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Failure {
    /// How the process ends after it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Configuration(_) => Exit::Configuration,
            Self::Failed(error) if is_closed_output(error) => Exit::Done,
            Self::Failed(_) => Exit::Failed,
        }
    }

    /// The message for people, or `None` where the reader of our output has gone: `quell sql … | head` is
    /// no failure.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Failed(error) if is_closed_output(error) => None,
            Self::Usage(_) | Self::Configuration(_) | Self::Failed(_) => Some(self.to_string()),
        }
    }
}

impl From<OutputClosed> for Failure {
    fn from(closed: OutputClosed) -> Self {
        Self::Failed(closed.into())
    }
}

/// An I/O error shows what it was made from to those who ask for it, and leaves it out of its chain of causes.
fn is_closed_output(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let made_from = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause.is::<OutputClosed>() || made_from.is_some_and(|inner| inner.is::<OutputClosed>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn only_our_own_closed_output_is_quiet() {
        let closed = || io::Error::other(OutputClosed);
        let parquet = parquet::errors::ParquetError::from(closed());
        let quiet: [anyhow::Error; 4] = [
            OutputClosed.into(),
            closed().into(),
            anyhow::Error::from(closed()).context("x"),
            parquet.into(),
        ];
        for error in quiet {
            let failure = Failure::from(error);
            assert_eq!((failure.exit(), failure.message()), (Exit::Done, None));
        }
        let elsewhere = Failure::from(anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)));
        assert_eq!((elsewhere.exit(), elsewhere.message().is_some()), (Exit::Failed, true));
    }
}
