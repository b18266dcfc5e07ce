#!/usr/bin/env python3
"""The whole pipeline on a real Apache Kafka, each role a process of its own, while a producer that is not Quell's writes
into its topic of facts. The tables must be those of one process on the embedded log, byte for byte.

    pipeline.py QUELL INJECT [--contacts 2000] [--aborted 500] [--seed 1]

INJECT is the example `inject` of the crate log. It writes half of the contacts, as valid facts: twice each, in a random
order, some in transactions; and between them facts of further contacts in transactions that it aborts. The other half
is posted to `quell ingest` meanwhile. Afterwards the aborted facts are committed, too: then they must count, since else
it would say nothing that they did not before.

QUELL_KAFKA names a broker; without it one is started. QUELL_POSTGRES and QUELL_POSTGRES_PASSWORD_FILE name a server for
the vault, as tests/postgres/run.sh does; without them the vault is a file.
"""

import argparse
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from chaos import Load
from cluster import AS_OF, ROOT, TAXONOMY, Broker, Process, against, embedded, quell, record, shared

ROLES = ["ingest", "assemble", "assemble", "judge", "judge", "lake", "serve"]
PARTITIONS, SHARDS = 4, 4


class Roles:
    """A process for each role. Load posts to whatever `addresses` gives."""

    def __init__(self, binary, data, environment, log):
        self.processes = [Process(binary, data, environment, log, role) for role in ROLES]
        for process in self.processes:
            if not process.listening.wait(120) or not process.address:
                self.end()
                raise SystemExit(f"quell {process.role} does not listen")

    def addresses(self, role="ingest"):
        return [process.address for process in self.processes if process.role == role]

    def metrics(self, role):
        """Of each process of the role: value by series."""
        found = []
        for address in self.addresses(role):
            with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
                lines = answer.read().decode().splitlines()
            found.append({k: float(v) for k, v in (line.rsplit(" ", 1) for line in lines if line[0] != "#")})
        return found

    def end(self):
        threads = [threading.Thread(target=process.end) for process in self.processes]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]


def environment_of(args, prefix):
    more = {
        "QUELL_LOG_PARTITIONS": str(PARTITIONS),
        "QUELL_JUDGE_SHARDS": str(SHARDS),
        "QUELL_FOLD_BATCH": "500",
        "QUELL_PUBLISH_EVERY": "1s",
    }
    if address := os.environ.get("QUELL_POSTGRES"):
        more["QUELL_VAULT_STORE"] = "postgres"
        more["QUELL_VAULT_POSTGRES_ADDRESS"] = address
        more["QUELL_VAULT_POSTGRES_PASSWORD_FILE"] = os.environ["QUELL_POSTGRES_PASSWORD_FILE"]
    return shared(args.broker, prefix, more)


def import_into(args, data, environment, numbers):
    """Contacts as an import makes facts of them, under a prefix of their own. Only the vault stays, which knows whose they
    are."""
    source, mapping = os.path.join(args.folder, "import.ndjson"), os.path.join(args.folder, "http.toml")
    shutil.copy(ROOT / "deploy" / "mappings" / "http.toml", mapping)
    with open(source, "w") as out:
        out.writelines(json.dumps(record(args.seed, number)) + "\n" for number in numbers)
    quell(args.quell, data, environment, "import", "--source", "ndjson", "--mapping", mapping, source)
    for folder in set(os.listdir(data)) - {"vault"}:
        shutil.rmtree(os.path.join(data, folder))


def inject(args, into, kept, *aborted):
    topics = [f"{prefix}facts" for prefix in (into, kept, *aborted)]
    command = [args.inject, args.broker, str(args.seed), *topics]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def injected(process):
    said, _ = process.communicate(timeout=600)
    if process.returncode != 0:
        raise SystemExit(f"inject: exit {process.returncode}")
    return json.loads(said)


def counts(data):
    """What the newest commit of the lake says became of all records (P3)."""
    commits = sorted(pathlib.Path(data, "lake").glob("*/commits/*.json"))
    return json.loads(commits[-1].read_text())["counts"] if commits else {"stored": 0, "duplicate": 0}


def until(what, bound, true):
    begun = time.monotonic()
    while not true():
        if time.monotonic() - begun > bound:
            raise SystemExit(f"not within {bound} s: {what}")
        time.sleep(0.2)


def behind(roles):
    """Records that are not committed to the lake, as its process says."""
    (lake,) = roles.metrics("lake")
    lags = [value for series, value in lake.items() if series.startswith('quell_part_lag_records{part="lake"')]
    return sum(lags) if len(lags) == PARTITIONS + 1 else None


