"""Seismic files with known samples, for tests of the promethium face."""

import io
from pathlib import Path

import numpy as np
import segyio

RICKER_HZ = 25.0
EVENTS = ((0.2, 1800.0, 1.0), (0.4, 2200.0, -0.8), (0.7, 2800.0, 0.6))


def shots(count: int, traces: int, samples: int = 128, interval_us: int = 4000, noise: float = 0.01) -> np.ndarray:
    """Hyperbolic reflections in ``count`` shots of ``traces`` traces, float32 [trace, sample]."""
    random = np.random.default_rng(5)
    time = np.arange(samples) * interval_us * 1e-6
    gathers = []
    for _ in range(count):
        offsets = (np.arange(traces) - traces / 2) * 12.5
        gather = np.zeros((traces, samples))
        for start, velocity, strength in EVENTS:
            phase = (np.pi * RICKER_HZ * (time - np.sqrt(start**2 + (offsets[:, None] / velocity) ** 2))) ** 2
            gather += strength * (1 - 2 * phase) * np.exp(-phase)
        gathers.append(gather + noise * random.standard_normal(gather.shape))
    return (1000 * np.concatenate(gathers)).astype(np.float32)


def write_segy(
    path: Path, data: np.ndarray, *, per_shot: int, interval_us: int = 4000, sample_format: int = 5, endian: str = "big"
) -> Path:
    """``data`` as SEG-Y with field records of ``per_shot`` traces, written by segyio."""
    spec = segyio.spec()
    spec.samples = np.arange(data.shape[1]) * interval_us / 1000
    spec.tracecount = len(data)
    spec.format = sample_format
    spec.endian = endian
    with segyio.create(str(path), spec) as file:
        file.text[0] = segyio.tools.create_text_header({1: "GENERATED LINE"})
        for number, row in enumerate(data):
            channel = number % per_shot
            file.trace[number] = row.astype(file.dtype)
            file.header[number] = {
                1: number + 1,
                9: 100 + number // per_shot,
                13: channel + 1,
                29: 1,
                37: int((channel - per_shot / 2) * 12.5),
                115: data.shape[1],
                117: interval_us,
            }
        file.bin.update(hdt=interval_us, hns=data.shape[1], format=sample_format)
    return path


def segy_bytes(folder: Path, data: np.ndarray, *, per_shot: int, **options: object) -> bytes:
    """As ``write_segy``, read back."""
    return write_segy(folder / "made.sgy", data, per_shot=per_shot, **options).read_bytes()  # type: ignore[arg-type]


def npy_bytes(data: np.ndarray) -> bytes:
    """``data`` as NPY."""
    file = io.BytesIO()
    np.save(file, data)
    return file.getvalue()


def samples_of(path: Path) -> np.ndarray:
    """Samples of a SEG-Y file as segyio reads them."""
    with segyio.open(str(path), ignore_geometry=True) as file:
        return file.trace.raw[:].copy()
