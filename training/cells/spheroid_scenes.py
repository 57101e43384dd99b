"""Generated bright-field and phase pictures of spheroids and organoids, with debris, single cells, wells and scratches around them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from shapes import Image, Outline, camera, coverage, fractal, illumination, smooth_noise, stretch
from spheroid_bodies import Style, depth_of, paint, style_of

Scene = tuple[Image, npt.NDArray[np.int32], Image]


def spheroid_scene(rng: np.random.Generator, size: int) -> Scene:
    """(picture 0..1, labels, anti-aliased foreground), each [size, size]."""
    shape = (size, size)
    style = style_of(rng)
    glowing = style.kind == "glowing"
    ground = rng.uniform(0.02, 0.15) if glowing else rng.uniform(0.3, 0.9)
    picture = np.full(shape, ground, np.float32) * (1 + rng.uniform(0, 0.05) * fractal(rng, shape, rng.uniform(2, 20), 3))
    spots = _layout(rng, size)
    if not glowing:
        picture = _litter(rng, picture, spots, size)
    labels = np.zeros(shape, np.int32)
    cover = np.zeros(shape, np.float32)
    for number, (x, y, radius) in enumerate(spots, start=1):
        own = style if rng.random() < 0.75 else _variant(rng, style)
        depth = depth_of(rng, shape, x, y, radius, own)
        picture = paint(rng, picture, depth, radius, own)
        labels[depth > 0] = number
        cover = np.maximum(cover, coverage(depth))
    if not glowing and rng.random() < 0.5:
        picture = _cells(rng, picture, int(rng.exponential(15)))
    picture = picture * illumination(rng, shape, rng.uniform(0, 0.2))
    if not glowing and rng.random() < 0.2:
        picture = _well(rng, picture, size)
    if rng.random() < 0.06:
        picture = _caption(rng, picture)
    return _photograph(rng, picture, len(spots)), labels, cover


def _variant(rng: np.random.Generator, style: Style) -> Style:
    other = style_of(rng)
    kind = style.kind if style.kind in ("glowing", "plain") or other.kind in ("glowing", "plain") else other.kind
    return Style(kind, other.opacity, other.grain, other.roughness, other.fringe, other.core, other.vacuoles)


def _layout(rng: np.random.Generator, size: int) -> list[tuple[float, float, float]]:
    """(x, y, radius) of 0 to 12 objects; some touch, few overlap, some are cut by the picture's edge."""
    draw = rng.random()
    if draw < 0.08:
        return []
    if draw < 0.5:
        count, base = 1, size * rng.uniform(0.08, 0.46)
    elif draw < 0.8:
        count, base = int(rng.integers(2, 5)), size * rng.uniform(0.06, 0.22)
    else:
        count, base = int(rng.integers(5, 14)), size * rng.uniform(0.04, 0.1)
    spots: list[tuple[float, float, float]] = []
    for _ in range(count * 6):
        if len(spots) == count:
            break
        radius = float(np.clip(base * np.exp(rng.normal(0, 0.3)), 7, size * 0.48))
        edge = -0.3 * radius if rng.random() < 0.15 else min(radius * 0.9, size * 0.4)
        x, y = rng.uniform(edge, size - edge, 2)
        if spots and rng.random() < 0.35:
            px, py, other = spots[rng.integers(len(spots))]
            angle, step = rng.uniform(0, 2 * np.pi), (radius + other) * rng.uniform(0.85, 1.05)
            x, y = px + step * np.cos(angle), py + step * np.sin(angle)
        gap = min((np.hypot(x - px, y - py) / (radius + other) for px, py, other in spots), default=9.0)
        if gap > 0.8 and -0.3 * radius < x < size + 0.3 * radius and -0.3 * radius < y < size + 0.3 * radius:
            spots.append((float(x), float(y), radius))
    return spots


def _litter(rng: np.random.Generator, picture: Image, spots: list[tuple[float, float, float]], size: int) -> Image:
    """Debris clouds (often around a spheroid), single cells, specks, fibres, bubbles, out-of-focus dirt."""
    if rng.random() < 0.5:
        for _ in range(rng.integers(1, 3)):
            picture = _cloud(rng, picture, spots, size)
    if rng.random() < 0.3:
        picture = _carpet(rng, picture, spots, size)
    if rng.random() < 0.55:
        picture = _cells(rng, picture, int(rng.exponential(30)))
    if rng.random() < 0.4:
        specks = (rng.random(picture.shape) < 10 ** rng.uniform(-4, -2.3)).astype(np.float32)
        picture = picture * (1 - np.clip(cv2.GaussianBlur(specks, (0, 0), rng.uniform(0.5, 1.5)) * rng.uniform(1, 8), 0, 0.8))
    if rng.random() < 0.25:
        picture = _lines(rng, picture, size)
    if rng.random() < 0.25:
        blobs = np.clip(smooth_noise(rng, picture.shape, rng.uniform(12, 50)) - rng.uniform(1.2, 2), 0, None)
        picture = picture * (1 + rng.uniform(-0.15, 0.08) * blobs)
    if rng.random() < 0.1:
        x, y, radius = rng.uniform(0, size), rng.uniform(0, size), size * rng.uniform(0.02, 0.12)
        placed = Outline(rng, radius, 0.0, 1.02).place(picture.shape, x, y, 6)
        if placed is not None:
            rows, columns, depth = placed
            picture[rows, columns] *= 1 - rng.uniform(0.4, 0.9) * np.exp(-((depth / (1 + 0.12 * radius)) ** 2))
    return picture.astype(np.float32)


