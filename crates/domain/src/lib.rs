//! The words of Quell as types (DESIGN §2): facts, contacts, verdicts, ids, times, positions and the
//! numbered promises. Everything here is a value. Nothing here serialises, reads a clock, or does I/O;
//! the wire forms live in `codec`, the column forms in `tables`.

pub mod closed;
pub mod contact;
pub mod epoch;
pub mod fact;
pub mod governance;
pub mod ids;
pub mod invariant;
pub mod measure;
pub mod position;
pub mod reject;
pub mod time;
pub mod verdict;
pub mod words;

pub use closed::*;
pub use contact::Contact;
pub use epoch::{EngineSettings, EpochParts};
pub use fact::{Body, Fact, Origin};
pub use ids::*;
pub use position::{Offset, Partition, Placed, Positions, Sequence, Topic};
pub use reject::{Reject, RejectKind, RejectStage};
pub use time::{Day, Instant, IsoWeek, Span, Zone};
pub use verdict::{AtWindow, Evidence, Proof, SENSITIVITY_DAYS, Session, Stated, Verdict};
pub use words::{SealedBox, Spoken, Turn, Words};
