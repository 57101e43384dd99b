"""Seismic files beside segyio and ObsPy: reading with statistics, writing a result, previews, memory.

Run with ``python -m benchmarks.seismic_io``. Files lie in the page cache; every figure is the best of several runs in this process,
the alternatives in turn with ours, the time of the clock and, in brackets, of the CPU; ratios are those of the clock. Memory is that of
a process of its own.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import segyio
from obspy import Stream, Trace
from obspy import read as obspy_read
from obspy.io.segy.segy import _read_segy
from PIL import Image

from benchmarks.report import Row, show
from pentaprism.engines.seismic import ArraySection, Section, convert, describe, open_result, open_section
from pentaprism.engines.seismic.pictures import PreviewParameters, draw_preview

TRACES, SAMPLES = 1000, 2000
LINE_TRACES = 7767
RUNS, LINE_RUNS = 25, 8
LARGE_TRACES = 250_000

LARGE = """
import re, sys, time
from pathlib import Path
from pentaprism.engines.seismic import describe, open_section
from pentaprism.engines.seismic.pictures import draw_preview
began = time.perf_counter()
found = describe(Path(sys.argv[1]))
read = time.perf_counter() - began
with open_section(Path(sys.argv[1])) as section:
    began = time.perf_counter()
    draw_preview(section)
    drawn = time.perf_counter() - began
# The high-water mark of this program: that of getrusage begins with the size of the parent.
print(read, drawn, int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text()).group(1)) / 1024)
"""


def write(path: Path, code: int, traces: int = TRACES) -> Path:
    """A file by segyio; whole numbers where the sample ``code`` is of them."""
    spec = segyio.spec()
    spec.format, spec.samples, spec.tracecount = code, np.arange(SAMPLES) * 4.0, traces
    with segyio.create(str(path), spec) as file:
        file.bin.update({3217: 4000})
        file.trace = np.random.default_rng(0).normal(0, 1000, (traces, SAMPLES)).astype(file.dtype)
        for trace in range(traces):
            file.header[trace] = {9: trace // 100, 29: 1, 37: trace % 100 * 25, 115: SAMPLES, 117: 4000}
    return path


def by_segyio(path: Path) -> np.ndarray:
    """All samples, nothing else."""
    with segyio.open(str(path), ignore_geometry=True) as file:
        return np.asarray(file.trace.raw[:])


def by_obspy(path: Path) -> np.ndarray:
    """All samples, headers not unpacked."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([trace.data for trace in _read_segy(str(path), unpack_headers=False).traces])


