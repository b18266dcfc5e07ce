#!/usr/bin/env python3
"""Is every contact that was answered with 202 in the tables exactly once, whatever happens in between?

    soak.py QUELL [--rate 500] [--minutes 10] [--kills 20] [--clients 16] [--seed 1] [--every 30s] [--data DIR]

Runs `quell run` under so many contacts a second for so many minutes, kills it with SIGKILL at so many moments drawn
from the seed and starts it again at once. Clients send each contact until it is answered with 202. At the end the
table `contacts` must hold the records of all 202s, each once, and no other. Exit 0: it does.
"""

import argparse
import collections
import http.client
import json
import queue
import shutil
import threading
import time

from service import Service, contact, generator, percentile, temporary_folder


class Load:
    """Clients that share a clock: contact n is due at n / rate seconds, whoever sends it."""

    def __init__(self, service, rate, seconds, clients, seed):
        self.service, self.rate, self.total = service, rate, int(rate * seconds)
        self.due = queue.SimpleQueue()
        for n in range(self.total):
            self.due.put(n)
        self.seed = seed
        self.lock = threading.Lock()
        self.acknowledged = []
        self.latencies = []
        self.late = []
        self.statuses = collections.Counter()
        self.broken = 0
        self.duplicates = 0
        self.begun = time.monotonic()
        self.threads = [threading.Thread(target=self.client, daemon=True) for _ in range(clients)]
        for thread in self.threads:
            thread.start()

    def client(self):
        connection = None
        while True:
            try:
                n = self.due.get_nowait()
            except queue.Empty:
                return
            wait = self.begun + n / self.rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            rng = generator(self.seed * 1_000_003 + n)
            body = json.dumps(contact(rng, f"r-{n:07d}"))
            # Every fiftieth is sent once more although it was answered, as a client does that lost the answer.
            times = 2 if n % 50 == 0 else 1
            for again in range(times):
                connection = self.send(connection, body, n, again)

    def send(self, connection, body, n, again):
        """Sends until it is answered with 202."""
        due = self.begun + n / self.rate
        while True:
            sent = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(self.service.address, timeout=60)
                connection.request("POST", "/v1/contacts", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                status, retry = answer.status, answer.headers.get("Retry-After")
            except (OSError, http.client.HTTPException):
                connection = None
                with self.lock:
                    self.broken += 1
                time.sleep(0.02)
                continue
            now = time.monotonic()
            with self.lock:
                self.statuses[status] += 1
                if status == 202:
                    self.latencies.append(now - sent)
                    if again:
                        self.duplicates += 1
                    else:
                        self.late.append(now - due)
                        self.acknowledged.append(f"r-{n:07d}")
                    return connection
            if status not in (429, 503):
                raise SystemExit(f"r-{n:07d}: unexpected status {status}")
            time.sleep(min(float(retry or 1), 1.0))

    def join(self):
        for thread in self.threads:
            thread.join()


class Recovery(threading.Thread):
    """How long a started service takes until it is ready; None where it was killed before."""

    def __init__(self, service):
        super().__init__(daemon=True)
        self.process, self.address, self.begun = service.process, service.address, time.monotonic()
        self.seconds = None
        self.start()

    def run(self):
        while self.process.poll() is None:
            try:
                connection = http.client.HTTPConnection(self.address, timeout=30)
                connection.request("GET", "/readyz")
                status = connection.getresponse().status
                connection.close()
            except (OSError, http.client.HTTPException):
                return
            if status == 200:
                self.seconds = time.monotonic() - self.begun
                return
            time.sleep(0.02)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--every", default="30s", help="[publish] every")
    parser.add_argument("--data", help="data folder; by default a new one that is removed after a success")
    args = parser.parse_args()
    data = args.data or temporary_folder("soak")
    print(f"seed {args.seed}, data {data}", flush=True)
    # The end may take its time: other things are measured here.
    service = Service(args.quell, data, {"QUELL_PUBLISH_EVERY": args.every, "QUELL_RUN_DRAIN": "30m"})
    service.start()
    seconds = args.minutes * 60
    rng = generator(args.seed)
    kills = sorted(rng.uniform(0.02, 0.98) * seconds for _ in range(args.kills))
    load = Load(service, args.rate, seconds, args.clients, args.seed)
    listening, recoveries = [], []
    for kill in kills:
        wait = load.begun + kill - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        # It may not even be ready again since the last one: so much the better.
        service.kill()
        listening.append(service.start())
        recoveries.append(Recovery(service))
    load.join()
    took = time.monotonic() - load.begun
    drained = service.drain()
    ready = [recovery.seconds for recovery in recoveries if recovery.seconds is not None]

    found = [row["record_id"] for row in service.sql("SELECT record_id FROM contacts")]
    service.quell("doctor")
    report(load, took, listening, ready, drained)
    counts = collections.Counter(found)
    twice = sorted(record for record, n in counts.items() if n > 1)
    acknowledged = set(load.acknowledged)
    lost, extra = sorted(acknowledged - set(counts)), sorted(set(counts) - acknowledged)
    for what, records in [("lost after a 202", lost), ("counted twice", twice), ("without a 202", extra)]:
        if records:
            print(f"FAILED: {len(records)} {what}, such as {records[:3]}")
    if lost or twice or extra or len(acknowledged) != load.total:
        raise SystemExit(f"FAILED; the data stay in {data}")
    print(f"every one of {len(acknowledged)} contacts that got a 202 is in the table contacts exactly once, and no other")
    if not args.data:
        shutil.rmtree(data)


def report(load, took, listening, ready, drained):
    ms = lambda values, share: "-" if not values else f"{percentile(values, share) * 1000:.1f} ms"
    print(f"sent       {load.total} contacts in {took:.1f} s: {load.total / took:.1f}/s, asked for {load.rate:.0f}/s")
    print(f"answers    {dict(sorted(load.statuses.items()))}, {load.broken} broken connections, {load.duplicates} sent once more")
    print(f"latency    p50 {ms(load.latencies, 50)}, p99 {ms(load.latencies, 99)}, most {ms(load.latencies, 100)} of a request answered with 202")
    print(f"with waits p50 {ms(load.late, 50)}, p99 {ms(load.late, 99)}, most {ms(load.late, 100)} from when a contact was due to its 202")
    print(f"restarts   {len(listening)}: listening after p50 {ms(listening, 50)}, most {ms(listening, 100)}; {len(ready)} were ready again (all folded) after p50 {ms(ready, 50)}, most {ms(ready, 100)}; the others were killed before")
    print(f"drained    in {drained:.1f} s")


if __name__ == "__main__":
    main()