def _around(
    rng: np.random.Generator,
    spots: list[tuple[float, float, float]],
    size: int,
    share: float,
    reach: tuple[float, float],
    alone: tuple[float, float],
) -> tuple[float, float, float]:
    """(x, y, radius) of a cloud: in a ``share`` of cases about a spheroid, ``reach`` times as large; else anywhere, ``alone`` of a side."""
    if spots and rng.random() < share:
        x, y, radius = spots[rng.integers(len(spots))]
        return x, y, radius * rng.uniform(*reach)
    return rng.uniform(0, size), rng.uniform(0, size), size * rng.uniform(*alone)


def _cloud(rng: np.random.Generator, picture: Image, spots: list[tuple[float, float, float]], size: int) -> Image:
    """A carpet of loose cells and debris: grains inside a frayed outline, fading outwards."""
    x, y, radius = _around(rng, spots, size, 0.7, (1.2, 2.8), (0.08, 0.45))
    placed = Outline(rng, radius, 0.12, 1.5).place(picture.shape, x, y, 20)
    if placed is None:
        return picture
    rows, columns, depth = placed
    fray = fractal(rng, depth.shape, radius * 0.3, 3) * radius * rng.uniform(0.03, 0.15)
    density = 1 / (1 + np.exp(-(depth + fray) / (radius * rng.uniform(0.02, 0.15) + 1)))
    if rng.random() < 0.5:
        density = density * np.clip(0.6 + 0.5 * fractal(rng, depth.shape, radius * 0.35, 3), 0, 1.3)
    grain = smooth_noise(rng, depth.shape, rng.uniform(1.2, 4.0))
    grains = np.clip(grain - rng.uniform(-0.3, 0.8), -0.6, 2) if rng.random() < 0.7 else 0.8 * grain
    picture[rows, columns] *= np.clip(1 - density * rng.uniform(0.08, 0.5) * (grains + rng.uniform(0, 0.5)), 0.15, 1.6)
    return picture


def _carpet(rng: np.random.Generator, picture: Image, spots: list[tuple[float, float, float]], size: int) -> Image:
    """Loose cells that have crept out of a spheroid: dots of one or two pixels, denser in lumps, with bare patches between them."""
    x, y, radius = _around(rng, spots, size, 0.8, (1.6, 4.5), (0.2, 0.6))
    radius = min(radius, 0.7 * size)
    placed = Outline(rng, radius, 0.12, 1.5).place(picture.shape, x, y, 20)
    if placed is None:
        return picture
    rows, columns, depth = placed
    lumps = fractal(rng, depth.shape, radius * rng.uniform(0.15, 0.5), 3)
    density = np.clip(rng.uniform(0.3, 1.0) + rng.uniform(0.2, 0.8) * lumps, 0, 1.5)
    density /= 1 + np.exp(np.clip(-depth / (radius * rng.uniform(0.02, 0.12) + 1), -60, 60))
    if rng.random() < 0.6:
        bare = smooth_noise(rng, depth.shape, radius * rng.uniform(0.08, 0.3)) > rng.uniform(0.6, 1.6)
        density[bare] *= rng.uniform(0, 0.3)
    dots = (rng.random(depth.shape) < density * rng.uniform(0.05, 0.35)).astype(np.float32)
    reach = rng.uniform(0.5, 1.5)
    layer = cv2.GaussianBlur(dots, (0, 0), reach)
    if rng.random() < 0.4:
        layer = layer - rng.uniform(0.3, 0.9) * cv2.GaussianBlur(dots, (0, 0), 2 * reach)
    layer /= max(float(np.abs(layer[density > 0.2]).mean()) if (density > 0.2).any() else 1.0, 1e-3)
    picture[rows, columns] *= np.clip(1 - rng.uniform(0.03, 0.25) * layer, 0.2, 1.4)
    return picture


