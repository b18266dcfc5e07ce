//! What a replay did: which epoch it folded, how far, and what could not be looked at again.

use crate::lang::Lang;
use domain::EpochId;
use domain::invariant::Counts;

/// What a replay did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaySummary {
    /// The name of the epoch.
    pub name: String,
    /// The epoch.
    pub epoch: EpochId,
    /// Records of the log that this run folded.
    pub folded: u64,
    /// What became of all records since the epoch began.
    pub counts: Counts,
    /// Contacts whose words were erased: they keep the reason that was found before.
    pub erased: u64,
}

impl ReplaySummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let Self { name, epoch, folded, counts, erased } = self;
        let n = |value| lang.number(value);
        let (folded, accepted, stored) = (n(*folded), n(counts.accepted), n(counts.stored));
        let (duplicate, rejected, erased) = (n(counts.duplicate), n(counts.rejected), n(*erased));
        match lang {
            Lang::En => format!(
                "Replayed into the epoch {name} ({epoch}): {folded} records folded now, {accepted} in all; \
                 {stored} stored, {duplicate} duplicate, {rejected} rejected.\n\
                 Erased contacts that keep the reason found before: {erased}.\n\
                 It is folded on with every rollup until it is dropped, and nobody is served from it: \
                 `quell promote {name}` serves it.\n"
            ),
            Lang::Es => format!(
                "Reprocesado en la época {name} ({epoch}): {folded} registros incorporados ahora, {accepted} en \
                 total; {stored} guardados, {duplicate} duplicados, {rejected} rechazados.\n\
                 Contactos borrados que conservan el motivo hallado antes: {erased}.\n\
                 Se mantiene al día con cada rollup hasta que se elimine, y nadie la consulta: \
                 `quell promote {name}` la pone en uso.\n"
            ),
        }
    }
}
