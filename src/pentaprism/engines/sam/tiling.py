"""Automatic masks of pictures larger than an engine should see at once: overlapping tiles, each searched on its own."""

from __future__ import annotations

from dataclasses import replace

from pentaprism.engines.sam.crops import Crop
from pentaprism.engines.sam.engine import Check, PromptEngine, Report, Rgb, silent, unchecked
from pentaprism.engines.sam.masks import Mask, iou, ordered
from pentaprism.engines.sam.parameters import AutoParameters, AutoResult

TILE = 2048
OVERLAP = 256
MOST_ALIKE = 0.7


def tiles_of(height: int, width: int, tile: int = TILE, overlap: int = OVERLAP) -> list[Crop]:
    """Tiles of at most ``tile`` px a side that overlap by at least ``overlap`` px and cover the picture evenly."""
    rows, columns = (_starts(length, tile, overlap) for length in (height, width))
    return [Crop(left, top, min(left + tile, width), min(top + tile, height), 1) for top in rows for left in columns]


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
    tile: int = TILE,
    overlap: int = OVERLAP,
) -> AutoResult:
    """All objects that fit into a tile. Masks that end at the cut of a tile are left to the neighbour that holds them whole."""
    height, width = rgb.shape[:2]
    tiles = tiles_of(height, width, tile, overlap)
    found: list[Mask] = []
    truncated = False
    for number, part in enumerate(tiles):

        def inside(share: float, number: int = number) -> None:
            report((number + share) / len(tiles))

        result = engine.automatic(rgb[part.y1 : part.y2, part.x1 : part.x2], parameters, inside, check)
        truncated = truncated or result.truncated
        found += [mask for mask in (_moved(mask, part) for mask in result.masks) if not _is_cut(mask, part, width, height)]
    masks = _distinct(found)
    return AutoResult(masks[: parameters.max_masks], truncated or len(masks) > parameters.max_masks, 1.0, len(masks))


def _moved(mask: Mask, part: Crop) -> Mask:
    point = None if mask.point is None else (mask.point[0] + part.x1, mask.point[1] + part.y1)
    x, y, width, height = mask.crop_box
    return replace(mask, left=mask.left + part.x1, top=mask.top + part.y1, point=point, crop_box=(x + part.x1, y + part.y1, width, height))


def _is_cut(mask: Mask, part: Crop, width: int, height: int) -> bool:
    right, bottom = mask.left + mask.width, mask.top + mask.height
    sides = ((mask.left, part.x1, 0), (mask.top, part.y1, 0), (right, part.x2, width), (bottom, part.y2, height))
    return any(end == cut and cut != real for end, cut, real in sides)


def _distinct(masks: list[Mask]) -> list[Mask]:
    kept: list[Mask] = []
    for mask in ordered(masks):
        if all(iou(mask, other) <= MOST_ALIKE for other in kept):
            kept.append(mask)
    return kept
