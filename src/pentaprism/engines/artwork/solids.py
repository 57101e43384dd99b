"""Shaded bodies for still lifes: turned bodies and spheres, lit from the upper left."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.noise import smoothstep
from pentaprism.engines.artwork.sky import Canvas

Floats = npt.NDArray[np.float32]
Profile = Sequence[tuple[float, float]]

SUN = np.array([-0.55, -0.5, 0.67], np.float32)


def shade(normal_x: Floats, normal_y: Floats, normal_z: Floats, colour: Floats, gloss: float) -> Floats:
    """Lambert with a wrapped terminator, a rim of bounced light, and Blinn's highlight; [H, W, 3]."""
    facing = normal_x * SUN[0] + normal_y * SUN[1] + normal_z * SUN[2]
    diffuse = np.clip(0.5 + 0.5 * facing, 0, 1) ** 1.4
    half = SUN + np.array([0, 0, 1], np.float32)
    half /= np.linalg.norm(half)
    mirrored = np.clip(normal_x * half[0] + normal_y * half[1] + normal_z * half[2], 0, 1)
    rim = (1 - normal_z) ** 3 * np.clip(normal_x, 0, 1) * 0.16
    light = colour * (0.2 + 0.92 * diffuse + rim)[..., None]
    return np.asarray(np.clip(light + (gloss * mirrored**60 + 0.25 * gloss * mirrored**9)[..., None], 0, 1), np.float32)


