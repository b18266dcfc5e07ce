#!/usr/bin/env python3
"""Does a reader ever see two cuts mixed, or a file that is gone, while `quell run` publishes every second?

    readers_loop.py QUELL [--minutes 10] [--rate 200] [--every 1s] [--seed 1] [--data DIR]

Contacts are posted all the time, among them corrections of earlier ones, so that old days change too. Meanwhile
each reader loops by itself:

- `quell sql` with one query over many tables: all of them must agree with each other and with one and the same
  cut's manifest;
- DuckDB and Polars over the glob that `quell path contacts` prints, and over the other tables beside it: the files
  must be exactly those of that cut's manifest, their rows add up to it, and the tables agree; then all of it is read
  once more after a pause, in which the next cut is published.

What a reader sees never has fewer contacts than what it saw before. Exit 0: all of that held. A reader whose package
is not installed is named on a line that begins with SKIPPED.
"""

import argparse
import collections
import glob
import importlib.util
import json
import os
import shutil
import threading
import time

from service import Service, contact, generator, percentile, temporary_folder

# Few days, all of which change all the time: many cuts, none of which shares a file with the one before.
DAYS = 14
# Tables with one row a contact, and tables whose column `contacts` adds up to all contacts.
BY_CONTACT = ["contacts", "provenance"]
ADDING_UP = ["reason_daily", "channel_daily", "reason_weekly", "owners_weekly"]
TABLES = BY_CONTACT + ADDING_UP
# A query that takes long enough for another cut to be published in between.
SQL = (
    "SELECT "
    + ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in TABLES)
    + ", "
    + ", ".join(f"(SELECT sum(contacts) FROM {table}) AS sum_{table}" for table in ADDING_UP)
    + """,
       (SELECT count(*) FROM contacts c JOIN provenance p ON c.contact_id = p.contact_id AND c.dt = p.dt) AS joined,
       (SELECT count(DISTINCT contact_id) FROM contacts) AS ids
"""
)


class Mixed(Exception):
    """What no reader may ever see."""


class Cuts:
    """The rows of every published cut, by its manifest."""

    def __init__(self, data):
        self.tables = os.path.join(data, "tables")
        self.known = {}

    def rows(self, cut):
        """Rows of each table of a cut."""
        if cut not in self.known:
            with open(os.path.join(self.tables, cut, "manifest.json"), encoding="utf-8") as file:
                manifest = json.load(file)
            rows, files = collections.Counter(), collections.Counter()
            for entry in manifest_files(manifest):
                rows[entry["table"]] += entry["rows"]
                files[entry["table"]] += 1
            self.known[cut] = {table: (rows[table], files[table]) for table in rows}
        return self.known[cut]

    def all(self):
        for cut in os.listdir(self.tables):
            if os.path.exists(os.path.join(self.tables, cut, "manifest.json")):
                self.rows(cut)
        return self.known


def manifest_files(manifest):
    """The list of files, wherever the manifest's envelope keeps it."""
    if isinstance(manifest, dict):
        if isinstance(manifest.get("files"), list):
            return manifest["files"]
        for value in manifest.values():
            found = manifest_files(value)
            if found is not None:
                return found
    return None


class Reader(threading.Thread):
    """Loops until it is told to stop; keeps what it saw."""

    def __init__(self, name, look, stop):
        super().__init__(name=name, daemon=True)
        self.look, self.stop = look, stop
        self.looks, self.most, self.seconds, self.cuts = 0, 0, [], set()
        self.error = None

    def run(self):
        try:
            while not self.stop.is_set():
                begun = time.monotonic()
                cut, contacts = self.look()
                self.seconds.append(time.monotonic() - begun)
                if contacts < self.most:
                    raise Mixed(f"{contacts} contacts in {cut} after {self.most} before")
                self.looks, self.most = self.looks + 1, contacts
                self.cuts.add(cut)
        except (Exception, SystemExit) as error:
            self.error = error
            self.stop.set()


def by_sql(service, cuts):
    """The answer does not name its cut, so it must be one whose manifest has all of its counts."""
    row = service.sql(SQL)[0]
    counts = tuple(row[table] for table in TABLES)
    alike = {row["contacts"], row["provenance"], row["joined"], row["ids"]}
    alike |= {row[f"sum_{table}"] for table in ADDING_UP}
    if len(alike) != 1:
        raise Mixed(f"quell sql: {row}")
    fits = [cut for cut, tables in cuts.all().items() if tuple(tables.get(t, (0, 0))[0] for t in TABLES) == counts]
    if not fits:
        raise Mixed(f"quell sql: no cut has {counts} rows in {TABLES}")
    return fits[0], row["contacts"]


