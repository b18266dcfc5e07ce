#!/usr/bin/env python3
"""Converts the bench's rules.json to a taxonomy: bench_from_rules.py RULES.json > bench.toml

Rules, their ids and priorities, groups and the bench's own `dumb` flag (as meta.bench_dumb) come from the
file. Wording, owners, votes, mechanisms and examples are written here by hand, one entry a reason. Standard
library only; the same input gives the same bytes.

A reason has a mechanism exactly if the bench calls it dumb, so that both agree on what is avoidable as far
as a single contact tells."""

import json
import sys

OWNERS = {
    "web": ("Web y app", "Web and app"),
    "logistics": ("Logística y envíos", "Logistics and shipping"),
    "baggage": ("Equipajes", "Baggage handling"),
    "finance": ("Facturación y cobros", "Billing and payments"),
    "repairs": ("Taller y garantías", "Repairs and warranty"),
    "claims": ("Reclamaciones", "Claims"),
    "stores": ("Tiendas", "Stores"),
    "catalogue": ("Catálogo y surtido", "Catalogue and stock"),
    "marketing": ("Marketing y fidelización", "Marketing and loyalty"),
    "contracts": ("Contratos y bajas", "Contracts and retention"),
    "returns": ("Devoluciones", "Returns"),
    "network": ("Red", "Network operations"),
    "booking": ("Reservas", "Reservations"),
    "legal": ("Legal y privacidad", "Legal and privacy"),
    "people": ("Personas y formación", "People and training"),
}

# What the votes of customer and company say to do.
VOTES = {
    "eliminate": ("irritant", "irritant"),
    "automate": ("value", "irritant"),
    "simplify": ("irritant", "value"),
    "leverage": ("value", "value"),
}

