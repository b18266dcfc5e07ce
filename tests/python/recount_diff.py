#!/usr/bin/env python3
"""Counts the diff of two epochs again, cell by cell, over the data of a demo.

    recount_diff.py QUELL DATA

DATA is the folder of a finished demo. A customer is erased; then a draft of the demo's taxonomy, in which one reason is
renamed, one split, two merged and some rules are taken away, is replayed over the whole log and compared with the live
epoch, for all weeks and for one. The rows of both epochs' published `contacts` are joined here by contact id, in plain
Python, and every figure of the matrix, its margins, the samples and what decided them must be those of `quell diff`.
Prints a line for each thing that differs and exits with 1 where one does.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

SAMPLES = 20
COLUMNS = ("contact_id, CAST(dt AS VARCHAR) AS dt, iso_week, record_id, channel, handle_ms, reason, reason_basis, rule_id, "
           "confidence_ppm, dumb, chain_root")
RENAMED = ("return_how", "send_it_back")
SPLIT = ("order_status", "order_status_english")
MERGED = (["lost_parcel", "delivered_not_received"], "parcel_missing")
CHANGED = ["late_delivery.es", "late_delivery.es_date"]


class Program:
    """The program on the folder of a demo, whose vault has the demo's own seed."""

    def __init__(self, path, data):
        self.path, self.data = path, data
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("QUELL_")}

    def run(self, *arguments, stdin=None):
        command = [self.path, "--data", str(self.data), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, env=self.environment, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.run(*arguments))

    def rows(self, query, cut=None):
        """Rows of the tables of a cut, by default of the one that is shown."""
        return self.json("sql", query, "--format", "json", *(["--cut", cut] if cut else []))


# ------------------------------------------------------------------------------------------- the draft


def blocks(text):
    """The head of a taxonomy file and its reasons: each id with its text."""
    head, *reasons = re.split(r"(?m)^(?=\[\[reason\]\]$)", text)
    return head, [[re.search(r'(?m)^id = "(\w+)"$', reason).group(1), reason] for reason in reasons]


def rules(reason):
    """What stands before a reason's rules, and each rule with its id."""
    before, *found = re.split(r"(?m)^(?=\[\[reason\.rule\]\]$)", reason)
    return before, [(re.search(r'(?m)^id = "([\w.]+)"$', rule).group(1), rule) for rule in found]


def draft_of(text):
    """Renames, splits, merges and changes."""
    head, reasons = blocks(text)
    out = []
    merged_rules = "".join(rule for name, text in reasons if name == MERGED[0][1] for _, rule in rules(text)[1])
    for name, reason in reasons:
        before, found = rules(reason)
        if name == RENAMED[0]:
            reason = reason.replace(f'id = "{name}"', f'id = "{RENAMED[1]}"', 1)
        elif name == SPLIT[0]:
            english = [rule for rule_id, rule in found if rule_id.split(".")[1].startswith("en")]
            other = before.replace(f'id = "{name}"', f'id = "{SPLIT[1]}"', 1)
            reason = before + "".join(rule for _, rule in found if rule not in english) + other + "".join(english)
        elif name == MERGED[0][0]:
            reason = reason.replace(f'id = "{name}"', f'id = "{MERGED[1]}"', 1) + merged_rules
        elif name == MERGED[0][1]:
            continue
        elif name == CHANGED[0].split(".")[0]:
            reason = before + "".join(rule for rule_id, rule in found if rule_id not in CHANGED)
        out.append(reason)
    # Examples are of the reasons as they were; what they promise is not what is tested here.
    return head + "".join(re.sub(r"(?ms)^\[reason\.examples\]\n.*?(?=^\[\[reason)", "", reason) for reason in out)


def customer_of(program, company):
    """An account with contacts of the reason that is renamed and of another one: the first of the alphabet."""
    rows = program.rows("SELECT record_id, reason FROM contacts")
    reasons = {row["record_id"]: row["reason"] for row in rows}
    by_account = defaultdict(set)
    for file in sorted(company.glob("contacts-*.ndjson")):
        for line in file.read_bytes().splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                continue
            if record.get("account") and record.get("id") in reasons:
                by_account[record["account"]].add(reasons[record["id"]])
    fits = [who for who, found in by_account.items() if RENAMED[0] in found and len(found) > 1]
    return min(fits)


# ------------------------------------------------------------------------------------------- the recount


def price(costs, row):
    """What a contact costs, or None: of its channel's rates the one that is valid since latest."""
    rates = [c for c in costs if c["channel"] == row["channel"] and c["valid_from"] <= row["dt"]]
    if not rates:
        return None
    rate = max(rates, key=lambda c: c["valid_from"])
    handling = (rate["per_second_micros"] * (row["handle_ms"] or 0) + 500) // 1000
    return rate["per_contact_micros"] + handling


