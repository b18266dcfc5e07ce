//! Texts: reading and writing small files, with one clear message for each way in which that can fail, and what a
//! mistyped word was meant to be.

use anyhow::{Context as _, Result, anyhow, bail};
use std::io::ErrorKind;
use std::path::Path;

/// Reads a TOML file; `what` is what it is to the person who named it, such as `the mapping`.
pub fn read(path: &Path, what: &str) -> Result<String> {
    let text = String::from_utf8(bytes(path, what, "a TOML file")?);
    text.map_err(|_| anyhow!("cannot read {what} {}: expected TOML in UTF-8", path.display()))
}

/// Reads a file of bytes.
pub fn read_bytes(path: &Path, what: &str) -> Result<Vec<u8>> {
    bytes(path, what, "a file")
}

fn bytes(path: &Path, what: &str, expected: &str) -> Result<Vec<u8>> {
    let name = path.display();
    if path.is_dir() {
        bail!("cannot read {what} {name}: it is a folder; expected {expected}");
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!("cannot read {what} {name}: no such file"),
        ErrorKind::PermissionDenied => anyhow!("cannot read {what} {name}: permission denied"),
        _ => anyhow!("cannot read {what} {name}: {error}"),
    })
}

/// The known word that a mistyped one was meant to be: the nearest, at most three letters away.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let away = known.into_iter().map(|known| (distance(known, word), known));
    away.min_by_key(|(distance, _)| *distance).filter(|(distance, _)| *distance <= 3).map(|(_, known)| known)
}

/// Levenshtein distance, in characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let next = (corner + usize::from(x != *y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes a file in one step: whoever looks sees the earlier file or the whole new one.
pub fn replace(path: &Path, text: &str) -> Result<()> {
    replace_bytes(path, text.as_bytes())
}

/// The same with bytes.
pub fn replace_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, bytes).with_context(failed)?;
    std::fs::rename(&beside, path).with_context(failed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_at_most_three_letters_away() {
        let known = ["invoice", "where_is_my_order", "año"];
        for (word, expected) in [
            ("invoise", Some("invoice")),
            ("where_my_order", Some("where_is_my_order")),
            ("ano", Some("año")),
            ("something_else", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
