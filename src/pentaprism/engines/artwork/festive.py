"""Lights out of focus, garlands, balloons and confetti."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb, toned
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import screen, screen_layer
from pentaprism.engines.artwork.noise import fbm
from pentaprism.engines.artwork.painter import polygon, stroke, to_bytes, to_floats
from pentaprism.engines.artwork.sky import Canvas
from pentaprism.engines.artwork.solids import sphere

Floats = npt.NDArray[np.float32]

PARTY = ["#ff5d73", "#ffc145", "#38b6ff", "#8a63ff", "#3ddc97"]


def add_bokeh(
    canvas: Canvas, frame: Frame, seed: int, colours: list[Floats], *, count: int, top: float, bottom: float, strength: float = 0.7
) -> None:
    """Discs of light with a bright rim, as a lens draws points that are out of focus."""
    rng = np.random.Generator(np.random.PCG64(seed + 801))
    layer = np.zeros_like(canvas)
    wide = max(frame.right / 0.89, 0.5)
    for k in range(round(count * wide)):
        u, v = rng.uniform(-frame.right - 0.05, frame.right + 0.05), rng.uniform(top, bottom)
        radius = frame.scale * (0.014 + 0.07 * rng.beta(1.3, 2.6))
        bright = rng.uniform(0.15, 0.75) * strength
        colour = toned(colours[k % len(colours)], lightness=rng.uniform(-0.03, 0.1))
        x, y = frame.x(float(u)), frame.y(float(v))
        y0, y1 = max(int(y - radius) - 2, 0), min(int(y + radius) + 3, frame.height)
        x0, x1 = max(int(x - radius) - 2, 0), min(int(x + radius) + 3, frame.width)
        if y0 >= y1 or x0 >= x1:
            continue
        across = (np.arange(x0, x1, dtype=np.float32) + np.float32(0.5 - x)) ** 2
        reach = np.sqrt(across[None] + ((np.arange(y0, y1, dtype=np.float32) + np.float32(0.5 - y)) ** 2)[:, None])
        inside = np.clip((radius - reach) / max(radius * 0.05, 1) + 0.5, 0, 1)
        square = (reach / radius) ** 2
        screen_layer(layer[y0:y1, x0:x1], inside * (0.55 + 0.45 * square * square), colour * np.float32(bright))
    screen(canvas, layer)


def draw_lights(frame: Frame, ground: Floats, colours: list[Floats], seed: int) -> Canvas:
    """A night full of lights: large discs behind, garlands with small lamps in front."""
    canvas = dark_room(frame, ground, seed)
    add_bokeh(canvas, frame, seed, colours, count=90, top=frame.top, bottom=frame.bottom, strength=0.75)
    rng = np.random.Generator(np.random.PCG64(seed + 811))
    drawn = to_bytes(canvas)
    lamps: list[tuple[float, float, Floats]] = []
    for row in range(3):
        height, sag = frame.top + 0.1 + 0.15 * row, rng.uniform(0.1, 0.2)
        period, shift = rng.uniform(0.7, 1.05), rng.uniform(0, 1)
        us = np.arange(-frame.right - 0.1, frame.right + 0.1, 0.012)
        hang = height + sag * (1 - (2 * ((us / period + shift) % 1) - 1) ** 2)
        stroke(drawn, np.stack([frame.x(us), frame.y(hang)], axis=1), toned(ground, lightness=-0.06), max(frame.scale * 0.0018, 1))
        lamps += [(float(u), float(v), colours[i % len(colours)]) for i, (u, v) in enumerate(zip(us[::6], hang[::6], strict=True))]
    canvas[:] = to_floats(drawn)
    spots = np.zeros((frame.height, frame.width, 3), np.uint8)
    for u, v, colour in lamps:
        centre = round(frame.x(u) * 16), round((frame.y(v) + frame.scale * 0.009) * 16)
        tone = tuple(round(float(c) * 255) for c in np.clip(mix(colour, rgb("#ffffff"), 0.55), 0, 1))
        cv2.circle(spots, centre, max(round(frame.scale * 0.0052 * 16), 12), tone, -1, cv2.LINE_AA, 4)
    bulbs = spots.astype(np.float32) / 255
    screen(canvas, np.clip(bulbs + 1.7 * cv2.GaussianBlur(bulbs, (0, 0), frame.scale * 0.011), 0, 1))
    return canvas


def dark_room(frame: Frame, ground: Floats, seed: int) -> Canvas:
    """A dim ground that is brighter in the middle."""
    fall = np.exp(-((frame.distance(0.05, -0.1) / 0.8) ** 2))[..., None]
    drift = 0.05 * fbm(frame.us * 1.4, frame.vs * 1.4, seed + 3, 3)[..., None]
    dark = toned(ground, lightness=-0.22)
    return np.asarray(np.clip(dark + (toned(ground, lightness=0.05) - dark) * fall + drift * ground, 0, 1), np.float32)


def draw_party(frame: Frame, ground: Floats, colours: list[Floats], seed: int) -> Canvas:
    """Balloons that rise through confetti and lights."""
    canvas = np.empty((frame.height, frame.width, 3), np.float32)
    canvas[:] = ground + (toned(ground, lightness=-0.12) - ground) * np.clip(frame.distance(0.0, -0.15) / 0.9, 0, 1)[..., None]
    add_bokeh(canvas, frame, seed, [toned(ground, lightness=0.12), *colours], count=50, top=frame.top, bottom=frame.bottom, strength=0.35)
    rng = np.random.Generator(np.random.PCG64(seed + 821))
    spots = [(0.21, -0.16, 0.115), (-0.24, -0.22, 0.125), (-0.02, -0.3, 0.1), (0.03, 0.02, 0.09), (-0.36, 0.0, 0.085), (0.37, 0.03, 0.08)]
    spots += [(0.95, -0.2, 0.11), (-0.95, -0.16, 0.115), (1.45, -0.05, 0.1), (-1.5, -0.22, 0.1), (0.7, 0.08, 0.08), (-0.68, 0.06, 0.085)]
    for k, (u, v, r) in enumerate(sorted(spots, key=lambda spot: spot[2])):
        _balloon(canvas, frame, frame.x(u + rng.normal(0, 0.012)), frame.y(v), frame.scale * r, colours[k % len(colours)], rng)
    _confetti(canvas, frame, colours, rng)
    return canvas


def _balloon(canvas: Canvas, frame: Frame, x: float, y: float, radius: float, colour: Floats, rng: np.random.Generator) -> None:
    drawn = to_bytes(canvas)
    ts = np.linspace(0, 1, 30)
    sway = np.sin(ts * 6 + rng.uniform(0, 6)) * radius * 0.12 * ts
    string = np.stack([x + sway, y + radius * 1.2 + ts * radius * 3.2], axis=1)
    stroke(drawn, string, toned(colour, lightness=-0.1), max(frame.scale * 0.0016, 1))
    knot = [(x, y + radius * 1.12), (x - radius * 0.1, y + radius * 1.28), (x + radius * 0.1, y + radius * 1.28)]
    polygon(drawn, knot, toned(colour, lightness=-0.06))
    canvas[:] = to_floats(drawn)
    # A balloon is a ball drawn out to its knot: drawn on a taller grid and pressed together would cost more than two balls.
    for step in np.linspace(0.16, 0, 5):
        sphere(canvas, x, y + radius * step, radius * (1 - 0.35 * step), colour, gloss=0.55)


def _confetti(canvas: Canvas, frame: Frame, colours: list[Floats], rng: np.random.Generator) -> None:
    drawn = to_bytes(canvas)
    for k in range(int(210 * max(frame.right / 0.89, 0.5))):
        x, y = frame.x(float(rng.uniform(-frame.right, frame.right))), frame.y(float(rng.uniform(frame.top, frame.bottom)))
        size, turn, flat = frame.scale * rng.uniform(0.004, 0.011), rng.uniform(0, np.pi), rng.uniform(0.25, 1)
        axis = np.array([np.cos(turn), np.sin(turn)]) * size
        other = np.array([-np.sin(turn), np.cos(turn)]) * size * 0.55 * flat
        corners = [(x + sx * axis[0] + sy * other[0], y + sx * axis[1] + sy * other[1]) for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        polygon(drawn, corners, toned(colours[k % len(colours)], lightness=float(rng.uniform(-0.08, 0.12))))
    canvas[:] = to_floats(drawn)