def added(values):
    """The sum of what is known; None where nothing is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def pair(a, b):
    return {"a": a, "b": b}


def decided(row):
    if row is None:
        return None
    return {"basis": row["reason_basis"], "rule": row["rule_id"], "confidence_ppm": row["confidence_ppm"]}


def cell(rows, costs, sizes):
    """Everything that is said of the contacts of one cell, from their rows in A and in B."""
    a, b = ([row for row in side if row is not None] for side in zip(*rows))
    both = [(x, y) for x, y in rows if x is not None and y is not None]
    prices = [[price(costs, row) for row in side] for side in (a, b)]
    # Of contacts with a cost of which none is avoidable, the avoidable ones cost nothing; that is known.
    dumb_prices = [added(p if row["dumb"] else p and 0 for p, row in zip(known, side))
                   for known, side in zip(prices, (a, b))]
    changed = [x["chain_root"] != y["chain_root"] or sizes[0][x["chain_root"]] != sizes[1][y["chain_root"]]
               for x, y in both]
    ids = sorted((((x or y)["contact_id"], x, y) for x, y in rows), key=lambda found: found[0])
    return {
        "contacts": len(rows),
        "dumb": pair(sum(row["dumb"] for row in a), sum(row["dumb"] for row in b)),
        "dumb_gained": sum(not x["dumb"] and y["dumb"] for x, y in both),
        "dumb_lost": sum(x["dumb"] and not y["dumb"] for x, y in both),
        "costed": pair(*(sum(p is not None for p in known) for known in prices)),
        "cost_micros": pair(*(added(known) for known in prices)),
        "dumb_cost_micros": pair(*dumb_prices),
        "chains_changed": sum(changed),
        "erased": sum("erased" in ((x or {}).get("reason_basis"), (y or {}).get("reason_basis")) for x, y in rows),
        "samples": [{"contact_id": contact, "a": decided(x), "b": decided(y)} for contact, x, y in ids[:SAMPLES]],
    }


class Recount:
    """The diff as it must be, of the rows of both epochs."""

    def __init__(self, a, b, costs, week=None):
        self.sizes = [Counter(row["chain_root"] for row in side) for side in (a, b)]
        self.sides = [{row["contact_id"]: row for row in side if week in (None, row["iso_week"])} for side in (a, b)]
        cells = defaultdict(list)
        for contact in sorted(set(self.sides[0]) | set(self.sides[1])):
            x, y = (side.get(contact) for side in self.sides)
            cells[x and x["reason"], y and y["reason"]].append((x, y))
        self.cells = {key: cell(rows, costs, self.sizes) for key, rows in cells.items()}
        self.costs = costs

    def chains(self, side):
        """Chains with several contacts of which one at least is compared, and the compared contacts in them."""
        roots = [row["chain_root"] for row in self.sides[side].values()]
        return len({r for r in roots if self.sizes[side][r] > 1}), sum(self.sizes[side][r] > 1 for r in roots)

    def reason(self, name):
        a, b = ([row for row in side.values() if row["reason"] == name] for side in self.sides)
        kept = self.cells.get((name, name), {"contacts": 0})["contacts"]
        return {
            "contacts": pair(len(a), len(b)),
            "kept": kept,
            "lost": len(a) - kept,
            "gained": len(b) - kept,
            "dumb": pair(sum(row["dumb"] for row in a), sum(row["dumb"] for row in b)),
            "cost_micros": pair(*(added(price(self.costs, row) for row in side) for side in (a, b))),
        }

    def totals(self):
        a, b = (side.values() for side in self.sides)
        both = [(self.sides[0][c], self.sides[1][c]) for c in set(self.sides[0]) & set(self.sides[1])]
        chains = [self.chains(side) for side in (0, 1)]
        none = "unclassified"
        return {
            "contacts": pair(len(a), len(b)),
            "both": len(both),
            "moved": sum(x["reason"] != y["reason"] for x, y in both),
            "moved_cost_micros": added(price(self.costs, y) for x, y in both if x["reason"] != y["reason"]),
            "unclassified": pair(*(sum(row["reason"] == none for row in side) for side in (a, b))),
            "classified_now": sum(x["reason"] == none != y["reason"] for x, y in both),
            "unclassified_now": sum(x["reason"] != none == y["reason"] for x, y in both),
            "dumb": pair(*(sum(row["dumb"] for row in side) for side in (a, b))),
            "dumb_gained": sum(not x["dumb"] and y["dumb"] for x, y in both),
            "dumb_lost": sum(x["dumb"] and not y["dumb"] for x, y in both),
            "cost_micros": pair(*(added(price(self.costs, row) for row in side) for side in (a, b))),
            "chains": pair(chains[0][0], chains[1][0]),
            "chained": pair(chains[0][1], chains[1][1]),
            "erased": sum(row["reason_basis"] == "erased" for row in b),
        }


class Check:
    def __init__(self):
        self.wrong = 0

    def same(self, what, found, expected):
        if found != expected:
            self.wrong += 1
            print(f"WRONG {what}: {found!r}, expected {expected!r}")

    def that(self, what, holds):
        self.same(what, bool(holds), True)


def compare(check, name, said, recount):
    """Every figure of the program's diff against the recount."""
    found = {(c["from"], c["to"]): {k: v for k, v in c.items() if k not in ("from", "to")} for c in said["matrix"]}
    check.same(f"{name}: cells", sorted(map(str, found)), sorted(map(str, recount.cells)))
    for key, expected in recount.cells.items():
        for figure, value in expected.items():
            check.same(f"{name}: {key} {figure}", found.get(key, {}).get(figure), value)
    for figure, value in recount.totals().items():
        check.same(f"{name}: totals {figure}", said["totals"][figure], value)
    for reason in said["reasons"]:
        for figure, value in recount.reason(reason["reason"]).items():
            check.same(f"{name}: {reason['reason']} {figure}", reason[figure], value)
    # The margins, of the matrix as it was printed.
    for side, place in (("a", "from"), ("b", "to")):
        margin = sum(c["contacts"] for c in said["matrix"] if c[place] is not None)
        check.same(f"{name}: margin of {side}", margin, len(recount.sides[side == "b"]))


