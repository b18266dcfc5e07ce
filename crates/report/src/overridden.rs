//! What an override did.

use crate::explained::Stands;
use crate::lang::Lang;

/// What an override did, and what stands of the contact since.
#[derive(Debug, Clone, PartialEq)]
pub struct OverrideSummary {
    /// Something was recorded; false where it stood like that already.
    pub recorded: bool,
    /// What stands now.
    pub stands: Stands,
}

impl OverrideSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let done = if self.recorded {
            lang.pick(
                "Recorded; the tables show it from the next rollup on.\n",
                "Anotado; las tablas lo muestran desde la próxima publicación (quell rollup).\n",
            )
        } else {
            lang.pick(
                "It stands like this already; nothing was recorded.\n",
                "Ya constaba así; no se ha anotado nada.\n",
            )
        };
        done.to_owned() + &self.stands.render(lang)
    }
}
