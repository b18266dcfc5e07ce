//! Proofs in words: what a rule means, what would clear a mechanism, what a fact is, how long a time is. Spanish and
//! English. docs/mechanisms.md says the same at length.

use crate::lang::Lang;
use domain::Mechanism;

/// What a proof is shown as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proven {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// The rule that found it, or that speaks against it.
    pub rule: String,
    /// How sure that is, in millionths.
    pub confidence_ppm: i64,
    /// Seconds between the contact and what proves it.
    pub seconds: Option<i64>,
    /// The facts.
    pub facts: Vec<Fact>,
}

/// A fact as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its id.
    pub id: String,
    /// When it happened; `None` where it was not looked up.
    pub at: Option<String>,
    /// Which kind, such as `OrderPlaced`.
    pub kind: Option<String>,
    /// What of that kind: a channel, an upstream kind, an outcome.
    pub word: Option<String>,
    /// What it is about.
    pub about: Option<String>,
}

impl Fact {
    /// A fact of which only the id is known.
    pub fn bare(id: String) -> Self {
        Self { id, at: None, kind: None, word: None, about: None }
    }

    /// In one line.
    pub fn line(&self, lang: Lang) -> String {
        let at = self.at.as_deref().unwrap_or_default();
        let kind =
            self.kind.as_deref().map(|kind| kind_words(kind, self.word.as_deref(), lang)).unwrap_or_default();
        let about = self.about.as_deref().map(|about| format!(" · {about}")).unwrap_or_default();
        format!("{at}  {kind}{about}  {}", self.id).trim().to_owned()
    }
}

/// What a kind of fact is called.
fn kind_words(kind: &str, word: Option<&str>, lang: Lang) -> String {
    let name = match kind {
        "ContactRecorded" => lang.pick("contact", "contacto"),
        "ContactResolved" => lang.pick("case resolved", "caso resuelto"),
        "ContactReopened" => lang.pick("case opened again", "caso reabierto"),
        "OrderPlaced" => lang.pick("order placed", "pedido hecho"),
        "UpstreamEvent" => lang.pick("event", "suceso"),
        "NotificationSent" => lang.pick("notice sent", "aviso enviado"),
        "SelfServiceEnded" => lang.pick("self-service", "autoservicio"),
        "PromiseMade" => lang.pick("promise made", "promesa hecha"),
        "PromiseSettled" => lang.pick("promise", "promesa"),
        "RecoveryOffered" => lang.pick("made good", "compensación"),
        "CustomerMerged" => lang.pick("two customers found to be one", "dos clientes que eran uno"),
        "VerdictOverridden" => lang.pick("a person's word", "palabra de una persona"),
        "TextErased" => lang.pick("words erased", "palabras borradas"),
        other => other,
    };
    word.map_or_else(|| name.to_owned(), |word| format!("{name} ({word})"))
}

