#!/usr/bin/env python3
"""Judges random histories again by brute force, and compares every verdict about chains.

    chains_bruteforce.py [FILE...]      NDJSON, one history a line; without a file, or with -, from stdin
    chains_bruteforce.py --self-test    histories worked out by hand, and verdicts spoiled on purpose

A history has `seed`, `window_s`, `facts` (contacts and merges, in order of arrival), `contact_ids` (of each record,
to break ties in time) and `verdicts`, which are what is checked. Nothing here comes from the program: it is written
from the definition of a chain (DESIGN, section 2), in the most stupid way, so that one can see that it is right: all
pairs of contacts, then groups poured into each other. The totals are of its own results, never of the verdicts read.

Exit code 0: all agree. 1: something differs (at most 20 lines say what). 2: the input cannot be judged, or is empty.
"""

import argparse
import fileinput
import json
import sys
from collections import Counter, namedtuple
from itertools import combinations

STRENGTHS = ["none", "name", "device", "phone", "email", "account", "verified"]
DAYS = [7, 14, 30]
DAY_US = 86_400 * 1_000_000
MOST_LINES = 20
FIELDS = ["contact", "customer", "root", "position", "repeat", "previous", "previous_why",
          *(f"repeat_{days}d" for days in DAYS), *(f"again_{days}d" for days in DAYS), "answered_once", "melts_at_us"]

Contact = namedtuple("Contact", "record id at_us customer strong case orders reason")
# Two contacts by their place in the order of time, and what they have in common, whatever the window.
Edge = namedtuple("Edge", "earlier later gap_us why")
Difference = namedtuple("Difference", "seed contact field expected got")


class Malformed(Exception):
    """The history itself breaks what was agreed about histories, so there is nothing to compare."""


# What counts

def distinct(facts):
    """The facts without their exact repetitions."""
    by_id = {}
    for fact in facts:
        # An id stands for its content. Two contents under one id would make the result a matter of taste.
        if by_id.setdefault(fact["id"], fact) != fact:
            raise Malformed(f"two different facts have the id {fact['id']}")
    return list(by_id.values())


def winners(facts):
    """Of each record the fact that counts: the highest revision, and of equal ones the smallest id."""
    best = {}
    for fact in facts:
        if fact["kind"] == "contact":
            other = best.get(fact["record"])
            if other is None or (-fact["revision"], fact["id"]) < (-other["revision"], other["id"]):
                best[fact["record"]] = fact
    return best.values()


def contact_of(fact, standing, ids):
    """A contact with the key that stands for its customer."""
    customer = fact["customer"]
    return Contact(fact["record"], ids[fact["record"]], fact["at_us"], None if customer is None else standing[customer],
                   STRENGTHS.index(fact["strength"]) >= STRENGTHS.index("phone"), fact["case"], set(fact["orders"]),
                   fact["reason"])


def contacts_of(history):
    """The contacts of a history in the order of time. What arrived when is forgotten here."""
    facts = distinct(history["facts"])
    if unknown := {fact["kind"] for fact in facts} - {"contact", "merge"}:
        raise Malformed(f"unknown kinds of facts: {sorted(unknown)}")
    standing = customers(facts)
    # Only the winner is asked whether it counts: a retracted record does not fall back to an earlier revision.
    contacts = [contact_of(fact, standing, history["contact_ids"]) for fact in winners(facts) if fact["counts"]]
    if len({contact.id for contact in contacts}) < len(contacts):
        raise Malformed("two contacts have one id, so nothing breaks a tie between them")
    return sorted(contacts, key=lambda contact: (contact.at_us, contact.id))


# Who is who

def components(nodes, links):
    """Of each node the connected component: all start alone, and every link pours two groups together."""
    group = {node: {node} for node in nodes}
    for one, other in links:
        if group[one] is not group[other]:
            both = group[one] | group[other]
            for node in both:
                group[node] = both
    return group


def customers(facts):
    """Of each customer key the key that stands for its component."""
    merges = [(fact["surviving"], fact["absorbed"]) for fact in facts if fact["kind"] == "merge"]
    # A merge of a key with itself says nothing. Above all it does not make the key an absorbed one.
    merges = [(surviving, absorbed) for surviving, absorbed in merges if surviving != absorbed]
    keys = {key for merge in merges for key in merge}
    keys |= {fact["customer"] for fact in facts if fact["kind"] == "contact" and fact["customer"] is not None}
    absorbed = {key for _, key in merges}
    # In a circle every key was absorbed; then the smallest of all has to do.
    return {key: min(group - absorbed or group) for key, group in components(keys, merges).items()}


