//! The closed words of the domain in the words of business people, and names from the taxonomy made safe to print.

use super::measure::Missing;
use super::model::{Named, UNOWNED};
use crate::Lang;
use domain::{Channel, Disposition, Mechanism, UNCLASSIFIED};

/// Longest name that is shown whole, in characters. A taxonomy that has longer ones says its point before that.
const NAME_CHARS: usize = 120;

/// What a named thing is called: in the reader's language, else in the other one, else by its id.
pub(crate) fn name(lang: Lang, named: &Named) -> String {
    let own = |text: &Option<String>| text.clone().filter(|t| !t.trim().is_empty());
    let (first, second) = match lang {
        Lang::En => (&named.en, &named.es),
        Lang::Es => (&named.es, &named.en),
    };
    let id = || match named.id.as_str() {
        UNCLASSIFIED => lang.pick("No reason found yet", "Sin motivo identificado").to_owned(),
        UNOWNED => lang.pick("No owner yet", "Sin responsable").to_owned(),
        id => id.to_owned(),
    };
    printable(&own(first).or_else(|| own(second)).unwrap_or_else(id))
}

/// A reason in quotation marks: it is what customers say. What nothing explains is no quotation.
pub(crate) fn quoted(lang: Lang, reason: &Named) -> String {
    let name = name(lang, reason);
    match (reason.is_unclassified(), lang) {
        (true, _) => name,
        (false, Lang::En) => format!("“{name}”"),
        (false, Lang::Es) => format!("«{name}»"),
    }
}

/// One line without control characters and without marks that turn the direction of what stands around it. A
/// name in a right-to-left script is isolated, so that the figures beside it stay in their order.
pub(crate) fn printable(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c });
    let mut out: String = clean.filter(|c| !turns_direction(*c)).take(NAME_CHARS).collect();
    if text.chars().count() > NAME_CHARS {
        out.push('…');
    }
    let out = out.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if out.chars().any(is_right_to_left) { format!("\u{2068}{out}\u{2069}") } else { out }
}

fn turns_direction(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// Hebrew, Arabic and their neighbours, and the old scripts beyond the basic plane.
fn is_right_to_left(c: char) -> bool {
    let basic = matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}');
    basic || matches!(c, '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// What contacts are divided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// One of them: `order`.
    pub one: String,
    /// Several: `orders`.
    pub many: String,
}

/// The words of a unit of the taxonomy, which names it as it likes: the usual ones are translated.
pub(crate) fn unit(lang: Lang, id: &str) -> Unit {
    const KNOWN: [(&str, [&str; 4]); 14] = [
        ("accounts", ["account", "accounts", "cuenta", "cuentas"]),
        ("active_accounts", ["active account", "active accounts", "cuenta activa", "cuentas activas"]),
        ("active_customers", ["active customer", "active customers", "cliente activo", "clientes activos"]),
        ("bookings", ["booking", "bookings", "reserva", "reservas"]),
        ("customers", ["customer", "customers", "cliente", "clientes"]),
        ("deliveries", ["delivery", "deliveries", "entrega", "entregas"]),
        ("invoices", ["invoice", "invoices", "factura", "facturas"]),
        ("orders", ["order", "orders", "pedido", "pedidos"]),
        ("policies", ["policy", "policies", "póliza", "pólizas"]),
        ("shipments", ["shipment", "shipments", "envío", "envíos"]),
        ("subscriptions", ["subscription", "subscriptions", "suscripción", "suscripciones"]),
        ("transactions", ["transaction", "transactions", "transacción", "transacciones"]),
        ("trips", ["trip", "trips", "viaje", "viajes"]),
        ("visits", ["visit", "visits", "visita", "visitas"]),
    ];
    if let Some((_, [one_en, many_en, one_es, many_es])) = KNOWN.iter().find(|(known, _)| *known == id) {
        return Unit { one: lang.pick(one_en, one_es).into(), many: lang.pick(many_en, many_es).into() };
    }
    let many = printable(&id.replace('_', " "));
    let one = match lang {
        Lang::En => format!("unit of {many}"),
        Lang::Es => format!("unidad de {many}"),
    };
    Unit { one, many }
}

/// The unit where there is one, else the word "units".
pub(crate) fn unit_or_any(lang: Lang, id: Option<&str>) -> Unit {
    match id {
        Some(id) => unit(lang, id),
        None => Unit { one: lang.pick("unit", "unidad").into(), many: lang.pick("units", "unidades").into() },
    }
}

/// A channel.
pub(crate) const fn channel(lang: Lang, channel: Channel) -> &'static str {
    match channel {
        Channel::Unknown => lang.pick("not known", "desconocido"),
        Channel::Phone => lang.pick("phone", "teléfono"),
        Channel::Email => lang.pick("e-mail", "correo electrónico"),
        Channel::Chat => "chat",
        Channel::WebForm => lang.pick("web form", "formulario web"),
        Channel::Whatsapp => "WhatsApp",
        Channel::Sms => "SMS",
        Channel::Social => lang.pick("social networks", "redes sociales"),
        Channel::InPerson => lang.pick("in person", "en persona"),
        Channel::Review => lang.pick("public review", "reseña pública"),
        Channel::Regulator => lang.pick("through an authority", "a través de un organismo"),
        Channel::Post => lang.pick("letter", "carta"),
        Channel::Video => lang.pick("video call", "videollamada"),
        Channel::App => lang.pick("inside the app", "dentro de la app"),
        Channel::Bot => lang.pick("bot", "bot"),
    }
}

