"""CLIP's byte-pair tokenizer, from the operator's ``vocab.json`` and ``merges.txt`` (Radford et al. 2021; Sennrich et al. 2016)."""

from __future__ import annotations

import html
import json
import unicodedata
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

START, END = "<|startoftext|>", "<|endoftext|>"
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
MOST_FILE = 32_000_000


class TokenizerError(ValueError):
    """The vocabulary or the merges cannot be used."""


class ClipTokenizer:
    """``encode`` gives [n, context] int64, padded with the end token's id as the published model does (``pad`` overrides it)."""

    def __init__(self, vocabulary: Path, merges: Path, context: int = 77, pad: int | None = None) -> None:
        """Raises TokenizerError, OSError."""
        self.context = context
        if max(vocabulary.stat().st_size, merges.stat().st_size) > MOST_FILE:
            raise TokenizerError("the vocabulary or the merges are too large to be CLIP's")
        try:
            ids = json.loads(vocabulary.read_text("utf-8"))
            lines = merges.read_text("utf-8").splitlines()
        except ValueError as error:
            raise TokenizerError("the vocabulary is no JSON or the merges are no text") from error
        if not isinstance(ids, dict) or START not in ids or END not in ids or not all(isinstance(v, int) for v in ids.values()):
            raise TokenizerError(f"the vocabulary must map tokens to numbers and hold {START} and {END}")
        self._ids: dict[str, int] = ids
        pairs = [tuple(line.split()) for line in lines if line and not line.startswith("#version")]
        if any(len(pair) != 2 for pair in pairs):
            raise TokenizerError("every line of the merges must hold two parts")
        self._ranks = {(pair[0], pair[1]): rank for rank, pair in enumerate(pairs)}
        self._pad = ids[END] if pad is None else pad

    def encode(self, texts: list[str]) -> npt.NDArray[np.int64]:
        """Ids of each text between the start and the end token; what does not fit is cut."""
        rows = np.full((len(texts), self.context), self._pad, np.int64)
        for row, text in zip(rows, texts, strict=True):
            ids = [self._ids[START], *self._tokens(text)[: self.context - 2], self._ids[END]]
            row[: len(ids)] = ids
        return rows

    def _tokens(self, text: str) -> list[int]:
        clean = " ".join(html.unescape(html.unescape(text)).split()).lower()
        found: list[int] = []
        for word in split_words(clean):
            encoded = "".join(self._bytes[byte] for byte in word.encode("utf-8"))
            found += [self._ids[part] for part in self._merge(encoded) if part in self._ids]
        return found

    def _merge(self, word: str) -> list[str]:
        """The pair that was learnt first is merged first, everywhere, until none is left."""
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            pairs = list(pairwise(parts))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, len(self._ranks)))
            if best not in self._ranks:
                break
            merged: list[str] = []
            index = 0
            while index < len(parts):
                if tuple(parts[index : index + 2]) == best:
                    merged.append(parts[index] + parts[index + 1])
                    index += 2
                else:
                    merged.append(parts[index])
                    index += 1
            parts = merged
        return parts

    @cached_property
    def _bytes(self) -> dict[int, str]:
        """A printable character for every byte: printable bytes stand for themselves, the others for code points from 256 up."""
        plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in plain]
        return {byte: chr(byte) for byte in plain} | {byte: chr(256 + rank) for rank, byte in enumerate(others)}


def split_words(text: str) -> list[str]:
    """Contractions, runs of letters, single digits, runs of anything else but space: the published pattern without a regex module."""
    words: list[str] = []
    index = 0
    while index < len(text):
        contraction = next((c for c in CONTRACTIONS if text.startswith(c, index)), None)
        kind = _kind(text[index])
        end = index + 1
        if contraction:
            end = index + len(contraction)
        elif kind in ("letter", "sign"):
            while end < len(text) and _kind(text[end]) == kind and not (kind == "sign" and text[end] == "'" and _starts(text, end)):
                end += 1
        if kind != "space":
            words.append(text[index:end])
        index = end
    return words


def _starts(text: str, index: int) -> bool:
    return any(text.startswith(contraction, index) for contraction in CONTRACTIONS)


def _kind(character: str) -> str:
    if character.isspace():
        return "space"
    category = unicodedata.category(character)
    return "letter" if category.startswith("L") else "digit" if category.startswith("N") else "sign"
