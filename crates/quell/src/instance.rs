//! One instance, opened: vault, log and the lake's store of a data folder. The simulator opens it with its own
//! clock; nothing below asks the machine for the time.

use crate::config::{Config, LogBackend, VaultStore};
use crate::home::Home;
use anyhow::{Context as _, Result};
use domain::{Partition, Topic};
use lake::{LocalStore, Store};
use log::{Clock, Embedded, Kafka, Log, TopicName};
use std::sync::Arc;
use vault::Vault;

/// An opened instance. Everything in it may be used from many threads.
pub struct Instance {
    /// Where it lies.
    pub home: Home,
    /// What is configured.
    pub config: Config,
    /// Customers' keys.
    pub vault: Vault,
    /// The event log.
    pub log: Box<dyn Log>,
    /// Where the lake and the published tables live.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Clock,
}

impl Instance {
    /// Opens the parts, made where they are missing.
    pub fn open(home: Home, config: Config, clock: Clock) -> Result<Self> {
        let vault = open_vault(&home, &config)?;
        let log = open_log(&home, &config, &clock)?;
        let store = open_store(&home)?;
        Self::from_parts(home, config, vault, log, store, clock)
    }

    /// The same from parts that are open; the simulator puts its faults into them.
    pub fn from_parts(
        home: Home,
        config: Config,
        vault: Vault,
        log: Box<dyn Log>,
        store: Arc<dyn Store>,
        clock: Clock,
    ) -> Result<Self> {
        for topic in Topic::ALL {
            create(&*log, *topic, &config).context("cannot open the log")?;
        }
        Ok(Self { home, config, vault, log, store, clock })
    }

    /// The partitions of the topic `facts`.
    pub fn fact_partitions(&self) -> impl Iterator<Item = Partition> + use<> {
        (0..self.config.partitions).map(Partition)
    }
}

/// Makes a topic of the log where it is missing.
pub(crate) fn create(log: &dyn Log, topic: Topic, config: &Config) -> log::Result<()> {
    let (name, partitions) = (topic_name(topic), partitions(topic, config));
    if is_lasting(topic) { log.create_lasting(&name, partitions) } else { log.create(&name, partitions) }
}

/// Whether a topic is read from its beginning at every start, so that its records must stay, whatever is archived.
pub(crate) const fn is_lasting(topic: Topic) -> bool {
    matches!(topic, Topic::Company | Topic::Governance)
}

/// The log's name of a topic.
pub fn topic_name(topic: Topic) -> TopicName {
    topic.into()
}

/// Opens the log, wherever it is.
pub fn open_log(home: &Home, config: &Config, clock: &Clock) -> Result<Box<dyn Log>> {
    Ok(match &config.log {
        LogBackend::Embedded => {
            Box::new(Embedded::open(&home.log(), Arc::clone(clock)).context("cannot open the log")?)
        }
        LogBackend::Kafka(kafka) => Box::new(Kafka::open((**kafka).clone()).context("cannot reach the log")?),
    })
}

/// Opens the log for a look, where there is one; `None` where nothing was ever recorded in the data folder.
pub fn existing_log(home: &Home, config: &Config, clock: &Clock) -> Result<Option<Box<dyn Log>>> {
    match &config.log {
        LogBackend::Embedded if !home.log().is_dir() => Ok(None),
        LogBackend::Embedded | LogBackend::Kafka(_) => open_log(home, config, clock).map(Some),
    }
}

/// Opens the vault, wherever it is.
pub fn open_vault(home: &Home, config: &Config) -> Result<Vault> {
    let opened = match &config.vault_store {
        VaultStore::File => Vault::open(&home.vault(), config.vault),
        VaultStore::Postgres(postgres) => Vault::connect(postgres, config.vault),
    };
    opened.context("cannot open the vault")
}

/// The store of lake and tables: all that a reader of published tables needs.
pub fn open_store(home: &Home) -> Result<Arc<dyn Store>> {
    let store = LocalStore::open(home.root()).context("cannot open the lake")?;
    Ok(Arc::new(store))
}

/// Partitions of a topic. All but `facts` concern everybody and have one order.
pub fn partitions(topic: Topic, config: &Config) -> u32 {
    match topic {
        Topic::Facts => config.partitions,
        Topic::Company | Topic::Governance | Topic::Rejects => 1,
    }
}