def _cells(rng: np.random.Generator, picture: Image, count: int) -> Image:
    """Single cells: rings or dots of 1.5 to 4 px, alone or in clumps."""
    layer = np.zeros(picture.shape, np.float32)
    size = picture.shape[0]
    radius = rng.uniform(1.2, 4.0)
    ring = rng.random() < 0.5
    x, y = rng.uniform(0, size, 2)
    for _ in range(min(count, 150)):
        if rng.random() < 0.5:
            x, y = rng.uniform(0, size, 2)
        else:
            x, y = x + rng.normal(0, 3 * radius), y + rng.normal(0, 3 * radius)
        centre, reach = (int(x), int(y)), max(1, round(radius * np.exp(rng.normal(0, 0.25))))
        cv2.circle(layer, centre, reach, -1.0, -1, cv2.LINE_AA)
        if ring:
            cv2.circle(layer, centre, max(1, reach - 1), 0.8, -1, cv2.LINE_AA)
    return picture * (1 + rng.uniform(0.1, 0.6) * cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.5, 1.2)))


def _lines(rng: np.random.Generator, picture: Image, size: int) -> Image:
    """Scratches (straight) and fibres (curved), dark or bright."""
    layer = np.zeros(picture.shape, np.float32)
    for _ in range(rng.integers(1, 6)):
        steps = rng.normal(0, 0.25, 40) * (rng.random() < 0.6)
        angle = rng.uniform(0, 2 * np.pi) + np.cumsum(steps)
        length = size * rng.uniform(0.005, 0.04)
        path = rng.uniform(0, size, 2) + np.cumsum(np.stack([np.cos(angle), np.sin(angle)], 1) * length, axis=0)
        cv2.polylines(
            layer, [path.astype(np.int32)], bool(rng.random() < 0.15), float(rng.uniform(-1, 0.7)), int(rng.integers(1, 3)), cv2.LINE_AA
        )
    return picture * (1 + rng.uniform(0.1, 0.6) * cv2.GaussianBlur(layer, (0, 0), rng.uniform(0.4, 1.5)))


def _well(rng: np.random.Generator, picture: Image, size: int) -> Image:
    """The border of a well or of the field of view: a large circle, darker (seldom brighter) outside, often with a rim."""
    radius = size * rng.uniform(0.5, 1.3)
    inside = rng.uniform(0.35, 0.95) * size * rng.uniform(0.5, 1.0)
    angle = rng.uniform(0, 2 * np.pi)
    x, y = size / 2 - np.cos(angle) * (radius - inside), size / 2 - np.sin(angle) * (radius - inside)
    dy, dx = np.mgrid[:size, :size].astype(np.float32)
    depth = radius - np.hypot(dx - x, dy - y)
    outside = 1 / (1 + np.exp(np.clip(depth / rng.uniform(0.5, 5), -60, 60)))
    factor = 1 + (rng.uniform(-0.95, -0.3) if rng.random() < 0.8 else rng.uniform(0.1, 0.5)) * outside
    rim = rng.uniform(-0.6, 0.4) * np.exp(-(((depth - rng.uniform(0, 6)) / rng.uniform(1.5, 8)) ** 2))
    return (picture * factor * (1 + rim)).astype(np.float32)


def _caption(rng: np.random.Generator, picture: Image) -> Image:
    """A scale bar or a few letters, as exported pictures have them."""
    size = picture.shape[0]
    level = float(picture.max() if rng.random() < 0.5 else picture.min())
    at = (int(size * rng.uniform(0.05, 0.6)), int(size * rng.uniform(0.9, 0.97)))
    layer = np.zeros(picture.shape, np.uint8)
    if rng.random() < 0.6:
        cv2.rectangle(layer, at, (at[0] + int(size * rng.uniform(0.1, 0.3)), at[1] + 3), 255, -1)
    else:
        cv2.putText(layer, f"{rng.integers(10, 900)} um", at, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 255, 1, cv2.LINE_AA)
    share = layer.astype(np.float32) / 255
    return picture * (1 - share) + level * share


def _photograph(rng: np.random.Generator, picture: Image, count: int) -> Image:
    """Defocus, noise, compression, a contrast curve, sometimes inverted; empty pictures keep low contrast noise."""
    blur = rng.exponential(0.7) if rng.random() < 0.85 else rng.uniform(2, 4)
    noise = float(np.exp(rng.uniform(np.log(0.003), np.log(0.12)))) * (1.5 if count == 0 else 1.0)
    picture = camera(rng, picture, float(min(blur, 4)), noise, 0.3)
    if rng.random() < 0.4:
        picture = picture ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.12:
        picture = 1 - picture
    return stretch(picture) if rng.random() < 0.6 else (picture * rng.uniform(0.6, 1) + rng.uniform(0, 0.15)).clip(0, 1).astype(np.float32)
