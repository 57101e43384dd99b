"""Drawing a planned scene at any size."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork import abstract, city, extras, festive, heavens, plants, still, styles
from pentaprism.engines.artwork.colour import mix, rgb, tinted, toned
from pentaprism.engines.artwork.frame import Frame
from pentaprism.engines.artwork.light import NEON, RETRO, TIMES, Light, changed, coloured, styled, weathered
from pentaprism.engines.artwork.painter import to_bytes, to_floats
from pentaprism.engines.artwork.scene import Scene
from pentaprism.engines.artwork.sky import Canvas, draw_sky
from pentaprism.engines.artwork.terrain import World, build_world
from pentaprism.engines.artwork.view import draw_land

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
Report = Callable[[float], None]

SURROUNDS = ("top", "middle", "low", "haze", "ambient")
OCTAVES = {"standard": 5, "hd": 7}
AURORA = ("#46ffa0", "#7f6bff")
HORIZONS = {
    "mountains": 0.52, "canyon": 0.46, "volcano": 0.56, "lake": 0.55, "meadow": 0.5, "hills": 0.5, "desert": 0.5, "sea": 0.58, "beach": 0.5,
    "island": 0.57,
}  # fmt: skip
PALETTES = (
    ("#10213f", "#2d6fb8", "#f0a6c0", "#ffe3b8"), ("#0f3d3e", "#2a9d8f", "#e9c46a", "#f4a261"),
    ("#2b1b4d", "#8a4fbf", "#ff7f8a", "#ffd6a0"),
    ("#17324d", "#3f88a8", "#bfe3d0", "#fff6df"), ("#3a1730", "#b23a5f", "#f28a5b", "#ffe0a3"),
)  # fmt: skip
PAPERS = (
    ("#f4ead7", "#d1432f", "#17264d", "#f3a528", "#2a9d8f"), ("#efe6dd", "#274060", "#e07a5f", "#81b29a", "#f2cc8f"),
    ("#f7efe5", "#5f3dc4", "#ff6b6b", "#ffd166", "#118ab2"),
)  # fmt: skip


def render(scene: Scene, width: int, height: int, *, report: Report | None = None, check: Callable[[], None] | None = None) -> Pixels:
    """``scene`` as uint8 [height, width, 3] RGB, composed for this aspect and drawn at this size. Safe to call from several threads.

    ``check`` is called between the layers and may raise; ``report`` gets the share 0..1 that is done.
    """
    factor = 2 if scene.request.quality == "hd" else 1
    steps = _Steps(report, check)
    canvas = _compose(scene, width * factor, height * factor, steps)
    if factor > 1:
        canvas = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    frame = Frame.of(width, height)
    natural = scene.request.style == "natural"
    dreamy = bool({"dreamy", "romantic"} & set(scene.moods))
    canvas = _look(scene, canvas, frame, steps)
    canvas = styles.finish(
        canvas,
        frame,
        contrast=0.0 if scene.look in {"flat", "watercolor"} else (0.2 if natural else 0.5) + (0.35 if "dramatic" in scene.moods else 0),
        chroma=(0.92 if natural else 1.06) + (0.1 if "cheerful" in scene.moods else 0),
        bloom=0.75 if dreamy else 0.3 if scene.look is None and scene.composition not in {"emblem", "geometric"} else 0.0,
        vignette=0.0 if scene.composition in {"emblem", "geometric", "flow"} or scene.look in {"flat", "watercolor", "minimalist"} else 0.2,
    )
    steps.done(1.0)
    return to_bytes(canvas, scene.seed % 2**31)


class _Steps:
    def __init__(self, report: Report | None, check: Callable[[], None] | None) -> None:
        self.report, self.check = report, check

    def done(self, share: float) -> None:
        if self.check is not None:
            self.check()
        if self.report is not None:
            self.report(share)


def _numbers(scene: Scene) -> tuple[int, int]:
    """A small seed for noise, and the number of octaves."""
    octaves = OCTAVES[scene.request.quality]
    return scene.seed % 1_000_003, max(octaves - 2, 3) if scene.look in {"minimalist", "flat"} else octaves


def light_of(scene: Scene) -> Light:
    """The light of the scene from its time, weather, moods, look and colours."""
    seed, _ = _numbers(scene)
    light = TIMES[scene.time]
    if scene.look == "retro":
        light = RETRO
    elif scene.look == "neon":
        light = NEON
    if "calm" in scene.moods:
        light = replace(light, cover=light.cover * 0.6)
    if "dramatic" in scene.moods:
        light = replace(light, cover=max(light.cover, 0.68), cloud_dark=toned(light.cloud_dark, lightness=-0.1))
    light = weathered(light, scene.weather)
    light = coloured(light, scene.palette)
    for mood, tint, share in (
        ("warm", "#f2a25c", 0.35),
        ("cold", "#6f9fd8", 0.35),
        ("dreamy", "#c9a0e8", 0.3),
        ("romantic", "#f09ab4", 0.4),
    ):
        if mood in scene.moods:
            light = changed(light, SURROUNDS, partial(tinted, tint=rgb(tint), strength=share))
    if "dark" in scene.moods:
        light = changed(light, SURROUNDS, partial(toned, lightness=-0.1))
        light = replace(light, direct=light.direct * np.float32(0.7))
    if scene.look in {"minimalist", "flat"}:
        light = replace(light, cover=light.cover * 0.5)
    if "sun" in scene.details or "aurora" in scene.details:
        light = replace(light, cover=min(light.cover, 0.15))
    side = 0.2 if seed % 2 else -0.2
    return styled(light, scene.request.style, side)


def _compose(scene: Scene, width: int, height: int, steps: _Steps) -> Canvas:
    if scene.composition == "land":
        return _draw_landscape(scene, width, height, steps)
    if scene.composition == "city":
        return _draw_city(scene, width, height, steps)
    if scene.composition == "still":
        return _draw_still(scene, width, height, steps)
    seed, octaves = _numbers(scene)
    frame = Frame.of(width, height, 0.5)
    if scene.composition == "space":
        tones = scene.palette or [rgb(c) for c in (("#3f3697", "#b4388f", "#f2a35c"), ("#123a6b", "#2f9fb0", "#e8b7d8"))[seed % 2]]
        return abstract.draw_space(
            frame, tones if len(tones) > 2 else [*tones, rgb("#b4388f"), rgb("#f2a35c")][:3], seed, octaves, planet=True
        )
    if scene.composition == "lights":
        tones = scene.palette or [rgb(c) for c in ("#ffcf7a", "#ff8f5a", "#7fc8ff", "#ff6f91")]
        return festive.draw_lights(frame, mix(rgb("#171d38"), tones[0], 0.12), tones, seed)
    if scene.composition == "party":
        tones = scene.palette if len(scene.palette) > 1 else [*scene.palette, *(rgb(c) for c in festive.PARTY)]
        return festive.draw_party(frame, mix(rgb("#fbe3d2"), tones[0], 0.18), tones, seed)
    if scene.composition == "flow":
        return abstract.draw_flow(frame, _flow_palette(scene, seed), seed, octaves)
    tones = [rgb(c) for c in PAPERS[seed % len(PAPERS)]]
    if scene.palette:
        tones = [
            mix(rgb("#f6f0e6"), scene.palette[0], 0.06),
            *scene.palette,
            toned(scene.palette[0], lightness=-0.25),
            toned(scene.palette[-1], lightness=0.16),
        ]
    if scene.composition == "geometric":
        return abstract.draw_geometric(frame, tones, seed)
    return abstract.draw_emblem(frame, [tones[0], tones[1], tones[3 % len(tones)]], seed, scene.motif)


def _flow_palette(scene: Scene, seed: int) -> list[Floats]:
    if scene.palette:
        first, last = scene.palette[0], scene.palette[-1]
        return [toned(first, lightness=-0.28), *scene.palette, toned(last, lightness=0.2, chroma=0.7)]
    return [rgb(c) for c in PALETTES[seed % len(PALETTES)]]


def _draw_landscape(scene: Scene, width: int, height: int, steps: _Steps) -> Canvas:
    seed, octaves = _numbers(scene)
    light = light_of(scene)
    frame = Frame.of(width, height, HORIZONS[scene.land])
    snow = "snow" in scene.details or scene.weather == "snow"
    canvas = draw_sky(frame, light, seed, octaves)
    _draw_in_sky(scene, canvas, frame, light, seed)
    steps.done(0.35)
    world = _world(scene.land, scene.seed, scene, snow)
    sight = draw_land(canvas, world, frame, light, seed, octaves)
    if scene.look == "retro" and not world.water:
        styles.add_grid(canvas, frame, rgb("#ff6fd8"))
    steps.done(0.6)
    drawn = to_bytes(canvas, seed)
    minimal = scene.look == "minimalist"
    for kind, count, tall, far in _woods(scene):
        plants.draw_trees(
            drawn, frame, light, world, sight, seed, kind, count // (6 if minimal else 1), snow=snow, height=tall, farthest=far
        )
    _draw_things(scene, drawn, frame, light, world, seed)
    if scene.land in {"meadow", "hills", "mountains"} and not snow and not minimal and scene.look != "retro":
        plants.draw_grass(drawn, frame, light, seed, dry="autumn trees" in scene.details)
    if scene.flowers:
        heads = scene.palette or [rgb(plants.FLOWER_COLOURS[scene.flowers])]
        mixed = (
            [rgb(c) for c in ("#e86fa2", "#f5d04a", "#f7f4ea", "#8d6fd1", "#e2553a")]
            if scene.flowers == "wildflower" and not scene.palette
            else heads
        )
        plants.draw_flowers(drawn, frame, light, seed, mixed, scene.flowers)
    canvas = to_floats(drawn)
    steps.done(0.8)
    return _fallen(scene, canvas, frame, seed)


def _draw_things(scene: Scene, drawn: Pixels, frame: Frame, light: Light, world: World, seed: int) -> None:
    for name in scene.details:
        if name in extras.BUILDINGS:
            extras.draw_building(drawn, frame, light, world, name)
        elif name == "lighthouse":
            extras.draw_lighthouse(drawn, frame, light)
        elif name == "sailboat":
            extras.draw_sailboat(drawn, frame, light, seed)
        elif name == "birds":
            extras.draw_birds(drawn, frame, light, seed)
        elif name == "hot-air balloons":
            extras.draw_balloons(drawn, frame, light, seed, scene.palette)
        elif name == "shooting stars":
            extras.draw_meteors(drawn, frame, seed)


def _woods(scene: Scene) -> list[tuple[str, int, float, float]]:
    """Kinds of trees with their number, height in units, and reach."""
    named = {"pine trees": "pine", "trees": "round", "autumn trees": "autumn", "cherry trees": "blossom", "palm trees": "palm"}
    woods = [(named[term], {"pine": 5000, "palm": 60}.get(named[term], 1500), {"palm": 0.5, "pine": 0.17}.get(named[term], 0.15), 6.0)
             for term in scene.details if term in named]  # fmt: skip
    if scene.look == "retro":
        return woods
    words = scene.recognized_terms
    forest = any(
        word in {"forest", "forests", "woods", "woodland", "jungle", "grove", "taiga", "wilderness", "rainforest"} for word in words
    )
    if forest and not woods:
        return [("pine", 11000, 0.2, 6.5)]
    if not woods and scene.land in {"mountains", "lake", "volcano"}:
        return [("pine", 3200, 0.13, 6.0)]
    if not woods and scene.land in {"meadow", "hills"}:
        return [("round", 260, 0.12, 6.0)]
    return woods


@lru_cache(maxsize=4)
def _world_of(land: str, seed: int, light_key: tuple[float, ...], tint: tuple[float, ...] | None, snow: bool, smooth: bool) -> World:
    light = _LIGHTS[light_key]
    return build_world(land, light, seed % 1_000_003, None if tint is None else np.array(tint, np.float32), snow=snow, smooth=smooth)


_LIGHTS: dict[tuple[float, ...], Light] = {}


def _world(land: str, seed: int, scene: Scene, snow: bool) -> World:
    """The land of the scene, made once for all its pictures."""
    light = light_of(scene)
    key = (*light.direct.tolist(), *light.ambient.tolist(), light.height, light.side)
    if len(_LIGHTS) > 16:
        _LIGHTS.clear()
    _LIGHTS[key] = light
    tint = tuple(scene.palette[0].tolist()) if scene.palette and land in {"desert", "canyon"} else None
    return _world_of(land, seed, key, tint, snow, scene.look in {"minimalist", "flat"})


def _draw_in_sky(scene: Scene, canvas: Canvas, frame: Frame, light: Light, seed: int) -> None:
    if "milky way" in scene.details:
        heavens.add_milky_way(canvas, frame, seed)
    if "aurora" in scene.details:
        heavens.add_aurora(canvas, frame, seed, scene.palette or [rgb(c) for c in AURORA])
    if "rainbow" in scene.details:
        heavens.add_rainbow(canvas, frame, light)
    if scene.look == "retro":
        styles.striped_sun(canvas, frame, light.sun, light.low)
    if "fireworks" in scene.details:
        heavens.draw_fireworks(canvas, frame, seed, scene.palette)
    if "lanterns" in scene.details:
        heavens.draw_lanterns(canvas, frame, seed)


def _fallen(scene: Scene, canvas: Canvas, frame: Frame, seed: int) -> Canvas:
    if scene.weather in {"rain", "storm", "snow"}:
        heavens.falling(canvas, frame, "snow" if scene.weather == "snow" else "rain", seed)
    return canvas


def _draw_city(scene: Scene, width: int, height: int, steps: _Steps) -> Canvas:
    seed, octaves = _numbers(scene)
    light = light_of(scene)
    frame = Frame.of(width, height, 0.64)
    canvas = draw_sky(frame, light, seed, octaves)
    _draw_in_sky(scene, canvas, frame, light, seed)
    steps.done(0.4)
    drawn = to_bytes(canvas, seed)
    city.draw_skyline(
        drawn, frame, light, seed, tint=scene.palette[0] if scene.palette else None, smooth=scene.look in {"minimalist", "flat"}
    )
    if "birds" in scene.details:
        extras.draw_birds(drawn, frame, light, seed)
    canvas = to_floats(drawn)
    city.reflect(canvas, frame, light, seed)
    steps.done(0.8)
    return _fallen(scene, canvas, frame, seed)


def _draw_still(scene: Scene, width: int, height: int, steps: _Steps) -> Canvas:
    seed, _ = _numbers(scene)
    frame = Frame.of(width, height, 0.58)
    draw, size, usual = still.THINGS[scene.thing]
    colour = rgb(scene.thing_colour or usual)
    others = [rgb(name) for name in scene.colours if name != scene.thing_colour]
    walls = ("#8fa8b0", "#d8b8a2", "#a9b59c", "#c3a6ad", "#9a9fb5")
    wall = others[0] if others else rgb(walls[seed % len(walls)])
    dim = bool({"dark", "romantic"} & set(scene.moods)) or scene.thing == "candle"
    wall = toned(wall, lightness=-0.25) if dim else wall
    minimal = (scene.look in {"minimalist", "flat"} or scene.thing == "product") and "wooden table" not in scene.details
    table = toned(wall, lightness=0.06) if minimal else rgb(("#8a5f3c", "#a57a52", "#6f4a30")[seed % 3])
    glowing = [mix(wall, rgb("#ffdca8"), 0.7), toned(wall, lightness=0.2)] if not minimal else None
    canvas = still.draw_backdrop(frame, wall, table, seed, wooden=not minimal, bokeh=glowing, smooth=minimal)
    steps.done(0.4)
    grow = 1.62
    y = frame.y(0.2)
    if scene.second_thing:
        draw_second, second_size, second_usual = still.THINGS[scene.second_thing]
        draw_second(canvas, frame, frame.x(0.24), frame.y(0.155), frame.scale * second_size * grow * 0.78, rgb(second_usual), seed + 1)
    draw(canvas, frame, frame.x(-0.14 if scene.second_thing else 0.0), y, frame.scale * size * grow, colour, seed)
    steps.done(0.8)
    return canvas


def _look(scene: Scene, canvas: Canvas, frame: Frame, steps: _Steps) -> Canvas:
    seed, _ = _numbers(scene)
    steps.done(0.85)
    if scene.look == "watercolor":
        return styles.watercolor(canvas, frame, seed)
    if scene.look == "flat":
        return styles.flat(canvas, frame)
    if scene.look == "low-poly":
        return styles.low_poly(canvas, frame, seed)
    if scene.look == "pixel art":
        return styles.pixel_art(canvas, frame)
    if scene.look == "oil painting":
        return styles.oil(canvas, frame, seed)
    if scene.look == "neon":
        return styles.neon(canvas, frame, scene.palette if len(scene.palette) > 1 else [rgb("#38e6ff"), rgb("#b44cff"), rgb("#ff4fa8")])
    return canvas
