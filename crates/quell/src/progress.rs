//! Progress on stderr while files are read: for a person at a terminal only, and for nobody else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How often the line may change, in Hz.
const REDRAWS_PER_SECOND: u8 = 10;

/// Counts what was read and shows it. Shared by all threads that read.
pub struct Meter {
    bar: ProgressBar,
    /// The bar counts records, not bytes.
    of_records: bool,
    records: AtomicU64,
    refused: AtomicU64,
}

impl Meter {
    /// Shows progress where a person looks at stderr.
    pub fn for_people(bytes_total: Option<u64>) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::silent();
        }
        let bar = match bytes_total {
            Some(total) => {
                ProgressBar::new(total).with_style(style("{bar:30} {bytes}/{total_bytes} {msg} {eta}"))
            }
            None => ProgressBar::new_spinner().with_style(style("{spinner} {msg}")),
        };
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self::with(bar)
    }

    /// Shows progress over so many records, with rate and time left, where a person looks at stderr.
    pub fn of_records(total: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::silent();
        }
        let bar = ProgressBar::new(total)
            .with_style(style("{bar:30} {human_pos}/{human_len} records, {per_sec}, {eta} left"));
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND));
        bar.enable_steady_tick(Duration::from_millis(200));
        let mut meter = Self::with(bar);
        meter.of_records = true;
        meter
    }

    /// Shows nothing.
    pub fn silent() -> Self {
        Self::with(ProgressBar::hidden())
    }

    fn with(bar: ProgressBar) -> Self {
        Self { bar, of_records: false, records: AtomicU64::new(0), refused: AtomicU64::new(0) }
    }

    /// Some more bytes, records and refused records were read.
    pub fn read(&self, bytes: u64, records: u64, refused: u64) {
        if self.of_records {
            return self.bar.inc(records);
        }
        let records = self.records.fetch_add(records, Ordering::Relaxed) + records;
        let refused = self.refused.fetch_add(refused, Ordering::Relaxed) + refused;
        self.bar.inc(bytes);
        if self.bar.is_hidden() {
            return;
        }
        let per_second = u128::from(records) * 1_000 / self.bar.elapsed().as_millis().max(1);
        self.bar.set_message(format!("{records} records ({per_second}/s), {refused} refused"));
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Counts parts of a work of which it is known how many there are, in one or more rounds.
pub struct Steps(ProgressBar);

impl Steps {
    /// Shows progress where a person looks at stderr.
    pub fn for_people() -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::new(0).with_style(style("{bar:30} {pos}/{len} {elapsed}"));
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS_PER_SECOND));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// A round of so many parts begins.
    pub fn begin(&self, parts: u64) {
        self.0.inc_length(parts);
    }

    /// One part is done.
    pub fn done(&self) {
        self.0.inc(1);
    }
}

impl Drop for Steps {
    /// An error message must not be written into the line.
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Meter {
    /// An error message must not be written into the line.
    fn drop(&mut self) {
        self.finish();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates above are valid")
}