# Chains

def why(one, other):
    """What two contacts of one customer have in common: case, before order, before reason. None: nothing."""
    if not (one.strong and other.strong):
        return None
    if one.case is not None and one.case == other.case:
        return "case"
    if one.orders & other.orders:
        return "order"
    # No order is shared here, so it is a conflict as soon as both name one.
    conflict = one.orders and other.orders
    if one.reason == other.reason and one.reason not in (None, "unclassified") and not conflict:
        return "reason"
    return None


def same_customer(one, other):
    """An anonymous contact is nobody's, not even another anonymous one's."""
    return one.customer is not None and one.customer == other.customer


def edges_of(contacts):
    """All pairs that have something in common. How near they must be is for each window to say."""
    pairs = combinations(range(len(contacts)), 2)
    own = ((a, b) for a, b in pairs if same_customer(contacts[a], contacts[b]))
    edges = (Edge(a, b, contacts[b].at_us - contacts[a].at_us, why(contacts[a], contacts[b])) for a, b in own)
    return [edge for edge in edges if edge.why]


def chains(contacts, edges, window_us):
    """Of each contact, by its place in the order of time, the places of its chain at this window (inclusive)."""
    return components(range(len(contacts)), [edge[:2] for edge in edges if edge.gap_us <= window_us])


def previous(place, edges, window_us):
    """The latest edge that leads here from an earlier contact, if any. A chain may lead here by a later one only."""
    direct = [edge for edge in edges if edge.later == place and edge.gap_us <= window_us]
    return max(direct, key=lambda edge: edge.earlier, default=None)


def answered_once(place, contacts):
    """Whether the customer never came back about the case, however late and however well known. None: no case."""
    contact = contacts[place]
    if contact.case is None or contact.customer is None:
        return None
    return not any(same_customer(contact, later) and contact.case == later.case for later in contacts[place + 1:])


def judge(history):
    """The verdicts of a history, in the order of time."""
    contacts = contacts_of(history)
    edges = edges_of(contacts)
    window_us = history["window_s"] * 1_000_000
    chain = chains(contacts, edges, window_us)
    at_days = {days: chains(contacts, edges, days * DAY_US) for days in DAYS}
    verdicts = []
    for place, contact in enumerate(contacts):
        edge = previous(place, edges, window_us)
        root = min(chain[place])
        verdicts.append({
            "contact": contact.record,
            "customer": contact.customer,
            "root": contacts[root].record,
            "position": 1 + sum(member < place for member in chain[place]),
            "repeat": place != root,
            "previous": edge and contacts[edge.earlier].record,
            "previous_why": edge and edge.why,
            **{f"repeat_{days}d": place != min(group[place]) for days, group in at_days.items()},
            **{f"again_{days}d": place != max(group[place]) for days, group in at_days.items()},
            "answered_once": answered_once(place, contacts),
            "melts_at_us": contact.at_us + window_us,
        })
    return verdicts


# Comparing

def same(expected, got):
    """Equal, and of one type: to Python 1 is True and 1.0, to a reader of the tables it is not."""
    return type(expected) is type(got) and expected == got


def differences(history, judged):
    """Everything in which the verdicts of a history differ from those judged here."""
    seed, given, found = history["seed"], {}, []
    for verdict in history["verdicts"]:
        given.setdefault(verdict["contact"], []).append(verdict)
    for verdict in judged:
        ours = given.pop(verdict["contact"], [])
        if len(ours) != 1:
            found.append(Difference(seed, verdict["contact"], "verdicts", 1, len(ours)))
        for other in ours:
            found += [Difference(seed, verdict["contact"], field, verdict[field], other.get(field, "(missing)"))
                      for field in FIELDS if field not in other or not same(verdict[field], other[field])]
    found += [Difference(seed, record, "verdicts", 0, len(extra)) for record, extra in given.items()]
    return found


def count(totals, judged):
    """Adds a history to the totals."""
    totals["histories"] += 1
    totals["contacts"] += len(judged)
    for size in Counter(verdict["root"] for verdict in judged).values():
        totals["chains"] += 1
        totals["chains_of", size] += 1
    for verdict in judged:
        for days in DAYS:
            root = not verdict[f"repeat_{days}d"]
            totals["roots", days] += root
            totals["resolved", days] += root and not verdict[f"again_{days}d"]
        totals["with_case"] += verdict["answered_once"] is not None
        totals["answered_once"] += verdict["answered_once"] is True


