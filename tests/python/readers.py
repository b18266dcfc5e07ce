#!/usr/bin/env python3
"""Do other engines read `contacts` and agree with `quell sql`?

    readers.py QUELL DATA

Reads the glob that `quell path contacts` prints with DuckDB, Polars and pandas, each where it is installed, and
compares row count, sums per channel and day, and the checksum of all contact ids with the answers of `quell sql`.
Exit 0: all installed readers agree. An absent reader is named on a line that begins with SKIPPED.
"""

import glob
import hashlib
import importlib.util
import json
import subprocess
import sys

QUERY = """
SELECT CAST(dt AS VARCHAR) AS dt, channel, count(*) AS contacts, sum(CASE WHEN dumb THEN 1 ELSE 0 END) AS dumb,
       sum(CASE WHEN repeat THEN 1 ELSE 0 END) AS repeats, sum(handle_ms) AS handle_ms, count(DISTINCT customer_key) AS customers
FROM {table} GROUP BY 1, 2 ORDER BY 1, 2
"""
COLUMNS = ["dt", "channel", "contacts", "dumb", "repeats", "handle_ms", "customers"]


def quell(binary, data, *args):
    return subprocess.run([binary, "--data", data, *args], check=True, capture_output=True, text=True).stdout


def digest(ids):
    return hashlib.sha256("\n".join(sorted(ids)).encode()).hexdigest()


def plain(rows):
    """Rows as tuples of text and whole numbers, so that engines can be compared."""
    out = []
    for row in rows:
        dt, channel, *numbers = row
        whole = [None if n is None or n != n else int(n) for n in numbers]
        out.append((str(dt)[:10], channel, *whole))
    return sorted(out)


def by_duckdb(path):
    import duckdb

    table = f"read_parquet('{path}', hive_partitioning = true)"
    rows = duckdb.sql(QUERY.format(table=table)).fetchall()
    return plain(rows), digest(r[0] for r in duckdb.sql(f"SELECT contact_id FROM {table}").fetchall())


def by_polars(path):
    import polars as pl

    frame = pl.scan_parquet(path, hive_partitioning=True)
    rows = (
        frame.group_by("dt", "channel")
        .agg(
            contacts=pl.len(),
            dumb=pl.col("dumb").sum(),
            repeats=pl.col("repeat").sum(),
            handle_ms=pl.when(pl.col("handle_ms").count() > 0).then(pl.col("handle_ms").sum()),
            customers=pl.col("customer_key").drop_nulls().n_unique(),
        )
        .collect()
    )
    return plain(rows.select(COLUMNS).rows()), digest(frame.select("contact_id").collect()["contact_id"].to_list())


def by_pandas(path):
    import pandas as pd

    root = path.split("/dt=")[0]
    frame = pd.read_parquet(root, columns=["contact_id", "channel", "dumb", "repeat", "handle_ms", "customer_key", "dt"])
    rows = []
    for (dt, channel), group in frame.groupby(["dt", "channel"], observed=True):
        handle = group["handle_ms"].dropna()
        rows.append((dt, channel, len(group), group["dumb"].sum(), group["repeat"].sum(), handle.sum() if len(handle) else None, group["customer_key"].nunique()))
    return plain(rows), digest(frame["contact_id"])


def main():
    binary, data = sys.argv[1:3]
    path = quell(binary, data, "path", "contacts").strip()
    if not glob.glob(path):
        sys.exit(f"`quell path contacts` printed {path}, which matches no file")
    answer = json.loads(quell(binary, data, "sql", QUERY.format(table="contacts"), "--format", "json"))
    expect = plain([row[c] for c in COLUMNS] for row in answer)
    ids = json.loads(quell(binary, data, "sql", "SELECT contact_id FROM contacts", "--format", "json"))
    expect_ids = digest(row["contact_id"] for row in ids)
    failed = False
    for name, read in [("duckdb", by_duckdb), ("polars", by_polars), ("pandas", by_pandas)]:
        if importlib.util.find_spec(name) is None or (name == "pandas" and importlib.util.find_spec("pyarrow") is None):
            print(f"SKIPPED {name}: not installed (pip install duckdb polars pandas pyarrow)")
            continue
        rows, found_ids = read(path)
        same = rows == expect and found_ids == expect_ids
        failed |= not same
        print(f"{'agrees' if same else 'DIFFERS'} {name}: {len(ids)} contacts, {len(rows)} groups")
        if not same:
            differing = [(a, b) for a, b in zip(expect, rows) if a != b][:3]
            print(f"  quell sql and {name}: {differing}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
