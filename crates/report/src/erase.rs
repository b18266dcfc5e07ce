//! What an erasure did. It never repeats who was erased.

use crate::Lang;

/// What an erasure did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EraseSummary {
    /// The identifier was known. It is suppressed from now on in either case.
    pub known: bool,
    /// Contacts whose words can no longer be read.
    pub contacts: u64,
}

impl EraseSummary {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        if !self.known {
            return lang
                .pick(
                    "No customer with this identifier is known; it stays suppressed from now on.\n",
                    "No se conoce ningún cliente con este identificador; queda suprimido desde ahora.\n",
                )
                .to_owned();
        }
        let n = lang.contacts(self.contacts);
        match lang {
            Lang::En => {
                format!("Erased: the words of {n} can no longer be read. Counts stay as they were.\n")
            }
            Lang::Es => {
                format!("Borrado: ya no se pueden leer las palabras de {n}. Los recuentos no cambian.\n")
            }
        }
    }
}
