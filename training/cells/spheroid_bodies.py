"""Bodies for the spheroid pictures: how an outline becomes light, for dark, translucent, bright and hollow objects."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from shapes import Image, Outline, coverage, fractal, smooth_noise

KINDS = ("dark", "translucent", "phase_bright", "phase_dark", "hollow", "glowing", "plain")


@dataclass(frozen=True)
class Style:
    """What the objects of one picture share."""

    kind: str
    opacity: float
    grain: float
    roughness: float
    fringe: float
    core: bool
    vacuoles: bool


def style_of(rng: np.random.Generator) -> Style:
    """A style with most weight on dark and translucent bodies."""
    kind = str(rng.choice(KINDS, p=[0.36, 0.18, 0.1, 0.1, 0.12, 0.08, 0.06]))
    opacity = float(np.exp(rng.uniform(np.log(0.22), np.log(0.96))))
    fringe = rng.uniform(0.1, 0.6) if kind.startswith("phase") else rng.uniform(0, 0.25) * (rng.random() < 0.4)
    return Style(kind, opacity, rng.uniform(0.02, 0.4), rng.uniform(0, 1), float(fringe), rng.random() < 0.3, rng.random() < 0.25)


def depth_of(rng: np.random.Generator, shape: tuple[int, int], x: float, y: float, radius: float, style: Style) -> Image:
    """Signed depth in pixels over the whole picture of a body with buds and a rough surface (strongly negative far away)."""
    total = np.full(shape, -1e3, np.float32)
    parts = [(x, y, Outline(rng, radius, rng.uniform(0.01, 0.12), 1.0 + rng.exponential(0.3), 6))]
    if rng.random() < 0.25:
        for _ in range(rng.integers(1, 4)):
            angle, share = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.7)
            step = radius * rng.uniform(0.6, 0.95)
            bud = Outline(rng, radius * share, 0.05, 1.2, 5)
            parts.append((x + step * np.cos(angle), y + step * np.sin(angle), bud))
    for px, py, outline in parts:
        placed = outline.place(shape, px, py, margin=12.0 + radius * 0.5)
        if placed is not None:
            rows, columns, depth = placed
            total[rows, columns] = np.maximum(total[rows, columns], depth)
    near = total > -12
    if style.roughness > 0.3 and near.any():
        bumps = smooth_noise(rng, shape, rng.uniform(2, 6)) * rng.uniform(0.2, 1.6) + smooth_noise(rng, shape, radius * 0.5) * radius * 0.02
        total = np.where(near, total + bumps * style.roughness, total)
    return total.astype(np.float32)


def paint(rng: np.random.Generator, picture: Image, depth: Image, radius: float, style: Style) -> Image:
    """The picture with the body in it."""
    cover = coverage(depth)
    inner = np.clip(depth, 0, None)
    texture = style.grain * fractal(rng, picture.shape, rng.uniform(3, max(4.0, radius * 0.5)), 4)
    if style.kind == "plain":
        level = picture * (1 - style.opacity) if rng.random() < 0.6 else picture + style.opacity
        return np.where(cover > 0, picture * (1 - cover) + level * cover, picture).astype(np.float32)
    if style.kind == "dark":
        body = _dark(rng, picture, inner, radius, style, texture)
    elif style.kind == "translucent":
        body = picture * (1 - 0.55 * style.opacity * (1 + texture) * (0.4 + 0.6 * np.exp(-inner / rng.uniform(2, 8))))
    elif style.kind == "phase_bright":
        body = picture * (1 + 0.9 * style.opacity * (1 - np.exp(-inner / (radius * rng.uniform(0.05, 0.4)))) * (1 + texture))
    elif style.kind == "phase_dark":
        body = picture * (1 - 0.6 * style.opacity * (1 + 1.5 * texture))
    elif style.kind == "hollow":
        wall = np.exp(-(((inner - radius * 0.08) / (radius * rng.uniform(0.06, 0.22) + 1.0)) ** 2))
        sign = -1.0 if rng.random() < 0.75 else 0.8
        body = picture * (1 + sign * style.opacity * wall * (0.8 + texture) + rng.uniform(-0.15, 0.1) * style.opacity)
    else:
        glow = (1 - np.exp(-inner / (radius * rng.uniform(0.1, 0.8)))) if rng.random() < 0.7 else 1.0
        body = picture + style.opacity * glow * (1 + texture)
    if style.vacuoles:
        body = _with_vacuoles(rng, body, depth, radius)
    result = picture * (1 - cover) + body * cover
    return _with_fringe(rng, result, depth, style)


def _dark(rng: np.random.Generator, picture: Image, inner: Image, radius: float, style: Style, texture: Image) -> Image:
    """Light lost on the way through a ball, sometimes with a denser or a paler core."""
    length = radius * np.exp(rng.uniform(np.log(0.04), np.log(0.7)))
    loss = style.opacity * (0.35 + 0.65 * (1 - np.exp(-inner / length)))
    if style.core:
        edge = radius * rng.uniform(0.35, 0.65)
        loss = loss + rng.uniform(-0.35, 0.35) * style.opacity / (1 + np.exp(-(inner - edge) / (radius * 0.06 + 0.5)))
    return picture * np.clip(1 - loss * (1 + 0.6 * texture), 0.03, 1.3)


def _with_vacuoles(rng: np.random.Generator, body: Image, depth: Image, radius: float) -> Image:
    rows, columns = np.nonzero(depth > radius * 0.12)
    if rows.size == 0:
        return body
    spots = np.zeros(body.shape, np.float32)
    for pick in rng.integers(0, rows.size, rng.integers(1, 9)):
        centre = (int(columns[pick]), int(rows[pick]))
        cv2.circle(spots, centre, max(1, int(radius * rng.uniform(0.04, 0.22))), float(rng.uniform(-0.4, 0.5)), -1, cv2.LINE_AA)
    return body * (1 + cv2.GaussianBlur(spots, (0, 0), 0.8))


def _with_fringe(rng: np.random.Generator, picture: Image, depth: Image, style: Style) -> Image:
    """Dark or bright rim line, and the halo of phase contrast outside."""
    if rng.random() < 0.35:
        width = rng.uniform(0.8, 2.5)
        picture = picture * (1 + rng.uniform(-0.35, 0.25) * np.exp(-((depth / width) ** 2)))
    if style.fringe > 0:
        reach = rng.uniform(2.0, 10.0)
        outside = np.where(depth < 0, np.exp(depth / reach), 0.0)
        sign = -1.0 if style.kind == "phase_bright" else rng.choice([-0.7, 1.0, 1.0])
        picture = picture * (1 + sign * style.fringe * outside)
    return picture.astype(np.float32)