/// What to do with a reason.
pub(crate) const fn disposition(lang: Lang, disposition: Disposition) -> &'static str {
    match disposition {
        Disposition::Eliminate => lang.pick("eliminate", "eliminar"),
        Disposition::Automate => lang.pick("automate", "automatizar"),
        Disposition::Simplify => lang.pick("simplify", "simplificar"),
        Disposition::Leverage => lang.pick("keep and use", "conservar y aprovechar"),
    }
}

/// Why contacts were avoidable.
pub(crate) const fn mechanism(lang: Lang, mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::StatusChase => {
            lang.pick("Asked how an order or case stands", "Preguntó cómo va un pedido o un caso")
        }
        Mechanism::PublicInfo => {
            lang.pick("Asked what should be easy to find", "Preguntó lo que debería ser fácil de encontrar")
        }
        Mechanism::Repeat => lang.pick("Came back with the same matter", "Volvió por el mismo asunto"),
        Mechanism::SiteHowto => {
            lang.pick("Asked how to use the site or app", "Preguntó cómo usar la web o la app")
        }
        Mechanism::SiteBlocked => {
            lang.pick("Was stopped by the site or app", "No pudo seguir en la web o la app")
        }
        Mechanism::CompanyError => lang.pick("Reported our own error", "Avisó de un error nuestro"),
        Mechanism::ReaskedData => lang.pick("Had to give the same data again", "Tuvo que repetir sus datos"),
        Mechanism::PreventableByNotice => {
            lang.pick("Asked what we already knew", "Preguntó lo que ya sabíamos")
        }
        Mechanism::WrongRoute => {
            lang.pick("Came to the wrong place first", "Llegó primero al sitio equivocado")
        }
        Mechanism::BrokenPromise => {
            lang.pick("Chased a promise we did not keep", "Reclamó una promesa incumplida")
        }
        Mechanism::SelfServiceFailed => {
            lang.pick("Had tried self-service without success", "Había probado el autoservicio sin éxito")
        }
        Mechanism::PolicyMade => {
            lang.pick("Was sent here by our own rules", "Vino porque lo exige una norma nuestra")
        }
    }
}

