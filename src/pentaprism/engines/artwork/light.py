"""The light of a scene: sky, sun or moon, haze and clouds, from the time of day, the weather, the mood and the colours asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import mix, rgb, tinted, toned

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Light:
    """Colours are sRGB float32 [3]. ``height`` is the sun's elevation above the horizon in scene units, ``side`` its ``u``."""

    top: Floats
    middle: Floats
    low: Floats
    sun: Floats
    direct: Floats
    ambient: Floats
    haze: Floats
    cloud_lit: Floats
    cloud_dark: Floats
    height: float
    side: float
    glow: float
    stars: float
    cover: float
    thickness: float
    moon: bool = False
    overcast: float = 0.0


def _light(top: str, middle: str, low: str, sun: str, haze: str, clouds: tuple[str, str], **numbers: float) -> Light:
    moon = bool(numbers.pop("moon", 0))
    direct = numbers.pop("direct", 1.0)
    ambient = mix(rgb(top), rgb(haze), 0.45)
    return Light(
        rgb(top), rgb(middle), rgb(low), rgb(sun), rgb(sun) * np.float32(direct), ambient, rgb(haze), rgb(clouds[0]), rgb(clouds[1]),
        numbers.pop("height", 0.3), 0.22, numbers.pop("glow", 0.5), numbers.pop("stars", 0.0), numbers.pop("cover", 0.35),
        numbers.pop("thickness", 0.35), moon,
    )  # fmt: skip


TIMES: dict[str, Light] = {
    "dawn": _light("#3b4f8c", "#c58fb0", "#ffd3a8", "#ffd9a6", "#e8b9b6", ("#ffd9c7", "#8f7ba6"), height=0.045, glow=0.8, direct=0.9),
    "morning": _light("#4d8fd6", "#a5d0ef", "#fbeed3", "#fff0cf", "#dbe6ee", ("#ffffff", "#b7c5d8"), height=0.24, glow=0.6),
    "noon": _light("#2f78cc", "#74b4ea", "#cfe8f7", "#fffaf0", "#cfe2f0", ("#ffffff", "#b3c4d8"), height=0.42, glow=0.4),
    "afternoon": _light("#4281c6", "#9dc6e6", "#ffe9c2", "#ffefc4", "#e6dccb", ("#fffaf0", "#bdb9bf"), height=0.26, glow=0.6),
    "golden hour": _light("#56719f", "#e0b489", "#ffcf7d", "#ffdf9a", "#efbf8e", ("#ffdfae", "#a27f7e"), height=0.11, glow=0.95),
    "sunset": _light("#2f3a78", "#c6617a", "#ffb35a", "#ffd27a", "#e58a66", ("#ff9d73", "#5c406f"), height=0.055, glow=1.0, direct=0.95),
    "dusk": _light("#1d2652", "#55508f", "#e08b7c", "#ffb48a", "#86719a", ("#c07f94", "#3d3a66"),
                   height=0.0, glow=0.7, stars=0.35, direct=0.5),
    "night": _light("#070d24", "#122046", "#263a63", "#dfe9ff", "#1f3156", ("#3b4d78", "#131c38"),
                    height=0.34, glow=0.35, stars=1.0, direct=0.42, moon=1, cover=0.2),
}  # fmt: skip
"""The light of every time of day that a prompt may name."""

RETRO = _light("#1a0b3d", "#7d1f8f", "#ff5f8a", "#ffd15c", "#c9489a", ("#ff7fb0", "#50207a"), height=0.14, glow=1.0, stars=0.5, cover=0.0)
NEON = _light("#05040f", "#140b33", "#3a1266", "#ff4fd8", "#2a1058", ("#5a2a9c", "#140a33"), height=0.2, glow=0.7, stars=0.6, cover=0.0)


def weathered(light: Light, weather: str | None) -> Light:
    """``light`` under clouds, in fog, rain, snow or a storm."""
    if weather is None:
        return light
    night = light.moon
    gray = rgb("#2a3140") if night else rgb("#aab4be")
    if weather == "clear":
        return replace(light, cover=0.0, thickness=max(light.thickness * 0.7, 0.15))
    if weather == "cloudy":
        return replace(light, cover=0.72, direct=light.direct * np.float32(0.8), stars=light.stars * 0.4)
    if weather == "fog":
        haze = mix(light.haze, rgb("#3a465c") if night else rgb("#e4e6e6"), 0.55)
        return replace(light, haze=haze, low=mix(light.low, haze, 0.7), middle=mix(light.middle, haze, 0.45), thickness=1.6, cover=0.2,
                       direct=light.direct * np.float32(0.6), stars=light.stars * 0.2)  # fmt: skip
    depth = {"rain": 0.62, "snow": 0.5, "storm": 0.8}[weather]
    dark = toned(gray, lightness=-0.16 if weather == "storm" else 0.0)
    return replace(
        light,
        top=mix(light.top, toned(dark, lightness=-0.14), depth),
        middle=mix(light.middle, dark, depth),
        low=mix(light.low, mix(gray, light.low, 0.3), depth),
        haze=mix(light.haze, gray, depth),
        cloud_lit=mix(light.cloud_lit, gray, depth),
        cloud_dark=mix(light.cloud_dark, toned(dark, lightness=-0.2), depth),
        direct=light.direct * np.float32(1 - 0.55 * depth),
        thickness=0.8 if weather != "storm" else 0.55,
        cover=0.95 if weather == "storm" else 0.85,
        glow=light.glow * 0.35,
        stars=0.0,
        overcast=depth,
    )  # fmt: skip


def coloured(light: Light, colours: list[Floats]) -> Light:
    """``light`` drawn towards one or two colours: the first rules the upper sky and the haze, the second the horizon."""
    if not colours:
        return light
    first, second = colours[0], colours[min(1, len(colours) - 1)]
    return replace(
        light,
        top=tinted(light.top, first, 0.72),
        middle=mix(tinted(light.middle, first, 0.7), first, 0.22),
        low=mix(tinted(light.low, second, 0.6), second, 0.25),
        haze=mix(tinted(light.haze, first, 0.6), first, 0.15),
        cloud_lit=tinted(light.cloud_lit, second, 0.45),
        cloud_dark=tinted(light.cloud_dark, first, 0.6),
        ambient=tinted(light.ambient, first, 0.5),
    )


SURROUNDINGS = ("top", "middle", "low", "haze", "cloud_lit", "cloud_dark", "ambient")


def changed(light: Light, names: tuple[str, ...], change: Callable[[Floats], Floats]) -> Light:
    """``light`` with the colours of these names passed through ``change``."""
    return replace(light, **{name: change(getattr(light, name)) for name in names})  # type: ignore[arg-type]


def styled(light: Light, style: str, side: float) -> Light:
    """More chroma for ``vivid``, less for ``natural``; the sun on its side of the picture."""
    chroma = 1.16 if style == "vivid" else 0.82
    return replace(changed(light, SURROUNDINGS, lambda colour: toned(colour, chroma=chroma)), side=side)