def edits_are_seen(check, said, labels):
    """That the draft did what it was made for: a diff of nothing would be counted rightly too."""
    cells = {(c["from"], c["to"]): c for c in said["matrix"]}
    check.same("renamed", said["renamed"], [{"from": RENAMED[0], "to": RENAMED[1]}])
    check.that("split", all((SPLIT[0], to) in cells for to in SPLIT))
    check.that("merged", all((reason, MERGED[1]) in cells for reason in MERGED[0]))
    check.that("a changed rule", any(f == "late_delivery" and t != f for f, t in cells))
    check.that("erased", said["totals"]["erased"] > 1)
    check.that("erased under a reason that is gone", cells[RENAMED[0], RENAMED[0]]["erased"] > 0)
    check.same("unknown to B", said["totals"]["unknown_to_b"],
               sum(c["contacts"] for c in said["matrix"] if c["to"] not in (None, "unclassified", *labels)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quell")
    parser.add_argument("data", type=Path)
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    program, company = Program(arguments.quell, data), data / "demo"
    customer = customer_of(program, company)
    program.run("erase", "--kind", "account", stdin=customer + "\n")
    # The demo's log ends at the demo's own end. The erasure was recorded now, so that tables as of then would not know it.
    program.run("rollup")
    shown = (data / "tables" / "current").resolve()
    as_of = re.search(r'"as_of":"([^"]+)"', (shown / "manifest.json").read_text()).group(1)
    draft = data / "draft.toml"
    draft.write_text(draft_of((company / "taxonomy.toml").read_text()))
    replayed = program.json("replay", "--taxonomy", str(draft), "--epoch", "draft", "--json")

    check, week = Check(), "2026-W20"
    diffs = {None: program.json("diff", "live", "draft", "--json"),
             week: program.json("diff", "live", "draft", "--week", week, "--json")}
    whole = diffs[None]
    check.same("as_of of the diff", whole["as_of"], as_of)
    check.same("the epoch of the draft", whole["b"]["epoch"], replayed["epoch"])
    check.same("the cut that is shown", (data / "tables" / "current").resolve(), shown)
    cuts = [whole[side]["cut"] for side in ("a", "b")]
    a, b = (program.rows(f"SELECT {COLUMNS} FROM contacts ORDER BY contact_id", cut) for cut in cuts)
    costs = program.rows("SELECT channel, CAST(valid_from AS VARCHAR) AS valid_from, per_contact_micros, "
                         "per_second_micros FROM costs", cuts[1])
    labels = {row["reason"] for row in program.rows("SELECT reason FROM reasons", cuts[1])}
    check.same("erased contacts of the replay", replayed["erased"], sum(r["reason_basis"] == "erased" for r in b))
    edits_are_seen(check, whole, labels)
    for only, said in diffs.items():
        compare(check, only or "all weeks", said, Recount(a, b, costs, only))
    same = program.json("diff", "draft", "draft", "--json")
    check.same("moved between an epoch and itself", same["totals"]["moved"], 0)
    t = whole["totals"]
    print(f"{t['both']} contacts, {len(whole['matrix'])} cells, {t['moved']} moved, {t['erased']} erased, "
          f"unclassified {t['unclassified']['a']} → {t['unclassified']['b']}: "
          f"{'all as counted' if not check.wrong else f'{check.wrong} differ'}")
    sys.exit(1 if check.wrong else 0)


if __name__ == "__main__":
    main()
