//! Figures to words: a small model per summary, rendered as text in Spanish or English. Everything arrives
//! counted; nothing here queries, compares, sends, reads a clock or opens a file.

pub mod costs;
pub mod demo;
pub mod diff;
pub mod doctor;
pub mod epochs;
pub mod erase;
pub mod explained;
pub mod gold;
pub mod import;
pub mod lang;
pub mod notice;
pub mod overridden;
pub mod proven;
pub mod refusals;
pub mod replay;
pub mod rollup;
pub mod topics;
pub mod units;
pub mod weekly;

pub use costs::CostsSummary;
pub use demo::DemoSummary;
pub use doctor::{Check, DoctorReport, Finding, State, TopicEnds};
pub use epochs::{EpochLine, PromoteSummary};
pub use erase::EraseSummary;
pub use import::{DryRunSummary, ImportSummary};
pub use lang::Lang;
pub use overridden::OverrideSummary;
pub use refusals::{FirstRefusal, RefusalCount, Refusals};
pub use replay::ReplaySummary;
pub use rollup::{OtherEpoch, RollupSummary, TableRows};
pub use units::{UnitDays, UnitsSummary};
