"""Word pairs of two FreeDict dictionaries (dictd form), one `first<TAB>second` a line, sorted. See README.md."""

import gzip
import re
import sys
from pathlib import Path

from build_table import fold

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def number(text):
    """dictd's base 64."""
    value = 0
    for c in text:
        value = value * 64 + DIGITS.index(c)
    return value


def pairs(stem):
    """(headword, translation), both single folded words; `to` before an English verb is dropped."""
    raw = gzip.open(f"{stem}.dict.dz").read()
    for line in Path(f"{stem}.index").read_text(encoding="utf-8").splitlines():
        key, start, size = line.split("\t")
        if key.startswith("00"):
            continue  # notes of the dictionary itself
        body = raw[number(start) : number(start) + number(size)].decode("utf-8", "replace").split("\n")
        head = fold(re.sub(r"/.*|<.*?>", "", body[0]).strip())
        for part in re.split(r"[,;]", ",".join(body[1:])):
            part = fold(re.sub(r"\(.*?\)|\[.*?\]|<.*?>|^\d+\.", "", part).strip())
            if re.fullmatch(r"\w+", head) and re.fullmatch(r"(to )?\w+", part):
                yield head, part.removeprefix("to ")


if __name__ == "__main__":
    there, back, out = sys.argv[1:]
    found = set(pairs(there)) | {(b, a) for a, b in pairs(back)}
    Path(out).write_text("".join(f"{a}\t{b}\n" for a, b in sorted(found)), encoding="utf-8")
    print(f"{out}: {len(found)} pairs")
