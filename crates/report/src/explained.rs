//! Why one contact has its reason, and why it counts as avoidable, in words. The customer's own words are shown only
//! where they could be opened.

use crate::lang::Lang;
use crate::proven::{Proven, cleared_by, rule_words, span};
use domain::ReasonBasis;
use std::fmt::Write as _;

/// What stands of a contact, and what decided it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stands {
    /// The contact.
    pub contact: String,
    /// When it began.
    pub occurred_at: String,
    /// Id of its reason.
    pub reason: String,
    /// The reason in the customer's words.
    pub label: String,
    /// What decided it.
    pub basis: ReasonBasis,
    /// How sure that is, in millionths.
    pub confidence_ppm: i64,
    /// The rule that decided it.
    pub rule: Option<String>,
    /// It counts as avoidable.
    pub dumb: bool,
    /// Proven mechanisms.
    pub mechanisms: Vec<Proven>,
    /// Mechanisms that it looked like, each with the rule that speaks against it.
    pub cleared: Vec<Proven>,
    /// The person who gave the reason, where one did.
    pub on_reason: Option<Said>,
    /// The person who said whether it was avoidable, where one did.
    pub on_dumb: Option<Said>,
}

/// That a person said something of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Pseudonym of who said it.
    pub by: String,
    /// When.
    pub at: String,
    /// Why.
    pub why: String,
}

/// What stands of a contact, with the customer's words behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// What stands.
    pub stands: Stands,
    /// The agent's own code.
    pub source_reason: Option<String>,
    /// The words that the rule found.
    pub words: Option<String>,
    /// What the model makes of the words; nothing without a model.
    pub model: Option<ModelView>,
    /// What other rules matched as well: reason and rule.
    pub further: Vec<(String, String)>,
    /// Whether the words could be opened.
    pub text: TextState,
    /// The step at which the customer was, as the source or the words name it.
    pub step: Option<String>,
    /// Its chain, itself included, in order; alone where it is one.
    pub chain: Vec<Link>,
    /// When the chain has melted, or will have without a further contact; and whether it has at the cut.
    pub melts: (String, bool),
    /// What it cost, and by which rate; nothing without a rate.
    pub cost: Option<Cost>,
    /// The epoch whose verdict this is, and the cut that shows it.
    pub epoch: String,
    /// The cut.
    pub cut: String,
}

/// A contact of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The contact.
    pub contact: String,
    /// When it began.
    pub at: String,
    /// Seconds since the one before; 0 of the first.
    pub after_s: i64,
    /// Its channel.
    pub channel: String,
    /// It is the contact that is explained.
    pub is_this: bool,
}

/// What a contact cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    /// In micro-units of the currency.
    pub micros: i64,
    /// ISO 4217.
    pub currency: String,
    /// Micro-units a contact of its channel.
    pub per_contact_micros: i64,
    /// Micro-units a second of handling.
    pub per_second_micros: i64,
    /// Milliseconds of handling, where the source gives them.
    pub handle_ms: Option<i64>,
    /// The day from which the rate is valid.
    pub valid_from: String,
}

/// What the learned model says of a contact's words.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelView {
    /// Its best reason and the probability.
    pub best: (String, f32),
    /// The next best.
    pub runner_up: (String, f32),
    /// How familiar the words are, and what is asked of them.
    pub familiarity: (f32, f32),
    /// Words of the text and their part in the margin between both, the strongest first.
    pub words: Vec<(String, f32)>,
}

/// Whether a contact's words can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextState {
    /// They could be opened.
    Open,
    /// The source gave none.
    None,
    /// They were erased.
    Gone,
}