def check_metrics(roles, failed):
    """Every role tells of the log, and together they have every part once."""
    for role in sorted(set(ROLES)):
        for found in roles.metrics(role):
            ends = [s for s in found if s.startswith("quell_log_stable_offset{") and 'topic="facts"' in s]
            if len(ends) != PARTITIONS:
                failed.append(f"quell {role} tells of {len(ends)} of {PARTITIONS} partitions of facts")
    for role, expected in [("assemble", PARTITIONS), ("judge", SHARDS), ("lake", 1)]:
        parts = sum(found[f'quell_parts{{part="{role}"}}'] for found in roles.metrics(role))
        if parts != expected:
            failed.append(f"processes of quell {role} have {parts} parts, not {expected}")
    (ingest,) = roles.metrics("ingest")
    if ingest["quell_log_records_appended_total"] < 1:
        failed.append("quell ingest has appended, and does not say so")


def run(args, log):
    data, failed = os.path.join(args.folder, "data"), []
    into, kept, aborted = (f"pipeline-{os.getpid()}-{name}." for name in ("into", "kept", "aborted"))
    environment = environment_of(args, into)
    half = args.contacts // 2
    import_into(args, data, environment_of(args, kept), range(half, args.contacts))
    further = range(args.contacts, args.contacts + args.aborted)
    import_into(args, data, environment_of(args, aborted), further)
    quell(args.quell, data, environment, "taxonomy", "publish", str(TAXONOMY))

    with folding(args, data, environment, log) as roles:
        writing = inject(args, into, kept, aborted)
        load = Load(roles, half, args.seed, seconds=1)
        wrote = injected(writing)
        until("all contacts are posted", 300, load.done)
        until("everything is folded", 300, lambda: behind(roles) == 0)
        check_metrics(roles, failed)
    print(f"injected: {wrote}; the lake: {counts(data)}", flush=True)
    if wrote["plain"] + wrote["committed"] != 2 * (args.contacts - half) or wrote["aborted"] != args.aborted:
        failed.append(f"void: {wrote} is not what should be injected")
    failed += difference(args, data, environment, args.contacts)

    # The same facts, committed: whoever had read them would have counted them.
    injected(inject(args, into, aborted))
    with folding(args, data, environment, log) as roles:
        until("everything is folded", 300, lambda: behind(roles) == 0)
    failed += difference(args, data, environment, args.contacts + args.aborted)
    return failed


@contextlib.contextmanager
def folding(args, data, environment, log):
    roles = Roles(args.quell, data, environment, log)
    try:
        yield roles
    finally:
        roles.end()
    for process in roles.processes:
        if code := process.process.returncode:
            raise SystemExit(f"quell {process.role} ended with {code} when it was asked to end")


def difference(args, data, environment, contacts):
    """What is wrong with tables that should be those of the first so many contacts."""
    failed = []
    quell(args.quell, data, environment, "rollup", "--as-of", AS_OF)
    found = counts(data)
    if found["stored"] != contacts:
        failed.append(f"{found['stored']} facts are stored, not {contacts}")
    if found["duplicate"] < args.contacts // 2:
        failed.append(f"{found['duplicate']} duplicates of at least {args.contacts // 2} were recognised")
    if found["accepted"] != found["stored"] + found["duplicate"] + found["rejected"]:
        failed.append(f"P3: {found}")
    records = (record(args.seed, number) for number in range(contacts))
    files, different = against(embedded(args.quell, records, args.folder), data)
    print(f"{contacts} contacts: {files} files, {different or 'equal to the embedded run'}", flush=True)
    if not files:
        failed.append("void: no tables")
    return failed + different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("inject")
    parser.add_argument("--contacts", type=int, default=2_000)
    parser.add_argument("--aborted", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.quell, args.inject = os.path.abspath(args.quell), os.path.abspath(args.inject)
    args.folder = tempfile.mkdtemp(prefix="quell-pipeline-")
    args.broker, own = os.environ.get("QUELL_KAFKA"), None
    if not args.broker:
        own = Broker(os.path.join(args.folder, "broker"))
        args.broker = own.address
    vault = "PostgreSQL" if os.environ.get("QUELL_POSTGRES") else "a file"
    print(f"the pipeline on Apache Kafka, its vault in {vault}", flush=True)
    log_path = os.path.join(args.folder, "stderr.log")
    try:
        with open(log_path, "w+") as log:
            failed = run(args, log)
    finally:
        if own:
            own.script("stop", own.folder)
    for what in failed:
        print(f"failed: {what}")
    if failed:
        print(f"what the processes said: {log_path}")
        sys.exit(1)
    shutil.rmtree(args.folder)


if __name__ == "__main__":
    main()
