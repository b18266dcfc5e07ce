//! Proximity: several words, in any order, within so many successive words of the folded text. A word is a
//! run of letters and digits.

use std::ops::Range;

/// Words that must stand near each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Near {
    /// Folded, at least two, each a whole word; ascending.
    pub words: Vec<String>,
    /// Successive words of the text that hold all of them; at least as many as there are.
    pub within: u32,
}

impl Near {
    /// The first place: of the stretches that hold all the words, the one that ends first, and of those the
    /// shortest. One pass, in which each word of the text is compared with each of ours.
    pub(crate) fn find(&self, folded: &[u8]) -> Option<Range<usize>> {
        let folded = str::from_utf8(folded).expect("invariant: folded text is UTF-8");
        // where each was last: number of the word, byte of the text
        let mut last: Vec<Option<(u32, usize)>> = vec![None; self.words.len()];
        for (number, (at, word)) in (0u32..).zip(words(folded)) {
            let Some(ours) = self.words.iter().position(|ours| ours == word) else { continue };
            last[ours] = Some((number, at));
            let first = last.iter().copied().min().flatten(); // `None` is before all: not each was there
            if let Some((_, from)) = first.filter(|(first, _)| number - *first < self.within) {
                return Some(from..at + word.len());
            }
        }
        None
    }
}

/// Whether this is one word and nothing else.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(char::is_alphanumeric)
}

/// The words of a text and where they start.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let from = at + text[at..].find(char::is_alphanumeric)?;
        let word = text[from..].split(|c: char| !c.is_alphanumeric()).next()?;
        at = from + word.len();
        Some((from, word))
    })
}
