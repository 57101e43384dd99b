"""The methods of the seismic engine on sections with known truth, beside SciPy's interpolation and median: SNR, SSIM, CPU seconds, memory.

``python -m benchmarks.seismic [--data FOLDER] [--out scores.json] [--methods NAME ...]`` measures generated sections and, with a
folder of recorded ones (``viking*.npy`` [shot, trace, sample], ``penobscot*.npy`` [trace, sample]), those as well. The rows in the file
are what ``training/seismic/card.py`` puts into the cards. Every case runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.report import Row, show

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training" / "seismic"))

Array = npt.NDArray[np.float32]
PATTERNS = ("random 50 %", "3 of 10", "every second")
LEVELS = ("0 dB white", "5 dB white", "5 dB coloured")
ALTERNATIVES = ("scipy cubic", "scipy median 3x3")


class Memory:
    """A section in memory."""

    def __init__(self, data: Array) -> None:
        self.data, (self.traces, self.samples) = data, data.shape

    def read(self, first: int, count: int) -> Array:
        """Rows of the section."""
        return self.data[first : first + count].copy()


def sections(folder: Path | None) -> dict[str, tuple[str, Callable[[], Array], int]]:
    """By key: how the data are called in the cards, the section itself, and the traces of a gather."""
    from sections import shot, stack, unit

    def generated(kind: Callable[..., Any], traces: int, samples: int) -> Array:
        return np.concatenate([unit(kind(np.random.default_rng([seed, 77]), traces, samples)) for seed in range(3)])

    found: dict[str, tuple[str, Callable[[], Array], int]] = {
        "shots": ("3 generated shots of 96 x 384 (training/seismic, unseen seeds)", lambda: generated(shot, 96, 384), 96),
        "stacks": ("3 generated stacks of 96 x 384 (training/seismic, unseen seeds)", lambda: generated(stack, 96, 384), 96),
    }
    for path in sorted(folder.glob("*.npy")) if folder else []:
        if path.name.startswith("viking"):
            name = "Viking Graben, Mobil AVO line 12, 4 marine shots of 120 x 600 (public domain)"
            found["viking"] = (name, lambda p=path: np.concatenate(list(np.load(p).astype(np.float32))), 120)  # type: ignore[misc]
        elif path.name.startswith("penobscot"):
            name = "Penobscot 3-D, crossline 1155, 601 x 1501 (CC BY-SA 3.0)"
            found["penobscot"] = (name, lambda p=path: np.load(p).astype(np.float32), 601)  # type: ignore[misc]
    return found


def recorded(traces: int, pattern: str) -> npt.NDArray[np.bool_]:
    """The fixed masks of one gather."""
    mask = np.ones(traces, np.bool_)
    if pattern == "random 50 %":
        mask[np.random.default_rng(0).choice(np.arange(1, traces - 1), traces // 2, replace=False)] = False
    elif pattern == "3 of 10":
        mask[np.isin(np.arange(traces) % 10, (2, 5, 8))] = False
    else:
        mask[1::2] = False
    return mask


def noisy(truth: Array, level: str) -> Array:
    """``truth`` (RMS 1) with noise of the level that the name says."""
    from scipy.ndimage import gaussian_filter1d

    noise = np.random.default_rng(1).normal(size=truth.shape)
    if "coloured" in level:
        noise = gaussian_filter1d(noise, 0.7, axis=1)
    return (truth + noise / noise.std() * 10 ** (-float(level.split(" ")[0]) / 20)).astype(np.float32)


def scipy_cubic(data: Array, mask: npt.NDArray[np.bool_], gather: int) -> Array:
    """Cubic splines along the traces of every gather."""
    from scipy.interpolate import interp1d

    result = data.copy()
    for first in range(0, len(data), gather):
        part, known = data[first : first + gather], mask[first : first + gather]
        places = np.flatnonzero(known)
        spline = interp1d(places, part[known], "cubic", axis=0, fill_value="extrapolate")
        result[first : first + gather][~known] = spline(np.flatnonzero(~known))
    return result


def unheard(*words: object) -> None:
    """A callback without effect."""
    del words


def one(method: str, key: str, pattern: str, folder: Path | None) -> dict[str, Any]:
    """Runs one case in this process."""
    from pentaprism.engines.seismic.methods import Job, compare, find_model, run, validate
    from pentaprism.engines.seismic.methods.metrics import Piece

    name, make, gather = sections(folder)[key]
    truth = make()
    truth = (truth / np.sqrt(np.mean(np.square(truth, dtype=np.float64)))).astype(np.float32)
    rebuild = pattern in PATTERNS
    mask = np.tile(recorded(gather, pattern), len(truth) // gather) if rebuild else np.ones(len(truth), np.bool_)
    given = np.where(mask[:, None], truth, np.float32(0)) if rebuild else noisy(truth, pattern)
    gathers = [(first, gather) for first in range(0, len(truth), gather)]
    begin, wall = time.process_time(), time.perf_counter()
    selected = None
    if method in ALTERNATIVES:
        from scipy.ndimage import median_filter

        result = scipy_cubic(given, mask, gather) if rebuild else median_filter(given, 3)
        marked = ~mask if rebuild else mask
        before = np.where(mask[:, None], given, np.float32(0))
        pieces = [Piece(i, *(a[f : f + n] for a in (truth, result, before, marked))) for i, (f, n) in enumerate(gathers)]
        seconds = time.process_time() - begin
        metrics = compare(lambda: iter(pieces))
    else:
        model = find_model(method)
        assert model is not None
        asked = {"missing_traces": np.flatnonzero(~mask).tolist(), "holdout": False} if rebuild else {}
        parameters = validate(model, asked, len(truth), len(gathers))
        with tempfile.TemporaryDirectory() as work:
            dead = np.zeros(len(truth), np.bool_)
            job = Job(model, parameters, Memory(given), gathers, dead, Path(work) / "job", reference=Memory(truth))
            outcome = run(job, unheard, unheard, unheard)
            seconds, metrics = time.process_time() - begin, outcome.metrics
            selected = outcome.selected_model.name if outcome.selected_model else None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    row = {"model": method, "section": key, "data": name, "pattern": pattern, "selected": selected, "peak_mib": round(peak)}
    row |= {"snr_db": metrics["snr_after_db"], "snr_improvement": metrics["snr_improvement_db"], "ssim": metrics["ssim"]}
    return row | {"cpu_seconds": round(seconds, 2), "wall_seconds": round(time.perf_counter() - wall, 2)}


def measure(methods: list[str], keys: list[str], folder: Path | None) -> list[dict[str, Any]]:
    """One subprocess a case."""
    rows = []
    for key in keys:
        for kind, patterns in (("reconstruction", PATTERNS), ("denoising", LEVELS)):
            for method in [m for m in methods if m.endswith(kind) or m == ALTERNATIVES[kind == "denoising"]]:
                for pattern in patterns:
                    command = [sys.executable, "-m", "benchmarks.seismic", "--one", method, key, pattern]
                    command += ["--data", str(folder)] if folder else []
                    done = subprocess.run(command, capture_output=True, text=True, check=False)
                    if done.returncode:
                        raise SystemExit(f"{method} on {key}, {pattern}: {done.stderr[-500:]}")
                    rows.append(json.loads(done.stdout))
                    print(".", end="", flush=True, file=sys.stderr)
    return rows


def card_of(row: dict[str, Any], package: str) -> dict[str, Any]:
    """The entry of a model's card."""
    rounded = {name: None if row[name] is None else round(row[name], 4) for name in ("snr_improvement", "ssim")}
    return {"data": row["data"], "pattern": row["pattern"], **rounded, "cpu_seconds": row["cpu_seconds"], "package_version": package}


