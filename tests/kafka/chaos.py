#!/usr/bin/env python3
"""A shared fold on a real Apache Kafka while processes, the broker, the network and the disk fail. Every contact that was
answered with 202 must stand in the tables exactly once, and the tables must be those of one process on the embedded log,
byte for byte.

    chaos.py QUELL [--rounds 30] [--zombies 0] [--contacts 20000] [--seconds 20] [--seed 1] [--faults kill,stop,...]
                   [--json FILE] [--keep DIR]

A round: three processes of `quell run` share a fold (fold.spread) on one broker; clients post contacts, each until it is
answered with 202; meanwhile the round's fault comes again and again, at moments drawn from the seed:

  kill     kill -9 of a process, and a new one in its place
  stop     SIGSTOP of a process that has parts, for longer than the session timeout, then SIGCONT: others have taken over
           meanwhile, and it goes on as if it still had its parts. It came if all its parts were taken over.
  broker   SIGKILL of the broker, and a new start of it
  pause    SIGSTOP of the broker for up to twelve seconds
  storm    processes come and go every second, so that the group is never at rest
  network  a proxy between processes and broker resets all connections and refuses new ones, lets nothing through, or
           little, for seconds. It came if it hit a connection.
  slow     the lake's disk is slow: each sync of a file of the lake or the tables takes up to two seconds longer (slow.c).
           It came if a sync was slowed.

Then faults stop, and within a bound everything must be folded. A round in which its fault did not come is void, which is
a failure too. There are five sets of contacts, which take turns. Nothing fences a process that was stopped, so it says again what others have said: that none of it counts is
what the comparison of tables shows. One broker and its logs serve all rounds; each has its own prefix, data folder and
seed. `--zombies N` adds N rounds of `stop`.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from cluster import (HERE, SESSION, TAXONOMY, Broker, Cluster, against, counted, embedded, quell, record, shared,
                     wait_until_folded)
from proxy import Proxy

FAULTS = ["kill", "stop", "broker", "pause", "storm", "network", "slow"]
SETS = 5
"""Sets of contacts, so that not every round needs an embedded run of its own."""


class Load:
    """Clients that post contacts to whichever process answers, each until it gets a 202. They begin no request before its
    time, so that there are always some that the faults can hit."""

    def __init__(self, cluster, contacts, seed, seconds, clients=12, batch=40):
        self.cluster, begun = cluster, time.monotonic()
        self.due = queue.SimpleQueue()
        for first in range(0, contacts, batch):
            numbers = range(first, min(first + batch, contacts))
            self.due.put((begun + seconds * first / contacts, numbers))
        self.seed, self.lock = seed, threading.Lock()
        self.acknowledged, self.statuses, self.broken = set(), collections.Counter(), 0
        self.stopped = False
        self.threads = [threading.Thread(target=self.client, args=(n,), daemon=True) for n in range(clients)]
        [t.start() for t in self.threads]

    def client(self, n):
        rng = random.Random(self.seed * 7919 + n)
        while not self.stopped:
            try:
                at, numbers = self.due.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0, at - time.monotonic()))
            lines = [json.dumps(record(self.seed, k)) for k in numbers]
            # Every twentieth request is sent twice, as a client does that lost the answer.
            for _ in range(2 if rng.random() < 0.05 else 1):
                self.send("\n".join(lines), numbers, rng)

    def send(self, body, numbers, rng):
        while not self.stopped:
            addresses = self.cluster.addresses()
            if not addresses:
                time.sleep(0.05)
                continue
            try:
                connection = http.client.HTTPConnection(rng.choice(addresses), timeout=2)
                connection.request("POST", "/v1/contacts", body, {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                answer.read()
                connection.close()
            except (OSError, http.client.HTTPException):
                with self.lock:
                    self.broken += 1
                time.sleep(0.05)
                continue
            with self.lock:
                self.statuses[answer.status] += 1
                if answer.status == 202:
                    self.acknowledged.update(f"r-{k:07d}" for k in numbers)
                    return
            if answer.status not in (429, 503):
                raise SystemExit(f"unexpected status {answer.status}")
            time.sleep(0.1)

    def done(self):
        return not any(t.is_alive() for t in self.threads)


class Place:
    """What all rounds share: a broker, the proxy before it, and the slow disk."""

    def __init__(self, faults):
        self.folder = tempfile.mkdtemp(prefix="quell-broker-")
        self.proxy = Proxy()
        self.broker = Broker(self.folder, "--advertise", str(self.proxy.port))
        host, port = self.broker.listen.split(":")
        self.proxy.target = (host, int(port))
        self.slow, self.shim = os.path.join(self.folder, "slow"), os.path.join(self.folder, "slow.so")
        if "slow" in faults:
            compiler = os.environ.get("CC", "cc")
            subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", self.shim, HERE / "slow.c", "-ldl"], check=True)

    def address(self, kind):
        return self.broker.address if kind == "network" else self.broker.direct

    def settings(self, kind):
        more = {"QUELL_FOLD_BATCH": "2000", "QUELL_PUBLISH_EVERY": "5s"}
        return {**more, "LD_PRELOAD": self.shim, "CHAOS_SLOW": self.slow} if kind == "slow" else more

    def slowed(self):
        """How many syncs were slowed until now."""
        try:
            return os.path.getsize(self.slow + ".hits")
        except FileNotFoundError:
            return 0

    def end(self):
        self.broker.script("stop", self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)


class Fault(threading.Thread):
    """Lets the round's fault come again and again until `over` is set."""

    # Seconds between two of them, and how often each comes at least.
    PAUSES = {"kill": (1, 5), "stop": (1, 3), "broker": (3, 8), "pause": (3, 8), "storm": (0.5, 1.5),
              "network": (1, 4), "slow": (0.5, 2)}
    LEAST = {"kill": 3, "stop": 2, "broker": 2, "pause": 2, "storm": 6, "network": 3, "slow": 3}
    TRIES = 12
    """A fault that was tried so often does not come."""

    def __init__(self, kind, cluster, place, seed):
        super().__init__(daemon=True)
        self.kind, self.cluster, self.place, self.broker = kind, cluster, place, place.broker
        self.rng, self.over = random.Random(seed), threading.Event()
        self.tried, self.came, self.revived = 0, 0, 0
        self.start()

    def run(self):
        once = {"kill": self.kill, "stop": self.stop, "broker": self.bounce, "pause": self.hold, "storm": self.churn,
                "network": self.network, "slow": self.slow}
        while not self.over.wait(self.rng.uniform(*self.PAUSES[self.kind])):
            self.came += once[self.kind]()
            self.tried += 1
            self.revived += self.cluster.revive()

    def is_enough(self):
        return self.came >= self.LEAST[self.kind] or self.tried >= self.TRIES

    def any(self, has_parts=False):
        with self.cluster.lock:
            found = [p for p in self.cluster.processes if p.is_alive() and (p.has() or not has_parts)]
        return self.rng.choice(found) if found else None

    def kill(self):
        return self.cluster.replace(self.rng.randrange(3))

    def stop(self):
        process = self.any(has_parts=True)
        if not process:
            return False
        parts = process.has()
        process.signal(signal.SIGSTOP)
        time.sleep(SESSION + self.rng.uniform(2, 6))
        taken = parts <= self.cluster.parts(but=process)
        process.signal(signal.SIGCONT)
        return taken

    def bounce(self):
        self.broker.script("kill", self.broker.folder, "1")
        time.sleep(self.rng.uniform(0, 3))
        self.broker.script("restart", self.broker.folder, "1")
        return True

    def hold(self):
        self.broker.script("pause", self.broker.folder, "1")
        time.sleep(self.rng.uniform(1, 12))
        self.broker.script("resume", self.broker.folder, "1")
        return True

    def churn(self):
        if self.rng.random() < 0.5:
            return self.kill()
        process = self.any()
        if process:
            process.end(20)
        return process is not None

    def network(self):
        proxy, before = self.place.proxy, self.place.proxy.hits
        how, seconds = self.rng.choice([(proxy.cut, 5), (proxy.stall, 12), (self.little, 8)])
        how()
        time.sleep(self.rng.uniform(0.5, seconds))
        proxy.heal()
        return proxy.hits > before

    def little(self):
        self.place.proxy.slow(self.rng.randrange(20_000, 200_000))

    def slow(self):
        before, written = self.place.slowed(), self.place.slow + ".new"
        pathlib.Path(written).write_text(str(self.rng.randrange(200, 2_000)))
        os.replace(written, self.place.slow)
        time.sleep(self.rng.uniform(2, 8))
        os.remove(self.place.slow)
        return self.place.slowed() > before


