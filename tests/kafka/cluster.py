"""Several processes of Quell that share a fold on a real Apache Kafka, and what stands in the end. What chaos.py, outage.py
and takeover.py share; standard library only."""

import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "python"))
from service import contact, percentile  # noqa: E402, F401

SESSION = 6.0
"""The session timeout in seconds; a process that is stopped for longer is taken for dead."""
AS_OF = "2026-06-01T00:00:00Z"
TAXONOMY = ROOT / "deploy" / "taxonomies" / "retail.toml"
PARTS = re.compile(r"the parts of this process share=(\w+) parts=\{(.*)\}")
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


class Broker:
    """The cluster of broker.sh in a folder of its own."""

    def __init__(self, folder, *options):
        self.folder = folder
        said = self.script("start", *options, "--owner", str(os.getpid()), folder)
        found = dict(re.findall(r"^(\w+)=(.*)$", said, re.M))
        self.address, self.version = found["BOOTSTRAP"], found["VERSION"]
        # Past the proxy, and where the proxy goes.
        self.direct, self.listen = found["DIRECT"], found["LISTEN"]

    def script(self, *arguments):
        done = subprocess.run([HERE / "broker.sh", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"broker.sh {arguments}: {done.stderr}")
        return done.stdout

    def pid(self):
        return int(pathlib.Path(self.folder, "1", "pid").read_text())


class Process:
    """One process that shares the fold, of one role or of all (`run`)."""

    def __init__(self, binary, data, environment, log, role="run"):
        command = [binary, "--data", data, role, "--listen", "127.0.0.1:0"]
        self.log, self.role = log, role
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.pid, self.address, self.listening = self.process.pid, None, threading.Event()
        # By kind: the parts that are its own, as it says itself; and what it found done by another process.
        self.parts, self.in_vain = {}, 0
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stderr:
            self.log.write(f"{self.pid}: {line}")
            line = ESCAPES.sub("", line)
            if "http://" in line and not self.address:
                self.address = line.split("http://")[1].split()[0]
                self.listening.set()
            if found := PARTS.search(line):
                self.parts = {**self.parts, found[1]: frozenset(re.findall(r"\d+", found[2]))}
            if "a step of a leader that was replaced" in line or "another process commits" in line:
                self.in_vain += 1
        self.listening.set()

    def has(self):
        """Its parts as pairs of kind and number."""
        return {(kind, at) for kind, parts in self.parts.items() for at in parts}

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.is_alive():
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

    def memory(self):
        """Resident bytes."""
        return status(self.pid, "VmRSS")

    def cpu(self):
        """Seconds of CPU until now."""
        return cpu(self.pid)


def status(pid, key):
    """A size from /proc, in bytes; None of a process that has ended."""
    try:
        found = re.search(rf"^{key}:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M)
    except OSError:
        return None
    return found and int(found[1]) * 1024


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Cluster:
    """The processes that share one fold."""

    def __init__(self, binary, data, environment, log, size):
        self.binary, self.data, self.environment, self.log = binary, data, environment, log
        self.lock = threading.Lock()
        self.processes = [self.start() for _ in range(size)]
        self.gone_in_vain = 0

    def start(self):
        return Process(self.binary, self.data, self.environment, self.log)

    def addresses(self):
        with self.lock:
            return [p.address for p in self.processes if p.address and p.is_alive()]

    def parts(self, but=None):
        """What is somebody's, except one process's."""
        with self.lock:
            return set().union(*(p.has() for p in self.processes if p is not but and p.is_alive()))

    def in_vain(self):
        """How often a process found done by another what it was about to do."""
        with self.lock:
            return self.gone_in_vain + sum(p.in_vain for p in self.processes)

    def revive(self):
        """A process that has ended by itself is started anew, as a supervisor would; how many had."""
        with self.lock:
            dead = [at for at, p in enumerate(self.processes) if not p.is_alive()]
            for at in dead:
                self.put(at, self.start())
        return len(dead)

    def replace(self, at):
        """Kills it; whether it still ran."""
        with self.lock:
            ran = self.processes[at].is_alive()
            self.processes[at].kill()
            self.put(at, self.start())
        return ran

    def put(self, at, process):
        self.gone_in_vain += self.processes[at].in_vain
        self.processes[at] = process

    def end(self):
        for process in self.processes:
            process.signal(signal.SIGCONT)
        threads = [threading.Thread(target=p.end) for p in self.processes]
        [t.start() for t in threads]
        [t.join() for t in threads]


def record(seed, number):
    return contact(random.Random(seed * 1_000_003 + number), f"r-{number:07d}")


def quell(binary, data, environment, *arguments):
    done = subprocess.run([binary, "--data", data, *arguments], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise SystemExit(f"{arguments}: exit {done.returncode}\n{done.stderr}")
    return done.stdout


def settings(more):
    """Seeded, so that surrogates and ids can be compared."""
    seeded = {"QUELL_VAULT_MODE": "seeded", "QUELL_VAULT_ALLOW_SEEDED": "true", "QUELL_VAULT_SEED": "7"}
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUELL_")}
    return {**clean, **seeded, **more}


def shared(address, prefix, more=None):
    """Settings of a process that shares the fold on a broker."""
    return settings({
        "QUELL_LOG_BACKEND": "kafka",
        "QUELL_KAFKA_BROKERS": address,
        "QUELL_KAFKA_PREFIX": prefix,
        "QUELL_KAFKA_REPLICATION": "1",
        "QUELL_KAFKA_MIN_IN_SYNC": "1",
        "QUELL_KAFKA_SESSION_TIMEOUT": f"{SESSION:.0f}s",
        "QUELL_FOLD_SPREAD": "true",
        "QUELL_TRACE": "info",
        **(more or {}),
    })


def tables(data):
    """Checksums of the published tables that are compared, by path."""
    cut = pathlib.Path(data, "tables", "current").resolve()
    skipped = {"provenance", "rejects"}
    files = [f for f in cut.rglob("*.parquet") if f.relative_to(cut).parts[0] not in skipped]
    return {str(f.relative_to(cut)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def embedded(binary, records, folder):
    """What one process on the embedded log makes of the same contacts."""
    data = os.path.join(folder, "embedded")
    environment = settings({})
    quell(binary, data, environment, "taxonomy", "publish", str(TAXONOMY))
    source = os.path.join(folder, "all.ndjson")
    with open(source, "w") as out:
        out.writelines(json.dumps(record) + "\n" for record in records)
    mapping = os.path.join(folder, "http.toml")
    shutil.copy(ROOT / "deploy" / "mappings" / "http.toml", mapping)
    quell(binary, data, environment, "import", "--source", "ndjson", "--mapping", mapping, source)
    quell(binary, data, environment, "rollup", "--as-of", AS_OF)
    found = tables(data)
    shutil.rmtree(data)
    os.remove(source)
    return found


def against(expected, data):
    """How many published files there are, and what is wrong with them."""
    found = tables(data)
    different = sorted(name for name in set(expected) | set(found) if expected.get(name) != found.get(name))
    wrong = f"{len(different)} of {len(expected)} files differ from the embedded run, such as {different[:3]}"
    return len(found), [wrong] if different else []


def counted(binary, data, environment, acknowledged):
    """What is wrong with the contacts in the tables, of which each that was acknowledged must stand there once."""
    quell(binary, data, environment, "rollup", "--as-of", AS_OF)
    query = "SELECT record_id, count(*) AS n FROM contacts GROUP BY record_id"
    rows = json.loads(quell(binary, data, environment, "sql", query, "--format", "json"))
    found = {row["record_id"]: int(row["n"]) for row in rows}
    wrong = {
        "lost after a 202": acknowledged - set(found),
        "counted twice": {r for r, n in found.items() if n > 1},
        "without a 202": set(found) - acknowledged,
    }
    return [f"{len(records)} {what}, such as {sorted(records)[:3]}" for what, records in wrong.items() if records]


def stored(data):
    """Facts in the newest commit of the lake."""
    commits = sorted(pathlib.Path(data, "lake").glob("*/commits/*.json"))
    for commit in reversed(commits[-3:]):
        try:
            return json.loads(commit.read_text())["counts"]["stored"]
        except (OSError, ValueError, KeyError):
            continue
    return 0


def wait_until_folded(data, contacts, bound=180):
    """Until the lake holds every contact; the seconds that took, or None."""
    begun = time.monotonic()
    while time.monotonic() - begun < bound:
        if stored(data) >= contacts:
            return time.monotonic() - begun
        time.sleep(0.25)
    return None


def published(data):
    """Facts that the published tables stand for."""
    try:
        return json.loads(pathlib.Path(data, "tables", "current", "manifest.json").read_text())["counts"]["stored"]
    except (OSError, ValueError, KeyError):
        return 0
