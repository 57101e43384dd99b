"""A field is what a model says about every pixel of a plane, and how its foreground falls into objects."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells import classical, instances, probing
from pentaprism.engines.cells.counting import areas_of, sums_of
from pentaprism.engines.cells.networks import Network
from pentaprism.engines.cells.parameters import ConfidenceMethod, Labels, Mask, Picture, Plane, Polarity, Report
from pentaprism.engines.cells.scaling import Scale, part_of, resize, shrink
from pentaprism.engines.cells.territories import Window
from pentaprism.engines.cells.tiling import TILE_SIDE, tiles_of

Map = npt.NDArray[np.float32] | npt.NDArray[np.uint8]

CLASSICAL_VERSION = "1.0.0"
NETWORK_SIDE = 1024
NETWORK_OVERLAP = 96
WHOLE_PIXELS = 1.6e6


@dataclass
class Field:
    """``level`` [H, W] is 0..1 (float32) or 0..255 (uint8, large planes); ``depth`` likewise or None when geometry alone splits."""

    level: Map
    depth: Map | None
    split_ratio: float
    model: str
    version: str
    sha256: str | None
    polarity: str
    scale: float
    confidence_method: ConfidenceMethod
    blur: float = 0.0
    peak_margin: float = 0.0
    warnings: list[str] = field(default_factory=list)

    def above(self, threshold: float) -> Mask:
        """Pixels at or above the threshold, without connected parts whose highest level is not ``peak_margin`` above it.

        A part at a higher threshold lies inside one at a lower threshold and asks for a higher peak, so raising the threshold never adds.
        """
        top = 255.0 if self.level.dtype == np.uint8 else 1.0
        mask = np.asarray(self.level >= threshold * top)
        if self.peak_margin <= 0.0:
            return mask
        count, found = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
        parts = np.asarray(found, np.int32)
        keep = np.zeros(count, bool)
        keep[parts[self.level >= min(threshold + self.peak_margin, 0.95) * top]] = True
        keep[0] = False
        return keep[parts]

    def split(self, window: Window, mask: Mask, step: int) -> Labels:
        """Objects of a window of the plane, on a copy reduced ``step`` times."""
        if self.depth is None:
            return instances.split_by_neck(mask, self.blur / step)
        depth = _unit(self.depth[window])
        if step > 1:
            depth = resize(depth, (mask.shape[0], mask.shape[1]))
        return instances.split_by_depth(mask, depth, self.split_ratio)

    def means(self, labels: Labels, count: int) -> list[float]:
        """Mean level of every object's pixels, 0..1."""
        total = sums_of(labels, self.level, count)[1:]
        size = np.maximum(areas_of(labels, count)[1:], 1)
        top = 255.0 if self.level.dtype == np.uint8 else 1.0
        return [float(v) for v in np.clip(total / size / top, 0.0, 1.0)]

    def outline_map(self, threshold: float, labels: Labels) -> Map:
        """The level map bent so that ``threshold`` lies at one half; closed holes become 1, dropped pixels 0."""
        if self.level.dtype == np.uint8:
            table = np.round(255 * _bend(np.arange(256, dtype=np.float32) / np.float32(255), threshold)).astype(np.uint8)
            bent: Map = table[self.level]
            np.putmask(bent, (labels > 0) & (bent < 128), 255)
            np.putmask(bent, (labels == 0) & (bent >= 128), 0)
            return bent
        bent = _bend(np.asarray(self.level, np.float32), threshold)
        np.putmask(bent, (labels > 0) & (bent < 0.5), 1.0)
        np.putmask(bent, (labels == 0) & (bent >= 0.5), 0.0)
        return bent


def _bend(level: Picture, threshold: float) -> Picture:
    if threshold == 0.5:
        return level.copy()
    upper = 0.5 + 0.5 * (level - threshold) / (1.0 - threshold)
    return np.where(level < threshold, 0.5 * level / threshold, upper).astype(np.float32)


def _unit(values: Map) -> Picture:
    return values.astype(np.float32) * np.float32(1 / 255) if values.dtype == np.uint8 else np.asarray(values, np.float32)