# id: (es, en, owner, disposition, mechanism, (example es, example en), (counter-example, ...))
REASONS = {
    "purchase_step3": (
        "No puedo terminar la compra, se queda en el paso 3", "I can't finish my purchase, it stops at step 3",
        "web", "eliminate", "site_blocked",
        ("me quedo atascado en el paso 3 del pago", "checkout freezes on step three when I press continue"),
        ("mi tarjeta ha sido rechazada pero hay saldo en la cuenta",)),
    "lost_luggage_status": (
        "¿Hay novedades de mi maleta perdida?", "Is there any news of my lost suitcase?",
        "baggage", "eliminate", "status_chase",
        ("¿hay novedades de mi maleta perdida? la reporté hace 4 días",
         "any news about my lost suitcase? reported 4 days ago"),
        ("han perdido mi maleta en el vuelo a Bilbao",)),
    "lost_luggage": (
        "Mi equipaje no ha llegado con el vuelo", "My luggage did not arrive with my flight",
        "baggage", "simplify", None,
        ("mi equipaje no ha llegado a Madrid con el vuelo", "my bag is missing after the trip to Lisboa"),
        ("any news about my lost suitcase?",)),
    "refund_status": (
        "¿Dónde está mi reembolso?", "Where is my refund?",
        "finance", "eliminate", "status_chase",
        ("¿cuándo me devuelven el dinero del pedido?", "where is my refund of 30 euros?"),
        ("I want to return the coffee maker",)),
    "repair_status": (
        "¿Está ya reparado mi producto?", "Is my product repaired yet?",
        "repairs", "eliminate", "status_chase",
        ("¿está ya reparado mi portátil? lleva 9 días en el taller", "any update on the repair of my laptop?"),
        ("mi portátil ha dejado de funcionar a los 5 meses",)),
    "claim_status": (
        "¿Cómo va mi reclamación?", "How is my claim going?",
        "claims", "eliminate", "status_chase",
        ("puse una reclamación hace 8 días y nadie responde", "I filed a claim 8 days ago and nobody answers"),
        ("quiero quejarme del personal de la tienda",)),
    "delivery_delay": (
        "Mi paquete llega tarde", "My parcel is late",
        "logistics", "eliminate", "status_chase",
        ("mi paquete lleva 3 días de retraso", "my parcel is 3 days late, the courier does not answer"),
        ("I have not received my order yet",)),
    "order_status": (
        "¿Dónde está mi pedido?", "Where is my order?",
        "logistics", "eliminate", "status_chase",
        ("¿dónde está mi pedido?", "where is my order?"),
        ("cancelar el pedido antes de que salga",)),
    "agent_callback": (
        "Me dijeron que me llamarían y nadie me ha llamado", "You promised to call me back and nobody called",
        "claims", "eliminate", "status_chase",
        ("me dijeron que me llamarían y nadie me ha llamado", "you promised to call me back and nobody called"),
        ("no quiero más llamadas comerciales",)),
    "double_charge": (
        "Me han cobrado dos veces", "I was charged twice",
        "finance", "simplify", None,
        ("hay dos cargos de 20 euros en mi tarjeta", "I was charged twice for my purchase"),
        ("my bill is wrong",)),
    "billing_dispute": (
        "Mi factura está mal", "My bill is wrong",
        "finance", "simplify", None,
        ("mi factura está mal, pone 60 euros y acordamos menos", "I do not agree with the invoice of this month"),
        ("hay dos cargos de 20 euros en mi tarjeta",)),
    "invoice_copy": (
        "Necesito una copia de mi factura", "I need a copy of my invoice",
        "finance", "eliminate", "public_info",
        ("por favor envíenme una copia de la factura", "please send me a copy of the invoice"),
        ("hay un error en mi factura",)),
    "payment_declined": (
        "Mi tarjeta ha sido rechazada al pagar", "My card was declined when I paid",
        "finance", "simplify", None,
        ("mi tarjeta ha sido rechazada pero hay saldo en la cuenta", "payment rejected three times with my visa"),
        ("me quedo atascado en el paso 3 del pago",)),
    "login_password": (
        "No puedo entrar en mi cuenta", "I can't get into my account",
        "web", "eliminate", "site_blocked",
        ("no puedo entrar en mi cuenta, dice usuario bloqueado", "the login code never comes to my phone"),
        ("la app se cuelga después de actualizar",)),
    "app_crash": (
        "La app se cierra o no abre", "The app closes or does not open",
        "web", "eliminate", "site_blocked",
        ("la app se cuelga después de actualizar", "the app crashes when I open it on my phone"),
        ("el menú de la web no funciona",)),
    "web_navigation": (
        "No encuentro lo que busco en la web", "I can't find what I need on your website",
        "web", "eliminate", "site_howto",
        ("no encuentro la página de devoluciones en su web", "I can't find the returns page on your website"),
        ("no puedo entrar en mi cuenta",)),
    "store_address": (
        "¿Dónde hay una tienda?", "Where is there a store?",
        "stores", "eliminate", "public_info",
        ("¿cuál es la dirección de la tienda de León?", "where is your nearest store?"),
        ("¿abren el festivo?",)),
    "opening_hours": (
        "¿A qué hora abren?", "What time do you open?",
        "stores", "eliminate", "public_info",
        ("¿a qué hora abren el domingo en Girona?", "what are the opening hours of the London store"),
        ("where is your nearest store?",)),
    "stock_availability": (
        "¿Lo tienen en stock?", "Do you have it in stock?",
        "catalogue", "eliminate", "public_info",
        ("¿está agotado el televisor?", "do you have the bicycle lock in stock?"),
        ("¿cuánto cuesta la cafetera?",)),
    "price_query": (
        "¿Cuánto cuesta?", "How much is it?",
        "catalogue", "eliminate", "public_info",
        ("¿cuánto cuesta la cafetera?", "how much is the air fryer?"),
        ("el código de descuento no funciona",)),
    "promo_code": (
        "Mi código de descuento no funciona", "My discount code does not work",
        "marketing", "simplify", None,
        ("el código de descuento no funciona, dice caducado", "promo code WELCOME5 not accepted"),
        ("the gift card of 50 euros does not work online",)),
    "cancel_contract": (
        "Quiero dar de baja mi contrato", "I want to cancel my contract",
        "contracts", "leverage", None,
        ("quiero dar de baja mi contrato y cambiar de compañía", "please terminate my subscription"),
        ("please cancel my purchase of the mattress",)),
    "cancel_order": (
        "Quiero cancelar mi pedido", "I want to cancel my order",
        "logistics", "automate", None,
        ("por favor anulen mi compra de la consola", "please cancel my purchase of the mattress"),
        ("quiero dar de baja mi contrato",)),
    "change_address": (
        "Quiero cambiar la dirección de entrega", "I want to change the delivery address",
        "logistics", "automate", None,
        ("me he mudado, mi nueva dirección es calle Mayor 3", "I moved, my new address is High Street 3"),
        ("¿cuál es la dirección de la tienda de León?",)),
    "change_booking": (
        "Quiero cambiar mi reserva o mi cita", "I want to change my booking or appointment",
        "booking", "automate", None,
        ("¿puedo mover mi cita a la semana que viene?", "can I reschedule my appointment to next week?"),
        ("cancelar el pedido antes de que salga",)),
    "return_request": (
        "Quiero devolver un producto", "I want to return a product",
        "returns", "automate", None,
        ("¿cómo puedo hacer una devolución de los auriculares?", "I want to return the laptop"),
        ("¿puedo cambiar las zapatillas por otra talla?",)),
    "exchange_size": (
        "Quiero cambiarlo por otra talla", "I want to exchange it for another size",
        "returns", "automate", None,
        ("¿puedo cambiar las zapatillas por otra talla?", "the winter jacket is too small"),
        ("I want to return the laptop",)),
    "damaged_item": (
        "Ha llegado roto o dañado", "It arrived broken or damaged",
        "logistics", "simplify", None,
        ("el reloj ha llegado roto, la caja estaba abierta", "my television came damaged, the screen is scratched"),
        ("the tablet does not turn on",)),
    "missing_item": (
        "Falta un artículo en mi pedido", "An item is missing from my order",
        "logistics", "simplify", None,
        ("la caja vino sin el cargador del portátil", "I received only 2 of the articles"),
        ("my bag is missing after the trip",)),
    "wrong_item": (
        "Me han enviado un producto equivocado", "You sent me the wrong product",
        "logistics", "simplify", None,
        ("me han enviado un producto equivocado", "I received a different article"),
        ("wrong size, I need an XL",)),
    "outage": (
        "Me he quedado sin servicio", "I have no service",
        "network", "simplify", None,
        ("sin internet en Murcia desde esta mañana", "the service is down, router with red light"),
        ("internet va muy lento por la noche",)),
    "slow_internet": (
        "Internet va muy lento o se corta", "My internet is slow or cuts out",
        "network", "simplify", None,
        ("internet va muy lento por la noche, solo 7 megas", "wifi cuts every 5 minutes"),
        ("no internet in Cádiz since this morning",)),
    "warranty": (
        "Ha dejado de funcionar, ¿está en garantía?", "It stopped working, is it under warranty?",
        "repairs", "simplify", None,
        ("mi aspiradora ha dejado de funcionar a los 7 meses", "the tablet does not turn on"),
        ("the television arrived broken",)),
    "technical_support": (
        "¿Cómo lo configuro o lo instalo?", "How do I set it up or install it?",
        "catalogue", "automate", None,
        ("¿cómo configuro el móvil? el manual no está claro", "help to install the dishwasher at home"),
        ("the app crashes when I open it",)),
    "loyalty_points": (
        "No me han sumado los puntos", "My points were not added",
        "marketing", "simplify", None,
        ("los puntos han caducado sin aviso", "how many points do I have in the club?"),
        ("saldo de mi tarjeta regalo",)),
    "gift_card": (
        "¿Cómo uso mi tarjeta regalo?", "How do I use my gift card?",
        "marketing", "simplify", None,
        ("saldo de mi tarjeta regalo por favor", "balance of my gift card please"),
        ("promo code WELCOME5 not accepted",)),
    "complaint_staff": (
        "Me trataron mal", "I was treated badly",
        "people", "leverage", None,
        ("su agente me colgó el teléfono, un trato pésimo", "the employee in Palma was rude with me"),
        ("muy contenta con la compra, la mejor tienda",)),
    "compliment": (
        "Quiero felicitarles", "I want to say thank you",
        "people", "leverage", None,
        ("quiero felicitar a su equipo, gran experiencia", "I want to congratulate your team, great experience"),
        ("I want to complain about the staff of the store",)),
    "privacy_gdpr": (
        "Borren mis datos personales", "Delete my personal data",
        "legal", "leverage", None,
        ("quiero ejercer mi derecho de acceso a mis datos", "delete all my personal data according to the GDPR"),
        ("too many newsletters",)),
    "unsubscribe": (
        "No quiero más publicidad", "I don't want any more advertising",
        "marketing", "eliminate", "policy_made",
        ("dejen de mandarme correos de publicidad", "too many newsletters, remove me from the list"),
        ("delete all my personal data",)),
}


