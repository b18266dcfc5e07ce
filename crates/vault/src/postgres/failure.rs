//! What can go wrong between us and the server, before it has a name for the caller.

use crate::{Location, VaultError};
use std::error::Error as _;
use tokio_postgres::error::SqlState;

/// Why a statement failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection is gone, and with it the knowledge whether the statement took effect. Another may work.
    Lost(String),
    /// No answer in time, or no server to ask: trying again at once would wait as long again.
    Silent(String),
    /// Somebody held a lock for too long.
    Locked,
    /// The server undid it so that others could go on: it can be made again at once.
    Undone(String),
    /// The server refuses.
    Refused { code: String, message: String },
    /// What failed is not the server.
    Vault(VaultError),
}

impl Failure {
    pub(super) fn named(self, action: &'static str, vault: &Location) -> VaultError {
        let vault = vault.clone();
        match self {
            Self::Lost(reason) | Self::Silent(reason) | Self::Undone(reason) => {
                VaultError::Unreachable { action, vault, reason }
            }
            Self::Locked => VaultError::Busy { action, vault },
            Self::Refused { code, message } => VaultError::Refused { action, vault, code, message },
            Self::Vault(error) => error,
        }
    }

    /// Whether a server that lets us in may answer at the next try.
    pub(super) const fn may_pass(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Undone(_))
    }
}

/// What broke the connection: the client's and the system's words, which know no values.
fn with_cause(e: &tokio_postgres::Error) -> String {
    match e.source() {
        Some(cause) if !e.to_string().contains(&cause.to_string()) => format!("{e}: {cause}"),
        _ => e.to_string(),
    }
}

impl From<VaultError> for Failure {
    fn from(e: VaultError) -> Self {
        Self::Vault(e)
    }
}

impl From<tokio_postgres::Error> for Failure {
    /// Only the server's one line is kept: details and context may show values.
    fn from(e: tokio_postgres::Error) -> Self {
        let Some(said) = e.as_db_error() else { return Self::Lost(with_cause(&e)) };
        let (code, message) = (said.code(), said.message().to_owned());
        let going_away = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ];
        match code {
            _ if code.code().starts_with("08") || going_away.contains(code) => Self::Lost(message),
            _ if *code == SqlState::LOCK_NOT_AVAILABLE => Self::Locked,
            _ if *code == SqlState::QUERY_CANCELED => Self::Silent(message),
            _ if [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(code) => {
                Self::Undone(message)
            }
            _ => Self::Refused { code: code.code().to_owned(), message },
        }
    }
}
