//! What data the company asked for in a transcript, and whether the customer gave them. That a datum is asked for
//! again although it was given is the mechanism `reasked_data`.

use super::words::*;
use super::{find, has_any, words_of};
use domain::{Datum, Speaker, Turn};

/// Most words between a word that asks and the name of what it asks for.
const REACH: usize = 9;
/// A question without any asking word is short: "¿Su DNI, por favor?"
const SHORT: usize = 6;
/// Whose datum a short question asks for.
const THEIRS: [&str; 5] = ["su", "sus", "tu", "tus", "your"];
/// Digits that are a number somebody reads out, and not a count or a menu's key.
const DIGITS: usize = 4;

/// A question of the company for a datum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// What was asked for.
    pub datum: Datum,
    /// Milliseconds since the contact began, where the source says.
    pub at_ms: Option<i64>,
    /// The customer gave it before it was asked for the next time.
    pub given: bool,
    /// The company had found that what it was given does not serve: asking anew is right.
    pub excused: bool,
}

/// The questions of a transcript in their order. A turn asks for each datum once.
pub fn asked(turns: &[Turn]) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    // The company's last words, which may say why it asks again, and the questions that are open.
    let (mut before, mut open): (Vec<String>, usize) = (Vec::new(), 0);
    for turn in turns {
        match turn.speaker {
            Speaker::Customer => hear_answer(&mut asked[open..], &turn.text),
            Speaker::Agent | Speaker::Bot | Speaker::Ivr => {
                let words = words_of(&turn.text);
                let excused = has_any(&words, REFUSED) || has_any(&before, REFUSED);
                let questions = questions(&turn.text);
                if !questions.is_empty() {
                    open = asked.len();
                }
                for datum in questions {
                    asked.push(Asked { datum, at_ms: turn.at_ms, given: false, excused });
                }
                before = words;
            }
            Speaker::Unknown | Speaker::Other => {}
        }
    }
    asked
}

/// The customer's words answer what was asked last, unless they say that they do not.
fn hear_answer(open: &mut [Asked], text: &str) {
    let words = words_of(text);
    for question in open {
        question.given |= gives(&words, question.datum);
    }
}

/// Whether these words of a customer give a datum.
fn gives(words: &[String], datum: Datum) -> bool {
    if let Some(of_datum) = placeholder(words, datum) {
        return of_datum;
    }
    if states(words) {
        return true;
    }
    let says_something = words.iter().any(|word| !ONLY_AGREES.contains(&word.as_str()));
    // A number is given in digits, a placeholder or read out in words; names and addresses are any words.
    let spoken =
        matches!(datum, Datum::Name | Datum::Address | Datum::BirthDate | Datum::Email) || words.len() >= 3;
    says_something && spoken && !has_any(words, NOT_GIVEN)
}

/// Where redaction took out data of a known kind: whether this datum is among them. A number beside them may be it.
fn placeholder(words: &[String], datum: Datum) -> Option<bool> {
    let kind = |word: &String| PLACEHOLDERS.iter().find(|(name, _)| name == word).map(|(_, datum)| *datum);
    let mut kinds = words.iter().filter_map(kind).peekable();
    kinds.peek()?;
    if kinds.any(|kind| kind == datum) {
        return Some(true);
    }
    let has_number =
        words.iter().any(|word| !word.starts_with('<') && word.bytes().any(|b| b.is_ascii_digit()));
    (!has_number).then_some(false)
}

/// A number or a placeholder of redaction: somebody says the datum itself.
fn states(words: &[String]) -> bool {
    let is_stated = |word: &String| {
        word.starts_with('<')
            || word.contains('@')
            || word.bytes().filter(u8::is_ascii_digit).count() >= DIGITS
    };
    let short_numbers = words.iter().filter(|w| w.bytes().all(|b| b.is_ascii_digit())).count();
    words.iter().any(is_stated) || short_numbers >= 2
}

/// What a turn of the company asks for, each datum once.
fn questions(text: &str) -> Vec<Datum> {
    let mut found = Vec::new();
    for sentence in text.split(['.', '?', '!', ';', '¿', '¡', '\n']) {
        let words = words_of(sentence);
        // Who says the number itself wants it confirmed, not given.
        if states(&words) || has_any(&words, ONE_TIME) {
            continue;
        }
        for datum in questions_of(&words) {
            if !found.contains(&datum) {
                found.push(datum);
            }
        }
    }
    found
}

fn questions_of(words: &[String]) -> Vec<Datum> {
    let whole =
        WHOLE_QUESTIONS.iter().filter(|(_, phrases)| has_any(words, phrases)).map(|(datum, _)| *datum);
    let mut found: Vec<Datum> = whole.collect();
    let mut covered = vec![false; words.len()];
    for (datum, names) in NAMES {
        for name in *names {
            let mut from = 0;
            while let Some(end) = find(words, name, from) {
                let start = end - name.split(' ').count();
                from = end;
                if covered[start..end].contains(&true) {
                    continue;
                }
                covered[start..end].fill(true);
                if !found.contains(datum) && is_asked(words, start, end) {
                    found.push(*datum);
                }
            }
        }
    }
    found
}

