#!/usr/bin/env python3
"""A shared fold on a real Apache Kafka while processes and the broker fail. Every contact that was answered with 202 must
stand in the tables exactly once, and the tables must be those of one process on the embedded log, byte for byte.

    chaos.py QUELL [--rounds 30] [--contacts 20000] [--seed 1] [--faults kill,stop,broker,pause,storm] [--json FILE]
                   [--keep DIR]

A round: three processes of `quell run` share a fold (fold.spread) on one broker; clients post contacts, each until it is
answered with 202; meanwhile the round's fault comes again and again, at moments drawn from the seed:

  kill     kill -9 of a process, and a new one in its place
  stop     SIGSTOP of a process for longer than the session timeout, then SIGCONT: others have taken over meanwhile, and
           it goes on as if it still had its parts
  broker   SIGKILL of the broker, and a new start of it
  pause    SIGSTOP of the broker for up to twelve seconds
  storm    processes come and go every second, so that the group is never at rest

Then faults stop, and within a bound everything must be folded. A round in which its fault did not come is void, which is
a failure too. One broker and its logs serve all rounds; each has its own prefix, data folder and seed.
"""

import argparse
import collections
import hashlib
import http.client
import json
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))
from service import contact, percentile  # noqa: E402

SESSION = 6.0
"""The session timeout in seconds; a process that is stopped for longer is taken for dead."""
FAULTS = ["kill", "stop", "broker", "pause", "storm"]
TAXONOMY = HERE.parent.parent / "deploy" / "taxonomies" / "retail.toml"


class Broker:
    """The cluster of broker.sh in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        said = self.script("start", "--owner", str(os.getpid()), folder)
        self.address = re.search(r"^BOOTSTRAP=(\S+)", said, re.M)[1]
        self.version = re.search(r"^VERSION=(\S+)", said, re.M)[1]

    def script(self, *arguments):
        done = subprocess.run([HERE / "broker.sh", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"broker.sh {arguments}: {done.stderr}")
        return done.stdout


class Process:
    """One `quell run` that shares the fold."""

    def __init__(self, binary, data, environment, log, role="run"):
        command = [binary, "--data", data, role, "--listen", "127.0.0.1:0"]
        self.log = log
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.address, self.listening = None, threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stderr:
            self.log.write(f"{self.process.pid}: {line}")
            if "http://" in line and not self.address:
                self.address = line.split("http://")[1].split()[0]
                self.listening.set()
        self.listening.set()

    def signal(self, number):
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()

    def end(self, bound=60):
        """Ends it as an operator does."""
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(bound)
        except subprocess.TimeoutExpired:
            self.kill()


class Cluster:
    """The processes of one round."""

    def __init__(self, binary, data, environment, log, size):
        self.binary, self.data, self.environment, self.log = binary, data, environment, log
        self.lock = threading.Lock()
        self.processes = [self.start() for _ in range(size)]

    def start(self):
        return Process(self.binary, self.data, self.environment, self.log)

    def addresses(self):
        with self.lock:
            return [p.address for p in self.processes if p.address and p.process.poll() is None]

    def revive(self):
        """A process that has ended by itself is started anew, as a supervisor would; how many had."""
        with self.lock:
            dead = [at for at, p in enumerate(self.processes) if p.process.poll() is not None]
            for at in dead:
                self.processes[at] = self.start()
        return len(dead)

    def replace(self, at):
        with self.lock:
            self.processes[at].kill()
            self.processes[at] = self.start()

    def end(self):
        for process in self.processes:
            process.signal(signal.SIGCONT)
        threads = [threading.Thread(target=p.end) for p in self.processes]
        [t.start() for t in threads]
        [t.join() for t in threads]


class Load:
    """Clients that post contacts to whichever process answers, each until it gets a 202."""

    def __init__(self, cluster, contacts, seed, clients=6, batch=20):
        self.cluster, self.total = cluster, contacts
        self.due = queue.SimpleQueue()
        for first in range(0, contacts, batch):
            self.due.put(range(first, min(first + batch, contacts)))
        self.seed, self.lock = seed, threading.Lock()
        self.acknowledged, self.statuses, self.broken = set(), collections.Counter(), 0
        self.stopped = False
        self.threads = [threading.Thread(target=self.client, args=(n,), daemon=True) for n in range(clients)]
        [t.start() for t in self.threads]

    def client(self, n):
        rng = random.Random(self.seed * 7919 + n)
        while not self.stopped:
            try:
                numbers = self.due.get_nowait()
            except queue.Empty:
                return
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
                connection = http.client.HTTPConnection(rng.choice(addresses), timeout=5)
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


def record(seed, number):
    return contact(random.Random(seed * 1_000_003 + number), f"r-{number:07d}")


class Fault(threading.Thread):
    """Lets the round's fault come again and again until `over` is set."""

    # Seconds between two of them, and how often each comes at least.
    PAUSES = {"kill": (1, 5), "stop": (1, 3), "broker": (3, 8), "pause": (3, 8), "storm": (0.5, 1.5)}
    LEAST = {"kill": 3, "stop": 2, "broker": 2, "pause": 2, "storm": 6}

    def __init__(self, kind, cluster, broker, seed):
        super().__init__(daemon=True)
        self.kind, self.cluster, self.broker = kind, cluster, broker
        self.rng, self.over, self.came, self.revived = random.Random(seed), threading.Event(), 0, 0
        self.start()

    def run(self):
        once = {"kill": self.kill, "stop": self.stop, "broker": self.bounce, "pause": self.hold, "storm": self.churn}
        while not self.over.wait(self.rng.uniform(*self.PAUSES[self.kind])):
            once[self.kind]()
            self.came += 1
            self.revived += self.cluster.revive()

    def is_enough(self):
        return self.came >= self.LEAST[self.kind]

    def any(self):
        with self.cluster.lock:
            return self.rng.choice(self.cluster.processes)

    def kill(self):
        self.cluster.replace(self.rng.randrange(3))

    def stop(self):
        process = self.any()
        process.signal(signal.SIGSTOP)
        time.sleep(SESSION + self.rng.uniform(2, 6))
        process.signal(signal.SIGCONT)

    def bounce(self):
        self.broker.script("kill", self.broker.folder, "1")
        time.sleep(self.rng.uniform(0, 3))
        self.broker.script("restart", self.broker.folder, "1")

    def hold(self):
        self.broker.script("pause", self.broker.folder, "1")
        time.sleep(self.rng.uniform(1, 12))
        self.broker.script("resume", self.broker.folder, "1")

    def churn(self):
        if self.rng.random() < 0.5:
            return self.kill()
        self.any().end(20)


