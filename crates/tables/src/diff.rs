//! The rows that a diff of two epochs reads: A and B are two folds of one log at one cut. Their SQL lies in
//! `analytics`, and a test there holds it against this. What has A and B has two columns, ending in `_a` and `_b`; a
//! contact or a reason that one of them does not have is null there.

use crate::column::Column;
use crate::named::{Query, count, text};
use crate::weekly::{flag, maybe, maybe_text};

/// Samples that are given of each cell, the least ids: ids are hashes, so that these are as good as drawn by lot,
/// and the same ones each time.
pub const SAMPLES_MOST: u32 = 20;

const REASON_A: Column = maybe_text("reason_a", "Reason in A; null = no contact there.");
const REASON_B: Column = maybe_text("reason_b", "Reason in B; null = no contact there.");

const CELLS: &[Column] = &[
    REASON_A,
    REASON_B,
    count("contacts", "Contacts that have the one reason in A and the other in B."),
    count("dumb_a", "Of them avoidable in A."),
    count("dumb_b", "Of them avoidable in B."),
    count("dumb_gained", "Avoidable in B and not in A, of contacts of both."),
    count("dumb_lost", "Avoidable in A and not in B, of contacts of both."),
    count("costed_a", "Contacts with a cost in A."),
    count("costed_b", "Contacts with a cost in B."),
    maybe("cost_a_micros", "Their cost in A in micro-units, summed; null where none has one."),
    maybe("cost_b_micros", "Their cost in B, likewise."),
    maybe(
        "dumb_cost_a_micros",
        "Cost of those that are avoidable in A; null where no contact has a cost there.",
    ),
    maybe("dumb_cost_b_micros", "Cost of those that are avoidable in B, likewise."),
    count("chains_changed", "Contacts of both whose chain has another root or another size in B."),
    count(
        "erased",
        "Contacts whose words are gone, so that both epochs carry the reason that was noted at erasure.",
    ),
];

const REASONS: &[Column] = &[
    text("reason", "Id of a reason of either taxonomy."),
    flag("in_a", "A's taxonomy has it."),
    flag("in_b", "B's taxonomy has it."),
    maybe_text("label_es_a", "Its Spanish label in A."),
    maybe_text("label_en_a", "Its English label in A."),
    maybe_text("label_es_b", "Its Spanish label in B."),
    maybe_text("label_en_b", "Its English label in B."),
    maybe_text("owner_a", "The area that can remove its cause, by A."),
    maybe_text("owner_b", "The same by B."),
];

const SAMPLES: &[Column] = &[
    REASON_A,
    REASON_B,
    count("place", "Place among the cell's samples, from 1, by `contact_id`."),
    text("contact_id", "The contact."),
    maybe_text("basis_a", "What decided the reason in A, as `contacts.reason_basis` says it."),
    maybe_text("basis_b", "The same in B."),
    maybe_text("rule_a", "The rule that decided in A."),
    maybe_text("rule_b", "The rule that decided in B."),
    maybe("confidence_a_ppm", "Confidence in A in millionths."),
    maybe("confidence_b_ppm", "Confidence in B in millionths."),
];

const SUMMARY: &[Column] = &[
    maybe_text("currency", "ISO 4217 code of the costs; null where there are none."),
    count("chains_a", "Chains of A with more than one contact, of which one at least is compared."),
    count("chains_b", "The same of B."),
    count("chained_a", "Contacts of A in these chains that are compared."),
    count("chained_b", "The same of B."),
];

/// Every query of a diff, by name.
pub const QUERIES: &[Query] = &[
    Query { name: "cells", doc: "Contacts by their reason in A and in B: the whole matrix", columns: CELLS },
    Query { name: "reasons", doc: "The reasons of both taxonomies", columns: REASONS },
    Query {
        name: "samples",
        doc: "Up to twenty contacts of each cell, and what decided each",
        columns: SAMPLES,
    },
    Query { name: "summary", doc: "What no cell can say, in one row", columns: SUMMARY },
];
