"""Builds a static token table from a sentence encoder. See README.md."""

import argparse
import hashlib
import pickle
import re
import struct
import unicodedata
from pathlib import Path

import numpy as np

from encoders import E5, MiniLm

WORD = re.compile(r"\w+")
PLAIN = re.compile(r"[a-z0-9_ßæœøðþłđı]+\Z")


def fold(text):
    """Lower-case, without accents."""
    text = unicodedata.normalize("NFD", text.lower())
    return unicodedata.normalize("NFC", "".join(c for c in text if unicodedata.category(c) != "Mn"))


def words_of(langs, count):
    """{word: {lang: frequency}} of the `count` most frequent words of each language, split as at run time."""
    import wordfreq

    words = {}
    for lang in langs:
        for entry in wordfreq.top_n_list(lang, count):
            freq = wordfreq.word_frequency(entry, lang)
            for word in WORD.findall(entry):
                if PLAIN.match(fold(word)) and not re.search(r"\d\d", word):
                    by = words.setdefault(word, {})
                    by[lang] = by.get(lang, 0.0) + freq
    return words


class Rows:
    """Candidate rows: key (flag, folded text) -> what to encode, its frequency in each language."""

    def __init__(self, langs):
        self.langs = langs
        self.forms = {}  # key -> {tuple of ids: {lang: freq}}

    def add(self, key, ids, by):
        forms = self.forms.setdefault(key, {})
        old = forms.setdefault(tuple(ids), {})
        for lang, freq in by.items():
            old[lang] = old.get(lang, 0.0) + freq


def piece_rows(enc, langs, used=None):
    """One row for each vocabulary piece; with `used` only for pieces in it, {id: {lang: frequency}}."""
    rows = Rows(langs)
    for i, piece in enumerate(enc.pieces):
        cut = enc.split(piece)
        if cut is None or (used is not None and i not in used):
            continue
        flag, text = cut
        text = fold(text)
        if PLAIN.match(text):
            by = used[i] if used is not None else {langs[0]: 1.0 / (i + 1)}
            rows.add((flag, text), [i], by)
    return rows


def used_pieces(enc, words):
    """{piece id: {lang: frequency}} over the words as the encoder splits them."""
    used = {}
    names = sorted(words)
    for name, ids in zip(names, enc.tokenize(names)):
        for i in ids:
            by = used.setdefault(i, {})
            for lang, freq in words[name].items():
                by[lang] = by.get(lang, 0.0) + freq
    return used


def add_words(rows, enc, words):
    """One row for each whole word."""
    names = sorted(words)
    for name, ids in zip(names, enc.tokenize(names)):
        rows.add((1, fold(name)), ids, words[name])


def cached_encode(enc, seqs, cache):
    """Encodes wrapped id sequences; with a cache folder only those that it does not hold yet."""
    if cache is None:
        return enc.encode(seqs)
    path = Path(cache) / f"{enc.name}.pickle"
    known = pickle.loads(path.read_bytes()) if path.exists() else {}
    new = [s for s in map(tuple, seqs) if s not in known]
    for at in range(0, len(new), 8192):
        part = new[at : at + 8192]
        known.update(zip(part, enc.encode(part)))
        path.write_bytes(pickle.dumps(known))
    return np.stack([known[tuple(s)] for s in seqs])


def vectors(enc, rows, cache, **wrap):
    """Sorted keys, one vector each (frequency-weighted over its forms), its frequency in each language."""
    keys = sorted(rows.forms, key=lambda k: (k[0], k[1].encode()))
    seqs = sorted({ids for key in keys for ids in rows.forms[key]})
    at = {ids: i for i, ids in enumerate(seqs)}
    embedded = cached_encode(enc, [enc.wrap(list(ids), **wrap) for ids in seqs], cache)
    embedded = embedded / np.linalg.norm(embedded, axis=1, keepdims=True)
    out = np.zeros((len(keys), embedded.shape[1]))
    freq = np.zeros((len(keys), len(rows.langs)))
    for r, key in enumerate(keys):
        total = 0.0
        for ids, by in sorted(rows.forms[key].items()):
            weight = sum(by.values())
            out[r] += weight * embedded[at[ids]]
            total += weight
            for lang, f in by.items():
                freq[r, rows.langs.index(lang)] += f
        out[r] /= total
    return keys, out, freq