def by_files(service, cuts, count):
    """The tables of the cut whose path is printed, twice."""
    printed = json.loads(service.quell("path", "contacts", "--json"))
    cut, contacts_glob = printed["cut"], printed["glob"]
    contacts = cuts.rows(cut)["contacts"][0]
    for look in range(2):
        for table in TABLES:
            pattern = contacts_glob.replace("/contacts/", f"/{table}/")
            rows, files = cuts.rows(cut)[table]
            matched = glob.glob(pattern)
            if len(matched) != files:
                raise Mixed(f"{pattern}: {len(matched)} files, its manifest has {files}")
            found, added = count(pattern, table)
            if (found, added) != (rows, contacts):
                raise Mixed(f"{pattern}: {found} rows of {added} contacts, its manifest has {rows} of {contacts}")
        if look == 0:
            # The reader takes his time; meanwhile the next cut is published.
            time.sleep(1.5)
    return cut, contacts


def duckdb_count(pattern, table):
    """Rows, and the contacts that they stand for."""
    import duckdb

    contacts = "count(DISTINCT contact_id)" if table in BY_CONTACT else "sum(contacts)"
    query = f"SELECT count(*), {contacts} FROM read_parquet('{pattern}', hive_partitioning = true)"
    rows, added = duckdb.connect().sql(query).fetchall()[0]
    return rows, int(added)


def polars_count(pattern, table):
    """Rows, and the contacts that they stand for."""
    import polars

    contacts = polars.col("contact_id").n_unique() if table in BY_CONTACT else polars.col("contacts").sum()
    frame = polars.scan_parquet(pattern, hive_partitioning=True)
    return frame.select(polars.len(), added=contacts).collect().row(0)


class Writer(threading.Thread):
    """Posts batches at a rate; every tenth contact corrects an earlier one."""

    def __init__(self, service, rate, seed, stop):
        super().__init__(daemon=True)
        self.service, self.rate, self.stop = service, rate, stop
        self.rng = generator(seed)
        self.records, self.sent, self.error = 0, 0, None

    def event(self):
        if self.records > 100 and self.rng.random() < 0.1:
            n = self.rng.randrange(self.records)
            return {**contact(self.rng, f"r-{n:07d}", DAYS), "revision": 1 + self.sent}
        self.records += 1
        return contact(self.rng, f"r-{self.records - 1:07d}", DAYS)

    def run(self):
        import http.client

        try:
            connection = http.client.HTTPConnection(self.service.address, timeout=60)
            begun = time.monotonic()
            while not self.stop.is_set():
                due = int((time.monotonic() - begun) * self.rate) - self.sent
                if due < 1:
                    self.stop.wait(0.02)
                    continue
                batch = [self.event() for _ in range(min(due, 200))]
                connection.request("POST", "/v1/contacts", json.dumps(batch), {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 202:
                    raise Mixed(f"contacts were answered with {answer.status}")
                self.sent += len(batch)
        except Exception as error:
            self.error = error
            self.stop.set()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("quell")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--every", default="1s", help="[publish] every")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", help="data folder; by default a new one that is removed after a success")
    args = parser.parse_args()
    data = args.data or temporary_folder("readers")
    print(f"seed {args.seed}, data {data}", flush=True)
    service = Service(args.quell, data, {"QUELL_PUBLISH_EVERY": args.every, "QUELL_RUN_DRAIN": "30m"})
    service.start()
    service.until_ready()
    stop = threading.Event()
    writer = Writer(service, args.rate, args.seed, stop)
    writer.start()
    current = os.path.join(data, "tables", "current")
    while not os.path.lexists(current):
        stop.wait(0.05)
    cuts = Cuts(data)
    readers = [Reader("quell sql", lambda: by_sql(service, cuts), stop)]
    for name, count in [("duckdb", duckdb_count), ("polars", polars_count)]:
        if importlib.util.find_spec(name) is None:
            print(f"SKIPPED {name}: not installed (pip install duckdb polars)")
            continue
        readers.append(Reader(name, lambda count=count: by_files(service, cuts, count), stop))
    for reader in readers:
        reader.start()
    stop.wait(args.minutes * 60)
    stop.set()
    for thread in [writer, *readers]:
        thread.join()
    errors = [(thread.name, thread.error) for thread in [writer, *readers] if thread.error]
    published = len(cuts.all())
    if not errors:
        service.drain()
    for reader in readers:
        p50 = percentile(reader.seconds, 50)
        took = "-" if p50 is None else f"{p50:.2f} s"
        print(f"{reader.name}: {reader.looks} looks at {len(reader.cuts)} cuts, {took} each, last {reader.most} contacts")
    print(f"{writer.sent} events posted, {writer.records} records, {published} cuts published")
    for name, error in errors:
        print(f"FAILED {name}: {type(error).__name__}: {error}")
    if errors:
        service.kill()
        raise SystemExit(f"FAILED; the data stay in {data}")
    if published < 3 or any(reader.looks < 2 for reader in readers):
        raise SystemExit("FAILED: too little happened to prove anything")
    print("no reader saw two cuts mixed, a file that is gone, or fewer contacts than before")
    if not args.data:
        shutil.rmtree(data)


if __name__ == "__main__":
    main()
