//! What goes to stdout: the answers of commands, in the form that was asked for. Talk goes to stderr through
//! [`say`]. A reader that goes away (`quell sql … | head`) ends the command quietly.

mod cell;
mod csv;
mod json;
mod parquet;
mod table;

pub use cell::{Cell, plain};
pub use json::write_value as write_json_value;

use crate::cli::Format;
use anyhow::{Result, bail};
use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write};

/// The reader of our stdout has gone. Ends the command without a message.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output any more")]
pub struct OutputClosed;

/// Our stdout, buffered. The one place that writes to it.
pub struct Out {
    inner: BufWriter<Stdout>,
}

impl Out {
    /// The process's stdout.
    pub fn stdout() -> Self {
        Self { inner: BufWriter::with_capacity(1 << 16, io::stdout()) }
    }

    /// Whether a person looks at it.
    pub fn is_terminal(&self) -> bool {
        self.inner.get_ref().is_terminal()
    }

    /// Writes a text.
    pub fn text(&mut self, text: &str) -> Result<()> {
        Ok(self.write_all(text.as_bytes())?)
    }

    /// Writes a JSON value and a newline, indented for people's eyes.
    pub fn json(&mut self, value: &serde_json::Value) -> Result<()> {
        let text = serde_json::to_string_pretty(value).expect("a JSON value has only text keys");
        self.text(&text)?;
        self.text("\n")
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes).map_err(closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush().map_err(closed)
    }
}

/// A pipe that breaks is named by its own error, so that a broken pipe elsewhere stays a failure.
fn closed(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::BrokenPipe { io::Error::other(OutputClosed) } else { error }
}

/// Says something to the person at the terminal. What cannot be said is not worth failing for.
pub fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an answer as its rows arrive; only the table for people holds them all.
pub fn print_rows<E>(
    out: &mut Out,
    schema: &SchemaRef,
    rows: impl Iterator<Item = Result<RecordBatch, E>>,
    format: Format,
) -> Result<()>
where
    anyhow::Error: From<E>,
{
    let rows = rows.map(|batch| batch.map_err(anyhow::Error::from));
    match format {
        Format::Table => table::write(out, schema, rows),
        Format::Csv => csv::write(out, schema, rows),
        Format::Json => json::write(out, rows),
        Format::Parquet if out.is_terminal() => {
            bail!("parquet is not for the screen: send it to a file or a pipe")
        }
        Format::Parquet => parquet::write(out, schema, rows),
    }
}

#[cfg(test)]
mod tests;
