"""What the helper process does with seismic files: checking uploads that nobody vouches for, and drawing.

Refusals come back as values: an exception of another package need not survive the way between processes.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pentaprism.engines import seismic
from pentaprism.engines.seismic import pictures
from pentaprism.engines.seismic.errors import NotSeismic, ParameterError, StructureError
from pentaprism.faces.promethium.arrays import TraceIndex


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong; ``field`` is None for a file of another kind."""

    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Source:
    """A stored section: its file, the file of its index, and the interval in use."""

    path: str
    index: str
    interval_us: float | None


def check_file(path: str, traces: int, samples: int) -> str | Refused:
    """The format of an uploaded file whose structure is sound."""
    try:
        return seismic.check_structure(Path(path), limits=seismic.Limits(traces=traces, samples=samples))
    except NotSeismic as error:
        return Refused(None, error.message)
    except StructureError as error:
        return Refused("file", error.message)


def preview(source: Source, values: Mapping[str, Any]) -> bytes | Refused:
    """PNG of a window of the section."""
    index = TraceIndex.read(Path(source.index))
    try:
        parameters = pictures.PreviewParameters(**values)
        with seismic.open_section(Path(source.path), sample_interval_us=source.interval_us) as section:
            return pictures.draw_preview(section, parameters, gathers=index.gathers, dead=index.dead.mask, filled=index.filled)
    except ParameterError as error:
        return Refused(error.field, error.message)


def comparison(before: Source, after: Source, reference: Source | None, gather: int, filled: Sequence[int]) -> bytes | Refused:
    """PNG of one gather before and after a job."""
    # The pictures of results need arrays, which a server that only hands this function over does without.
    from pentaprism.faces.promethium.result_pictures import draw_gather  # noqa: PLC0415

    index = TraceIndex.read(Path(after.index))
    try:
        with ExitStack() as stack:
            opened = [
                stack.enter_context(seismic.open_section(Path(one.path), sample_interval_us=one.interval_us)) if one else None
                for one in (before, after, reference)
            ]
            return draw_gather(index.gathers, gather, filled, *opened)  # type: ignore[arg-type]
    except ParameterError as error:
        return Refused(error.field, error.message)


def limit_of(source: Source, values: Mapping[str, Any]) -> float | Refused:
    """The amplitude that all tiles of a dataset clip at."""
    try:
        parameters = pictures.TileParameters(**values)
        with seismic.open_section(Path(source.path), sample_interval_us=source.interval_us) as section:
            return pictures.amplitude_limit(section, parameters)
    except ParameterError as error:
        return Refused(error.field, error.message)


def tile(source: Source, place: tuple[int, int, int], values: Mapping[str, Any], limit: float) -> bytes | Refused:
    """PNG of a tile; a refusal of the field ``tile`` means that it lies outside."""
    index = TraceIndex.read(Path(source.index))
    try:
        parameters = pictures.TileParameters(**values)
        with seismic.open_section(Path(source.path), sample_interval_us=source.interval_us) as section:
            return pictures.draw_tile(section, *place, parameters, limit=limit, gathers=index.gathers)
    except ParameterError as error:
        return Refused(error.field, error.message)