impl Explained {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let mut out = String::new();
        let es = lang == Lang::Es;
        self.stands.head(self.words.as_deref(), lang, &mut out);
        if let Some(code) = &self.source_reason {
            let _ = writeln!(out, "{}: {code}", lang.pick("The agent's own code", "Código del agente"));
        }
        match self.text {
            TextState::Open => {}
            TextState::None => {
                out.push_str(lang.pick("The source gave no words.\n", "La fuente no dio palabras.\n"))
            }
            TextState::Gone => out.push_str(lang.pick(
                "The customer's words were erased; they can no longer be shown.\n",
                "Las palabras del cliente se borraron; ya no se pueden mostrar.\n",
            )),
        }
        for (reason, rule) in &self.further {
            let _ = if es {
                writeln!(out, "También coincide la regla {rule} del motivo {reason}.")
            } else {
                writeln!(out, "The rule {rule} of the reason {reason} matches as well.")
            };
        }
        if let Some(model) = &self.model {
            model.render(lang, &mut out);
        }
        if let Some(step) = &self.step {
            let _ = writeln!(out, "{}: {step}", lang.pick("Step", "Paso"));
        }
        self.stands.avoidable(lang, &mut out);
        self.chain(lang, &mut out);
        self.cost(lang, &mut out);
        let (epoch, cut) = (&self.epoch, &self.cut);
        let _ =
            writeln!(out, "{} {epoch} · {} {cut}", lang.pick("Epoch", "Época"), lang.pick("cut", "corte"));
        out
    }

    /// The chain as a line of dots in time.
    fn chain(&self, lang: Lang, out: &mut String) {
        if self.chain.len() < 2 {
            return out
                .push_str(lang.pick("Chain: none, it stands alone.\n", "Cadena: ninguna, está solo.\n"));
        }
        let (melts_at, melted) = &self.melts;
        let state = match (melted, lang) {
            (true, Lang::En) => format!("melted at {melts_at}"),
            (true, Lang::Es) => format!("derretida el {melts_at}"),
            (false, Lang::En) => format!("open until {melts_at}"),
            (false, Lang::Es) => format!("abierta hasta {melts_at}"),
        };
        let _ = writeln!(
            out,
            "{}: {} {}, {state}",
            lang.pick("Chain", "Cadena"),
            self.chain.len(),
            lang.pick("contacts", "contactos")
        );
        let _ = writeln!(out, "  {}", dots(&self.chain));
    }

    fn cost(&self, lang: Lang, out: &mut String) {
        let Some(cost) = &self.cost else {
            return out.push_str(
                lang.pick("Cost: no rate for its channel.\n", "Coste: sin tarifa para su canal.\n"),
            );
        };
        let money = |micros: i64| money(micros, lang);
        let Cost { currency, valid_from, .. } = cost;
        let seconds = cost.handle_ms.map(|ms| span(ms / 1_000));
        let _ = write!(out, "{}: {} {currency}", lang.pick("Cost", "Coste"), money(cost.micros));
        let (each, second) = (money(cost.per_contact_micros), money(cost.per_second_micros));
        let _ = match (seconds, lang) {
            (Some(time), Lang::En) => writeln!(
                out,
                " = {each} a contact + {second} a second × {time} of handling (rates from {valid_from})"
            ),
            (Some(time), Lang::Es) => writeln!(
                out,
                " = {each} por contacto + {second} por segundo × {time} de gestión (tarifas desde {valid_from})"
            ),
            (None, Lang::En) => {
                writeln!(out, " a contact; no handle time is known (rates from {valid_from})")
            }
            (None, Lang::Es) => {
                writeln!(out, " por contacto; sin tiempo de gestión conocido (tarifas desde {valid_from})")
            }
        };
    }
}

/// Dots as wide as a terminal allows: of a long chain the beginning and what lies around this contact.
const DOTS: usize = 9;

