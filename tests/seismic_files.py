"""Seismic files made by independent writers, and generated sections."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import segyio
from obspy import Stream, Trace, UTCDateTime

INTEGER_LIMITS = {2: (-(2**31), 2**31 - 1), 3: (-(2**15), 2**15 - 1), 8: (-128, 127), 10: (0, 2**32 - 1), 11: (0, 65535), 16: (0, 255)}
CODES = (1, 2, 3, 5, 6, 8, 10, 11, 16)
TYPES = {1: "f4", 2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 10: "u4", 11: "u2", 16: "u1"}


def section(traces: int = 60, samples: int = 200, seed: int = 0) -> npt.NDArray[np.float32]:
    """Bent and dipping events with a Ricker wavelet over a little noise."""
    rng = np.random.default_rng(seed)
    times = np.arange(samples)
    found = 0.02 * rng.normal(size=(traces, samples))
    for start, dip, bend in ((0.2, 0.3, 0.0), (0.4, -0.2, 0.004), (0.6, 0.0, 0.002), (0.8, 0.5, 0.0)):
        place = start * samples + dip * np.arange(traces) + bend * np.arange(traces) ** 2
        shape = (np.pi * 0.06 * (times - place[:, None])) ** 2
        found += rng.uniform(0.5, 1.5) * (1 - 2 * shape) * np.exp(-shape)
    return np.asarray(found, np.float32)


def storable(code: int, shape: tuple[int, int], seed: int = 0) -> npt.NDArray[Any]:
    """Random samples that a code holds exactly."""
    rng = np.random.default_rng(seed)
    if code in INTEGER_LIMITS:
        low, high = INTEGER_LIMITS[code]
        return rng.integers(max(low, -(2**24)), min(high, 2**24), size=shape, endpoint=True).astype(TYPES[code])
    values = rng.normal(size=shape) * 10.0 ** rng.uniform(-6, 6, size=shape)
    # 21 bits fit every IBM fraction.
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.rint(mantissa * 2**20) / 2**20, exponent).astype(TYPES[code])


def write_segy(
    path: Path,
    data: npt.NDArray[Any],
    *,
    code: int = 5,
    endian: str = "big",
    interval_us: int = 4000,
    fields: dict[int, npt.ArrayLike] | None = None,
    extended: int = 0,
    binary: dict[int, int] | None = None,
) -> Path:
    """A SEG-Y file by segyio; ``fields`` are trace header values by byte."""
    spec = segyio.spec()
    spec.format, spec.endian = code, endian
    spec.samples = np.arange(data.shape[1]) * interval_us / 1000
    spec.tracecount = len(data)
    spec.ext_headers = extended
    with segyio.create(str(path), spec) as file:
        file.text[0] = segyio.tools.create_text_header({1: "A SECTION FOR TESTS", 40: "END EBCDIC"})
        file.bin.update({3217: interval_us, 3221: data.shape[1], 3225: code, 3501: 1, 3505: extended, **(binary or {})})
        file.trace = np.array(data)
        for trace in range(len(data)):
            own = {key: int(np.broadcast_to(values, len(data))[trace]) for key, values in (fields or {}).items()}
            file.header[trace] = {1: trace + 1, 5: trace + 1, 29: 1, 115: data.shape[1], 117: interval_us, **own}
    return path


def read_segy(path: Path, endian: str = "big") -> npt.NDArray[Any]:
    """All samples by segyio."""
    with segyio.open(str(path), ignore_geometry=True, endian=endian) as file:
        return np.array(file.trace.raw[:])


def write_miniseed(
    path: Path, parts: list[tuple[str, float, npt.NDArray[Any]]], *, encoding: str, rate: float = 100.0, record: int = 512
) -> Path:
    """A miniSEED file by ObsPy: parts are (station, seconds after the start of 2024, samples)."""
    start = UTCDateTime(2024, 1, 1)
    header = {"network": "XX", "location": "", "channel": "HHZ", "sampling_rate": rate}
    stream = Stream([Trace(data, {**header, "station": station, "starttime": start + at}) for station, at, data in parts])
    stream.write(str(path), format="MSEED", encoding=encoding, reclen=record)
    return path
