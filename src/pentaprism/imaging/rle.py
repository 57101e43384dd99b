"""COCO run-length encoding of masks: column by column, runs of zeros and ones in turn, beginning with zeros.

Equal to pycocotools. Source: cocoapi, common/maskApi.c (rleToString: counts as differences to the count two before, in groups of five bits
from the lowest, a continuation bit and an offset of 48 in each byte).
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]


class Rle(TypedDict):
    """A mask as COCO stores it; `size` is [height, width], `counts` a string when compressed, else a list."""

    size: list[int]
    counts: str | list[int]


def _runs(changes: Counts, total: int) -> Counts:
    """Lengths of runs from the positions of the changes (the first change is 0 to 1)."""
    return np.diff(np.concatenate([[0], changes, [total]]))


def counts_of(mask: npt.NDArray[np.bool_]) -> Counts:
    """Run lengths of a mask [H, W] in column order."""
    return counts_of_window(mask, 0, 0, mask.shape)


def counts_of_window(window: npt.NDArray[np.bool_], top: int, left: int, shape: tuple[int, ...]) -> Counts:
    """Run lengths of a mask of `shape` that is empty outside a window [h, w] at (top, left); costs no more than the window."""
    height, width = shape[0], shape[1]
    flat = np.zeros((window.shape[1], window.shape[0] + 1), np.int8)
    flat[:, :-1] = window.T
    steps = np.diff(flat.ravel(), prepend=0)
    at = np.flatnonzero(steps)
    column, row = np.divmod(at, window.shape[0] + 1)
    changes = (left + column) * height + top + row
    # A run that ends at the foot of a column and goes on at the head of the next is one run.
    ends, begins = changes[1:-1:2], changes[2::2]
    joined = np.flatnonzero(ends == begins)
    changes = np.delete(changes, np.concatenate([1 + 2 * joined, 2 + 2 * joined]))
    total = height * width
    runs = _runs(changes, total)
    return runs[:-1] if len(changes) and changes[-1] == total else runs


def compress(counts: Sequence[int] | Counts) -> str:
    """Run lengths as the string that COCO calls compressed."""
    values = np.asarray(counts, np.int64).copy()
    values[3:] -= np.asarray(counts, np.int64)[1:-2]
    chunks = []
    pending = np.ones(len(values), np.bool_)
    while pending.any():
        low = values & 31
        values >>= 5
        more = np.where(low & 16, values != -1, values != 0)
        chunks.append(np.where(pending, (low | np.where(more, 32, 0)) + 48, 0))
        pending &= more
    if not chunks:
        return ""
    table = np.stack(chunks, axis=1).ravel()
    return table[table > 0].astype(np.uint8).tobytes().decode("ascii")


def expand(text: str | bytes) -> Counts:
    """Run lengths from a compressed string.

    Raises:
        ValueError: the string is cut off or holds other characters.
    """
    data = np.frombuffer(text.encode("ascii") if isinstance(text, str) else text, np.uint8).astype(np.int64) - 48
    if not len(data):
        return np.zeros(0, np.int64)
    if data.min() < 0 or data.max() > 63 or data[-1] & 32:
        raise ValueError("no compressed run lengths")
    last = (data & 32) == 0
    group = np.concatenate([[0], np.cumsum(last)[:-1]])
    starts = np.concatenate([[0], np.flatnonzero(last)[:-1] + 1])
    place = np.arange(len(data)) - starts[group]
    if place.max() > 8:
        raise ValueError("a run length is too large")
    values = np.add.reduceat((data & 31) << (5 * place), starts)
    ends = np.flatnonzero(last)
    values -= np.where(data[ends] & 16, np.int64(1) << (5 * (place[ends] + 1)), 0)
    for index in range(3, len(values)):
        values[index] += values[index - 2]
    return values


def encode(mask: npt.NDArray[Any], compressed: bool = True) -> Rle:
    """A mask [H, W] as COCO RLE."""
    counts = counts_of(mask.astype(np.bool_))
    return {"size": [int(mask.shape[0]), int(mask.shape[1])], "counts": compress(counts) if compressed else counts.tolist()}


def encode_window(window: npt.NDArray[Any], top: int, left: int, shape: tuple[int, int], compressed: bool = True) -> Rle:
    """A mask of `shape` that is empty outside a window [h, w] at (top, left), as COCO RLE."""
    if top < 0 or left < 0 or top + window.shape[0] > shape[0] or left + window.shape[1] > shape[1]:
        raise ValueError(f"a window {window.shape} at {(top, left)} does not lie in {shape}")
    counts = counts_of_window(window.astype(np.bool_), top, left, shape)
    return {"size": [int(shape[0]), int(shape[1])], "counts": compress(counts) if compressed else counts.tolist()}


def decode(rle: Rle) -> npt.NDArray[np.bool_]:
    """The mask [H, W] of a COCO RLE, compressed or not.

    Raises:
        ValueError: the runs do not fill the size.
    """
    height, width = rle["size"]
    counts = expand(rle["counts"]) if isinstance(rle["counts"], (str, bytes)) else np.asarray(rle["counts"], np.int64)
    if (counts < 0).any() or int(counts.sum()) != height * width:
        raise ValueError(f"runs of {int(counts.sum())} pixels for {height} x {width}")
    return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(width, height).T


def area(rle: Rle) -> int:
    """Number of pixels of a mask."""
    counts = expand(rle["counts"]) if isinstance(rle["counts"], (str, bytes)) else np.asarray(rle["counts"], np.int64)
    return int(counts[1::2].sum())
