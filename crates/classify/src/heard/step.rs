//! The step that a customer names: "paso 3 de compra", "the third step".

use super::words_of;

/// What a step is called.
const STEPS: &[&str] = &["paso", "step", "etapa", "stage"];
/// Numbers as words, from one on: how many, and which.
const NUMBERS: &[&[&str]] = &[
    &["uno", "un", "one", "primer", "primero", "first"],
    &["dos", "two", "segundo", "second"],
    &["tres", "three", "tercer", "tercero", "third", "3er", "3ro", "3rd"],
    &["cuatro", "four", "cuarto", "fourth", "4to", "4th"],
    &["cinco", "five", "quinto", "fifth", "5to", "5th"],
    &["seis", "six", "sexto", "sixth"],
    &["siete", "seven", "septimo", "seventh"],
    &["ocho", "eight", "octavo", "eighth"],
    &["nueve", "nine", "noveno", "ninth"],
    &["diez", "ten", "decimo", "tenth"],
];
/// What may stand between step and number: "el paso número 3".
const BETWEEN: &[&str] = &["numero", "number", "no", "n", "num"];
/// A journey has no more steps than this; a larger number is something else.
const STEPS_MOST: u32 = 99;

/// The first step that the text names, by its number.
pub fn step(text: &str) -> Option<u32> {
    let words = words_of(text);
    let is_step = |word: &String| STEPS.contains(&word.as_str());
    words.iter().enumerate().filter(|(_, word)| is_step(word)).find_map(|(at, _)| {
        let behind = words[at + 1..].iter().find(|word| !BETWEEN.contains(&word.as_str()));
        let before = at.checked_sub(1).and_then(|before| ordinal(&words[before]));
        behind.and_then(|word| number(word)).or(before)
    })
}

fn number(word: &str) -> Option<u32> {
    let digits = word.parse().ok().filter(|n| (1..=STEPS_MOST).contains(n));
    digits.or_else(|| named(word))
}

/// Before the step only the names that tell which, not how many, count: not "dos pasos".
fn ordinal(word: &str) -> Option<u32> {
    named(word).filter(|_| !matches!(word, "uno" | "un" | "one") && !is_cardinal(word))
}

fn is_cardinal(word: &str) -> bool {
    NUMBERS.iter().skip(1).any(|names| names[..2.min(names.len())].contains(&word) && !word.ends_with("er"))
}

fn named(word: &str) -> Option<u32> {
    let at = NUMBERS.iter().position(|names| names.contains(&word))?;
    u32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::step;

    #[test]
    fn steps_are_heard() {
        let cases = [
            ("Problema en paso 3 de compra", Some(3)),
            ("se queda en el PASO número 4 y no avanza", Some(4)),
            ("no puedo pasar del tercer paso", Some(3)),
            ("I'm stuck at step two of the checkout", Some(2)),
            ("the third step keeps failing", Some(3)),
            ("en la etapa 2 y luego en el paso 5", Some(2)),
            ("ya di dos pasos y nada", None),
            ("two steps further it fails", None),
            ("paso por la tienda mañana", None),
            ("el paso 20261126 no existe", None),
            ("no puedo comprar", None),
            ("", None),
        ];
        for (text, expect) in cases {
            assert_eq!(step(text), expect, "{text}");
        }
    }
}
