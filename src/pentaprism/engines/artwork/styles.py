"""What is done to a whole picture at the end: looks of other media, and the finish of a photograph."""

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import ramp, rgb
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import screen, spread, strips
from pentaprism.engines.artwork.noise import fbm
from pentaprism.engines.artwork.sky import Canvas

Floats = npt.NDArray[np.float32]


def finish(canvas: Canvas, frame: Frame, *, contrast: float, chroma: float, bloom: float, vignette: float) -> Canvas:
    """Bloom of bright places, a gentle S-curve, more or less chroma, and darker corners."""
    if bloom > 0:
        size = max(frame.width // 4, 1), max(frame.height // 4, 1)
        small = cv2.resize(np.clip(canvas - 0.62, 0, 1), size, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), max(frame.scale / 4 * 0.03, 0.6))
        screen(canvas, cv2.resize(soft, (frame.width, frame.height), interpolation=cv2.INTER_LINEAR) * np.float32(bloom))
    across = ((np.arange(frame.width) + 0.5) / frame.width * 2 - 1).astype(np.float32) ** 2
    down = ((np.arange(frame.height) + 0.5) / frame.height * 2 - 1).astype(np.float32) ** 2
    gray = np.array([[0.299, 0.587, 0.114]], np.float32)
    more = np.float32(chroma - 1)
    # Chroma as one matrix: each channel moves away from the grey of the pixel.
    matrix = np.eye(3, dtype=np.float32) * (1 + more) - np.repeat(gray, 3, axis=0) * more
    for rows in strips(canvas):
        part = canvas[rows]
        if contrast:
            curve = part - np.float32(0.5)
            curve *= part
            curve *= 1 - part
            curve *= np.float32(4 * contrast)
            part += curve
        if chroma != 1:
            part[:] = cv2.transform(part, matrix)
        if vignette > 0:
            part *= spread(1 - np.float32(vignette) * np.clip(across[None] + down[rows, None] - 0.55, 0, 2) / 1.45)
        np.clip(part, 0, 1, out=part)
    return canvas


def watercolor(canvas: Canvas, frame: Frame, seed: int) -> Canvas:
    """Flat washes with wandering borders, darker rims where the colour dried, and the paper's grain."""
    wander = frame.scale * 0.006
    dx = fbm(frame.us * 14, frame.vs * 14, seed + 1, 4) * wander
    dy = fbm(frame.us * 14 + 40, frame.vs * 14, seed + 2, 4) * wander
    columns = (np.arange(frame.width, dtype=np.float32)[None] + dx).astype(np.float32)
    rows = (np.arange(frame.height, dtype=np.float32)[:, None] + dy).astype(np.float32)
    moved = np.asarray(cv2.remap(canvas, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
    washed = _smoothed(moved, frame, 0.014, 0.16)
    wash = np.clip(washed + 0.06 * fbm(frame.us * 3.2, frame.vs * 3.2, seed + 3, 4)[..., None], 0, 1)
    light = cv2.transform(wash.astype(np.float32), np.array([[0.3, 0.59, 0.11]], np.float32))
    soft = cv2.GaussianBlur(light, (0, 0), frame.scale * 0.006)
    rims = np.clip((soft - light) * 2.2, 0, 0.35)
    grain = fbm(frame.us * 150, frame.vs * 150, seed + 4, 3, 0.7)
    paper = rgb("#fbf7ec") * (1 + 0.03 * grain[..., None])
    margin = _margin(frame, seed)
    painted = (0.16 + 0.86 * wash) * (1 - rims[..., None]) * (1 + 0.035 * grain[..., None])
    return np.asarray(np.clip(painted * margin[..., None] + paper * (1 - margin[..., None]), 0, 1), np.float32)


def _margin(frame: Frame, seed: int) -> Floats:
    """1 inside, 0 on the unpainted border of the paper, its edge torn by noise."""
    edge = 0.045 + 0.02 * fbm(frame.us * 6, frame.vs * 6, seed + 5, 4)
    x = np.minimum(np.arange(frame.width) + 0.5, frame.width - np.arange(frame.width) - 0.5) / frame.scale
    y = np.minimum(np.arange(frame.height) + 0.5, frame.height - np.arange(frame.height) - 0.5) / frame.scale
    return np.asarray(np.clip((np.minimum(x[None], y[:, None]) - edge) / 0.008, 0, 1), np.float32)


def _smoothed(canvas: Canvas, frame: Frame, reach: float, range_: float) -> Canvas:
    """Edge-preserving smoothing at a third of the size, where its cost is small."""
    factor = max(1, round(frame.scale / 360))
    size = max(frame.width // factor, 1), max(frame.height // factor, 1)
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    for _ in range(2):
        small = cv2.bilateralFilter(small, 0, range_, max(frame.scale * reach / factor, 1.2)).astype(np.float32)
    return np.asarray(cv2.resize(small, (frame.width, frame.height), interpolation=cv2.INTER_CUBIC), np.float32)


def flat(canvas: Canvas, frame: Frame) -> Canvas:
    """Few tones with clean borders, as a poster is printed."""
    smooth = _smoothed(canvas, frame, 0.012, 0.14)
    lab = cv2.cvtColor(np.clip(smooth, 0, 1), cv2.COLOR_RGB2LAB)
    steps = np.float32(9.0)
    lab[..., 0] = (np.floor(lab[..., 0] / steps) + _soft_step(lab[..., 0] / steps % 1)) * steps
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), 0, 1), np.float32)


