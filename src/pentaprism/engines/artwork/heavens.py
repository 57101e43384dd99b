"""What shines or falls in the sky: northern lights, rainbow, Milky Way, fireworks, lanterns, rain and snow."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import from_oklab, mix, rgb
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import screen, screen_layer
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import fbm, smoothstep
from pentaprism.engines.artwork.painter import disc, stroke
from pentaprism.engines.artwork.sky import Canvas

Floats = npt.NDArray[np.float32]


def _rng(seed: int) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def add_aurora(canvas: Canvas, frame: Frame, seed: int, colours: list[Floats]) -> None:
    """Curtains of light: bands that wander across the sky, with rays that rise from them."""
    first, second = colours[0], colours[-1]
    for band in range(3):
        wander = fbm(frame.us * 0.85 + 9 * band, np.array([0.5 + band]), seed + 60 + band, 3)[0]
        foot = -0.16 - 0.1 * band + 0.11 * wander
        rays = 0.55 + 0.45 * fbm(frame.us * 16 + 2.5 * wander, np.array([1.0]), seed + 70 + band, 3)[0]
        veil = smoothstep(-0.25, 0.75, fbm(frame.us * 0.9 + 31 * band, np.array([3.0]), seed + 80 + band, 2)[0])
        up = (foot[None] - frame.vs[:, None]).astype(np.float32)
        reach = (0.2 + 0.16 * rays)[None]
        light = np.where(up > 0, np.exp(-up / reach), np.exp(up / 0.014)) * (rays * veil)[None]
        share = np.clip(up / 0.5, 0, 1)[..., None]
        screen(canvas, np.asarray(light[..., None] * (first + (second - first) * share) * np.float32(0.8), np.float32))


def add_rainbow(canvas: Canvas, frame: Frame, light: Light) -> None:
    """Bow of 42 degrees opposite to the sun, red outside, faint where the sky is bright."""
    distance = frame.distance(-0.75 * np.sign(light.side or 1), 0.42)
    share = (distance - 0.78) / 0.075
    hue = np.clip(share, 0, 1) * 4.9 + 5.2
    lab = np.stack([np.full_like(hue, 0.78), 0.16 * np.cos(-hue), 0.16 * np.sin(-hue)], axis=-1)
    strength = smoothstep(0, 0.3, share) * smoothstep(1.0, 0.7, share) * smoothstep(0.03, -0.1, frame.vs)[:, None]
    screen(canvas, from_oklab(lab) * (strength * np.float32(0.42))[..., None])


def add_milky_way(canvas: Canvas, frame: Frame, seed: int) -> None:
    """A band of faint stars and dust from lower left to upper right."""
    along = (frame.us[None] * 0.62 + frame.vs[:, None] * 0.78 + 0.22).astype(np.float32)
    dust = fbm(frame.us * 3.2, frame.vs * 3.2, seed + 91, 6, 0.6)
    band = np.exp(-((along + 0.06 * dust) ** 2) / 0.028)
    dark = smoothstep(0.1, 0.9, fbm(frame.us * 4.1 + 3, frame.vs * 4.1, seed + 92, 5, 0.6)) * np.exp(-(along**2) / 0.008)
    glow = np.clip(band * (0.4 + 0.35 * dust) - 0.3 * dark, 0, 1) * smoothstep(0.02, -0.25, frame.vs)[:, None]
    tint = rgb("#8fa3e8") + (rgb("#ffd9c0") - rgb("#8fa3e8")) * np.clip(0.5 + 0.7 * dust, 0, 1)[..., None]
    screen(canvas, np.asarray(glow[..., None] * tint * 0.62, np.float32))


def draw_fireworks(canvas: Canvas, frame: Frame, seed: int, colours: list[Floats]) -> None:
    """Bursts of sparks with falling tails, and their light on the sky."""
    rng = _rng(seed + 521)
    palette = colours or [rgb("#ffcf5a"), rgb("#ff5f6d"), rgb("#6fd3ff"), rgb("#c78bff")]
    layer = np.zeros((frame.height, frame.width, 3), np.uint8)
    for k, (u, v, r) in enumerate(
        (
            (-0.17, -0.36, 0.2),
            (0.2, -0.43, 0.16),
            (0.02, -0.24, 0.11),
            (-0.36, -0.22, 0.09),
            (0.36, -0.25, 0.12),
            (0.9, -0.35, 0.17),
            (-0.95, -0.33, 0.18),
        )
    ):
        x, y, radius = frame.x(u), frame.y(v), frame.scale * r
        colour = palette[k % len(palette)]
        screen_layer(canvas, np.exp(-frame.distance(u, v) / (0.7 * r)), colour * np.float32(0.22))
        for angle in np.linspace(0, 2 * np.pi, 46, endpoint=False):
            reach = radius * rng.uniform(0.72, 1.06)
            path = [
                (x + np.cos(angle) * reach * t, y + np.sin(angle) * reach * t + 0.22 * radius * t * t) for t in np.linspace(0.18, 1, 12)
            ]
            for i in range(11):
                stroke(layer, path[i : i + 2], colour * np.float32(0.25 + 0.07 * i), frame.scale * 0.0022)
            disc(layer, *path[-1], frame.scale * 0.0026, mix(colour, rgb("#ffffff"), 0.65))
    sparks = layer.astype(np.float32) / 255
    screen(canvas, np.clip(sparks + 0.7 * cv2.GaussianBlur(sparks, (0, 0), frame.scale * 0.006), 0, 1))


def draw_lanterns(canvas: Canvas, frame: Frame, seed: int) -> None:
    """Paper lanterns that float up into the sky."""
    rng = _rng(seed + 527)
    for _ in range(46):
        u, v, r = rng.uniform(-frame.right, frame.right), -rng.uniform(0.02, 0.62), 0.006 + 0.02 * rng.uniform(0, 1) ** 3
        x, y, size = frame.x(float(u)), frame.y(float(v)), frame.scale * r
        reach = int(size * 6) + 2
        x0, y0 = max(int(x) - reach, 0), max(int(y) - reach, 0)
        part = canvas[y0 : int(y) + reach, x0 : int(x) + reach]
        if part.size == 0:
            continue
        dy = (np.arange(y0, y0 + part.shape[0]) + 0.5 - y) / size
        dx = (np.arange(x0, x0 + part.shape[1]) + 0.5 - x) / size
        body = np.clip((1 - np.maximum(np.abs(dx)[None] / (0.72 - 0.1 * dy[:, None]), np.abs(dy)[:, None])) * size + 0.5, 0, 1)
        halo = 0.4 * np.exp(-np.hypot(dx[None], dy[:, None]) / 1.9)
        warm = np.array([1.0, 0.66, 0.28], np.float32)
        screen_layer(part, halo, warm)
        part += (np.array([1.0, 0.78, 0.42], np.float32) - part) * (body * (0.72 + 0.28 * dy[:, None].clip(-1, 1)))[..., None].astype(
            np.float32
        )


def falling(canvas: Canvas, frame: Frame, weather: str, seed: int) -> None:
    """Rain as slanted streaks, snow as flakes of three distances."""
    rng = _rng(seed + 541)
    layer = np.zeros((frame.height, frame.width), np.uint8)
    area = frame.width * frame.height / frame.scale**2
    if weather == "snow":
        for radius, count in ((0.0013, 900), (0.0026, 300), (0.006, 46)):
            for _ in range(int(count * area)):
                x, y = rng.uniform(0, frame.width), rng.uniform(0, frame.height)
                cv2.circle(
                    layer,
                    (round(x * 16), round(y * 16)),
                    round(max(frame.scale * radius * rng.uniform(0.6, 1.3), 0.7) * 16),
                    (235 if radius < 0.005 else 130,),
                    -1,
                    cv2.LINE_AA,
                    4,
                )
        shown = cv2.GaussianBlur(layer, (0, 0), max(frame.scale * 0.0007, 0.4)).astype(np.float32) / 255
        canvas += (np.float32(0.97) - canvas) * (shown * np.float32(0.85))[..., None]
        return
    for _ in range(int(1100 * area)):
        x, y = rng.uniform(-0.1, 1.05) * frame.width, rng.uniform(-0.1, 1) * frame.height
        length = frame.scale * rng.uniform(0.02, 0.055)
        cv2.line(
            layer,
            (round(x * 16), round(y * 16)),
            (round((x - length * 0.16) * 16), round((y + length) * 16)),
            (round(rng.uniform(60, 150)),),
            1,
            cv2.LINE_AA,
            4,
        )
    canvas += (np.float32(0.92) - canvas) * (layer.astype(np.float32) / 255 * np.float32(0.55))[..., None]
