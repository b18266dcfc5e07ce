//! Two epochs side by side, at one cut: equal positions of the log and one instant, so that whatever differs is due to
//! the epochs. Brings both there, asks the tables, and hands over what only the shell knows.

use crate::instance::Instance;
use crate::pipeline::{self, Epoch};
use crate::text::hex;
use analytics::diff;
use anyhow::{Result, ensure};
use domain::IsoWeek;
use lake::Cut;
use report::diff::{Diff, Pair, Provenance};

/// The tables of an epoch where those lie that are shown: what readers see, and in a diff of the served epoch nothing
/// that has to be made a second time. An epoch that was not folded as far is folded on.
pub fn beside(instance: &Instance, epoch: &Epoch, shown: &Cut) -> Result<Cut> {
    let parts = &shown.manifest.parts;
    pipeline::publish_at(instance, &epoch.rules, &parts.positions, parts.as_of)
}

/// The diff of the epochs that two names mean; with a week, of its contacts alone.
pub fn compare(instance: &Instance, [a, b]: [&str; 2], shown: &Cut, week: Option<IsoWeek>) -> Result<Diff> {
    let epochs = [Epoch::open(instance, a)?, Epoch::open(instance, b)?];
    let cuts = [beside(instance, &epochs[0], shown)?, beside(instance, &epochs[1], shown)?];
    let answers = diff(&*instance.store, [&cuts[0], &cuts[1]], week, &pipeline::resources(instance))?;
    let described = |name: &str, epoch: &Epoch, cut: &Cut| report::diff::Epoch {
        name: name.to_owned(),
        id: epoch.id,
        cut: cut.id,
        manifest_sha256: hex(&cut.manifest_sha256()),
        taxonomy: epoch.rules.taxonomy.as_ref().map(|t| format!("{} {}", t.name, t.version)),
    };
    let parts = &cuts[0].manifest.parts;
    let provenance = Provenance {
        epochs: Pair { a: described(a, &epochs[0], &cuts[0]), b: described(b, &epochs[1], &cuts[1]) },
        positions: parts.positions.to_string(),
        as_of: parts.as_of,
        zone: instance.config.zone.clone(),
        week,
        version: env!("CARGO_PKG_VERSION").to_owned(),
    };
    let diff = Diff::read(&answers, provenance)?;
    ensure_margins(&diff, &cuts)?;
    Ok(diff)
}

/// Every contact of both epochs is counted once, as their manifests have it (P3).
fn ensure_margins(diff: &Diff, [a, b]: &[Cut; 2]) -> Result<()> {
    let week = diff.provenance.week;
    let rows = |cut: &Cut| -> u64 {
        let files = cut.files(tables::CONTACTS.name);
        files
            .filter(|f| week.is_none_or(|week| f.day.is_some_and(|d| d.week() == week)))
            .map(|f| f.rows)
            .sum()
    };
    let (counted, expected) = (diff.totals().contacts, Pair { a: rows(a), b: rows(b) });
    ensure!(
        counted == expected,
        "the diff counts {} and {} contacts, expected {} and {}: the published tables are damaged; run `quell doctor`",
        counted.a,
        counted.b,
        expected.a,
        expected.b
    );
    Ok(())
}
