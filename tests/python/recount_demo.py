#!/usr/bin/env python3
"""Counts every truth of `quell demo` again, from the files that the demo generated and never from its tables.

    recount_demo.py DATA/demo [demo.json]

DATA is the demo's data folder, demo.json what `quell demo --json` printed. Everything is done in another way than
in the program: identifiers and merges instead of customer keys, a union-find over all pairs of a customer's
contacts instead of chains, a look-up of the sentences instead of rules, and each plant is measured at its place
instead of being searched for. Prints a line for each truth and exits with 1 where one does not agree.
"""

import csv
import json
import re
import sys
import tomllib
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

CHANNELS = {"telefono": "phone", "correo": "email", "chat": "chat", "whatsapp": "whatsapp",
            "formulario": "web_form", "redes": "social"}
WINDOW = timedelta(days=7)
NAMES = ["weekday_shape", "hour_shape", "order_growth", "spike_1", "spike_2", "fix_works", "fix_nothing",
         "fix_moved", "chains", "unowned_reason", "late", "duplicated", "corrected", "merged", "malformed",
         "known_first", "leaks"]


def refusal(line):
    """The record of a line, or the kind of its refusal."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None, "not_utf8"
    try:
        record = json.loads(text)
    except ValueError:
        return None, "malformed"
    if any(record.get(field) in (None, "") for field in ("id", "at", "channel")):
        return None, "missing"
    try:
        datetime.fromisoformat(record["at"])
    except ValueError:
        return None, "bad_time"
    if record["channel"] not in CHANNELS:
        return None, "unknown_word"
    seconds = record.get("handle_seconds")
    if isinstance(seconds, str):
        return None, "wrong_type"
    if seconds is not None and not 0 <= seconds <= 86400:
        return None, "out_of_range"
    return record, None


class Company:
    """What the source files say."""

    def __init__(self, folder):
        self.plan = json.loads((folder / "plants.json").read_text())
        self.zone = ZoneInfo(self.plan["zone"])
        self.weeks = self.plan["weeks"]
        self.refused = Counter()
        self.again = []
        self.versions = defaultdict(dict)
        self.delivered_in = {}
        for week in self.weeks:
            for line in (folder / f"contacts-{week}.ndjson").read_bytes().splitlines():
                self.take(line, week)
        self.phrases, self.order = self.read_phrases(folder / "phrasebook.json")
        taxonomy = tomllib.loads((folder / "taxonomy.toml").read_text())
        self.owned = {reason["id"]: reason.get("owner") for reason in taxonomy["reason"]}
        self.topics = {reason["id"]: {reason["id"], *reason.get("topics", [])} for reason in taxonomy["reason"]}
        # A company where nothing happens has neither.
        files = [folder / "status.ndjson", folder / "sessions.ndjson"]
        self.status, self.sessions = ([json.loads(line) for line in file.open()] if file.exists() else []
                                      for file in files)
        self.orders = Counter()
        for row in csv.DictReader((folder / "orders.csv").open()):
            if row["unit"] == "orders":
                self.orders[week_of(date.fromisoformat(row["day"]))] += int(row["count"])
        self.same = {}
        self.merges = list(csv.DictReader((folder / "merges.csv").open()))
        for row in self.merges:
            self.same[(row["absorbed_kind"], row["absorbed"])] = (row["surviving_kind"], row["surviving"])
        self.contacts = self.newest()

    def take(self, line, week):
        record, kind = refusal(line)
        if kind:
            self.refused[kind] += 1
            return
        versions = self.versions[record["id"]]
        if record["version"] in versions:
            if versions[record["version"]] != record:
                raise SystemExit(f"{record['id']} has two contents in one version")
            self.again.append(record["id"])
            return
        versions[record["version"]] = record
        self.delivered_in.setdefault(record["id"], week)

    @staticmethod
    def read_phrases(path):
        """Every sentence with everything that can be put into it, but for the order's number."""
        book = json.loads(path.read_text())
        found = {}
        for entry in book["phrases"]:
            fillings = {place: words[entry["lang"]] for place, words in book["fillings"].items()}
            for sentence in entry["texts"]:
                used = [place for place in fillings if place in sentence]
                for words in product(*(fillings[place] for place in used)):
                    text = sentence
                    for place, word in zip(used, words):
                        text = text.replace(place, word)
                    if found.setdefault(text, entry["reason"]) != entry["reason"]:
                        raise SystemExit(f"two reasons have the sentence {text!r}")
        return found, re.compile(book["order"])

    def meaning(self, text):
        """The reason that a text was made for."""
        return "unclassified" if text is None else self.phrases[self.order.sub("{order}", text)]

    def newest(self):
        """The contacts that count, each at its newest version."""
        out = []
        for record in (versions[max(versions)] for versions in self.versions.values()):
            if record["state"] == "merged":
                continue
            local = datetime.fromisoformat(record["at"])
            who = next(((kind, record[kind]) for kind in ("account", "email", "phone") if record.get(kind)), None)
            out.append({
                "id": record["id"], "version": record["version"], "at": local,
                "day": local.date(), "week": week_of(local.date()),
                "who": self.same.get(who, who), "known_as": who,
                "channel": CHANNELS[record["channel"]],
                "reason": self.meaning(record["text"]),
                "order": record["order"], "ticket": record["ticket"],
            })
        return out

    def end_of_week(self, week):
        monday = date.fromisocalendar(int(week[:4]), int(week[6:]), 1) + timedelta(days=7)
        return datetime(monday.year, monday.month, monday.day, tzinfo=self.zone)

    def weekly(self, reason):
        return Counter(c["week"] for c in self.contacts if c["reason"] == reason)

    def chains(self):
        """Lists of contacts, each in order of time."""
        of_customer = defaultdict(list)
        for contact in self.contacts:
            if contact["who"]:
                of_customer[contact["who"]].append(contact)
        out = []
        for contacts in of_customer.values():
            contacts.sort(key=lambda c: (c["at"], c["id"]))
            parent = list(range(len(contacts)))
            for i, a in enumerate(contacts):
                for j in range(i + 1, len(contacts)):
                    if linked(a, contacts[j]):
                        parent[root(parent, j)] = root(parent, i)
            groups = defaultdict(list)
            for i, contact in enumerate(contacts):
                groups[root(parent, i)].append(contact)
            out += groups.values()
        return out


