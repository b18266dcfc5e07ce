//! One row of a file of units: `day,unit,count`.

use crate::records::{Record, Refusal, Value};
use domain::fact::UnitsCounted;
use domain::governance::UNITS_MAX;
use domain::{Day, RejectKind};

/// The columns of a file of units; further ones are passed over.
pub const UNIT_COLUMNS: [&str; 3] = ["day", "unit", "count"];

/// Longest name of a unit in bytes: what a taxonomy accepts.
const UNIT_BYTES_MAX: usize = 100;

/// The count that a row states. The record was read for [`UNIT_COLUMNS`].
pub fn units_counted(record: &Record<'_>) -> Result<UnitsCounted, Refusal> {
    Ok(UnitsCounted { day: day(record)?, unit: unit(record)?, count: count(record)? })
}

fn day(record: &Record<'_>) -> Result<Day, Refusal> {
    let expected = "a day such as 2026-05-01";
    let text = cell(record, "day", expected)?;
    let day = Day::parse(text).ok_or_else(|| Refusal::map(RejectKind::BadTime, "day", expected))?;
    let (first, last) = (Day::new(1900, 1, 1), Day::new(9000, 12, 31));
    if first <= Some(day) && Some(day) <= last {
        return Ok(day);
    }
    Err(Refusal::map(RejectKind::OutOfRange, "day", "a day from 1900-01-01 to 9000-12-31"))
}

/// Written as a taxonomy writes it: another spelling would be another unit, of which nothing would be divided.
fn unit(record: &Record<'_>) -> Result<String, Refusal> {
    let expected = "a unit such as orders: a-z, 0-9 and `_`, the first a letter or digit";
    let text = cell(record, "unit", expected)?;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let good =
        text.len() <= UNIT_BYTES_MAX && text.starts_with(plain) && text.chars().all(|c| plain(c) || c == '_');
    if good { Ok(text.to_owned()) } else { Err(Refusal::map(RejectKind::WrongType, "unit", expected)) }
}

fn count(record: &Record<'_>) -> Result<i64, Refusal> {
    let text = cell(record, "count", "a whole number such as 1250")?;
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        let expected = "a whole number such as 1250, without separators";
        return Err(Refusal::map(RejectKind::WrongType, "count", expected));
    }
    let count = text.parse().ok().filter(|count| (0..=UNITS_MAX).contains(count));
    count.ok_or_else(|| {
        Refusal::map(RejectKind::OutOfRange, "count", format!("a whole number from 0 to {UNITS_MAX}"))
    })
}

/// The text of a cell without white space around it.
fn cell<'r>(record: &'r Record<'_>, column: &str, expected: &str) -> Result<&'r str, Refusal> {
    match record.get(column) {
        Some(Value::Cell(text) | Value::Text(text)) if !text.trim().is_empty() => Ok(text.trim()),
        _ => Err(Refusal::map(RejectKind::Missing, column, expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Columns;

    fn read(cells: [&str; 3]) -> Result<String, String> {
        let columns: Columns = UNIT_COLUMNS.into_iter().collect();
        let values = cells.map(|cell| Value::Cell(cell.to_owned().into())).into();
        let counted = units_counted(&Record::from_values(&columns, values));
        counted.map(|c| format!("{} {} {}", c.day, c.unit, c.count)).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn a_row_is_a_count_or_says_what_it_should_be() {
        let cases = [
            (["2026-05-01", "orders", "1250"], Ok("2026-05-01 orders 1250")),
            ([" 2026-05-01 ", "active_accounts", "0"], Ok("2026-05-01 active_accounts 0")),
            (["2026-05-01", "orders", "1000000000000"], Ok("2026-05-01 orders 1000000000000")),
            (["", "orders", "1"], Err("missing: field day: expected a day such as 2026-05-01")),
            (["2026-02-30", "orders", "1"], Err("bad_time: field day: expected a day such as 2026-05-01")),
            (["01/05/2026", "orders", "1"], Err("bad_time: field day: expected a day such as 2026-05-01")),
            (
                ["0001-01-01", "orders", "1"],
                Err("out_of_range: field day: expected a day from 1900-01-01 to 9000-12-31"),
            ),
            (
                ["2026-05-01", "Orders", "1"],
                Err(
                    "wrong_type: field unit: expected a unit such as orders: a-z, 0-9 and `_`, the first a letter or digit",
                ),
            ),
            (
                ["2026-05-01", "orders", "1,250"],
                Err("wrong_type: field count: expected a whole number such as 1250, without separators"),
            ),
            (
                ["2026-05-01", "orders", "-1"],
                Err("wrong_type: field count: expected a whole number such as 1250, without separators"),
            ),
            (
                ["2026-05-01", "orders", "1000000000001"],
                Err("out_of_range: field count: expected a whole number from 0 to 1000000000000"),
            ),
            (
                ["2026-05-01", "orders", "99999999999999999999"],
                Err("out_of_range: field count: expected a whole number from 0 to 1000000000000"),
            ),
            (
                ["2026-05-01", "orders", " "],
                Err("missing: field count: expected a whole number such as 1250"),
            ),
        ];
        for (cells, expected) in cases {
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(read(cells), expected, "{cells:?}");
        }
    }
}
