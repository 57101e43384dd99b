"""Running a network at the right scale and polarity, both chosen from the picture."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells.networks import Network
from pentaprism.engines.cells.parameters import Picture, Plane, Polarity, Report
from pentaprism.engines.cells.scaling import Scale, resize

PROBE_SIDE = 512
LARGEST_ZOOM = 4.0
SMALLEST_ZOOM = 0.04
PIXEL_BUDGET = 1.6e6
# Nuclei that would stay below this share of the size that the network knows are worth more pixels.
LEAST_SHARE = 0.8
DETAIL_BUDGET = 6.4e6
WHOLE_SIDE = 256
SMALL_SHARE = 0.2
BRIGHT_GROUND = 0.4


@dataclass(frozen=True)
class Setting:
    """``zoom`` is the network's pixels per plane pixel; ``invert`` hands the network 1 - picture.

    ``by_input`` tells that the polarity is settled by that; else wrong objects are taken out afterwards.
    """

    zoom: float
    invert: bool
    polarity: str
    by_input: bool = False


def look(network: Network, picture: Picture, setting: Setting) -> tuple[Picture, Picture]:
    """(foreground, depth) of a part of the plane, at the plane's size."""
    height, width = picture.shape
    shape = (max(8, round(height * setting.zoom)), max(8, round(width * setting.zoom)))
    foreground, depth = maps_of(network, resize(picture, shape), setting)
    return _enlarge(foreground, (height, width)), _enlarge(depth, (height, width))


def maps_of(network: Network, seen: Picture, setting: Setting) -> tuple[Picture, Picture]:
    """(foreground, depth) of a picture at the network's own scale; depth is lowered where objects touch."""
    foreground, contact, depth = network.run(1.0 - seen if setting.invert else seen)
    return np.ascontiguousarray(foreground), depth * (1.0 - 0.5 * contact)


def _enlarge(values: Picture, shape: tuple[int, int]) -> Picture:
    if values.shape[0] < shape[0]:
        return np.clip(cv2.resize(values, shape[::-1], interpolation=cv2.INTER_CUBIC), 0.0, 1.0).astype(np.float32)
    return resize(np.ascontiguousarray(values), shape)


def setting_of(
    network: Network, plane: Plane, scale: Scale, small: Picture, factor: float, polarity: Polarity, report: Report
) -> Setting:  # fmt: skip
    """Zoom and polarity for a plane, from a few trial runs on a part of it."""
    if network.card.name == "nuclei":
        return _nuclei_setting(network, plane, scale, small, polarity, report)
    return _spheroid_setting(network, plane, small, factor, polarity, report)


def keep_polarity(level: npt.NDArray[np.float32] | npt.NDArray[np.uint8], small: Picture, polarity: Polarity) -> None:
    """Clears the parts of a level map (in place) that are not darker, or not brighter, than what surrounds them."""
    top = 255.0 if level.dtype == np.uint8 else 1.0
    reduced = np.asarray(cv2.resize(level, small.shape[::-1], interpolation=cv2.INTER_AREA), np.float32) / np.float32(top)
    count, found = cv2.connectedComponents((reduced > 0.25).astype(np.uint8), connectivity=4)
    parts = np.asarray(found, np.int32)
    near = np.asarray(cv2.dilate(parts.astype(np.float32), np.ones((13, 13), np.uint8)), np.int32)
    around = np.where(parts == 0, near, 0).ravel()
    flat = parts.ravel()
    inside = np.bincount(flat, small.ravel(), count) / np.maximum(np.bincount(flat, minlength=count), 1)
    outside = np.bincount(around, small.ravel(), count) / np.maximum(np.bincount(around, minlength=count), 1)
    wrong = inside >= outside if polarity == "dark" else inside <= outside
    wrong[0] = False
    shape = (level.shape[1], level.shape[0])
    clear = cv2.resize(wrong[near].astype(np.uint8), shape, interpolation=cv2.INTER_NEAREST) > 0
    level[np.asarray(clear)] = 0


def ground_of(small: Picture) -> float:
    """The most frequent level of a smoothed picture, 0..1."""
    counts, edges = np.histogram(cv2.GaussianBlur(small, (0, 0), 2.0), bins=64, range=(0.0, 1.0))
    return float(edges[int(np.argmax(np.convolve(counts, np.ones(5), "same")))] + 0.5 / 64)


