"""Still lifes: one thing (or a few) on a table in soft light."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb, toned
from pentaprism.engines.artwork.festive import add_bokeh
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import coloured, over, row_of, screen, spread
from pentaprism.engines.artwork.noise import fbm, smoothstep
from pentaprism.engines.artwork.painter import mask_of, polygon, soft_shadow, stroke, to_bytes, to_floats
from pentaprism.engines.artwork.plants import FLOWER_COLOURS
from pentaprism.engines.artwork.plants import _head as flower_head
from pentaprism.engines.artwork.sky import Canvas
from pentaprism.engines.artwork.solids import sphere, turned

Floats = npt.NDArray[np.float32]
Place = Callable[[Canvas, Frame, float, float, float, Floats, int], None]

CUP = ((0, 0.62), (0.5, 0.56), (0.82, 0.42), (1, 0.3))
TABLE = 0.14
"""The things stand this far below the horizon line of the frame, in units."""


def draw_backdrop(
    frame: Frame, wall: Floats, table: Floats, seed: int, *, wooden: bool, bokeh: list[Floats] | None, smooth: bool
) -> Canvas:
    """A wall with a pool of light, and the table in front of it."""
    canvas = np.empty((frame.height, frame.width, 3), np.float32)
    distance = frame.distance(-0.16, -0.26)
    pool = np.exp(-((distance / 0.75) ** 2))
    shade, bright = toned(wall, lightness=-0.17), toned(wall, lightness=0.1)
    canvas[:] = coloured(pool, bright - shade)
    canvas += row_of(shade, frame.width)
    if bokeh:
        add_bokeh(canvas, frame, seed, bokeh, count=42, top=frame.top, bottom=0.08, strength=0.55)
    edge = 0.05
    first = min(max(int(frame.y(edge)) - 1, 0), frame.height)
    if first == frame.height:
        return canvas
    vs = frame.vs[first:]
    on = np.clip((vs - edge) * frame.scale + 0.5, 0, 1).astype(np.float32)
    lit = 0.72 + 0.38 * np.exp(-((frame.distance(-0.12, 0.22)[first:] / 0.6) ** 2))
    if wooden and not smooth:
        depth = 1 / (vs.clip(edge) + 0.18)
        grain = fbm(frame.us * 2.2, depth * 5.5, seed + 9, 5, 0.62) + 0.5 * fbm(frame.us * 9, depth * 34, seed + 10, 3)
        boards = np.abs((depth * 1.4) % 1 - 0.5)
        lit *= (1 + 0.13 * grain) * (1 - 0.28 * smoothstep(0.47, 0.5, boards))[:, None]
    tone = coloured(lit, table)
    tone += spread(np.repeat(smoothstep(0.35, 0.0, (vs - edge) / max(frame.bottom - edge, 1e-3))[:, None] * 0.14, frame.width, axis=1))
    over(canvas[first:], np.clip(tone, 0, 1, out=tone), np.repeat(on[:, None], frame.width, axis=1))
    return canvas


def _shadow(canvas: Canvas, frame: Frame, x: float, y: float, wide: float) -> None:
    soft_shadow(canvas, x + wide * 0.45, y + wide * 0.05, wide * 1.7, wide * 0.3, 0.42)
    soft_shadow(canvas, x, y + wide * 0.02, wide * 1.12, wide * 0.16, 0.5)
    _ = frame


def cup(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, seed: int) -> None:
    """A cup of coffee on its saucer, with steam."""
    plate = toned(colour, lightness=0.06)
    _shadow(canvas, frame, x, y + size * 0.03, size * 0.78)
    turned(canvas, x, y - size * 0.075, size * 0.13, ((0, 6.2), (0.45, 5.2), (1, 2.6)), plate, gloss=0.35, round_foot=0.14, curved=True)
    _ellipse(canvas, x, y - size * 0.075, size * 0.8, size * 0.115, toned(plate, lightness=0.05))
    _ellipse(canvas, x + size * 0.04, y - size * 0.06, size * 0.5, size * 0.06, toned(plate, lightness=-0.1))
    handle = np.array(
        [(x + size * (0.36 + 0.27 * np.sin(a) ** 0.8), y - size * (0.44 + 0.2 * np.cos(a))) for a in np.linspace(0.12, np.pi - 0.12, 30)]
    )
    _tube(canvas, handle, size * 0.062, toned(colour, lightness=-0.03))
    turned(canvas, x, y - size * 0.78, size * 0.74, CUP, colour, gloss=0.5, round_foot=0.16, curved=True)
    rim = size * 0.74 * 0.62
    _ellipse(canvas, x, y - size * 0.78, rim, rim * 0.2, toned(colour, lightness=0.08))
    _ellipse(canvas, x, y - size * 0.772, rim * 0.93, rim * 0.168, toned(colour, lightness=-0.14))
    _ellipse(canvas, x, y - size * 0.755, rim * 0.86, rim * 0.135, rgb("#3a2214"))
    _ellipse(canvas, x - rim * 0.14, y - size * 0.752, rim * 0.52, rim * 0.072, rgb("#6a4326"))
    _steam(canvas, frame, x, y - size * 0.82, size, seed)


def _steam(canvas: Canvas, frame: Frame, x: float, y: float, size: float, seed: int) -> None:
    left, top = max(int(x - size), 0), max(int(y - 1.25 * size), 0)
    part = canvas[top : max(int(y + 0.25 * size), top + 1), left : max(int(x + size), left + 1)]
    layer = np.zeros(part.shape[:2], np.float32)
    x, y = x - left, y - top
    for k in range(3):
        ts = np.linspace(0, 1, 36)
        sway = np.sin(ts * (5 + k) + seed % 7 + k * 2) * size * 0.09 * ts
        points = np.stack([x + (k - 1) * size * 0.16 + sway, y - ts * size * (0.75 + 0.12 * k)], axis=1)
        for (x0, y0), (x1, y1), t in zip(points[:-1], points[1:], ts, strict=False):
            cv2.line(
                layer,
                (round(x0), round(y0)),
                (round(x1), round(y1)),
                float(0.6 * np.sin(np.pi * min(t + 0.06, 1))),
                max(round(size * 0.035), 1),
                cv2.LINE_AA,
            )
    screen(part, spread(cv2.GaussianBlur(layer, (0, 0), max(size * 0.035, 0.6)) * np.float32(0.75)))
    _ = frame


def bottle(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, _seed: int) -> None:
    """A glass bottle with a label and a cap."""
    _shadow(canvas, frame, x, y, size * 0.36)
    profile = ((0, 0.068), (0.1, 0.068), (0.12, 0.058), (0.3, 0.064), (0.43, 0.165), (0.5, 0.18), (0.96, 0.18), (1, 0.165))
    cap, paper = mix(colour, rgb("#1d1a18"), 0.75), rgb("#f4eee1")
    bands = ((0.0, 0.105, cap), (0.58, 0.84, paper), (0.625, 0.64, colour), (0.78, 0.795, colour))
    turned(canvas, x, y - size * 1.62, size * 1.62, profile, colour, gloss=0.8, glass=0.55, bands=bands, round_foot=0.13)


def jar(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, _seed: int) -> None:
    """A pump bottle and a box on a round podium: a product photograph's usual guests."""
    stone = mix(colour, rgb("#f3ece4"), 0.72)
    turned(canvas, x, y - size * 0.26, size * 0.26, ((0, 3.4), (1, 3.4)), stone, gloss=0.1, round_foot=0.2)
    _ellipse(canvas, x, y - size * 0.26, size * 0.884, size * 0.177, toned(stone, lightness=0.07))
    foot = y - size * 0.27
    box = x + size * 0.4
    _box(canvas, box, foot + size * 0.05, size * 0.44, size * 0.86, mix(colour, rgb("#ffffff"), 0.35), colour)
    _shadow(canvas, frame, x - size * 0.22, foot + size * 0.03, size * 0.3)
    profile = ((0, 0.03), (0.09, 0.03), (0.1, 0.1), (0.17, 0.1), (0.18, 0.17), (0.23, 0.2), (0.97, 0.2), (1, 0.185))
    dark = mix(colour, rgb("#201c1b"), 0.6)
    bands = ((0.0, 0.175, dark), (0.42, 0.78, rgb("#faf6ee")), (0.5, 0.52, dark), (0.56, 0.57, colour))
    turned(canvas, x - size * 0.22, foot - size * 1.05, size * 1.08, profile, colour, gloss=0.6, bands=bands, round_foot=0.14)


