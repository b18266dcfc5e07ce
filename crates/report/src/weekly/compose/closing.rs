//! What every figure means, and where all of them come from.

use super::Say;
use crate::Lang;
use crate::weekly::figures::{self, FEW, NONE};
use crate::weekly::page::{Block, Section, Term};
use crate::weekly::words::{self, Unit};

/// The definitions that the numbers beside the figures point to.
pub(super) fn definitions(say: Say<'_>) -> Section {
    let of = |term: &Term| {
        let (name, text) = definition(say, *term);
        (*term, name, text)
    };
    Section {
        id: "definitions",
        title: say.pick("What the figures mean", "Qué significan las cifras"),
        term: None,
        lead: Vec::new(),
        marks: Vec::new(),
        blocks: vec![Block::Definitions(Term::ALL.iter().map(of).collect())],
    }
}

fn definition(say: Say<'_>, term: Term) -> (String, String) {
    let words = Words {
        unit: say.unit(),
        window: say.weekly.provenance.chain_window_days,
        maturity: say.weekly.provenance.maturity_days,
        follows: figures::duration(say.lang, say.weekly.provenance.self_service_window_s),
    };
    let text = match say.lang {
        Lang::En => words.english(term),
        Lang::Es => words.spanish(term),
    };
    (name(say.lang, term).to_owned(), text)
}

const fn name(lang: Lang, term: Term) -> &'static str {
    match term {
        Term::Contact => lang.pick("Contact", "Contacto"),
        Term::Cpx => lang.pick("Contacts per 100 (CPX)", "Contactos por cada 100 (CPX)"),
        Term::Avoidable => lang.pick("Avoidable", "Innecesario"),
        Term::Cost => lang.pick("Cost", "Coste"),
        Term::Effects => lang.pick("Growth and rate effect", "Efecto de volumen y de tasa"),
        Term::VitalFew => lang.pick("Vital few", "Pocos vitales"),
        Term::Mechanism => lang.pick("Why avoidable", "Por qué innecesario"),
        Term::KnownFirst => lang.pick("We knew first", "Lo sabíamos antes"),
        Term::SelfService => lang.pick("Self-service", "Autoservicio"),
        Term::Snowball => lang.pick("Snowball", "Bola de nieve"),
        Term::Owner => lang.pick("Owner", "Responsable"),
        Term::Mean => lang.pick("Mean of four weeks", "Media de cuatro semanas"),
        Term::Few => FEW,
        Term::Missing => NONE,
    }
}

/// What definitions take from the report.
struct Words {
    unit: Unit,
    /// Longest gap of a snowball, in days.
    window: u64,
    /// Days after which a contact is mature.
    maturity: u64,
    /// How long after a session a contact is said to follow it, in words.
    follows: String,
}

impl Words {
    fn english(&self, term: Term) -> String {
        let Self { unit: Unit { one, many }, window, maturity, follows } = self;
        let fixed = match term {
            Term::Contact => {
                "A customer came to us once, by one channel. It is not a ticket and not a message: a call \
                 that was transferred, or several messages in a row, are one contact."
            }
            Term::Cpx => {
                return format!(
                    "Contacts of the week × 100 ÷ {many} of the week. It shows whether customers need us \
                     more often, however much the company grows."
                );
            }
            Term::Avoidable => {
                "A contact that neither the customer nor the company wanted. It counts as one only where \
                 facts prove it, such as an order that was still open or an earlier contact about the same \
                 matter."
            }
            Term::Cost => {
                "What it costs to answer: an amount for each contact and one for each second, at the rate of \
                 its channel. A contact without a rate has no cost, which is not the same as 0."
            }
            Term::Effects => {
                return format!(
                    "A change has two parts. By growth: as many contacts as the change in {many} alone would \
                     explain. By rate: the rest, because each {one} causes more or fewer. The two add up to \
                     the change."
                );
            }
            Term::VitalFew => {
                "The fewest reasons that together make 80% of the contacts. A reason is worded as customers \
                 say it; every contact has exactly one. The arrow says what to do with it: what is of no \
                 value to customers or to the company is eliminated, automated or simplified."
            }
            Term::Mechanism => {
                "The way in which a contact came to be unnecessary. It decides what removes it."
            }
            Term::KnownFirst => {
                "A word from us could have spared a contact that asks how something stands, chases a \
                 promise, or asks about an event or a document of ours. We knew first where the event, the \
                 promise past its date or the document was on our records before the customer asked."
            }
            Term::SelfService => {
                return format!(
                    "Of sessions of known customers: contained = no contact of the customer followed within \
                     {follows}; leak = the session failed, was abandoned or handed over, and led to a \
                     contact about the same thing in that time. Of other sessions nobody can tell."
                );
            }
            Term::Snowball => {
                return format!(
                    "Contacts of one customer about the same matter, by whatever channel, each at most \
                     {window} days after the one before. Snowball rate: repeats (all but the first) ÷ contacts of the week. A \
                     contact's snowball can grow until {maturity} days have passed; until then the figures \
                     are provisional."
                );
            }
            Term::Owner => {
                "The area where the cause lies and which can remove it, not the one that answers. Each \
                 reason has one; its contacts are charged to it."
            }
            Term::Mean => {
                "The up to four weeks before this one, taken together: rates are those of all their \
                 contacts, not a mean of rates. Less is better in every comparison of this report; a change \
                 has a colour only where it is larger than chance usually makes it."
            }
            Term::Few => {
                "Fewer than 20 contacts or sessions. A percentage of so few says more about chance than about the cause."
            }
            Term::Missing => "Not known. The note beside it says why; it never means 0.",
        };
        fixed.to_owned()
    }

