"""Gathers of a stored dataset by another key than before."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.engines import seismic
from pentaprism.faces.promethium.arrays import CONTENT_TYPE, TraceIndex
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.tables import Dataset


@dataclass(frozen=True, slots=True)
class Regathered:
    """The geometry and the staged index by the new key."""

    geometry: dict[str, Any]
    staged: StagedBlob

    def keep(self, context: Promethium, session: Session, dataset: Dataset) -> None:
        """Store both in the caller's transaction, in place of the former ones."""
        if dataset.index_key is not None:
            context.platform.blobs.release(session, dataset.index_key)
        dataset.index_key = context.platform.blobs.keep(session, self.staged, f"promethium-dataset:{dataset.id}").key
        dataset.details = {**(dataset.details or {}), "geometry": self.geometry}


def index_of(context: Promethium, dataset: Dataset) -> TraceIndex:
    """Dead and filled traces and gathers of a ready dataset."""
    return TraceIndex.read(index_path(context, dataset))


def index_path(context: Promethium, dataset: Dataset) -> Path:
    """Where they can be read as a file."""
    return context.platform.blobs.local_path(str(dataset.index_key))


def regathered(context: Promethium, dataset: Dataset, key: str) -> Regathered:
    """The gathers of ``dataset`` by ``key``."""
    index = index_of(context, dataset)
    path = context.platform.blobs.local_path(dataset.blob_key)
    with seismic.open_section(path, sample_interval_us=dataset.sample_interval_us) as section:
        gathers = seismic.find_gathers(section, key)
    counts = {"min": int(gathers.counts.min()), "max": int(gathers.counts.max())}
    known = (dataset.details or {}).get("geometry") or {}
    geometry = {**known, "gather_key": gathers.key, "gathers": len(gathers), "traces_per_gather": counts}
    packed = TraceIndex(index.dead, gathers, index.filled).packed()
    staged = context.platform.blobs.stage(
        packed, account_id=dataset.account_id, face=FACE, purpose="cache", content_type=CONTENT_TYPE, suffix=".npz"
    )
    return Regathered(geometry, staged)