def _box(canvas: Canvas, x: float, y: float, width: float, height: float, front: Floats, accent: Floats) -> None:
    soft_shadow(canvas, x + width * 0.5, y + height * 0.02, width * 1.0, height * 0.13, 0.4)
    drawn = to_bytes(canvas)
    left, right, depth, up = x - width / 2, x + width / 2, width * 0.4, width * 0.15
    polygon(drawn, [(left, y), (left, y - height), (right, y - height), (right, y)], front)
    polygon(
        drawn, [(right, y), (right, y - height), (right + depth, y - height - up), (right + depth, y - up)], toned(front, lightness=-0.2)
    )
    polygon(
        drawn,
        [(left, y - height), (left + depth, y - height - up), (right + depth, y - height - up), (right, y - height)],
        toned(front, lightness=0.06),
    )
    polygon(drawn, [(left, y - height * 0.3), (left, y - height * 0.62), (right, y - height * 0.62), (right, y - height * 0.3)], accent)
    polygon(
        drawn,
        [
            (right, y - height * 0.3),
            (right, y - height * 0.62),
            (right + depth, y - height * 0.62 - up),
            (right + depth, y - height * 0.3 - up),
        ],
        toned(accent, lightness=-0.16),
    )
    canvas[:] = to_floats(drawn)


