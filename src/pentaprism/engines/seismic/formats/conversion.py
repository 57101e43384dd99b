"""Sections written as files of another format."""

import zipfile
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import IntervalUnknown, ParameterError
from pentaprism.engines.seismic.formats.miniseed.section import MiniseedSection
from pentaprism.engines.seismic.formats.miniseed.writing import generated_id, stream_segments, write_segments
from pentaprism.engines.seismic.formats.npy import header_bytes
from pentaprism.engines.seismic.formats.result import write_npy
from pentaprism.engines.seismic.formats.section import Section
from pentaprism.engines.seismic.formats.segy.export import Annotation, copy_segy, write_segy
from pentaprism.engines.seismic.formats.segy.section import SegySection

if TYPE_CHECKING:
    from pentaprism.engines.seismic.dead import DeadTraces

FORMATS = ("segy", "miniseed", "npy", "npz")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000_000
NPZ_FIELDS = ("ffid", "cdp", "offset", "inline", "crossline")

Report = Callable[[float], None]


def convert(
    section: Section,
    target: Path,
    format: str,
    *,
    filled: Collection[int] = (),
    dead: "DeadTraces | None" = None,
    annotate: Annotation | None = None,
    report: Report | None = None,
    check: Callable[[], None] | None = None,
) -> None:
    """Write ``section`` to ``target`` as segy, miniseed, npy or npz, in windows. A failure leaves no file.

    Args:
        filled: traces that a job has filled; they stand in npz, and in SEG-Y their trace id becomes 1 with ``annotate``.
        dead: marked in npz, and as trace id 2 in SEG-Y files that come from other formats.
        annotate: lines 39 and 40 of the text header of SEG-Y from SEG-Y.

    Raises:
        IntervalUnknown: segy or miniseed without a sample interval.
        ParameterError: an unknown format, or more traces than it can name.
    """
    if format not in FORMATS:
        raise ParameterError("format", f"Unknown format; known: {', '.join(FORMATS)}")

    def each(share: float) -> None:
        if check is not None:
            check()
        if report is not None:
            report(share)

    try:
        if format == "npy":
            write_npy(section, target, each=each)
        elif format == "npz":
            _write_npz(section, target, filled, dead, each)
        elif format == "miniseed":
            _write_miniseed(section, target, filled, each)
        elif isinstance(section, SegySection):
            copy_segy(section, target, annotate, sorted(filled))
        else:
            when = section.recorded_at() if isinstance(section, MiniseedSection) else None
            write_segy(section, target, recorded_at=when, dead=None if dead is None else dead.mask, each=each)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _write_miniseed(section: Section, target: Path, filled: Collection[int], each: Report) -> None:
    if section.interval_us is None:
        raise IntervalUnknown
    generated_id(section.traces - 1)
    moment = section.recorded_at() if isinstance(section, SegySection) else None
    start = round(((moment or EPOCH) - EPOCH).total_seconds()) * SECOND
    with target.open("wb") as file:
        for first, count in section.spans():
            rows = section.read(first, count, raw=True)
            for trace, row in enumerate(rows, first):
                if isinstance(section, MiniseedSection):
                    segments = list(stream_segments(section, trace, row, trace in filled))
                else:
                    segments = [(generated_id(trace), start, row)]
                write_segments(file, segments, section.interval_us)
            each((first + count) / section.traces)


def _write_npz(section: Section, target: Path, filled: Collection[int], dead: "DeadTraces | None", each: Report) -> None:
    fields = section.fields(NPZ_FIELDS)
    marked = np.zeros(section.traces, bool)
    marked[np.fromiter(filled, np.int64, len(filled))] = True
    members: dict[str, npt.NDArray[Any]] = {
        "filled": marked,
        "dead": np.zeros(section.traces, bool) if dead is None else dead.mask,
        "sample_interval_us": np.array(np.nan if section.interval_us is None else section.interval_us, "<f8"),
        "delay_ms": section.fields(["delay_ms"]).get("delay_ms", np.full(section.traces, round(section.delay_ms))).astype("<f8"),
        **{name: fields.get(name, np.zeros(section.traces, np.int64)).astype("<i8") for name in NPZ_FIELDS},
        "text_header": np.array(section.headers()["text_header"] or ""),
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        with archive.open(zipfile.ZipInfo("data.npy"), "w", force_zip64=True) as member:
            member.write(header_bytes((section.traces, section.samples)))
            for first, count in section.spans():
                member.write(section.read(first, count, raw=True).astype("<f4", copy=False).tobytes())
                each((first + count) / section.traces)
        for name, values in members.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values, version=(1, 0), allow_pickle=False)
