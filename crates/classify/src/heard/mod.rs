//! What is heard in words besides the reason: the step at which a customer got stuck, and the data that the
//! company asked for. Spanish and English.

mod asked;
mod step;
mod words;

pub use asked::{Asked, asked};
pub use step::step;

use crate::fold::Folding;

/// The words of a text, folded, without punctuation. Placeholders of redaction and numbers are words as well.
fn words_of(text: &str) -> Vec<String> {
    let folded = Folding::Loose.fold(text);
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '<' | '>' | '_' | '@');
    folded.split(|c| !is_word(c)).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// Whether `phrase`, words with a space between them, stands in the words as a whole; the place behind it.
fn find(words: &[String], phrase: &str, from: usize) -> Option<usize> {
    let parts: Vec<&str> = phrase.split(' ').collect();
    let at = |start: usize| parts.iter().zip(&words[start..]).all(|(part, word)| part == word);
    (from..(words.len() + 1).saturating_sub(parts.len()))
        .find(|start| at(*start))
        .map(|start| start + parts.len())
}

fn has_any(words: &[String], phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| find(words, phrase, 0).is_some())
}