def gift(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, _seed: int) -> None:
    """A wrapped box with ribbon and bow."""
    ribbon = toned(mix(colour, rgb("#f6d77a"), 0.85), lightness=0.02)
    _box(canvas, x - size * 0.12, y + size * 0.03, size * 1.05, size * 0.86, colour, toned(colour, lightness=0.02))
    drawn = to_bytes(canvas)
    middle, top, up, depth = x - size * 0.12, y + size * 0.03 - size * 0.86, size * 1.05 * 0.15, size * 1.05 * 0.4
    polygon(
        drawn,
        [
            (middle - size * 0.09, y + size * 0.03),
            (middle - size * 0.09, top),
            (middle + size * 0.09, top),
            (middle + size * 0.09, y + size * 0.03),
        ],
        ribbon,
    )
    polygon(
        drawn,
        [
            (middle - size * 0.09, top),
            (middle - size * 0.09 + depth, top - up),
            (middle + size * 0.09 + depth, top - up),
            (middle + size * 0.09, top),
        ],
        toned(ribbon, lightness=0.04),
    )
    cx, cy = middle + depth / 2, top - up / 2
    for side in (-1, 1):
        loop = [(cx + side * size * (0.36 * np.sin(a)), cy - size * (0.2 * np.sin(2 * a) + 0.02)) for a in np.linspace(0, np.pi / 2, 20)]
        loop += [
            (cx + side * size * (0.36 * np.sin(a)), cy - size * (0.34 * np.sin(a) * np.cos(a) * 1.9) - size * 0.03)
            for a in np.linspace(np.pi / 2, 0, 20)
        ]
        polygon(drawn, loop, toned(ribbon, lightness=0.05 * side))
        tail = [(cx, cy), (cx + side * size * 0.3, cy + size * 0.16), (cx + side * size * 0.2, cy + size * 0.24)]
        polygon(drawn, tail, toned(ribbon, lightness=-0.08))
    canvas[:] = to_floats(drawn)
    sphere(canvas, cx, cy - size * 0.03, size * 0.07, ribbon, gloss=0.2)
    _ = frame


def candle(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, _seed: int) -> None:
    """Three candles of different height, alight."""
    for offset, tall, wide in ((-0.52, 0.72, 0.2), (0.5, 0.5, 0.24), (0.0, 1.15, 0.22)):
        cx, foot, height = x + offset * size, y + (0.05 if offset else 0) * size, tall * size
        _shadow(canvas, frame, cx, foot, size * wide)
        turned(
            canvas,
            cx,
            foot - height,
            height,
            ((0, wide / tall), (1, wide / tall)),
            mix(colour, rgb("#f5ead6"), 0.45),
            gloss=0.12,
            round_foot=0.2,
        )
        _ellipse(canvas, cx, foot - height, size * wide, size * wide * 0.2, toned(mix(colour, rgb("#ffe6b8"), 0.6), lightness=0.05))
        _flame(canvas, frame, cx, foot - height - size * 0.03, size * 0.24)


def _flame(canvas: Canvas, frame: Frame, x: float, y: float, size: float) -> None:
    distance = np.hypot((np.arange(frame.width) + 0.5 - x)[None], (np.arange(frame.height) + 0.5 - y + size * 0.5)[:, None]) / size
    screen(canvas, np.asarray((0.55 * np.exp(-distance / 1.6) + 0.12 * np.exp(-distance / 5))[..., None] * rgb("#ffb454"), np.float32))
    for scale, tone in ((1.0, "#ff9a2e"), (0.72, "#ffd36b"), (0.4, "#fff6d8")):
        ts = np.linspace(0, np.pi, 24)
        right = [(x + size * 0.26 * scale * np.sin(t) ** 1.4, y - size * scale * (1 - np.cos(t)) / 2 * 1.15) for t in ts]
        left = [(2 * x - px, py) for px, py in right[::-1]]
        over(canvas, rgb(tone), mask_of(canvas.shape[:2], right + left) * np.float32(0.92))