def linked(a, b):
    if b["at"] - a["at"] > WINDOW:
        return False
    same_case = a["ticket"] is not None and a["ticket"] == b["ticket"]
    same_order = a["order"] is not None and a["order"] == b["order"]
    conflict = None not in (a["order"], b["order"]) and a["order"] != b["order"]
    return same_case or same_order or (a["reason"] == b["reason"] != "unclassified" and not conflict)


def root(parent, i):
    while parent[i] != i:
        i = parent[i]
    return i


def week_of(day):
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def ratio(company, reason, week, without=()):
    """Contacts per order after a week in units of before; the week itself and those with a spike left out."""
    counts = company.weekly(reason)
    sides = [[w for w in company.weeks if w < week and w not in without],
             [w for w in company.weeks if w > week and w not in without]]
    before, after = (sum(counts[w] for w in side) / sum(company.orders[w] for w in side) for side in sides)
    return after / before


class Recount:
    """Counts one plant after the other."""

    def __init__(self, company):
        self.company = company
        self.plants = {plant["name"]: plant for plant in company.plan["plants"]}
        self.all_chains = company.chains()

    def run(self, name):
        """What was planted as texts and numbers, and whether the files hold it."""
        return getattr(self, name)(self.plants.get(name))

    def weekday_shape(self, plant):
        weekly = defaultdict(lambda: [0] * 7)
        for contact in self.company.contacts:
            weekly[contact["week"]][contact["day"].weekday()] += 1
        shares = [median(days[i] / sum(days) * 100 for days in weekly.values()) for i in range(7)]
        if plant is None:
            return max(shares) < 1.2 * min(shares), []
        return all(abs(a - b / 10) <= 1.0 for a, b in zip(shares, plant["permille_from_monday"])), shares

    def hour_shape(self, plant):
        hours = Counter(contact["at"].hour for contact in self.company.contacts)
        shares = [hours[hour] / len(self.company.contacts) * 100 for hour in range(24)]
        if plant is None:
            return max(shares) < 1.25 * min(shares), []
        ok = all(abs(a - b / 10) <= 0.6 for a, b in zip(shares, plant["permille_from_midnight"]))
        halves = [range(0, 15), range(15, 24)]
        peaks = [max(half, key=lambda hour: shares[hour]) for half in halves]
        return ok, [value for hour in peaks for value in (hour, shares[hour])]

    def order_growth(self, plant):
        orders = [self.company.orders[week] for week in self.company.weeks]
        half = len(orders) // 2
        growth = ((sum(orders[-half:]) / sum(orders[:half])) ** (1 / (len(orders) - half)) - 1) * 100
        if plant is None:
            return abs(growth) < 0.3, []
        return abs(growth - plant["permille_a_week"] / 10) <= 0.3, [growth]

    def spike_1(self, plant):
        return self.spike(plant)

    def spike_2(self, plant):
        return self.spike(plant)

    def spike(self, plant):
        """Against the median of the same weekdays of all other weeks, in contacts per order of the week."""
        counts = Counter((c["reason"], c["day"]) for c in self.company.contacts)
        if plant is None:
            return not self.unplanned_spikes(counts), []
        reason, days = plant["reason"], [date.fromisoformat(day) for day in plant["days"]]
        height = self.height(counts, reason, days)
        around = (self.height(counts, reason, [days[0] - timedelta(1)]),)
        if days[-1] + timedelta(1) <= max(c["day"] for c in self.company.contacts):
            around += (self.height(counts, reason, [days[-1] + timedelta(1)]),)
        ok = abs(height / (plant["percent_of_usual"] / 100) - 1) <= 0.3 and all(h < 2 for h in around)
        return ok, [reason, *sorted({days[0].isoformat(), days[-1].isoformat()}), height]

    def height(self, counts, reason, days):
        orders, weeks = self.company.orders, self.company.weeks
        usual = 0
        for day in days:
            same = [day + timedelta(7 * n) for n in range(-len(weeks), len(weeks)) if n]
            same = [other for other in same if week_of(other) in orders]
            usual += median(counts[reason, other] / orders[week_of(other)] for other in same) * orders[week_of(day)]
        return sum(counts[reason, day] for day in days) / max(usual, 1e-9)

    def unplanned_spikes(self, counts):
        found = [(reason, day) for (reason, day), n in counts.items()
                 if n >= 40 and self.height(counts, reason, [day]) >= 2.2]
        return found

    def fix_works(self, plant):
        return self.fix(plant)

    def fix_nothing(self, plant):
        return self.fix(plant)

    def fix(self, plant):
        if plant is None:
            return self.nothing_changed(), []
        found = ratio(self.company, plant["reason"], plant["shipped_in"])
        return abs(found - plant["ratio_permille"] / 1000) <= 0.08, [plant["reason"], plant["shipped_in"], found]

    def fix_moved(self, plant):
        if plant is None:
            return self.nothing_changed(), []
        week = plant["shipped_in"]
        left = ratio(self.company, plant["from"], week)
        both = [self.company.weekly(plant["from"]), self.company.weekly(plant["to"])]
        rate = [sum(sum(c[w] for c in both) for w in side) / sum(self.company.orders[w] for w in side)
                for side in ([w for w in self.company.weeks if w < week],
                             [w for w in self.company.weeks if w > week])]
        ok = abs(left - (1 - plant["moved_permille"] / 1000)) <= 0.08 and abs(rate[1] / rate[0] - 1) <= 0.08
        return ok, [plant["from"], left, plant["to"], week]

    def nothing_changed(self):
        """In no reason of some size do the two halves differ by a fifth."""
        middle = self.company.weeks[len(self.company.weeks) // 2]
        common = [r for r, n in Counter(c["reason"] for c in self.company.contacts).items() if n >= 2000]
        return all(abs(ratio(self.company, reason, middle) - 1) < 0.2 for reason in common)

    def chains(self, plant):
        found = {chain[0]["id"]: sorted(c["id"] for c in chain) for chain in self.all_chains if len(chain) >= 3}
        planted = {chain["root"]: sorted(chain["records"]) for chain in plant["chains"]} if plant else {}
        figures = [len(found), sum(map(len, found.values()))] if plant else []
        return found == planted, figures

    def unowned_reason(self, plant):
        reasons = {c["reason"] for c in self.company.contacts} - {"unclassified"}
        found = sorted(reason for reason in reasons if self.company.owned[reason] is None)
        return found == ([plant["reason"]] if plant else []), found

    def late(self, plant):
        company = self.company
        found = sorted(c["id"] for c in company.contacts
                       if company.end_of_week(company.delivered_in[c["id"]]).astimezone(ZoneInfo("UTC"))
                       > company.end_of_week(c["week"]).astimezone(ZoneInfo("UTC")) + timedelta(days=7))
        return found == sorted(plant["records"] if plant else []), [len(found)] if plant else []

    def duplicated(self, plant):
        found = sorted(self.company.again)
        return found == sorted(plant["records"] if plant else []), [len(found)] if plant else []

    def corrected(self, plant):
        found = []
        for contact in self.company.contacts:
            if contact["version"] == 2:
                before = self.company.versions[contact["id"]][1]
                found.append((contact["id"], CHANNELS[before["channel"]], contact["channel"], contact["reason"]))
                if before["channel"] == contact["channel"] or self.company.meaning(before["text"]) != "unclassified":
                    return False, []
        planted = [(c["record"], c["channel_before"], c["channel"], c["reason"])
                   for c in (plant["records"] if plant else [])]
        return sorted(found) == sorted(planted), [len(found)] if plant else []

    def merged(self, plant):
        pairs = [tuple(sorted(c["id"] for c in chain)) for chain in self.all_chains
                 if len({c["known_as"] for c in chain}) > 1]
        gone = [(v[2]["id"], v[2]["merged_into"]) for v in self.company.versions.values()
                if 2 in v and v[2]["state"] == "merged"]
        customers = plant["customers"] if plant else []
        tickets = plant["tickets"] if plant else []
        ok = sorted(pairs) == sorted(tuple(sorted((c["surviving"], c["absorbed"]))) for c in customers)
        ok &= sorted(gone) == sorted((t["record"], t["into"]) for t in tickets)
        ok &= len(self.company.merges) == len(customers)
        return ok, [len(pairs), len(gone)] if plant else []

    def malformed(self, plant):
        found = dict(self.company.refused)
        return found == (plant["lines"] if plant else {}), [sum(found.values()), len(found)] if plant else []

    def known_first(self, plant):
        """About what was out at that moment, and had been for half an hour."""
        lead, begun, outages = timedelta(minutes=30), {}, []
        for entry in self.company.status:
            at = datetime.fromisoformat(entry["at"])
            if entry["kind"] == "outage":
                begun[entry["about"]] = at
            else:
                outages.append((entry["about"], begun.pop(entry["about"]), at))
        found = sorted(c["id"] for c in self.company.contacts
                       if any(start + lead <= c["at"] < end and about in self.company.topics.get(c["reason"], ())
                              for about, start, end in outages))
        return found == sorted(plant["records"] if plant else []), [len(found)] if plant else []

    def leaks(self, plant):
        """A day or less after a session about the same thing that got nowhere, and was not made good by another."""
        of_customer = defaultdict(list)
        for session in self.company.sessions:
            who = ("account", session["account"])
            at = datetime.fromisoformat(session["ended_at"])
            of_customer[self.company.same.get(who, who)].append((at, session["path"], session["outcome"]))
        found = []
        for contact in self.company.contacts:
            near = [s for s in of_customer[contact["who"]] if s[0] <= contact["at"] and
                    s[1] in self.company.topics.get(contact["reason"], ())]
            if any(contact["at"] - at <= timedelta(days=1) and outcome != "completed" and
                   not any(p == path and o == "completed" and at <= t for t, p, o in near)
                   for at, path, outcome in near):
                found.append(contact["id"])
        return sorted(found) == sorted(plant["records"] if plant else []), [len(found)] if plant else []


def words(text):
    """Words and numbers of a text."""
    parts = re.findall(r"\d{4}-\d\d-\d\d|\d{4}-W\d\d|[a-z_]{2,}[a-z_0-9]*|\d[\d,]*(?:\.\d+)?", text)
    return [float(p.replace(",", "")) if re.fullmatch(r"[\d,]+(\.\d+)?", p) else p for p in parts]


def says(text, figures):
    """Whether a text of the program says these figures: words as they are, numbers within seven percent."""
    said = words(text)
    if not figures:
        return text == "none"
    left = list(figures)
    for part in said:
        fits = [f for f in left[:1] if f == part or isinstance(f, (int, float)) and isinstance(part, float)
                and abs(f - part) <= max(0.07 * abs(f), 0.16)]
        if fits:
            left.pop(0)
    return not left


def main():
    folder = Path(sys.argv[1])
    company = Company(folder)
    recount = Recount(company)
    program = {t["name"]: t for t in json.loads(Path(sys.argv[2]).read_text())["truths"]} if len(sys.argv) > 2 else None
    wrong = 0
    if len(company.contacts) != company.plan["contacts"]:
        print(f"WRONG contacts: {len(company.contacts)}, the plan says {company.plan['contacts']}")
        wrong += 1
    if program is not None and list(program) != NAMES:
        print(f"WRONG truths: {list(program)}")
        wrong += 1
    for name in NAMES:
        ok, figures = recount.run(name)
        shown = " ".join(f"{f:.2f}" if isinstance(f, float) else str(f) for f in figures) or "none"
        note = ""
        if program is not None and not (program[name]["ok"] and says(program[name]["found"], figures)):
            ok, note = False, f"; the program found {program[name]['found']!r}"
        wrong += not ok
        print(f"{'ok   ' if ok else 'WRONG'} {name}: {shown}{note}")
    chained = sum(len(chain) - 1 for chain in recount.all_chains)
    print(f"{len(company.contacts)} contacts, {chained * 100 / len(company.contacts):.1f} % of them repeats")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
