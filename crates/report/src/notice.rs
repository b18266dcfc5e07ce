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

/// The service takes contacts at this address.
pub fn listening(lang: Lang, address: &str, folder: &str) -> String {
    match lang {
        Lang::En => format!("quell listens on http://{address} (data: {folder})"),
        Lang::Es => format!("quell escucha en http://{address} (datos: {folder})"),
    }
}

/// The service was asked to end.
pub fn draining(lang: Lang) -> String {
    lang.pick(
        "Ending: requests under way are answered, everything is folded and published. Once more ends at once.",
        "Terminando: se responde a lo pendiente, todo se incorpora y se publica. Otra señal termina al instante.",
    )
    .to_owned()
}

/// The service has ended, and everything is published.
pub fn drained(lang: Lang) -> String {
    lang.pick("Ended: everything is published.", "Terminado: todo está publicado.").to_owned()
}

/// Said where a query names an epoch whose tables are of another cut than those that are asked.
pub fn other_cut(lang: Lang, epoch: &str) -> String {
    match lang {
        Lang::En => format!(
            "note: the tables of the epoch {epoch} are of another cut than those that are shown: \
             `quell rollup --epoch {epoch}` publishes them at the same one"
        ),
        Lang::Es => format!(
            "aviso: las tablas de la época {epoch} son de otro corte que las que se muestran: \
             `quell rollup --epoch {epoch}` las publica en el mismo"
        ),
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

/// How many errors, warnings and notes a review found; `untold` more are not shown.
pub fn findings(lang: Lang, counts: [usize; 3], untold: usize) -> String {
    let words = match lang {
        Lang::En => [["error", "errors"], ["warning", "warnings"], ["note", "notes"]],
        Lang::Es => [["error", "errores"], ["aviso", "avisos"], ["nota", "notas"]],
    };
    let counted = counts.iter().zip(words).filter(|(count, _)| **count > 0);
    let counted: Vec<String> = counted
        .map(|(count, [one, many])| format!("{count} {}", if *count == 1 { one } else { many }))
        .collect();
    match (counted.is_empty(), untold) {
        (true, _) => lang.pick("nothing to say", "nada que decir").to_owned(),
        (false, 0) => counted.join(", "),
        (false, _) => format!(
            "{}; {untold} {}",
            counted.join(", "),
            lang.pick("more are not shown", "más no se muestran")
        ),
    }
}