def fruit(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, seed: int) -> None:
    """Round fruit in a small heap, one with its leaf."""
    grain = fbm(np.linspace(0, 14, 160), np.linspace(0, 14, 160), seed, 3)
    for dx, dy, r in ((-0.5, 0.0, 0.42), (0.42, -0.02, 0.45), (-0.02, 0.1, 0.48), (0.98, 0.08, 0.36)):
        cx, cy, radius = x + dx * size, y + dy * size - r * size, r * size
        _shadow(canvas, frame, cx, cy + radius * 0.96, radius * 0.8)
        sphere(canvas, cx, cy, radius, toned(colour, lightness=0.04 * np.sin(dx * 9)), gloss=0.45, texture=grain)
    drawn = to_bytes(canvas)
    tip = x - 0.02 * size, y - 0.86 * size
    stroke(drawn, [(tip[0], tip[1] + size * 0.06), (tip[0] + size * 0.03, tip[1] - size * 0.1)], rgb("#4b3621"), size * 0.035)
    leaf = [
        (tip[0] + size * 0.02, tip[1] - size * 0.05),
        (tip[0] + size * 0.16, tip[1] - size * 0.2),
        (tip[0] + size * 0.36, tip[1] - size * 0.12),
        (tip[0] + size * 0.2, tip[1] - size * 0.02),
    ]
    polygon(drawn, leaf, rgb("#5a8f3c"))
    canvas[:] = to_floats(drawn)


def vase(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, seed: int) -> None:
    """A vase of flowers."""
    _shadow(canvas, frame, x, y, size * 0.4)
    rng = np.random.Generator(np.random.PCG64(seed + 701))
    drawn = to_bytes(canvas)
    heads = [colour, toned(colour, lightness=0.12), mix(colour, rgb("#fff2e6"), 0.6)]
    mouth = y - size * 0.92
    spots = sorted(((rng.normal(0, 0.36), rng.uniform(0.2, 0.82)) for _ in range(24)), key=lambda spot: -spot[1])
    for across, up in spots:
        hx, hy = x + across * size, mouth - up * size * (1 - 0.35 * abs(across))
        stroke(
            drawn,
            [(x + across * size * 0.12, mouth + size * 0.05), (x + across * size * 0.55, mouth - up * size * 0.5), (hx, hy)],
            rgb("#4c7338"),
            size * 0.018,
        )
        if rng.random() < 0.6:
            lx, ly = x + across * size * 0.6, mouth - up * size * 0.45
            polygon(
                drawn,
                [(lx, ly), (lx + size * 0.16 * np.sign(across), ly - size * 0.08), (lx + size * 0.22 * np.sign(across), ly + size * 0.02)],
                rgb("#5d8a45"),
            )
    for index, (across, up) in enumerate(spots):
        hx, hy = x + across * size, mouth - up * size * (1 - 0.35 * abs(across))
        flower_head(drawn, rng, hx, hy, size * rng.uniform(0.09, 0.14), heads[index % 3], "wildflower" if index % 2 else "daisy")
    canvas[:] = to_floats(drawn)
    profile = ((0, 0.22), (0.06, 0.19), (0.2, 0.16), (0.55, 0.34), (0.75, 0.33), (1, 0.2))
    turned(canvas, x, mouth, size * 0.92, profile, mix(colour, rgb("#eef2f4"), 0.82), gloss=0.7, round_foot=0.16, curved=True)


def plant(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, seed: int) -> None:
    """A leafy plant in a pot."""
    _shadow(canvas, frame, x, y, size * 0.42)
    rng = np.random.Generator(np.random.PCG64(seed + 709))
    drawn = to_bytes(canvas)
    mouth = y - size * 0.56
    for k in range(30):
        angle, reach = rng.normal(np.pi / 2, 0.62), size * rng.uniform(0.5, 1.1)
        tip = x + np.cos(angle) * reach, mouth - np.sin(angle) * reach
        middle = x + np.cos(angle) * reach * 0.55, mouth - np.sin(angle) * reach * 0.66
        wide = size * rng.uniform(0.05, 0.085)
        normal = np.array([np.sin(angle), np.cos(angle)]) * wide
        tone = toned(rgb("#3f7d45"), lightness=-0.1 + 0.2 * k / 30 + rng.uniform(-0.04, 0.04))
        polygon(
            drawn, [(x, mouth), (middle[0] + normal[0], middle[1] + normal[1]), tip, (middle[0] - normal[0], middle[1] - normal[1])], tone
        )
        stroke(drawn, [(x, mouth), middle, tip], toned(tone, lightness=0.1), size * 0.008)
    canvas[:] = to_floats(drawn)
    turned(
        canvas, x, mouth - size * 0.02, size * 0.58, ((0, 0.62), (0.13, 0.62), (0.15, 0.56), (1, 0.4)), colour, gloss=0.25, round_foot=0.18
    )


