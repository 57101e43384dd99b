"""Small things that give a scene life: birds, boats, balloons, houses."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb, toned
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import smoothstep
from pentaprism.engines.artwork.painter import Bytes, ellipse, polygon, stroke
from pentaprism.engines.artwork.plants import shown_colour
from pentaprism.engines.artwork.terrain import REACH, SIDE, World
from pentaprism.engines.artwork.view import FOCAL

Floats = npt.NDArray[np.float32]


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def draw_birds(canvas: Bytes, frame: Frame, light: Light, seed: int) -> None:
    rng = _rng(seed + 501)
    ink = mix(light.top, rgb("#10131a"), 0.75)
    for _ in range(9):
        x, y = frame.x(float(rng.normal(-0.17, 0.13))), frame.y(float(rng.normal(-0.31, 0.05)))
        span = frame.scale * rng.uniform(0.009, 0.021)
        lift = span * rng.uniform(0.25, 0.6)
        wing = [(x - span, y - lift), (x - span * 0.45, y - lift * 0.75), (x, y), (x + span * 0.45, y - lift * 0.75), (x + span, y - lift)]
        below = [(px, py + span * 0.13 * (1 - abs(px - x) / span) + 0.6) for px, py in wing]
        polygon(canvas, [*wing, *below[::-1]], ink)


def draw_sailboat(canvas: Bytes, frame: Frame, light: Light, seed: int) -> None:
    """A boat on the water left of the middle, with its broken image below."""
    size, x, y = frame.scale * 0.15, frame.x(-0.17), frame.y(0.075)
    hull, sail = shown_colour(rgb("#7a3b2a"), 0.7, light), shown_colour(rgb("#f7f2e6"), 0.7, light, 1.1)
    shade = shown_colour(rgb("#cfc6b8"), 0.7, light, 0.7)
    rng = _rng(seed + 503)
    for k in range(16):
        w = size * (0.3 - 0.012 * k) * rng.uniform(0.6, 1.1)
        yy = y + size * (0.05 + 0.045 * k)
        tone = canvas[min(int(yy), frame.height - 1), int(np.clip(x, 0, frame.width - 1))] / np.float32(255)
        ellipse(canvas, x + rng.normal(0, 0.03) * size, yy, w * 0.55, size * 0.012 + 0.5, 0, mix(tone.astype(np.float32), sail, 0.4))
    polygon(canvas, [(x + size * 0.02, y - size * 0.95), (x + size * 0.02, y - size * 0.12), (x + size * 0.4, y - size * 0.14)], sail)
    polygon(canvas, [(x - size * 0.02, y - size * 0.86), (x - size * 0.02, y - size * 0.12), (x - size * 0.3, y - size * 0.13)], shade)
    stroke(canvas, [(x, y - size), (x, y)], hull, size * 0.016)
    polygon(
        canvas,
        [
            (x - size * 0.36, y - size * 0.09),
            (x + size * 0.42, y - size * 0.09),
            (x + size * 0.3, y + size * 0.03),
            (x - size * 0.27, y + size * 0.03),
        ],
        hull,
    )


def draw_balloons(canvas: Bytes, frame: Frame, light: Light, seed: int, colours: list[Floats]) -> None:
    """Hot-air balloons, the large one on the third line."""
    rng = _rng(seed + 507)
    palette = colours or [rgb("#d8483a"), rgb("#f2b632"), rgb("#2f7fa8")]
    for k, (u, v, r) in enumerate(((-0.2, -0.33, 0.085), (0.06, -0.44, 0.042), (-0.36, -0.2, 0.03), (0.3, -0.36, 0.026))):
        x, y, radius = frame.x(u + rng.normal(0, 0.012)), frame.y(v), frame.scale * r
        base = palette[k % len(palette)]
        depth = 0.08 / r
        rope = shown_colour(rgb("#3a2b20"), depth, light)
        for side in (-1, 1):
            stroke(
                canvas,
                [(x + side * radius * 0.36, y + radius * 0.92), (x + side * radius * 0.1, y + radius * 1.5)],
                rope,
                max(radius * 0.02, 1),
            )
        polygon(
            canvas,
            [
                (x - radius * 0.13, y + radius * 1.48),
                (x + radius * 0.13, y + radius * 1.48),
                (x + radius * 0.1, y + radius * 1.68),
                (x - radius * 0.1, y + radius * 1.68),
            ],
            rope,
        )
        _envelope(canvas, (x, y, radius), base, depth, light)


def _envelope(canvas: Bytes, place: tuple[float, float, float], base: Floats, depth: float, light: Light) -> None:
    """The striped envelope of a balloon: six gores, the ones towards the sun brighter."""
    x, y, radius = place
    angles = np.linspace(-np.pi / 2, np.pi / 2, 24)
    half = np.cos(angles) * (1 - 0.6 * smoothstep(0, 1, np.sin(angles)))
    for gore in range(6):
        edges = [x + radius * np.sin((-1 + k / 3) * np.pi / 2) * half for k in (gore, gore + 1)]
        rows = y + radius * 1.05 * np.sin(angles)
        outline = np.concatenate([np.stack([edges[0], rows], axis=1), np.stack([edges[1], rows], axis=1)[::-1]])
        tone = base if gore % 2 else mix(base, rgb("#fbf3e0"), 0.75)
        lit = 0.55 + 0.5 * (gore / 5 if light.side > 0 else 1 - gore / 5)
        polygon(canvas, outline, shown_colour(tone, depth, light, lit))


def draw_cabin(canvas: Bytes, frame: Frame, light: Light, foot: float) -> None:
    """A wooden house with lit windows."""
    size, x, y = frame.scale * 0.13, frame.x(-0.2), frame.y(foot)
    wall, roof = shown_colour(rgb("#8a5a38"), 0.7, light, 0.8), shown_colour(rgb("#5a3a33"), 0.7, light, 0.9)
    side = shown_colour(rgb("#6b452c"), 0.7, light, 0.45)
    snow_free = [(x - size * 0.6, y), (x - size * 0.6, y - size * 0.42), (x + size * 0.25, y - size * 0.42), (x + size * 0.25, y)]
    polygon(canvas, snow_free, wall)
    polygon(
        canvas,
        [
            (x + size * 0.25, y),
            (x + size * 0.25, y - size * 0.42),
            (x + size * 0.46, y - size * 0.8),
            (x + size * 0.68, y - size * 0.42),
            (x + size * 0.68, y),
        ],
        side,
    )
    polygon(
        canvas,
        [
            (x - size * 0.68, y - size * 0.38),
            (x - size * 0.42, y - size * 0.82),
            (x + size * 0.48, y - size * 0.82),
            (x + size * 0.22, y - size * 0.38),
        ],
        roof,
    )
    glow = rgb("#ffcf6b") if light.stars > 0 or light.height < 0.12 else shown_colour(rgb("#33424f"), 0.7, light)
    for left in (-0.45, -0.1):
        polygon(
            canvas,
            [
                (x + left * size, y - size * 0.28),
                (x + (left + 0.17) * size, y - size * 0.28),
                (x + (left + 0.17) * size, y - size * 0.1),
                (x + left * size, y - size * 0.1),
            ],
            glow,
        )
    polygon(
        canvas,
        [(x + size * 0.4, y), (x + size * 0.4, y - size * 0.26), (x + size * 0.54, y - size * 0.26), (x + size * 0.54, y)],
        shown_colour(rgb("#3c2618"), 0.7, light),
    )


def draw_lighthouse(canvas: Bytes, frame: Frame, light: Light) -> None:
    """A striped tower on a rock."""
    size, x, y = frame.scale * 0.36, frame.x(-0.27), frame.y(0.1)
    rock = shown_colour(rgb("#4c463f"), 0.8, light, 0.6)
    polygon(
        canvas,
        [
            (x - size * 0.55, y + size * 0.1),
            (x - size * 0.3, y - size * 0.06),
            (x - size * 0.05, y - size * 0.1),
            (x + size * 0.25, y - size * 0.05),
            (x + size * 0.6, y + size * 0.1),
        ],
        rock,
    )
    white, red = shown_colour(rgb("#f4efe6"), 0.8, light, 1.0), shown_colour(rgb("#b8352b"), 0.8, light, 0.95)
    for k in range(5):
        low, high = k / 5, (k + 1) / 5
        wide, narrow = size * (0.115 - 0.045 * low), size * (0.115 - 0.045 * high)
        bottom, top = y - size * (0.05 + 0.75 * low), y - size * (0.05 + 0.75 * high)
        tone = red if k % 2 else white
        polygon(canvas, [(x - wide, bottom), (x - narrow, top), (x + narrow, top), (x + wide, bottom)], tone)
        polygon(
            canvas, [(x - wide, bottom), (x - narrow, top), (x - narrow * 0.3, top), (x - wide * 0.3, bottom)], toned(tone, lightness=-0.1)
        )
    lamp = y - size * 0.86
    polygon(
        canvas,
        [(x - size * 0.055, y - size * 0.8), (x - size * 0.055, lamp), (x + size * 0.055, lamp), (x + size * 0.055, y - size * 0.8)],
        rgb("#ffe9a8"),
    )
    polygon(canvas, [(x - size * 0.08, lamp), (x, lamp - size * 0.09), (x + size * 0.08, lamp)], toned(red, lightness=-0.12))


def draw_tent(canvas: Bytes, frame: Frame, light: Light, foot: float) -> None:
    """A tent that glows from inside when it is dark."""
    size, x, y = frame.scale * 0.13, frame.x(-0.18), frame.y(foot)
    dark = light.stars > 0 or light.height < 0.08
    cloth = rgb("#ffb347") if dark else shown_colour(rgb("#d9742f"), 0.5, light, 1.0)
    polygon(canvas, [(x - size * 0.75, y), (x - size * 0.1, y - size * 0.72), (x + size * 0.42, y)], cloth)
    polygon(
        canvas,
        [(x - size * 0.1, y - size * 0.72), (x + size * 0.42, y), (x + size * 0.85, y - size * 0.14), (x + size * 0.36, y - size * 0.74)],
        toned(cloth, lightness=-0.14),
    )
    polygon(
        canvas,
        [(x - size * 0.16, y - size * 0.02), (x - size * 0.12, y - size * 0.5), (x + size * 0.1, y - size * 0.02)],
        toned(cloth, lightness=-0.3 if not dark else 0.1),
    )


def draw_meteors(canvas: Bytes, frame: Frame, seed: int) -> None:
    rng = _rng(seed + 531)
    for k in range(3):
        x, y = frame.x(float(-0.25 + 0.24 * k + rng.normal(0, 0.05))), frame.y(float(rng.uniform(-0.5, -0.3)))
        length = frame.scale * rng.uniform(0.1, 0.2)
        for i in range(14):
            a, b = i / 14, (i + 1.2) / 14
            ground = canvas[
                int(np.clip(y + 0.45 * length * a, 0, frame.height - 1)), int(np.clip(x - length * a, 0, frame.width - 1))
            ] / np.float32(255)
            tone = mix(rgb("#ffffff"), ground.astype(np.float32), a**0.6)
            stroke(
                canvas,
                [(x - length * a, y - 0.45 * length * a * -1), (x - length * b, y + 0.45 * length * b)],
                tone,
                max(frame.scale * 0.003 * (1 - a), 1),
            )


Build = Callable[[Bytes, Frame, Light, float], None]
BUILDINGS: dict[str, tuple[Build, float, float]] = {"cabin": (draw_cabin, -0.2, 0.13), "tent": (draw_tent, -0.18, 0.17)}
"""What stands on the ground: how it is drawn, at which ``u``, and its foot where the land is dry there."""


def draw_building(canvas: Bytes, frame: Frame, light: Light, world: World, name: str) -> None:
    """A house or a tent, set back to the shore where its usual place is under water."""
    build, u, foot = BUILDINGS[name]
    zs = np.linspace(0.8, 4.5, 120)
    rows = np.clip((zs / REACH * SIDE).astype(int), 0, SIDE - 1)
    heights = world.heights[rows, np.clip(((u * zs / FOCAL / REACH + 0.5) * SIDE).astype(int), 0, SIDE - 1)]
    dry = np.flatnonzero(heights > 0.012)
    if world.water and len(dry):
        k = int(dry[0])
        foot = float(FOCAL * (world.eye - heights[k]) / zs[k])
    build(canvas, frame, light, foot)
