"""What grows: trees on the land, grass and flowers in front."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb, toned
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import fbm
from pentaprism.engines.artwork.painter import Bytes, disc, ellipse, polygon, stroke
from pentaprism.engines.artwork.terrain import REACH, SIDE, World
from pentaprism.engines.artwork.view import FOCAL, Sight

TONES = 48
"""How many shades of one colour blades and flowers have."""

Floats = npt.NDArray[np.float32]
Rng = np.random.Generator
DrawTree = Callable[[Bytes, Rng, float, float, float, Floats, Floats], None]

FLOWER_COLOURS = {
    "rose": "#d8324f", "tulip": "#e2413a", "daisy": "#f7f4ea", "sunflower": "#f5b921", "lavender": "#8d6fd1", "poppy": "#dd2c24",
    "cherry blossom": "#f7b6cd", "lily": "#f6ece0", "orchid": "#c565bd", "wildflower": "#e86fa2", "cornflower": "#4a6fd6",
}  # fmt: skip
"""Flowers that a prompt may name, with the colour of their heads."""


def shown_colour(colour: Floats, depth: float | Floats, light: Light, lit: float | Floats = 1.0) -> Floats:
    """A surface of ``colour`` under the scene's light, seen through the air at ``depth``; [n, 3] with ``depth`` and ``lit`` as [n, 1]."""
    seen = colour * (0.3 + 0.36 * light.ambient + 0.52 * lit * light.direct)
    share = 1 - np.exp(-depth * light.thickness * 0.42)
    return np.asarray(np.clip(seen + (light.haze - seen) * share, 0, 1), np.float32)


def pine(canvas: Bytes, rng: Rng, x: float, y: float, size: float, dark: Floats, lit: Floats) -> None:
    """A conifer: tiers of branches, brighter on the side of the light (right for a positive ``lit`` side)."""
    tiers = 4 if size < 24 else 8
    width = size * rng.uniform(0.19, 0.26)
    left, right = [], []
    for i in range(tiers):
        high, low = i / tiers, (i + 1.25) / tiers
        reach = width * (0.12 + 0.88 * (i + 1) / tiers)
        left += [(x - reach * 0.42 * i / tiers, y - size * (1 - high)), (x - reach * rng.uniform(0.85, 1.1), y - size * (1 - low) * 0.97)]
        right += [(x + reach * 0.42 * i / tiers, y - size * (1 - high)), (x + reach * rng.uniform(0.85, 1.1), y - size * (1 - low) * 0.97)]
    outline = [(x, y - size), *left, (x, y - size * 0.03), *right[::-1]]
    polygon(canvas, outline, dark)
    if size >= 10:
        inner = [(x + (px - x) * 0.9, py) for px, py in right]
        polygon(canvas, [(x, y - size * 0.98), *inner, (x + width * 0.1, y - size * 0.06)], lit)


def round_tree(canvas: Bytes, rng: Rng, x: float, y: float, size: float, dark: Floats, lit: Floats) -> None:
    """A broad-leaved tree: a trunk and clumps of leaves, the lit ones on top."""
    trunk = toned(dark, lightness=-0.08)
    polygon(
        canvas, [(x - size * 0.035, y), (x - size * 0.02, y - size * 0.5), (x + size * 0.02, y - size * 0.5), (x + size * 0.035, y)], trunk
    )
    count = 6 if size < 14 else 26 if size < 60 else 64
    angles, reach = rng.uniform(0, 2 * np.pi, count), np.sqrt(rng.uniform(0, 1, count))
    across, up = np.cos(angles) * reach * 0.3, 0.66 + np.sin(angles) * reach * 0.24
    radius = rng.uniform(0.09, 0.15, count) * (1 if count < 30 else 0.72)
    for k in np.argsort(up - 0.5 * across):
        light_share = np.clip(0.1 + 1.3 * (up[k] - 0.5) + 0.9 * across[k] + rng.normal(0, 0.12), 0, 1)
        disc(canvas, x + across[k] * size, y - up[k] * size, radius[k] * size, dark + (lit - dark) * light_share)


