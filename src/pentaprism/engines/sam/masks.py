"""Masks as tight, packed regions: a mask costs what its box costs, not what its picture costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.imaging.rle import Rle, encode_window

BoolMask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Mask:
    """One region of a picture. ``region`` [height, width] lies at (``left``, ``top``) and touches all four sides of its box.

    ``point`` is the (x, y) that found it, if one did; ``crop_box`` the (x, y, width, height) of the part of the picture it was found in.
    """

    left: int
    top: int
    height: int
    width: int
    packed: bytes
    predicted_iou: float
    stability_score: float
    point: tuple[float, float] | None
    crop_box: Box

    @classmethod
    def of(
        cls,
        mask: BoolMask,
        *,
        predicted_iou: float,
        stability_score: float,
        crop_box: Box,
        left: int = 0,
        top: int = 0,
        point: tuple[float, float] | None = None,
    ) -> Mask | None:
        """The mask whose pixels are ``mask`` [h, w], which lies at (``left``, ``top``) of the picture; None where no pixel is set."""
        found = tight(mask)
        if found is None:
            return None
        rows, columns = found
        region = mask[rows, columns]
        return cls(
            left + columns.start, top + rows.start, region.shape[0], region.shape[1], np.packbits(region).tobytes(),
            round(float(predicted_iou), 6), round(float(stability_score), 6), point, crop_box,
        )  # fmt: skip

    @property
    def region(self) -> BoolMask:
        """The pixels of the box, [height, width]."""
        bits = np.unpackbits(np.frombuffer(self.packed, np.uint8), count=self.height * self.width)
        return bits.view(np.bool_).reshape(self.height, self.width)

    @property
    def bbox(self) -> Box:
        """(x, y, xmax - x, ymax - y), the way COCO and the published code count: one less than the pixels in a row."""
        return self.left, self.top, self.width - 1, self.height - 1

    @property
    def area(self) -> int:
        """Number of pixels."""
        return int(np.bitwise_count(np.frombuffer(self.packed, np.uint8)).sum())

    def full(self, height: int, width: int) -> BoolMask:
        """The mask in a picture of that size."""
        frame = np.zeros((height, width), np.bool_)
        frame[self.top : self.top + self.height, self.left : self.left + self.width] = self.region
        return frame

    def rle(self, height: int, width: int) -> Rle:
        """The mask in a picture of that size as compressed COCO RLE."""
        return encode_window(self.region, self.top, self.left, (height, width))


def tight(mask: BoolMask) -> tuple[slice, slice] | None:
    """Rows and columns of the smallest box around the pixels of a mask; None for an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def overlap(first: Mask, second: Mask) -> int:
    """Number of pixels that two masks of one picture share."""
    left, top = max(first.left, second.left), max(first.top, second.top)
    right = min(first.left + first.width, second.left + second.width)
    bottom = min(first.top + first.height, second.top + second.height)
    if right <= left or bottom <= top:
        return 0
    windows = [each.region[top - each.top : bottom - each.top, left - each.left : right - each.left] for each in (first, second)]
    return int(np.count_nonzero(windows[0] & windows[1]))


def iou(first: Mask, second: Mask) -> float:
    """Intersection over union of two masks of one picture."""
    common = overlap(first, second)
    return common / (first.area + second.area - common)


def ordered(masks: Sequence[Mask]) -> list[Mask]:
    """Best first: predicted IoU, stability, area, all falling, then the box."""
    return sorted(masks, key=lambda mask: (-mask.predicted_iou, -mask.stability_score, -mask.area, mask.bbox))


def candidates(masks: Sequence[Mask | None]) -> list[Mask]:
    """The answer to one prompt: best first, larger before smaller where equal, without empty masks and exact repetitions."""
    found = sorted((mask for mask in masks if mask is not None), key=lambda mask: (-mask.predicted_iou, -mask.area))
    seen: set[tuple[int, int, int, int, bytes]] = set()
    kept = []
    for mask in found:
        key = (mask.left, mask.top, mask.height, mask.width, mask.packed)
        if key not in seen:
            seen.add(key)
            kept.append(mask)
    return kept
