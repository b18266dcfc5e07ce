//! The suite that every backend passes.

use log::conformance::{Fixture, all};
use log::{Embedded, Log};
use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

#[test]
fn embedded_conforms() {
    let folder = tempfile::tempdir().unwrap();
    let made = Cell::new(0);
    let fresh = || {
        made.set(made.get() + 1);
        folder.path().join(format!("{}/log", made.get())).to_str().unwrap().to_owned()
    };
    let open = |address: &str, clock| -> Arc<dyn Log> {
        Arc::new(Embedded::open(Path::new(address), clock).unwrap())
    };
    all(&Fixture { test: "conformance::embedded_conforms", fresh: &fresh, open: &open, seed: 20_261_121 });
}