def palm(canvas: Bytes, rng: Rng, x: float, y: float, size: float, dark: Floats, lit: Floats) -> None:
    """A palm: a leaning trunk and a crown of feathered leaves."""
    lean = rng.uniform(-0.2, 0.24)
    bend = [(x + lean * size * t**1.7, y - size * 0.82 * t) for t in np.linspace(0, 1, 9)]
    trunk = mix(dark, rgb("#6b4f35"), 0.55)
    wide = [(px - size * 0.028 * (1 - 0.55 * i / 8), py) for i, (px, py) in enumerate(bend)]
    wide += [(px + size * 0.028 * (1 - 0.55 * i / 8), py) for i, (px, py) in reversed(list(enumerate(bend)))]
    polygon(canvas, wide, trunk)
    cx, cy = bend[-1]
    for k, angle in enumerate(np.linspace(-0.35, np.pi + 0.35, 11)):
        reach = size * rng.uniform(0.34, 0.46)
        spine = [
            (cx + np.cos(angle) * reach * t, cy - np.sin(angle) * reach * t * 0.72 + reach * 0.62 * t**2.1) for t in np.linspace(0, 1, 10)
        ]
        colour = lit if k % 3 == 1 else dark
        below = [(px, py + size * (0.05 if i % 2 else 0.022) * np.sin(np.pi * i / 9) + size * 0.004) for i, (px, py) in enumerate(spine)]
        polygon(canvas, [*spine, *below[::-1]], colour)


TREES: dict[str, tuple[DrawTree, str, str]] = {
    "pine": (pine, "#20382a", "#4a6b3d"),
    "round": (round_tree, "#2f4f2a", "#7da047"),
    "autumn": (round_tree, "#7a3a1c", "#e08a2c"),
    "blossom": (round_tree, "#b36e86", "#f9c9d8"),
    "palm": (palm, "#27452a", "#6f9440"),
}


