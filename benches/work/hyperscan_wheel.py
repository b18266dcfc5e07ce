#!/usr/bin/env python3
"""Hyperscan as Python has it (`pip install hyperscan`), a peer of `rules`: hyperscan.c says how they speak."""

import struct
import sys
import time

import hyperscan

BIG = (1 << 64) - 1
stdin = sys.stdin.buffer


def number():
    return struct.unpack("<I", stdin.read(4))[0]


def read_list():
    return [stdin.read(number()) for _ in range(number())]


def main():
    rules, texts = read_list(), read_list()
    db = hyperscan.Database()
    flags = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_UTF8
    db.compile(expressions=rules, ids=list(range(len(rules))), flags=[flags] * len(rules))
    scratch, ids = hyperscan.Scratch(db), []
    found = lambda rule, *_: ids.append(rule)
    while stdin.read(1):
        firsts = []
        before = time.thread_time_ns()
        for text in texts:
            db.scan(text, match_event_handler=found, scratch=scratch)
            firsts.append(min(ids) + 1 if ids else 0)
            ids.clear()
        nanos = time.thread_time_ns() - before
        total = 0
        for first in firsts:
            total = (total * 31 + first) & BIG
        print(nanos, total, flush=True)


if __name__ == "__main__":
    main()
