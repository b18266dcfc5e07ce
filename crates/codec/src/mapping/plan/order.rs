//! The fields of an order.

use super::{Mapped, list, needed, number, text};
use crate::mapping::build::{Build, Need};
use crate::mapping::customer::{IdentifierField, first_of};
use crate::mapping::fields::{Code, ListField, NumberField, TextField};
use crate::records::{Record, Refusal};
use domain::Body;
use domain::fact::OrderPlaced;

/// Where each field of an order comes from.
pub(in crate::mapping) struct OrderPlan {
    customer: Vec<IdentifierField>,
    order: Option<TextField>,
    products: Option<ListField>,
    total_micros: Option<NumberField>,
    currency: Option<TextField>,
}

impl OrderPlan {
    pub fn build(b: &mut Build<'_>) -> Self {
        Self {
            customer: b.identifiers("customer"),
            order: b.text("order", Need::Always),
            products: b.list("products"),
            total_micros: b.number("total_micros", Need::Optional, i64::MIN, i64::MAX),
            currency: b.code("currency", Code::Currency),
        }
    }

    pub fn map(&self, r: &Record<'_>) -> Result<Mapped, Refusal> {
        let order = OrderPlaced {
            customer: None,
            order: needed(text(&self.order, r)?),
            products: list(&self.products, r)?,
            total_micros: number(&self.total_micros, r)?,
            currency: text(&self.currency, r)?,
        };
        Ok((Body::OrderPlaced(Box::new(order)), first_of(&self.customer, r)?))
    }
}
