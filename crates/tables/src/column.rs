//! What a column is: its name, its kind, whether it may be null, and what it means. Everything else about a
//! column (its Arrow type in the lake and when published, its words in the data dictionary) follows from that.

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;

/// Key of the field metadata that holds a column's documentation.
pub const DOC: &str = "doc";
/// Zone of every instant in every table.
pub const UTC: &str = "UTC";
/// Bytes of an id.
pub(crate) const ID_BYTES: i32 = 16;

/// What a column holds. Ids are sixteen bytes in the lake, where they are joined on, and text when
/// published, where people and other programs read them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8 text.
    Text,
    /// A list of texts.
    Texts,
    /// A UUID.
    Id,
    /// A list of UUIDs.
    Ids,
    /// Yes or no.
    Bool,
    /// A whole number. Always 64 bits: sums of narrower integers wrap silently.
    Int,
    /// One correctly rounded quotient of two whole numbers. Never summed, averaged or stored in the lake.
    Ratio,
    /// Microseconds since 1970-01-01T00:00:00Z.
    Instant,
    /// A calendar day in the tenant's zone.
    Day,
    /// Text by key, keys sorted.
    Attributes,
    /// Proofs of mechanisms.
    Proofs,
}

/// Where a table lives, which decides how its ids look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In segments of the lake.
    Lake,
    /// In the tables of a cut.
    Published,
}

impl Kind {
    /// The Arrow type of a column of this kind.
    pub fn arrow(self, place: Place) -> DataType {
        let id = match place {
            Place::Lake => DataType::FixedSizeBinary(ID_BYTES),
            Place::Published => DataType::Utf8,
        };
        match self {
            Self::Text => DataType::Utf8,
            Self::Texts => list_of(DataType::Utf8),
            Self::Id => id,
            Self::Ids => list_of(id),
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Ratio => DataType::Float64,
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some(UTC.into())),
            Self::Day => DataType::Date32,
            Self::Attributes => DataType::Map(Arc::new(attribute_entries()), false),
            Self::Proofs => list_of(DataType::Struct(proof_fields(id))),
        }
    }

    /// The type in the words of the data dictionary.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Texts => "list of text",
            Self::Id => "text (UUID)",
            Self::Ids => "list of text (UUID)",
            Self::Bool => "boolean",
            Self::Int => "int64",
            Self::Ratio => "float64",
            Self::Instant => "timestamp µs UTC",
            Self::Day => "date",
            Self::Attributes => "map of text to text",
            Self::Proofs => {
                "list of struct{mechanism, rule: text; facts: list of text; confidence_ppm, seconds: int64}"
            }
        }
    }
}

/// A list whose items are named as Arrow names them by default, so that SQL functions that build lists
/// return the same type.
fn list_of(item: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item, true)))
}

/// The names are those that the Parquet format gives to a map.
fn attribute_entries() -> Field {
    let fields = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        Field::new("value", DataType::Utf8, true),
    ]);
    Field::new("key_value", DataType::Struct(fields), false)
}

/// The fields of one proof, whose facts are ids of the given type.
pub(crate) fn proof_fields(id: DataType) -> Fields {
    Fields::from(vec![
        Field::new("mechanism", DataType::Utf8, true),
        Field::new("rule", DataType::Utf8, true),
        Field::new("facts", list_of(id), true),
        Field::new("confidence_ppm", DataType::Int64, true),
        Field::new("seconds", DataType::Int64, true),
    ])
}

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be null, which always means "unknown" or "none", never 0.
    pub nullable: bool,
    /// What it means, and its unit.
    pub doc: &'static str,
}

impl Column {
    /// The Arrow field, with the documentation as metadata.
    pub fn field(&self, place: Place) -> Field {
        Field::new(self.name, self.kind.arrow(place), self.nullable)
            .with_metadata(HashMap::from([(DOC.to_owned(), self.doc.to_owned())]))
    }

    /// The same column where rows may lack it altogether.
    pub(crate) const fn or_null(self) -> Self {
        Self { nullable: true, ..self }
    }
}

/// A table: of the lake's segments, or published.
#[derive(Debug, Clone)]
pub struct Table {
    /// Its name in SQL and in the tree of a cut, or the kind of segment.
    pub name: &'static str,
    /// What one row is.
    pub doc: &'static str,
    /// Where it lives.
    pub place: Place,
    /// Published: one file a day, with the partition column [`DT`], which is not in the files; otherwise one file.
    pub dated: bool,
    /// What its rows are ordered by, inside one file.
    pub sorted_by: &'static [&'static str],
    /// The columns of its files.
    pub columns: Vec<Column>,
}

/// Name of the partition column of dated tables: a day in the tenant's zone. Of contacts it is the day of
/// `occurred_at`, of a table by weeks the week's Monday.
pub const DT: &str = "dt";

impl Table {
    /// The Arrow schema of the files.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(|c| c.field(self.place)).collect();
        Arc::new(Schema::new(fields))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| c.name == name)
    }
}
