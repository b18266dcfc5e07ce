//! A contact's place in its chain with other windows, and whether its case was done with it: how far a figure of
//! first-contact resolution hangs on its definition.

use super::chains::{Chains, FEW, Pairs};
use super::customer::Held;
use domain::{AtWindow, CaseId, SENSITIVITY_DAYS, Span};
use std::collections::HashMap;

/// What is known of each contact.
pub(super) struct Windows(Vec<Place>);

/// What is known of one contact.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    pub(super) at_windows: [AtWindow; SENSITIVITY_DAYS.len()],
    pub(super) answered_once: Option<bool>,
}

impl Windows {
    pub(super) fn at(&self, i: usize) -> Place {
        self.0[i]
    }
}

/// Looks at the contacts with every window of [`SENSITIVITY_DAYS`]; `chains` are those of `window`.
pub(super) fn of(contacts: &[Held], chains: &Chains, window: Span) -> Windows {
    let mut places = vec![Place::default(); contacts.len()];
    if contacts.len() > 1 {
        let pairs = (contacts.len() <= FEW).then(|| Pairs::of(contacts));
        for (w, days) in SENSITIVITY_DAYS.into_iter().enumerate() {
            let other = Span::from_days(days);
            let made;
            let chains = if other == window {
                chains
            } else {
                made = match &pairs {
                    Some(pairs) => pairs.within(other),
                    None => Chains::of(contacts, other),
                };
                &made
            };
            for (place, link) in places.iter_mut().zip(&chains.links) {
                place.at_windows[w] = AtWindow { repeat: link.position > 1, again: link.again };
            }
        }
    }
    // Of a case the last contact is the one that nothing follows.
    let mut last: HashMap<CaseId, usize> = HashMap::new();
    for (i, held) in contacts.iter().enumerate().filter(|(_, held)| held.asserted.customer.is_some()) {
        let Some(case) = held.asserted.case else { continue };
        places[i].answered_once = Some(true);
        if let Some(before) = last.insert(case, i) {
            places[before].answered_once = Some(false);
        }
    }
    Windows(places)
}
