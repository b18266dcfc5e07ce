//! Single sentences that the shell says beside an answer.

use crate::Lang;

/// The log is ahead of the published tables.
pub fn newer_records(lang: Lang, newer: u64) -> String {
    let records = lang.records(newer);
    match lang {
        Lang::En => format!("{records} of the log are newer than these tables: see quell rollup"),
        Lang::Es => format!("{records} del log más recientes que estas tablas: véase quell rollup"),
    }
}

/// Nothing was published yet, so it is done now.
pub fn first_rollup(lang: Lang) -> String {
    lang.pick(
        "Nothing is published yet: folding and publishing what was imported (quell rollup).",
        "Aún no hay nada publicado: se incorpora y publica lo importado (quell rollup).",
    )
    .to_owned()
}
