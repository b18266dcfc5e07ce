//! Renders made-up weeks in both languages, to look at: `cargo run -p report --example weekly -- DIR` writes
//! `shop.en.html`, `shop.es.html`, the same as text, and `shop.json` into an existing folder, and beside the
//! ordinary week of the shop the awkward ones that the tests look at.
#![allow(clippy::disallowed_methods, reason = "an example writes what the crate only makes")]

#[path = "../tests/weekly/fixture.rs"]
mod fixture;

use report::{Lang, weekly};
use std::path::PathBuf;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| ".".to_owned()));
    for (name, report) in fixture::all() {
        for lang in Lang::ALL.iter().copied() {
            let path = |ending: &str| folder.join(format!("{name}.{}.{ending}", lang.tag()));
            std::fs::write(path("html"), weekly::html(&report, lang))?;
            std::fs::write(path("txt"), weekly::text(&report, lang))?;
        }
        std::fs::write(folder.join(format!("{name}.json")), format!("{:#}\n", weekly::json(&report)))?;
    }
    Ok(())
}