def curve_through(places: Sequence[float], values: Sequence[float], at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """A smooth curve that rises and falls only where its points do (Fritsch and Butland, "A method for constructing local monotone
    piecewise cubic interpolants", 1984)."""
    x, y = np.asarray(places, np.float64), np.asarray(values, np.float64)
    step, slope = np.diff(x), np.diff(y) / np.diff(x)
    turn = slope[:-1] * slope[1:] <= 0
    near, far = 2 * step[1:] + step[:-1], step[1:] + 2 * step[:-1]
    steady = np.where(turn, 1.0, slope[:-1]), np.where(turn, 1.0, slope[1:])
    inner = np.where(turn, 0.0, (near + far) / (near / steady[0] + far / steady[1]))
    tangent = np.concatenate([slope[:1], inner, slope[-1:]])
    k = np.clip(np.searchsorted(x, at, side="right") - 1, 0, len(step) - 1)
    t = (at - x[k]) / step[k]
    from_left = y[k] * (1 + 2 * t) * (1 - t) ** 2 + tangent[k] * step[k] * t * (1 - t) ** 2
    return np.asarray(from_left + y[k + 1] * t**2 * (3 - 2 * t) + tangent[k + 1] * step[k] * t**2 * (t - 1), np.float64)


def radius_at(profile: Profile, shares: npt.NDArray[np.float64], *, curved: bool = False) -> npt.NDArray[np.float64]:
    """Radius at shares of the height from the top, through the points of ``profile``: straight between rounded corners, or curved."""
    places, radii = zip(*profile, strict=True)
    fine = np.linspace(0, 1, 400)
    rough = curve_through(places, radii, fine) if curved else np.interp(fine, places, radii)
    kernel = np.hanning(13)
    soft = np.convolve(np.pad(rough, 6, mode="edge"), kernel / kernel.sum(), mode="valid")
    return np.interp(shares, fine, soft)


def turned(
    canvas: Canvas,
    x: float,
    top: float,
    height: float,
    profile: Profile,
    colour: Floats,
    *,
    gloss: float = 0.5,
    glass: float = 0.0,
    bands: Sequence[tuple[float, float, Floats]] = (),
    round_foot: float = 0.1,
    curved: bool = False,
) -> None:
    """A body of revolution: ``profile`` gives (share of the height from the top, radius as a share of the height),
    ``curved`` a smooth line through these points.

    ``glass`` 0..1 lets the background through in the middle; ``bands`` colour shares of the height (labels, caps). The foot is drawn as
    the ellipse of its rim, ``round_foot`` times as deep as wide.
    """
    foot = profile[-1][1] * height * round_foot
    y0, y1 = max(int(top) - 1, 0), min(int(top + height + foot) + 2, canvas.shape[0])
    widest = max(radius for _, radius in profile) * height
    x0, x1 = max(int(x - widest) - 2, 0), min(int(x + widest) + 3, canvas.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    dx = (np.arange(x0, x1) + 0.5 - x)[None]
    rows = np.arange(y0, y1) + 0.5
    # The rim of the foot bends down in the middle, and so do all bands.
    last = profile[-1][1] * height
    sag = foot * np.sqrt(np.clip(1 - (dx / max(last, 1e-6)) ** 2, 0, 1))
    share = (rows[:, None] - top - sag * np.clip((rows[:, None] - top) / height, 0, 1)) / height
    radius = radius_at(profile, np.clip(share, 0, 1), curved=curved) * height
    across = dx / np.maximum(radius, 1e-3)
    inside = (
        np.clip((1 - np.abs(across)) * radius + 0.5, 0, 1)
        * np.clip((share * height) + 0.5, 0, 1)
        * np.clip((1 - share) * height + 0.5, 0, 1)
    )
    t = np.clip(across, -1, 1).astype(np.float32)
    slope = np.gradient(radius_at(profile, np.linspace(0, 1, 200), curved=curved), 1 / 199)
    tilt = np.interp(np.clip(share, 0, 1), np.linspace(0, 1, 200), slope).astype(np.float32)
    nz, norm = np.sqrt(1 - t * t), np.sqrt(1 + tilt * tilt)
    base = np.broadcast_to(colour, (*share.shape, 3)).astype(np.float32)
    for low, high, tone in bands:
        part = (smoothstep(low - 0.003, low + 0.003, share) * smoothstep(high + 0.003, high - 0.003, share))[..., None]
        base = base + (tone - base) * part
    body = shade(t / norm, -tilt / norm, nz / norm, base, gloss)
    region = canvas[y0:y1, x0:x1]
    alpha = inside.astype(np.float32)
    if glass > 0:
        clear = glass * (1 - np.abs(t) ** 3)
        for low, high, _ in bands:
            clear = clear * (1 - ((share > low) & (share < high)))
        behind = region * (0.55 + 0.45 * colour) + 0.1 * colour
        body = body * (1 - clear[..., None]) + behind * clear[..., None]
        streak = np.exp(-(((t + 0.62) / 0.07) ** 2)) * smoothstep(0.08, 0.2, share) * smoothstep(0.97, 0.8, share)
        body = np.clip(body + 0.4 * streak[..., None], 0, 1)
    region += (body - region) * alpha[..., None]


def sphere(canvas: Canvas, x: float, y: float, radius: float, colour: Floats, *, gloss: float = 0.5, texture: Floats | None = None) -> None:
    """A ball; ``texture`` [n, n] of about -1..1 varies its colour."""
    y0, y1 = max(int(y - radius) - 1, 0), min(int(y + radius) + 2, canvas.shape[0])
    x0, x1 = max(int(x - radius) - 1, 0), min(int(x + radius) + 2, canvas.shape[1])
    if y0 >= y1 or x0 >= x1:
        return
    ny = ((np.arange(y0, y1) + 0.5 - y) / radius)[:, None].astype(np.float32)
    nx = ((np.arange(x0, x1) + 0.5 - x) / radius)[None].astype(np.float32)
    square = nx * nx + ny * ny
    nz = np.sqrt(np.clip(1 - square, 0, 1))
    base = np.broadcast_to(colour, (*square.shape, 3)).astype(np.float32)
    if texture is not None:
        n = len(texture)
        rows = np.clip(((ny + 1) / 2 * (n - 1)).astype(int), 0, n - 1)
        columns = np.clip(((nx + 1) / 2 * (n - 1)).astype(int), 0, n - 1)
        base = base * (1 + 0.16 * texture[rows, columns][..., None])
    body = shade(np.broadcast_to(nx, square.shape), np.broadcast_to(ny, square.shape), nz, base, gloss)
    alpha = np.clip((1 - np.sqrt(square)) * radius + 0.5, 0, 1)
    region = canvas[y0:y1, x0:x1]
    region += (body - region) * alpha[..., None]