def share(name, part, whole):
    """A line of the totals. Of nothing there is no ratio, not even zero."""
    return f"{name} {part}/{whole} {part / whole:.6f}" if whole else f"{name} {part}/{whole} null"


def lines(totals):
    """The totals as text: name, counts, ratio."""
    yield f"histories {totals['histories']}"
    yield f"contacts {totals['contacts']}"
    yield f"chains {totals['chains']}"
    for size in sorted(key[1] for key in totals if key[0] == "chains_of"):
        yield share(f"chains_of_{size}", totals["chains_of", size], totals["chains"])
    for days in DAYS:
        yield share(f"first_contact_resolution_{days}d", totals["resolved", days], totals["roots", days])
    yield share("answered_once", totals["answered_once"], totals["with_case"])


def judged_line(line, where):
    """The verdicts of a line and the differences. What cannot be judged is said with its place and seed."""
    seed = "unknown"
    try:
        history = json.loads(line)
        seed = history["seed"]
        judged = judge(history)
        return judged, differences(history, judged)
    except (Malformed, KeyError, TypeError, ValueError) as error:
        raise Malformed(f"{where}, seed {seed}: {type(error).__name__}: {error}") from error


def check(files):
    """Judges all histories of the files. Returns the exit code."""
    totals, wrong = Counter(), 0
    with fileinput.input(files, encoding="utf-8") as stream:
        for line in stream:
            if not line.strip():
                continue
            judged, found = judged_line(line, f"{stream.filename()} line {stream.filelineno()}")
            count(totals, judged)
            for difference in found[:max(0, MOST_LINES - wrong)]:
                print("differs: seed {} contact {} field {} expected {!r} got {!r}".format(*difference))
            wrong += len(found)
    if not totals["histories"]:
        # A generator that writes nothing must not look like one whose verdicts are all right.
        raise Malformed("no history to check")
    print("\n".join(lines(totals)))
    print(f"differences {wrong}")
    return 1 if wrong else 0


# Self-test: every expected value below is typed by hand from the definition, none was printed by this program.

WEEK = 7 * DAY_US


def contact(record, at_us, **fields):
    """A fact about a contact: customer k1, known by phone, nothing to link by unless said."""
    return {"id": f"f-{record}", "kind": "contact", "record": record, "revision": 0, "at_us": at_us, "customer": "k1",
            "strength": "phone", "case": None, "orders": [], "reason": "unclassified", "channel": "email",
            "resolved": None, "counts": True, **fields}


def merge(surviving, absorbed):
    """A fact that two customers are one."""
    return {"id": f"m-{surviving}-{absorbed}", "kind": "merge", "surviving": surviving, "absorbed": absorbed}


def row(customer, root, position, prior=None, reason=None):
    """The part of a verdict that most of the histories are about."""
    return {"customer": customer, "root": root, "position": position, "repeat": position > 1, "previous": prior,
            "previous_why": reason}


def windows(repeat, again):
    """What a verdict says at 7, 14 and 30 days, as three letters each: y or n."""
    return {**{f"repeat_{days}d": letter == "y" for days, letter in zip(DAYS, repeat)},
            **{f"again_{days}d": letter == "y" for days, letter in zip(DAYS, again)}}


ALONE_A, ALONE_B = row("k1", "a", 1), row("k1", "b", 1)
PAIR = {"a": row("k1", "a", 1), "b": row("k1", "a", 2, "a", "reason")}
TWO_KEYS = [contact("a", 0, customer="k1", reason="delivery"), contact("b", 1, customer="k2", reason="delivery")]

