"""Pictures without a subject: flowing bands, geometry, emblems, and space."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, ramp, rgb, toned
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import screen, spread
from pentaprism.engines.artwork.noise import fbm, smoothstep
from pentaprism.engines.artwork.painter import Bytes, disc, polygon, soft_shadow, stroke, to_bytes, to_floats
from pentaprism.engines.artwork.sky import Canvas, add_stars

Floats = npt.NDArray[np.float32]


def draw_flow(frame: Frame, colours: list[Floats], seed: int, octaves: int) -> Canvas:
    """Silk: noise bent by noise (Quilez, "Domain warping"), its folds lit from one side."""
    pad = round(frame.scale * 0.3)
    us = (np.arange(frame.width + 2 * pad) + 0.5 - frame.width / 2 - pad) / frame.scale
    vs = (np.arange(frame.height + 2 * pad) + 0.5 - frame.horizon - pad) / frame.scale
    field = fbm(us * 1.25, vs * 2.1, seed, max(octaves - 2, 3), 0.45)
    bend_x = fbm(frame.us * 1.1, frame.vs * 1.1, seed + 11, 2)
    bend_y = fbm(frame.us * 1.3 + 5, frame.vs * 1.3, seed + 12, 2)
    columns = np.arange(frame.width, dtype=np.float32)[None] + pad + bend_x * np.float32(pad * 0.62)
    rows = np.arange(frame.height, dtype=np.float32)[:, None] + pad + bend_y * np.float32(pad * 0.62)
    warped = cv2.remap(field, np.asarray(columns, np.float32), np.asarray(rows, np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    tilt = cv2.Sobel(warped, cv2.CV_32F, 1, 0, scale=0.125) * frame.scale, cv2.Sobel(warped, cv2.CV_32F, 0, 1, scale=0.125) * frame.scale
    folds = np.sin((warped * 3.1 + 0.3 * bend_x) * np.pi)
    places = np.linspace(0, 1, len(colours))
    table = ramp(list(zip(places.tolist(), colours, strict=True)), np.linspace(0, 1, 512))
    index = np.clip((0.5 + 0.34 * warped + 0.16 * folds) * 511, 0, 511)
    canvas = table[index.astype(np.int32)]
    facing = (0.7 * tilt[0] - 0.6 * tilt[1]) / np.sqrt(1 + tilt[0] ** 2 + tilt[1] ** 2)
    canvas *= spread(0.86 + 0.2 * facing)
    screen(canvas, spread(np.clip(facing, 0, 1) ** 7 * 0.32))
    return np.clip(canvas, 0, 1, out=canvas)


def draw_geometric(frame: Frame, colours: list[Floats], seed: int) -> Canvas:
    """Large discs, arcs and bars on a grid, with soft shadows, as cut from paper."""
    rng = np.random.Generator(np.random.PCG64(seed + 901))
    ground = toned(colours[0], lightness=0.0)
    canvas = np.empty((frame.height, frame.width, 3), np.float32)
    canvas[:] = ground * (1.03 - 0.1 * np.clip(frame.distance(-0.3, -0.4) / 1.4, 0, 1))[..., None]
    cell = 0.25
    columns = np.arange(np.floor((-frame.right - cell) / cell), np.ceil((frame.right + cell) / cell))
    rows = np.arange(np.floor((frame.top - cell) / cell), np.ceil((frame.bottom + cell) / cell))
    kinds = rng.integers(0, 7, (64, 64))
    tones = rng.integers(1, max(len(colours), 2), (64, 64))
    turns = rng.integers(0, 4, (64, 64))
    for column in columns.astype(int):
        for row in rows.astype(int):
            key = (row + 32) % 64, (column + 32) % 64
            x, y, side = frame.x(column * cell), frame.y(row * cell), frame.scale * cell
            colour = colours[int(tones[key]) % len(colours)]
            _tile(canvas, (x, y, side), int(kinds[key]), int(turns[key]), colour, colours[(int(tones[key]) + 1) % len(colours)])
    return canvas


def _tile(canvas: Canvas, box: tuple[float, float, float], kind: int, turn: int, colour: Floats, second: Floats) -> None:
    x, y, side = box
    if kind == 6:
        return
    x0, y0 = int(np.floor(x)) - 2, int(np.floor(y)) - 2
    x1, y1 = int(np.ceil(x + side)) + 2, int(np.ceil(y + side)) + 2
    cx0, cy0, cx1, cy1 = max(x0, 0), max(y0, 0), min(x1, canvas.shape[1]), min(y1, canvas.shape[0])
    if cx0 >= cx1 or cy0 >= cy1:
        return
    a = ((np.arange(cx0, cx1) + 0.5 - x) / side)[None]
    b = ((np.arange(cy0, cy1) + 0.5 - y) / side)[:, None]
    for _ in range(turn):
        a, b = b, 1 - a
    distance = {
        0: 0.46 - np.hypot(a - 0.5, b - 0.5),
        1: 1.0 - np.hypot(a, b),
        2: np.minimum(1.0 - np.hypot(a, b), np.hypot(a, b) - 0.55),
        3: np.minimum(a - b, 1) * 0.7,
        4: np.minimum(0.5 - np.hypot(a - 0.5, b), 1),
        5: 0.1 - np.abs(((a + 0 * b) * 4) % 1 - 0.5) * 0.4,
    }[kind]
    inside = np.minimum(np.minimum(a, 1 - a), np.minimum(b, 1 - b)) * side + 0.5
    alpha = (np.clip(distance * side + 0.5, 0, 1) * np.clip(inside, 0, 1)).astype(np.float32)
    part = canvas[cy0:cy1, cx0:cx1]
    shadow = cv2.GaussianBlur(alpha, (0, 0), max(side * 0.03, 0.5))
    part *= (1 - 0.2 * np.roll(shadow, (round(side * 0.02), round(side * 0.02)), (0, 1)))[..., None]
    slope = (1.04 - 0.12 * b + 0 * a)[..., None]
    part += (np.clip(colour * slope, 0, 1).astype(np.float32) - part) * alpha[..., None]
    if kind in {0, 1}:
        inner = np.clip((distance - (0.3 if kind == 0 else 0.62)) * side + 0.5, 0, 1) * np.clip(inside, 0, 1)
        part += (second - part) * inner.astype(np.float32)[..., None]


def draw_emblem(frame: Frame, colours: list[Floats], seed: int, motif: str) -> Canvas:
    """A mark in the middle of calm space: a roundel with a motif of mountains, waves, leaf, star, or plain rings."""
    ground, ink = colours[0], colours[1 % len(colours)]
    accent = colours[2 % len(colours)]
    canvas = np.empty((frame.height, frame.width, 3), np.float32)
    canvas[:] = ground * (1.02 - 0.08 * np.clip(frame.distance(0, -0.1) / 1.2, 0, 1))[..., None]
    x, y, radius = frame.width / 2, frame.height / 2, min(frame.width, frame.height) * 0.3
    soft_shadow(canvas, x, y + radius * 0.14, radius * 1.25, radius * 1.25, 0.14)
    scale = 2
    size = int(radius * 2.3) * scale
    plate = np.zeros((size, size, 3), np.uint8)
    left, top = int(x - size / scale / 2), int(y - size / scale / 2)
    patch = np.repeat(
        np.repeat(to_bytes(canvas)[max(top, 0) : top + size // scale, max(left, 0) : left + size // scale], scale, 0), scale, 1
    )
    plate[: patch.shape[0], : patch.shape[1]] = patch
    _roundel(plate, size / 2, radius * scale, (ground, ink, accent), motif, seed)
    small = cv2.resize(plate, (size // scale, size // scale), interpolation=cv2.INTER_AREA)
    part = canvas[max(top, 0) : top + size // scale, max(left, 0) : left + size // scale]
    part[:] = to_floats(np.asarray(small[: part.shape[0], : part.shape[1]], np.uint8))
    return canvas


Tones = tuple[Floats, Floats, Floats]


def _roundel(plate: Bytes, middle: float, radius: float, tones: Tones, motif: str, seed: int) -> None:
    """A disc with a rim, and the motif inside it; ``tones`` are ground, ink and accent."""
    ground, ink, _ = tones
    disc(plate, middle, middle, radius, ink)
    disc(plate, middle, middle, radius * 0.93, ground)
    disc(plate, middle, middle, radius * 0.88, ink)
    inside = np.zeros(plate.shape[:2], np.uint8)
    cv2.circle(inside, (round(middle), round(middle)), round(radius * 0.88), (255,), -1, cv2.LINE_AA)
    art = plate.copy()
    MOTIFS.get(motif, _rings)(art, middle, radius, tones, seed)
    share = inside.astype(np.float32)[..., None] / 255
    plate[:] = np.asarray(art * share + plate * (1 - share), np.uint8)


def _mountains(art: Bytes, middle: float, radius: float, tones: Tones, _seed: int) -> None:
    ground, ink, accent = tones
    disc(art, middle + radius * 0.3, middle - radius * 0.3, radius * 0.2, accent)
    for peak, high, tone in ((0.35, 0.2, mix(ink, ground, 0.45)), (-0.2, 0.5, mix(ink, ground, 0.8))):
        x, y = middle + peak * radius, middle - high * radius
        polygon(art, [(x - radius * 1.1, middle + radius), (x, y), (x + radius * 1.1, middle + radius)], tone)
        snow = [(x, y), (x - radius * 0.21, y + radius * 0.23), (x, y + radius * 0.15), (x + radius * 0.2, y + radius * 0.23)]
        polygon(art, snow, ground)


def _waves(art: Bytes, middle: float, radius: float, tones: Tones, _seed: int) -> None:
    ground, ink, accent = tones
    disc(art, middle, middle - radius * 0.18, radius * 0.32, accent)
    xs = np.linspace(-1, 1, 60)
    for k in range(4):
        ys = 0.05 + 0.2 * k + 0.07 * np.sin(xs * 9 + k * 1.9)
        crest = [(middle + x * radius, middle + y * radius) for x, y in zip(xs, ys, strict=True)]
        polygon(art, [*crest, (middle + radius, middle + radius), (middle - radius, middle + radius)], mix(ink, ground, 0.75 - 0.22 * k))


def _leaf(art: Bytes, middle: float, radius: float, tones: Tones, _seed: int) -> None:
    ground, _, accent = tones
    ts = np.linspace(0, np.pi, 40)
    for side in (-1, 1):
        xs = middle + side * radius * 0.4 * np.sin(ts) ** 1.15 + radius * 0.12 * np.cos(ts)
        polygon(art, np.stack([xs, middle - radius * 0.62 * np.cos(ts)], axis=1), mix(accent, ground, 0.15 if side > 0 else 0.4))
    stroke(art, [(middle + radius * 0.1, middle - radius * 0.5), (middle - radius * 0.12, middle + radius * 0.78)], ground, radius * 0.035)


def _star(art: Bytes, middle: float, radius: float, tones: Tones, _seed: int) -> None:
    angles = np.arange(10) * np.pi / 5
    reach = np.where(np.arange(10) % 2 == 0, 0.68, 0.28) * radius
    polygon(art, np.stack([middle + reach * np.sin(angles), middle - reach * np.cos(angles)], axis=1), tones[2])


def _rings(art: Bytes, middle: float, radius: float, tones: Tones, seed: int) -> None:
    ground, _, accent = tones
    turn = np.random.Generator(np.random.PCG64(seed + 911)).uniform(0, 2 * np.pi)
    for k in range(6):
        angle = turn + k * np.pi / 3
        x, y = middle + np.cos(angle) * radius * 0.3, middle + np.sin(angle) * radius * 0.3
        disc(art, x, y, radius * 0.3, mix(accent, ground, 0.14 * k))
    disc(art, middle, middle, radius * 0.22, ground)


MOTIFS = {"mountains": _mountains, "waves": _waves, "leaf": _leaf, "star": _star}


def draw_space(frame: Frame, colours: list[Floats], seed: int, octaves: int, *, planet: bool) -> Canvas:
    """Deep space: clouds of dust and gas, stars, and a planet with its shadow side."""
    dust = fbm(frame.us * 1.7, frame.vs * 1.7, seed + 921, octaves + 1, 0.56)
    veil = fbm(frame.us * 0.9 + 4, frame.vs * 0.9, seed + 922, 4, 0.5)
    canvas = np.empty((frame.height, frame.width, 3), np.float32)
    canvas[:] = np.array([0.012, 0.014, 0.035], np.float32)
    places = (0.0, 0.55, 1.0)
    tones = ramp(
        [(p, c) for p, c in zip(places, (colours[0], colours[1 % len(colours)], colours[2 % len(colours)]), strict=True)],
        np.clip(0.5 + 0.5 * veil, 0, 1),
    )
    # The gas gathers along an arm that every picture of the scene shows, whatever its aspect.
    lean = np.float32(0.9 if seed % 2 else -0.9)
    off = frame.vs.astype(np.float32)[:, None] + 0.12 - lean * frame.us.astype(np.float32)[None] + 0.3 * veil
    arm = np.exp(-((off / 0.42) ** 2))
    glow = smoothstep(-0.35, 1.15, dust + 0.45 * veil - 0.15 + 0.75 * arm) ** 1.5 * np.float32(0.85)
    screen(canvas, tones * spread(glow))
    lanes = smoothstep(0.25, 0.9, fbm(frame.us * 2.4 + 8, frame.vs * 2.4, seed + 923, octaves, 0.58))
    canvas *= spread(1 - 0.55 * lanes)
    low = Frame(frame.width, frame.height, frame.scale, frame.height + 0.3 * frame.scale)
    add_stars(canvas, low, 1.0, seed)
    if planet:
        _planet(canvas, frame, mix(colours[-1], rgb("#c9b49a"), 0.35), seed)
    return canvas


def _planet(canvas: Canvas, frame: Frame, colour: Floats, seed: int) -> None:
    x, y, radius = frame.x(0.16), frame.y(-0.13), frame.scale * 0.21
    nx = ((np.arange(frame.width) + 0.5 - x) / radius)[None].astype(np.float32)
    ny = ((np.arange(frame.height) + 0.5 - y) / radius)[:, None].astype(np.float32)
    square = nx * nx + ny * ny
    bands = fbm(frame.us * 3, frame.vs * 16, seed + 931, 5, 0.55)
    storms = fbm(frame.us * 9, frame.vs * 14, seed + 932, 4, 0.6)
    lit = np.clip(nx * -0.75 + ny * -0.45 + np.sqrt(np.clip(1 - square, 0, 1)) * 0.5, 0, 1)
    surface = colour * (0.9 + 0.24 * bands + 0.1 * storms)[..., None] * (0.04 + 1.1 * lit)[..., None]
    alpha = np.clip((1 - np.sqrt(square)) * radius + 0.5, 0, 1)
    rim = np.exp(-((np.sqrt(square) - 1) ** 2) / 0.004) * np.clip(nx * -0.75 + ny * -0.45 + 0.35, 0, 1)
    canvas += (np.clip(surface, 0, 1).astype(np.float32) - canvas) * alpha[..., None].astype(np.float32)
    screen(canvas, np.asarray((rim * 0.55)[..., None] * mix(colour, rgb("#bcdcff"), 0.6), np.float32))
    drawn = to_bytes(canvas)
    disc(drawn, frame.x(-0.24), frame.y(-0.34), frame.scale * 0.022, mix(colour, rgb("#d8d4cc"), 0.7) * np.float32(0.85))
    disc(drawn, frame.x(-0.233), frame.y(-0.336), frame.scale * 0.0205, mix(colour, rgb("#111522"), 0.82))
    canvas[:] = to_floats(drawn)
