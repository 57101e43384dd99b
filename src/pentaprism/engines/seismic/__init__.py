"""Seismic sections: files in and out, what they hold, pictures of them, and methods that fill and clean them.

Everything is imported at its first use: a server starts without arrays and ObsPy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pentaprism.engines.seismic.dead import DeadTraces, find_dead
    from pentaprism.engines.seismic.description import Description, describe, sample_rate
    from pentaprism.engines.seismic.errors import IntervalUnknown, NotSeismic, ParameterError, SeismicError, StructureError, UnreadableFile
    from pentaprism.engines.seismic.formats.conversion import FORMATS, convert
    from pentaprism.engines.seismic.formats.opening import open_section
    from pentaprism.engines.seismic.formats.recognise import check_structure, recognise
    from pentaprism.engines.seismic.formats.result import ResultWriter, open_result
    from pentaprism.engines.seismic.formats.section import ArraySection, Limits, Section
    from pentaprism.engines.seismic.formats.segy.export import Annotation
    from pentaprism.engines.seismic.formats.segy.fields import HEADER_FIELDS
    from pentaprism.engines.seismic.gathers import GATHER_KEYS, Gathers, find_gathers, most_filled
    from pentaprism.engines.seismic.rows import gather_rows, trace_rows
    from pentaprism.engines.seismic.statistics import Statistics

HOMES = {
    **dict.fromkeys(("DeadTraces", "find_dead"), "dead"),
    **dict.fromkeys(("Description", "describe", "sample_rate"), "description"),
    **dict.fromkeys(("IntervalUnknown", "NotSeismic", "ParameterError", "SeismicError", "StructureError", "UnreadableFile"), "errors"),
    **dict.fromkeys(("FORMATS", "convert"), "formats.conversion"),
    "open_section": "formats.opening",
    **dict.fromkeys(("check_structure", "recognise"), "formats.recognise"),
    **dict.fromkeys(("ResultWriter", "open_result"), "formats.result"),
    **dict.fromkeys(("ArraySection", "Limits", "Section"), "formats.section"),
    "Annotation": "formats.segy.export",
    "HEADER_FIELDS": "formats.segy.fields",
    **dict.fromkeys(("GATHER_KEYS", "Gathers", "find_gathers", "most_filled"), "gathers"),
    **dict.fromkeys(("gather_rows", "trace_rows"), "rows"),
    "Statistics": "statistics",
}

__all__ = [
    "FORMATS",
    "GATHER_KEYS",
    "HEADER_FIELDS",
    "Annotation",
    "ArraySection",
    "DeadTraces",
    "Description",
    "Gathers",
    "IntervalUnknown",
    "Limits",
    "NotSeismic",
    "ParameterError",
    "ResultWriter",
    "Section",
    "SeismicError",
    "Statistics",
    "StructureError",
    "UnreadableFile",
    "check_structure",
    "convert",
    "describe",
    "find_dead",
    "find_gathers",
    "gather_rows",
    "most_filled",
    "open_result",
    "open_section",
    "recognise",
    "sample_rate",
    "trace_rows",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