/// What a rule says, without the time.
pub fn rule_words(rule: &str, lang: Lang) -> &'static str {
    let (en, es) = match rule {
        "status_chase/asked" => {
            ("the customer asks how something pending stands", "el cliente pregunta cómo va algo pendiente")
        }
        "status_chase/open_order" => (
            "the customer asks how something pending stands, and this order was open",
            "el cliente pregunta cómo va algo pendiente, y este pedido seguía abierto",
        ),
        "status_chase/reopened" => (
            "the customer asks how a case stands that had been opened again",
            "el cliente pregunta cómo va un caso que se había reabierto",
        ),
        "status_chase/order_closed" => (
            "every order that the contact names had been delivered or cancelled",
            "todos los pedidos que nombra el contacto ya estaban entregados o cancelados",
        ),
        "status_chase/case_resolved" => ("its case had been resolved", "su caso ya estaba resuelto"),
        "status_chase/nothing_open" => {
            ("all the customer's orders had been closed", "todos los pedidos del cliente ya estaban cerrados")
        }
        "public_info/asked" => (
            "the customer asks what should be findable",
            "el cliente pregunta algo que debería poder encontrar",
        ),
        "public_info/document" => (
            "the customer asks about a document that was sent",
            "el cliente pregunta por un documento que se le envió",
        ),
        "repeat/same_case" => ("the same case again", "otra vez el mismo caso"),
        "repeat/same_order" => ("the same order again", "otra vez el mismo pedido"),
        "repeat/same_reason" => ("the same reason again", "otra vez el mismo motivo"),
        "repeat/through_later" => (
            "the same issue again, connected through a later contact",
            "otra vez el mismo asunto, unido por un contacto posterior",
        ),
        "repeat/other_channel" => (
            "the same issue by another channel while the first was not resolved",
            "el mismo asunto por otro canal mientras el primero no estaba resuelto",
        ),
        "site_howto/asked" => (
            "the customer asks how to use site or app",
            "el cliente pregunta cómo usar la web o la aplicación",
        ),
        "site_blocked/told" => {
            ("site or app stopped the customer", "la web o la aplicación detuvo al cliente")
        }
        "company_error/told" => (
            "the customer tells of the company's own error",
            "el cliente cuenta un error de la propia empresa",
        ),
        "company_error/corrected" => ("it was corrected afterwards", "se corrigió después"),
        "company_error/recovered" => ("it was made good afterwards", "se compensó después"),
        "company_error/cancelled" => (
            "the order had been cancelled, so the refund was due anyway",
            "el pedido se había cancelado, así que la devolución tocaba de todos modos",
        ),
        "reasked_data/transcript" => (
            "a datum that the customer had given was asked for again",
            "se volvió a pedir un dato que el cliente ya había dado",
        ),
        "reasked_data/chain" => (
            "a datum that the customer had given in an earlier contact was asked for again",
            "se volvió a pedir un dato que el cliente ya había dado en un contacto anterior",
        ),
        "reasked_data/carried" => (
            "a datum was asked for again, as the erased words showed",
            "se volvió a pedir un dato, como mostraban las palabras borradas",
        ),
        "preventable_by_notice/known" => ("the company knew before", "la empresa lo sabía antes"),
        "preventable_by_notice/noticed" => ("customers had been told", "se había avisado a los clientes"),
        "preventable_by_notice/over" => ("it was over before", "ya había terminado antes"),
        "wrong_route/told" => (
            "the customer tells of having come to the wrong place",
            "el cliente cuenta que llegó al lugar equivocado",
        ),
        "wrong_route/handed_on" => {
            ("it was handed on to another queue or person", "se pasó a otra cola u otra persona")
        }
        "broken_promise/told" => (
            "the customer tells of a promise that was not kept",
            "el cliente cuenta una promesa que no se cumplió",
        ),
        "broken_promise/overdue" => ("a promise was past due", "una promesa estaba vencida"),
        "broken_promise/kept" => (
            "every promise to the customer was kept or not yet due",
            "todas las promesas al cliente estaban cumplidas o aún en plazo",
        ),
        "self_service_failed/session" => {
            ("self-service on the same topic had failed", "el autoservicio sobre el mismo tema había fallado")
        }
        "self_service_failed/completed" => (
            "the customer got through on the same path afterwards",
            "el cliente lo consiguió después por la misma vía",
        ),
        "policy_made/asked" => (
            "only a rule of the company makes the contact necessary",
            "solo una norma de la empresa hace necesario el contacto",
        ),
        said if said.ends_with("/said") => ("a person said so", "lo dijo una persona"),
        _ => ("", ""),
    };
    lang.pick(en, es)
}

/// What on record would clear the mechanism.
pub fn cleared_by(mechanism: Mechanism, lang: Lang) -> &'static str {
    let (en, es) = match mechanism {
        Mechanism::StatusChase => (
            "the order's delivery or cancellation, or the case's resolution, before the contact",
            "la entrega o cancelación del pedido, o la resolución del caso, antes del contacto",
        ),
        Mechanism::PreventableByNotice => (
            "a notice about it before the contact, or its end",
            "un aviso sobre ello antes del contacto, o su fin",
        ),
        Mechanism::BrokenPromise => (
            "that the promise had been kept before the contact",
            "que la promesa se cumplió antes del contacto",
        ),
        Mechanism::CompanyError => (
            "the order's cancellation, before a refund that proves it",
            "la cancelación del pedido, antes de la devolución que lo prueba",
        ),
        Mechanism::SelfServiceFailed => (
            "a later session on the same path that was completed",
            "una sesión posterior completada por la misma vía",
        ),
        Mechanism::ReaskedData => (
            "that the customer had not given it, or that what was given did not serve",
            "que el cliente no lo había dado, o que lo dado no servía",
        ),
        Mechanism::PublicInfo
        | Mechanism::Repeat
        | Mechanism::SiteHowto
        | Mechanism::SiteBlocked
        | Mechanism::WrongRoute
        | Mechanism::PolicyMade => {
            ("a person's word (quell override)", "la palabra de una persona (quell override)")
        }
    };
    lang.pick(en, es)
}

/// A length of time in its two largest units, such as `2 d 3 h`: symbols of units are the same in both languages.
pub fn span(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (size, name) in units {
        let (count, rest) = (left / size, left % size);
        if count > 0 {
            parts.push(format!("{count} {name}"));
            left = rest;
        }
        if parts.len() == 2 || (parts.len() == 1 && count == 0) {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units() {
        let cases = [
            (0, "0 s"),
            (25, "25 s"),
            (90, "1 min 30 s"),
            (3_600, "1 h"),
            (3_605, "1 h"),
            (86_400 * 4 + 7_300, "4 d 2 h"),
        ];
        for (seconds, expect) in cases {
            assert_eq!(span(seconds), expect, "{seconds}");
        }
    }

    #[test]
    fn every_mechanism_says_what_would_clear_it_in_both_languages() {
        for mechanism in Mechanism::ALL {
            assert_ne!(cleared_by(*mechanism, Lang::En), cleared_by(*mechanism, Lang::Es), "{mechanism}");
        }
    }
}