def _places(
    world: World, rng: Rng, seed: int, count: int, nearest: float, farthest: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], Floats]:
    """Depth, place across and height of the ground of up to ``count`` trees, gathered in woods."""
    tried = 6 * count
    z = np.exp(rng.uniform(np.log(nearest), np.log(farthest), tried))
    across = rng.uniform(-3.1, 3.1, tried) * z / FOCAL
    inside = np.abs(across) < REACH / 2 - 0.1
    columns = np.clip(((across / REACH + 0.5) * SIDE).astype(int), 1, SIDE - 2)
    rows = np.clip((z / REACH * SIDE).astype(int), 1, SIDE - 2)
    ground = world.heights[rows, columns]
    slope = np.abs(world.heights[rows, columns + 1] - world.heights[rows, columns - 1]) * SIDE / REACH / 2
    axis = np.arange(SIDE) * (REACH / SIDE) * 0.9
    woods = fbm(axis, axis, seed + 5, 3)[rows, columns]
    keep = inside & (ground > (0.012 if world.water else -1)) & (slope < 0.9) & (ground < 0.75) & (woods > -0.25)
    chosen = np.flatnonzero(keep)[: count // 2]
    return z[chosen], across[chosen], ground[chosen]


def draw_trees(
    canvas: Bytes,
    frame: Frame,
    light: Light,
    world: World,
    sight: Sight,
    seed: int,
    kind: str,
    count: int,
    *,
    nearest: float = 0.7,
    farthest: float = 6.0,
    snow: bool = False,
    height: float = 0.17,
) -> None:
    """Trees on the land where it is neither steep nor wet, the far ones first; what a hill hides is left out."""
    draw, dark_code, lit_code = TREES[kind]
    rng = np.random.Generator(np.random.PCG64(seed + 211))
    z, across, ground = _places(world, rng, seed, count, nearest, farthest)
    count = len(z)
    sizes = height * rng.uniform(0.6, 1.25, count)
    jitter = rng.uniform(-1, 1, count)
    dark, lit = rgb(dark_code), rgb(lit_code)
    if snow:
        lit = mix(lit, rgb("#eef3fa"), 0.8)
    shades, depths = 0.06 * jitter, np.asarray(z, np.float32)[:, None]
    darks = shown_colour(toned(dark, lightness=shades), depths, light, 0.35)
    lits = shown_colour(toned(lit, lightness=shades), depths, light, 0.9)
    for i in np.argsort(-z):
        x, y = frame.x(float(across[i] * FOCAL / z[i])), frame.horizon + frame.scale * FOCAL * (world.eye - float(ground[i])) / float(z[i])
        size = frame.scale * FOCAL * float(sizes[i]) / float(z[i])
        if not (-size < x < frame.width + size and 0 < y < frame.height + 0.6 * size) or size < 1.5:
            continue
        seen = sight.depth[min(int(y), frame.height - 1), min(max(int(x), 0), frame.width - 1)]
        if y < frame.height and seen < z[i] * 0.9:
            continue
        draw(canvas, rng, x, y, size, darks[i], lits[i])


def draw_grass(canvas: Bytes, frame: Frame, light: Light, seed: int, tint: Floats | None = None, *, dry: bool = False) -> None:
    """Blades of grass along the lower edge, the near ones longer and darker."""
    rng = np.random.Generator(np.random.PCG64(seed + 307))
    base = tint if tint is not None else rgb("#b39a55" if dry else "#5f8a37")
    count = int(2600 * min(frame.right / 0.89, 2.5))
    tones = toned(base, lightness=np.linspace(-0.14, 0.1, TONES))
    for row in np.sort(rng.beta(2.4, 1.0, count)):
        v = 0.13 + row * (frame.bottom - 0.1)
        u = rng.uniform(-frame.right - 0.05, frame.right + 0.05)
        near = min(max(v / 0.4, 0.15), 1.1)
        length = frame.scale * 0.075 * near**1.35 * rng.uniform(0.5, 1.25)
        lean = rng.normal(0.12, 0.3) * length
        x, y = frame.x(u), frame.y(v)
        colour = shown_colour(tones[int(rng.uniform(0, TONES))], 0.25, light, rng.uniform(0.45, 1.0))
        half = max(length * 0.035, 0.45)
        tip = (x + lean, y - length)
        bend = (x + lean * 0.35, y - length * 0.6)
        polygon(canvas, [(x - half, y), (bend[0] - half * 0.7, bend[1]), tip, (bend[0] + half * 0.7, bend[1]), (x + half, y)], colour)


def draw_flowers(canvas: Bytes, frame: Frame, light: Light, seed: int, heads: list[Floats], kind: str) -> None:
    """A field of flowers: specks of colour far off, heads on stems in front."""
    rng = np.random.Generator(np.random.PCG64(seed + 401))
    count = int(2300 * min(frame.right / 0.89, 2.6))
    stem = shown_colour(rgb("#4d7a33"), 0.3, light, 0.6)
    tones = [toned(head, lightness=np.linspace(-0.07, 0.06, TONES)) for head in heads]
    for row in np.sort(rng.beta(1.5, 1.1, count)):
        v = 0.05 + row**1.5 * (frame.bottom - 0.03)
        u = rng.uniform(-frame.right - 0.05, frame.right + 0.05)
        near = min(max(v / 0.38, 0.03), 1.15)
        x, y = frame.x(u), frame.y(v)
        height = frame.scale * 0.1 * near * rng.uniform(0.7, 1.2)
        size = frame.scale * 0.018 * near * rng.uniform(0.7, 1.25)
        head = tones[int(rng.integers(len(heads)))][int(rng.uniform(0, TONES))]
        colour = shown_colour(head, 0.5 / max(near, 0.1) * 0.3, light, rng.uniform(0.75, 1.1))
        x1, y1 = x + rng.normal(0, 0.12) * height, y - height
        if size > 1.6:
            stroke(canvas, [(x, y), (x1, y1)], stem, max(size * 0.16, 1))
        _head(canvas, rng, x1, y1, max(size, 0.8), colour, kind)


def _head(canvas: Bytes, rng: Rng, x: float, y: float, size: float, colour: Floats, kind: str) -> None:
    if size < 2.4:
        disc(canvas, x, y, size, colour)
        return
    if kind == "lavender":
        for k in range(7):
            ellipse(
                canvas,
                x + rng.normal(0, 0.16) * size,
                y + (k - 4) * size * 0.42,
                size * 0.36,
                size * 0.3,
                0,
                toned(colour, lightness=0.05 * (k % 3 - 1)),
            )
        return
    if kind == "tulip":
        for offset, shade in ((-0.45, -0.08), (0.45, -0.04), (0.0, 0.04)):
            ellipse(canvas, x + offset * size, y, size * 0.5, size * 0.95, offset * 24, toned(colour, lightness=shade))
        return
    petals = 13 if kind in {"sunflower", "daisy"} else 5
    turn, tilt = rng.uniform(0, 360), rng.uniform(0.6, 0.95)
    for k in range(petals):
        angle = np.radians(turn + k * 360 / petals)
        px, py = x + np.cos(angle) * size * 0.62, y + np.sin(angle) * size * 0.62 * tilt
        across = size * (0.5 if petals == 5 else 0.42)
        narrow = across * (0.72 if petals == 5 else 0.36)
        ellipse(canvas, px, py, across, narrow, float(np.degrees(angle)), toned(colour, lightness=0.05 * (k % 2) - 0.02))
    disc(
        canvas, x, y, size * (0.46 if kind == "sunflower" else 0.26), rgb("#5a3413" if kind == "sunflower" else "#f0b93a") * np.float32(0.9)
    )
