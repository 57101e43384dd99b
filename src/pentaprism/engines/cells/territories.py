"""Splits the foreground of a plane of any size into territories, each with one object.

Planes up to 2,048 px a side are split in one piece. In larger ones every connected part is split where it lies: parts that fit a tile
together with their neighbours at full size (the result does not depend on the tiles), larger ones with deep objects on a reduced copy,
and larger ones with shallow objects (a carpet of cells) in overlapping tiles, where an object belongs to the tile that holds its centre.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells.parameters import Labels, Mask, Report
from pentaprism.engines.cells.regions import extend
from pentaprism.engines.cells.tiling import TILE_SIDE, tiles_of

PART_SIDE = 1024
REDUCED_SIDE = 1536
SHALLOW = 96.0
OVERLAP = 256

Window = tuple[slice, slice]
Splitter = Callable[[Window, Mask, int], Labels]
"""(window of the plane, mask of the window at 1/step, step) to labels of the window at 1/step."""


def territories_of(mask: Mask, split: Splitter, report: Report) -> Labels:
    """[H, W] int32 labels of ``mask``; ``report`` gets 0..1 and may raise."""
    if max(mask.shape) <= TILE_SIDE:
        whole = (slice(0, mask.shape[0]), slice(0, mask.shape[1]))
        return split(whole, mask, 1)
    count, found, table, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    parts, stats = np.asarray(found, np.int32), np.asarray(table, np.int32)
    small = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) <= PART_SIDE
    small[0] = False
    result = np.zeros(mask.shape, np.int32)
    used = _split_small(parts, stats, small, split, result, report)
    large = [i for i in range(1, count) if not small[i]]
    for number, part in enumerate(large):
        report(0.6 + 0.4 * number / len(large))
        used = _split_large(parts, stats[part], part, split, result, used, report)
    report(1.0)
    return result


def _window(left: int, top: int, right: int, bottom: int) -> Window:
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _split_small(parts: Labels, stats: Labels, small: npt.NDArray[np.bool_], split: Splitter, result: Labels, report: Report) -> int:
    """Parts are gathered by the grid cell that holds the corner of their box, so each is split whole and once."""
    cells: dict[tuple[int, int], list[int]] = {}
    for part in np.flatnonzero(small):
        left, top = stats[part, 0], stats[part, 1]
        cells.setdefault((int(top) // PART_SIDE, int(left) // PART_SIDE), []).append(int(part))
    used = 0
    for number, cell in enumerate(sorted(cells)):
        report(0.6 * number / len(cells))
        members = np.asarray(cells[cell])
        left, top, wide, high = (stats[members, i] for i in range(4))
        window = _window(max(left.min() - 1, 0), max(top.min() - 1, 0), (left + wide).max() + 1, (top + high).max() + 1)
        chosen = np.zeros(int(stats.shape[0]), bool)
        chosen[members] = True
        inside = chosen[parts[window]]
        labels = split(window, inside, 1)
        result[window][inside] = labels[inside] + used
        used += int(labels.max())
    return used


def _split_large(parts: Labels, box: npt.NDArray[np.int32], part: int, split: Splitter, result: Labels, used: int, report: Report) -> int:
    left, top, wide, high = (int(v) for v in box[:4])
    window = _window(max(left - 1, 0), max(top - 1, 0), left + wide + 1, top + high + 1)
    inside = parts[window] == part
    step = max(1, -(-max(inside.shape) // REDUCED_SIDE))
    reduced = cv2.resize(inside.astype(np.uint8), None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA) > 0
    depth = float(cv2.distanceTransform(np.pad(reduced, 1).astype(np.uint8), cv2.DIST_L2, 3).max()) * step
    if depth > SHALLOW or step == 1:
        coarse = split(window, reduced, step)
        labels = cv2.resize(coarse.astype(np.float32), inside.shape[::-1], interpolation=cv2.INTER_NEAREST).astype(np.int32)
    else:
        labels = _split_carpet(inside, window, split, report)
    labels = extend(labels, inside)
    result[window][inside] = labels[inside] + used
    return used + int(labels.max())


def _split_carpet(inside: Mask, window: Window, split: Splitter, report: Report) -> Labels:
    labels = np.zeros(inside.shape, np.int32)
    used = 0
    for tile in tiles_of((inside.shape[0], inside.shape[1]), TILE_SIDE, OVERLAP):
        report(0.8)
        rows, columns = tile.read
        at = (
            slice(window[0].start + rows.start, window[0].start + rows.stop),
            slice(window[1].start + columns.start, window[1].start + columns.stop),
        )
        local = split(at, inside[tile.read], 1)
        owned = np.zeros(int(local.max()) + 1, np.int32)
        y, x = np.nonzero(local)
        label = local[y, x]
        size = np.maximum(np.bincount(label, minlength=owned.size), 1)
        centre_y = np.bincount(label, y, owned.size) / size
        centre_x = np.bincount(label, x, owned.size) / size
        crop = tile.crop
        home = (centre_y >= crop[0].start) & (centre_y < crop[0].stop) & (centre_x >= crop[1].start) & (centre_x < crop[1].stop)
        home[0] = False
        owned[home] = used + np.arange(1, int(home.sum()) + 1)
        used += int(home.sum())
        target = labels[tile.read]
        free = (target == 0) & (owned[local] > 0)
        target[free] = owned[local][free]
    return labels
