"""Everything that can be said of a file, in one pass over it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.dead import DeadTraces, coded_dead, mark, reasons_of
from pentaprism.engines.seismic.formats.opening import open_section
from pentaprism.engines.seismic.formats.section import Limits, Mask, Section, Window
from pentaprism.engines.seismic.gathers import Gathers
from pentaprism.engines.seismic.geometry import GEOMETRY_FIELDS, GeometrySurvey
from pentaprism.engines.seismic.room import room
from pentaprism.engines.seismic.statistics import Accumulator, Statistics, trace_sums

MICROSECONDS = 1_000_000
WINDOW_BYTES = 4_500_000
FIELDS = (*GEOMETRY_FIELDS, "trace_id", "delay_ms")


@dataclass(frozen=True, slots=True)
class Description:
    """What a file holds. ``headers``, ``layout``, ``geometry``, ``gaps`` and ``warnings`` are ready for JSON."""

    format: str
    traces: int
    samples: int
    sample_interval_us: float | None
    statistics: Statistics
    headers: dict[str, Any]
    layout: dict[str, Any]
    geometry: dict[str, Any]
    dead: DeadTraces
    gaps: list[dict[str, int]]
    warnings: list[dict[str, Any]]
    gathers: Gathers

    @property
    def sample_rate(self) -> float | None:
        """Samples a second, rounded to 6 decimals."""
        return sample_rate(self.sample_interval_us)

    def as_json(self) -> dict[str, Any]:
        """All of it but the gathers, as plain values."""
        return {
            "format": self.format,
            "traces": self.traces,
            "samples": self.samples,
            "sample_interval_us": self.sample_interval_us,
            "sample_rate": self.sample_rate,
            "statistics": self.statistics.as_json(),
            "headers": self.headers,
            "layout": self.layout,
            "geometry": self.geometry,
            "dead_traces": self.dead.as_json(),
            "gaps": self.gaps,
            "warnings": self.warnings,
        }


def sample_rate(interval_us: float | None) -> float | None:
    """Hz of an interval in µs, rounded to 6 decimals."""
    return None if interval_us is None else round(MICROSECONDS / interval_us, 6)


def describe(
    source: Path | Section,
    *,
    sample_interval_us: float | None = None,
    gather_key: str = "auto",
    filled: Collection[int] = (),
    limits: Limits | None = None,
    report: Callable[[float], None] | None = None,
    check: Callable[[], None] | None = None,
) -> Description:
    """Read a file, or an open section, once from front to end, in windows.

    Args:
        sample_interval_us: counts where the file states none.
        gather_key: auto, ffid, cdp, inline, crossline or none.
        filled: traces that a job has filled; they are not dead, whatever their headers say.

    Raises:
        NotSeismic, StructureError, UnreadableFile: see :func:`open_section`.
    """
    if isinstance(source, Section):
        return _describe(source, gather_key, filled, report, check)
    with open_section(source, sample_interval_us=sample_interval_us, limits=limits, check=check) as section:
        return _describe(section, gather_key, filled, report, check)


def _describe(
    section: Section,
    gather_key: str,
    filled: Collection[int],
    report: Callable[[float], None] | None,
    check: Callable[[], None] | None,
) -> Description:
    survey = GeometrySurvey(gather_key, section.traces)
    statistics = Accumulator(section.traces, section.samples)
    reasons = np.zeros(section.traces, np.uint8)
    marked = mark(filled, section.traces)
    delays: set[int] = set()
    with room() as memory:
        for span in section.spans(WINDOW_BYTES):
            memory.clear()
            window = section.window(*span, FIELDS, memory)
            _amplitudes(window, statistics, reasons, marked)
            if window.fields:
                survey.add(window.fields)
            if "delay_ms" in window.fields:
                delays.update((int(window.fields["delay_ms"].min()), int(window.fields["delay_ms"].max())))
            if check is not None:
                check()
            if report is not None:
                report(sum(span) / section.traces)
    gathers, geometry = survey.result()
    found = statistics.result()
    return Description(
        format=section.format,
        traces=section.traces,
        samples=section.samples,
        sample_interval_us=section.interval_us,
        statistics=found,
        headers=section.headers(),
        layout=_layout(section, delay_varies=len(delays) > 1),
        geometry=geometry,
        dead=DeadTraces(reasons),
        gaps=section.gaps(),
        warnings=_warnings(section, found.nonfinite, statistics),
        gathers=gathers,
    )


def _amplitudes(window: Window, statistics: Accumulator, reasons: npt.NDArray[np.uint8], marked: Mask) -> None:
    """Add one window to the statistics; why its traces are dead goes into ``reasons`` of the section."""
    coded = coded_dead(window.fields, window.traces)
    for part, rows in window.blocks():
        first = window.first_trace + part.start
        missing = None if window.missing is None else window.missing[part]
        if missing is None and not coded[part].any() and statistics.add_whole(first, rows):
            continue
        place = slice(first, first + len(rows))
        sums = trace_sums(rows, missing)
        reasons[place] = reasons_of(sums, coded[part], missing, marked[place])
        statistics.add(first, rows, sums, reasons[place] == 0, missing)


def _layout(section: Section, *, delay_varies: bool) -> dict[str, Any]:
    known = section.interval_us is not None
    return {
        "delay_ms": section.delay_ms,
        "delay_varies": delay_varies,
        "duration_ms": (section.samples - 1) * (section.interval_us or 0) / 1000 if known else None,
        "sample_format": section.sample_format,
        "coordinate_unit": section.coordinate_unit(),
    }


def _warnings(section: Section, nonfinite: int, amplitudes: Accumulator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if section.interval_us is None:
        message = "The file states no sample interval; frequencies are given in cycles per sample"
        found.append({"code": "INTERVAL_UNKNOWN", "message": message, "first_trace": None, "traces": None})
    if nonfinite:
        message = f"{nonfinite} samples are NaN or Inf and are read as 0"
        found.append({"code": "NONFINITE_INPUT", "message": message, "first_trace": amplitudes.first_broken, "traces": amplitudes.broken})
    return found