class Expected:
    """What one process on the embedded log makes of each set of contacts, made once."""

    def __init__(self, args, folder):
        self.args, self.folder, self.known = args, folder, {}

    def of(self, seed):
        if seed not in self.known:
            records = (record(seed, number) for number in range(self.args.contacts))
            self.known[seed] = embedded(self.args.quell, records, self.folder)
        return self.known[seed]


def run_round(args, place, kind, at, expected, log):
    seed, contacts = args.seed * 1000 + at, args.seed * 1000 + at % SETS
    folder = tempfile.mkdtemp(prefix="quell-chaos-", dir=args.keep)
    data = os.path.join(folder, "data")
    environment = shared(place.address(kind), f"chaos-{os.getpid()}-{seed}.", place.settings(kind))
    quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))
    begun = time.monotonic()
    cluster = Cluster(args.quell, data, environment, log, 3)
    fault = Fault(kind, cluster, place, seed)
    load = Load(cluster, args.contacts, contacts, args.seconds)
    # The fault goes on for as long as there are contacts to send, and comes at least a few times.
    while not load.done() or not fault.is_enough():
        time.sleep(0.2)
        if time.monotonic() - begun > args.bound:
            load.stopped = True
            fault.over.set()
            fault.join()
            cluster.end()
            return {"failed": [f"not all sent within {args.bound} s: {len(load.acknowledged)}"], "folder": folder}
    sent = time.monotonic() - begun
    fault.over.set()
    fault.join()
    cluster.revive()
    drained = wait_until_folded(data, len(load.acknowledged))
    cluster.end()
    failed = counted(args.quell, data, environment, load.acknowledged)
    files, different = against(expected.of(contacts), data)
    failed += different
    if len(load.acknowledged) != args.contacts:
        failed.append(f"{len(load.acknowledged)} of {args.contacts} were acknowledged")
    if drained is None:
        failed.append("not all folded within the bound")
    if fault.came == 0:
        failed.append("void: the fault did not come")
    return {"failed": failed, "contacts": len(load.acknowledged), "files": files, "faults": fault.came,
            "tried": fault.tried, "in_vain": cluster.in_vain(), "ended_by_themselves": fault.revived,
            "sent_seconds": round(sent, 1), "drained_seconds": drained and round(drained, 1),
            "seconds": round(time.monotonic() - begun, 1), "statuses": dict(load.statuses), "broken": load.broken,
            "load": round(os.getloadavg()[0], 1), "folder": folder}


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--zombies", type=int, default=0, help="further rounds of the fault stop")
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--seconds", type=float, default=20, help="over which a round's contacts are spread at least")
    parser.add_argument("--minutes", type=float, help="no further round begins after so many minutes")
    parser.add_argument("--bound", type=float, default=420, help="seconds within which a round must have sent all")
    parser.add_argument("--json", help="a line for each round goes there too")
    parser.add_argument("--keep", help="folder for data folders, which stay")
    args = parser.parse_args()
    args.quell = os.path.abspath(args.quell)
    if args.keep:
        os.makedirs(args.keep, exist_ok=True)
    return args


