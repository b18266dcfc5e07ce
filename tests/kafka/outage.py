#!/usr/bin/env python3
"""A long outage of the broker under load that goes on: nothing that was acknowledged is lost, clients are told to come
again, memory stays bounded, and the backlog is drained.

    outage.py QUELL [--rate 500] [--before 1] [--minutes 10] [--after 1] [--seed 1] [--json FILE] [--data DIR]

Three processes of `quell run` share a fold on one Apache Kafka. Contacts come at the rate, for so many minutes before the
broker is killed (SIGKILL), as long as it is down, and after its new start until the backlog is drained and for so many
minutes more. Whoever makes them keeps those without a 202 and offers them again once a second (client.py). Exit code 0:

  - every answer while the broker was down was 503 with Retry-After (except to requests under way when it went)
  - no process ended, and none grew by more than what requests under way may hold (http.concurrency * http.body * 4)
  - within twice the outage everything that had come until the broker's return was acknowledged, folded and published
  - each contact that was acknowledged, and no other, stands in the tables once; the tables are those of one process on
    the embedded log, byte for byte
"""

import argparse
import collections
import json
import os
import shutil
import sys
import tempfile
import threading
import time

from client import Offers
from cluster import (TAXONOMY, Broker, Cluster, against, counted, embedded, percentile, published, quell, record, shared,
                     status, stored, wait_until_folded)

GROWTH = 64 * (1 << 20) * 4
"""Bytes that requests under way may hold, by the default configuration."""


class Memory(threading.Thread):
    """The largest resident memory of each process in each phase, looked at every half second."""

    def __init__(self, cluster, broker):
        super().__init__(daemon=True)
        self.cluster, self.broker, self.phase = cluster, broker, "before"
        self.most, self.over = collections.defaultdict(dict), threading.Event()
        self.start()

    def run(self):
        while not self.over.wait(0.5):
            for at, process in enumerate(self.cluster.processes):
                self.note(f"quell-{at + 1}", process.memory())
            self.note("broker", status(self.broker.pid(), "VmRSS"))

    def note(self, name, size):
        most = self.most[self.phase]
        most[name] = max(most.get(name, 0), size or 0)

    def in_mib(self):
        return {phase: {name: size >> 20 for name, size in most.items()} for phase, most in self.most.items()}


def until(condition, bound):
    """Seconds until it is so, or None."""
    begun = time.monotonic()
    while time.monotonic() - begun < bound:
        if condition():
            return round(time.monotonic() - begun, 1)
        time.sleep(0.1)
    return None


def answers(offers, since, to):
    """What was answered in a span of time to requests that were made in it."""
    of = [a for a in offers.answers if a[0] - a[3] >= since and a[0] < to]
    told = {}
    for code in sorted({a[1] for a in of}):
        seconds = [a[3] for a in of if a[1] == code]
        told[code] = {
            "answers": len(seconds), "contacts": sum(a[4] for a in of if a[1] == code),
            "with_retry_after": sum(1 for a in of if a[1] == code and a[2] is not None),
            "ms_p50": round(percentile(seconds, 50) * 1000, 1), "ms_p99": round(percentile(seconds, 99) * 1000, 1),
            "ms_max": round(max(seconds) * 1000, 1),
        }
    return told


