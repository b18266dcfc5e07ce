//! The committed schemas, embedded. A file of `schemas/` holds one version of one name for ever; its id,
//! in the frame of every record written with it, is given once and never again.

use apache_avro::Schema;
use std::sync::LazyLock;

/// One version of one schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaFile {
    /// Id in the frame of every record written with it.
    pub id: u32,
    /// Name of the record: a fact's name, or `Spoken`.
    pub name: &'static str,
    /// Version, from 1.
    pub version: u32,
    /// The schema, as committed.
    pub json: &'static str,
}

/// Embeds the files. A macro, because a file's path is made of the same name and version as its entry.
macro_rules! embedded {
    ($($id:literal $name:literal $version:literal,)+) => {
        /// Every committed schema, by id.
        pub static SCHEMAS: &[SchemaFile] = &[$(
            SchemaFile {
                id: $id,
                name: $name,
                version: $version,
                json: include_str!(concat!("../../../schemas/", $name, ".v", $version, ".avsc")),
            },
        )+];
    };
}

embedded! {
    1 "ContactRecorded" 1,
    2 "ContactResolved" 1,
    3 "ContactReopened" 1,
    4 "SurveyAnswered" 1,
    5 "EvaluationRecorded" 1,
    6 "SelfServiceEnded" 1,
    7 "UpstreamEvent" 1,
    8 "OrderPlaced" 1,
    9 "UnitsCounted" 1,
    10 "NotificationSent" 1,
    11 "PromiseMade" 1,
    12 "PromiseSettled" 1,
    13 "RecoveryOffered" 1,
    14 "CustomerMerged" 1,
    15 "TextErased" 1,
    16 "VerdictOverridden" 1,
    17 "CostRatePublished" 1,
    18 "TaxonomyPublished" 1,
    19 "CycleDefined" 1,
    20 "AnomalyAdvanced" 1,
    21 "ActionOpened" 1,
    22 "ActionShipped" 1,
    23 "ActionClosed" 1,
    24 "CutTaken" 1,
    25 "WeekClosed" 1,
    26 "Spoken" 1,
    27 "EpochServed" 1,
    28 "TaxonomyPublished" 2,
}

/// The schema with this id.
pub fn by_id(id: u32) -> Option<&'static SchemaFile> {
    SCHEMAS.iter().find(|s| s.id == id)
}

/// The newest version of a name, which is the one that readers know.
pub fn newest(name: &str) -> Option<&'static SchemaFile> {
    SCHEMAS.iter().filter(|s| s.name == name).max_by_key(|s| s.version)
}

/// A schema's name and version for messages.
pub(crate) fn title(id: u32) -> String {
    by_id(id).map_or_else(|| format!("schema id {id}"), |s| format!("{}.v{}", s.name, s.version))
}

/// The parsed form of a committed schema.
pub fn parsed(file: &SchemaFile) -> &'static Schema {
    static PARSED: LazyLock<Vec<(u32, Schema)>> = LazyLock::new(|| {
        let parse = |s: &SchemaFile| Schema::parse_str(s.json).expect("a committed schema is valid Avro");
        SCHEMAS.iter().map(|s| (s.id, parse(s))).collect()
    });
    let entry = PARSED.iter().find(|(id, _)| *id == file.id);
    &entry.expect("every committed schema is parsed").1
}
