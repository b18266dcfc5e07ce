#!/usr/bin/env python3
"""Runs Quell on the work of the peers' benchmark (WORK.md of that benchmark) and leaves the files it asks for.

    adapter.py QUELL RULES.json IN.ndjson OUTDIR

Everything is Quell's own: `import`, `rollup`, three queries and `rejects show`. Three things are of this adapter: the
costs and flags of RULES.json go into the queries as constants, because cost tables are a later feature; the events
are cut into one file a day; and every step's wall time, CPU time and peak memory is printed to stderr.
"""

import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
DEPLOY = HERE.parent.parent / "deploy"


def step(name, command, stdout=None, env=None):
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, stdout=stdout or subprocess.DEVNULL, env=env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"{name}: {time.monotonic() - started:.2f} s, {cpu:.2f} s CPU, peak so far {after.ru_maxrss // 1024} MiB", file=sys.stderr)


def constants(rules):
    """The benchmark's reasons and costs as tables of the queries."""
    chase = {r["id"] for r in rules["reasons"] if r["group"] == "status_chase"}
    reasons = ", ".join(f"('{r['id']}', {str(r['dumb']).lower()}, {str(r['id'] in chase).lower()})" for r in rules["reasons"])
    costs = ", ".join(f"('{c}', {v['base_micro']}, {v['per_second_micro']})" for c, v in rules["channels"].items())
    return (
        f"reason_facts AS (SELECT column1 AS reason, column2 AS dumb, column3 AS status_chaser FROM (VALUES {reasons})),\n"
        f"channel_costs AS (SELECT column1 AS channel, column2 AS base_micro, column3 AS per_second_micro FROM (VALUES {costs}))"
    )


def query(name, with_tables):
    text = (HERE / f"{name}.sql").read_text()
    return text.replace("WITH ", f"WITH {with_tables},\n", 1) if with_tables else text


def main():
    quell, rules, source, out = sys.argv[1], json.load(open(sys.argv[2])), sys.argv[3], pathlib.Path(sys.argv[4])
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    data = out / "quell"
    run = [quell, "--data", str(data)]
    env = dict(os.environ, QUELL_TAXONOMY=str(DEPLOY / "taxonomies" / "bench.toml"))
    step("import", [*run, "import", "--source", "ndjson", "--mapping", str(DEPLOY / "mappings" / "work.toml"), source], env=env)
    step("rollup", [*run, "rollup", "--as-of", "2025-04-01T00:00:00Z"], env=env)
    tables = constants(rules)
    for name, with_tables in [("daily", tables), ("weekly_movers", None), ("events", tables)]:
        with open(out / f"{name}.parquet", "wb") as file:
            step(name, [*run, "sql", "--format", "parquet", "--", query(name, with_tables)], stdout=file, env=env)
    with open(out / "bad.ndjson", "wb") as file:
        step("bad", [*run, "rejects", "show", "--raw", "--all"], stdout=file, env=env)
    by_day(out / "events.parquet", out / "events")


def by_day(file, folder):
    import polars as pl

    started = time.monotonic()
    for (day,), rows in pl.read_parquet(file).group_by("day"):
        (folder / f"day={day}").mkdir(parents=True)
        rows.drop("day").write_parquet(folder / f"day={day}" / "events.parquet", compression="zstd", compression_level=3)
    file.unlink()
    print(f"events by day: {time.monotonic() - started:.2f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