def books(canvas: Canvas, frame: Frame, x: float, y: float, size: float, colour: Floats, seed: int) -> None:
    """A stack of books."""
    rng = np.random.Generator(np.random.PCG64(seed + 719))
    soft_shadow(canvas, x + size * 0.2, y, size * 1.2, size * 0.14, 0.5)
    drawn = to_bytes(canvas)
    foot = y
    for k in range(5):
        tall, wide = size * rng.uniform(0.13, 0.2), size * rng.uniform(0.75, 0.95)
        shift = rng.uniform(-0.06, 0.06) * size
        tone = toned(mix(colour, rgb(("#8a3b34", "#2f5b72", "#d6b066", "#4a5d3a", "#3c3550")[k]), 0.6), chroma=0.9)
        left, right = x - wide + shift, x + wide * 0.8 + shift
        polygon(drawn, [(left, foot), (left, foot - tall), (right, foot - tall), (right, foot)], tone)
        polygon(
            drawn,
            [
                (right, foot - tall * 0.1),
                (right, foot - tall * 0.9),
                (right + size * 0.2, foot - tall * 0.95),
                (right + size * 0.2, foot - tall * 0.2),
            ],
            rgb("#efe6d2"),
        )
        polygon(
            drawn,
            [(left, foot - tall), (left + size * 0.22, foot - tall * 1.14), (right + size * 0.2, foot - tall * 1.12), (right, foot - tall)],
            toned(tone, lightness=0.09),
        )
        for place in (0.12, 0.86):
            px = left + (right - left) * place
            polygon(
                drawn,
                [(px, foot), (px, foot - tall), (px + size * 0.03, foot - tall), (px + size * 0.03, foot)],
                toned(tone, lightness=0.16),
            )
        foot -= tall
    canvas[:] = to_floats(drawn)
    _ = frame


def _ellipse(canvas: Canvas, x: float, y: float, across: float, down: float, colour: Floats) -> None:
    y0, y1 = max(int(y - down) - 2, 0), min(int(y + down) + 3, canvas.shape[0])
    x0, x1 = max(int(x - across) - 2, 0), min(int(x + across) + 3, canvas.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    reach = np.hypot(((np.arange(x0, x1) + 0.5 - x) / across)[None], ((np.arange(y0, y1) + 0.5 - y) / down)[:, None])
    alpha = np.clip((1 - reach) * down + 0.5, 0, 1).astype(np.float32)
    slope = 1 + 0.06 * ((np.arange(x0, x1) + 0.5 - x) / across)[None, :, None]
    region = canvas[y0:y1, x0:x1]
    region += (np.clip(colour * slope, 0, 1).astype(np.float32) - region) * alpha[..., None]


def _tube(canvas: Canvas, points: npt.NDArray[np.float64], thickness: float, colour: Floats) -> None:
    drawn = to_bytes(canvas)
    for share, tone in ((1.0, toned(colour, lightness=-0.16)), (0.72, colour), (0.3, toned(colour, lightness=0.09))):
        stroke(drawn, points - thickness * 0.14 * (1 - share), tone, thickness * 2 * share)
    canvas[:] = to_floats(drawn)


THINGS: dict[str, tuple[Place, float, str]] = {
    "cup": (cup, 0.24, "#f3ede3"),
    "bottle": (bottle, 0.25, "#2f6b4a"),
    "product": (jar, 0.33, "#e2a58b"),
    "gift": (gift, 0.26, "#b9343f"),
    "candle": (candle, 0.27, "#f0dfc2"),
    "fruit": (fruit, 0.2, "#f0862b"),
    "vase": (vase, 0.28, "#e0708e"),
    "plant": (plant, 0.27, "#c9764f"),
    "books": (books, 0.28, "#7a4b3a"),
}
"""What can stand on the table: how it is drawn, its size in units, and its usual colour."""

FLOWERS_IN_VASE = FLOWER_COLOURS
