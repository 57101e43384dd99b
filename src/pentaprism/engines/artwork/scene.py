"""From a prompt to the plan of a scene. The plan knows no size: every picture of it shows the same thing."""

import hashlib
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork.colour import rgb
from pentaprism.engines.artwork.reading import Reading, normalised, read
from pentaprism.engines.artwork.wording import sentence

VERSION = "1.0.0"
MODEL = f"scenes-{VERSION}"

Floats = npt.NDArray[np.float32]
Composition = Literal["land", "city", "still", "space", "lights", "party", "flow", "geometric", "emblem"]

THINGS = ("cup", "bottle", "product", "gift", "candle", "fruit", "vase", "plant", "books")
LAND_ORDER = ("lake", "island", "beach", "sea", "volcano", "mountains", "canyon", "desert", "forest", "flowers", "meadow", "hills")
WATERSIDE = {
    "sailboat": ("sea", "lake", "beach", "island"),
    "lighthouse": ("sea", "beach", "island", "lake"),
    "palm trees": ("beach", "island", "desert", "sea"),
}
SKY_DETAILS = ("moon", "sun", "rainbow", "fireworks", "lanterns", "shooting stars", "stars", "milky way", "aurora")
ON_LAND = ("cabin", "tent", "pine trees", "trees", "autumn trees", "cherry trees")
NIGHT_DETAILS = frozenset({"aurora", "milky way", "fireworks", "lanterns", "shooting stars", "stars", "moon"})
IMPLIED_LANDS = {
    "pine trees": "mountains",
    "cabin": "mountains",
    "tent": "mountains",
    "snow": "mountains",
    "aurora": "lake",
    "milky way": "lake",
}
WITHOUT_LAND: dict[str, Composition] = {
    "space": "space",
    "party": "party",
    "lights": "lights",
    "geometric": "geometric",
    "abstract": "flow",
}
MOTIFS = {
    "mountains": "mountains", "hills": "mountains", "volcano": "mountains", "sea": "waves", "beach": "waves", "lake": "waves",
    "island": "waves",
    "forest": "leaf", "flowers": "leaf", "plant": "leaf", "meadow": "leaf", "space": "star", "stars": "star", "night": "star",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SceneRequest:
    """What is asked for; ``variation`` changes everything that the prompt leaves open."""

    prompt: str
    quality: Literal["standard", "hd"] = "standard"
    style: Literal["vivid", "natural"] = "vivid"
    image_type: Literal["photo", "illustration", "abstract", "logo"] = "photo"
    variation: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """A planned scene. ``seed`` decides all that is random; the texts say what is drawn and nothing else."""

    request: SceneRequest
    seed: int
    composition: Composition
    land: str
    thing: str
    second_thing: str | None
    time: str
    weather: str | None
    moods: tuple[str, ...]
    look: str | None
    details: tuple[str, ...]
    flowers: str | None
    colours: tuple[str, ...]
    thing_colour: str | None
    motif: str
    revised_prompt: str
    alt: str
    recognized_terms: tuple[str, ...]
    ignored_terms: tuple[str, ...]

    @property
    def palette(self) -> list[Floats]:
        """The colours asked for."""
        return [rgb(name) for name in self.colours]


def seed_of(request: SceneRequest) -> int:
    """63 bits from SHA-256 over everything that decides the scene; the size of a picture is not among it."""
    parts = (VERSION, normalised(request.prompt), request.style, request.quality, request.image_type, str(request.variation))
    return int.from_bytes(hashlib.sha256("\x1f".join(parts).encode()).digest()[:8], "big") >> 1


def describe(request: SceneRequest) -> Scene:
    """Plan the scene for a prompt. Any text gives a scene: without a known word it is an abstract flow, and the texts say so."""
    reading = read(request.prompt)
    seed = seed_of(request)
    composition, land = _composition(request, reading)
    drawn = _Drawn(reading)
    things = [term for term in reading.of("subject") if term in THINGS]
    thing, second = (things[0] if things else ""), (things[1] if len(things) > 1 else None)
    _use_subjects(drawn, composition, land, things)
    details = tuple(term for term in reading.of("detail") if _can_draw(term, composition, land) and drawn.use("detail", term))
    if "trees" in details and any(term.endswith(" trees") for term in details):
        details = tuple(term for term in details if term != "trees")
    flowers = _flowers(drawn, composition, land, reading)
    time = _time(drawn, composition, details, reading, seed)
    weather = _weather(drawn, composition, reading)
    moods = tuple(term for term in reading.of("mood") if drawn.use("mood", term))
    look = next((term for term in reading.of("style") if drawn.use("style", term)), None)
    if look is None and request.image_type == "illustration" and composition in {"land", "city", "still", "space"}:
        look = "flat"
    colours = tuple(term for term in reading.of("colour") if drawn.use("colour", term))[:5]
    thing_colour = reading.subject_colour if composition == "still" and reading.subject_colour in colours else None
    motif = next((MOTIFS[term] for term in (*reading.of("subject"), *reading.of("detail")) if term in MOTIFS), "rings")
    if composition == "emblem":
        drawn.use_motif(motif)
    plan = {
        "composition": composition, "land": land, "thing": thing, "second_thing": second, "time": time, "weather": weather, "moods": moods,
        "look": look, "details": details, "flowers": flowers, "colours": colours, "thing_colour": thing_colour, "motif": motif,
    }  # fmt: skip
    text = sentence(plan, request, recognised=bool(drawn.words))
    return Scene(
        request, seed, composition, land, thing, second, time, weather, moods, look, details, flowers, colours, thing_colour, motif,
        revised_prompt=f"{text} Drawn by the built-in renderer {MODEL}.",
        alt=text,
        recognized_terms=tuple(drawn.words),
        ignored_terms=tuple(reading.ignored + drawn.left_out()),
    )  # fmt: skip


class _Drawn:
    """Keeps count of which words of the prompt end up in the picture."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.words: list[str] = []

    def use(self, role: str, term: str) -> bool:
        word = self.reading.words.get((role, term))
        if word is not None and word not in self.words:
            self.words.append(word)
        return word is not None

    def use_motif(self, motif: str) -> None:
        for term, mark in MOTIFS.items():
            if mark == motif:
                for role in ("subject", "detail", "time"):
                    self.use(role, term)

    def left_out(self) -> list[str]:
        return [word for (_, term), word in self.reading.words.items() if word not in self.words and term not in self.reading.excluded]


def _composition(request: SceneRequest, reading: Reading) -> tuple[Composition, str]:
    """The kind of picture and the land in it; the first subject of the prompt decides."""
    subjects = reading.of("subject")
    lands = [land for land in LAND_ORDER if land in subjects]
    if request.image_type == "logo" or "logo" in subjects:
        return "emblem", ""
    if request.image_type == "abstract":
        return ("geometric" if "geometric" in subjects else "flow"), ""
    if subjects and (subjects[0] in THINGS or (not lands and set(subjects) & set(THINGS) and "city" not in subjects)):
        return "still", ""
    if "city" in subjects:
        return "city", "lake" if {"sea", "lake", "beach"} & set(subjects) else ""
    if lands:
        return "land", _land(lands)
    for term in ("space", "party", "lights", "geometric", "abstract"):
        if term in subjects:
            return WITHOUT_LAND[term], ""
    return _implied(reading)


def _implied(reading: Reading) -> tuple[Composition, str]:
    """The land that fits to details, time or weather when no subject is named; a flow when there is none of these either."""
    if reading.of("flower"):
        return "land", "meadow"
    for term in reading.of("detail"):
        if term in WATERSIDE:
            return "land", WATERSIDE[term][0]
        if term in IMPLIED_LANDS or term in ON_LAND:
            return "land", IMPLIED_LANDS.get(term, "hills")
    known = any(reading.of(role) for role in ("detail", "time", "weather"))
    return ("land", "sea") if known else ("flow", "")


def _land(lands: list[str]) -> str:
    """One land for several that were named: water with mountains is a lake, sand with water a beach."""
    named = set(lands)
    if "lake" in named or ({"mountains", "sea"} <= named):
        return "lake"
    if "beach" in named and "island" not in named:
        return "beach"
    if "mountains" in named and named & {"forest", "meadow", "flowers", "hills"}:
        return "mountains"
    return {"forest": "hills", "flowers": "meadow"}.get(lands[0], lands[0])


def _use_subjects(drawn: _Drawn, composition: Composition, land: str, things: list[str]) -> None:
    shown: dict[Composition, tuple[str, ...]] = {
        "space": ("space",), "lights": ("lights",), "party": ("party", "lights"), "geometric": ("geometric", "abstract"),
        "flow": ("abstract",),
        "emblem": ("logo",), "city": ("city",), "land": (land,), "still": (*things[:2], "lights"),
    }  # fmt: skip
    if "vase" in things[:2]:
        drawn.use("subject", "flowers")
    for term in shown[composition]:
        drawn.use("subject", term)
    if composition == "land":
        also = {
            "lake": ("mountains", "sea", "forest"), "beach": ("sea",), "island": ("sea",), "hills": ("forest", "meadow"),
            "meadow": ("flowers",),
            "mountains": ("forest", "flowers", "meadow", "hills"), "sea": ("lake",),
        }  # fmt: skip
        for term in also.get(land, ()):
            drawn.use("subject", term)
    if composition == "city" and land:
        for term in ("sea", "lake"):
            drawn.use("subject", term)


def _can_draw(term: str, composition: Composition, land: str) -> bool:
    if composition == "city":
        return term in SKY_DETAILS or term == "birds"
    if composition == "space":
        return term in {"stars", "milky way"}
    if composition == "still":
        return term == "wooden table"
    if composition != "land":
        return False
    if term in WATERSIDE:
        return land in WATERSIDE[term]
    if term in ON_LAND:
        return land in {"mountains", "hills", "meadow", "lake", "volcano"} or (term in {"cabin", "tent"} and land == "desert")
    return term != "wooden table" and not (term == "snow" and land in {"desert", "beach", "island", "sea", "canyon"})


def _flowers(drawn: _Drawn, composition: Composition, land: str, reading: Reading) -> str | None:
    if composition != "land" or land not in {"meadow", "mountains", "hills"}:
        return None
    kinds = [term for term in reading.of("flower") if drawn.use("flower", term)]
    if kinds:
        return kinds[0]
    return "wildflower" if "flowers" in reading.of("subject") else None


def _time(drawn: _Drawn, composition: Composition, details: tuple[str, ...], reading: Reading, seed: int) -> str:
    named = [term for term in reading.of("time") if composition in {"land", "city"} and drawn.use("time", term)]
    if NIGHT_DETAILS & set(details) and not ("moon" in details and len(set(details) & NIGHT_DETAILS) == 1 and named):
        return named[0] if named and named[0] in {"dusk", "night"} else "night"
    if named:
        return named[0]
    return (
        ("morning", "afternoon", "golden hour", "sunset", "dawn")[seed % 5]
        if composition == "land"
        else ("dusk", "sunset", "morning")[seed % 3]
    )


def _weather(drawn: _Drawn, composition: Composition, reading: Reading) -> str | None:
    if composition not in {"land", "city"}:
        return None
    return next((term for term in reading.of("weather") if drawn.use("weather", term)), None)
