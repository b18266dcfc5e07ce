//! `status_chase`: the customer asks how an open case or order stands (field.md D1). The words prove it;
//! it is cleared when every order the contact names was closed before the contact: there was nothing left
//! to chase.

use super::{Context, by_words};
use crate::asserted::Happened;
use domain::Proof;
use domain::closed::Mechanism;

pub(super) fn prove(context: &Context<'_>, i: usize) -> Option<Proof> {
    let asked = by_words(context, i, Mechanism::StatusChase, "status_chase/asked")?;
    (!all_closed_before(context, i)).then_some(asked)
}

fn all_closed_before(context: &Context<'_>, i: usize) -> bool {
    let asserted = context.asserted(i);
    let closed = |order: &str| {
        context.customer.facts().iter().any(|f| {
            f.at <= asserted.occurred_at
                && matches!(&f.what, Happened::OrderClosed { order: o } if o.as_ref() == order)
        })
    };
    !asserted.orders.is_empty() && asserted.orders.iter().all(|o| closed(o))
}
