//! Customers' keys (DESIGN, personal data): which surrogate an identifier has, which data key seals the
//! customer's words, and which customers were erased and must never be issued again.
//!
//! One SQLite file, usable by several processes of one machine at once, or a schema on a PostgreSQL server, for
//! several machines. Everything here is durable before it returns, so that a fact never names a key that a
//! crash could take back.
//!
//! It never sees a contact's meaning, never stores an identifier in clear (only its HMAC under the
//! instance's secret), and never puts an identifier, a text or a key into an error or a log.

mod cache;
mod error;
mod postgres;
mod sealing;
mod secret;
mod sqlite;
mod store;
mod vault;

pub use error::{BoxDamage, Location, VaultError};
pub use postgres::{Encryption, Password, PostgresConfig};
pub use secret::Mode;
pub use store::Integrity;
pub use vault::{Erasure, Opened, Options, Resolution, Vault};