def main():
    args = parsed()
    faults = args.faults.split(",")
    if unknown := set(faults) - set(FAULTS):
        raise SystemExit(f"unknown faults {sorted(unknown)}: expected some of {','.join(FAULTS)}")
    # Spread evenly, so that a run that is cut short has its share of both.
    planned = [(at / args.rounds, faults[at % len(faults)]) for at in range(args.rounds)]
    planned += [(at / args.zombies, "stop") for at in range(args.zombies)]
    kinds = [kind for _, kind in sorted(planned)]
    place, begun, failures, rounds = Place(faults), time.monotonic(), 0, 0
    expected = Expected(args, place.folder)
    print(f"Apache Kafka {place.broker.version}, {len(kinds)} rounds of {args.contacts} contacts, seed {args.seed}",
          flush=True)
    try:
        for at, kind in enumerate(kinds):
            if args.minutes and time.monotonic() - begun > args.minutes * 60:
                break
            with tempfile.TemporaryFile("w+") as log:
                outcome = run_round(args, place, kind, at, expected, log)
                rounds += 1
                line = {"round": at, "fault": kind, **outcome}
                print(json.dumps(line), flush=True)
                if args.json:
                    with open(args.json, "a") as out:
                        out.write(json.dumps(line) + "\n")
                if outcome["failed"]:
                    failures += 1
                    log.seek(0)
                    pathlib.Path(outcome["folder"], "stderr.log").write_text(log.read())
                elif not args.keep:
                    shutil.rmtree(outcome["folder"])
    finally:
        place.end()
    print(f"{rounds} rounds, {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
