"""Looking at a world: which place of the land every pixel shows (the height-field rendering of voxel landscapes, by whole columns)."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.layers import coloured, over, row_of, screen_layer, spread
from pentaprism.engines.artwork.light import Light
from pentaprism.engines.artwork.noise import fbm, smoothstep
from pentaprism.engines.artwork.sky import Canvas
from pentaprism.engines.artwork.terrain import REACH, SIDE, World

Floats = npt.NDArray[np.float32]

NEAR, FAR, STEPS = 0.22, 8.9, 640
FOCAL = 1.0
WHITE_WATER = np.full(3, 0.95, np.float32)


@dataclass(frozen=True, slots=True)
class Sight:
    """``depth`` [H, W] of the land at every pixel, ``cover`` [H, W] 0..1 where land hides the sky, ``skyline`` [W] in rows."""

    depth: Floats
    cover: Floats
    skyline: Floats


def depths() -> npt.NDArray[np.float64]:
    """The distances at which the land is looked at, the near ones closer together."""
    return NEAR * (FAR / NEAR) ** (np.arange(STEPS) / (STEPS - 1))


def height_at(world: World, us: npt.NDArray[np.float64], zs: npt.NDArray[np.float64]) -> Floats:
    """Heights [len(zs), len(us)] where the ray of each ``u`` is at each depth."""
    column = (np.outer(zs, us) / FOCAL / REACH + 0.5) * SIDE
    row = np.repeat((zs / REACH * SIDE)[:, None], len(us), axis=1)
    found = cv2.remap(world.heights, column.astype(np.float32), row.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(found, np.float32)


def look(world: World, frame: Frame) -> Sight:
    """First hits of all rays. The rows of one column fall with the depth wherever the land is seen, so each column is one interpolation."""
    zs = depths()
    heights = height_at(world, frame.us, zs)
    if world.water:
        heights = np.maximum(heights, 0)
    rows = frame.horizon + frame.scale * FOCAL * (world.eye - heights) / zs[:, None]
    highest = np.minimum.accumulate(rows, axis=0)
    skyline = highest[-1].astype(np.float32)
    centres = np.arange(frame.height) + 0.5
    inverse = 1 / zs
    depth = np.empty((frame.width, frame.height), np.float32)
    for x in range(frame.width):
        depth[x] = np.interp(centres, highest[::-1, x], inverse[::-1])
    cover = np.clip(centres[:, None] - skyline[None] + 0.5, 0, 1).astype(np.float32)
    return Sight(np.asarray(1 / depth.T, np.float32), cover, skyline)


def draw_land(canvas: Canvas, world: World, frame: Frame, light: Light, seed: int, octaves: int) -> Sight:
    """Draw the land over the sky, with haze by distance, and water where the land lies below it. Returns what is seen where."""
    sight = look(world, frame)
    top = max(int(np.floor(sight.skyline.min())) - 1, 0)
    depth, cover = sight.depth[top:], sight.cover[top:]
    column = (frame.us.astype(np.float32)[None] * depth / FOCAL / REACH + 0.5) * SIDE
    row = depth * np.float32(SIDE / REACH)
    colours = np.asarray(cv2.remap(world.colours, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
    detail = fbm(frame.us * 46, frame.vs[top:] * 110, seed + 77, max(octaves - 2, 2), 0.6)
    near = np.exp(-depth * 0.7)
    colours *= spread(1 + 0.13 * (detail * near))
    hazed(colours, depth, light, frame, top)
    if world.water:
        land = np.asarray(cv2.remap(world.heights, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT), np.float32)
        dry = smoothstep(-0.002, 0.006, land)
        over(canvas[top:], colours, cover * dry)
        _draw_water(canvas, frame, light, seed, np.asarray((1 - dry) * cover, np.float32), top, depth, land)
    else:
        over(canvas[top:], colours, cover)
    return sight


def hazed(colours: Floats, depth: Floats, light: Light, frame: Frame, top: int) -> None:
    """Let colours fade in place, as seen through the air: towards the haze, and towards the sun where it stands."""
    share = 1 - np.exp(-depth * np.float32(light.thickness) * 0.42)
    air = light.haze
    if light.glow > 0:
        towards = np.exp(-frame.distance(light.side, -light.height)[top:] / 0.5) * np.float32(0.55 * light.glow)
        bright = coloured(towards, (1 - air) * light.sun)
        bright += row_of(air, frame.width)
        over(colours, bright, share)
    else:
        over(colours, air, share)


def _draw_water(canvas: Canvas, frame: Frame, light: Light, seed: int, wet: Floats, top: int, depth: Floats, bed: Floats) -> None:
    """Water shows what stands above it, upside down and broken by waves that grow towards the eye, and its own depth from near."""
    first = max(int(frame.horizon), 0)
    if first >= frame.height or not wet.any():
        return
    us, vs = frame.us.astype(np.float32), frame.vs[first:].astype(np.float32)
    waves = fbm(frame.us * 5, 3.4 * np.log(vs + 0.012) * 4, seed + 41, 4, 0.55)
    small = fbm(frame.us * 30, 30 * np.log(vs + 0.02), seed + 43, 3, 0.6)
    strength = smoothstep(0, 0.42, vs)[:, None] * 0.055 + 0.004
    shift = (waves * 0.8 + small * 0.35) * strength * np.float32(frame.scale)
    mirrored = (2 * frame.horizon - np.arange(first, frame.height) - 1).astype(np.float32)
    rows = np.maximum(mirrored[:, None] - np.abs(shift) * 1.3, 0)
    columns = np.arange(frame.width, dtype=np.float32)[None] + shift * 0.35
    water = np.asarray(cv2.remap(canvas, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    deep = light.top * 0.42 + np.array([0.0, 0.05, 0.07], np.float32)
    view = smoothstep(0.0, 0.5, vs)[:, None]
    crest = np.clip(waves * 0.5 + small * 0.6, -1, 1)
    over(water, deep, 0.16 + 0.5 * view + 0.1 * crest * view)
    glint = np.exp(-np.abs(us - np.float32(light.side)) / (0.05 + 0.26 * vs[:, None].clip(0))) * smoothstep(0.15, 0.9, small + 0.5 * waves)
    screen_layer(water, glint * np.float32(light.glow * 0.75 * (1 - light.overcast)) * smoothstep(0.6, 0.12, vs)[:, None], light.sun)
    offset = first - top
    if offset < 0:
        water, offset = water[-offset:], 0
    area = wet[offset:]
    turquoise = np.array([0.32, 0.62, 0.6], np.float32) * (0.45 + 0.65 * light.ambient)
    over(water, turquoise, smoothstep(-0.05, 0.0, bed[offset:]) * 0.45)
    foam = smoothstep(0.986, 0.999, 1 - np.abs(bed[offset:] + 0.002 + 0.002 * small[-len(area) :])) * (depth[offset:] < 3)
    over(water, WHITE_WATER, foam * 0.6)
    over(canvas[top + offset :], water, area)