def _soft_step(share: Floats) -> Floats:
    return np.asarray(np.clip((share - 0.5) * 9 + 0.5, 0, 1), np.float32)


def low_poly(canvas: Canvas, frame: Frame, seed: int) -> Canvas:
    """Triangles between points that gather at edges, each in its mean colour (Delaunay)."""
    rng = np.random.Generator(np.random.PCG64(seed + 21))
    factor = max(1, round(frame.scale / 320))
    small = cv2.resize(canvas, (max(frame.width // factor, 2), max(frame.height // factor, 2)), interpolation=cv2.INTER_AREA)
    gray = cv2.GaussianBlur(cv2.cvtColor(small.astype(np.float32), cv2.COLOR_RGB2GRAY), (0, 0), 1.2)
    edges = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)) ** 0.6 + 0.05
    count = int(800 * frame.width * frame.height / frame.scale**2)
    picks = rng.choice(edges.size, min(count, edges.size // 4), replace=False, p=(edges / edges.sum(dtype=np.float64)).ravel())
    rows, columns = np.divmod(picks, small.shape[1])
    points = np.stack([(columns + rng.random(len(picks))) * factor, (rows + rng.random(len(picks))) * factor], axis=1)
    rim = np.linspace(0, 1, 16)
    w, h = float(frame.width), float(frame.height)
    border = [(w * t, 0.0) for t in rim] + [(w * t, h) for t in rim] + [(0.0, h * t) for t in rim[1:-1]] + [(w, h * t) for t in rim[1:-1]]
    points = np.concatenate([np.clip(points, 1, [w - 1, h - 1]), border])
    from scipy.spatial import Delaunay  # noqa: PLC0415 - only this look needs it

    drawn = np.asarray(np.clip(canvas * 255, 0, 255), np.uint8)
    fixed = np.round(points * 16).astype(np.int32)
    triangles = Delaunay(points).simplices
    corners = points[triangles]
    weights = np.array([[0.34, 0.33, 0.33], [0.6, 0.2, 0.2], [0.2, 0.6, 0.2], [0.2, 0.2, 0.6]])
    probes = np.einsum("kc,ncd->nkd", weights, corners)
    x = np.clip(probes[..., 0] / factor, 0, small.shape[1] - 1).astype(int)
    y = np.clip(probes[..., 1] / factor, 0, small.shape[0] - 1).astype(int)
    tones = np.clip(small[y, x].mean(axis=1) * 255, 0, 255).round().astype(int)
    for simplex, tone in zip(triangles, tones.tolist(), strict=True):
        cv2.fillConvexPoly(drawn, fixed[simplex], tone, cv2.LINE_AA, 4)
    return np.asarray(drawn, np.float32) / np.float32(255)


def pixel_art(canvas: Canvas, frame: Frame) -> Canvas:
    """Large square pixels in few colours, with an ordered dither (Bayer)."""
    cell = max(2, round(frame.scale / 150))
    size = -(-frame.width // cell), -(-frame.height // cell)
    small = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]], np.float32) / 16 - 0.47
    dither = np.tile(bayer, (size[1] // 4 + 1, size[0] // 4 + 1))[: size[1], : size[0], None]
    levels = np.float32(9)
    coarse = np.round((small + dither / levels * 0.9) * levels) / levels
    big = np.repeat(np.repeat(coarse, cell, axis=0), cell, axis=1)[: frame.height, : frame.width]
    return np.asarray(np.clip(big, 0, 1), np.float32)


def oil(canvas: Canvas, frame: Frame, seed: int) -> Canvas:
    """Strokes of a broad brush that follow the forms, with the light on their ridges."""
    rng = np.random.Generator(np.random.PCG64(seed + 31))
    smooth = cv2.GaussianBlur(canvas, (0, 0), max(frame.scale * 0.003, 0.6))
    drawn = np.asarray(np.clip(smooth * 255, 0, 255), np.uint8)
    gray = cv2.GaussianBlur(cv2.cvtColor(smooth.astype(np.float32), cv2.COLOR_RGB2GRAY), (0, 0), max(frame.scale * 0.008, 1))
    gx, gy = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    flow = fbm(frame.us * 2, frame.vs * 2, seed + 33, 2)
    for length, thick, density in ((0.045, 0.012, 1100), (0.026, 0.007, 2600), (0.014, 0.004, 4200)):
        count = int(density * frame.width * frame.height / frame.scale**2)
        xs, ys = rng.uniform(0, frame.width - 1, count), rng.uniform(0, frame.height - 1, count)
        ix, iy = xs.astype(int), ys.astype(int)
        strong = np.hypot(gx[iy, ix], gy[iy, ix]) > 0.012
        angle = np.where(strong, np.arctan2(gy[iy, ix], gx[iy, ix]) + np.pi / 2, flow[iy, ix] * 1.6)
        reach = frame.scale * length * rng.uniform(0.4, 0.6, count)
        tones = np.clip(smooth[iy, ix] * 255 * (1 + rng.normal(0, 0.05, (count, 1))), 0, 255).astype(int).tolist()
        ends = np.stack(
            [xs - np.cos(angle) * reach, ys - np.sin(angle) * reach, xs + np.cos(angle) * reach, ys + np.sin(angle) * reach], axis=1
        )
        width = max(1, round(frame.scale * thick))
        for (x0, y0, x1, y1), tone in zip(np.round(ends * 16).astype(int).tolist(), tones, strict=True):
            cv2.line(drawn, (x0, y0), (x1, y1), tone, width, cv2.LINE_AA, 4)
    out = np.asarray(drawn, np.float32) / np.float32(255)
    height = cv2.cvtColor(out, cv2.COLOR_RGB2GRAY)
    relief = cv2.Sobel(height, cv2.CV_32F, 1, 0) + cv2.Sobel(height, cv2.CV_32F, 0, 1)
    return np.asarray(np.clip(out * (1 - 0.16 * np.clip(relief, -1, 1))[..., None], 0, 1), np.float32)


def neon(canvas: Canvas, frame: Frame, colours: list[Floats]) -> Canvas:
    """Dark forms whose outlines glow."""
    gray = cv2.GaussianBlur(cv2.cvtColor(np.clip(canvas, 0, 1), cv2.COLOR_RGB2GRAY), (0, 0), max(frame.scale * 0.0016, 0.6))
    edges = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    lines = np.clip(edges * 1.15 - 0.12, 0, 1)
    places = np.linspace(0, 1, len(colours)).tolist()
    tones = ramp(list(zip(places, colours, strict=True)), np.linspace(0, 1, frame.width))[None]
    dark = (canvas * np.float32(0.8) + np.float32(0.03)) * (0.55 + 0.45 * tones)
    light = lines[..., None] * tones
    small = cv2.resize(light, (max(frame.width // 2, 1), max(frame.height // 2, 1)), interpolation=cv2.INTER_AREA)
    wide = cv2.GaussianBlur(small, (0, 0), frame.scale * 0.01)
    halo = cv2.resize(wide, (frame.width, frame.height), interpolation=cv2.INTER_LINEAR)
    screen(dark, np.clip(light * 0.95 + halo, 0, 1))
    return dark


def add_grid(canvas: Canvas, frame: Frame, colour: Floats) -> None:
    """The glowing floor of the eighties: lines that run to the horizon, in place."""
    first = max(int(frame.horizon) + 1, 0)
    vs = frame.vs[first:].clip(1e-3)
    depth = 0.11 / vs
    fine = depth / vs / frame.scale
    across = np.abs((frame.us[None] * depth[:, None] * 8 + 0.5) % 1 - 0.5) / np.maximum(8 * depth[:, None] / frame.scale * 1.4, 0.02)
    along = np.abs((depth * 5) % 1 - 0.5)
    lines = np.exp(-(across**2)) * 0.9 + np.exp(-((0.5 - along) ** 2) / np.maximum(fine[:, None].T * 5, 0.03) ** 2).T
    part = canvas[first:]
    part *= np.float32(0.28)
    screen(part, np.asarray(np.clip(lines, 0, 1)[..., None] * colour * np.clip(vs / 0.03, 0, 1)[:, None, None], np.float32))


def striped_sun(canvas: Canvas, frame: Frame, sun: Floats, low: Floats) -> None:
    """A large sun with stripes cut out, in place."""
    radius, centre = 0.2, -0.19
    distance = frame.distance(0.0, centre)
    inside = np.clip((radius - distance) * frame.scale + 0.5, 0, 1)
    share = (frame.vs - centre + radius) / (2 * radius)
    cut = np.where((share > 0.45) & ((share * 11) % 1 < (share - 0.35) * 0.85), 0.0, 1.0)
    tone = sun + (low - sun) * np.clip(share, 0, 1)[:, None, None]
    alpha = (inside * cut[:, None] * (frame.vs < 0)[:, None])[..., None]
    screen(canvas, np.asarray((np.exp(-distance / 0.22) * 0.4)[..., None] * low, np.float32))
    canvas += (tone.astype(np.float32) - canvas) * alpha.astype(np.float32)
