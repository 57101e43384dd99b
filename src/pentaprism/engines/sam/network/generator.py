"""All objects of a picture from a grid of points.

Same results as the published automatic mask generator (Kirillov et al., Segment Anything, 2023) at default settings of everything that
AutoParameters does not name: masks of three sizes a point, box suppression at 0.7, crops overlapping by 512/1500. Masks are drawn for
the points that can pass, in the window that they can reach, and kept packed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.cleaning import cleaned
from pentaprism.engines.sam.crops import Crop, coarse_to_fine, crops_of, grid
from pentaprism.engines.sam.embedding import Embedding
from pentaprism.engines.sam.engine import Check, Report, Rgb
from pentaprism.engines.sam.masks import Mask, ordered
from pentaprism.engines.sam.network.picture import Enlarger, Floats, Frame
from pentaprism.engines.sam.network.sessions import Sessions
from pentaprism.engines.sam.parameters import SMALLEST_SIDE, AutoParameters, AutoResult
from pentaprism.engines.sam.suppression import suppress

BATCH = 16
OFFSET = 1.0
MOST_OVERLAP = 0.7
EDGE_DISTANCE = 20
# At the network's own size the stability may be this much lower than at that of the picture; of fewer pixels it says too little.
SLACK = 0.04
LEAST_SURE = 400
MOST_WAITING_BYTES = 256 << 20


@dataclass
class _Found:
    """Masks of one crop; suppressed early where they would take too much memory."""

    masks: list[Mask] = field(default_factory=list)
    size: int = 0

    def add(self, mask: Mask) -> None:
        self.masks.append(mask)
        self.size += len(mask.packed)
        if self.size > MOST_WAITING_BYTES:
            before, self.masks = self.size, self.distinct()
            self.size = max(sum(len(each.packed) for each in self.masks), before // 2)

    def distinct(self) -> list[Mask]:
        return [self.masks[index] for index in suppress(boxes_of(self.masks), [mask.predicted_iou for mask in self.masks], MOST_OVERLAP)]


def boxes_of(masks: list[Mask]) -> npt.NDArray[np.float64]:
    """[n, 4] first and last column and row, as the published code measures boxes."""
    corners = [(mask.left, mask.top, mask.left + mask.width - 1, mask.top + mask.height - 1) for mask in masks]
    return np.array(corners, np.float64).reshape(-1, 4)


class Generator:
    """One run."""

    def __init__(
        self, sessions: Sessions, side: int, parameters: AutoParameters, report: Report, check: Check, deadline: float | None
    ) -> None:
        self._sessions, self._side, self._parameters = sessions, side, parameters
        self._report, self._check, self._deadline = report, check, deadline
        self._done, self._points = 0, parameters.points()

    def run(self, rgb: Rgb, embedding: Embedding | None) -> AutoResult:
        """All masks of a picture."""
        height, width = rgb.shape[:2]
        if min(height, width) < SMALLEST_SIDE:
            self._report(1.0)
            return AutoResult([], False, 1.0, 0)
        crops = crops_of(height, width, self._parameters.crop_n_layers)
        found: list[tuple[Mask, float]] = []
        for crop in crops:
            if self._late():
                break
            tokens = embedding.arrays["tokens"] if embedding is not None and crop.layer == 0 else None
            found += [(mask, 1 / crop.area) for mask in self._crop(rgb, crop, tokens)]
        masks = [mask for mask, _ in found]
        if len(crops) > 1:
            masks = [masks[index] for index in suppress(boxes_of(masks), [score for _, score in found], MOST_OVERLAP)]
        masks = ordered(self._clean(masks, height, width))
        kept = masks[: self._parameters.max_masks]
        self._report(1.0)
        return AutoResult(kept, self._done < self._points or len(kept) < len(masks), self._done / self._points, len(masks))

    def _late(self) -> bool:
        self._check()
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _crop(self, rgb: Rgb, crop: Crop, tokens: Floats | None) -> list[Mask]:
        part = rgb[crop.y1 : crop.y2, crop.x1 : crop.x2]
        frame = Frame(part.shape[0], part.shape[1], self._side)
        if tokens is None:
            tokens = self._sessions.encode(frame.prepare(part))
        side = self._parameters.sides()[crop.layer]
        points = (grid(side) * np.array([frame.width, frame.height]))[coarse_to_fine(side)]
        enlarger, found = Enlarger(frame), _Found()
        for start in range(0, len(points), BATCH):
            if self._late():
                break
            batch = points[start : start + BATCH]
            for mask in self._batch(batch, tokens, enlarger, crop):
                if not _is_cut(mask, crop, rgb.shape[1], rgb.shape[0]):
                    found.add(mask)
            self._done += len(batch)
            self._report(0.95 * self._done / self._points)
        return found.distinct()

    def _batch(self, points: npt.NDArray[np.float64], tokens: Floats, enlarger: Enlarger, crop: Crop) -> list[Mask]:
        """The masks of some points that pass both thresholds."""
        asked = np.zeros((len(points), 2, 2), np.float32)
        asked[:, 0] = enlarger.frame.points(points)
        labels = np.tile(np.array([1, -1], np.int64), (len(points), 1))
        iou, weights, keys = self._sessions.ask(tokens, asked, labels)
        least = self._parameters.pred_iou_thresh
        passing = iou[:, 1:] > least if least > 0 else np.ones(iou[:, 1:].shape, np.bool_)
        rows = np.flatnonzero(passing.any(axis=1))
        if not len(rows):
            return []
        logits = self._sessions.draw(np.ascontiguousarray(keys[rows]), np.ascontiguousarray(weights[rows, 1:]))
        del keys
        found = []
        for index, row in enumerate(rows.tolist()):
            for size in np.flatnonzero(passing[row]).tolist():
                mask = self._mask(logits[index, size], float(iou[row, 1 + size]), enlarger, crop, points[row])
                if mask is not None:
                    found.append(mask)
        return found

    def _mask(self, logits: Floats, iou: float, enlarger: Enlarger, crop: Crop, point: npt.NDArray[np.float64]) -> Mask | None:
        least = self._parameters.stability_score_thresh
        if least > 0 and _hopeless(logits, enlarger.frame, least):
            return None
        drawn = enlarger.mask(logits, OFFSET)
        if drawn is None or (least > 0 and drawn[3] < least):
            return None
        pixels, left, top, stability = drawn
        return Mask.of(
            pixels, left=crop.x1 + left, top=crop.y1 + top, predicted_iou=iou, stability_score=stability, crop_box=crop.box,
            point=(float(point[0]) + crop.x1, float(point[1]) + crop.y1),
        )  # fmt: skip

    def _clean(self, masks: list[Mask], height: int, width: int) -> list[Mask]:
        """Without small holes and islands; of masks that have become alike those stay that did not change."""
        least = self._parameters.min_mask_region_area
        if not least:
            return masks
        pairs = []
        for mask in masks:
            self._check()
            pairs.append(cleaned(mask, height, width, least))
        found = [mask for mask, _ in pairs]
        return [found[index] for index in suppress(boxes_of(found), [0.0 if changed else 1.0 for _, changed in pairs], MOST_OVERLAP)]


def _hopeless(logits: Floats, frame: Frame, least: float) -> bool:
    """Whether a mask is far from stable already at the network's size."""
    height, width = (-(-side // 4) for side in frame.inner)
    inner = logits[:height, :width]
    wide = np.count_nonzero(inner > -OFFSET)
    return bool(wide == 0 or (wide >= LEAST_SURE and np.count_nonzero(inner > OFFSET) < (least - SLACK) * wide))


def _is_cut(mask: Mask, crop: Crop, width: int, height: int) -> bool:
    """Whether a mask ends near a side of its crop that is no side of the picture."""
    box = boxes_of([mask])[0]
    near_crop = np.abs(box - np.array([crop.x1, crop.y1, crop.x2, crop.y2])) <= EDGE_DISTANCE
    near_picture = np.abs(box - np.array([0, 0, width, height])) <= EDGE_DISTANCE
    return bool((near_crop & ~near_picture).any())
