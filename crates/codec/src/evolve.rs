//! Records of older versions, brought to the newest by Avro's own rules (missing fields get their default,
//! symbols that the reader does not know fall to the enum's default), with the library. The newest version
//! never comes here.
//!
//! The library allocates what a damaged length claims, and reads missing bytes as null. So a datum is
//! walked first, and only one that is whole reaches the library.

use crate::error::DecodeError;
use crate::schema;
use crate::wire::{Datum, Malformed};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::writer::datum::GenericDatumWriter;
use std::sync::LazyLock;

/// The id of the newest version of a record's schema, and its datum in that version.
pub(crate) fn to_newest(id: u32, datum: &[u8]) -> Result<(u32, Vec<u8>), DecodeError> {
    static STEPS: LazyLock<Vec<(u32, u32, Step<'static>)>> = LazyLock::new(all_steps);
    if let Some((_, newest, step)) = STEPS.iter().find(|(from, _, _)| *from == id) {
        let datum = step.take(datum).map_err(|m| DecodeError::malformed(id, m))?;
        return Ok((*newest, datum));
    }
    // Already the newest of its name, or nothing that this program knows.
    schema::by_id(id)
        .map(|file| (file.id, datum.to_vec()))
        .ok_or(DecodeError::UnknownSchema { schema_id: id })
}

/// From each superseded schema to the newest of its name.
fn all_steps() -> Vec<(u32, u32, Step<'static>)> {
    let superseded = schema::SCHEMAS.iter().filter_map(|old| {
        let newest = schema::newest(old.name).filter(|n| n.id != old.id)?;
        Some((old, newest))
    });
    superseded
        .map(|(old, newest)| {
            let step = Step::new(schema::parsed(old), schema::parsed(newest));
            (old.id, newest.id, step.expect("committed versions of a schema resolve to each other"))
        })
        .collect()
}

/// The way from one schema to another.
pub(crate) struct Step<'s> {
    from: &'s Schema,
    names: ResolvedSchema<'s>,
    reader: GenericDatumReader<'s>,
    writer: GenericDatumWriter<'s>,
}

impl<'s> Step<'s> {
    pub(crate) fn new(from: &'s Schema, to: &'s Schema) -> Result<Self, apache_avro::Error> {
        Ok(Self {
            from,
            names: ResolvedSchema::new(from)?,
            reader: GenericDatumReader::builder(from).reader_schema(to).build()?,
            writer: GenericDatumWriter::builder(to).build()?,
        })
    }

    /// The same value in the other schema.
    pub(crate) fn take(&self, datum: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut walk = Datum::new(datum);
        self.walk(self.from, &mut walk)?;
        walk.end()?;
        // The library's errors may quote the value; what stays of them is that it did not resolve.
        let unresolved = |_| walk.malformed("a value that resolves to the newest schema");
        let value = self.reader.read_value(&mut &datum[..]).map_err(unresolved)?;
        self.writer.write_value_to_vec(value).map_err(unresolved)
    }

    /// Goes over one value without keeping it.
    fn walk(&self, schema: &'s Schema, from: &mut Datum<'_>) -> Result<(), Malformed> {
        match schema {
            Schema::Null => Ok(()),
            Schema::Boolean => match from.byte("a boolean")? {
                0 | 1 => Ok(()),
                _ => Err(from.malformed("a boolean, one byte 0 or 1")),
            },
            Schema::Int | Schema::Date => match i32::try_from(from.long()?) {
                Ok(_) => Ok(()),
                Err(_) => Err(from.malformed("an integer of at most 32 bits")),
            },
            Schema::Long | Schema::TimestampMicros => from.long().map(drop),
            Schema::Bytes => from.sized().map(drop),
            Schema::String => from.text().map(drop),
            Schema::Fixed(fixed) => from.take(fixed.size, "the bytes of a fixed").map(drop),
            Schema::Enum(symbols) => below(symbols.symbols.len(), "a symbol", from).map(drop),
            Schema::Union(union) => {
                let branch = below(union.variants().len(), "a branch of a union", from)?;
                self.walk(&union.variants()[branch], from)
            }
            Schema::Array(array) => self.walk_blocks(None, &array.items, from),
            Schema::Map(map) => self.walk_blocks(Some(&Schema::String), &map.types, from),
            Schema::Record(record) => record.fields.iter().try_for_each(|f| self.walk(&f.schema, from)),
            Schema::Ref { name } => match self.names.get_names().get(name) {
                Some(schema) => self.walk(schema, from),
                None => Err(from.malformed("a type that the schema defines")),
            },
            // A test keeps every other type out of the committed schemas.
            _ => Err(from.malformed("a type that this program's schemas use")),
        }
    }

    fn walk_blocks(
        &self,
        key: Option<&'s Schema>,
        item: &'s Schema,
        from: &mut Datum<'_>,
    ) -> Result<(), Malformed> {
        loop {
            match from.block()? {
                0 => return Ok(()),
                count => {
                    for _ in 0..count {
                        key.map_or(Ok(()), |key| self.walk(key, from))?;
                        self.walk(item, from)?;
                    }
                }
            }
        }
    }
}

fn below(bound: usize, expected: &'static str, from: &mut Datum<'_>) -> Result<usize, Malformed> {
    let index = from.index(expected)?;
    if index < bound { Ok(index) } else { Err(from.malformed(expected)) }
}