def outage(args, broker, cluster, offers, memory, data):
    """The outage and what follows; what was measured, and what is wrong."""
    time.sleep(args.before * 60)
    before, made = time.monotonic(), offers.made
    broker.script("kill", broker.folder, "1")
    down, memory.phase = time.monotonic(), "during"
    time.sleep(max(0, before + args.minutes * 60 - time.monotonic()))
    up, memory.phase = time.monotonic(), "after"
    broker.script("restart", broker.folder, "1")
    serving = time.monotonic()
    # All that had come until the broker was back.
    last, bound, waiting = offers.made, 2 * args.minutes * 60, offers.waiting()
    taken = until(lambda: set(range(last)) <= offers.acknowledged, bound)
    count = len(offers.acknowledged)
    folded = until(lambda: stored(data) >= count, bound - (taken or bound))
    shown = until(lambda: published(data) >= count, bound)
    drained = None if None in (taken, folded, shown) else round(time.monotonic() - serving, 1)
    load = [round(x, 1) for x in os.getloadavg()]
    time.sleep(args.after * 60)
    during = answers(offers, down, up)
    failed = []
    if any(code != 503 or of["with_retry_after"] != of["answers"] for code, of in during.items()) or not during:
        failed.append("while the broker was down there were other answers than 503 with Retry-After")
    if drained is None or drained > bound:
        failed.append(f"the backlog was not drained within {bound:.0f} s")
    grown = {name: most - memory.most["before"][name] for name, most in memory.most["during"].items() if "q" in name}
    if max(grown.values()) > GROWTH:
        failed.append(f"memory grew by {max(grown.values()) >> 20} MiB")
    if not all(process.is_alive() for process in cluster.processes):
        failed.append("a process ended")
    return failed, {
        "contacts_before": made, "contacts_until_back": last, "backlog_at_return": waiting,
        "outage_seconds": round(up - before, 1), "restart_seconds": round(serving - up, 1),
        "acknowledged_seconds": taken, "folded_seconds": folded, "published_seconds": shown, "drained_seconds": drained,
        "answers_before": answers(offers, 0, before), "answers_during": during,
        "answers_after": answers(offers, serving, float("inf")), "broken": offers.broken,
        "grown_mib": {name: size >> 20 for name, size in grown.items()}, "load": load,
    }


def measured(args, broker, folder, log):
    data = os.path.join(folder, "data")
    environment = shared(broker.direct, f"outage-{os.getpid()}.", {"QUELL_PUBLISH_EVERY": "10s"})
    quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))
    cluster = Cluster(args.quell, data, environment, log, 3)
    for process in cluster.processes:
        process.listening.wait(60)
    if until(lambda: os.path.exists(os.path.join(data, "lake", "live")), 60) is None:
        raise SystemExit("the empty epoch was not served within a minute")
    offers = Offers(cluster.addresses, lambda n: record(args.seed, n), args.rate)
    sending = offers.start()
    memory = Memory(cluster, broker)
    failed, outcome = outage(args, broker, cluster, offers, memory, data)
    offers.stopped = True
    sending.join(300)
    if sending.is_alive() or offers.waiting():
        failed.append(f"{offers.waiting()} contacts were never acknowledged")
    if wait_until_folded(data, len(offers.acknowledged)) is None:
        failed.append("not all folded in the end")
    memory.over.set()
    cluster.end()
    failed += counted(args.quell, data, environment, {f"r-{n:07d}" for n in offers.acknowledged})
    records = (record(args.seed, n) for n in range(offers.made))
    files, different = against(embedded(args.quell, records, folder), data)
    return {"failed": failed + different, "rate": args.rate, "contacts": offers.made, "files": files, **outcome,
            "most_mib": memory.in_mib()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--rate", type=int, default=500, help="contacts a second")
    parser.add_argument("--before", type=float, default=1, help="minutes under load before the outage")
    parser.add_argument("--minutes", type=float, default=10, help="minutes of the outage")
    parser.add_argument("--after", type=float, default=1, help="minutes under load after the backlog is drained")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="the outcome goes there too")
    parser.add_argument("--data", help="folder for data, which stays")
    args = parser.parse_args()
    args.quell = os.path.abspath(args.quell)
    folder, place = args.data or tempfile.mkdtemp(prefix="quell-outage-"), tempfile.mkdtemp(prefix="quell-broker-")
    os.makedirs(folder, exist_ok=True)
    broker = Broker(place)
    try:
        with open(os.path.join(folder, "stderr.log"), "w", buffering=1) as log:
            outcome = measured(args, broker, folder, log)
    finally:
        broker.script("stop", place)
        shutil.rmtree(place, ignore_errors=True)
    print(json.dumps(outcome, indent=1))
    if args.json:
        with open(args.json, "w") as out:
            json.dump(outcome, out, indent=1)
    if outcome["failed"]:
        sys.exit(f"failed: {outcome['failed']}; messages in {folder}")
    if not args.data:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