/// Whether the name from `start` to `end` is what the sentence asks for.
fn is_asked(words: &[String], start: usize, end: usize) -> bool {
    let is_here = |phrase: &&str| find(words, phrase, end) == Some(end + phrase.split(' ').count());
    if OF_SOMETHING.iter().any(is_here) {
        return false;
    }
    if has_any(&words[end..], ASKING_AFTER) {
        return true;
    }
    let owned_from = start.saturating_sub(3);
    let is_owned = words[owned_from..start].iter().any(|word| OWNED.contains(&word.as_str()));
    let asks = (start.saturating_sub(REACH)..start).any(|at| asks_at(words, at));
    let behind = words[start..].iter().any(|word| matches!(word.as_str(), "favor" | "please"));
    if asks {
        is_owned || start == 0 || behind || asks_directly(words, start)
    } else {
        is_short(words, start)
    }
}

/// "Numero de pedido?", "Y su DNI, por favor"
fn is_short(words: &[String], start: usize) -> bool {
    let is_theirs = start.checked_sub(1).is_some_and(|before| THEIRS.contains(&words[before].as_str()));
    words.len() <= SHORT && (start <= 1 || is_theirs)
}

/// "ingrese numero de documento", "enter order number"
fn asks_directly(words: &[String], start: usize) -> bool {
    start.checked_sub(1).is_some_and(|before| asks_at(words, before))
}

fn asks_at(words: &[String], at: usize) -> bool {
    let word = words[at].as_str();
    if !ASKING.contains(&word) {
        return false;
    }
    let before = at.checked_sub(1).map(|before| words[before].as_str());
    let of_others = before.is_some_and(|before| NOT_ASKING_BEFORE.contains(&before));
    if of_others && !ASKING_OF_SPEAKER.contains(&word) {
        return false;
    }
    // "I need to check your address" asks nothing; "I need to confirm your address" does.
    let next = words.get(at + 1).map(String::as_str);
    let after = words.get(at + 2).map(String::as_str);
    let leads_on = matches!(word, "need" | "have" | "get") && next == Some("to");
    !leads_on || after.is_some_and(|after| ASKING.contains(&after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(spoken: &[(Speaker, &str)]) -> Vec<Turn> {
        let turn = |(at, (speaker, text)): (usize, &(Speaker, &str))| Turn {
            speaker: *speaker,
            at_ms: i64::try_from(at).ok().map(|at| at * 1000),
            text: (*text).to_owned(),
        };
        spoken.iter().enumerate().map(turn).collect()
    }

    #[test]
    fn a_datum_is_asked_for_again() {
        use Speaker::*;
        let found = asked(&turns(&[
            (Ivr, "Por favor, ingrese su número de identidad."),
            (Customer, "<ID>"),
            (Agent, "Buenos días, ¿me indica su DNI?"),
            (Customer, "ya lo di: <ID>"),
        ]));
        let expect =
            |at_ms| Asked { datum: Datum::Identity, at_ms: Some(at_ms), given: true, excused: false };
        assert_eq!(found, [expect(0), expect(2000)]);
    }

    #[test]
    fn questions_are_told_from_statements() {
        let cases: [(&str, &[Datum]); 13] = [
            ("¿Me podría facilitar su correo electrónico, por favor?", &[Datum::Email]),
            ("Can I have your order number please?", &[Datum::Order]),
            ("May I take your full name and date of birth?", &[Datum::BirthDate, Datum::Name]),
            ("What's your postcode?", &[Datum::Address]),
            ("¿Con quién tengo el gusto?", &[Datum::Name]),
            ("Número de pedido, por favor.", &[Datum::Order]),
            ("Le enviaremos la factura a su correo.", &[]),
            ("We've sent a confirmation to your email.", &[]),
            ("Su DNI es el <ID>, ¿correcto?", &[]),
            ("Ingrese el código que le enviamos a su celular.", &[]),
            ("I need to check your address on file.", &[]),
            ("Nuestro teléfono es el 900 123 456.", &[]),
            ("Gracias por su llamada.", &[]),
        ];
        for (text, expect) in cases {
            assert_eq!(questions(text), expect, "{text}");
        }
    }

    #[test]
    fn what_is_not_given_and_what_does_not_serve() {
        use Speaker::*;
        let found = asked(&turns(&[
            (Agent, "¿Me da su número de cliente?"),
            (Customer, "no lo tengo a mano"),
            (Agent, "¿Y su teléfono?"),
            (Customer, "<PHONE>"),
            (Agent, "Ese no aparece. ¿Me repite su teléfono?"),
        ]));
        let shapes: Vec<_> = found.iter().map(|a| (a.datum, a.given, a.excused)).collect();
        assert_eq!(
            shapes,
            [(Datum::Account, false, false), (Datum::Phone, true, false), (Datum::Phone, false, true)]
        );
    }
}
