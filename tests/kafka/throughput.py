#!/usr/bin/env python3
"""What a contact costs on Apache Kafka: CPU by stage, bytes by topic, and the ratios to librdkafka alone.

    throughput.py QUELL EXAMPLE [--contacts 200000] [--roles ingest,assemble,judge,lake] [--passes 5] [--clients 4]
                  [--batch 200] [--seed 1] [--json FILE]

EXAMPLE is the program of `cargo build --release -p log@0.1.0 --example throughput`. One broker; `quell ingest`, `assemble`,
`judge` and `lake` as a process each, or with `--roles run` all in one. Contacts are posted as fast as they are taken, until all are folded and published;
of each process, and of the broker, the CPU time is taken from /proc. Then the broker's files are measured, the processes
ended, and EXAMPLE is run with the facts that now lie there.
"""

import argparse
import collections
import http.client
import json
import os
import pathlib
import queue
import re
import shutil
import subprocess
import tempfile
import threading
import time

from cluster import TAXONOMY, Broker, Process, cpu, published, quell, record, shared, status, stored


def threads(pid):
    """CPU seconds of a process by the names of its threads; `ended` is what no thread of now has used."""
    by_name = collections.Counter()
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        by_name["rdkafka" if name.startswith(("rdk:", "producer poll")) else name] += cpu(f"{pid}/task/{task.name}")
    by_name["ended"] = max(0, cpu(pid) - sum(by_name.values()))
    return by_name


def bodies(args):
    """All requests, made before the clock starts."""
    made = queue.SimpleQueue()
    for first in range(0, args.contacts, args.batch):
        numbers = range(first, min(first + args.batch, args.contacts))
        made.put("\n".join(json.dumps(record(args.seed, n)) for n in numbers))
    return made


def post(address, due):
    connection = http.client.HTTPConnection(address, timeout=60)
    while True:
        try:
            body = due.get_nowait()
        except queue.Empty:
            return
        while True:
            connection.request("POST", "/v1/contacts", body, {"Content-Type": "application/x-ndjson"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 202:
                break
            # Too fast, as it says.
            time.sleep(0.05)


def until(condition, bound=60):
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > bound:
            raise SystemExit(f"not done within {bound} s")
        time.sleep(0.05)


def full_path(args, broker, data, environment, log):
    """Seconds, and CPU µs a contact of each process."""
    due = bodies(args)
    processes = {role: Process(args.quell, data, environment, log, role) for role in args.roles.split(",")}
    for process in processes.values():
        process.listening.wait(60)
    until(lambda: all(p.has() for role, p in processes.items() if role != "ingest"))
    before, begun = used(processes, broker), time.monotonic()
    address = next(iter(processes.values())).address
    clients = [threading.Thread(target=post, args=(address, due)) for _ in range(args.clients)]
    [c.start() for c in clients]
    [c.join() for c in clients]
    posted = time.monotonic() - begun
    until(lambda: stored(data) >= args.contacts)
    folded = time.monotonic() - begun
    until(lambda: published(data) >= args.contacts)
    shown, after = time.monotonic() - begun, used(processes, broker)
    peak = {role: status(p.pid, "VmHWM") >> 20 for role, p in processes.items()}
    for process in processes.values():
        process.end()
    each = {role: {name: round((seconds - before[role][name]) * 1e6 / args.contacts, 1)
                   for name, seconds in by_name.items() if seconds - before[role][name] > 0.01}
            for role, by_name in after.items()}
    return {"posted_seconds": round(posted, 1), "folded_seconds": round(folded, 1), "published_seconds": round(shown, 1),
            "contacts_per_second": round(args.contacts / folded), "cpu_us_per_contact": each,
            "cpu_us_per_contact_sum": {role: round(sum(by_name.values()), 1) for role, by_name in each.items()},
            "peak_mib": peak}


def used(processes, broker):
    """CPU seconds until now."""
    return {**{role: threads(p.pid) for role, p in processes.items()}, "broker": {"all": cpu(broker.pid())}}


def on_disk(broker, prefix):
    """Bytes of records of each topic, and the same with their indexes."""
    records, all_files = collections.Counter(), collections.Counter()
    for folder in pathlib.Path(broker.folder, "1", "data").glob(f"{prefix}*-*"):
        topic = re.sub(r"\.[0-9a-f]{16,}$", "", folder.name.removeprefix(prefix).rsplit("-", 1)[0])
        for file in folder.iterdir():
            # Indexes are laid out far longer than they are.
            all_files[topic] += file.stat().st_blocks * 512
            records[topic] += file.stat().st_size if file.suffix == ".log" else 0
    return records, all_files


def size(folder):
    return sum(f.stat().st_size for f in pathlib.Path(folder).rglob("*") if f.is_file() and not f.is_symlink())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("example")
    parser.add_argument("--contacts", type=int, default=200_000)
    parser.add_argument("--roles", default="ingest,assemble,judge,lake", help="the first takes the contacts")
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--batch", type=int, default=200, help="contacts of a request")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="the outcome goes there too")
    args = parser.parse_args()
    args.quell = os.path.abspath(args.quell)
    folder, place = tempfile.mkdtemp(prefix="quell-throughput-"), tempfile.mkdtemp(prefix="quell-broker-")
    data, prefix = os.path.join(folder, "data"), f"throughput-{os.getpid()}."
    broker = Broker(place)
    try:
        environment = shared(broker.direct, prefix, {"QUELL_HTTP_RATE": "1000000"})
        quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))
        with open(os.path.join(folder, "stderr.log"), "w", buffering=1) as log:
            outcome = {"contacts": args.contacts, **full_path(args, broker, data, environment, log)}
        outcome["load_full_path"] = round(os.getloadavg()[0], 1)
        records, all_files = on_disk(broker, prefix)
        each = lambda sizes: {topic: round(n / args.contacts, 1) for topic, n in sorted(sizes.items())}  # noqa: E731
        outcome["bytes_per_contact"], outcome["bytes_per_contact_on_disk"] = each(records), each(all_files)
        outcome["bytes_per_contact_data"] = each({part: size(os.path.join(data, part)) for part in os.listdir(data)
                                                  if os.path.isdir(os.path.join(data, part))})
        print(json.dumps(outcome), flush=True)
        said = subprocess.run([args.example, broker.direct, prefix, str(args.passes)], capture_output=True, text=True)
        if said.returncode != 0:
            raise SystemExit(f"{args.example}: {said.stderr}")
        outcome["ratios"] = [json.loads(line) for line in said.stdout.splitlines()]
        outcome["load_ratios"] = round(os.getloadavg()[0], 1)
        print(said.stdout)
    finally:
        broker.script("stop", place)
        shutil.rmtree(place, ignore_errors=True)
    if args.json:
        with open(args.json, "w") as out:
            json.dump(outcome, out, indent=1)
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