# Name, facts, and of each contact the expected fields. A record that is not named must not be a contact.
HAND_WORKED = [
    ("exactly the window links",
     [contact("a", 5, case="A"), contact("b", 5 + WEEK, case="A")],
     {"a": {**row("k1", "a", 1), **windows("nnn", "yyy"), "answered_once": False, "melts_at_us": 604_800_000_005},
      "b": {**row("k1", "a", 2, "a", "case"), **windows("yyy", "nnn"), "answered_once": True,
            "melts_at_us": 1_209_600_000_005}}),
    ("a microsecond more does not",
     [contact("a", 5, case="A"), contact("b", 6 + WEEK, case="A")],
     {"a": {**ALONE_A, **windows("nnn", "nyy"), "answered_once": False},
      "b": {**ALONE_B, **windows("nyy", "nnn"), "answered_once": True}}),
    ("14 and 30 days are inclusive too",
     [contact("a", 0, orders=["O1"]), contact("b", 14 * DAY_US, orders=["O1"]),
      contact("c", 44 * DAY_US, orders=["O1"]), contact("d", 74 * DAY_US + 1, orders=["O1"])],
     {"a": {**ALONE_A, **windows("nnn", "nyy"), "answered_once": None}, "b": {**ALONE_B, **windows("nyy", "nny")},
      "c": {**row("k1", "c", 1), **windows("nny", "nnn")}, "d": {**row("k1", "d", 1), **windows("nnn", "nnn")}}),
    ("a later contact connects two that have nothing in common",
     [contact("a", 0, orders=["O1"]), contact("b", 1, case="B"), contact("c", 2, case="B", orders=["O1"])],
     {"a": {**row("k1", "a", 1), **windows("nnn", "yyy"), "answered_once": None},
      "b": {**row("k1", "a", 2), **windows("yyy", "yyy"), "answered_once": False},
      "c": {**row("k1", "a", 3, "b", "case"), **windows("yyy", "nnn"), "answered_once": True}}),
    ("previous is the latest with an edge of its own, not the latest of the chain",
     [contact("a", 0, case="A"), contact("b", 1, case="A", orders=["O1"]), contact("c", 2, orders=["O1"]),
      contact("d", 3, case="A")],
     {"a": row("k1", "a", 1), "b": row("k1", "a", 2, "a", "case"), "c": row("k1", "a", 3, "b", "order"),
      "d": row("k1", "a", 4, "b", "case")}),
    ("a chain is longer than its window",
     [contact("a", 0, reason="delivery"), contact("b", WEEK, reason="delivery"),
      contact("c", 2 * WEEK, reason="delivery")],
     {"a": row("k1", "a", 1), "b": row("k1", "a", 2, "a", "reason"), "c": row("k1", "a", 3, "b", "reason")}),
    ("conflicting orders are not linked by reason",
     [contact("a", 0, reason="delivery", orders=["O1"]), contact("b", 1, reason="delivery", orders=["O2", "O3"])],
     {"a": ALONE_A, "b": ALONE_B}),
    ("conflicting orders are linked by case",
     [contact("a", 0, case="A", orders=["O1"]), contact("b", 1, case="A", orders=["O2"])],
     {"a": ALONE_A, "b": row("k1", "a", 2, "a", "case")}),
    ("an order on one side only is no conflict, and it can bridge a conflict",
     [contact("a", 0, reason="delivery", orders=["O1"]), contact("b", 1, reason="delivery", orders=["O2"]),
      contact("c", 2, reason="delivery")],
     {"a": row("k1", "a", 1), "b": row("k1", "a", 2), "c": row("k1", "a", 3, "b", "reason")}),
    ("one shared order of several is enough, and comes before reason",
     [contact("a", 0, reason="delivery", orders=["O1", "O2"]), contact("b", 1, reason="delivery", orders=["O3", "O2"])],
     {"a": ALONE_A, "b": row("k1", "a", 2, "a", "order")}),
    ("case comes before order and reason",
     [contact("a", 0, case="A", reason="delivery", orders=["O1"]),
      contact("b", 1, case="A", reason="delivery", orders=["O1"])],
     {"a": ALONE_A, "b": row("k1", "a", 2, "a", "case")}),
    ("different cases do not keep a reason from linking",
     [contact("a", 0, case="A", reason="delivery"), contact("b", 1, case="B", reason="delivery")], PAIR),
    ("different reasons do not link",
     [contact("a", 0, reason="delivery"), contact("b", 1, reason="billing")], {"a": ALONE_A, "b": ALONE_B}),
    ("unclassified never links by reason", [contact("a", 0), contact("b", 1)], {"a": ALONE_A, "b": ALONE_B}),
    ("unclassified links by case",
     [contact("a", 0, case="A"), contact("b", 1, case="A")], {"a": ALONE_A, "b": row("k1", "a", 2, "a", "case")}),
    ("a weak identity never links, yet it is a return to the case",
     [contact("a", 0, case="A", orders=["O1"], strength="verified"),
      contact("b", 1, case="A", orders=["O1"], strength="device"),
      contact("c", 2, case="A", orders=["O1"], strength="email")],
     {"a": {**ALONE_A, "answered_once": False}, "b": {**ALONE_B, **windows("nnn", "nnn"), "answered_once": False},
      "c": {**row("k1", "a", 2, "a", "case"), "answered_once": True}}),
    ("two weak identities do not link either",
     [contact("a", 0, case="A", strength="name"), contact("b", 99 * DAY_US, case="A", strength="none")],
     {"a": {**ALONE_A, "answered_once": False}, "b": {**ALONE_B, "answered_once": True}}),
    ("anonymous contacts are alone, however alike",
     [contact("a", 0, case="A", customer=None), contact("b", 1, case="A", customer=None)],
     {"a": {**row(None, "a", 1), **windows("nnn", "nnn"), "answered_once": None}, "b": row(None, "b", 1)}),
    ("two customers share no chain and no case",
     [contact("a", 0, case="A"), contact("b", 1, case="A", customer="k2")],
     {"a": {**ALONE_A, "answered_once": True}, "b": {**row("k2", "b", 1), "answered_once": True}}),
    ("a merge that arrives before", [merge("k1", "k2"), *TWO_KEYS], PAIR),
    ("a merge that arrives after", [*TWO_KEYS, merge("k1", "k2")], PAIR),
    ("a merge that arrives in between, twice",
     [TWO_KEYS[1], merge("k1", "k2"), TWO_KEYS[0], merge("k1", "k2")], PAIR),
    ("the key that was not absorbed stands, not the smallest",
     [*TWO_KEYS, merge("k9", "k1"), merge("k9", "k2")],
     {"a": row("k9", "a", 1), "b": row("k9", "a", 2, "a", "reason")}),
    ("of two that were not absorbed the smaller stands",
     [*TWO_KEYS, merge("k8", "k1"), merge("k9", "k1"), merge("k9", "k2")],
     {"a": row("k8", "a", 1), "b": row("k8", "a", 2, "a", "reason")}),
    ("in a circle of merges the smallest stands",
     [merge("k2", "k1"), *TWO_KEYS, merge("k3", "k2"), merge("k1", "k3")], PAIR),
    ("a circle with a key outside it that was not absorbed",
     [merge("k2", "k1"), *TWO_KEYS, merge("k1", "k2"), merge("k7", "k2")],
     {"a": row("k7", "a", 1), "b": row("k7", "a", 2, "a", "reason")}),
    ("a merge with itself says nothing",
     [merge("k1", "k1"), *TWO_KEYS, merge("k3", "k1")],
     {"a": row("k3", "a", 1), "b": row("k2", "b", 1)}),
    ("a merge with itself does not make its key an absorbed one",
     [*TWO_KEYS, merge("k5", "k5"), merge("k5", "k1"), merge("k5", "k2")],
     {"a": row("k5", "a", 1), "b": row("k5", "a", 2, "a", "reason")}),
    ("revisions out of order: the highest counts, not the last",
     [contact("b", 1, id="f3", revision=2, case="A"), contact("a", 0, case="A"),
      contact("b", 9 * WEEK, id="f1", revision=1, case="Z", customer="k5"), contact("b", 2, id="f2", strength="none")],
     {"a": {**ALONE_A, "answered_once": False, "melts_at_us": 604_800_000_000},
      "b": {**row("k1", "a", 2, "a", "case"), "melts_at_us": 604_800_000_001}}),
    ("of equal revisions the smallest id counts, as text",
     [contact("a", 7, id="f9", revision=3), contact("a", 8, id="f10", revision=3), contact("a", 9, id="f95")],
     {"a": {**ALONE_A, "melts_at_us": 604_800_000_008}}),
    ("the highest revision takes the contact back, and it bridges no more",
     [contact("c", 2, id="f1", revision=1, case="B", orders=["O1"], counts=False), contact("a", 0, orders=["O1"]),
      contact("b", 1, case="B"), contact("c", 2, id="f0", case="B", orders=["O1"])],
     {"a": ALONE_A, "b": {**ALONE_B, "answered_once": True}}),
    ("the highest revision makes it a contact after all",
     [contact("a", 0, id="f1", revision=1), contact("a", 0, id="f0", counts=False)], {"a": ALONE_A}),
    ("an exact repetition counts once",
     [contact("a", 0, case="A"), contact("a", 0, case="A")], {"a": {**ALONE_A, "answered_once": True}}),
    ("a tie in time is broken by the id of the contact, not by record or arrival",
     [contact("x", 0, case="A"), contact("y", 0, case="A")],
     {"x": {**row("k1", "y", 2, "y", "case"), **windows("yyy", "nnn"), "answered_once": True},
      "y": {**row("k1", "y", 1), **windows("nnn", "yyy"), "answered_once": False}}),
]
# Of x and y the order is the opposite of their names, so that a tie shows what broke it.
HAND_IDS = {"a": "01", "b": "02", "c": "03", "d": "04", "x": "0f", "y": "0a"}