def _store(shape: tuple[int, int]) -> Map:
    return np.zeros(shape, np.uint8) if max(shape) > TILE_SIDE else np.zeros(shape, np.float32)


def _put(target: Map, where: Window, values: Picture) -> None:
    target[where] = np.round(values * 255).astype(np.uint8) if target.dtype == np.uint8 else values


def classical_field(plane: Plane, scale: Scale, plan: classical.Plan, factor: float, report: Report) -> Field:
    """The classical map of a plane, tile by tile."""
    shape = (plane.shape[0], plane.shape[1])
    level = _store(shape)
    tiles = list(tiles_of(shape, TILE_SIDE, 128))
    for number, tile in enumerate(tiles):
        report(0.06 + 0.64 * number / len(tiles))
        values = classical.apply(plan, scale.apply(plane[tile.read]), (tile.outer[0], tile.outer[2]), shape, factor)
        _put(level, tile.write, values[tile.crop])
    polarity = "dark" if plan.kind == "dark" else "bright" if plan.kind == "bright" else "auto"
    warnings = [] if plan.score > 0 else ["no structure stands out from the background"]
    if plan.score <= 0:
        level[:] = 0
    return Field(level, None, 0.0, "classical", CLASSICAL_VERSION, None, polarity, 1.0, "threshold_stability", plan.blur, 0.0, warnings)


def network_field(network: Network, plane: Plane, scale: Scale, small: Picture, factor: float, polarity: Polarity, report: Report) -> Field:
    """A network's maps of a plane, at the scale at which its objects have the size that the network was trained on."""
    shape = (plane.shape[0], plane.shape[1])
    setting = probing.setting_of(network, plane, scale, small, factor, polarity, report)
    level, depth = _store(shape), _store(shape)
    if setting.zoom < 1.0 and setting.zoom**2 * plane.size <= WHOLE_PIXELS:
        report(0.15)
        _at_once(network, plane, scale, setting, level, depth, report)
    else:
        _by_tiles(network, plane, scale, setting, level, depth, report)
    if polarity != "auto" and not setting.by_input:
        probing.keep_polarity(level, small, polarity)
    card = network.card
    return Field(
        level, depth, card.split_ratio, card.name, card.version, card.sha256, setting.polarity, setting.zoom, "mean_probability",
        peak_margin=card.peak_margin,
    )  # fmt: skip


def _at_once(network: Network, plane: Plane, scale: Scale, setting: probing.Setting, level: Map, depth: Map, report: Report) -> None:
    """A reduced copy of the whole plane goes through the network; its maps are enlarged band by band."""
    shape = (plane.shape[0], plane.shape[1])
    reduced, _ = shrink(plane, scale, max(8, round(setting.zoom * max(shape))))
    foreground, depths = probing.maps_of(network, reduced, setting)
    report(0.5)
    for top in range(0, shape[0], NETWORK_SIDE):
        band = (min(NETWORK_SIDE, shape[0] - top), shape[1])
        for target, values in ((level, foreground), (depth, depths)):
            _put(target, (slice(top, top + band[0]), slice(0, shape[1])), part_of(values, (top, 0), band, shape, cubic=True))
        report(0.5 + 0.2 * top / shape[0])


def _by_tiles(network: Network, plane: Plane, scale: Scale, setting: probing.Setting, level: Map, depth: Map, report: Report) -> None:
    shape = (plane.shape[0], plane.shape[1])
    # Tiles are cut so that a tile at the network's scale is about NETWORK_SIDE pixels a side.
    side = max(256, int(NETWORK_SIDE / setting.zoom))
    overlap = max(32, int(NETWORK_OVERLAP / setting.zoom))
    tiles = list(tiles_of(shape, side, min(overlap, side // 4)))
    for number, tile in enumerate(tiles):
        report(0.15 + 0.55 * number / len(tiles))
        foreground, depths = probing.look(network, scale.apply(plane[tile.read]), setting)
        _put(level, tile.write, foreground[tile.crop])
        _put(depth, tile.write, depths[tile.crop])
