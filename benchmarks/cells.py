"""The cells engine beside Otsu with watershed (scikit-image): seconds and memory per picture size, and quality on generated pictures.

``python benchmarks/cells.py [--side 10000] [--quality 40] [--nuclei FOLDER]`` prints one table a part; each row has its alternative
from the same run. Every size runs in a process of its own, so that its peak memory is its own. The quality rows use the generator
and the scores of ``training/cells``; with a folder of the open nuclei pictures (BBBC038) the held-out part is scored as well.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

TRAINING = Path(__file__).resolve().parents[1] / "training" / "cells"
sys.path.insert(0, str(TRAINING))

METHODS = ("auto", "nuclei", "spheroid", "classical", "otsu_watershed")


def carpet(side: int, seed: int = 0) -> npt.NDArray[np.uint16]:
    """A 16-bit fluorescence picture: one textured 1,024 px scene of nuclei, repeated with fresh noise until ``side`` is reached."""
    from nuclei_scenes import nuclei_scene

    scene = nuclei_scene(np.random.default_rng([seed, 11]), 1024)[0]
    rng = np.random.default_rng(seed)
    picture = np.empty((side, side), np.uint16)
    for top in range(0, side, 1024):
        for left in range(0, side, 1024):
            part = picture[top : top + 1024, left : left + 1024]
            noisy = scene[: part.shape[0], : part.shape[1]] * 40000 + rng.normal(800, 200, part.shape)
            part[:] = np.clip(noisy, 0, 65535).astype(np.uint16)
    return picture


def one(method: str, side: int) -> dict[str, Any]:
    """Runs one method on one size in this process."""
    from pentaprism.engines.cells import CellsEngine, SegmentParameters
    from scores import otsu_watershed

    picture = carpet(side)
    if method == "otsu_watershed":
        run: Callable[[npt.NDArray[np.uint16]], Any] = lambda p: otsu_watershed(p.astype(np.float32), 100)  # noqa: E731
    else:
        engine = CellsEngine(threads=2)
        run = lambda p: engine.segment(p, SegmentParameters(model=method)).labels  # noqa: E731
    run(picture[:256, :256])
    cpu, wall = time.process_time(), time.perf_counter()
    labels = run(picture)
    row = {"seconds": round(time.perf_counter() - wall, 2), "cpu_seconds": round(time.process_time() - cpu, 2)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"method": method, "side": side, **row, "peak_mib": round(peak), "objects": int(labels.max())}


def speed(side: int, methods: tuple[str, ...]) -> list[dict[str, Any]]:
    """One subprocess a row."""
    rows = []
    for method in methods:
        command = [sys.executable, __file__, "--one", method, "--side", str(side)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows.append(json.loads(done.stdout) if done.returncode == 0 else {"method": method, "side": side, "error": done.stderr[-200:]})
    return rows


def quality(count: int, nuclei: Path | None) -> dict[str, Any]:
    """The tables of ``training/cells/evaluate.py``."""
    from evaluate import compare, nuclei_cases, spheroid_cases

    tables = {"generated spheroids": compare(spheroid_cases(count), ("spheroid", "auto", "classical"), 100, None, None)}
    if nuclei:
        tables["BBBC038, held out"] = compare(nuclei_cases(nuclei), ("nuclei", "auto", "classical"), 15, None, None)
    return tables


def show(title: str, rows: list[dict[str, Any]]) -> None:
    """A plain table."""
    print(f"\n{title}")
    names = list(dict.fromkeys(name for row in rows for name in row))
    widths = [max(len(str(v)) for v in [name, *(row.get(name, "") for row in rows)]) for name in names]
    for line in [dict(zip(names, names, strict=True)), *rows]:
        print("  ".join(str(line.get(name, "")).rjust(width) for name, width in zip(names, widths, strict=True)))


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=10_000)
    parser.add_argument("--quality", type=int, default=40)
    parser.add_argument("--nuclei", type=Path)
    parser.add_argument("--one", choices=METHODS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(args.one, args.side)))
        return
    show("1024 x 1024, 16 bit", speed(1024, METHODS))
    if args.side > 1024:
        show(f"{args.side} x {args.side}, 16 bit", speed(args.side, ("auto", "classical")))
    for title, table in quality(args.quality, args.nuclei).items():
        show(title, [{"method": name, **row} for name, row in table.items()])


if __name__ == "__main__":
    main()