def quell(binary, data, environment, *arguments):
    done = subprocess.run([binary, "--data", data, *arguments], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def tables(data):
    """Checksums of the published tables that are compared, by path."""
    cut = pathlib.Path(data, "tables", "current").resolve()
    skipped = {"provenance", "rejects"}
    files = [f for f in cut.rglob("*.parquet") if f.relative_to(cut).parts[0] not in skipped]
    return {str(f.relative_to(cut)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def embedded(binary, seed, contacts, folder):
    """What one process on the embedded log makes of the same contacts."""
    data = os.path.join(folder, "embedded")
    environment = settings({})
    quell(binary, data, environment, "taxonomy", "publish", str(TAXONOMY))
    source = os.path.join(folder, "all.ndjson")
    with open(source, "w") as out:
        for number in range(contacts):
            out.write(json.dumps(record(seed, number)) + "\n")
    mapping = os.path.join(folder, "http.toml")
    shutil.copy(HERE.parent.parent / "deploy" / "mappings" / "http.toml", mapping)
    quell(binary, data, environment, "import", "--source", "ndjson", "--mapping", mapping, source)
    quell(binary, data, environment, "rollup", "--as-of", AS_OF)
    found = tables(data)
    shutil.rmtree(data)
    return found


AS_OF = "2026-06-01T00:00:00Z"


def settings(more):
    """Seeded, so that surrogates and ids can be compared."""
    seeded = {"QUELL_VAULT_MODE": "seeded", "QUELL_VAULT_ALLOW_SEEDED": "true", "QUELL_VAULT_SEED": "7"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUELL_")}
    return {**clean, **seeded, **more}


def run_round(args, broker, kind, seed, log):
    folder = tempfile.mkdtemp(prefix="quell-chaos-", dir=args.keep)
    data = os.path.join(folder, "data")
    environment = settings({
        "QUELL_LOG_BACKEND": "kafka",
        "QUELL_KAFKA_BROKERS": broker.address,
        "QUELL_KAFKA_PREFIX": f"chaos-{os.getpid()}-{seed}.",
        "QUELL_KAFKA_REPLICATION": "1",
        "QUELL_KAFKA_MIN_IN_SYNC": "1",
        "QUELL_KAFKA_SESSION_TIMEOUT": f"{SESSION:.0f}s",
        "QUELL_FOLD_SPREAD": "true",
        "QUELL_FOLD_BATCH": "2000",
        "QUELL_PUBLISH_EVERY": "5s",
        "QUELL_TRACE": "info",
    })
    quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))
    begun = time.monotonic()
    cluster = Cluster(args.quell, data, environment, log, 3)
    fault = Fault(kind, cluster, broker, seed)
    load = Load(cluster, args.contacts, seed)
    # The fault goes on for as long as there are contacts to send, and comes at least a few times.
    while not load.done() or not fault.is_enough():
        time.sleep(0.2)
        if time.monotonic() - begun > args.bound:
            load.stopped = True
            fault.over.set()
            cluster.end()
            return {"failed": [f"not all sent within {args.bound} s: {len(load.acknowledged)}"], "folder": folder}
    fault.over.set()
    fault.join()
    sent = time.monotonic() - begun
    cluster.revive()
    drained = wait_until_folded(args, data, environment, len(load.acknowledged))
    cluster.end()
    outcome = check(args, data, environment, seed, load, folder)
    if drained is None:
        outcome["failed"].append("not all folded within the bound")
    if fault.came == 0:
        outcome["failed"].append("void: the fault did not come")
    outcome.update(faults=fault.came, ended_by_themselves=fault.revived, sent_seconds=round(sent, 1),
                   drained_seconds=drained and round(drained, 1), statuses=dict(load.statuses),
                   broken=load.broken, folder=folder)
    return outcome


def wait_until_folded(args, data, environment, contacts, bound=180):
    """Until the lake holds every contact; the seconds that took, or None."""
    begun = time.monotonic()
    while time.monotonic() - begun < bound:
        if stored(data) >= contacts:
            return time.monotonic() - begun
        time.sleep(0.25)
    return None


def stored(data):
    """Facts in the newest commit of the lake."""
    commits = sorted(pathlib.Path(data, "lake").glob("*/commits/*.json"))
    for commit in reversed(commits[-3:]):
        try:
            return json.loads(commit.read_text())["counts"]["stored"]
        except (OSError, ValueError, KeyError):
            continue
    return 0


def check(args, data, environment, seed, load, folder):
    failed = []
    quell(args.quell, data, environment, "rollup", "--as-of", AS_OF)
    rows = json.loads(quell(args.quell, data, environment, "sql", "SELECT record_id FROM contacts", "--format", "json"))
    found = collections.Counter(row["record_id"] for row in rows)
    lost = sorted(load.acknowledged - set(found))
    twice = sorted(r for r, n in found.items() if n > 1)
    extra = sorted(set(found) - load.acknowledged)
    for what, records in [("lost after a 202", lost), ("counted twice", twice), ("without a 202", extra)]:
        if records:
            failed.append(f"{len(records)} {what}, such as {records[:3]}")
    if len(load.acknowledged) != args.contacts:
        failed.append(f"{len(load.acknowledged)} of {args.contacts} were acknowledged")
    expected, found = embedded(args.quell, seed, args.contacts, folder), tables(data)
    different = sorted(name for name in set(expected) | set(found) if expected.get(name) != found.get(name))
    if different:
        failed.append(f"{len(different)} of {len(expected)} files differ from the embedded run, such as {different[:3]}")
    return {"failed": failed, "contacts": len(load.acknowledged), "files": len(found)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--contacts", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--minutes", type=float, help="no further round begins after so many minutes")
    parser.add_argument("--bound", type=float, default=420, help="seconds within which a round must have sent all")
    parser.add_argument("--json", help="a line for each round goes there too")
    parser.add_argument("--keep", help="folder for data folders, which stay")
    args = parser.parse_args()
    args.quell = os.path.abspath(args.quell)
    kinds = args.faults.split(",")
    if unknown := set(kinds) - set(FAULTS):
        raise SystemExit(f"unknown faults {sorted(unknown)}: expected some of {','.join(FAULTS)}")
    place = tempfile.mkdtemp(prefix="quell-broker-")
    broker, begun, failures, rounds = Broker(place), time.monotonic(), 0, 0
    print(f"Apache Kafka {broker.version}, {args.rounds} rounds of {args.contacts} contacts, seed {args.seed}", flush=True)
    try:
        for at in range(args.rounds):
            if args.minutes and time.monotonic() - begun > args.minutes * 60:
                break
            kind, seed = kinds[at % len(kinds)], args.seed * 1000 + at
            with tempfile.TemporaryFile("w+") as log:
                outcome = run_round(args, broker, kind, seed, log)
                rounds += 1
                line = {"round": at, "seed": seed, "fault": kind, **outcome}
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
        broker.script("stop", place)
        shutil.rmtree(place, ignore_errors=True)
    print(f"{rounds} rounds, {failures} failed")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
