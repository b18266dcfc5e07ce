#!/usr/bin/env python3
"""Counts every figure of the weekly report again, for random companies (promise P10).

    recount_report.py QUELL [--sets N] [--first SEED] [--keep]

Each set is a small company made from a seed: contacts of several weeks by all kinds of customers, with chains,
revisions in any order, redelivered, anonymous, outbound and unreadable records, events of orders, delays, outages,
documents, notices, promises, sessions of self-service, counts of units with gaps, two sets of cost rates, and a
taxonomy whose texts mean what they say. The program imports it in several parts, publishes and reports a week as JSON;
this script knows what it made, and counts from that, by the definitions of the design, without looking at any table.
Prints a line for each set and each figure that differs, and exits with 1 where one does.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

NAMESPACE = uuid.UUID("6f0b8d0e-5d3c-5c1a-9a58-2f3d71c4e8b2")
WINDOW = timedelta(days=7)
MATURITY = timedelta(days=30)
CORRECTION = timedelta(days=14)
LATE = timedelta(days=7)
NOTICE_LEAD = timedelta(minutes=30)
NOTICE = timedelta(days=7)
DOCUMENT = timedelta(days=14)
PROMISE = timedelta(days=14)
SELF_SERVICE = timedelta(hours=24)
FEW = 20
CHANNELS = ["phone", "email", "chat", "web_form", "social", "in_person"]
BY_WORDS = ["status_chase", "public_info", "site_howto", "site_blocked", "company_error", "policy_made", "wrong_route"]
MECHANISMS = BY_WORDS
CLOSES = ["delivered", "order_cancelled"]
TELLABLE = ["order_cancelled", "defect_confirmed", "shipment_delayed", "delivery_failed", "outage_started"]
LATE_ORDERS = ["shipment_delayed", "delivery_failed"]
CORRECTS = ["redelivered", "refund_issued", "correction_made", "defect_confirmed"]
OUTCOMES = ["completed", "abandoned", "failed", "handed_over", "unknown"]
FAILED = ["abandoned", "failed", "handed_over"]
TOPICS = ["checkout", "account", "tariff", "outage_started"]
SPARED = {"status_chase", "preventable_by_notice", "broken_promise"}
WORDS = ["alfa", "bravo", "carta", "dardo", "estufa", "faro", "grano", "hielo", "isla", "jarra"]
STARTS = [date(2024, 3, 4), date(2024, 12, 9), date(2025, 10, 6), date(2031, 3, 10), date(2031, 12, 1)]
ZONES = ["Europe/Madrid", "America/Lima", "UTC", "Asia/Kolkata", "America/Santiago"]

MAPPING = """format = "ndjson"
source = { system = "shop" }
[fields]
record = { from = "id", type = "string" }
revision = "version"
occurred_at = { from = "at", format = "rfc3339" }
channel = "channel"
direction = "direction"
state = "state"
customer = [
    { from = "account", kind = "account" },
    { from = "email", kind = "email" },
    { from = "phone", kind = "phone" },
    { from = "device", kind = "device" },
    { from = "name", kind = "name" },
]
text = "text"
orders = "orders"
case = "case"
agent = "agent"
handle_ms = { from = "seconds", max = 86400, scale = 1000 }
"""

HAPPENED = """fact = "{fact}"
format = "ndjson"
source = {{ system = "{system}" }}
[fields]
record = {{ from = "id", type = "string" }}
occurred_at = {{ from = "at", format = "rfc3339" }}
{fields}
customer = [
    {{ from = "account", kind = "account", namespace = "shop" }},
    {{ from = "email", kind = "email" }},
    {{ from = "phone", kind = "phone" }},
    {{ from = "device", kind = "device", namespace = "shop" }},
    {{ from = "name", kind = "name", namespace = "shop" }},
]
"""
# Kind of fact, its source and its fields, by the name of its file. A promise is named after a case of the same source.
FILES = {
    "events": ("UpstreamEvent", "carrier", ["kind", "order", "subject"]),
    "notices": ("NotificationSent", "mailer", ["topic", "recipients"]),
    "promises": ("PromiseMade", "shop", ["promise", "due_at"]),
    "settled": ("PromiseSettled", "shop", ["promise", "kept"]),
    "sessions": ("SelfServiceEnded", "web", ["path", "step", "outcome"]),
}


# ---------------------------------------------------------------- the company


class Set:
    """A company: what it delivers, and what is true of it."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.zone = ZoneInfo(rng.choice(ZONES))
        self.first = rng.choice(STARTS)
        self.weeks = rng.randint(2, 8)
        self.customers = self.make_customers()
        self.reasons = self.make_reasons()
        self.unit = rng.choice(["orders", "orders", "orders", None])
        self.records = self.make_records()
        self.moments = set()
        self.events = self.make_events()
        self.notices = self.make_notices()
        self.promises = self.make_promises()
        self.settled = self.make_settled()
        self.sessions = self.make_sessions()
        self.rates = self.make_rates()
        self.units, self.unit_files = self.make_units()
        self.bad = []
        self.week = monday_text(self.first + timedelta(7 * (self.weeks - 1 - min(rng.choice([0, 0, 0, 1, 2]), self.weeks - 1))))
        self.as_of = self.choose_as_of()

    def make_customers(self):
        kinds = ["account", "account", "email", "phone", "device", "name"]
        values = {"account": "A{}", "email": "who{}@example.com", "phone": "+3400000{:04}", "device": "d{}", "name": "N{}"}
        customers = []
        for n in range(self.rng.randint(4, 40)):
            kind = self.rng.choice(kinds)
            customers.append((kind, values[kind].format(n)))
        return customers

    def make_reasons(self):
        rng, reasons = self.rng, []
        for word in rng.sample(WORDS, rng.randint(3, len(WORDS))):
            mechanism = rng.choice(MECHANISMS + [None, None, None])
            votes = ("irritant", "irritant") if mechanism else (rng.choice(["value", "irritant"]), rng.choice(["value", "irritant"]))
            reasons.append({
                "id": f"says_{word}", "word": word, "mechanism": mechanism, "votes": votes,
                "owner": rng.choice(["web", "depot", "office", None]),
                "unit": rng.choice([None, None, None, "visits"]), "topics": rng.sample(TOPICS, rng.choice([0, 0, 1, 2])),
            })
        return reasons

    def make_records(self):
        rng, records = self.rng, []
        for week in range(self.weeks):
            busy = 0 if 0 < week < self.weeks - 1 and rng.random() < 0.1 else rng.randint(1, 90)
            records += [self.make_record(len(records) + n, week) for n in range(busy)]
        return records

    def make_record(self, n, week):
        """A record with its versions, the last of which counts."""
        versions = [self.make_version(week)]
        while self.rng.random() < 0.12:
            changed = dict(versions[-1])
            fresh = self.make_version(week)
            for field in self.rng.sample(["at", "channel", "direction", "state", "who", "reason", "text", "orders", "seconds"], 3):
                changed[field] = fresh[field]
                if field in ("reason", "text"):
                    changed["reason"], changed["text"] = fresh["reason"], fresh["text"]
            versions.append(changed)
        case = f"case {self.rng.randint(0, 12)}" if self.rng.random() < 0.3 else None
        for version in versions:
            version["case"] = case
        return {"id": f"R{n}", "versions": versions}

    def make_version(self, week):
        rng = self.rng
        day = self.first + timedelta(days=7 * week + rng.randint(0, 6))
        local = datetime(day.year, day.month, day.day, rng.randint(0, 23), rng.choice([0, 0, 15, 59]), rng.choice([0, 0, 59]),
                         tzinfo=self.zone)
        reason = rng.choice(self.reasons + [None])
        said = [rng.choice(["mmm", "zzz", "kkk"]) for _ in range(rng.randint(0, 3))] + ([reason["word"]] if reason else [])
        rng.shuffle(said)
        text = " ".join(said) or None
        return {
            "at": local.astimezone(timezone.utc),
            "channel": rng.choice(CHANNELS),
            "direction": rng.choices(["inbound", "unknown", "outbound", "internal"], [80, 10, 6, 4])[0],
            "state": rng.choices(["closed", "open", "spam", "deleted", "merged"], [70, 20, 4, 3, 3])[0],
            "who": rng.choice(self.customers) if rng.random() < 0.88 else None,
            "reason": reason["id"] if reason else "unclassified", "text": text,
            "orders": sorted({f"O{rng.randint(0, 9)}" for _ in range(rng.choice([0, 0, 0, 1, 1, 2]))}),
            "seconds": rng.choice([None, 0, rng.randint(1, 900), rng.randint(1, 900), rng.randint(1, 900000) / 1000]),
        }

    def make_events(self):
        rng, events = self.rng, []
        for n in range(rng.randint(0, 40)):
            who = rng.choice(self.customers) if rng.random() < 0.8 else None
            events.append({"id": f"E{n}", "kind": rng.choice(CLOSES + CORRECTS + ["shipped"]), "order": f"O{rng.randint(0, 9)}",
                           "subject": None, "at": self.moment(), "who": who})
        for n in range(rng.choice([0, rng.randint(1, 120)])):
            near, at = self.shortly_before(timedelta(days=rng.choice([1, 8, 16])))
            kind = rng.choice(LATE_ORDERS + ["outage_started", "outage_ended", "document_sent"])
            subject = kind.startswith("outage") or kind == "document_sent" and rng.random() < 0.6
            order = rng.choice(near["orders"] or [f"O{rng.randint(0, 9)}"])
            events.append({"id": f"K{n}", "kind": kind, "order": None if subject else order,
                           "subject": self.subject(near) if subject else None, "at": at,
                           "who": near["who"] if rng.random() < 0.6 else None})
        return events

    def make_notices(self):
        rng, notices = self.rng, []
        for n in range(rng.choice([0, rng.randint(1, 90)])):
            # About what is told, or about whatever a contact is about.
            if self.events and rng.random() < 0.5:
                event = rng.choice(self.events)
                topic, who = event["order"] or event["subject"], event["who"]
                at = self.moment(event["at"] + timedelta(hours=rng.choice([0, 1, 20])))
            else:
                near, at = self.shortly_before(timedelta(days=rng.choice([1, 4])))
                topic, who = rng.choice(near["orders"] + [self.subject(near)]), near["who"]
            notices.append({"id": f"N{n}", "topic": topic, "recipients": 9, "at": at, "who": who if rng.random() < 0.7 else None})
        return notices

    def make_promises(self):
        """Named after the case or the order of a contact, or after nothing."""
        rng, promises = self.rng, []
        for n in range(rng.choice([0, rng.randint(1, 40)])):
            near, due = self.shortly_before(timedelta(days=rng.choice([1, 16])))
            name = rng.choice(near["orders"] + [near["case"] or f"P{n}", f"P{n}"])
            made = self.moment(due - timedelta(hours=rng.randint(1, 90)))
            promises.append({"id": f"P{n}", "promise": name, "due_at": due, "at": made, "who": near["who"]})
        return promises

    def make_settled(self):
        return [{"id": f"S{n}", "promise": promise["promise"], "kept": self.rng.random() < 0.7,
                 "at": self.moment(promise["due_at"] + timedelta(hours=self.rng.randint(-40, 40))), "who": promise["who"]}
                for n, promise in enumerate(self.promises) if self.rng.random() < 0.4]

    def make_sessions(self):
        rng, sessions = self.rng, []
        for n in range(rng.choice([0, rng.randint(1, 60), rng.randint(200, 900)])):
            near, at = self.shortly_before(timedelta(hours=rng.choice([3, 26, 300])))
            path = self.subject(near) if rng.random() < 0.7 else rng.choice(["help", "checkout"])
            sessions.append({"id": f"W{n}", "path": path, "step": rng.choice([None, "1", "2"]),
                             "outcome": rng.choice(OUTCOMES + ["failed"]), "at": at,
                             "who": near["who"] if rng.random() < 0.9 else None})
        return sessions

    def moment(self, at=None):
        """When something happened: nothing else did at the same instant, for which of both came first nobody could say."""
        at = at or self.make_version(self.rng.randint(0, self.weeks - 1))["at"]
        while at in self.moments:
            at += timedelta(microseconds=1)
        self.moments.add(at)
        return at

    def shortly_before(self, most):
        """Some contact, and a moment up to so long before it, often the last or the first of that time."""
        record = self.rng.choice(self.records)["versions"][-1]
        back = self.rng.choice([timedelta(0), most, NOTICE_LEAD, SELF_SERVICE] + 9 * [most * self.rng.random()])
        return record, self.moment(record["at"] - timedelta(seconds=back // timedelta(seconds=1)))

    def subject(self, near):
        """What a contact may be about: a topic of its reason, its reason, or something else. No source calls anything
        `unclassified`, so nothing is about that."""
        own = [[reason["id"], *2 * reason["topics"]] for reason in self.reasons if reason["id"] == near["reason"]]
        return self.rng.choice([subject for subjects in own for subject in subjects] + ["checkout", "account"])

    def make_rates(self):
        rng, rates = self.rng, []
        for start in sorted({self.first + timedelta(days=rng.randint(-20, 7 * self.weeks)) for _ in range(rng.randint(0, 3))}):
            of_channel = {}
            for channel in rng.sample(CHANNELS, rng.randint(1, len(CHANNELS))):
                of_channel[channel] = (rng.randint(0, 5_000_000), rng.randint(0, 2_000_000))
            rates.append((start, of_channel))
        return rates

    def make_units(self):
        rng, counts, files = self.rng, {}, []
        days = [self.first + timedelta(days=n) for n in range(-3, 7 * self.weeks + 3)]
        missing = {monday_of(rng.choice(days)) for _ in range(rng.randint(0, 2))}
        for _ in range(rng.randint(0, 2)):
            rows = []
            for unit in ("orders", "visits"):
                for day in days:
                    if monday_of(day) in missing or rng.random() < 0.05:
                        continue
                    counts[day, unit] = rng.choice([0, rng.randint(1, 4000), rng.randint(1, 4000), rng.randint(1, 4000)])
                    rows.append(f"{day},{unit},{counts[day, unit]}")
            files.append("day,unit,count\n" + "\n".join(rows) + "\n")
        return counts, [file for file in files if file.count("\n") > 1]

    def choose_as_of(self):
        ends = self.midnight(week_monday(self.week) + timedelta(days=7))
        choice = self.rng.choice(["end", "end", "end", "before", "within", "later"])
        return {"end": ends, "before": ends - timedelta(microseconds=1), "later": ends + timedelta(days=37),
                "within": ends - timedelta(days=self.rng.randint(1, 4), hours=5)}[choice]

    def midnight(self, day):
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(timezone.utc)

    # ------------------------------------------------------------ its files

    def taxonomy(self):
        out = ['name = "recount"', 'version = "7"', 'languages = ["es", "en"]']
        out += [f'unit = "{self.unit}"'] if self.unit else []
        for owner in ("web", "depot", "office"):
            out += [f"[owners.{owner}]", f'label = {{ es = "Área {owner}", en = "Area {owner}" }}']
        for n, reason in enumerate(self.reasons):
            customer, company = reason["votes"]
            out += ["[[reason]]", f'id = "{reason["id"]}"',
                    f'label = {{ es = "¿Dice {reason["word"]}?", en = "Says {reason["word"]}?" }}',
                    f'votes = {{ customer = "{customer}", company = "{company}" }}']
            out += [f'owner = "{reason["owner"]}"'] if reason["owner"] else []
            out += [f'mechanism = "{reason["mechanism"]}"'] if reason["mechanism"] else []
            out += [f'unit = "{reason["unit"]}"'] if reason["unit"] else []
            out += [f"topics = {json.dumps(reason['topics'])}"] if reason["topics"] else []
            out += ["[[reason.rule]]", f'id = "{reason["id"]}.1"', f"priority = {n + 1}", f'phrases = ["{reason["word"]}"]']
        return "\n".join(out) + "\n"

    def line(self, record, number, agent="a1"):
        version = record["versions"][number]
        fields = {"id": record["id"], "version": number + 1, "at": version["at"].isoformat().replace("+00:00", "Z")}
        fields |= {field: version[field] for field in ("channel", "direction", "state", "text", "orders", "seconds", "case")}
        fields["agent"] = agent
        if version["who"]:
            kind, value = version["who"]
            # Addresses and numbers are the same however they are written.
            fields[kind] = self.rng.choice([value, value.upper(), f" {value} "]) if kind == "email" else value
        return json.dumps(fields, ensure_ascii=self.rng.random() < 0.5).encode()

    def deliveries(self):
        """Lines of contacts in two files: all versions in any order, some again, and some that nobody can read."""
        rng = self.rng
        lines = [self.line(record, number) for record in self.records for number in range(len(record["versions"]))]
        lines += [line for line in lines if rng.random() < 0.08]
        # Same version, other content that no figure shows: one of both counts.
        lines += [self.line(r, len(r["versions"]) - 1, "a2") for r in self.records if rng.random() < 0.03]
        rng.shuffle(lines)
        for n in range(rng.randint(0, 8)):
            kind, line = self.unreadable(n)
            self.bad.append(kind)
            lines.insert(rng.randint(0, len(lines)), line)
        cut = rng.randint(1, len(lines))
        return [b"\n".join(part) + b"\n" for part in (lines[:cut], lines[cut:]) if part]

    def unreadable(self, n):
        fields = {"id": f"X{n}", "at": "2024-05-01T10:00:00Z", "channel": "phone", "seconds": 5}
        kind = self.rng.choice(["malformed", "missing", "bad_time", "unknown_word", "wrong_type", "out_of_range", "not_utf8"])
        if kind == "malformed":
            return kind, json.dumps(fields).encode()[:-3]
        if kind == "not_utf8":
            return kind, json.dumps(fields | {"text": "?"}).encode().replace(b"?", b"\xff")
        fields |= {"missing": {"at": None}, "bad_time": {"at": "soon"}, "unknown_word": {"channel": "fax"},
                   "wrong_type": {"seconds": "five"}, "out_of_range": {"seconds": 90_000}}[kind]
        return kind, json.dumps(fields).encode()

    def happened(self):
        """Name, mapping and lines of each file of what is no contact."""
        for name, (fact, system, columns) in FILES.items():
            rows = getattr(self, name)
            if rows:
                fields = "\n".join(f'{column} = "{column}"' for column in columns)
                lines = [self.happened_line(row, columns) for row in rows]
                yield name, HAPPENED.format(fact=fact, system=system, fields=fields), "\n".join(lines) + "\n"

    def happened_line(self, row, columns):
        fields = {column: row[column] for column in ["id", "at", *columns]}
        if row["who"]:
            kind, value = row["who"]
            fields[kind] = value
        return json.dumps(fields, default=lambda at: at.isoformat().replace("+00:00", "Z"))

    def cost_files(self):
        for start, rates in self.rates:
            rows = [f'{c} = {{ contact = "{micros(a)}", minute = "{micros(b)}" }}' for c, (a, b) in rates.items()]
            yield f'from = {start}\ncurrency = "EUR"\n[rates]\n' + "\n".join(rows) + "\n"


def micros(n):
    return f"{n // 1_000_000}.{n % 1_000_000:06}"


def monday_of(day):
    return day - timedelta(days=day.weekday())


def monday_text(day):
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def week_monday(week):
    return date.fromisocalendar(int(week[:4]), int(week[6:]), 1)


# ---------------------------------------------------------------- what is true of it


def contact_id(record):
    parts = [b"contact", b"shop", b"", record.encode()]
    name = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return str(uuid.UUID(bytes=hashlib.sha1(NAMESPACE.bytes + name).digest()[:16], version=5))


class Truth:
    """The contacts of a set with their verdicts, and the figures of its week."""

    def __init__(self, company):
        self.set = company
        self.leaf = {reason["id"]: reason for reason in company.reasons}
        self.as_of = company.as_of
        self.contacts = self.make_contacts()
        self.judge()
        self.by_week = defaultdict(list)
        for contact in self.contacts:
            self.by_week[contact["week"]].append(contact)
        self.begun = min((monday_of(c["day"]) for c in self.contacts), default=None)
        self.monday = week_monday(company.week)
        self.now = self.of_week(0)

    def make_contacts(self):
        out = []
        for record in self.set.records:
            version = dict(record["versions"][-1])
            if version["direction"] in ("outbound", "internal") or version["state"] in ("spam", "deleted", "merged"):
                continue
            version["id"] = contact_id(record["id"])
            version["day"] = version["at"].astimezone(self.set.zone).date()
            version["week"] = monday_text(version["day"])
            version["owner"] = self.owner(version["reason"])
            version["handle_ms"] = None if version["seconds"] is None else round(version["seconds"] * 1000)
            version["cost"] = self.cost(version)
            out.append(version)
        return sorted(out, key=lambda c: (c["at"], c["id"]))

    def owner(self, reason):
        leaf = self.leaf.get(reason)
        return leaf and leaf["owner"] or "unowned"

    def cost(self, contact):
        """By the newest rate of its channel that is valid on its day; unknown without one."""
        valid = [rates[contact["channel"]] for start, rates in self.set.rates
                 if start <= contact["day"] and contact["channel"] in rates]
        if not valid:
            return None
        per_contact, per_minute = valid[-1]
        per_second = (per_minute + 30) // 60
        return per_contact + (per_second * (contact["handle_ms"] or 0) + 500) // 1000

    def judge(self):
        of_customer = defaultdict(list)
        for contact in self.contacts:
            contact["root"] = contact
            if contact["who"] and contact["who"][0] in ("phone", "email", "account"):
                of_customer[contact["who"]].append(contact)
        for contacts in of_customer.values():
            self.chain(contacts)
        self.members = defaultdict(list)
        for contact in self.contacts:
            self.members[contact["root"]["id"]].append(contact)
            contact["repeat"] = contact["root"] is not contact
            contact["leads"], contact["noticed"], contact["leak"] = [], False, None
            contact["mechanisms"] = self.mechanisms(contact)
            contact["dumb"] = bool(contact["mechanisms"])

    def chain(self, contacts):
        """Components over all pairs: the definition, not the engine's way to it. Contacts are in order."""
        for i, later in enumerate(contacts):
            for earlier in contacts[:i]:
                if linked(earlier, later):
                    low, high = sorted((earlier["root"], later["root"]), key=lambda c: (c["at"], c["id"]))
                    for contact in contacts:
                        if contact["root"] is high:
                            contact["root"] = low

    def mechanisms(self, contact):
        leaf = self.leaf.get(contact["reason"])
        if leaf and leaf["votes"] == ("value", "value"):
            return []
        found = ["repeat"] if contact["repeat"] else []
        candidate = leaf and leaf["mechanism"]
        if candidate == "status_chase":
            if not self.nothing_open(contact):
                found.append("status_chase")
        elif candidate in BY_WORDS:
            found.append(candidate)
        if self.corrected(contact) and "company_error" not in found:
            found.append("company_error")
        on_record = {"preventable_by_notice": self.knew_event(contact), "broken_promise": self.overdue(contact)}
        if candidate != "public_info":
            on_record["public_info"] = self.sent_document(contact)
        for mechanism, since in on_record.items():
            if since is not None:
                found.append(mechanism)
                contact["leads"].append((contact["at"] - since) // timedelta(seconds=1))
        contact["leak"] = self.failed_session(contact)
        return found + (["self_service_failed"] if contact["leak"] else [])

    def is_about(self, contact, subject):
        leaf = self.leaf.get(contact["reason"])
        return subject is not None and subject in [contact["reason"], *(leaf["topics"] if leaf else [])]

    def concerning(self, contact, rows, everybody=True):
        """What happened to the contact's customer, or to everybody, up to the contact; the oldest first."""
        mine = [row for row in rows if row["at"] <= contact["at"]
                and (row["who"] is None and everybody or row["who"] is not None and row["who"] == contact["who"])]
        return sorted(mine, key=lambda row: row["at"])

    def is_of_event(self, contact, event):
        """By the order that both name, where the customer chases something; else by what the event is about."""
        if event["order"]:
            leaf = self.leaf.get(contact["reason"])
            return event["order"] in contact["orders"] and bool(leaf) and leaf["mechanism"] == "status_chase"
        return self.is_about(contact, event["subject"]) or self.is_about(contact, event["kind"])

    def knew_event(self, contact):
        """Since when an event was known that nobody had told of; of one that had been told, the contact is marked."""
        events, first = self.concerning(contact, self.set.events), None
        for event in events:
            if event["kind"] not in TELLABLE or not NOTICE_LEAD <= contact["at"] - event["at"] <= NOTICE:
                continue
            if not self.is_of_event(contact, event):
                continue
            told = [notice["at"] for notice in self.concerning(contact, self.set.notices) if notice["at"] >= event["at"]
                    and (notice["topic"] in (event["order"], event["subject"]) or self.is_about(contact, notice["topic"]))]
            over = [other["at"] for other in events if other["at"] >= event["at"] and ends(event, other)]
            if not told and not over:
                return event["at"]
            first = first or ("told" if told and (not over or told[0] < over[0]) else "over")
        contact["noticed"] = first == "told"
        return None

    def overdue(self, contact):
        """Since when a promise was due that was not kept."""
        leaf = self.leaf.get(contact["reason"])
        chases = bool(leaf) and leaf["mechanism"] == "status_chase"
        kept = {row["promise"] for row in self.concerning(contact, self.set.settled, False) if row["kept"]}
        due = [row["due_at"] for row in self.concerning(contact, self.set.promises, False)
               if timedelta(0) < contact["at"] - row["due_at"] <= PROMISE and row["promise"] not in kept
               and (chases or row["promise"] in contact["orders"] or row["promise"] == contact["case"])]
        return min(due, default=None)

    def sent_document(self, contact):
        """When the last document was sent to this customer that the contact is about."""
        sent = [event["at"] for event in self.concerning(contact, self.set.events, False)
                if event["kind"] == "document_sent" and contact["at"] - event["at"] <= DOCUMENT
                and (event["order"] in contact["orders"] if event["order"] else self.is_about(contact, event["subject"]))]
        return max(sent, default=None)

    def failed_session(self, contact):
        """The last session about it that failed, with no completed one of the same path after it."""
        sessions = [row for row in self.concerning(contact, self.set.sessions, False)
                    if contact["at"] - row["at"] <= SELF_SERVICE]
        for n, row in reversed(list(enumerate(sessions))):
            done = any(later["path"] == row["path"] and later["outcome"] == "completed" for later in sessions[n + 1:])
            if row["outcome"] in FAILED and self.is_about(contact, row["path"]) and not done:
                return row["id"]
        return None

    def nothing_open(self, contact):
        """Every order that it names was closed; of a contact without order and case, the customer's own orders."""
        closed = [event for event in self.about(contact, CLOSES, None) if event["at"] <= contact["at"]]
        if contact["orders"]:
            return all(any(event["order"] == order for event in closed) for order in contact["orders"])
        return contact["case"] is None and any(event["who"] is not None for event in closed)

    def corrected(self, contact):
        """A refund of an order that was cancelled before had to be made anyway."""
        for event in self.about(contact, CORRECTS, contact["orders"]):
            if not timedelta(0) <= event["at"] - contact["at"] <= CORRECTION:
                continue
            cancelled = any(other["at"] <= event["at"]
                            for other in self.about(contact, ["order_cancelled"], [event["order"]]))
            if event["kind"] != "refund_issued" or not cancelled:
                return True
        return False

    def about(self, contact, kinds, orders):
        """Events of the contact's customer, and those of an order that it names which name no customer."""
        return [event for event in self.set.events
                if event["kind"] in kinds and (orders is None or event["order"] in orders)
                and (event["who"] is None and event["order"] in contact["orders"]
                     or event["who"] is not None and event["who"] == contact["who"])]

    def of_week(self, back):
        return self.by_week[monday_text(self.monday - timedelta(days=7 * back))]

    def is_known(self, back):
        return self.begun is not None and self.monday - timedelta(days=7 * back) >= self.begun

    def units(self, unit, back=0):
        """Units of a week, and on how many days they were counted."""
        days = [self.monday + timedelta(days=n - 7 * back) for n in range(7)]
        counts = [self.set.units[day, unit] for day in days if (day, unit) in self.set.units]
        return (sum(counts), len(counts)) if counts else (None, 0)

    def unit_of(self, reason):
        leaf = self.leaf.get(reason)
        return leaf and leaf["unit"] or self.set.unit

    def is_complete(self, monday):
        return self.set.midnight(monday + timedelta(days=7)) <= self.as_of

    # ------------------------------------------------------------ the report

    def report(self):
        return {
            "week": self.set.week, "monday": str(self.monday), "complete": self.is_complete(self.monday),
            "restated": False, "currency": "EUR" if self.set.rates else None, "unit": self.set.unit,
            "headline": self.headline(), "trend": self.trend(), "movers": self.movers(), "reasons": self.pareto(),
            "snowballs": {"reasons": self.snowball_reasons(), "chains": self.snowball_chains()},
            "owners": self.owners(), "mechanisms": self.mechanism_counts(), "channels": self.channels(),
            "known_first": self.known_first(), "self_service": self.self_service(),
            "quality": self.quality(),
        }

    def headline(self):
        now, known = self.now, [back for back in range(1, 5) if self.is_known(back)]
        unit = self.set.unit
        units = {back: self.units(unit, back) for back in range(5)}
        with_units = [back for back in known if units[back][0] is not None]
        costs = {back: money(self.of_week(back)) for back in range(5)}
        with_cost = [back for back in known if costs[back] is not None]
        counted = {back: len(self.of_week(back)) for back in range(5)}
        dumb = {back: count(self.of_week(back), "dumb") for back in range(5)}
        costed = {back: len([c for c in self.of_week(back) if c["cost"] is not None]) for back in range(5)}
        repeats = {back: count(self.of_week(back), "repeat") for back in range(5)}
        handled = [c["handle_ms"] for c in now if c["handle_ms"] is not None]

        def total(of, backs):
            return sum(of[back] for back in backs)

        def finished(value):
            return value if self.is_complete(self.monday) else None

        before = 1 in known
        contacts = {
            "week": counted[0], "before": counted[1] if before else None,
            "mean4": quotient(total(counted, known), len(known)) if known else None,
            "change_before_permille": finished(change(counted[0], counted[1]) if before else None),
            "change_mean4_permille": finished(mean_change(counted[0], total(counted, known), len(known))),
        }
        sums = None
        if known and len(with_units) == len(known) and total({b: units[b][0] for b in known}, known):
            sums = (total(counted, known), sum(units[back][0] for back in known))
        last = (counted[1], units[1][0]) if before and units[1][0] else None
        cpx_now = cpx(counted[0], units[0][0]) if unit else None
        rates = {
            "week": cpx_now, "before": cpx(*last) if last else None, "mean4": cpx(*sums) if sums else None,
            "change_before_permille": rate_change(cpx_now, counted[0], units[0][0], last),
            "change_mean4_permille": rate_change(cpx_now, counted[0], units[0][0], sums),
        }
        shares = {
            "week": share(dumb[0], counted[0]), "before": share(dumb[1], counted[1]) if before else None,
            "mean4": share(total(dumb, known), total(counted, known)) if known else None,
        }
        shares["change_before_points_permille"] = minus(shares["week"], shares["before"])
        shares["change_mean4_points_permille"] = minus(shares["week"], shares["mean4"])
        mean_cost = quotient(sum(costs[back] for back in with_cost), len(with_cost)) if with_cost else None
        cost = {
            "week": costs[0], "before": costs[1] if before else None, "mean4": mean_cost,
            "change_before_permille": finished(money_change(costs[0], costs[1] if before else None, costed[0], costed[1])),
            "change_mean4_permille": None,
        }
        if money_change(costs[0], mean_cost, costed[0], total(costed, known)) is not None:
            whole = sum(costs[back] for back in with_cost)
            cost["change_mean4_permille"] = finished(mean_change(costs[0], whole, len(with_cost)))
        return {
            "contacts": contacts, "cpx_hundredths": rates, "dumb_share_permille": shares, "cost_micros": cost,
            "dumb": dumb[0], "dumb_before": dumb[1] if before else None,
            "dumb_cost_micros": money([c for c in now if c["dumb"]], 0) if costed[0] else None,
            "repeats": repeats[0], "repeats_before": repeats[1] if before else None,
            "snowball_rate_permille": share(repeats[0], counted[0]),
            "snowball_rate_before_permille": share(repeats[1], counted[1]) if before else None,
            "customers": len({c["who"] for c in now if c["who"]}),
            "provisional": sum(c["at"] + MATURITY > self.as_of for c in now),
            "unclassified": sum(c["reason"] == "unclassified" for c in now),
            "handled": len(handled), "handle_ms": sum(handled) if handled else None, "costed": costed[0],
            "units": units[0][0], "units_before": units[1][0] if before else None, "unit_days": units[0][1],
            "mean4_weeks": len(known),
        }

    def trend(self):
        rows = []
        for back in range(12, -1, -1):
            if back and not self.is_known(back):
                continue
            monday, contacts = self.monday - timedelta(days=7 * back), self.of_week(back)
            units, _ = self.units(self.set.unit, back)
            rows.append({
                "week": monday_text(monday), "monday": str(monday), "complete": self.is_complete(monday),
                "contacts": len(contacts), "dumb": count(contacts, "dumb"), "units": units,
                "cpx_hundredths": cpx(len(contacts), units), "cost_micros": money(contacts),
            })
        return rows

    def movers(self):
        if not self.is_known(1):
            return []
        now, before = (Counter(c["reason"] for c in self.of_week(back)) for back in (0, 1))
        rows = []
        for reason in now.keys() | before.keys():
            unit = self.unit_of(reason)
            units, units_before = self.units(unit)[0], self.units(unit, 1)[0]
            moved = now[reason] - before[reason]
            growth = None
            if units is not None and units_before:
                growth = quotient(before[reason] * (units - units_before), units_before)
            rows.append({"reason": reason, **self.labels(reason), "unit": unit, "contacts": now[reason],
                         "contacts_before": before[reason], "change": moved, "growth_effect": growth,
                         "rate_effect": None if growth is None else moved - growth})

        def weight(row):
            return row["change"] if row["rate_effect"] is None else row["rate_effect"]

        up = sorted((r for r in rows if weight(r) > 0), key=lambda r: (-weight(r), r["reason"]))[:5]
        down = sorted((r for r in rows if weight(r) < 0), key=lambda r: (weight(r), r["reason"]))[:5]
        return sorted(up + down, key=lambda r: (-weight(r), r["reason"]))

    def labels(self, reason):
        leaf = self.leaf.get(reason)
        return {"label_es": f"¿Dice {leaf['word']}?", "label_en": f"Says {leaf['word']}?"} if leaf else {}

    def pareto(self):
        before, running, rows = Counter(c["reason"] for c in self.of_week(1)), 0, []
        for reason, contacts in ranked(group(self.now, "reason")):
            unit, leaf = self.unit_of(reason), self.leaf.get(reason)
            vital = 5 * running < 4 * len(self.now)
            running += len(contacts)
            disposition = {("irritant", "irritant"): "eliminate", ("value", "irritant"): "automate",
                           ("irritant", "value"): "simplify", ("value", "value"): "leverage"}
            rows.append({
                "reason": reason, **self.labels(reason), "owner": self.owner(reason),
                "disposition": disposition[leaf["votes"]] if leaf else None, "contacts": len(contacts),
                "cumulative": running, "total": len(self.now), "vital": vital, "dumb": count(contacts, "dumb"),
                "repeats": count(contacts, "repeat"), "unit": unit, "cpx_hundredths": cpx(len(contacts), self.units(unit)[0]),
                "cost_micros": money(contacts), "contacts_before": before[reason],
            })
        return rows

    def snowball_reasons(self):
        repeats = defaultdict(list)
        for contact in self.now:
            if contact["repeat"]:
                repeats[contact["root"]["reason"]].append(contact)
        return [{"reason": reason, **self.labels(reason), "repeats": len(contacts),
                 "chains": len({c["root"]["id"] for c in contacts}), "cost_micros": money(contacts)}
                for reason, contacts in ranked(repeats)][:8]

    def snowball_chains(self):
        chains = [self.members[root] for root in {c["root"]["id"] for c in self.now}]
        chains = sorted((c for c in chains if len(c) > 1), key=lambda c: (-len(c), c[0]["at"], c[0]["id"]))[:5]
        return [{"chain_root": chain[0]["id"], "reason": chain[0]["reason"], **self.labels(chain[0]["reason"]),
                 "contacts": len(chain), "channels": len({c["channel"] for c in chain}),
                 "started_on": str(chain[0]["day"]), "last_on": str(max(c["day"] for c in chain)),
                 "melted": chain[-1]["at"] + WINDOW <= self.as_of, "cost_micros": money(chain)} for chain in chains]

    def owners(self):
        before, rows = group(self.of_week(1), "owner"), []
        for owner, contacts in group(self.now, "owner").items():
            rows.append({
                "owner": owner, **({} if owner == "unowned" else {"label_es": f"Área {owner}", "label_en": f"Area {owner}"}),
                "reasons": len({c["reason"] for c in contacts}), "contacts": len(contacts),
                "contacts_before": len(before.get(owner, [])), "dumb": count(contacts, "dumb"),
                "repeats": count(contacts, "repeat"), "costed": sum(c["cost"] is not None for c in contacts),
                "cost_micros": money(contacts), "cost_micros_before": money(before.get(owner, [])),
            })
        return sorted(rows, key=lambda r: (r["cost_micros"] is None, -(r["cost_micros"] or 0), -r["contacts"], r["owner"]))

    def mechanism_counts(self):
        now, before = defaultdict(list), Counter()
        for contact in self.now:
            for mechanism in contact["mechanisms"]:
                now[mechanism].append(contact)
        for contact in self.of_week(1):
            before.update(contact["mechanisms"])
        return [{"mechanism": mechanism, "contacts": len(contacts), "contacts_before": before[mechanism],
                 "cost_micros": money(contacts)} for mechanism, contacts in ranked(now)]

    def known_first(self):
        spared = [c for c in self.now if SPARED & set(c["mechanisms"]) or c["leads"]]
        leads = sorted(max(c["leads"]) for c in spared if c["leads"])
        return {
            "contacts": len(spared), "known": len(leads), "noticed": count(self.now, "noticed"),
            "known_rate_permille": share(len(leads), len(spared)),
            # The least value that at least half of them do not exceed.
            "lead_p50_s": leads[(len(leads) - 1) // 2] if leads else None, "lead_max_s": leads[-1] if leads else None,
            "reasons": [{"reason": reason, **self.labels(reason), "contacts": len(contacts), "known": count(contacts, "leads"),
                         "known_rate_permille": share(count(contacts, "leads"), len(contacts))}
                        for reason, contacts in ranked(group(spared, "reason"))[:3]],
        }

    def self_service(self):
        leaks, steps = {c["leak"] for c in self.contacts}, defaultdict(list)
        for row in self.set.sessions:
            if monday_of(row["at"].astimezone(self.set.zone).date()) == self.monday:
                steps[row["path"], row["step"]].append(row)
        counted = [{"path": path, "step": step, **self.ended(rows, leaks)} for (path, step), rows in steps.items()]
        counted = sorted((row for row in counted if row["leaked"]),
                         key=lambda row: (-row["leaked"], row["path"], row["step"] is not None, row["step"]))
        return {**self.ended([row for rows in steps.values() for row in rows], leaks), "steps": counted[:5]}

    def ended(self, rows, leaks):
        known = [row for row in rows if row["who"] is not None]
        contacted = [row for row in known if any(c["who"] == row["who"] and timedelta(0) <= c["at"] - row["at"] <= SELF_SERVICE
                                                 for c in self.contacts)]
        leaked = sum(row["id"] in leaks for row in rows)
        return {"sessions": len(rows), "known": len(known), "contacted": len(contacted), "leaked": leaked,
                "containment_permille": share(len(known) - len(contacted), len(known)),
                "leak_rate_permille": share(leaked, len(known))}

    def channels(self):
        before = Counter(c["channel"] for c in self.of_week(1))
        return [{"channel": channel, "contacts": len(contacts), "contacts_before": before[channel],
                 "dumb": count(contacts, "dumb"), "cost_micros": money(contacts)}
                for channel, contacts in ranked(group(self.now, "channel"))]

    def quality(self):
        ended = self.set.midnight(self.monday + timedelta(days=7)) + LATE
        refused = Counter(self.set.bad)
        return {
            "contacts": len(self.now), "unclassified": sum(c["reason"] == "unclassified" for c in self.now),
            "anonymous": sum(c["who"] is None for c in self.now), "not_costed": sum(c["cost"] is None for c in self.now),
            # Everything is recorded while this script runs.
            "late": len(self.now) if ended < datetime.now(timezone.utc) else 0,
            "unowned": sum(c["owner"] == "unowned" for c in self.now),
            "refused": [{"kind": kind, "inputs": n} for kind, n in sorted(refused.items(), key=lambda r: (-r[1], r[0]))],
            "restated_weeks": [], "changed_since_published": [],
        }


def linked(a, b):
    """Whether the later contact of a customer belongs to the earlier one's issue (DESIGN §2, chain)."""
    if b["at"] - a["at"] > WINDOW:
        return False
    if a["case"] and a["case"] == b["case"] or set(a["orders"]) & set(b["orders"]):
        return True
    conflict = a["orders"] and b["orders"]
    return a["reason"] == b["reason"] != "unclassified" and not conflict


def ends(event, other):
    """Whether the event is over with the other one."""
    if event["kind"] == "outage_started":
        return other["kind"] == "outage_ended" and other["subject"] == event["subject"]
    return event["kind"] in LATE_ORDERS and other["kind"] in CLOSES and other["order"] == event["order"]


def group(contacts, field):
    out = defaultdict(list)
    for contact in contacts:
        out[contact[field]].append(contact)
    return out


def ranked(groups):
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))


def count(contacts, field):
    return sum(1 for contact in contacts if contact[field])


def money(contacts, none=None):
    costs = [c["cost"] for c in contacts if c["cost"] is not None]
    return sum(costs) if costs else none


def quotient(numerator, denominator):
    """Rounded half away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def share(part, whole):
    if whole < FEW or 0 < part < FEW:
        return None
    return quotient(1000 * part, whole)


def change(now, before):
    return None if min(now, before) < FEW else quotient(1000 * (now - before), before)


def mean_change(now, total, weeks):
    if weeks == 0 or now < FEW or total < FEW * weeks:
        return None
    return quotient(1000 * (now * weeks - total), total)


def cpx(contacts, units):
    return quotient(10_000 * contacts, units) if units else None


def rate_change(cpx_now, contacts, units, other):
    if cpx_now is None or other is None or min(contacts, other[0]) < FEW:
        return None
    now, before = contacts * other[1], other[0] * units
    return quotient(1000 * (now - before), before)


def money_change(now, before, costed, costed_before):
    if now is None or not before or min(costed, costed_before) < FEW:
        return None
    return quotient(1000 * (now - before), before)


def minus(a, b):
    return None if a is None or b is None else a - b


# ---------------------------------------------------------------- the program


class Program:
    def __init__(self, binary, folder, zone):
        self.binary, self.folder = binary, folder
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("QUELL_")}
        self.environment["QUELL_ZONE"] = zone

    def run(self, *args):
        command = [self.binary, "--data", str(self.folder / "data"), *map(str, args)]
        done = subprocess.run(command, capture_output=True, env=self.environment, cwd=self.folder, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
        return done.stdout.decode()

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path


def run_set(binary, seed, folder):
    """Differences between what the program reports and what is true."""
    company = Set(seed)
    program = Program(binary, folder, str(company.zone))
    as_of = company.as_of.isoformat().replace("+00:00", "Z")
    program.run("taxonomy", "publish", program.file("taxonomy.toml", company.taxonomy()))
    contacts = program.file("contacts.toml", MAPPING)
    steps = [("import", "--source", "ndjson", "--mapping", contacts, program.file(f"contacts-{n}.ndjson", part))
             for n, part in enumerate(company.deliveries())]
    steps += [("import", "--source", "ndjson", "--mapping", program.file(f"{name}.toml", mapping),
               program.file(f"{name}.ndjson", lines)) for name, mapping, lines in company.happened()]
    steps += [("costs", "set", program.file(f"costs-{n}.toml", text)) for n, text in enumerate(company.cost_files())]
    # Another count of a day replaces the one before, so these keep their order.
    steps += [("units", "import", program.file(f"units-{n}.csv", text)) for n, text in enumerate(company.unit_files)]
    ordered = [step for step in steps if step[0] == "units"]
    others = [step for step in steps if step[0] != "units"]
    random.Random(seed).shuffle(others)
    for step in others + ordered:
        program.run(*step)
        # What is published before may not show in what is published later (P11).
        if company.rng.random() < 0.3:
            program.run("rollup", "--as-of", (company.as_of - timedelta(days=9)).isoformat().replace("+00:00", "Z"))
    published = json.loads(program.run("rollup", "--as-of", as_of, "--json"))
    shown = json.loads(program.run("report", "weekly", "--week", company.week, "--format", "json"))
    expected = Truth(company).report()
    found = [f"{place}: expected {e!r}, found {f!r}" for place, e, f in differences(expected, shown, "report")]
    return found + remedies(shown["mechanisms"]) + provenance(company, shown["provenance"], published, as_of)


def remedies(mechanisms):
    """Every mechanism says what would remove it, in both languages, and no two say the same."""
    texts = [row.get(f"remedy_{lang}") or "" for row in mechanisms for lang in ("es", "en")]
    fine = len(set(texts)) == len(texts) and all(text.endswith(".") for text in texts)
    return [] if fine else [f"report.mechanisms: remedies {texts!r}"]


def provenance(company, shown, published, as_of):
    manifest = Path(published["folder"]) / "manifest.json"
    same_instant = datetime.fromisoformat(shown["as_of"]) == company.as_of
    checks = {
        "cut": shown["cut"] == published["cut"], "epoch": shown["epoch"] == published["epoch"], "as_of": same_instant,
        "zone": shown["zone"] == str(company.zone), "taxonomy": shown["taxonomy"] == "recount",
        "taxonomy_version": shown["taxonomy_version"] == "7", "maturity_days": shown["maturity_days"] == MATURITY.days,
        "chain_window_days": shown["chain_window_days"] == WINDOW.days,
        "self_service_window_s": shown["self_service_window_s"] == SELF_SERVICE.total_seconds(),
        "manifest_sha256": shown["manifest_sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest(),
    }
    return [f"report.provenance.{name}: {shown[name]!r} at {as_of}" for name, fine in checks.items() if not fine]


def differences(expected, found, place):
    """Everything expected that is not found, and every figure found that nobody expected."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for name, value in expected.items():
            if name not in found:
                yield f"{place}.{name}", value, "nothing"
            else:
                yield from differences(value, found[name], f"{place}.{name}")
        for name in found.keys() - expected.keys():
            if not name.startswith(("label_", "owner_label_", "remedy_")) and name != "provenance":
                yield f"{place}.{name}", "nothing", found[name]
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield f"{place} rows", len(expected), len(found)
        for row, (one, other) in enumerate(zip(expected, found), 1):
            yield from differences(one, other, f"{place}[{row}]")
    elif expected != found or isinstance(expected, bool) != isinstance(found, bool):
        yield place, expected, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("quell", help="the program")
    parser.add_argument("--sets", type=int, default=50, help="how many companies")
    parser.add_argument("--first", type=int, default=1, help="seed of the first")
    parser.add_argument("--keep", action="store_true", help="keep the folders")
    args = parser.parse_args()
    binary = str(Path(args.quell).resolve())
    wrong = 0
    for seed in range(args.first, args.first + args.sets):
        folder = Path(tempfile.mkdtemp(prefix=f"recount-{seed}-"))
        found = run_set(binary, seed, folder)
        for difference in found:
            print(f"set {seed}: {difference}")
        print(f"set {seed}: {'WRONG' if found else 'ok'}{f', kept in {folder}' if args.keep else ''}", flush=True)
        wrong += bool(found)
        if not args.keep:
            shutil.rmtree(folder)
    print(f"{args.sets - wrong} of {args.sets} sets agree")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
