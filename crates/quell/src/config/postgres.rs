//! The settings of a vault on a PostgreSQL server.

use super::layers::{Place, Secrets};
use super::valid::Check;
use vault::{Encryption, Password, PostgresConfig};

/// Where the vault is.
#[derive(Debug, Clone)]
pub enum VaultStore {
    /// A file of the data folder.
    File,
    /// A server that several machines reach.
    Postgres(Box<PostgresConfig>),
}

/// How the bytes travel, as it is written.
#[derive(Debug, Clone, Copy)]
enum Travel {
    LocalOnly,
    Tls,
    InClear,
}

impl Check<'_> {
    pub(super) fn vault_store(&mut self) -> VaultStore {
        let address = self.text("vault.postgres.address");
        let schema = self.text("vault.postgres.schema");
        let connections = self.integer("vault.postgres.connections", 1, 1_000);
        let password = self.postgres_password();
        let encryption = self.encryption();
        match self.word("vault.store", &[("file", false), ("postgres", true)]) {
            Some(true) => {}
            Some(false) | None => return VaultStore::File,
        }
        match PostgresConfig::new(&address) {
            Ok(mut config) => {
                (config.schema, config.connections) = (schema, connections);
                (config.password, config.encryption) = (password, encryption);
                VaultStore::Postgres(Box::new(config))
            }
            Err(error) => {
                let message = format!("vault.postgres.address is {address:?}; {error}");
                self.mistake(Place::Default, message);
                VaultStore::File
            }
        }
    }

    /// A server may ask for none.
    fn postgres_password(&mut self) -> Option<Password> {
        let (key, variable) = ("vault.postgres.password_file", Secrets::POSTGRES_PASSWORD);
        let file = self.path(key);
        if file.is_none() && self.layers().secret(variable).is_none() {
            return None;
        }
        self.secret(key, variable, file).map(Password::new)
    }

    fn encryption(&mut self) -> Encryption {
        let words = [("local_only", Travel::LocalOnly), ("tls", Travel::Tls), ("in_clear", Travel::InClear)];
        let roots = self.path("vault.postgres.ca_file");
        match self.word("vault.postgres.encryption", &words) {
            Some(Travel::Tls) => Encryption::Tls { roots: roots.unwrap_or_default() },
            Some(Travel::InClear) => Encryption::InClear,
            Some(Travel::LocalOnly) | None => Encryption::LocalOnly,
        }
    }
}