def text(value):
    """A TOML string: literal where its characters allow, so that expressions read as they are."""
    if value.isprintable() and "\\" not in value and '"' not in value:
        return f'"{value}"'
    if value.isprintable() and "'''" not in value and not value.endswith("'"):
        return f"'''{value}'''" if "'" in value else f"'{value}'"
    return json.dumps(value, ensure_ascii=False)


def texts(values):
    return "[" + ", ".join(text(value) for value in values) + "]"


def pair(es, en):
    return f"{{ es = {text(es)}, en = {text(en)} }}"


def header(rules):
    yield "# Generated by bench_from_rules.py; change that, not this."
    yield 'name = "bench"'
    yield f"version = {text(str(rules['version']))}"
    yield 'languages = ["es", "en"]'
    yield 'folding = "plain"  # as the bench folds: its published answers count doubled spaces as unlike'
    for owner, (es, en) in OWNERS.items():
        yield ""
        yield f"[owners.{owner}]"
        yield f"label = {pair(es, en)}"


def reason(entry, rules):
    es, en, owner, disposition, mechanism, positive, negative = REASONS[entry["id"]]
    customer, company = VOTES[disposition]
    yield ""
    yield "[[reason]]"
    yield f"id = {text(entry['id'])}"
    yield f"label = {pair(es, en)}"
    yield f"owner = {text(owner)}"
    yield f"votes = {{ customer = {text(customer)}, company = {text(company)} }}"
    if mechanism:
        yield f"mechanism = {text(mechanism)}"
    yield f"group = {text(entry['group'])}"
    yield f"meta = {{ bench_dumb = {text(str(entry['dumb']).lower())} }}"
    yield f"examples.positive = {texts(positive)}"
    yield f"examples.negative = {texts(negative)}"
    for rule in sorted(rules, key=lambda rule: rule["priority"]):
        yield ""
        yield "[[reason.rule]]"
        yield f"id = {text(rule['rule_id'])}"
        yield f"priority = {rule['priority']}"
        if "regex" in rule:
            yield f"regex = {text(rule['regex'])}"
        if "phrases" in rule:
            yield f"phrases = {texts(rule['phrases'])}"


def check(reasons):
    """What is written by hand must fit the file."""
    ids = [entry["id"] for entry in reasons]
    if ids != list(REASONS):
        sys.exit(f"reasons of the file and of this script differ: {sorted(set(ids) ^ set(REASONS))}")
    for entry in reasons:
        if bool(REASONS[entry["id"]][4]) != entry["dumb"]:
            sys.exit(f"{entry['id']}: has a mechanism, or lacks one, against the bench's dumb flag")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rules = json.load(file)
    reasons = [entry for entry in rules["reasons"] if entry["id"] != "unclassified"]
    check(reasons)
    lines = list(header(rules))
    for entry in reasons:
        lines += reason(entry, [rule for rule in rules["rules"] if rule["reason"] == entry["id"]])
    sys.stdout.buffer.write(("\n".join(lines) + "\n").encode("utf-8"))


if __name__ == "__main__":
    main()
