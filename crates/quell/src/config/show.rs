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
    let shown = |key: &str| {
        let written = layers.of(key);
        let default = written.first().expect("the default file has every setting");
        let strongest = written.last().unwrap_or(default);
        let value = typed(&strongest.value, &default.value);
        ShownSetting { key: key.to_owned(), value, place: strongest.place.clone() }
    };
    layers.keys().map(shown).collect()
}

/// A value of the environment in the type that the setting has.
fn typed(value: &Raw, default: &Raw) -> Raw {
    match (value, default) {
        (Raw::Untyped(text), Raw::Integer(_)) => text.parse().map_or_else(|_| value.clone(), Raw::Integer),
        (Raw::Untyped(text), Raw::Flag(_)) => text.parse().map_or_else(|_| value.clone(), Raw::Flag),
        _ => value.clone(),
    }
}
