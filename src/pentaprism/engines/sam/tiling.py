"""Automatic masks of pictures larger than an engine should see at once: overlapping tiles, and the whole picture made smaller."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from pentaprism.engines.sam.crops import Crop
from pentaprism.engines.sam.engine import Check, PromptEngine, Report, Rgb, silent, unchecked
from pentaprism.engines.sam.masks import Mask, iou, ordered
from pentaprism.engines.sam.parameters import AutoParameters, AutoResult

TILE = 2048
OVERLAP = 256
MOST_ALIKE = 0.7
HALF = 127


def tiles_of(height: int, width: int, tile: int = TILE, overlap: int = OVERLAP) -> list[Crop]:
    """Tiles of at most ``tile`` px a side that overlap by at least ``overlap`` px and cover the picture evenly."""
    rows, columns = (_starts(length, tile, overlap) for length in (height, width))
    return [Crop(left, top, min(left + tile, width), min(top + tile, height), 1) for top in rows for left in columns]


def runs_of(height: int, width: int, tile: int = TILE, overlap: int = OVERLAP) -> int:
    """How many automatic runs a picture takes: one for each tile and one for the whole, or a single one where a tile holds it."""
    count = len(tiles_of(height, width, tile, overlap))
    return count + 1 if count > 1 else 1


def _starts(length: int, tile: int, overlap: int) -> list[int]:
    if length <= tile:
        return [0]
    count = -(-(length - overlap) // (tile - overlap))
    return [round(index * (length - tile) / (count - 1)) for index in range(count)]


def automatic_in_tiles(
    engine: PromptEngine,
    rgb: Rgb,
    parameters: AutoParameters,
    report: Report = silent,
    check: Check = unchecked,
    deadline: float | None = None,
    tile: int = TILE,
    overlap: int = OVERLAP,
) -> AutoResult:
    """All objects of a picture: those that fit into the overlap of two tiles, and any that a tile holds whole, at full detail.

    Larger ones come from the whole picture at the size of a tile, their outlines accordingly coarse. Masks that end at the cut of a
    tile are left out. Until the ``deadline`` every tile has an equal share of the time that is left.
    """
    height, width = rgb.shape[:2]
    tiles = tiles_of(height, width, tile, overlap)
    if len(tiles) == 1:
        return engine.automatic(rgb, parameters, report, check, deadline)
    runs = len(tiles) + 1
    found: list[Mask] = []
    shares, truncated = 0.0, False
    for number, part in enumerate((None, *tiles)):

        def inside(share: float, number: int = number) -> None:
            report((number + share) / runs)

        limit = None if deadline is None else _share_of(deadline, runs - number)
        if part is None:
            result = _whole(engine, rgb, parameters, tile, inside, check, limit)
            large = [mask for mask in _enlarged(result.masks, height, width, tile) if max(mask.width, mask.height) > overlap]
        else:
            result = engine.automatic(rgb[part.y1 : part.y2, part.x1 : part.x2], parameters, inside, check, limit)
            found += [mask for mask in (_moved(mask, part) for mask in result.masks) if not _is_cut(mask, part, width, height)]
        truncated = truncated or result.truncated
        shares += result.share
    masks = ordered(_distinct([*ordered(found), *large], check))
    kept = masks[: parameters.max_masks]
    return AutoResult(kept, truncated or len(kept) < len(masks), shares / runs, len(masks))


def _share_of(deadline: float, runs: int) -> float:
    """The end of the next of ``runs`` runs."""
    moment = time.monotonic()
    return moment + max(0.0, deadline - moment) / runs


def _whole(
    engine: PromptEngine, rgb: Rgb, parameters: AutoParameters, tile: int, report: Report, check: Check, deadline: float | None
) -> AutoResult:
    """The whole picture at the size of a tile."""
    height, width = rgb.shape[:2]
    scale = tile / max(height, width)
    small = cv2.resize(rgb, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    least = round(parameters.min_mask_region_area * scale * scale)
    return engine.automatic(np.asarray(small, np.uint8), replace(parameters, min_mask_region_area=least), report, check, deadline)


def _enlarged(masks: Sequence[Mask], height: int, width: int, tile: int) -> list[Mask]:
    """Masks of the picture at the size of a tile as masks of the picture."""
    scale = tile / max(height, width)
    across, down = width / max(1, round(width * scale)), height / max(1, round(height * scale))
    large = []
    for mask in masks:
        left, right = (round(x * across) for x in (mask.left, mask.left + mask.width))
        top, bottom = (round(y * down) for y in (mask.top, mask.top + mask.height))
        pixels = cv2.resize(mask.region.view(np.uint8) * np.uint8(255), (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        point = None if mask.point is None else (mask.point[0] * across, mask.point[1] * down)
        found = Mask.of(
            np.asarray(pixels) > HALF, left=left, top=top, predicted_iou=mask.predicted_iou, stability_score=mask.stability_score,
            crop_box=(0, 0, width, height), point=point,
        )  # fmt: skip
        large += [found] if found is not None else []
    return large


def _moved(mask: Mask, part: Crop) -> Mask:
    point = None if mask.point is None else (mask.point[0] + part.x1, mask.point[1] + part.y1)
    x, y, width, height = mask.crop_box
    return replace(mask, left=mask.left + part.x1, top=mask.top + part.y1, point=point, crop_box=(x + part.x1, y + part.y1, width, height))


def _is_cut(mask: Mask, part: Crop, width: int, height: int) -> bool:
    right, bottom = mask.left + mask.width, mask.top + mask.height
    sides = ((mask.left, part.x1, 0), (mask.top, part.y1, 0), (right, part.x2, width), (bottom, part.y2, height))
    return any(end == cut and cut != real for end, cut, real in sides)


def _distinct(masks: Sequence[Mask], check: Check) -> list[Mask]:
    """``masks`` without those that are much like an earlier one."""
    kept: list[tuple[Mask, int]] = []
    for mask in masks:
        check()
        area = mask.area
        # Areas this different leave no room for that much overlap, and areas are cheap.
        if all(min(area, other) <= MOST_ALIKE * max(area, other) or iou(mask, kin) <= MOST_ALIKE for kin, other in kept):
            kept.append((mask, area))
    return [mask for mask, _ in kept]
