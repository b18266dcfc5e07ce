//! Chains against the definition itself, pair by pair.

use super::*;
use crate::asserted::Asserted;
use domain::closed::{Channel, ReasonBasis, Strength};
use domain::{ContactId, Day, FactId, Instant, ReasonId, Sequence};
use proptest::prelude::*;
use std::sync::Arc;

const WINDOW: Span = Span::from_micros(10);

/// (time, case, orders, reason, strong)
type Row = (i64, Option<u8>, Vec<u8>, u8, bool);

fn held(n: usize, row: &Row) -> Held {
    let (at, case, orders, reason, strong) = row;
    let id = [u8::try_from(n).expect("few contacts"); 16];
    let reason = if *reason == 0 { UNCLASSIFIED.to_owned() } else { format!("r{reason}") };
    let mut orders: Vec<Box<str>> = orders.iter().map(|o| o.to_string().into()).collect();
    orders.sort();
    orders.dedup();
    let asserted = Asserted {
        contact: ContactId::from_bytes(id),
        fact: FactId::from_bytes(id),
        reason_fact: FactId::from_bytes(id),
        occurred_at: Instant::from_micros(*at).expect("instant"),
        day: Day::new(1970, 1, 1).expect("day"),
        customer: None,
        strength: if *strong { Strength::Phone } else { Strength::Device },
        case: case.map(|c| CaseId::from_bytes([c; 16])),
        orders: orders.into(),
        reason: ReasonId::new(&reason),
        basis: ReasonBasis::Rule,
        confidence_ppm: 0,
        evidence: None,
        dumb: None,
        carried: None,
        channel: Channel::Phone,
        of_legs: false,
        resolved: false,
        more: None,
    };
    Held { sequence: Sequence(1), asserted: Arc::new(asserted), said: None }
}

/// The definition of DESIGN §2, word for word.
fn linked(a: &Asserted, b: &Asserted) -> bool {
    let shares_order = a.orders.iter().any(|o| b.orders.contains(o));
    let conflict = !a.orders.is_empty() && !b.orders.is_empty() && !shares_order;
    let same_case = a.case.is_some() && a.case == b.case;
    let same_reason = a.reason == b.reason && a.reason.as_str() != UNCLASSIFIED && !conflict;
    a.strength.links()
        && b.strength.links()
        && within_window(a.occurred_at, b.occurred_at, WINDOW)
        && (same_case || shares_order || same_reason)
}

/// Roots by flooding the definition.
fn roots(contacts: &[Held]) -> Vec<usize> {
    let mut root: Vec<usize> = (0..contacts.len()).collect();
    loop {
        let before = root.clone();
        for a in 0..contacts.len() {
            for b in 0..contacts.len() {
                if linked(&contacts[a].asserted, &contacts[b].asserted) {
                    root[b] = root[b].min(root[a]);
                }
            }
        }
        if root == before {
            return root;
        }
    }
}

fn contacts(rows: &[Row]) -> Vec<Held> {
    let mut contacts: Vec<Held> = rows.iter().enumerate().map(|(n, r)| held(n, r)).collect();
    contacts.sort_by_key(|h| (h.asserted.occurred_at, h.asserted.contact));
    contacts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn chains_equal_their_definition(rows in proptest::collection::vec(
        (0i64..60, proptest::option::weighted(0.3, 0u8..3), proptest::collection::vec(0u8..4, 0..3), 0u8..4, proptest::bool::weighted(0.9)), 0..14)
    ) {
        let contacts = contacts(&rows);
        let chains = Chains::of(&contacts, WINDOW);
        let expect = roots(&contacts);
        prop_assert_eq!(chains.links.iter().map(|l| l.root).collect::<Vec<_>>(), expect.clone());
        for (i, link) in chains.links.iter().enumerate() {
            let nearest = (0..i).rev().find(|e| linked(&contacts[*e].asserted, &contacts[i].asserted));
            prop_assert_eq!(link.previous.map(|(p, _)| p), nearest, "previous of {}", i);
            let position = expect[..=i].iter().filter(|r| **r == expect[i]).count();
            prop_assert_eq!(link.position as usize, position);
            prop_assert_eq!(link.again, expect[i + 1..].contains(&expect[i]));
            for (other, held) in contacts.iter().enumerate() {
                let (a, b) = (&contacts[i].asserted, &held.asserted);
                prop_assert_eq!(edges(a, b, WINDOW).next().is_some(), linked(a, b), "edge of {} and {}", i, other);
            }
        }
    }
}

#[test]
fn the_window_is_inclusive_and_orders_conflict() {
    let cases: [(&str, [Row; 2], bool); 8] = [
        ("same reason, exactly the window", [(0, None, vec![], 1, true), (10, None, vec![], 1, true)], true),
        ("same reason, one more", [(0, None, vec![], 1, true), (11, None, vec![], 1, true)], false),
        ("same reason, other order", [(0, None, vec![1], 1, true), (5, None, vec![2], 1, true)], false),
        ("same reason, one without order", [(0, None, vec![1], 1, true), (5, None, vec![], 1, true)], true),
        ("other reason, same order", [(0, None, vec![1], 1, true), (5, None, vec![1], 2, true)], true),
        ("other reason, same case", [(0, Some(1), vec![], 1, true), (5, Some(1), vec![], 2, true)], true),
        (
            "unclassified never links by reason",
            [(0, None, vec![], 0, true), (5, None, vec![], 0, true)],
            false,
        ),
        ("a device is nobody", [(0, Some(1), vec![], 1, false), (5, Some(1), vec![], 1, true)], false),
    ];
    for (name, rows, expect) in cases {
        let links = Chains::of(&contacts(&rows), WINDOW).links;
        assert_eq!(links[1].root == 0, expect, "{name}");
    }
}
