"""Names and places of the header fields. Bytes are counted from 1, as the standard does."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]

BINARY_START = 3201
_BINARY_WORDS = (
    "data_traces_per_ensemble",
    "auxiliary_traces_per_ensemble",
    "sample_interval",
    "original_sample_interval",
    "samples_per_trace",
    "original_samples_per_trace",
    "data_sample_format",
    "ensemble_fold",
    "trace_sorting",
    "vertical_sum",
    "sweep_frequency_start",
    "sweep_frequency_end",
    "sweep_length",
    "sweep_type",
    "sweep_channel",
    "sweep_taper_start",
    "sweep_taper_end",
    "taper_type",
    "correlated_traces",
    "binary_gain_recovered",
    "amplitude_recovery",
    "measurement_system",
    "impulse_signal_polarity",
    "vibratory_polarity_code",
)
_UNSIGNED = {"sample_interval", "original_sample_interval", "samples_per_trace", "original_samples_per_trace"}
BINARY_FIELDS: dict[str, tuple[int, str]] = {
    "job_id": (3201, "i4"),
    "line_number": (3205, "i4"),
    "reel_number": (3209, "i4"),
    **{name: (3213 + 2 * place, "u2" if name in _UNSIGNED else "i2") for place, name in enumerate(_BINARY_WORDS)},
    "segy_revision": (3501, "u2"),
    "fixed_length_trace_flag": (3503, "i2"),
    "extended_text_header_count": (3505, "i2"),
}

TRACE_HEADER = 240
HEADER_FIELDS: dict[str, int] = {
    "tracl": 1,
    "tracr": 5,
    "ffid": 9,
    "channel": 13,
    "source_point": 17,
    "cdp": 21,
    "cdp_trace": 25,
    "trace_id": 29,
    "offset": 37,
    "coordinate_scalar": 71,
    "source_x": 73,
    "source_y": 77,
    "group_x": 81,
    "group_y": 85,
    "delay_ms": 109,
    "samples": 115,
    "interval_us": 117,
    "cdp_x": 181,
    "cdp_y": 185,
    "inline": 189,
    "crossline": 193,
}
# Fields of a trace header that are read or written but have no name of their own for users.
INNER_FIELDS = {"coordinate_units": 89, "year": 157, "day": 159, "hour": 161, "minute": 163, "second": 165}
_KINDS = {
    **dict.fromkeys(("trace_id", "coordinate_scalar", "delay_ms", *INNER_FIELDS), "i2"),
    **dict.fromkeys(("samples", "interval_us"), "u2"),
}


def place_of(name: str) -> tuple[int, str]:
    """First byte and type of a trace header field."""
    position = HEADER_FIELDS.get(name) or INNER_FIELDS[name]
    return position, _KINDS.get(name, "i4")


def trace_fields(stored: Bytes, names: Collection[str], order: str) -> dict[str, npt.NDArray[np.int64]]:
    """The fields ``names`` of trace headers [n, at least 240 bytes], int64 [n] each."""
    found = {}
    for name in names:
        position, kind = place_of(name)
        part = stored[:, position - 1 : position - 1 + int(kind[1])]
        found[name] = part.view(f"{order}{kind}")[:, 0].astype(np.int64)
    return found


def put(stored: Bytes, position: int, kind: str, order: str, value: Any) -> None:
    """Write ``value`` at byte ``position`` of headers [..., bytes]; ``position`` counts from 1."""
    width = int(kind[1:])
    values = np.asarray(value).astype(f"{order}{kind}")
    stored[..., position - 1 : position - 1 + width] = values.reshape(*values.shape, 1).view(np.uint8)


def binary_value(block: bytes, position: int, kind: str, order: str) -> int:
    """One number of the binary header; ``block`` begins at byte 3201."""
    start = position - BINARY_START
    return int.from_bytes(block[start : start + int(kind[1])], "big" if order == ">" else "little", signed=kind[0] == "i")
