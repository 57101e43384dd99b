"""Run lengths of an object inside the whole image, made from its box alone so that large images cost nothing."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.faces.spheroseg.exports.raster import mask_of
from pentaprism.faces.spheroseg.exports.source import Item


def column_runs(item: Item, width: int, height: int) -> list[int]:
    """Alternating runs of 0 and 1 over the image in column order, beginning with zeros."""
    mask, (left, top, _, bottom) = mask_of(item, width, height)
    steps = np.diff(np.pad(mask.T.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    columns, rows = np.nonzero(steps == 1)
    begins = (columns + left) * height + rows + top
    columns, rows = np.nonzero(steps == -1)
    ends = (columns + left) * height + rows + top
    if top == 0 and bottom == height and len(begins):
        # An object that reaches the lower edge runs on at the top of the next column.
        apart = begins[1:] != ends[:-1]
        begins = np.concatenate([begins[:1], begins[1:][apart]])
        ends = np.concatenate([ends[:-1][apart], ends[-1:]])
    borders = np.column_stack([begins, ends]).ravel()
    runs: list[int] = np.diff(np.concatenate([[0], borders, [width * height]])).tolist()
    return runs[:-1] if len(runs) > 1 and runs[-1] == 0 else runs


def compressed(runs: list[int]) -> str:
    """The text form of COCO run lengths: differences to the run before last in groups of five bits, as in rleToString of its mask API."""
    out = bytearray()
    for index, run in enumerate(runs):
        value = run - runs[index - 2] if index > 2 else run
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            out.append((bits | 32 if more else bits) + 48)
    return out.decode("ascii")


def coco_rle(item: Item, width: int, height: int) -> dict[str, Any]:
    """``{"size": [height, width], "counts"}`` as pycocotools reads it."""
    return {"size": [height, width], "counts": compressed(column_runs(item, width, height))}


def row_runs(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Alternating runs of 0 and 1 of a mask in row order, beginning with zeros."""
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths: list[int] = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths
