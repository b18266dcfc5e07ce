//! Chains, what the figures mean, and where all of them come from.

use super::Say;
use crate::diff::Epoch;
use crate::weekly::figures::NONE;
use crate::weekly::page::{Block, Section};
use crate::weekly::words;

/// Whether contacts belong together otherwise.
pub(super) fn chains(say: Say<'_>) -> Section {
    let (diff, t) = (say.diff, say.totals);
    let lines = vec![
        (say.pick("Chains of several contacts", "Cadenas de varios contactos"), say.both(diff.chains)),
        (say.pick("Contacts in them", "Contactos en ellas"), say.both(diff.chained)),
        (
            say.pick("Contacts whose chain changed", "Contactos cuya cadena cambia"),
            say.of(t.chains_changed, t.both),
        ),
    ];
    Section {
        id: "chains",
        title: say.pick("Chains", "Cadenas"),
        term: None,
        lead: vec![say.pick(
            "Contacts about the same reason belong together, so that another reason makes other chains.",
            "Los contactos por el mismo motivo van juntos, así que otro motivo hace otras cadenas.",
        )],
        marks: Vec::new(),
        blocks: vec![Block::Explained(lines)],
    }
}

/// What the figures mean.
pub(super) fn definitions(say: Say<'_>) -> Section {
    let about =
        |en: &str, es: &str, text_en: &str, text_es: &str| (say.pick(en, es), say.pick(text_en, text_es));
    let lines = vec![
        about(
            "Moved",
            "Cambia",
            "The contact has another reason id in the other epoch. A reason with a new id is another one, even where \
             its words are the same.",
            "El contacto tiene otro id de motivo en la otra época. Un motivo con id nuevo es otro, aunque diga lo mismo.",
        ),
        about(
            "Of reason before",
            "Del motivo previo",
            "Share of the contacts that the reason had before.",
            "Parte de los contactos que el motivo tenía antes.",
        ),
        about(
            "Kept, lost, gained",
            "Quedan, pierde, gana",
            "Kept and lost add up to the contacts before, kept and gained to those after.",
            "Los que quedan y los que pierde suman los de antes; los que quedan y los que gana, los de después.",
        ),
        about(
            "Cost",
            "Coste",
            "What the contacts of a move cost, by their channels' rates. Cost moved is the difference of a reason's \
             cost: it changes owner, and the sum stays as it is.",
            "Lo que cuestan los contactos de un cambio, según las tarifas de sus canales. El coste movido es la \
             diferencia del coste de un motivo: cambia de responsable y la suma queda igual.",
        ),
        about(
            "Samples",
            "Muestras",
            "The least contact ids, up to twenty. Ids are hashes, so that they are as good as drawn by lot, and always \
             the same.",
            "Los ids de contacto menores, hasta veinte. Son hashes: como sacados a suerte, y siempre los mismos.",
        ),
        about(
            "Exact counts",
            "Recuento exacto",
            "Every contact is counted in both epochs; nothing is estimated. Percentages of fewer than 20 are not shown.",
            "Cada contacto se cuenta en ambas épocas; nada se estima. No se muestran porcentajes de menos de 20.",
        ),
        (NONE.to_owned(), say.pick("Not known; never 0.", "No se sabe; nunca significa 0.")),
    ];
    Section {
        id: "definitions",
        title: say.pick("What the figures mean", "Qué significan las cifras"),
        term: None,
        lead: Vec::new(),
        marks: Vec::new(),
        blocks: vec![Block::Explained(lines)],
    }
}

/// Epochs, cuts and hashes: enough to count everything again.
pub(super) fn provenance(say: Say<'_>) -> Section {
    let p = &say.diff.provenance;
    let mut lines = epoch(say, "A", &p.epochs.a);
    lines.extend(epoch(say, "B", &p.epochs.b));
    lines.extend([
        (say.pick("Positions of both", "Posiciones de ambas"), p.positions.clone()),
        (say.pick("As of", "A fecha de"), format!("{} ({})", p.as_of, p.zone.name())),
        (say.pick("Program", "Programa"), format!("quell {}", p.version)),
    ]);
    let lines = lines.into_iter().map(|(name, value)| (name, words::printable(&value)));
    Section {
        id: "provenance",
        title: say.pick("Where the figures come from", "De dónde salen las cifras"),
        term: None,
        lead: vec![say.pick(
            "Both epochs know the log up to the same positions and look from the same instant, so that only the epochs \
             differ.",
            "Ambas épocas conocen el registro hasta las mismas posiciones y miran desde el mismo instante: solo \
             difieren las épocas.",
        )],
        marks: Vec::new(),
        blocks: vec![Block::Terms(lines.collect())],
    }
}

fn epoch(say: Say<'_>, side: &str, epoch: &Epoch) -> Vec<(String, String)> {
    let of = |en: &str, es: &str| format!("{} {side}", say.pick(en, es));
    vec![
        (of("Epoch", "Época"), format!("{} ({})", epoch.name, epoch.id)),
        (of("Taxonomy", "Taxonomía"), epoch.taxonomy.clone().unwrap_or_else(|| NONE.to_owned())),
        (of("Cut", "Corte"), epoch.cut.to_string()),
        (of("Manifest", "Manifiesto"), epoch.manifest_sha256.clone()),
    ]
}