    fn spanish(&self, term: Term) -> String {
        let Self { unit: Unit { one, many }, window, maturity, follows } = self;
        let fixed = match term {
            Term::Contact => {
                "Un cliente acudió a nosotros una vez, por un canal. No es un caso ni un mensaje: una \
                 llamada transferida, o varios mensajes seguidos, son un solo contacto."
            }
            Term::Cpx => {
                return format!(
                    "Contactos de la semana × 100 ÷ {many} de la semana. Muestra si los clientes nos \
                     necesitan más a menudo, crezca lo que crezca la empresa."
                );
            }
            Term::Avoidable => {
                "Un contacto que no querían ni el cliente ni la empresa. Solo cuenta como tal si lo prueban \
                 hechos, como un pedido que seguía abierto o un contacto anterior por el mismo asunto."
            }
            Term::Cost => {
                "Lo que cuesta atender: una cantidad por contacto y otra por segundo, según la tarifa de su \
                 canal. Un contacto sin tarifa no tiene coste, que no es lo mismo que 0."
            }
            Term::Effects => {
                return format!(
                    "Un cambio tiene dos partes. Por volumen: los contactos que explica por sí solo el \
                     cambio en {many}. Por tasa: el resto, porque cada {one} genera más o menos. Las dos \
                     suman el cambio."
                );
            }
            Term::VitalFew => {
                "El menor número de motivos que juntos suman el 80\u{a0}% de los contactos. Un motivo se \
                 escribe como lo dice el cliente; cada contacto tiene exactamente uno. La flecha dice qué \
                 hacer con él: lo que no aporta valor al cliente o a la empresa se elimina, se automatiza o \
                 se simplifica."
            }
            Term::Mechanism => {
                "El modo en que un contacto llegó a ser innecesario. De él depende qué lo elimina."
            }
            Term::KnownFirst => {
                "Una palabra nuestra ahorra un contacto que pregunta cómo va algo, reclama una promesa o \
                 pregunta por un suceso o un documento nuestro. Lo sabíamos antes si el suceso, la promesa \
                 vencida o el documento nos constaban antes de que el cliente preguntara."
            }
            Term::SelfService => {
                return format!(
                    "De las sesiones de clientes conocidos: contención = sin contacto del cliente en \
                     {follows}; fuga = la sesión falló, se abandonó o se derivó, y acabó en un \
                     contacto por lo mismo en ese tiempo. De las demás no se puede saber."
                );
            }
            Term::Snowball => {
                return format!(
                    "Contactos de un cliente por el mismo asunto, por cualquier canal, cada uno como mucho \
                     {window} días después del anterior. Tasa: repetidos (todos menos el primero) ÷ contactos de la semana. La \
                     bola de un contacto puede crecer hasta que pasan {maturity} días; hasta entonces las \
                     cifras son provisionales."
                );
            }
            Term::Owner => {
                "El área donde está la causa y que puede eliminarla, no la que atiende. Cada motivo tiene \
                 una, y a ella se le cargan sus contactos."
            }
            Term::Mean => {
                "Las cuatro semanas anteriores como máximo, tomadas juntas: las tasas son las de todos sus \
                 contactos, no una media de tasas. En todas las comparaciones de este informe, menos es \
                 mejor; un cambio solo lleva color si es mayor que el que suele causar el azar."
            }
            Term::Few => {
                "Menos de 20 contactos o sesiones. Un porcentaje de tan pocos dice más del azar que de la causa."
            }
            Term::Missing => "No se sabe. La nota que lo acompaña dice por qué; nunca significa 0.",
        };
        fixed.to_owned()
    }
}

/// Cut, epoch and hashes: enough to count everything again.
pub(super) fn provenance(say: Say<'_>) -> Section {
    let p = &say.weekly.provenance;
    let taxonomy = format!("{} {}", p.taxonomy_name, p.taxonomy_version);
    let lines = [
        (say.pick("Cut", "Corte"), p.cut.to_string()),
        (say.pick("Epoch", "Época"), p.epoch.to_string()),
        (say.pick("As of", "A fecha de"), format!("{} ({})", p.as_of, p.zone.name())),
        (say.pick("Taxonomy", "Taxonomía"), taxonomy),
        (say.pick("Taxonomy sha256", "sha256 de la taxonomía"), p.taxonomy_sha256.clone()),
        (say.pick("Manifest sha256", "sha256 del manifiesto"), p.manifest_sha256.clone()),
        (say.pick("Program", "Programa"), format!("quell {}", p.version)),
    ];
    let lines = lines.map(|(name, value)| (name, words::printable(&value)));
    Section {
        id: "provenance",
        title: say.pick("Where the figures come from", "De dónde salen las cifras"),
        term: None,
        lead: vec![say.pick(
            "The same records, taxonomy and program give the same figures, to the byte.",
            "Los mismos registros, la misma taxonomía y el mismo programa dan las mismas cifras, byte a \
             byte.",
        )],
        marks: Vec::new(),
        blocks: vec![Block::Terms(lines.into())],
    }
}
