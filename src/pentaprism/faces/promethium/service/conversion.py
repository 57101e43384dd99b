"""The bytes of datasets: as they are stored, or converted once and kept for the next time."""

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from pentaprism.core.blobs.tables import Blob
from pentaprism.engines import seismic
from pentaprism.engines.seismic.errors import IntervalUnknown
from pentaprism.faces.promethium.arrays import TraceIndex
from pentaprism.faces.promethium.context import FACE, Promethium
from pentaprism.faces.promethium.errors import invalid
from pentaprism.faces.promethium.service.datasets import holder_of
from pentaprism.faces.promethium.service.geometry import index_path
from pentaprism.faces.promethium.service.uploads import EXTENSIONS
from pentaprism.faces.promethium.tables import Dataset
from pentaprism.web.downloads import blob_response

OCTETS = "application/octet-stream"


def stem(name: str) -> str:
    """A file name without its last suffix."""
    base, dot, suffix = name.rpartition(".")
    return base if dot and base and len(suffix) <= 8 else name


def download(
    context: Promethium,
    request: Request,
    dataset: Dataset,
    wanted: str | None,
    annotation: "seismic.Annotation | None" = None,
    name: str | None = None,
) -> Response:
    """The dataset's bytes, unchanged unless another format or an annotation is ``wanted``. Raises InvalidRequest."""
    file_format = wanted or dataset.format
    plain = file_format == dataset.format and annotation is None
    filename = name or (dataset.name if plain else stem(dataset.name) + EXTENSIONS[file_format])
    key, etag = (dataset.blob_key, dataset.sha256) if plain else _converted(context, dataset, file_format, annotation)
    return blob_response(
        request, context.platform.blobs, key, content_type=OCTETS, etag=etag, filename=filename, inline=False, cache_control="private"
    )


def _converted(context: Promethium, dataset: Dataset, file_format: str, annotation: "seismic.Annotation | None") -> tuple[str, str]:
    """Key and tag of the conversion, made now unless it is kept already."""
    told = f"{dataset.sha256} {dataset.index_key} {dataset.sample_interval_us} {file_format} {annotation}"
    key = f"{FACE}/converted/{dataset.id}/{hashlib.sha256(told.encode()).hexdigest()}{EXTENSIONS[file_format]}"
    with context.platform.database.read() as session:
        row = session.get(Blob, key)
        if row is not None and row.state == "kept":
            return key, row.sha256
    blobs = context.platform.blobs
    with _scratch(blobs.rules.staging, EXTENSIONS[file_format]) as target:
        _convert(context, dataset, target, file_format, annotation)
        staged = blobs.stage_file(target, account_id=dataset.account_id, face=FACE, purpose="cache", suffix=EXTENSIONS[file_format])
        with context.platform.database.write() as session:
            if session.get(Dataset, dataset.id) is not None:
                blobs.keep(session, staged, holder_of(dataset.id), key=key)
    return key, staged.sha256


def _convert(context: Promethium, dataset: Dataset, target: Path, file_format: str, annotation: "seismic.Annotation | None") -> None:
    index = TraceIndex.read(index_path(context, dataset))
    path = context.platform.blobs.local_path(dataset.blob_key)
    try:
        with seismic.open_section(path, sample_interval_us=dataset.sample_interval_us) as section:
            seismic.convert(section, target, file_format, filled=index.filled, dead=index.dead, annotate=annotation)
    except IntervalUnknown as error:
        raise invalid(("format", error.message)) from error


@contextmanager
def _scratch(folder: Path, suffix: str) -> Iterator[Path]:
    path = folder / f"convert-{secrets.token_hex(8)}{suffix}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def annotation_of(model: str, day: date) -> "seismic.Annotation":
    """What a result says of its origin in its text header."""
    return seismic.Annotation(model=model, date=day)