def centred(x, freq, per_lang):
    """Rows less their mean; with `per_lang` less the means of the languages they belong to."""
    if not per_lang:
        return x - x.mean(axis=0)
    share = freq / freq.sum(axis=1, keepdims=True)
    means = (share.T @ x) / share.sum(axis=0)[:, None]
    x = x - share @ means
    return x - x.mean(axis=0)


def principal(x, dims, skip=0):
    """Principal components `skip`.. of the rows; each axis so signed that its largest entry is positive."""
    values, axes = np.linalg.eigh(x.T @ x)
    axes = axes[:, ::-1][:, skip : skip + dims]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    return x @ axes


def rotated(x):
    """Rows turned by a fixed orthogonal matrix (random signs, then a cosine transform): every column gets a like share of the
    variance, so standardising columns later on does not blow up the weak components."""
    dims = x.shape[1]
    at = np.arange(dims)
    turn = np.sqrt(2.0 / dims) * np.cos(np.pi * np.outer(at + 0.5, at) / dims)
    turn[:, 0] = np.sqrt(1.0 / dims)
    return (x * np.random.RandomState(1).choice([-1.0, 1.0], dims)) @ turn


def translations(path, keys, freq, langs):
    """Row numbers of the word pairs of a dictionary file (a tab between the word of the first and of the second language),
    where both are rows of mostly that language."""
    at = {key: i for i, key in enumerate(keys)}
    share = freq / freq.sum(axis=1, keepdims=True)
    pairs = set()
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        a, b = (at.get((1, fold(word))) for word in line.split("\t"))
        if a is not None and b is not None and a != b and share[a, 0] > 0.7 and share[b, 1] > 0.7:
            pairs.add((a, b))
    print(f"{len(pairs)} of the dictionary's pairs are rows ({langs[0]}, {langs[1]})")
    return np.array(sorted(pairs))


def pulled(x, pairs, weight, rounds=3):
    """Unit rows; each with translations pulled towards their mean, `weight` against 1 for the row itself."""
    from scipy.sparse import coo_matrix

    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    links = coo_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), shape=(len(x), len(x))).tocsr()
    degree = np.asarray(links.sum(axis=1))
    y = x
    for _ in range(rounds):
        y = np.where(degree > 0, (x + weight * (links @ y) / np.maximum(degree, 1)) / (1 + weight), x)
    return y


class Segments:
    """Words into rows as at run time: the longest row that begins the word, then longest rows that go on."""

    def __init__(self, keys):
        self.at = {key: i for i, key in enumerate(keys)}
        self.longest = max(len(text) for _, text in keys)
        self.known = {}

    def word(self, word):
        if word not in self.known:
            rows, i = [], 0
            while i < len(word):
                ends = range(min(len(word), i + self.longest), i, -1)
                hits = (self.at.get((int(i == 0), word[i:end])) for end in ends)
                end, row = next(((e, r) for e, r in zip(ends, hits) if r is not None), (i + 1, None))
                rows += [] if row is None else [row]
                i = end
            self.known[word] = rows
        return self.known[word]

    def counts(self, texts):
        """Sparse matrix: how often each row occurs in each text."""
        from scipy.sparse import csr_matrix

        rows, ends = [], [0]
        for text in texts:
            for word in WORD.findall(fold(text)):
                rows += self.word(word)
            ends.append(len(rows))
        return csr_matrix((np.ones(len(rows)), rows, ends), shape=(len(texts), len(self.at)))


