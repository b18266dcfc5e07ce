//! The words that lint knows, folded, in Spanish and English, and how a label is cut into words. A list is one
//! text of words; what stands here is what a reviewer would notice, not all there is.

use crate::fold;
use std::collections::BTreeSet;

/// The folded words of a text. An apostrophe ends a word: `can't` is `can` and `t`. An e-mail is an email.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = fold::fold(text).replace("e-mail", "email");
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// Whether a list has this word.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|known| known == word)
}

/// What words are about, roughly: without those of grammar, without plural, and no longer than a stem.
pub(super) fn stems(words: &[String]) -> BTreeSet<String> {
    words.iter().filter(|word| !has(GRAMMAR, word)).map(|word| stem(word)).collect()
}

/// Letters of a stem: `devoluciones` and `devolver` are one, `cancelar` and `cancha` are not.
const STEM_CHARS: usize = 5;

fn stem(word: &str) -> String {
    let singular = word.strip_suffix('s').filter(|rest| rest.len() > 2).unwrap_or(word);
    singular.chars().take(STEM_CHARS).collect()
}

/// Words of grammar: they tell no subject.
pub(super) const GRAMMAR: &str = "\
    a al algo alguna alguno ante antes aqui asi aun aunque cada como con contra cual cuando de del desde donde el ella \
    ellos en entre era eres es esa ese eso esta estan estas este esto estos estoy fue ha han hasta hay he la las le les \
    lo los mas me mi mis mucho muy nada ni no nos nosotros nuestra nuestro o os para pero por porque pueden puedo que \
    queria quien quiero quisiera necesito se ser si sin sobre son soy su sus tambien tan te tengo tiene tienen toda todo \
    todos tu tus un una uno unos usted ustedes va van y ya yo \
    about am an and any are as at be been but by can could d did do does don for from get got had has have how i id if \
    in into is isn it its just ll like m my need not of off on one or our out please re s so some t than that the their \
    them then there these they this those to too up us ve want was we were what when where which who why will with won \
    would you your";

/// Joins two things in a label.
pub(super) const JOINING: &str = "and or y e o u";

// L03

/// A team that answers customers.
pub(super) const SERVICE: &str = "\
    service services servicing support helpdesk care callcenter callcentre contactcenter agents backoffice \
    servicio servicios soporte atencion callcenter agentes sac pqr pqrs";
/// The same in two words.
pub(super) const SERVICE_PAIRS: &[&str] = &[
    "call center",
    "call centre",
    "contact center",
    "contact centre",
    "help desk",
    "front office",
    "back office",
    "mesa de ayuda",
    "centro de contacto",
    "centro de llamadas",
];

// L05

/// The customer speaks, or speaks to the company.
pub(super) const SPEAKING_ES: &str = "\
    me mi mis mio mia mios mias yo nos nuestro nuestra nuestros nuestras conmigo ustedes usted vosotros vosotras \
    vuestro vuestra quiero quisiera queria querria puedo podria pude necesito necesitaba tengo tuve consigo logro busco \
    buscaba pido pedi compro compre veo vi entiendo recibo recibi espero creo hice hago pague pago perdi olvide encuentro \
    prefiero deseo sigo llevo estoy soy voy debo queremos podemos necesitamos tenemos seguimos estamos";
/// See [`SPEAKING_ES`].
pub(super) const SPEAKING_EN: &str = "i me my mine we us our ours you your yours please help";
/// A sentence about the thing at hand has one of these.
pub(super) const SENTENCE_ES: &str = "\
    es son esta estan estaba ha han hay habia fue fueron era eran se nadie falta faltan va van viene vino llega llego \
    puede pueden tiene tenia pone dice sale";
/// See [`SENTENCE_ES`].
pub(super) const SENTENCE_EN: &str = "\
    it this that these there is are was were isn aren wasn weren has have had hasn haven hadn does doesn did didn do don \
    will won can cannot could couldn wouldn keeps stopped arrived says nobody nothing";

// L06

/// Abbreviations that customers say.
pub(super) const COMMON_ABBREVIATIONS: &str = "\
    sms pdf tv gps usb pin qr dvd cd ok dni nie nif rut rfc curp cuit cuil iva vat pc sim iban uk eu usa ue eeuu atm wifi \
    led hdmi nfc vip app mp3 mp4 a3 a4 a5 ps4 ps5 dhl ups gls seur dpd mrw id";
