#!/usr/bin/env python3
"""How long a shared fold stands still when one of its processes is killed.

    takeover.py QUELL [--times 10] [--customers 0] [--rate 200] [--bound 12] [--seed 1] [--json FILE] [--data DIR]

Three processes of `quell run` share a fold on one Apache Kafka; contacts are posted throughout, and before that, a contact
of each of so many customers is imported and folded. Then, again and again, a process that has parts is killed (SIGKILL),
and the time is taken until the lake holds a contact that was posted after that: the others have taken over all its parts by
then, since every part must have spoken before the lake commits. Only then a new process takes the place of the killed
one. Exit code 0: each time within the bound.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

from client import Offers
from cluster import (ROOT, SESSION, TAXONOMY, Broker, Cluster, contact, percentile, quell, shared, stored,
                     wait_until_folded)

PARTS = 4 + 4 + 1
"""Partitions of facts, shards of customers, the lake, as configured by default."""


class Posted:
    """A contact of one of these customers, or, where there are none, of some thousand."""

    def __init__(self, seed, customers):
        self.seed, self.customers = seed, customers

    def __call__(self, number, customer=None):
        rng = random.Random(self.seed * 1_000_003 + number)
        made = contact(rng, f"r-{number:08d}")
        if self.customers:
            made["customer"]["account"] = f"k-{rng.randrange(self.customers) if customer is None else customer}"
        return made


def filled(args, environment, folder, data, make):
    """Imports a contact of each customer."""
    source, mapping = os.path.join(folder, "state.ndjson"), os.path.join(folder, "http.toml")
    with open(source, "w") as out:
        for customer in range(args.customers):
            out.write(json.dumps(make(customer, customer)) + "\n")
    shutil.copy(ROOT / "deploy" / "mappings" / "http.toml", mapping)
    quell(args.quell, data, environment, "import", "--source", "ndjson", "--mapping", mapping, source)
    os.remove(source)


def settled(cluster, data, offers, bound=120):
    """Until every part is somebody's and the lake holds what was acknowledged a second ago."""
    begun, many = time.monotonic(), offers.first + len(offers.acknowledged)
    while time.monotonic() - begun < bound:
        if len(cluster.parts()) == PARTS and all(p.address for p in cluster.processes) and stored(data) >= many:
            return
        time.sleep(0.1)
    raise SystemExit(f"not settled within {bound} s")


def takeover(cluster, data, offers, rng):
    """Kills one; what it had, and how long the others took."""
    with cluster.lock:
        at = rng.choice([at for at, p in enumerate(cluster.processes) if p.has()])
        victim = cluster.processes[at]
    had = sorted(victim.has())
    victim.kill()
    killed, many = time.monotonic(), offers.first + offers.made
    shared_out = None
    while time.monotonic() - killed < 300:
        seconds = time.monotonic() - killed
        if shared_out is None and len(cluster.parts()) == PARTS:
            shared_out = seconds
        if stored(data) > many:
            break
        time.sleep(0.02)
    others = [p for p in cluster.processes if p is not victim]
    outcome = {"seconds": round(seconds, 2), "shared_out_seconds": shared_out and round(shared_out, 2),
               "had": [f"{kind} {part}" for kind, part in had], "load": round(os.getloadavg()[0], 1),
               "mib": [p.memory() >> 20 for p in others]}
    with cluster.lock:
        cluster.put(at, cluster.start())
    return outcome


def measured(args, broker, folder, log):
    data, make = os.path.join(folder, "data"), Posted(args.seed, args.customers)
    environment = shared(broker.direct, f"takeover-{os.getpid()}.", {"QUELL_PUBLISH_EVERY": args.publish})
    quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))
    if args.customers:
        filled(args, environment, folder, data, make)
    cluster = Cluster(args.quell, data, environment, log, 3)
    if wait_until_folded(data, args.customers, 1_200) is None:
        raise SystemExit("the state was not folded within 20 minutes")
    for process in cluster.processes:
        process.listening.wait(60)
    offers = Offers(cluster.addresses, lambda n: make(args.customers + n), args.rate, timeout=10)
    offers.first = args.customers
    sending, rng, found = offers.start(), random.Random(args.seed), []
    for _ in range(args.times):
        time.sleep(rng.uniform(2, 5))
        settled(cluster, data, offers)
        found.append(takeover(cluster, data, offers, rng))
        print(json.dumps(found[-1]), flush=True)
    offers.stopped = True
    sending.join(60)
    snapshots = sum(f.stat().st_size for f in pathlib.Path(data, "lake").rglob("*") if "parts" in f.parts)
    cluster.end()
    return found, snapshots


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--customers", type=int, default=0, help="customers in state before the first kill")
    parser.add_argument("--rate", type=int, default=200, help="contacts a second meanwhile")
    parser.add_argument("--bound", type=float, default=2 * SESSION, help="seconds that a takeover may take")
    parser.add_argument("--publish", default="30s", help="how often tables are published meanwhile")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="the outcome goes there too")
    parser.add_argument("--data", help="folder for data, which stays")
    args = parser.parse_args()
    args.quell = os.path.abspath(args.quell)
    folder, place = args.data or tempfile.mkdtemp(prefix="quell-takeover-"), tempfile.mkdtemp(prefix="quell-broker-")
    os.makedirs(folder, exist_ok=True)
    broker = Broker(place)
    try:
        with open(os.path.join(folder, "stderr.log"), "w", buffering=1) as log:
            found, snapshots = measured(args, broker, folder, log)
    finally:
        broker.script("stop", place)
        shutil.rmtree(place, ignore_errors=True)
    seconds = [one["seconds"] for one in found]
    outcome = {"times": len(found), "customers": args.customers, "seconds_least": min(seconds),
               "seconds_p50": percentile(seconds, 50), "seconds_most": max(seconds), "snapshots_bytes": snapshots}
    print(json.dumps(outcome))
    if args.json:
        with open(args.json, "w") as out:
            json.dump({**outcome, "takeovers": found}, out, indent=1)
    if max(seconds) > args.bound:
        sys.exit(f"slower than {args.bound} s; messages in {folder}")
    if not args.data:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