def taught(enc, keys, x, scale, path, ridge, cache, rounds=12):
    """Rows (already weighted) moved so that a sentence's sum of rows comes nearer to the encoder's vector of the sentence:
    ridge regression of the difference, by conjugate gradients; rows that no sentence has stay as they are."""
    from scipy.sparse import diags

    texts = Path(path).read_text(encoding="utf-8").splitlines()
    counts = Segments(keys).counts(texts)
    goal = cached_encode(enc, [enc.wrap(ids[:60]) for ids in enc.tokenize(texts)], cache).astype(np.float64)
    goal = goal - goal.mean(axis=0)
    goal /= np.linalg.norm(goal, axis=1, keepdims=True)
    now = counts @ x
    norm = np.linalg.norm(now, axis=1)
    some = norm > 0
    counts, goal, now, norm = counts[some], goal[some], now[some] / norm[some, None], norm[some]
    a = (diags(scale / norm) @ counts).tocsr()
    used = np.flatnonzero(np.asarray(a.sum(axis=0))[0])
    a = a[:, used].tocsr()
    fit = (now * goal).sum() / (now * now).sum()
    step = np.zeros((len(used), x.shape[1]))
    rest = a.T @ (goal - fit * now)
    way, size = rest.copy(), (rest * rest).sum(axis=0)
    for _ in range(rounds):
        pull = a.T @ (a @ way) + ridge * way
        far = size / (way * pull).sum(axis=0)
        step += way * far
        rest -= pull * far
        size, old = (rest * rest).sum(axis=0), size
        way = rest + way * (size / old)
    x = fit * x
    x[used] += scale * step
    print(f"{len(texts)} sentences teach {len(used)} rows")
    return x


def rank_weight(freq):
    """log(1 + rank), the most frequent row being number 1."""
    total = freq.sum(axis=1)
    rank = np.empty(len(total))
    rank[np.lexsort((np.arange(len(total)), -total))] = np.arange(1, len(total) + 1)
    return np.log1p(rank)


def quantise(x):
    """int8 matrix and a scale for each column."""
    scale = np.abs(x).max(axis=0) / 127.0
    scale[scale == 0] = 1.0
    scale = scale.astype(np.float32)
    return np.clip(np.rint(x / scale.astype(np.float64)), -127, 127).astype(np.int8), scale


def write(path, name, langs, keys, x):
    """The table file; its format is in README.md."""
    matrix, scale = quantise(x)
    out = bytearray(b"QTBL")
    out += struct.pack("<III", 1, x.shape[1], x.shape[0])
    out += struct.pack("<H", len(name.encode())) + name.encode()
    out += struct.pack("<B", len(langs))
    for lang in langs:
        out += struct.pack("<B", len(lang.encode())) + lang.encode()
    out += scale.astype("<f4").tobytes()
    for flag, text in keys:
        raw = text.encode()
        assert 0 < len(raw) < 256
        out += struct.pack("<B", len(raw)) + raw + struct.pack("<B", flag)
    out += matrix.tobytes()
    Path(path).write_bytes(out)
    print(f"{path}: {x.shape[0]} rows of {x.shape[1]}, {len(out)} bytes, sha256 {hashlib.sha256(out).hexdigest()}")


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("encoder", choices=["minilm", "e5"])
    args.add_argument("out")
    args.add_argument("--langs", default=None, help="comma-separated; default en for minilm, es,en for e5")
    args.add_argument("--words", type=int, default=0, help="most frequent words of each language as whole rows")
    args.add_argument("--dictionary", default=None, help="word pairs, first<TAB>second language, that pull rows together")
    args.add_argument("--pull", type=float, default=2.0, help="weight of a row's translations")
    args.add_argument("--sentences", default=None, help="text file, one a line, that teaches the rows")
    args.add_argument("--ridge", type=float, default=0.3, help="how strongly taught rows are held back")
    args.add_argument("--name", default=None, help="name written into the table")
    args.add_argument("--dims", type=int, default=256)
    args.add_argument("--cache", default=None, help="folder for encoded vectors")
    a = args.parse_args()
    enc = MiniLm() if a.encoder == "minilm" else E5()
    langs = (a.langs or ("en" if a.encoder == "minilm" else "es,en")).split(",")
    if a.encoder == "minilm" and not a.words:
        rows = piece_rows(enc, langs)
    else:
        rows = piece_rows(enc, langs, used_pieces(enc, words_of(langs, 60_000)))
        if a.words:
            add_words(rows, enc, words_of(langs, a.words))
    keys, x, freq = vectors(enc, rows, a.cache)
    x = centred(x, freq, len(langs) > 1)
    if a.dictionary:
        x = pulled(x, translations(a.dictionary, keys, freq, langs), a.pull)
    weight = rank_weight(freq)[:, None]
    if a.sentences:
        x = rotated(principal(taught(enc, keys, x * weight, weight.mean(), a.sentences, a.ridge, a.cache), a.dims))
    else:
        x = rotated(principal(x, a.dims)) * weight
    write(a.out, a.name or f"{a.encoder}-{'-'.join(langs)}", langs, keys, x)


if __name__ == "__main__":
    main()
