"""The parameters of all methods as JSON Schema, and which of them mean something to which model."""

from __future__ import annotations

from typing import Any

from pentaprism.engines.seismic.methods.names import NAMES, JobType

GATHER_KEYS = ("auto", "ffid", "cdp", "inline", "crossline", "none")
STRENGTHS = {"low": 2.2, "medium": 2.7, "high": 3.4}
ITERATIONS = {"radon": 6, "pocs": 60, "mssa": 20}
EVERY = ("batch_size", "gather_key", "gathers", "reference_dataset_id", "random_state")
WINDOWED = ("overlap", "window_traces", "window_samples")
OWN: dict[tuple[str, JobType], tuple[str, ...]] = {
    ("linear", "reconstruction"): (),
    ("radon", "reconstruction"): (*WINDOWED, "max_slope", "iterations", "position"),
    ("pocs", "reconstruction"): (*WINDOWED, "iterations"),
    ("mssa", "reconstruction"): (*WINDOWED, "iterations", "rank", "damping"),
    ("mssa", "denoising"): (*WINDOWED, "rank", "damping"),
    ("unet", "reconstruction"): ("patch_size", "overlap"),
    ("unet", "denoising"): ("patch_size", "overlap", "strength"),
    ("fkwiener", "denoising"): (*WINDOWED, "strength"),
    ("fxdecon", "denoising"): (*WINDOWED, "filter_length", "strength"),
}


def whole(low: int, high: int, default: int | None, text: str) -> dict[str, Any]:
    """Schema of a whole number; a default of None admits null."""
    kind: dict[str, Any] = {"type": ["integer", "null"] if default is None else "integer"}
    return kind | {"minimum": low, "maximum": high, "default": default, "description": text}


def fraction(low: float, high: float, default: float, text: str) -> dict[str, Any]:
    """Schema of a number between two bounds."""
    return {"type": "number", "minimum": low, "maximum": high, "default": default, "description": text}


PARAMETERS: dict[str, dict[str, Any]] = {
    "missing_traces": {
        "type": "array",
        "items": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+-[0-9]+$"}]},
        "default": [],
        "description": "Zero-based trace numbers or inclusive ranges such as 100-150; none: dead traces are detected and filled",
    },
    "patch_size": whole(32, 1024, 256, "Samples and traces of the square window"),
    "overlap": fraction(0, 0.9, 0.5, "Fraction of a window; windowed classical methods use at least 0.25"),
    "batch_size": whole(1, 64, 8, "Windows of a step; changes memory and time alone"),
    "gather_key": {"type": "string", "enum": list(GATHER_KEYS), "default": "auto", "description": "auto: that of the dataset"},
    "gathers": {
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": 0},
        "default": None,
        "description": "Numbers of the gathers to treat, others are copied; null: all",
    },
    "window_traces": whole(8, 128, None, "Traces of a window; null: chosen by the method"),
    "window_samples": whole(16, 1024, None, "Samples of a window; null: chosen by the method"),
    "max_slope": fraction(0.5, 16, 4.0, "Steepest slope, samples a trace"),
    "iterations": whole(1, 500, 20, "Passes"),
    "position": {"type": "string", "enum": ["index", "offset"], "default": "index", "description": "Where traces lie"},
    "rank": whole(1, 20, 4, "Plane waves of a window"),
    "damping": fraction(1, 10, 4.0, "Exponent by which singular values near those of noise are lowered"),
    "filter_length": whole(2, 16, 4, "Traces of the prediction filter"),
    "strength": {
        "anyOf": [{"type": "string", "enum": list(STRENGTHS)}, {"type": "number", "minimum": 1.0, "maximum": 6.0}],
        "default": "medium",
        "description": "low, medium, high, or noise deviations",
    },
    "noise_sigma": {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "default": None,
        "description": "Standard deviation of the noise in units of the file; null: estimated and reported",
    },
    "candidates": {
        "type": ["array", "null"],
        "items": {"type": "string"},
        "minItems": 1,
        "default": None,
        "description": "Names of the models to choose from; null: every model of the type but auto",
    },
    "reference_dataset_id": {
        "type": ["string", "null"],
        "format": "uuid",
        "default": None,
        "description": "Own dataset of equal shape that holds the truth",
    },
    "holdout": {
        "anyOf": [{"type": "number", "minimum": 0.05, "maximum": 0.25}, {"const": False}],
        "default": 0.125,
        "description": "Fraction of recorded traces that is hidden to measure, or false",
    },
    "random_state": whole(0, 2147483647, 0, "Seed of what is drawn"),
}


def meaningful(architecture: str, job_type: JobType) -> list[str]:
    """Parameters that mean something to a model, in the order of ``PARAMETERS``."""
    names = {*EVERY, *(("missing_traces", "holdout") if job_type == "reconstruction" else ("noise_sigma",))}
    if architecture == "auto":
        names |= {"candidates"}.union(*(own for (_, kind), own in OWN.items() if kind == job_type))
    else:
        names |= {*OWN[architecture, job_type]}
    return [name for name in PARAMETERS if name in names]


def schema_of(architecture: str, job_type: JobType) -> dict[str, Any]:
    """JSON Schema of the parameters of one model."""
    properties = {name: dict(PARAMETERS[name]) for name in meaningful(architecture, job_type)}
    if "iterations" in properties:
        properties["iterations"]["default"] = ITERATIONS.get(architecture)
        if architecture == "auto":
            properties["iterations"] |= {"type": ["integer", "null"], "description": "Passes; null: the default of each candidate"}
    if "candidates" in properties:
        properties["candidates"]["items"] = {"type": "string", "enum": list(NAMES[job_type][1:])}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def defaults_of(architecture: str, job_type: JobType) -> dict[str, Any]:
    """Default values of the parameters of one model."""
    return {name: entry["default"] for name, entry in schema_of(architecture, job_type)["properties"].items()}
