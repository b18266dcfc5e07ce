#!/usr/bin/env python3
"""Makes the table broker × probe of what the probes found.

    brokers.py RESULTS PAGE

RESULTS: a line per broker, its name, a tab, and what `probes --json` printed. The table is printed, and put into PAGE
between its two marks. Exit 1: the first broker, the one that promises rest on, fails a probe.
"""

import json
import sys

BEGIN, END = "<!-- probes: written by tests/kafka/brokers.sh -->", "<!-- /probes -->"


def read(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, answer = line.rstrip("\n").split("\t", 1)
            yield name, json.loads(answer)


def table(brokers):
    names = [p["probe"] for p in brokers[0][1]["probes"]]
    rows = [["broker", *names], ["---"] * (len(names) + 1)]
    rows += [[name, *("yes" if p["passed"] else "**no**" for p in answer["probes"])] for name, answer in brokers]
    return ["| " + " | ".join(row) + " |" for row in rows]


def differences(brokers):
    """What was found where it is not what was expected; a broker's yes needs no words."""
    for name, answer in brokers:
        for p in answer["probes"]:
            if not p["passed"]:
                yield f"- {name}, {p['probe']}: expected {p['expected']}; found {p['found']}."


def main(results, page):
    brokers = list(read(results))
    told = f"Probed with librdkafka {brokers[0][1]['librdkafka']}."
    lines = [*table(brokers), "", told, "", *differences(brokers)]
    print("\n".join(lines))
    with open(page, encoding="utf-8") as file:
        before, rest = file.read().split(BEGIN)
        _, after = rest.split(END)
    with open(page, "w", encoding="utf-8") as file:
        file.write("\n".join([before + BEGIN, *lines, END + after]))
    failed = [p["probe"] for p in brokers[0][1]["probes"] if not p["passed"]]
    if failed:
        sys.exit(f"brokers.py: {brokers[0][0]} fails {', '.join(failed)}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