def hand_history(facts, verdicts=()):
    """A history around facts, with a window of a week."""
    return {"seed": 0, "window_s": 604_800, "facts": facts, "verdicts": list(verdicts), "contact_ids": HAND_IDS}


def wrong_by_hand(facts, expected):
    """In what a hand-worked history comes out otherwise, as it arrives and backwards."""
    for arrived in (facts, facts[::-1]):
        judged = {verdict["contact"]: verdict for verdict in judge(hand_history(arrived))}
        if judged.keys() != expected.keys():
            yield f"contacts: expected {sorted(expected)} got {sorted(judged)}"
            continue
        for record, fields in expected.items():
            for field, value in fields.items():
                if not same(value, judged[record][field]):
                    yield f"{record} {field}: expected {value!r} got {judged[record][field]!r}"


def spoiled(verdicts):
    """The verdicts with one thing wrong at a time, and the field that must be found for it."""
    first, rest = verdicts[0], verdicts[1:]
    for field in FIELDS[1:]:
        value = first[field]
        wrong = not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else "wrong"
        yield field, [{**first, field: wrong}, *rest]
        yield field, [{key: value for key, value in first.items() if key != field}, *rest]
    # True for 1 is the one mistake that a plain comparison would let pass.
    yield "position", [{**first, "position": True}, *rest]
    yield "verdicts", rest
    yield "verdicts", [first, *verdicts]
    yield "verdicts", [*verdicts, {**first, "contact": "nobody"}]


