"""Run lengths of an object, made from its box alone so that large images cost nothing."""

from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.faces.spheroseg.exports.raster import mask_of
from pentaprism.faces.spheroseg.exports.source import Item
from pentaprism.imaging.rle import encode_window


def coco_rle(item: Item, width: int, height: int) -> dict[str, Any]:
    """``{"size": [height, width], "counts"}`` over the image in column order, as pycocotools reads it."""
    mask, (left, top, _, _) = mask_of(item, width, height)
    return dict(encode_window(mask, top, left, (height, width)))


def row_runs(mask: npt.NDArray[np.bool_]) -> list[int]:
    """Alternating runs of 0 and 1 of a mask in row order, beginning with zeros."""
    flat = mask.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    lengths: list[int] = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    return [0, *lengths] if flat.size and flat[0] else lengths