def by_obspy_read(path: Path) -> np.ndarray:
    """All samples by ObsPy's own reading function, as its users call it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.stack([trace.data for trace in obspy_read(str(path), format="SEGY").traces])


def with_statistics(read: Callable[[Path], np.ndarray], path: Path) -> tuple[float, ...]:
    """What :func:`describe` finds of the amplitudes, by plain NumPy."""
    data = read(path)
    exact = data.astype(np.float64)
    return float(data.min()), float(data.max()), exact.mean(), np.sqrt((exact**2).mean()), float(np.percentile(np.abs(data), 99))


def compare(what: str, ours: Callable[[], object], theirs: Callable[[], object], name: str, runs: int = RUNS) -> Row:
    """Best times of both, run in turn."""
    clock, cpu = [np.inf, np.inf], [np.inf, np.inf]
    for _ in range(runs):
        for place, work in enumerate((ours, theirs)):
            began, spent = time.perf_counter(), time.process_time()
            work()
            clock[place] = min(clock[place], time.perf_counter() - began)
            cpu[place] = min(cpu[place], time.process_time() - spent)
    texts = [f"{wall * 1e3:.1f} ms ({used * 1e3:.1f})" for wall, used in zip(clock, cpu, strict=True)]
    return Row(what, texts[0], f"{texts[1]}: {name}", f"{clock[1] / clock[0]:.2f}x")


def write_result(source: Section, target: Path) -> None:
    """Half of the traces replaced."""
    rows = np.ones((TRACES // 2, source.samples), np.float32)
    with open_result(source, target) as result:
        result.write(np.arange(0, TRACES, 2), rows)


def write_by_segyio(source: Path, target: Path) -> None:
    """The same with a copied file."""
    shutil.copyfile(source, target)
    rows = np.ones(SAMPLES, np.float32)
    with segyio.open(str(target), "r+", ignore_geometry=True) as file:
        for trace in range(0, TRACES, 2):
            file.trace[trace] = rows.copy()


def by_pillow(data: np.ndarray) -> bytes:
    """A gray picture of 800 x 600 without anything around it."""
    limit = np.percentile(np.abs(data), 99)
    image = Image.fromarray(np.clip(data.T / limit * 127 + 128, 0, 255).astype(np.uint8)).resize((800, 600), Image.Resampling.BOX)
    target = Path(tempfile.gettempdir()) / f"pentaprism-preview-{os.getpid()}.png"
    image.save(target)
    content = target.read_bytes()
    target.unlink()
    return content


def large(folder: Path) -> list[Row]:
    """A sparse file of 2 GB in a process of its own."""
    path = folder / "large.sgy"
    convert(ArraySection(np.random.default_rng(0).normal(size=(8, SAMPLES)).astype(np.float32), 4000), path, "segy")
    with path.open("r+b") as file:
        file.truncate(3600 + LARGE_TRACES * (240 + 4 * SAMPLES))
    ran = subprocess.run([sys.executable, "-c", LARGE, str(path)], capture_output=True, text=True, check=True)
    read, drawn, memory = map(float, ran.stdout.split())
    size = path.stat().st_size / 1e9
    return [
        Row(f"{size:.1f} GB described", f"{read:.1f} s ({size / read:.2f} GB/s)"),
        Row(f"{size:.1f} GB preview", f"{drawn * 1e3:.0f} ms", "1000 ms (target)", f"{1 / drawn:.1f}x"),
        Row(f"{size:.1f} GB peak memory", f"{memory:.0f} MiB", "600 MB (target)", f"{600e6 / (memory * 2**20):.1f}x"),
    ]


def line(folder: Path, code: int, label: str) -> list[Row]:
    """A line of 64 MB, as it is read after an upload."""
    path = write(folder / f"{label}-line.sgy", code, LINE_TRACES)
    ours = lambda: describe(path)  # noqa: E731
    others = ((by_segyio, "segyio, samples only"), (by_obspy, "ObsPy, samples only"))
    found = [compare(f"{label}: 64 MB described", ours, lambda read=read: read(path), name, LINE_RUNS) for read, name in others]
    found.append(compare(f"{label}: 64 MB described", ours, lambda: by_obspy_read(path), "obspy.read", 3))
    with_all = [(by_segyio, "segyio and statistics"), (by_obspy, "ObsPy and statistics")]
    for read, name in with_all:
        found.append(compare(f"{label}: 64 MB described", ours, lambda read=read: with_statistics(read, path), name, 3))
    path.unlink()
    return found


def miniseed(folder: Path) -> Row:
    """32 streams of Steim 2."""
    rng = np.random.default_rng(0)
    data = [np.cumsum(rng.integers(-200, 200, 60_000)).astype(np.int32) for _ in range(32)]
    path = folder / "a.mseed"
    header = {"network": "XX", "channel": "HHZ", "sampling_rate": 100.0}
    Stream([Trace(row, {**header, "station": f"S{number}"}) for number, row in enumerate(data)]).write(
        str(path), format="MSEED", encoding="STEIM2"
    )
    return compare("miniSEED described (32 x 60,000 Steim 2)", lambda: describe(path), lambda: obspy_read(str(path)), "ObsPy, samples only")


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = []
        for code, label in ((1, "IBM"), (5, "IEEE"), (2, "32-bit integers"), (3, "16-bit integers")):
            path = write(folder / f"{label}.sgy", code)
            with open_section(path) as section:
                rows.append(compare(f"{label}: samples", section.read, lambda path=path: by_segyio(path), "segyio"))
            ours = lambda path=path: describe(path)  # noqa: E731
            rows.append(compare(f"{label}: described", ours, lambda path=path: by_segyio(path), "segyio, samples only"))
            rows.append(compare(f"{label}: described", ours, lambda path=path: with_statistics(by_segyio, path), "segyio and statistics"))
            rows.append(compare(f"{label}: described", ours, lambda path=path: by_obspy(path), "ObsPy, samples only"))
            rows.append(compare(f"{label}: described", ours, lambda path=path: by_obspy_read(path), "obspy.read"))
            rows.append(compare(f"{label}: described", ours, lambda path=path: with_statistics(by_obspy, path), "ObsPy and statistics"))
            rows += line(folder, code, label)
        path, target = folder / "IBM.sgy", folder / "out.sgy"
        with open_section(path) as section:
            rows.append(
                compare("IBM: result written", lambda: write_result(section, target), lambda: write_by_segyio(path, target), "segyio")
            )
            data = section.read()
            drawing = PreviewParameters(colormap="gray")
            rows.append(
                compare("preview 800 x 600", lambda: draw_preview(section, drawing), lambda: by_pillow(data), "Pillow, read already")
            )
        rows.append(miniseed(folder))
        show([*rows, *large(folder)])


if __name__ == "__main__":
    main()
