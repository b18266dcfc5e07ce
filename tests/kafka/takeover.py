#!/usr/bin/env python3
"""How long a shared fold stands still when one of its processes is killed.

    takeover.py QUELL [--times 10] [--customers 0] [--rate 200] [--bound 12] [--seed 1] [--json FILE] [--data DIR]

Three processes of `quell run` share a fold on one Apache Kafka; contacts are posted throughout, and before that, a contact
of each of so many customers is posted and folded. Then, again and again, a process that has parts is killed (SIGKILL),
and the time is taken until the lake holds a contact that was posted after that: the others have taken over all its parts by
then, since every part must have spoken before the lake commits. Only then a new process takes the place of the killed
one. Exit code 0: each time within the bound.
"""

import argparse
import http.client
import json
import os
import pathlib
import queue
import random
import shutil
import sys
import tempfile
import threading
import time

from client import Offers
from cluster import (SESSION, TAXONOMY, Broker, Cluster, contact, percentile, quell, shared, stored,
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


def filled(args, cluster, make, clients=4, batch=500):
    """Posts a contact of each customer, and returns when all are acknowledged."""
    due, addresses = queue.SimpleQueue(), cluster.addresses()
    for first in range(0, args.customers, batch):
        due.put(range(first, min(first + batch, args.customers)))

    def post(address):
        connection = http.client.HTTPConnection(address, timeout=120)
        while not due.empty():
            try:
                body = "\n".join(json.dumps(make(n, n)) for n in due.get_nowait())
            except queue.Empty:
                return
            status = None
            while status != 202:
                connection.request("POST", "/v1/contacts", body, {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                answer.read()
                status = answer.status

    threads = [threading.Thread(target=post, args=(addresses[n % len(addresses)],)) for n in range(clients)]
    [t.start() for t in threads]
    [t.join() for t in threads]


def settled(cluster, data, offers, bound=300):
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
    environment = shared(broker.direct, f"takeover-{os.getpid()}.", {"QUELL_PUBLISH_EVERY": args.publish,
                                                                         "QUELL_HTTP_RATE": "1000000"})
    quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))
    cluster = Cluster(args.quell, data, environment, log, 3)
    for process in cluster.processes:
        process.listening.wait(60)
    filled(args, cluster, make)
    if wait_until_folded(data, args.customers, 1_200) is None:
        raise SystemExit("the state was not folded within 20 minutes")
    filled_mib = [p.memory() >> 20 for p in cluster.processes]
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
    return found, {"snapshots_bytes": snapshots, "filled_mib": filled_mib}


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
            found, sizes = measured(args, broker, folder, log)
    finally:
        broker.script("stop", place)
        shutil.rmtree(place, ignore_errors=True)
    seconds = [one["seconds"] for one in found]
    outcome = {"times": len(found), "customers": args.customers, "seconds_least": min(seconds),
               "seconds_p50": percentile(seconds, 50), "seconds_most": max(seconds), **sizes}
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
