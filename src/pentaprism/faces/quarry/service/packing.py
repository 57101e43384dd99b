"""Masks as they are stored: figures as JSON, regions as packed bits, compressed one by one so that each can be read alone."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pentaprism.engines.sam import Mask

LEVEL = 6
DIGITS = 6


@dataclass(eq=False)
class StoredMask:
    """One mask of a result: its figures and its region, a window at (top, left) of the frame."""

    index: int
    top: int
    left: int
    height: int
    width: int
    area: int
    predicted_iou: float
    stability_score: float
    points: list[list[float]]
    crop_box: list[int]
    prompt_index: int | None
    packed: bytes = field(repr=False)

    @cached_property
    def window(self) -> npt.NDArray[np.bool_]:
        """The region [height, width]; its first and last row and column have a pixel."""
        import numpy as np  # noqa: PLC0415 - a server starts without arrays

        bits = np.frombuffer(zlib.decompress(self.packed), np.uint8)
        flat = np.unpackbits(bits, count=self.height * self.width)
        return flat.reshape(self.height, self.width).astype(np.bool_)

    @property
    def bbox(self) -> list[int]:
        """``[x, y, xmax - x, ymax - y]``."""
        return [self.left, self.top, self.width - 1, self.height - 1]


def pack(masks: Sequence[Mask], prompts: Sequence[int | None], points: Sequence[list[list[float]]]) -> tuple[list[dict[str, Any]], bytes]:
    """Figures and bytes of ``masks``, which answer the prompts of those numbers and show those points."""
    figures, regions, at = [], [], 0
    for mask, prompt, shown in zip(masks, prompts, points, strict=True):
        packed = zlib.compress(mask.packed, LEVEL)
        figures.append(
            {
                "top": mask.top,
                "left": mask.left,
                "height": mask.height,
                "width": mask.width,
                "area": mask.area,
                "predicted_iou": round(float(mask.predicted_iou), DIGITS),
                "stability_score": round(float(mask.stability_score), DIGITS),
                "points": shown,
                "crop_box": [int(value) for value in mask.crop_box],
                "prompt_index": prompt,
                "at": at,
                "size": len(packed),
            }
        )
        regions.append(packed)
        at += len(packed)
    return figures, b"".join(regions)


def unpack(figures: Sequence[dict[str, Any]], data: bytes) -> list[StoredMask]:
    """The masks of a stored result, in their order."""
    found = []
    for index, one in enumerate(figures):
        known = {name: value for name, value in one.items() if name not in {"at", "size"}}
        found.append(StoredMask(index=index, packed=data[one["at"] : one["at"] + one["size"]], **known))
    return found
