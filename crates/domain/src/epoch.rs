//! What an epoch is a function of. Same value, same bytes (DESIGN §1).

use crate::{CutId, EpochId, Instant, Positions, Span};
use sha2::{Digest, Sha256};

/// Version of the engine's rules. Raised whenever the same facts would give other verdicts.
pub const ENGINE_VERSION: u32 = 3;

/// The engine's settings. They are part of the epoch's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineSettings {
    /// Longest gap inside a chain, inclusive.
    pub chain_window: Span,
    /// After this long without a further contact, first-contact resolution is final.
    pub maturity: Span,
    /// Longest gap between two messages of one sitting.
    pub sitting_gap: Span,
    /// The same for e-mail, where no agent answered in between.
    pub email_sitting_gap: Span,
    /// A credit, correction or redelivery this long after a contact proves `company_error`.
    pub correction_window: Span,
    /// A contact about a document this long after it was sent proves `public_info`.
    pub document_window: Span,
    /// How long the company must have known of an event for a notice to have been possible.
    pub notice_lead: Span,
    /// A contact about an event this long after the company knew of it proves `preventable_by_notice`.
    pub notice_window: Span,
    /// A contact this long after a promise was due proves `broken_promise`.
    pub promise_window: Span,
    /// A contact this long after a session on the same thing proves `self_service_failed`.
    pub self_service_window: Span,
    /// Hand-offs that prove `wrong_route`, at least 1.
    pub transfers: u32,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            chain_window: Span::from_days(7),
            maturity: Span::from_days(30),
            sitting_gap: Span::from_seconds(30 * 60),
            email_sitting_gap: Span::from_hours(24),
            correction_window: Span::from_days(14),
            document_window: Span::from_days(14),
            notice_lead: Span::from_seconds(30 * 60),
            notice_window: Span::from_days(7),
            promise_window: Span::from_days(14),
            self_service_window: Span::from_hours(24),
            transfers: 1,
        }
    }
}

impl EngineSettings {
    /// Every length of time, in the order of the fields.
    const fn spans(&self) -> [Span; 10] {
        [
            self.chain_window,
            self.maturity,
            self.sitting_gap,
            self.email_sitting_gap,
            self.correction_window,
            self.document_window,
            self.notice_lead,
            self.notice_window,
            self.promise_window,
            self.self_service_window,
        ]
    }
}

/// Everything that decides a fold, besides the facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochParts {
    /// sha256 over the taxonomy's meaning, not its layout.
    pub taxonomy: [u8; 32],
    /// sha256 of the model file; `None` for rules only.
    pub model: Option<[u8; 32]>,
    /// The engine's settings.
    pub settings: EngineSettings,
    /// IANA name of the tenant's zone.
    pub zone: String,
}

impl EpochParts {
    /// The epoch's identity.
    pub fn id(&self) -> EpochId {
        let s = &self.settings;
        let mut hash = Sha256::new();
        hash.update(b"quell epoch\0");
        hash.update(ENGINE_VERSION.to_be_bytes());
        hash.update(self.taxonomy);
        hash.update([u8::from(self.model.is_some())]);
        hash.update(self.model.unwrap_or_default());
        for span in s.spans() {
            hash.update(span.micros().to_be_bytes());
        }
        hash.update(s.transfers.to_be_bytes());
        hash.update(self.zone.as_bytes());
        EpochId::from_bytes(first_eight(hash))
    }
}

/// The identity of a cut: the first eight bytes of sha256(epoch, positions, as_of), printed as 16 hex digits.
pub fn cut_id(epoch: EpochId, positions: &Positions, as_of: Instant) -> CutId {
    let mut hash = Sha256::new();
    hash.update(b"quell cut\0");
    hash.update(epoch.as_bytes());
    hash.update(positions.to_string().as_bytes());
    hash.update(as_of.micros().to_be_bytes());
    CutId::from_bytes(first_eight(hash))
}

fn first_eight(hash: Sha256) -> [u8; 8] {
    let digest = hash.finalize();
    std::array::from_fn(|i| digest[i])
}