fn dots(chain: &[Link]) -> String {
    let this = chain.iter().position(|link| link.is_this).unwrap_or(0);
    let from = this.saturating_sub(DOTS / 2).min(chain.len().saturating_sub(DOTS));
    let mut line = String::new();
    for (at, link) in chain.iter().enumerate() {
        let shown = at == 0 || (from..from + DOTS).contains(&at);
        if !shown {
            if at == 1 || at == from + DOTS {
                line.push_str(" … ");
            }
            continue;
        }
        if at > 0 {
            // A longer gap is a longer line, by its order of magnitude.
            let dashes = 1 + usize::try_from(link.after_s.max(1).ilog10()).unwrap_or(1);
            let _ = write!(line, "{0} {1} {0}", "─".repeat(dashes), span(link.after_s));
        }
        line.push_str(if link.is_this { "◉" } else { "●" });
    }
    line
}

/// Micro-units with four places, which rates need.
fn money(micros: i64, lang: Lang) -> String {
    let text = format!("{}.{:04}", micros / 1_000_000, (micros % 1_000_000) / 100);
    let text = text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if lang == Lang::Es { text.replace('.', ",") } else { text }
}

impl Stands {
    /// As text for people.
    pub fn render(&self, lang: Lang) -> String {
        let mut out = String::new();
        self.head(None, lang, &mut out);
        self.avoidable(lang, &mut out);
        out
    }

    /// The reason and what decided it.
    fn head(&self, words: Option<&str>, lang: Lang, out: &mut String) {
        let _ = writeln!(out, "{} {} · {}", lang.pick("Contact", "Contacto"), self.contact, self.occurred_at);
        let _ = writeln!(out, "{}: {} ({})", lang.pick("Reason", "Motivo"), self.label, self.reason);
        let _ = writeln!(out, "{}", self.because(words, lang));
    }

    fn because(&self, words: Option<&str>, lang: Lang) -> String {
        let rule = self.rule.as_deref().unwrap_or("?");
        let percent = percent(self.confidence_ppm as f32 / 1e6, lang);
        match (self.basis, words, lang) {
            (ReasonBasis::Rule, Some(words), Lang::En) => {
                format!("Because the rule {rule} found “{words}” in the customer's words.")
            }
            (ReasonBasis::Rule, Some(words), Lang::Es) => {
                format!("Porque la regla {rule} encontró «{words}» en las palabras del cliente.")
            }
            (ReasonBasis::Rule, None, Lang::En) => format!("Because the rule {rule} matched."),
            (ReasonBasis::Rule, None, Lang::Es) => format!("Porque se cumplió la regla {rule}."),
            (ReasonBasis::Source, _, Lang::En) => format!("Because the rule {rule} maps the agent's code."),
            (ReasonBasis::Source, _, Lang::Es) => {
                format!("Porque la regla {rule} traduce el código del agente.")
            }
            (ReasonBasis::Model, _, Lang::En) => {
                format!("Because no rule matched and the model is {percent} sure of it.")
            }
            (ReasonBasis::Model, _, Lang::Es) => {
                format!(
                    "Porque no se cumplió ninguna regla y el modelo lo cree con un {percent} de confianza."
                )
            }
            (ReasonBasis::Override, ..) => match (&self.on_reason, lang) {
                (Some(Said { by, at, why }), Lang::En) => {
                    format!("Because {by} said so at {at}: “{why}”.")
                }
                (Some(Said { by, at, why }), Lang::Es) => {
                    format!("Porque lo dijo {by} el {at}: «{why}».")
                }
                (None, Lang::En) => "Because a person said so.".to_owned(),
                (None, Lang::Es) => "Porque lo dijo una persona.".to_owned(),
            },
            (ReasonBasis::Erased, _, Lang::En) => {
                "Carried forward from before the words were erased.".to_owned()
            }
            (ReasonBasis::Erased, _, Lang::Es) => "Se conserva de antes de borrar las palabras.".to_owned(),
            (ReasonBasis::Unclassified, _, Lang::En) => {
                "No rule matched, and nothing else is sure enough to guess.".to_owned()
            }
            (ReasonBasis::Unclassified, _, Lang::Es) => {
                "No se cumplió ninguna regla y nada más da seguridad suficiente para adivinar.".to_owned()
            }
        }
    }

