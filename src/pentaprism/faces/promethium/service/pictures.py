"""Previews and tiles of stored datasets, drawn in the helper process."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pentaprism.core.errors import NotFound
from pentaprism.engines.seismic import pictures
from pentaprism.faces.promethium import inspection
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.errors import invalid
from pentaprism.faces.promethium.inspection import Refused, Source
from pentaprism.faces.promethium.schemas.queries import PreviewQuery, TileQuery
from pentaprism.faces.promethium.service.geometry import index_path
from pentaprism.faces.promethium.tables import Dataset
from pentaprism.web.downloads import bytes_response, not_modified, quoted

SECONDS = 60.0
KEPT_LIMITS = 1000


class Pictures:
    """Draws; remembers the amplitude limits of the datasets whose tiles were asked for last."""

    def __init__(self, context: Promethium) -> None:
        self.context = context
        self._limits: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def preview(self, request: Request, dataset: Dataset, query: PreviewQuery) -> Response:
        """PNG of a window of the dataset. Raises InvalidRequest."""
        values = _values(query)
        tag = _tag(dataset, "preview", values)
        if not_modified(request, quoted(tag), None):
            return _picture(request, b"", tag)
        return _picture(request, _drawn(self._call(inspection.preview, source_of(self.context, dataset), values)), tag)

    def tile(self, request: Request, dataset: Dataset, place: tuple[int, int, int], query: TileQuery) -> Response:
        """PNG of a tile. Raises NotFound outside, InvalidRequest."""
        values = _values(query)
        tag = _tag(dataset, f"tile {place}", values)
        if query.gather is None and not pictures.pyramid(int(dataset.traces or 0), int(dataset.samples or 0)).contains(*place):
            raise NotFound("Tile not found")
        if not_modified(request, quoted(tag), None):
            return _picture(request, b"", tag)
        source = source_of(self.context, dataset)
        drawn = self._call(inspection.tile, source, place, values, self._limit(dataset, source, values))
        if isinstance(drawn, Refused) and drawn.field in {"tile", "z", "x", "y", None}:
            raise NotFound("Tile not found")
        return _picture(request, _drawn(drawn), tag)

    def _limit(self, dataset: Dataset, source: Source, values: Mapping[str, Any]) -> float:
        name = _tag(dataset, "limit", {key: values[key] for key in ("clip", "gain", "agc_ms")})
        with self._lock:
            if name in self._limits:
                self._limits.move_to_end(name)
                return self._limits[name]
        found = self._call(inspection.limit_of, source, values)
        if isinstance(found, Refused):
            raise invalid((found.field or "clip", found.message))
        with self._lock:
            self._limits[name] = float(found)
            while len(self._limits) > KEPT_LIMITS:
                self._limits.popitem(last=False)
        return float(found)

    def _call(self, function: Any, *arguments: Any) -> Any:
        return self.context.platform.compute.call(function, *arguments, timeout=SECONDS)


def source_of(context: Promethium, dataset: Dataset) -> Source:
    """What the helper process needs to open a stored section."""
    path = context.platform.blobs.local_path(dataset.blob_key)
    return Source(str(path), str(index_path(context, dataset)), dataset.sample_interval_us)


def _values(query: TileQuery) -> dict[str, Any]:
    values = query.model_dump(exclude={"exp", "sig"})
    if values["colormap"] not in pictures.COLORMAPS:
        raise invalid(("colormap", f"Must be one of {', '.join(pictures.COLORMAPS)}"))
    return values


def _tag(dataset: Dataset, what: str, values: Mapping[str, Any]) -> str:
    told = [dataset.sha256, dataset.index_key, dataset.sample_interval_us, what, sorted(values.items())]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _drawn(found: Any) -> bytes:
    if isinstance(found, Refused):
        raise invalid((found.field or "preview", found.message))
    return bytes(found)


def _picture(request: Request, body: bytes, tag: str) -> Response:
    return bytes_response(request, body, content_type="image/png", etag=tag, cache_control="private")
