//! What an import did, and what it would do (`--dry-run`).

use crate::lang::{Lang, columns};
use crate::refusals::Refusals;
use domain::invariant::Counts;
use domain::{Channel, Instant};

/// What an import did. `rows = accepted + refused` (P2).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImportSummary {
    /// Name of the source system, from the mapping.
    pub system: String,
    /// Files read.
    pub files: u64,
    /// Rows read from them.
    pub rows: u64,
    /// Rows accepted: their facts are durable.
    pub accepted: u64,
    /// Facts that were appended to the log; fewer than `accepted` where rows of one record were collected.
    pub facts: u64,
    /// Facts whose customer had asked to be forgotten: counted without customer and words.
    pub suppressed: u64,
    /// What was refused.
    pub refusals: Refusals,
    /// What became of the records that were folded after the import.
    pub folded: Option<Counts>,
}

impl ImportSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let (rows, files) = (lang.rows(self.rows), lang.files(self.files));
        let accepted = lang.rows(self.accepted);
        let records = lang.records(self.facts);
        let mut out = match lang {
            Lang::En => format!("Read: {rows} of {} in {files}.\n", self.system),
            Lang::Es => format!("Leído: {rows} de {} en {files}.\n", self.system),
        };
        match lang {
            Lang::En => out.push_str(&format!("Accepted: {accepted}, kept as {records} of the log.\n")),
            Lang::Es => out.push_str(&format!("Aceptado: {accepted}, en {records} del log.\n")),
        }
        if self.suppressed > 0 {
            let n = lang.records(self.suppressed);
            out.push_str(&match lang {
                Lang::En => format!("Of erased customers, kept without person and words: {n}.\n"),
                Lang::Es => format!("De clientes borrados, guardados sin persona ni palabras: {n}.\n"),
            });
        }
        self.refusals.render(lang, &mut out);
        out.push_str(&self.folded.map(|folded| folded_words(lang, folded)).unwrap_or_default());
        out
    }
}

/// `Folded: 890 new, 0 known already, 0 in conflict.`
fn folded_words(lang: Lang, folded: Counts) -> String {
    let n = |value| lang.number(value);
    let (new, known, conflict) = (n(folded.stored), n(folded.duplicate), n(folded.rejected));
    match lang {
        Lang::En => format!("Folded: {new} new, {known} known already, {conflict} in conflict.\n"),
        Lang::Es => format!("Incorporado: {new} nuevos, {known} ya conocidos, {conflict} en conflicto.\n"),
    }
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DryRunSummary {
    /// Name of the source system, from the mapping.
    pub system: String,
    /// Files read.
    pub files: u64,
    /// Rows read from them.
    pub rows: u64,
    /// Rows that would be accepted.
    pub accepted: u64,
    /// Different contacts among them: whole contacts and legs by their root record.
    pub contacts: u64,
    /// Messages of conversations, which the fold groups into contacts by the sitting rule.
    pub messages: u64,
    /// Earliest and latest time of occurrence.
    pub dates: Option<(Instant, Instant)>,
    /// Different customers, counted exactly.
    pub customers: u64,
    /// Rows without a customer.
    pub anonymous: u64,
    /// Accepted rows by channel.
    pub channels: Vec<(Channel, u64)>,
    /// What would be refused.
    pub refusals: Refusals,
}

impl DryRunSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let (rows, files) = (lang.rows(self.rows), lang.files(self.files));
        let mut out = match lang {
            Lang::En => format!("Dry run, nothing is kept: {rows} of {} in {files}.\n", self.system),
            Lang::Es => format!("Ensayo, no se guarda nada: {rows} de {} en {files}.\n", self.system),
        };
        let accepted = lang.rows(self.accepted);
        let contacts = lang.contacts(self.contacts);
        match lang {
            Lang::En => {
                out.push_str(&format!("Would accept: {accepted}, {contacts}{}.\n", self.messages(lang)))
            }
            Lang::Es => {
                out.push_str(&format!("Se aceptaría: {accepted}, {contacts}{}.\n", self.messages(lang)))
            }
        }
        if let Some((first, last)) = self.dates {
            out.push_str(&format!("{} {first} – {last}\n", lang.pick("Dates:", "Fechas:")));
        }
        let (known, anonymous) = (lang.customers(self.customers), lang.rows(self.anonymous));
        out.push_str(&match lang {
            Lang::En => format!("Who: {known}; {anonymous} without a customer.\n"),
            Lang::Es => format!("Quién: {known}; {anonymous} sin cliente.\n"),
        });
        self.render_channels(lang, &mut out);
        self.refusals.render(lang, &mut out);
        out
    }

    fn messages(&self, lang: Lang) -> String {
        if self.messages == 0 {
            return String::new();
        }
        let n = lang.count(self.messages, ("message", "messages"), ("mensaje", "mensajes"));
        match lang {
            Lang::En => format!(" and {n} to be grouped into sittings"),
            Lang::Es => format!(" y {n} por agrupar en conversaciones"),
        }
    }

    fn render_channels(&self, lang: Lang, out: &mut String) {
        if self.channels.is_empty() {
            return;
        }
        out.push_str(lang.pick("Channels:\n", "Canales:\n"));
        let mut channels = self.channels.clone();
        channels.sort_by_key(|(channel, count)| (std::cmp::Reverse(*count), *channel));
        let lines: Vec<_> = channels
            .iter()
            .map(|(channel, count)| (channel.word().to_owned(), lang.number(*count)))
            .collect();
        columns(out, &lines);
    }
}
