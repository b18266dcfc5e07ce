//! How often customers of a retailer contact it about what, and the reasons that carry the plants. The order of
//! sizes follows what is published of retailers: every sixth contact asks where the order is, the ten largest
//! reasons are half of all, and a few contacts say nothing that a rule can know.

/// What customers say when a carrier stands still.
pub(super) const OUTAGE: &str = "late_delivery";
/// What customers say when the checkout is broken.
pub(super) const BROKEN_CHECKOUT: &str = "checkout_step3";
/// What an action reduces.
pub(super) const REDUCED: &str = "refund_status";
/// What an action was to reduce, and did not.
pub(super) const UNCHANGED: &str = "order_status";
/// What an action takes contacts away from…
pub(super) const LOSES: &str = "return_how";
/// …and what it gives them to.
pub(super) const GAINS: &str = "exchange_item";

/// Weight of a reason that is not in [`MIX`].
pub(super) const RARE: u32 = 50;

/// Weights: of their sum, some thirteen thousand, this many fall to the reason.
#[rustfmt::skip] // a table
pub(super) const MIX: &[(&str, u32)] = &[
    ("order_status", 2000), ("late_delivery", 520), ("lost_parcel", 180), ("delivered_not_received", 330),
    ("delivery_terms", 260), ("change_delivery", 600), ("collect_ready", 200),
    ("damaged_item", 340), ("wrong_item", 240), ("missing_item", 260), ("not_as_shown", 120),
    ("order_cancelled", 180),
    ("checkout_step3", 340), ("checkout_confirm", 240), ("site_navigation", 140), ("order_confirmation", 220),
    ("stock_question", 330), ("product_details", 280), ("product_advice", 480), ("business_quote", 120),
    ("payment_declined", 260), ("payment_methods", 120), ("charged_twice", 150), ("price_differs", 140),
    ("discount_code", 230), ("invoice", 420),
    ("login_password", 260), ("erase_data", 80), ("unsubscribe", 90), ("unknown_order", 140),
    ("loyalty_points", 120),
    ("return_how", 460), ("refund_status", 680), ("return_pickup", 180), ("exchange_item", 560),
    ("warranty_claim", 380), ("repair_status", 170), ("cancel_order", 480),
    ("case_status", 200), ("promised_answer", 140), ("reach_person", 110),
    ("store_address", 170), ("holiday_hours", 60), ("praise", 110),
    ("unclassified", 330),
];
