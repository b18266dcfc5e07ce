//! What a customer said, in the states it can be in. Text never travels or rests in clear (DESIGN,
//! personal data): facts on the log hold it sealed, and the shell opens it just before `apply`.

use crate::{KeyId, Speaker};

/// One turn of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub speaker: Speaker,
    /// Milliseconds since the contact began; null where the source does not say.
    pub at_ms: Option<i64>,
    /// What was said, redacted.
    pub text: String,
}

/// Redacted words in clear: what is sealed as one piece.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spoken {
    /// Subject line.
    pub subject: Option<String>,
    /// What the customer wrote or said.
    pub text: Option<String>,
    /// The transcript, in order.
    pub turns: Vec<Turn>,
}

impl Spoken {
    /// Nothing was said.
    pub fn is_empty(&self) -> bool {
        self.subject.is_none() && self.text.is_none() && self.turns.is_empty()
    }

    /// The customer's own words, which are what a reason is found from: subject, text, and the turns of the
    /// customer (of an unknown speaker where no turn is known to be the customer's), a line each.
    pub fn customer_words(&self) -> String {
        let speaker = if self.turns.iter().any(|t| t.speaker == Speaker::Customer) {
            Speaker::Customer
        } else {
            Speaker::Unknown
        };
        let turns = self.turns.iter().filter(|t| t.speaker == speaker).map(|t| t.text.as_str());
        let mut out = String::new();
        for line in self.subject.as_deref().into_iter().chain(self.text.as_deref()).chain(turns) {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
        }
        out
    }
}

/// Bytes sealed under a data key of the vault.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBox {
    /// The key that opens it.
    pub key: KeyId,
    /// Nonce, ciphertext and tag.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for SealedBox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "sealed({} bytes under {})", self.bytes.len(), self.key)
    }
}

/// The words of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// The source gave none.
    None,
    /// As they lie on the log.
    Sealed(SealedBox),
    /// Opened for the fold, or not yet sealed by ingest.
    Open(Spoken),
    /// Their key was destroyed (or never issued, for a suppressed customer): nobody can read them again.
    Gone,
}

impl Words {
    /// The words in clear, where they are open.
    pub fn open(&self) -> Option<&Spoken> {
        match self {
            Self::Open(spoken) => Some(spoken),
            Self::None | Self::Sealed(_) | Self::Gone => None,
        }
    }
}