/// What would remove such contacts: one thing that their owner can do.
pub(crate) const fn remedy(lang: Lang, mechanism: Mechanism) -> &'static str {
    match mechanism {
        Mechanism::StatusChase => lang.pick(
            "Tell customers how it stands before they ask, and show it where they look.",
            "Informar del estado antes de que lo pregunten y mostrarlo donde miran.",
        ),
        Mechanism::PublicInfo => lang.pick(
            "Publish the answer where customers look for it: on the page, the bill, the letter.",
            "Publicar la respuesta donde la buscan: en la página, la factura o la carta.",
        ),
        Mechanism::Repeat => lang.pick(
            "Settle it the first time: whoever answers needs the means to close it.",
            "Resolver a la primera: quien atiende necesita medios para cerrar el asunto.",
        ),
        Mechanism::SiteHowto => lang.pick(
            "Make the step plain, or explain it on the spot.",
            "Simplificar el paso o explicarlo ahí mismo.",
        ),
        Mechanism::SiteBlocked => lang.pick(
            "Repair the step at which customers stop, and watch it for errors.",
            "Reparar el paso en el que se quedan los clientes y vigilar sus errores.",
        ),
        Mechanism::CompanyError => lang.pick(
            "Remove the source of the error, and put it right before customers notice.",
            "Eliminar el origen del error y corregirlo antes de que lo noten los clientes.",
        ),
        Mechanism::ReaskedData => lang.pick(
            "Ask once: show agents what is already known, and pass it on at every transfer.",
            "Preguntar una vez: mostrar a los agentes lo que ya se sabe y pasarlo en cada transferencia.",
        ),
        Mechanism::PreventableByNotice => lang.pick(
            "Send a notice to those concerned as soon as we know.",
            "Avisar a los afectados en cuanto lo sepamos.",
        ),
        Mechanism::WrongRoute => lang.pick(
            "Say which door is for what, and send each matter straight to it.",
            "Indicar qué puerta es para qué y dirigir cada asunto a la suya.",
        ),
        Mechanism::BrokenPromise => lang.pick(
            "Promise only what can be kept, and tell the customer before the date passes.",
            "Prometer solo lo que se pueda cumplir y avisar antes de que venza la fecha.",
        ),
        Mechanism::SelfServiceFailed => lang.pick(
            "Repair self-service at the step where customers give up.",
            "Arreglar el autoservicio en el paso en que los clientes abandonan.",
        ),
        Mechanism::PolicyMade => lang.pick(
            "Change the rule, or let customers do it themselves.",
            "Cambiar la norma o dejar que el cliente lo haga por sí mismo.",
        ),
    }
}

/// Why a figure is not there, and what would bring it.
pub(crate) const fn missing(lang: Lang, missing: Missing) -> &'static str {
    match missing {
        Missing::Few => lang.pick(
            "fewer than 20 contacts: too few for a percentage",
            "menos de 20 contactos: demasiado pocos para un porcentaje",
        ),
        Missing::NoContacts => lang.pick("no contacts", "sin contactos"),
        Missing::NoUnit => lang.pick(
            "the taxonomy names no unit: `unit = \"orders\"` in its file",
            "la taxonomía no indica ninguna unidad: `unit = \"orders\"` en su archivo",
        ),
        Missing::NoUnits => lang.pick(
            "no units imported for the week: `quell units import`",
            "no se han importado unidades de la semana: `quell units import`",
        ),
        Missing::NoCost => lang.pick(
            "no costs are set for these contacts: `quell costs set`",
            "no hay costes definidos para estos contactos: `quell costs set`",
        ),
        Missing::NothingBefore => {
            lang.pick("no earlier week has this figure", "ninguna semana anterior tiene esta cifra")
        }
        Missing::Gaps => lang.pick(
            "some of the weeks before have no units",
            "a algunas de las semanas anteriores les faltan unidades",
        ),
        Missing::Unfinished => lang.pick(
            "the week is not over: part of a week is not compared with whole weeks",
            "la semana no ha terminado: una parte no se compara con semanas completas",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_line_that_cannot_steer_a_terminal_or_a_page() {
        let cases = [
            ("Where is my\r\n order?", "Where is my order?"),
            ("\u{1b}[31mred\u{7}", "[31mred"),
            ("\u{202e}desrever\u{202c}", "desrever"),
            ("أين طلبي؟", "\u{2068}أين طلبي؟\u{2069}"),
        ];
        for (text, shown) in cases {
            assert_eq!(printable(text), shown);
        }
        let long = printable(&"á".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with('…')), (NAME_CHARS + 1, true));
    }

    #[test]
    fn a_missing_name_is_the_other_language_and_then_the_id() {
        let named = |es: Option<&str>, en: Option<&str>| Named {
            id: "late_parcel".into(),
            es: es.map(str::to_owned),
            en: en.map(str::to_owned),
        };
        assert_eq!(name(Lang::En, &named(Some("Tarde"), None)), "Tarde");
        assert_eq!(name(Lang::En, &named(Some("Tarde"), Some(" "))), "Tarde");
        assert_eq!(name(Lang::Es, &named(None, None)), "late_parcel");
        assert_eq!(quoted(Lang::Es, &named(Some("Tarde"), None)), "«Tarde»");
    }
}