    fn avoidable(&self, lang: Lang, out: &mut String) {
        if self.on_dumb.is_some() || self.dumb && self.mechanisms.is_empty() {
            let _ = writeln!(out, "{}", self.ruling(lang));
        } else if self.mechanisms.is_empty() {
            out.push_str(lang.pick("Not known to be avoidable.\n", "No consta que fuera innecesario.\n"));
        }
        for proven in &self.mechanisms {
            let name = lang.pick("Avoidable", "Innecesario");
            proven_lines(proven, name, lang.pick("proven by", "lo prueba"), lang, out);
            let clears = lang.pick("would be cleared by", "lo descartaría");
            let _ = writeln!(out, "  {clears} {}", cleared_by(proven.mechanism, lang));
        }
        for proven in &self.cleared {
            let name = lang.pick("Not", "No");
            proven_lines(proven, name, lang.pick("cleared by", "lo descarta"), lang, out);
        }
    }

    /// What a person said of its having been avoidable.
    fn ruling(&self, lang: Lang) -> String {
        let said = match (self.dumb, lang) {
            (true, Lang::En) => "said that it was avoidable",
            (false, Lang::En) => "said that it was not avoidable",
            (true, Lang::Es) => "dijo que era innecesario",
            (false, Lang::Es) => "dijo que no era innecesario",
        };
        match (&self.on_dumb, lang) {
            (Some(Said { by, at, why }), Lang::En) => format!("{by} {said}, at {at}: “{why}”."),
            (Some(Said { by, at, why }), Lang::Es) => format!("{by} {said}, el {at}: «{why}»."),
            (None, _) => format!("{} {said}.", lang.pick("A person", "Una persona")),
        }
    }
}

/// The mechanism and why, with its time and how sure it is; then a line a fact.
fn proven_lines(proven: &Proven, name: &str, by: &str, lang: Lang, out: &mut String) {
    let Proven { mechanism, rule, seconds, .. } = proven;
    let words = rule_words(rule, lang);
    let time = seconds.map(|seconds| format!(", {}", span(seconds))).unwrap_or_default();
    // Of words that were erased nobody can say any more how sure they were.
    let sure = match proven.confidence_ppm {
        0 => String::new(),
        ppm => format!(", {}", percent(ppm as f32 / 1e6, lang)),
    };
    let _ = writeln!(out, "{name}: {} · {words}{time} ({rule}{sure})", mechanism.word());
    for fact in &proven.facts {
        let _ = writeln!(out, "  {by} {}", fact.line(lang));
    }
}

impl ModelView {
    fn render(&self, lang: Lang, out: &mut String) {
        let p = |share| percent(share, lang);
        let ((best, most), (next, less)) = (&self.best, &self.runner_up);
        let _ = match lang {
            Lang::En => writeln!(out, "The model says {best} ({}), then {next} ({}).", p(*most), p(*less)),
            Lang::Es => {
                writeln!(out, "El modelo dice {best} ({}) y después {next} ({}).", p(*most), p(*less))
            }
        };
        let (familiarity, least) = self.familiarity;
        if self.words.is_empty() {
            out.push_str(
                lang.pick("It knows none of these words.\n", "No conoce ninguna de estas palabras.\n"),
            );
        } else if familiarity < least {
            out.push_str(lang.pick(
                "These words are too unlike those it learned, so it does not decide.\n",
                "Estas palabras se parecen demasiado poco a las que aprendió, así que no decide.\n",
            ));
        }
        for (word, part) in &self.words {
            let towards = if *part > 0.0 { best } else { next };
            let _ = match lang {
                Lang::En => writeln!(out, "  “{word}” speaks for {towards} ({part:+.2})"),
                Lang::Es => writeln!(out, "  «{word}» habla a favor de {towards} ({part:+.2})"),
            };
        }
    }
}

fn percent(share: f32, lang: Lang) -> String {
    let text = format!("{:.1} %", share * 100.0);
    if lang == Lang::Es { text.replace('.', ",") } else { text }
}
