"""Skylines: rows of buildings, hazier the farther they are, with windows that light up in the dark."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb, toned
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import fbm, smoothstep
from pentaprism.engines.artwork.painter import Bytes, polygon, stroke

Floats = npt.NDArray[np.float32]
WINDOWS = ("#ffdf9e", "#ffd27a", "#fff1cf", "#bfe3ff")


def is_dark(light: Light) -> bool:
    """Whether lamps are lit."""
    return light.stars > 0 or light.height < 0.08 or light.overcast > 0.6


def draw_skyline(canvas: Bytes, frame: Frame, light: Light, seed: int, *, tint: Floats | None = None, smooth: bool = False) -> None:
    """Four rows of buildings that stand on the horizon."""
    for row in range(4):
        _row(canvas, frame, light, np.random.Generator(np.random.PCG64(seed + 601 + row)), row, tint, smooth)


def _row(canvas: Bytes, frame: Frame, light: Light, rng: np.random.Generator, row: int, tint: Floats | None, smooth: bool) -> None:
    near = (row + 1) / 4
    base = mix(rgb("#6d7a8c"), rgb("#2c3440"), near) if tint is None else toned(tint, lightness=-0.12 - 0.22 * near)
    body = base * (0.34 + 0.4 * light.ambient + 0.32 * light.direct)
    air = 0.78 * (1 - near) + 0.06
    body = body + (light.haze - body) * np.float32(air)
    u = -3.2
    while u < 3.2:
        width = rng.uniform(0.035, 0.085) * (0.75 + 0.5 * near)
        tall = rng.random() < 0.16
        height = (rng.uniform(0.1, 0.24) + (rng.uniform(0.12, 0.26) if tall else 0)) * (1.22 - 0.38 * near)
        height *= 0.72 + 0.5 * np.exp(-((u - 0.14) ** 2) / 0.16)
        shape, lift = rng.integers(5), rng.uniform(0, 1)
        if -frame.right - 0.1 < u < frame.right + 0.1:
            _building(canvas, frame, light, rng, (u, width, height * 1.12), (int(shape), float(lift)), (body, near), smooth)
        u += width * rng.uniform(0.92, 1.25)


def _building(
    canvas: Bytes,
    frame: Frame,
    light: Light,
    rng: np.random.Generator,
    place: tuple[float, float, float],
    style: tuple[int, float],
    paint: tuple[Floats, float],
    smooth: bool,
) -> None:
    u, width, height = place
    shape, lift = style
    body, near = paint
    left, right, top, foot = frame.x(u), frame.x(u + width), frame.y(-height), frame.y(0.004)
    middle, across = (left + right) / 2, right - left
    bright = toned(body, lightness=0.035 + 0.05 * float(light.direct.mean()))
    outline = [(left, foot), (left, top), (right, top), (right, foot)]
    if shape == 1:
        outline = [
            (left, foot),
            (left, top + across * 0.4),
            (left + across * 0.2, top),
            (right - across * 0.2, top),
            (right, top + across * 0.4),
            (right, foot),
        ]
    elif shape == 2:
        outline = [(left, foot), (left, top), (right, top + across * (0.25 + 0.5 * lift)), (right, foot)]
    elif shape == 3:
        step = across * 0.2
        outline = [
            (left, foot),
            (left, top + step * 2),
            (left + step, top + step * 2),
            (left + step, top),
            (right - step, top),
            (right - step, top + step * 2),
            (right, top + step * 2),
            (right, foot),
        ]
    polygon(canvas, outline, body)
    lit_side = [(middle + across * 0.16, foot), (middle + across * 0.16, top + across * 0.45), (right, top + across * 0.45), (right, foot)]
    polygon(canvas, lit_side if light.side > 0 else [(2 * middle - x, y) for x, y in lit_side], bright)
    if height > 0.3 and shape != 2:
        stroke(canvas, [(middle, top), (middle, top - across * (0.35 + 0.5 * lift))], body, max(frame.scale * 0.0022, 1))
    if smooth:
        return
    _windows(canvas, light, rng, (left, right, top + across * 0.5, foot), near, body, frame.scale)


def _windows(
    canvas: Bytes, light: Light, rng: np.random.Generator, box: tuple[float, float, float, float], near: float, body: Floats, scale: float
) -> None:
    left, right, top, foot = box
    pitch = scale * 0.0105 * (0.7 + 0.5 * near)
    columns, rows = int((right - left) / pitch), int((foot - top) / (pitch * 1.35))
    if columns < 1 or rows < 1 or pitch < 2.2:
        return
    dark = is_dark(light)
    glow = rgb(WINDOWS[int(rng.integers(len(WINDOWS)))])
    lit = rng.random((rows, columns)) < (0.46 if dark else 0.04)
    tones = rng.uniform(0.45, 1.0, (rows, columns))
    pane = toned(body, lightness=-0.05) if dark else mix(body, light.top, 0.3)
    margin = (right - left - columns * pitch) / 2
    for i in range(rows):
        for j in range(columns):
            x, y = left + margin + (j + 0.22) * pitch, top + (i + 0.25) * pitch * 1.35
            colour = mix(body, glow, float(tones[i, j]) * (0.35 + 0.65 * near)) if lit[i, j] else pane
            x1, y1 = x + pitch * 0.56, y + pitch * 0.72
            cv2.rectangle(
                canvas, (round(x), round(y)), (round(x1), round(y1)), tuple(round(float(c) * 255) for c in np.clip(colour, 0, 1)), -1
            )


def reflect(canvas: Floats, frame: Frame, light: Light, seed: int) -> None:
    """Turn what lies below the horizon into water that shows what stands above it, in place."""
    first = max(int(frame.horizon), 0)
    vs = frame.vs[first:]
    waves = fbm(frame.us * 4, 9 * np.log(vs.clip(0) + 0.015), seed + 45, 4, 0.6)
    small = fbm(frame.us * 24, 26 * np.log(vs.clip(0) + 0.02), seed + 46, 3, 0.6)
    strength = smoothstep(0, 0.4, vs)[:, None] * 0.05 + 0.003
    shift = ((0.7 * waves + 0.4 * small) * strength * np.float32(frame.scale)).astype(np.float32)
    rows = 2 * frame.horizon - (np.arange(first, frame.height)[:, None] + 0.5) - np.abs(shift) - 0.5
    columns = np.arange(frame.width, dtype=np.float32)[None] + shift * 0.3
    mirror = cv2.remap(canvas, columns, np.clip(rows, 0, None).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mirror = cv2.blur(mirror, (1, max(int(frame.scale * 0.012), 1)))
    deep = light.top * 0.35
    body = (0.2 + 0.32 * smoothstep(0, 0.45, vs)[:, None])[..., None]
    canvas[first:] = mirror * (1 - body) + deep * body
