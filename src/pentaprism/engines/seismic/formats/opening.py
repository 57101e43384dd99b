"""A file as a section, whatever its format."""

from collections.abc import Callable
from pathlib import Path

from pentaprism.engines.seismic.formats.miniseed.section import MiniseedSection
from pentaprism.engines.seismic.formats.npy import NpySection
from pentaprism.engines.seismic.formats.recognise import check_structure
from pentaprism.engines.seismic.formats.section import Limits, Section
from pentaprism.engines.seismic.formats.segy.section import SegySection


def open_section(
    path: Path, *, sample_interval_us: float | None = None, limits: Limits | None = None, check: Callable[[], None] | None = None
) -> Section:
    """Open a SEG-Y, miniSEED or npy file for reading; its bytes decide which it is.

    Args:
        sample_interval_us: counts where the file states none.
        check: called while the headers of a miniSEED file are read; raises to stop.

    Raises:
        NotSeismic, StructureError: see :func:`check_structure`.
        UnreadableFile: VARIABLE_TRACE_LENGTH, MIXED_SAMPLE_RATES, TIME_SPAN or UNREADABLE.
    """
    kind = check_structure(path, limits=limits)
    if kind == "segy":
        return SegySection(path, sample_interval_us, limits)
    if kind == "npy":
        return NpySection(path, sample_interval_us, limits)
    return MiniseedSection(path, limits, check)
