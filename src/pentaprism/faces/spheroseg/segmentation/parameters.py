"""Reading the parameters of a segmentation request: aliases, defaults, ranges, and warnings for keys without effect."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pentaprism.core.errors import InvalidInput

FALLBACK_MODEL = "resunet"
PRIORITIES = range(11)
LARGEST_SIZE = 1e9

ALIASES = {
    "model_type": "model",
    "modelType": "model",
    "minArea": "min_size",
    "min_area": "min_size",
    "minSize": "min_size",
    "minHoleSize": "min_hole_size",
    "splitTouching": "split_touching",
    "fillHoles": "fill_holes",
    "excludeBorder": "exclude_border",
}
TOP_LEVEL = frozenset({"model", "priority"})


@dataclass(frozen=True, slots=True)
class Parameters:
    """What one run is asked for. ``page`` None stands for the image's own page until the image is known."""

    model: str = "auto"
    threshold: float = 0.5
    min_size: float = 100
    min_hole_size: float = 50
    split_touching: bool = True
    fill_holes: bool = False
    exclude_border: bool = False
    polarity: Literal["auto", "dark", "bright"] = "auto"
    page: int | None = None
    projection: Literal["none", "max", "mean"] = "none"
    channel: int | Literal["auto"] = "auto"

    def for_image(self, pages: int, channels: int, own_page: int) -> dict[str, Any]:
        """The effective parameters on an image; raises InvalidInput for a page or channel that it does not have."""
        page = own_page if self.page is None else self.page
        if not 0 <= page < max(pages, 1):
            raise InvalidInput(f"This image has the pages 0 to {max(pages, 1) - 1}.", field="parameters.page")
        if self.channel != "auto" and not 0 <= self.channel < max(channels, 1):
            raise InvalidInput(f"This image has the channels 0 to {max(channels, 1) - 1}.", field="parameters.channel")
        return {**asdict(self), "page": page}


@dataclass(frozen=True, slots=True)
class Request:
    """A read request: what to do, how urgent, and what was of no effect."""

    parameters: Parameters
    priority: int
    warnings: tuple[str, ...]


def read_request(body: Mapping[str, Any], models: Iterable[str], *, priority: int = 1, known: Iterable[str] = ()) -> Request:
    """Read a trigger's body. ``models`` are the names that may be asked for, ``known`` top-level keys of other meaning.

    Raises InvalidInput with the dotted place of the first wrong value.
    """
    given = body.get("parameters")
    if given is not None and not isinstance(given, Mapping):
        raise InvalidInput("parameters must be an object.", field="parameters")
    values: dict[str, tuple[Any, str]] = {}
    warnings: list[str] = []
    ignored = {"parameters", *known}
    for place, source, allowed in (("", body, TOP_LEVEL), ("parameters.", given or {}, frozenset(READERS))):
        for key, value in source.items():
            name = ALIASES.get(key, key)
            if not place and key in ignored:
                continue
            if name not in allowed:
                warnings.append(f"{place}{key} has no effect")
            elif value is not None:
                values[name] = (value, place + key)
    read = {name: READERS[name](value, where) for name, (value, where) in values.items()}
    names = sorted({*models, FALLBACK_MODEL})
    if read.get("model", "auto") not in names:
        raise InvalidInput(f"Unknown model; known are {', '.join(names)}.", field=values["model"][1], details={"models": names})
    urgency = read.pop("priority", priority)
    return Request(Parameters(**read), urgency, tuple(warnings))


def _number(lowest: float, highest: float, *, open_ends: bool = False) -> Callable[[Any, str], float]:
    def read(value: Any, where: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise InvalidInput(f"{where} must be a number.", field=where)
        inside = lowest < value < highest if open_ends else lowest <= value <= highest
        if not inside:
            ends = "between" if open_ends else "from"
            raise InvalidInput(f"{where} must be {ends} {lowest:g} {'and' if open_ends else 'to'} {highest:g}.", field=where)
        return value

    return read


def _integer(lowest: int, highest: int) -> Callable[[Any, str], int]:
    def read(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            raise InvalidInput(f"{where} must be a whole number from {lowest} to {highest}.", field=where)
        return value

    return read


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(f"{where} must be true or false.", field=where)
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{where} must be a text.", field=where)
    return value


def _one_of(*words: str) -> Callable[[Any, str], str]:
    def read(value: Any, where: str) -> str:
        if value not in words or not isinstance(value, str):
            raise InvalidInput(f"{where} must be one of {', '.join(words)}.", field=where)
        return value

    return read


def _channel(value: Any, where: str) -> int | str:
    if isinstance(value, str) and value == "auto":
        return value
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise InvalidInput(f"{where} must be auto or the index of a channel.", field=where)
    return value


READERS: dict[str, Callable[[Any, str], Any]] = {
    "model": _text,
    "threshold": _number(0, 1, open_ends=True),
    "min_size": _number(0, LARGEST_SIZE),
    "min_hole_size": _number(0, LARGEST_SIZE),
    "priority": _integer(PRIORITIES[0], PRIORITIES[-1]),
    "split_touching": _flag,
    "fill_holes": _flag,
    "exclude_border": _flag,
    "polarity": _one_of("auto", "dark", "bright"),
    "page": _integer(0, 2**31 - 1),
    "projection": _one_of("none", "max", "mean"),
    "channel": _channel,
}
