//! Rows that share a record id are one contact with several values, such as several source reasons.
//!
//! Such rows mostly follow each other, but nothing says that they must, and a row that came later would
//! silently make a second, contradicting version of the contact. So a [`Collector`] holds the contacts of one file
//! until the file ends, within a stated amount of memory; beyond that the file has to be split. Rows of one
//! record (and one revision, where the mapping names one) must agree in everything that is not collected;
//! where they do not, none of them is taken, because nobody can say which is right.

use super::Draft;
use crate::records::Refusal;
use domain::fact::ContactRecorded;
use domain::{Body, RejectKind};
use std::collections::HashMap;

/// A field whose values are collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Collect {
    SourceReason,
    Products,
    Orders,
}

impl Collect {
    pub const ALL: &'static [(&'static str, Self)] =
        &[("source_reason", Self::SourceReason), ("products", Self::Products), ("orders", Self::Orders)];

    /// Takes the values out of a contact, so that the rest can be compared.
    fn take(self, contact: &mut ContactRecorded) -> Vec<String> {
        match self {
            Self::SourceReason => contact.source_reason.take().into_iter().collect(),
            Self::Products => std::mem::take(&mut contact.products),
            Self::Orders => std::mem::take(&mut contact.orders),
        }
    }

    fn put(self, values: Vec<String>, contact: &mut ContactRecorded) {
        match self {
            Self::SourceReason => {
                contact.source_reason = values.first().cloned();
                contact.source_reasons = values;
            }
            Self::Products => contact.products = values,
            Self::Orders => contact.orders = values,
        }
    }
}

/// The contacts of one file whose rows are collected.
#[derive(Debug)]
pub struct Collector {
    fields: Vec<Collect>,
    budget_bytes: usize,
    held_bytes: usize,
    groups: Vec<Group>,
    /// From record and revision to the group.
    index: HashMap<(String, i64), usize>,
}

/// One contact so far.
#[derive(Debug)]
struct Group {
    /// Without the collected values.
    draft: Draft,
    collected: Vec<Vec<String>>,
    rows: Vec<(u64, Vec<u8>)>,
    /// The first field in which rows differ.
    differing: Option<&'static str>,
}

/// What rows became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collected {
    /// Rows that are one contact.
    Draft {
        /// The contact.
        draft: Draft,
        /// The lines on which its rows start.
        lines: Vec<u64>,
    },
    /// A row of a record whose rows contradict each other.
    Refused {
        /// The line on which it starts.
        line: u64,
        /// Its bytes.
        raw: Vec<u8>,
        /// Why.
        refusal: Refusal,
    },
}

/// More is to be held than memory allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "line {line}: collecting rows of one record takes more than {budget_bytes} bytes; split the file, rows of one record in one part"
)]
pub struct CollectorFull {
    /// The line that did not fit.
    pub line: u64,
    /// The memory allowed.
    pub budget_bytes: usize,
}

/// What a group takes besides the bytes of its rows: the draft, the index and the vectors.
const GROUP_BYTES: usize = 1_024;
/// A row's bytes are held once raw and once as values.
const HELD_TIMES: usize = 2;

impl Collector {
    /// Memory allowed by default: half a GiB, which is some 400,000 contacts of short rows.
    pub const BUDGET_BYTES: usize = 1 << 29;

    pub(super) fn new(fields: &[Collect], budget_bytes: usize) -> Self {
        Self {
            fields: fields.to_vec(),
            budget_bytes,
            held_bytes: 0,
            groups: Vec::new(),
            index: HashMap::new(),
        }
    }

    /// Takes the draft of the next row. The row's bytes are kept in case it has to be refused in the end.
    pub fn push(&mut self, mut draft: Draft, line: u64, raw: &[u8]) -> Result<(), CollectorFull> {
        let values: Vec<Vec<String>> = match &mut draft.body {
            Body::ContactRecorded(contact) => self.fields.iter().map(|field| field.take(contact)).collect(),
            _ => unreachable!("invariant: only mappings of contacts collect"),
        };
        let key = (draft.origin.record.clone(), draft.origin.revision);
        let at = *self.index.entry(key).or_insert(self.groups.len());
        let is_new = at == self.groups.len();
        self.held_bytes += raw.len() * HELD_TIMES + if is_new { GROUP_BYTES } else { 0 };
        if self.held_bytes > self.budget_bytes {
            return Err(CollectorFull { line, budget_bytes: self.budget_bytes });
        }
        if is_new {
            let collected = vec![Vec::new(); self.fields.len()];
            self.groups.push(Group { draft, collected, rows: Vec::new(), differing: None });
        } else {
            self.groups[at].compare(draft);
        }
        let group = &mut self.groups[at];
        group.rows.push((line, raw.to_vec()));
        for (known, new) in group.collected.iter_mut().zip(values) {
            // A row that was delivered twice adds nothing.
            let new: Vec<String> = new.into_iter().filter(|value| !known.contains(value)).collect();
            known.extend(new);
        }
        Ok(())
    }

    /// The contacts, in the order of their first rows.
    pub fn finish(self) -> impl Iterator<Item = Collected> {
        let Self { fields, groups, .. } = self;
        groups.into_iter().flat_map(move |group| group.finish(&fields))
    }
}

impl Group {
    fn compare(&mut self, other: Draft) {
        if self.differing.is_none() {
            self.differing = differing(&self.draft, &other);
        }
    }

    fn finish(self, fields: &[Collect]) -> Vec<Collected> {
        let Self { mut draft, collected, rows, differing } = self;
        if let Some(field) = differing {
            let expected = "the same value in every row of one record";
            let refusal = Refusal::map(RejectKind::Inconsistent, field, expected);
            let refuse = |(line, raw)| Collected::Refused { line, raw, refusal: refusal.clone() };
            return rows.into_iter().map(refuse).collect();
        }
        if let Body::ContactRecorded(contact) = &mut draft.body {
            fields.iter().zip(collected).for_each(|(field, values)| field.put(values, contact));
        }
        vec![Collected::Draft { draft, lines: rows.into_iter().map(|(line, _)| line).collect() }]
    }
}

/// Names the first field in which two drafts of one record differ. Data-quality flags may differ.
fn differing(a: &Draft, b: &Draft) -> Option<&'static str> {
    macro_rules! first_of {
        ($a:expr, $b:expr, $($field:ident),+ $(,)?) => {
            $(if $a.$field != $b.$field { return Some(stringify!($field)); })+
        };
    }
    if a.occurred_at != b.occurred_at || a.precision != b.precision {
        return Some("occurred_at");
    }
    if a.identifier != b.identifier {
        return Some("customer");
    }
    if let (Body::ContactRecorded(a), Body::ContactRecorded(b)) = (&a.body, &b.body) {
        first_of!(
            a,
            b,
            kind,
            root_record,
            case,
            channel,
            channel_raw,
            direction,
            customer_kind,
            words,
            language,
            country,
            products,
            orders,
            step,
            queue,
            agent,
            wait_ms,
            handle_ms,
            handle_basis,
            abandoned,
            transfers,
            resolved,
            state,
            source_reason,
            source_reasons,
            attributes,
        );
    }
    None
}
