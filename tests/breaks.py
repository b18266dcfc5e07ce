#!/usr/bin/env python3
"""Breaks each promise once on purpose and shows that the simulator notices: promise, break, first seed, what it said.

    tests/breaks.py [PROMISE…]

Each break is one edit of the source, made, tried and taken back. A break that no seed notices is a hole in the
simulator: exit 1.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))

# promise, what is broken, file, the sound text, the broken text
BREAKS = [
    ("P1", "the last record of an append is acknowledged without being written", "crates/quell/src/ingest/mod.rs",
     "let appended = instance.log.append(&topic_name(topic), records);",
     "let appended = instance.log.append(&topic_name(topic), &records[..records.len() - usize::from(records.len() > 1)]);"),
    ("P2", "redeliveries are not counted", "crates/engine/src/assemble/mod.rs",
     "Arrival::Again => self.pending.counts.duplicate += 1,", "Arrival::Again => {}"),
    ("P3", "a contact that turns out to be spam stays", "crates/engine/src/assemble/emit.rs",
     "out.contacts.push(ContactChange::Gone { id, sequence, day: gone.day });", ""),
    ("P4", "of two overrides the last to arrive counts", "crates/engine/src/assemble/mod.rs",
     "(old.at, old.fact) < (said.at, said.fact)", "(old.at, old.fact) != (said.at, said.fact)"),
    ("P5", "a snapshot forgets the merges", "crates/engine/src/assemble/snapshot.rs",
     "self.merges.learn(CustomerKey::from_bytes(r.id()?), absorbed);", "let _ = (r.id()?, absorbed);"),
    ("P6", "a commit begins at the start of the log", "crates/quell/src/pipeline/fold.rs",
     "from: end.positions", "from: Positions::start()"),
    ("P7", "the limit on memory is not looked at", "crates/quell/src/pipeline/fold.rs",
     "bytes <= most,", "bytes <= most || most > 0,"),
    ("P4", "a step of a leader that was replaced counts", "crates/quell/src/pipeline/spread/step.rs",
     "let goes_on = step.ordinal.0 == end.next && step.from == end.positions;",
     "let goes_on = step.ordinal.0 >= end.next;"),
    ("P2", "who takes a part over believes that one more step was said", "crates/quell/src/pipeline/spread/mod.rs",
     "Ok(collector.newest())", "Ok(collector.newest().map(|step| Sequence(step.0 + 1)))"),
    # A day is told twice, by the commit and by its rows: losing one of both loses nothing, so the sum is broken.
    ("P11", "of the days that were touched the first is not published anew", "crates/analytics/src/publish/contacts.rs",
     "Some(base) => touched(job, base.since)?,", "Some(base) => touched(job, base.since)?.into_iter().skip(1).collect::<BTreeSet<Day>>(),"),
]


def attempt(promise, what, file, sound, broken):
    path = ROOT / file
    text = path.read_text()
    # Layout may break the sound text over lines.
    pattern = re.compile(r"\s*".join(re.escape(part) for part in sound.split()))
    if len(pattern.findall(text)) != 1:
        return f"{promise} | {what} | the text to break stands {len(pattern.findall(text))} times in {file}", False
    try:
        path.write_text(pattern.sub(lambda _: broken, text))
        # As `make simulate` does: with another set of packages, cargo would build the heavy dependencies again.
        built = subprocess.run(["cargo", "build", "--locked", "--profile", "demo", "--workspace", "--bins"],
                               cwd=ROOT, capture_output=True, text=True)
        if built.returncode != 0:
            return f"{promise} | {what} | the broken text does not compile\n{built.stderr[-1500:]}", False
        run = subprocess.run([TARGET / "demo" / "simulate", "0", "2000"],
                             cwd=ROOT, env=dict(os.environ, QUELL_FIRST_FAILURE="1"), capture_output=True, text=True)
    finally:
        path.write_text(text)
    seed = re.search(r"^seed (\d+): (.*)$", run.stdout, re.M)
    if seed:
        return f"{promise} | {what} | {int(seed[1]) + 1} | {seed[2][:140]}", True
    return f"{promise} | {what} | not noticed in 2000 seeds\n{run.stderr[-1500:]}", False


def main():
    wanted, sound = sys.argv[1:], True
    print("promise | break | seeds needed | what the simulator said")
    for promise, *rest in BREAKS:
        if not wanted or promise in wanted:
            line, noticed = attempt(promise, *rest)
            sound &= noticed
            print(line, flush=True)
    sys.exit(0 if sound else 1)


if __name__ == "__main__":
    main()
