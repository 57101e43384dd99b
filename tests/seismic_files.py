"""Seismic files made by independent writers, and generated sections."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import segyio
from obspy import Stream, Trace, UTCDateTime

INTEGER_LIMITS = {2: (-(2**31), 2**31 - 1), 3: (-(2**15), 2**15 - 1), 8: (-128, 127), 10: (0, 2**32 - 1), 11: (0, 65535), 16: (0, 255)}
CODES = (1, 2, 3, 5, 6, 8, 10, 11, 16)
TYPES = {1: "f4", 2: "i4", 3: "i2", 5: "f4", 6: "f8", 8: "i1", 10: "u4", 11: "u2", 16: "u1"}

RICKER_HZ = 25.0
# Reflections of a shot: seconds at offset 0, velocity in m/s, strength.
EVENTS = ((0.2, 1800.0, 1.0), (0.4, 2200.0, -0.8), (0.7, 2800.0, 0.6))
STATION_METRES = 12.5


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


def shots(count: int, traces: int, samples: int = 128, interval_us: int = 4000, noise: float = 0.01) -> npt.NDArray[np.float32]:
    """Hyperbolic reflections in ``count`` shots of ``traces`` traces, amplitudes around 1000."""
    random = np.random.default_rng(5)
    time = np.arange(samples) * interval_us * 1e-6
    offsets = (np.arange(traces) - traces / 2) * STATION_METRES
    gathers = []
    for _ in range(count):
        gather = noise * random.standard_normal((traces, samples))
        for start, velocity, strength in EVENTS:
            phase = (np.pi * RICKER_HZ * (time - np.sqrt(start**2 + (offsets[:, None] / velocity) ** 2))) ** 2
            gather += strength * (1 - 2 * phase) * np.exp(-phase)
        gathers.append(gather)
    return np.asarray(1000 * np.concatenate(gathers), np.float32)


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
    per_shot: int | None = None,
) -> Path:
    """A SEG-Y file by segyio; ``fields`` are trace header values by byte, ``per_shot`` fills those of shots of that many traces."""
    if per_shot is not None:
        channel = np.arange(len(data)) % per_shot
        offsets = ((channel - per_shot / 2) * STATION_METRES).astype(int)
        fields = {9: 100 + np.arange(len(data)) // per_shot, 13: channel + 1, 37: offsets, **(fields or {})}
    spec = segyio.spec()
    spec.format, spec.endian = code, endian
    spec.samples = np.arange(data.shape[1]) * interval_us / 1000
    spec.tracecount = len(data)
    spec.ext_headers = extended
    with segyio.create(str(path), spec) as file:
        file.text[0] = segyio.tools.create_text_header({1: "A SECTION FOR TESTS", 40: "END EBCDIC"})
        file.bin.update({3217: interval_us, 3221: data.shape[1], 3225: code, 3501: 1, 3505: extended, **(binary or {})})
        file.trace = np.array(data, file.dtype)
        for trace in range(len(data)):
            own = {key: int(np.broadcast_to(values, len(data))[trace]) for key, values in (fields or {}).items()}
            file.header[trace] = {1: trace + 1, 5: trace + 1, 29: 1, 115: data.shape[1], 117: interval_us, **own}
    return path


def segy_bytes(folder: Path, data: npt.NDArray[Any], *, per_shot: int, code: int = 5, endian: str = "big") -> bytes:
    """The bytes of a SEG-Y file of shots."""
    return write_segy(folder / "made.sgy", data, per_shot=per_shot, code=code, endian=endian).read_bytes()


def npy_bytes(data: npt.NDArray[Any]) -> bytes:
    """``data`` as NPY."""
    file = io.BytesIO()
    np.save(file, data)
    return file.getvalue()


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
