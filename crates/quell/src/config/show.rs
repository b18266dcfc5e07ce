//! The configuration in force, each value with its origin. Secrets are no settings, so none can be shown.

use super::layers::{Layers, Place, Raw};

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownSetting {
    /// Its name.
    pub key: String,
    /// Its value, as it was written.
    pub value: Raw,
    /// Where that stands.
    pub place: Place,
}

/// Every setting with the value of its strongest layer, sorted by name.
pub fn shown(layers: &Layers) -> Vec<ShownSetting> {
    let strongest = |key: &str| layers.of(key).last().cloned().expect("the default file has every setting");
    layers
        .keys()
        .map(|key| {
            let written = strongest(key);
            ShownSetting { key: key.to_owned(), value: written.value, place: written.place }
        })
        .collect()
}
