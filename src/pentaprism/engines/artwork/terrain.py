"""Land: a height map with colours and light, made once per scene, that every picture of the scene looks at."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import fbm, ridged, smoothstep

Floats = npt.NDArray[np.float32]

SIDE = 768
REACH = 9.0
"""The world runs from -REACH/2 to REACH/2 across and from 0 to REACH into the depth, in scene units."""


@dataclass(frozen=True, slots=True)
class World:
    """``heights`` [SIDE, SIDE] above the water, ``colours`` [SIDE, SIDE, 3] already lit, the height of the ``eye``, and whether there is
    water."""

    heights: Floats
    colours: Floats
    eye: float
    water: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """How a kind of land looks: its colours from low to high, steep rock, snow above a height, and the eye over it."""

    low: str
    high: str
    rock: str
    eye: float = 0.24
    snow_from: float = 9.0
    grain: float = 0.12
    water: bool = False


Shape = Callable[[Floats, Floats, int], Floats]


def _axes() -> tuple[Floats, Floats]:
    places = np.asarray(np.arange(SIDE) * (REACH / SIDE), np.float32)
    return places - np.float32(REACH / 2), places


def _valley(across: Floats, depth: Floats, bend: float, width: float) -> Floats:
    """0 along a winding valley from the eye into the depth, 1 away from it."""
    line = bend * np.sin(depth * 0.9)[:, None]
    return smoothstep(0, 1, np.abs(across[None] - line) / (width * (0.6 + 0.35 * depth[:, None])))


def mountains(across: Floats, depth: Floats, seed: int) -> Floats:
    crests = ridged(across * 0.62 + 40, depth * 0.62, seed, 7) ** 1.15
    rise = smoothstep(1.0, 4.6, depth)[:, None]
    base = 0.05 * fbm(across, depth, seed + 1, 5)
    return np.asarray(base + (0.14 + 2.0 * rise) * crests * (0.25 + 0.75 * _valley(across, depth, 0.5, 0.55)), np.float32)


def hills(across: Floats, depth: Floats, seed: int) -> Floats:
    soft = fbm(across * 0.75, depth * 0.9, seed, 3, 0.4) * 0.5 + 0.5
    rise = 0.12 + 0.45 * smoothstep(0.3, 7, depth)[:, None]
    return np.asarray(rise * soft + 0.006 * fbm(across * 9, depth * 9, seed + 2, 3), np.float32)


def dunes(across: Floats, depth: Floats, seed: int) -> Floats:
    """Crests across the wind with a long back and a steep front, bent by noise."""
    bend = fbm(across * 0.45, depth * 0.45, seed, 2) * 0.6
    phase = (depth[:, None] * 0.62 + bend + 0.42 * across[None] + 0.2) % 1.0
    profile = np.where(phase < 0.74, smoothstep(0, 0.74, phase) * 0.75 + 0.25 * phase / 0.74, (1 - phase) / 0.26)
    swell = 0.75 + 0.4 * fbm(across * 0.4, depth * 0.3, seed + 3, 2)
    rise = 0.1 + 0.5 * smoothstep(0.5, 4.5, depth)[:, None]
    ripple = 0.0022 * np.sin((across[None] * 0.8 + depth[:, None]) * 95 + 4 * bend)
    return np.asarray(rise * profile * swell + ripple * smoothstep(2.5, 0.4, depth)[:, None], np.float32)


def canyon(across: Floats, depth: Floats, seed: int) -> Floats:
    raw = fbm(across * 0.8, depth * 0.7, seed, 5) * 0.35 + 0.6 * _valley(across, depth, 0.35, 0.8)
    steps = 5.0
    shelf = np.floor(raw * steps) + smoothstep(0.35, 0.75, raw * steps - np.floor(raw * steps))
    rise = 0.25 + 0.75 * smoothstep(0.5, 4.5, depth)[:, None]
    return np.asarray(0.95 * rise * np.maximum(shelf / steps, 0) + 0.02 * fbm(across * 4, depth * 4, seed + 2, 4), np.float32)


def plain(across: Floats, depth: Floats, seed: int) -> Floats:
    far = smoothstep(3.5, 8, depth)[:, None]
    swell = 0.03 * fbm(across * 0.9, depth * 0.7, seed, 3)
    return np.asarray(0.03 + swell + far * (0.28 + 0.4 * fbm(across * 0.4, depth * 0.3, seed + 5, 4)) * 0.6, np.float32)


def shore(across: Floats, depth: Floats, seed: int) -> Floats:
    """Sand in front on one side, then open water, and a headland far off."""
    beach = 0.055 - 0.045 * depth[:, None] - 0.06 * (across[None] + 0.35) + 0.014 * fbm(across * 1.6, depth * 1.6, seed, 4)
    beach = np.maximum(beach, -0.2)
    head = smoothstep(3.2, 4.2, depth)[:, None] * smoothstep(0.2, 2.4, -across)[None]
    return np.asarray(np.maximum(beach, head * (0.28 + 0.5 * ridged(across * 0.8, depth * 0.8, seed + 9, 5)) - 0.06), np.float32)


def open_sea(across: Floats, depth: Floats, seed: int) -> Floats:
    head = smoothstep(5.0, 6.5, depth)[:, None] * smoothstep(0.6, 3.4, across)[None]
    return np.asarray(head * 0.5 * ridged(across * 0.7, depth * 0.7, seed, 5) - 0.05, np.float32)


def lake(across: Floats, depth: Floats, seed: int) -> Floats:
    """Mountains around still water; the near shore stays below the eye."""
    basin = smoothstep(1.4, 3.6, depth)[:, None] * 1.0 + 0.12 * smoothstep(0.5, 1.6, np.abs(across - 0.1))[None]
    crests = ridged(across * 0.62 + 11, depth * 0.62, seed, 7) ** 1.1
    return np.asarray(basin * (0.1 + 1.25 * crests) - 0.09 + 0.012 * fbm(across * 5, depth * 5, seed + 1, 3), np.float32)


def island(across: Floats, depth: Floats, seed: int) -> Floats:
    middle = np.sqrt(((across[None] - 0.35) / 1.0) ** 2 + ((depth[:, None] - 3.2) / 1.1) ** 2)
    return np.asarray(smoothstep(1.15, 0.1, middle) * (0.25 + 0.75 * ridged(across * 1.1, depth * 1.1, seed, 6)) - 0.03, np.float32)


def volcano(across: Floats, depth: Floats, seed: int) -> Floats:
    radius = np.sqrt((across[None] - 0.25) ** 2 + (depth[:, None] - 4.6) ** 2)
    cone = np.maximum(1.5 * np.exp(-radius / 0.95) - 0.03, 0)
    crater = np.minimum(cone, 1.22 - 0.5 * np.exp(-((radius / 0.16) ** 2)))
    return np.asarray(crater + 0.05 * fbm(across, depth, seed, 5) + 0.05 * ridged(across, depth, seed + 1, 5), np.float32)


LANDS: dict[str, tuple[Shape, Ground]] = {
    "mountains": (mountains, Ground("#4d6b3c", "#6d7a55", "#6d675f", snow_from=0.62, eye=0.3)),
    "hills": (hills, Ground("#5f8f3e", "#86a650", "#7d7757", eye=0.2)),
    "desert": (dunes, Ground("#d9a45f", "#ecc07c", "#c98d4f", eye=0.22, grain=0.05)),
    "canyon": (canyon, Ground("#b5653a", "#d58d58", "#9c4f30", eye=0.42, grain=0.2)),
    "meadow": (plain, Ground("#6c9a3f", "#7fa64c", "#75784f", eye=0.15)),
    "beach": (shore, Ground("#e3cd9e", "#7b8a52", "#8a7f6a", eye=0.2, water=True, grain=0.06)),
    "sea": (open_sea, Ground("#7b8a6a", "#7a8660", "#77726a", eye=0.17, water=True)),
    "lake": (lake, Ground("#4f6b40", "#66744f", "#6a655e", eye=0.2, snow_from=0.62, water=True)),
    "island": (island, Ground("#dcc894", "#4f7d3f", "#7a705f", eye=0.22, water=True)),
    "volcano": (volcano, Ground("#56683f", "#5d5448", "#4b4440", snow_from=1.02, eye=0.28)),
}
"""Every kind of land by name: its shape and its look."""


def build_world(land: str, light: Light, seed: int, tint: Floats | None = None, *, snow: bool = False, smooth: bool = False) -> World:
    """The height map of a land, coloured by height and slope and lit from the side of the sun. ``tint`` recolours the ground; ``smooth``
    leaves out grain and small shapes."""
    shape, ground = LANDS[land]
    across, depth = _axes()
    heights = shape(across, depth, seed)
    # Shapes below two cells cannot be seen from afar without flicker along the skyline.
    heights = np.asarray(cv2.GaussianBlur(heights, (0, 0), 14 if smooth else 1.3), np.float32)
    colours = _albedo(heights, ground, seed, tint, snow=snow, smooth=smooth)
    lit = colours * _lighting(heights, light)
    return World(heights, np.asarray(np.clip(lit, 0, 1), np.float32), ground.eye, ground.water)


def _slopes(heights: Floats) -> tuple[Floats, Floats]:
    cell = REACH / SIDE
    return np.asarray(np.gradient(heights, cell, axis=1), np.float32), np.asarray(np.gradient(heights, cell, axis=0), np.float32)


def _albedo(heights: Floats, ground: Ground, seed: int, tint: Floats | None, *, snow: bool, smooth: bool) -> Floats:
    across, depth = _axes()
    along, into = _slopes(heights)
    steep = np.sqrt(along**2 + into**2)
    grain = np.zeros_like(heights) if smooth else fbm(across * 6, depth * 6, seed + 31, 5, 0.6)
    low, high, rock = rgb(ground.low), rgb(ground.high), rgb(ground.rock)
    if tint is not None:
        low, high, rock = mix(low, tint, 0.75), mix(high, tint, 0.6), mix(rock, tint, 0.35)
    share = np.clip(heights / 0.5 + 0.35 * grain, 0, 1)[..., None]
    colours = low + (high - low) * share
    colours = colours + (rock - colours) * smoothstep(0.55, 1.15, steep + 0.22 * grain)[..., None]
    colours = colours * (1 + ground.grain * grain[..., None])
    line = 0.03 if snow else ground.snow_from
    if line < 5:
        cover = smoothstep(line - 0.12, line + 0.14, heights + 0.16 * grain) * (1 - 0.85 * smoothstep(0.9, 1.7, steep + 0.2 * grain))
        colours = colours + (rgb("#f3f6fb") - colours) * cover[..., None]
    return np.asarray(colours, np.float32)


def _lighting(heights: Floats, light: Light) -> Floats:
    """Lambert's law for the sun, a share of sky light for what looks up, and a darker floor of valleys."""
    along, into = _slopes(heights)
    length = np.sqrt(1 + along**2 + into**2)
    sun = np.array([0.85 * np.sign(light.side or 1.0), 0.42 + 0.6 * light.height, 0.38], np.float32)
    sun /= np.linalg.norm(sun)
    facing = np.clip((-along * sun[0] + sun[1] - into * sun[2]) / length, 0, 1)
    hollow = np.clip((heights - cv2.GaussianBlur(heights, (0, 0), 18)) * 3.2, -0.35, 0.25)
    sky = (0.55 + 0.45 / length + hollow)[..., None] * (0.42 + 0.5 * light.ambient)
    return np.asarray(facing[..., None] * light.direct * 0.95 + sky * 0.62, np.float32)
