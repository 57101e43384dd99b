"""The models that can run here: cards beside the weights, with the parameters of each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from pentaprism.engines.seismic.methods.names import ARCHITECTURES, NAMES, JobType, id_of
from pentaprism.engines.seismic.methods.schema import defaults_of, schema_of

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"


@dataclass(frozen=True)
class Model:
    """A model card. ``checksum`` is the SHA-256 of the weights, None for methods without; ``metrics`` are means over ``benchmark``."""

    id: str
    name: str
    display_name: str
    version: str
    architecture: str
    type: JobType
    description: str
    min_traces: int
    parameter_schema: dict[str, Any]
    parameters: dict[str, Any]
    training_data: str
    limitations: list[str]
    license: str
    checksum: str | None
    size_bytes: int
    created_at: str
    metrics: dict[str, Any]
    benchmark: list[dict[str, Any]]
    available: bool = True


def models() -> tuple[Model, ...]:
    """Every model that can run, auto first, then by type and architecture."""
    found = _read(WEIGHTS)
    return tuple(sorted(found, key=lambda model: (model.architecture != "auto", model.type, model.architecture)))


def find_model(reference: str, job_type: str | None = None) -> Model | None:
    """The model with that id or name or, with ``job_type``, that architecture; None when there is none."""
    for model in models():
        if reference == model.name or _same_id(reference, model.id) or (reference == model.architecture and model.type == job_type):
            return model
    return None


def _same_id(given: str, known: str) -> bool:
    try:
        return str(UUID(given)) == known
    except ValueError:
        return False


@lru_cache
def _read(folder: Path) -> tuple[Model, ...]:
    models = []
    for job_type, architectures in ARCHITECTURES.items():
        for architecture, name in zip(architectures, NAMES[job_type], strict=True):
            path = folder / f"{name}.json"
            if not path.is_file():
                continue
            card = json.loads(path.read_text("utf-8"))
            if card["file"] is None or _verified(folder / card["file"], card["sha256"]):
                models.append(_model(card, architecture, job_type))
    return tuple(models)


def _verified(file: Path, sha256: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def _model(card: dict[str, Any], architecture: str, job_type: JobType) -> Model:
    data = card["training_data"]
    return Model(
        id=id_of(card["name"]),
        name=card["name"],
        display_name=card["display_name"],
        version=card["version"],
        architecture=architecture,
        type=job_type,
        description=card["description"],
        min_traces=card["engine"]["min_traces"],
        parameter_schema=schema_of(architecture, job_type),
        parameters=card["engine"].get("network") or defaults_of(architecture, job_type),
        training_data=data if isinstance(data, str) else "; ".join(data),
        limitations=card["limitations"],
        license=card["licence"],
        checksum=card["sha256"],
        size_bytes=card["size_bytes"],
        created_at=card["created_at"],
        metrics=card["metrics"],
        benchmark=card["benchmark"],
    )
