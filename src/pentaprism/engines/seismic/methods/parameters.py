"""Checking what a job asks for: every failing field at once, nothing accepted without effect."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np

from pentaprism.engines.seismic.methods.arrays import Numbers
from pentaprism.engines.seismic.methods.catalogue import Model
from pentaprism.engines.seismic.methods.schema import PARAMETERS, STRENGTHS, defaults_of, meaningful

RANGE = re.compile(r"([0-9]{1,12})-([0-9]{1,12})")
MOST_MISSING = 0.9
BYTES_OF_BLOCK = 14
LEAST_BLOCK = 96
FIXED_BYTES = 150_000_000

Problem = tuple[str, str]


class ParameterError(ValueError):
    """Parameters that cannot be used; ``problems`` lists (field, message) of all of them."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in problems))
        self.problems = problems


class _Wrong(ValueError):
    """Message for one field."""


@dataclass(frozen=True)
class Parameters:
    """Values in use, known names without meaning for the model, and the named traces (sorted; none: dead traces are detected)."""

    effective: dict[str, Any]
    unused: list[str] = field(default_factory=list)
    missing: Numbers = field(default_factory=lambda: np.zeros(0, np.intp))

    @property
    def strength(self) -> float:
        """Strength in noise deviations."""
        value = self.effective.get("strength", "medium")
        return STRENGTHS[value] if isinstance(value, str) else float(value)


def validate(model: Model, given: object, traces: int, gathers: int | None = None) -> Parameters:
    """The parameters of a job on a section of ``traces`` traces in ``gathers`` gathers. Raises ParameterError."""
    given = {} if given is None else given
    if not isinstance(given, dict):
        raise ParameterError([("parameters", "Must be an object")])
    own = meaningful(model.architecture, model.type)
    effective, unused = defaults_of(model.architecture, model.type), []
    problems: list[Problem] = []
    missing = np.zeros(0, np.intp)
    for name, value in given.items():
        try:
            if name == "missing_traces":
                missing = _traces(value, traces, name in own)
            checked = compact(missing) if name == "missing_traces" else _checked(str(name), value, model, name in own, gathers)
        except _Wrong as error:
            problems.append((f"parameters.{name}", str(error)))
            continue
        if name in own:
            effective[name] = checked
        else:
            unused.append(name)
    if problems:
        raise ParameterError(problems)
    return Parameters(effective, unused, missing)


def _checked(name: str, value: object, model: Model, own: bool, gathers: int | None) -> Any:
    if name not in PARAMETERS:
        raise _Wrong("Unknown parameter")
    if name == "candidates":
        return _candidates(value, model) if own else value
    return _gathers(value, gathers) if name == "gathers" else _value(name, value, model)


def memory_needed(model: Model, parameters: Parameters, samples: int) -> int:
    """Bytes that a run takes at least for traces of ``samples`` samples."""
    block = max(LEAST_BLOCK, 2 * (parameters.effective.get("window_traces") or 0))
    patch = 0
    if model.architecture in ("unet", "auto"):
        patch = int(parameters.effective["patch_size"]) ** 2 * int(parameters.effective["batch_size"]) * 4 * 160
    return FIXED_BYTES + block * samples * 4 * BYTES_OF_BLOCK + patch


def compact(numbers: Numbers) -> list[int | str]:
    """Sorted numbers with runs of three and more written as ranges."""
    result: list[int | str] = []
    for run in np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1):
        result += [f"{run[0]}-{run[-1]}"] if len(run) > 2 else [int(number) for number in run]
    return result


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise _Wrong("Must be a list")
    return value


def _traces(value: object, traces: int, own: bool) -> Numbers:
    chosen = np.zeros(traces, np.bool_)
    if not own and _list(value):
        raise _Wrong("Named traces have no meaning for denoising")
    for entry in _list(value):
        if isinstance(entry, int) and not isinstance(entry, bool):
            first = last = entry
        elif isinstance(entry, str) and (match := RANGE.fullmatch(entry)):
            first, last = int(match[1]), int(match[2])
            if first > last:
                raise _Wrong(f"The range {entry} ends before it begins")
        else:
            raise _Wrong("Must hold whole numbers and ranges such as 100-150")
        for number in (first, last):
            if not 0 <= number < traces:
                raise _Wrong(f"Trace {number} is out of range 0 to {traces - 1}")
        chosen[first : last + 1] = True
    if chosen.sum() > MOST_MISSING * traces:
        raise _Wrong("At most 90 % of the traces can be missing")
    return np.flatnonzero(chosen)


def _candidates(value: object, model: Model) -> list[str] | None:
    if value is None:
        return None
    allowed = model.parameter_schema["properties"]["candidates"]["items"]["enum"]
    names = _list(value)
    if not names:
        raise _Wrong("Must name at least one model")
    for name in names:
        if name not in allowed:
            raise _Wrong(f"Must hold names among {', '.join(allowed)}")
    return list(dict.fromkeys(names))


def _gathers(value: object, gathers: int | None) -> list[int] | None:
    if value is None:
        return None
    for number in _list(value):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise _Wrong("Must hold whole numbers from 0")
        if gathers is not None and number >= gathers:
            raise _Wrong(f"Gather {number} is out of range 0 to {gathers - 1}")
    return sorted(set(_list(value)))


def _value(name: str, value: Any, model: Model) -> Any:
    """A plain value checked against its schema."""
    schema = (model.parameter_schema["properties"].get(name)) or PARAMETERS[name]
    for option in schema.get("anyOf", [schema]):
        if "const" in option:
            if value is False:
                return value
            continue
        kinds = option["type"] if isinstance(option["type"], list) else [option["type"]]
        if (value is None and "null" in kinds) or _fits(value, kinds, option):
            return value
    raise _Wrong(_expected(schema))


def _fits(value: Any, kinds: list[str], option: dict[str, Any]) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return "string" in kinds and (value in option["enum"] if "enum" in option else _is_uuid(value))
    if isinstance(value, int) and "integer" in kinds:
        return bool(option["minimum"] <= value <= option["maximum"])
    if isinstance(value, int | float) and "number" in kinds and math.isfinite(value):
        above = option.get("exclusiveMinimum", -math.inf)
        return bool(option.get("minimum", -math.inf) <= value <= option.get("maximum", math.inf) and value > above)
    return False


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value.lower()
    except ValueError:
        return False


def _expected(schema: dict[str, Any]) -> str:
    parts = []
    for option in schema.get("anyOf", [schema]):
        if "const" in option:
            parts.append("false")
        elif "enum" in option:
            parts.append("one of " + ", ".join(option["enum"]))
        elif "minimum" in option:
            whole = "integer" in option["type"]
            parts.append(f"a {'whole ' if whole else ''}number from {option['minimum']} to {option['maximum']}")
        elif "exclusiveMinimum" in option:
            parts.append("a number above 0")
        else:
            parts.append("a UUID")
    return "Must be " + " or ".join(parts)
