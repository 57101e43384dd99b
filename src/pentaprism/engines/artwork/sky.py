"""The sky: a gradient, sun or moon, stars and clouds."""

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import ramp
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import coloured, over, row_of, screen_layer
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import fbm, smoothstep

Canvas = npt.NDArray[np.float32]

REACH_OF_SUN = 0.2
"""Further from its middle, in units, the disc of sun or moon and its rim cannot be seen."""


def draw_sky(frame: Frame, light: Light, seed: int, octaves: int) -> Canvas:
    """Sky over the whole frame, float32 [H, W, 3] in 0..1; below the horizon it mirrors itself, for water to show."""
    rows = np.minimum(-np.abs(frame.vs), 0)
    share = np.clip(rows / min(frame.top, -1e-6), 0, 1)
    stops = [(0.0, light.low), (0.38, light.middle), (1.0, light.top)]
    canvas = np.repeat(ramp(stops, share**0.85)[:, None], frame.width, axis=1)
    if light.stars > 0:
        add_stars(canvas, frame, light.stars, seed)
    if light.glow > 0:
        _add_glow(canvas, frame, light)
    if light.cover > 0.02:
        _add_clouds(canvas, frame, light, seed + 7, octaves)
    return canvas


def _add_glow(canvas: Canvas, frame: Frame, light: Light) -> None:
    distance = frame.distance(light.side, -light.height)
    strength = light.glow * (1 - 0.7 * light.overcast)
    halo = 0.5 * np.exp(-distance / 0.16) + 0.32 * np.exp(-distance / 0.55)
    screen_layer(canvas, halo * np.float32(strength), light.sun)
    if light.overcast > 0.6:
        return
    rows, columns = frame.box(light.side, -light.height, REACH_OF_SUN)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return
    around, distance = canvas[rows, columns], distance[rows, columns]
    radius = 0.045 if light.moon else 0.036
    disc = np.clip((radius - distance) * frame.scale + 0.5, 0, 1)
    if light.moon:
        craters = fbm(frame.us[columns] * 34, frame.vs[rows] * 34, 991, 4)
        over(around, coloured(0.9 + 0.08 * craters, light.sun), disc)
        return
    # High up the sun has no rim that an eye could see.
    soft = float(smoothstep(0.08, 0.2, np.float32(light.height)))
    bloom = np.exp(-((distance / 0.05) ** 2))
    over(around, np.minimum(light.sun * 1.15 + 0.12, 1), disc * (1 - soft) + np.minimum(1.25 * bloom, 1) * soft)


def add_stars(canvas: Canvas, frame: Frame, strength: float, seed: int) -> None:
    """Stars at fixed places of the scene, dimmer near the horizon."""
    rng = np.random.Generator(np.random.PCG64(seed + 3))
    count = 5200
    us, vs = rng.uniform(-3.2, 3.2, count), -rng.uniform(0.02, 1.5, count)
    magnitude = rng.pareto(2.2, count).clip(0, 7) / 7
    warmth = rng.uniform(-1, 1, count)
    size = np.maximum(frame.scale / 900, 0.55) * (0.55 + 1.5 * magnitude)
    xs, ys = frame.x(us), frame.y(vs)
    seen = (xs >= 2) & (xs < frame.width - 2) & (ys >= 2) & (ys < frame.height - 2)
    for x, y, v, bright, warm, radius in zip(*(each[seen] for each in (xs, ys, vs, magnitude, warmth, size)), strict=True):
        reach = int(radius * 2.5) + 1
        x0, y0 = int(x), int(y)
        rows, columns = slice(max(y0 - reach, 0), y0 + reach + 1), slice(max(x0 - reach, 0), x0 + reach + 1)
        dy = np.arange(rows.start, min(rows.stop, frame.height)) + 0.5 - y
        dx = np.arange(columns.start, min(columns.stop, frame.width)) + 0.5 - x
        spot = np.exp(-(dy[:, None] ** 2 + dx[None] ** 2) / (0.6 * radius**2)).astype(np.float32)
        fade = min(1.0, -v / 0.25)
        tint = np.array([1.0, 0.96, 0.9] if warm > 0.3 else [0.86, 0.92, 1.0], np.float32)
        part = canvas[rows, columns]
        part += (1 - part) * spot[..., None] * tint * np.float32(strength * fade * (0.25 + 0.75 * bright))


def _add_clouds(canvas: Canvas, frame: Frame, light: Light, seed: int, octaves: int) -> None:
    """Clouds as a flat layer: they get thinner and closer together towards the horizon, and shine on the side of the sun."""
    above = int(np.clip(np.ceil(frame.horizon), 1, frame.height))
    vs = -frame.vs[:above]
    ys, xs = -2.3 * np.log(np.maximum(vs, 0) + 0.1), frame.us * 2.3
    density = fbm(xs, ys, seed, octaves + 1, 0.52) + 0.45 * fbm(xs * 0.4, ys * 0.4, seed + 57, 2)
    edge = 0.62 - 1.25 * light.cover
    body = smoothstep(edge, edge + 0.6, density)
    step = 0.16
    towards = fbm(xs + step * np.sign(light.side or 1.0), ys - 0.1, seed, max(octaves - 1, 3), 0.52)
    shade = np.clip(0.52 + 0.9 * (density - towards - 0.1) - 0.28 * body, 0, 1)
    colour = coloured(shade, light.cloud_lit - light.cloud_dark)
    colour += row_of(light.cloud_dark, frame.width)
    near_sun = np.exp(-frame.distance(light.side, -light.height)[:above] / 0.35) * np.float32(light.glow * (1 - light.overcast))
    screen_layer(colour, near_sun * 0.55, light.sun)
    fade = smoothstep(0.0, 0.16, vs)[:, None] * np.float32(0.92)
    over(canvas[:above], np.clip(colour, 0, 1, out=colour), body * fade)
