"""Writes the cards of all models: ``python card.py WEIGHTS [--scores scores.json]``; WEIGHTS holds the networks and gets the cards.

Scores are what ``python -m benchmarks.seismic --out scores.json`` measured; without them the cards say that nothing was measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
CREATED = "2026-11-21T00:00:00Z"
NO_TRAINING = "None: no training"
GENERATED = "Generated sections alone (training/seismic in this repository; Apache-2.0); no recorded data"
CHOSEN = "Its settings were chosen by trying some on shot 1 of the Viking data and a part of the Penobscot line, which are scored here too."
FEATURES = {"reconstruction": [16, 32, 64, 96], "denoising": [32, 48, 72, 112]}
GAP = "Gaps of more than about 8 neighbouring traces are filled by a guess."

# name: (version, display name, description, least traces, limitations)
MODELS: dict[str, tuple[str, str, str, int, list[str]]] = {
    "auto-reconstruction": (
        "1.0.0", "Automatic choice",
        "Hides some recorded traces, lets every candidate fill them, and takes the one that comes closest.", 8,
        ["Hidden traces say little about gaps that are wider than those that hiding makes.", "Takes as long as all candidates on a part."],
    ),
    "radon-reconstruction": (
        "1.0.0", "Local sparse Radon",
        "Plane waves in small windows, found sparsely with weights shared over frequency; fills regular and aliased patterns.", 8,
        [GAP, CHOSEN, "Slopes above max_slope are not found.", "Strongly curved events within 12 traces are rounded off."],
    ),
    "pocs-reconstruction": (
        "1.0.0", "POCS in f-k",
        "Projection onto convex sets with a falling threshold in the f-k domain of windows.", 8,
        ["Gains nothing on a regular pattern such as every second trace.", GAP],
    ),
    "mssa-reconstruction": (
        "1.0.0", "Rank reduction (MSSA)",
        "Damped rank reduction of Hankel matrices of frequency slices, with recorded traces put back in every pass.", 8,
        ["Gains nothing on a regular pattern such as every second trace.", "The slowest method.", GAP],
    ),
    "linear-reconstruction": (
        "1.0.0", "Linear interpolation",
        "Weighted mean of the nearest recorded traces on both sides: the baseline.", 3,
        ["Destroys what is steeper than about half a period from trace to trace."],
    ),
    "unet-reconstruction": (
        "2.0.0", "U-Net",
        "A small network that corrects the linear interpolation; it is given the mask of recorded traces.", 8,
        ["Trained briefly on one processor thread: on steep, aliased events far behind radon-reconstruction.", GAP],
    ),
    "auto-denoising": (
        "1.0.0", "Automatic choice",
        "Tries every candidate on copies with more noise of the estimated level and takes the one with the smallest estimated error.", 8,
        ["The estimate holds for white noise; with coloured noise the order of candidates is less certain."],
    ),
    "fkwiener-denoising": (
        "1.0.0", "Two-stage f-k Wiener filter",
        "A threshold and then a Wiener filter on f-k coefficients of windows of four sizes.", 8,
        ["The noise is measured at high wavenumbers: steep, aliased signal there is taken for noise.", "Coherent noise stays.", CHOSEN],
    ),
    "fxdecon-denoising": (
        "1.0.0", "f-x prediction",
        "Every trace predicted from its neighbours on both sides, frequency by frequency.", 8,
        ["Loses signal where slopes change quickly.", "Coherent noise can be predicted as well and stays."],
    ),
    "mssa-denoising": (
        "1.0.0", "Rank reduction (MSSA)",
        "Damped rank reduction of Hankel matrices of frequency slices, with the level of the noise as the floor.", 8,
        ["More slopes in a window than the rank are lost.", "Coherent noise stays."],
    ),
    "unet-denoising": (
        "1.0.0", "U-Net with f-k Wiener filter and rank reduction",
        "The mean of a small network, the f-k Wiener filter and damped rank reduction, whose errors differ.", 8,
        ["The network was trained briefly on one processor thread, on generated sections.", "Strongly coherent noise stays.", CHOSEN],
    ),
}  # fmt: skip


def card(name: str, folder: Path, scores: list[dict[str, Any]]) -> dict[str, Any]:
    """The card of one model as it is written to its file."""
    version, display, description, traces, limits = MODELS[name]
    network = folder / f"{name}.onnx"
    rows = [row["card"] for row in scores if row["model"] == name]
    found: dict[str, Any] = {
        "id": f"seismic-{name}", "name": name, "display_name": display, "version": version, "task": name.split("-")[1],
        "architecture": name.split("-")[0], "description": description, "file": None, "sha256": None, "size_bytes": 0,
        "licence": "Apache-2.0", "origin": "written for this project", "training_data": NO_TRAINING, "created_at": CREATED,
        "limitations": limits, "metrics": means(rows), "benchmark": rows, "scores": means(rows), "engine": {"min_traces": traces},
    }  # fmt: skip
    if name.startswith("unet"):
        data = network.read_bytes()
        report = json.loads((HERE / f"{name.split('-')[1]}.json").read_text("utf-8"))
        found |= {"file": network.name, "sha256": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        found |= {"origin": "trained by this project from random weights with training/seismic/train.py"}
        found |= {"training_data": GENERATED, "training": report, "memory_bytes": 300_000_000}
        task = found["task"]
        channels = 3 if task == "reconstruction" else 2
        found["engine"]["network"] = {"input_channels": channels, "output_channels": 1, "features": FEATURES[task]}
    return found


def means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over the benchmark, None where nothing was measured."""
    result: dict[str, Any] = {}
    for key in ("snr_improvement", "ssim"):
        values = [row[key] for row in rows if row[key] is not None]
        result[key] = round(sum(values) / len(values), 4) if values else None
    basis = f"mean over {len(rows)} measurements of the benchmark, against the truth" if rows else "not measured"
    return result | {"basis": basis}


def main() -> None:
    """Writes one JSON file a model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", type=Path)
    parser.add_argument("--scores", type=Path)
    args = parser.parse_args()
    scores = json.loads(args.scores.read_text("utf-8"))["rows"] if args.scores else []
    for name in MODELS:
        if name.startswith("unet") and not (args.weights / f"{name}.onnx").is_file():
            print(f"{name}: no network, no card")
            continue
        text = json.dumps(card(name, args.weights, scores), indent=1, ensure_ascii=False) + "\n"
        (args.weights / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
