//! The suite that every backend passes, on a real broker.

use super::{broker, config, opened, prefix};
use log::Log;
use log::conformance::{Fixture, all};
use std::sync::Arc;

#[test]
fn kafka_conforms() {
    let Some(brokers) = broker() else { return };
    // The broker has its own clock.
    let open = |address: &str, _| -> Arc<dyn Log> { Arc::new(opened(config(&brokers, address))) };
    let fixture = Fixture {
        test: "conformance::kafka_conforms",
        fresh: &|| prefix("conformance"),
        open: &open,
        seed: 20_261_126,
    };
    all(&fixture);
}
