//! Records and the values of their fields. A record holds only the columns that somebody asked for.

use domain::Instant;
use std::borrow::Cow;
use std::fmt;

/// What a source says in one field.
#[derive(Clone, PartialEq, Default)]
pub enum Value<'a> {
    /// The record has no such field.
    #[default]
    Missing,
    /// The field is there and empty by the source's own word for it.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number, and whole numbers beyond `i64`.
    Float(f64),
    /// Text of a source that knows types.
    Text(Cow<'a, str>),
    /// Text of a source that knows no types, such as a CSV cell: it may spell a value of any type.
    Cell(Cow<'a, str>),
    /// An instant. Local times and dates without a zone come as [`Self::Text`] in ISO 8601.
    Time(Instant),
    /// Several values, in order.
    List(Vec<Value<'a>>),
    /// Named values, in order.
    Map(Vec<(Cow<'a, str>, Value<'a>)>),
}

impl Value<'_> {
    /// What kind of value this is, in words a person reads.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "nothing",
            Self::Null => "null",
            Self::Bool(_) => "a truth value",
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Text(_) | Self::Cell(_) => "text",
            Self::Time(_) => "a time",
            Self::List(_) => "a list",
            Self::Map(_) => "an object",
        }
    }
}

impl fmt::Debug for Value<'_> {
    /// Shows the kind only (P9).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

/// The columns wanted from every record, each with a slot: its place in [`Record`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    names: Vec<String>,
    root: Node,
}

/// One step of the paths that lead to columns inside nested objects.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    /// The column that ends here.
    pub slot: Option<usize>,
    /// Where longer paths go on.
    pub children: Vec<(String, Node)>,
}

impl Node {
    /// The place of the child with this name.
    pub fn child(&self, name: &str) -> Option<usize> {
        self.children.iter().position(|(n, _)| n == name)
    }

    fn grow(&mut self, path: &[&str], slot: usize) {
        let Some((step, rest)) = path.split_first() else {
            self.slot = Some(slot);
            return;
        };
        let at = self.child(step).unwrap_or_else(|| {
            self.children.push(((*step).to_owned(), Self::default()));
            self.children.len() - 1
        });
        self.children[at].1.grow(rest, slot);
    }
}

impl Columns {
    /// The slot of a column, which is added where it is new. `a.b.c` reaches into nested objects; a field
    /// that is itself named `a.b.c` is found as well.
    pub fn add(&mut self, name: &str) -> usize {
        if let Some(slot) = self.slot(name) {
            return slot;
        }
        let slot = self.names.len();
        self.names.push(name.to_owned());
        self.root.grow(&[name], slot);
        if name.contains('.') {
            self.root.grow(&name.split('.').collect::<Vec<_>>(), slot);
        }
        slot
    }

    /// The slot of a column.
    pub fn slot(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|n| n == name)
    }

    /// The columns' names, in the order of their slots.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) const fn root(&self) -> &Node {
        &self.root
    }
}

impl<S: AsRef<str>> FromIterator<S> for Columns {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        let mut columns = Self::default();
        for name in names {
            columns.add(name.as_ref());
        }
        columns
    }
}

/// One record of a source: a value for each of its columns.
#[derive(Clone, PartialEq)]
pub struct Record<'a> {
    columns: &'a Columns,
    values: Vec<Value<'a>>,
    /// A field that was read occurs more than once; the last one counts, as in every other JSON reader.
    pub duplicate_keys: bool,
}

impl<'a> Record<'a> {
    /// A record without any field.
    pub fn empty(columns: &'a Columns) -> Self {
        Self::from_values(columns, Vec::with_capacity(columns.names.len()))
    }

    /// A record from one value a column, in the order of [`Columns::names`]. Missing ones may be left out
    /// at the end.
    pub fn from_values(columns: &'a Columns, mut values: Vec<Value<'a>>) -> Self {
        assert!(values.len() <= columns.names.len(), "a record has no more values than columns");
        values.resize_with(columns.names.len(), Value::default);
        Self { columns, values, duplicate_keys: false }
    }

    /// A record from an object that was read whole: its keys are the columns, by name or by path.
    pub(crate) fn of_object(columns: &'a Columns, object: &Value<'a>) -> Self {
        let mut record = Self::empty(columns);
        record.fill(columns.root(), object);
        record
    }

    /// Puts the parts of an object that are wanted below a node into their slots.
    pub(super) fn fill(&mut self, node: &Node, object: &Value<'a>) {
        let Value::Map(entries) = object else { return };
        for (key, part) in entries {
            if let Some(at) = node.child(key) {
                let child = &node.children[at].1;
                self.fill(child, part);
                if let Some(slot) = child.slot {
                    self.set(slot, part.clone());
                }
            }
        }
    }

    /// Sets the value in a slot.
    pub fn set(&mut self, slot: usize, value: Value<'a>) {
        self.values[slot] = value;
    }

    /// The value in a slot.
    pub fn at(&self, slot: usize) -> &Value<'a> {
        &self.values[slot]
    }

    /// The value of a column; `None` where nobody asked for the column.
    pub fn get(&self, column: &str) -> Option<&Value<'a>> {
        self.columns.slot(column).map(|slot| self.at(slot))
    }

    /// The columns this record was read for.
    pub const fn columns(&self) -> &'a Columns {
        self.columns
    }
}

impl fmt::Debug for Record<'_> {
    /// Shows kinds only (P9).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.columns.names.iter().zip(&self.values)).finish()
    }
}