def tables(rows: list[dict[str, Any]]) -> None:
    """A table a section and kind, each model beside SciPy's answer to the same question."""
    for key in dict.fromkeys(row["section"] for row in rows):
        for patterns in (PATTERNS, LEVELS):
            chosen = [row for row in rows if row["section"] == key and row["pattern"] in patterns]
            others = {row["pattern"]: row for row in chosen if row["model"] in ALTERNATIVES}
            if all(row["model"] in ALTERNATIVES for row in chosen):
                continue
            print(f"\n{chosen[0]['data']}")
            lines = []
            for row in chosen:
                if row["model"] in ALTERNATIVES:
                    continue
                other = others.get(row["pattern"])
                ours = f"{row['snr_db']:6.2f} dB  ssim {row['ssim']:.3f}  {row['cpu_seconds']:6.1f} s  {row['peak_mib']} MiB"
                theirs = f"{other['snr_db']:6.2f} dB  ssim {other['ssim']:.3f}  {other['cpu_seconds']:.1f} s" if other else ""
                gain = f"{row['snr_db'] - other['snr_db']:+.1f} dB" if other else ""
                picked = f" ({row['selected']})" if row["selected"] else ""
                lines.append(Row(f"{row['model']}, {row['pattern']}{picked}", ours, theirs, gain))
            show(lines)


def main() -> None:
    """Measures and prints."""
    from pentaprism.engines.seismic.methods import models

    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--methods", nargs="+")
    parser.add_argument("--sections", nargs="+")
    parser.add_argument("--one", nargs=3)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(*args.one, args.data)))
        return
    methods = args.methods or [model.name for model in models()]
    rows = measure([*methods, *ALTERNATIVES], args.sections or list(sections(args.data)), args.data)
    tables(rows)
    if args.out:
        kept = json.loads(args.out.read_text("utf-8"))["rows"] if args.out.is_file() else []
        done = {(row["model"], row["section"], row["pattern"]) for row in rows}
        kept = [row for row in kept if (row["model"], row["section"], row["pattern"]) not in done]
        full = kept + [row | {"card": card_of(row, version("pentaprism"))} for row in rows]
        args.out.write_text(json.dumps({"rows": full}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
