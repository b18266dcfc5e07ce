//! Questions to the lake, answered by DataFusion: the jobs that publish the tables of a cut, and SQL over one
//! cut. The SQL of jobs and named queries lies in files under `sql/`.
//!
//! Functions block; the runtime that DataFusion needs is inside. Nothing here knows HTTP, shows a cut, or sums
//! floating-point numbers on the way to a file.

mod diff;
mod engine;
mod error;
mod evidence;
mod files;
mod judged;
mod measures;
mod named;
mod output;
mod publish;
mod rows;
mod session;
mod volumes;
mod weekly;

pub use diff::{DiffAnswers, diff, diff_in_slices};
pub use engine::Resources;
pub use error::{AnalyticsError, Wrong};
pub use evidence::{FoundFact, stated};
pub use named::{NAMED, NamedQuery, named_query};
pub use output::{Format, write_rows};
pub use publish::{Published, publish};
pub use rows::Rows;
pub use session::Session;
pub use volumes::ReasonVolumes;
pub use weekly::{WeekAt, WeeklyAnswers};
