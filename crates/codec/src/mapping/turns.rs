//! Transcripts: a list of objects, a turn each. The keys of a turn's object are to it what columns are to a record,
//! so speaker, text and time are ordinary fields with all their options.

use super::build::{Build, Need};
use super::fields::{NumberField, TextField, WordField};
use super::pick::{Pick, Wrong};
use super::plan::{DURATION_MS_MAX, number, text, word};
use super::sheet::Entry;
use crate::records::{Columns, Record, Refusal, Value, json_value};
use domain::{RejectKind, Speaker, Turn};

/// The turns of a transcript.
pub(super) struct TurnsField {
    pick: Pick<Vec<Turn>>,
    /// The keys that are read of every turn's object.
    keys: Columns,
    speaker: Option<WordField<Speaker>>,
    text: Option<TextField>,
    at_ms: Option<NumberField>,
}

impl TurnsField {
    pub fn get(&self, record: &Record<'_>) -> Result<Vec<Turn>, Refusal> {
        let turns = self.pick.get(record, |value| self.read(value))?.unwrap_or_default();
        if turns.is_empty() && self.pick.is_required() {
            return Err(Refusal::map(RejectKind::Missing, &self.pick.field, "at least one turn with words"));
        }
        Ok(turns)
    }

    /// The turns of a list, or of a text that is one in JSON, as sources without lists have it.
    fn read(&self, value: &Value<'_>) -> Result<Vec<Turn>, Wrong> {
        match value {
            Value::List(turns) => self.read_list(turns),
            Value::Text(text) | Value::Cell(text) => match json_value(text) {
                Some(Value::List(turns)) => self.read_list(&turns),
                _ => Err(Wrong::kind("a list of turns in JSON")),
            },
            _ => Err(Wrong::kind("a list of turns")),
        }
    }

    fn read_list(&self, turns: &[Value<'_>]) -> Result<Vec<Turn>, Wrong> {
        let mut found = Vec::new();
        for (i, turn) in turns.iter().enumerate() {
            let wrong = |refusal: Refusal| {
                Wrong::new(refusal.kind, format!("{} of turn {}", refusal.expected, i + 1))
            };
            match turn {
                Value::Map(_) => {
                    found.extend(self.turn(&Record::of_object(&self.keys, turn)).map_err(wrong)?)
                }
                Value::Null => {}
                _ => return Err(Wrong::kind(format!("an object as turn {}", i + 1))),
            }
        }
        Ok(found)
    }

    /// `None` where nothing was said, such as for an attachment.
    fn turn(&self, turn: &Record<'_>) -> Result<Option<Turn>, Refusal> {
        let speaker = word(&self.speaker, turn)?.unwrap_or(Speaker::Unknown);
        let at_ms = number(&self.at_ms, turn)?;
        Ok(text(&self.text, turn)?.map(|text| Turn { speaker, at_ms, text }))
    }
}

impl<'t> Build<'t> {
    /// A transcript: where the list is, and where each turn has speaker, text and time.
    pub fn turns(&mut self, field: &'static str) -> Option<TurnsField> {
        let mut sheet = self.options(field, Need::Optional)?;
        let literal = |_: &Entry<'t>| Err("no literal: every transcript is in a column".to_owned());
        let pick = self.pick(&mut sheet, Need::Optional, literal);
        let (fields, columns) =
            (std::mem::replace(&mut self.fields, sheet), std::mem::take(&mut self.columns));
        let speaker = self.word("speaker", Need::Optional, (Speaker::ALL, Speaker::WORDS));
        let text = self.options("text", Need::Always);
        // A turn may be without words all the same.
        let text = text.and_then(|sheet| self.text_of(sheet, Need::Optional, None));
        let at_ms = self.number("at_ms", Need::Optional, 0, DURATION_MS_MAX);
        let sheet = std::mem::replace(&mut self.fields, fields);
        let keys = std::mem::replace(&mut self.columns, columns);
        sheet.finish(&mut self.mistakes);
        Some(TurnsField { pick: pick?, keys, speaker, text, at_ms })
    }
}