/// Words of those who count contacts, and of nobody else.
pub(super) const JARGON: &str = "\
    wismo wismr wocas sku skus rma rmas crm ivr acd sla slas kpi kpis csat nps fcr aht backend backoffice frontend churn \
    chargeback upsell upselling crossselling onboarding workflow wrapup disposition escalation escalations inbound \
    outbound tipificacion tipificar escalamiento escalado backlog fulfilment fulfillment omnichannel omnicanal";

// L12

/// A channel, as a thing.
pub(super) const CHANNELS: &str = "\
    phone telephone call calls email emails mail chat chats whatsapp sms letter letters tweet facebook instagram twitter \
    webform telefono llamada llamadas correo correos carta cartas";
/// What comes before a channel when it is the way.
pub(super) const WAYS: &str = "by via through per por mediante";
/// May stand between: by the phone, por el chat, por correo.
pub(super) const ARTICLES: &str = "the a an our el la los las un una";
/// After a channel that begins a label, when it is the way: "Call about …".
pub(super) const AFTER_CHANNEL: &str = "\
    about regarding concerning for on enquiry inquiry query question request contact complaint problem issue \
    sobre por para acerca consulta pidiendo";
/// What customers do by a channel: then it is what the reason is about.
pub(super) const DONE_BY_CHANNEL: &str = "\
    pay paying ordering buy buying book booking confirm receive send sent get pagar pedir comprar reservar confirmar \
    recibir recibo enviar enviarme reach contact hablar contactar";

// L13

/// A sentiment or an outcome.
pub(super) const SENTIMENTS: &str = "\
    angry upset unhappy dissatisfied furious frustrated annoyed disappointed happy satisfied rude abusive unresolved \
    resolved solved escalated complain complains complaining \
    molesto molesta molestos enfadado enfadada enojado enojada insatisfecho insatisfecha contento contenta feliz furioso \
    furiosa indignado indignada frustrado frustrada satisfecho satisfecha decepcionado decepcionada resuelto resuelta \
    solucionado solucionada escalado escalada quejarme quejarse grosero";
/// The same, unless the customer asks after one that was handed in: "how is my claim going?".
pub(super) const COMPLAINTS: &str =
    "complaint complaints claim queja quejas reclamo reclamos reclamacion reclamaciones";
/// What comes before a complaint that was handed in.
pub(super) const HANDED_IN: &str = "my our mi mis nuestra nuestro";

// L16

/// A wish to buy.
pub(super) const SALES: &str = "\
    buy quote upgrade subscribe comprar contratar presupuesto cotizacion cotizar suscribirme";

// A01

/// Words that name no step, place or defect: what any contact is about.
pub(super) const VAGUE: &str = "\
    problem problems issue issues error errors trouble question questions query queries enquiry enquiries inquiry request \
    requests other others misc miscellaneous general generic various unknown help assistance information info details \
    doubt topic matter subject complaint complaints support technical customer company contact service \
    problema problemas incidencia incidencias inconveniente inconvenientes error errores fallo fallos consulta consultas \
    duda dudas pregunta preguntas solicitud solicitudes otro otra otros otras varios general generales generico tema temas \
    asunto asuntos ayuda informacion queja quejas reclamo reclamos reclamacion soporte tecnico tecnica tecnicos cliente \
    clientes empresa contacto servicio";
/// Whole areas of a company: none of them is a place where something can be put right.
pub(super) const AREAS: &str = "\
    web website site page app online shop store stores order orders account accounts billing bill bills invoice invoices \
    payment payments delivery deliveries shipping shipment product products item items system platform sales purchase \
    purchases return returns refund refunds \
    pagina sitio tienda tiendas pedido pedidos cuenta cuentas facturacion factura facturas pago pagos envio envios entrega \
    entregas producto productos articulo articulos sistema plataforma ventas compra compras devolucion devoluciones \
    reembolso reembolsos linea";
/// Asks for one thing, with or without a question mark.
pub(super) const ASKING: &str = "where when why who donde cuando cuanto cuanta cuantos cuantas quien";
/// Asks for one thing in a question.
pub(super) const ASKING_HOW: &str = "how what which como que cual cuales";
/// Says that something is not so.
pub(super) const DENYING: &str = "no nobody nothing not never without nadie nada nunca sin";
/// Asks for a thing.
pub(super) const WANTING: &str = "need want like necesito necesitamos quiero queremos quisiera";