def wrong_by_comparison():
    """What the comparison fails to see: a checker that always agrees would pass everything else."""
    facts = [contact("a", 0, case="A"), contact("b", 1, case="A", customer="k2"), merge("k1", "k2")]
    judged = judge(hand_history(facts))
    if differences(hand_history(facts, reversed(judged)), judged):
        yield "right verdicts are said to differ"
    for field, verdicts in spoiled(judged):
        found = {difference.field for difference in differences(hand_history(facts, verdicts), judged)}
        if found != {field}:
            yield f"a wrong {field} is found as {sorted(found)}"


def wrong_by_totals():
    """Totals of two histories, counted by hand: a case that comes back after ten days, and a pair at once."""
    totals = Counter()
    count(totals, judge(hand_history([contact("a", 0, case="A"), contact("b", 10 * DAY_US, case="A")])))
    count(totals, judge(hand_history([contact("a", 0, orders=["O1"]), contact("b", 60, orders=["O1"]),
                                      contact("c", 0, case="C", customer=None)])))
    # At 7 days: roots a, b and a, c, of which a, b and c see nobody again. At 14 and 30: a, a, c, and only c.
    expected = ["histories 2", "contacts 5", "chains 4", "chains_of_1 3/4 0.750000", "chains_of_2 1/4 0.250000",
                "first_contact_resolution_7d 3/4 0.750000", "first_contact_resolution_14d 1/3 0.333333",
                "first_contact_resolution_30d 1/3 0.333333", "answered_once 1/2 0.500000"]
    if list(lines(totals)) != expected:
        yield f"expected {expected} got {list(lines(totals))}"


def self_test():
    """Runs everything that was worked out by hand. Returns the exit code."""
    tests = [(name, wrong_by_hand(facts, expected)) for name, facts, expected in HAND_WORKED]
    tests += [("the comparison finds each wrong field", wrong_by_comparison()), ("totals", wrong_by_totals())]
    failed = 0
    for name, wrong in tests:
        found = list(wrong)
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok'}: {name}", *found, sep="\n    ")
    print(f"self-test: {len(tests)} run, {failed} failed")
    return 1 if failed else 0


def main():
    """Reads the command line. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        return self_test()
    try:
        return check(options.files or ["-"])
    except (Malformed, OSError, UnicodeDecodeError) as error:
        print(f"cannot be judged: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