def liveliest(small: Picture, shape: tuple[int, int]) -> tuple[int, int]:
    """(top, left) of the window of PROBE_SIDE in which the picture varies most."""
    factor = small.shape[0] / shape[0]
    window = (max(1, round(PROBE_SIDE * factor)), max(1, round(PROBE_SIDE * factor)))
    if window[0] >= small.shape[0] and window[1] >= small.shape[1]:
        return 0, 0
    kind = cv2.BORDER_REFLECT_101
    mean, square = cv2.blur(small, window, borderType=kind), cv2.blur(small * small, window, borderType=kind)
    y, x = np.unravel_index(int(np.argmax(square - mean * mean)), small.shape)
    top, left = int(y / factor) - PROBE_SIDE // 2, int(x / factor) - PROBE_SIDE // 2
    return int(np.clip(top, 0, max(0, shape[0] - PROBE_SIDE))), int(np.clip(left, 0, max(0, shape[1] - PROBE_SIDE)))


def typical_diameter(foreground: Picture, depth: Picture) -> float:
    """Median diameter in pixels of the objects of a trial run: every core of the depth map stands for one; 0 without objects."""
    cores = ((depth > 0.5) & (foreground > 0.5)).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=4)
    areas = stats[1:, cv2.CC_STAT_AREA]
    areas = areas[areas >= 4]
    if count <= 1 or areas.size == 0:
        return 0.0
    # Where the relative depth is above one half, a disk keeps a quarter of its area.
    return float(4.0 * np.sqrt(np.median(areas) / np.pi))


def _nuclei_setting(network: Network, plane: Plane, scale: Scale, small: Picture, polarity: Polarity, report: Report) -> Setting:
    top, left = liveliest(small, (plane.shape[0], plane.shape[1]))
    part = scale.apply(plane[top : top + PROBE_SIDE, left : left + PROBE_SIDE])
    largest = min(LARGEST_ZOOM, max(1.1, float(np.sqrt(PIXEL_BUDGET / plane.size))))
    closest = min(LARGEST_ZOOM, max(largest, float(np.sqrt(DETAIL_BUDGET / plane.size))))
    start = min(largest, 2.0 if part.size < 100_000 else 1.0)
    dark = polarity == "dark" or (polarity == "auto" and ground_of(small) > BRIGHT_GROUND and _is_dark(network, part, start))
    word = "dark" if dark else "bright"

    def measured(zoom: float) -> float:
        report(0.1)
        return typical_diameter(*look(network, part, Setting(zoom, dark, word)))

    # Where nothing is seen the objects are too small for the network, or too large, or there are none.
    trials = (start, min(closest, 2.5 * start), 0.5 * start, 0.25 * start)
    zoom, diameter = next(((trial, found) for trial in trials if (found := measured(trial))), (trials[-1], 0.0))
    for last in (False, True) if diameter else ():
        full = network.card.object_diameter / diameter
        wanted = float(np.clip(full, SMALLEST_ZOOM, min(closest, max(largest, LEAST_SHARE * full))))
        if abs(np.log(wanted / zoom)) < np.log(1.25):
            break
        zoom = wanted
        if not last:
            diameter = measured(zoom) or diameter
    return Setting(zoom, dark, word, by_input=True)


def _is_dark(network: Network, part: Picture, zoom: float) -> bool:
    """Whether the objects are darker than the ground. Seen the wrong way round the gaps between objects pass for objects, but
    are shallow: the depth that a tenth of their pixels exceeds is the lower one (right for all of 136 open pictures, half of them turned
    over, where the mean is right for 126)."""
    depths = []
    for invert in (False, True):
        foreground, depth = look(network, part, Setting(zoom, invert, ""))
        inside = foreground > 0.5
        depths.append(float(np.percentile(depth[inside], 90)) if inside.any() else 0.0)
    return depths[1] > depths[0]


def _spheroid_setting(
    network: Network, plane: Plane, small: Picture, factor: float, polarity: Polarity, report: Report
) -> Setting:  # fmt: skip
    """The whole picture at 256 px; a picture of many small objects is looked at closer."""
    zoom = WHOLE_SIDE / max(plane.shape)
    report(0.1)
    view = resize(small, (max(8, round(plane.shape[0] * zoom)), max(8, round(plane.shape[1] * zoom)))) if zoom < factor else None
    if view is not None and plane.size > 4096:
        foreground, _, depth = network.run(view)
        diameter = typical_diameter(foreground, depth)
        if 0.0 < diameter < SMALL_SHARE * network.card.object_diameter:
            zoom = float(
                np.clip(zoom * network.card.object_diameter / diameter, zoom, max(zoom, min(1.0, np.sqrt(PIXEL_BUDGET / plane.size))))
            )
    return Setting(min(zoom, LARGEST_ZOOM), False, polarity)
