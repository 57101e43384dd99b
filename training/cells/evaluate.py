"""Scores of the shipped engine beside Otsu with watershed, in one run: ``python evaluate.py --nuclei FOLDER --spheroids 200 --out REPORT``.

Nuclei: the held-out groups of the open nuclei pictures; those drawn for the model's page are generated, since pictures of others are not
passed on. Spheroids: generated pictures from a seed range that training never uses, drawn at
another size than in training; the generator is the same program, so this says little about microscopes that it does not imitate.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np

import nuclei_data
from nuclei_scenes import nuclei_scene
from pentaprism.engines.cells import CellsEngine, NetworkStore, SegmentParameters
from scores import Labels, Scores, otsu_watershed
from shapes import Image, stretch
from spheroid_scenes import spheroid_scene

SPHEROID_SEED = 90_001
NUCLEI_SEED = 91_000
Case = tuple[str, Image, Labels]


def nuclei_cases(folder: Path) -> Iterator[Case]:
    """The held-out pictures."""
    for item in nuclei_data.split(nuclei_data.load(folder))[1]:
        yield item.name, item.picture.astype(np.float32), item.labels


def generated_nuclei_cases(count: int) -> Iterator[Case]:
    """Generated pictures of 400 px, objects below 15 px² left out of the truth."""
    for index in range(count):
        picture, labels, _ = nuclei_scene(np.random.default_rng([NUCLEI_SEED, index]), 400)
        small = np.bincount(labels.ravel()) < 15
        labels[small[labels]] = 0
        yield f"{index}", (picture * 60000).clip(0, 65535).astype(np.uint16), labels


def spheroid_cases(count: int) -> Iterator[Case]:
    """Generated pictures of 480 px, enlarged twice, objects below 400 px² left out of the truth."""
    for index in range(count):
        picture, labels, _ = spheroid_scene(np.random.default_rng([SPHEROID_SEED, index]), 480)
        shape = (960, 960)
        large = cv2.resize(labels.astype(np.float32), shape, interpolation=cv2.INTER_NEAREST).astype(np.int32)
        small = np.bincount(large.ravel()) < 400
        large[small[large]] = 0
        yield f"{index}", (cv2.resize(picture, shape, interpolation=cv2.INTER_CUBIC) * 60000).clip(0, 65535).astype(np.uint16), large


def compare(
    cases: Iterator[Case], models: tuple[str, ...], min_size: int, pictures: Path | None, weights: Path | None
) -> dict[str, dict[str, float]]:
    """One row per model and one for the baseline; CPU seconds are process time on all threads."""
    engine = CellsEngine(networks=NetworkStore(2, weights) if weights else None)
    methods: dict[str, Callable[[Image], Labels]] = {"otsu_watershed": lambda p: otsu_watershed(stretch(p.astype(np.float32)), min_size)}
    for model in models:
        methods[model] = lambda p, m=model: engine.segment(p, SegmentParameters(model=m, min_size=min_size)).labels
    scores = {name: Scores() for name in methods}
    spent = dict.fromkeys(methods, 0.0)
    for case, picture, truth in cases:
        for name, method in methods.items():
            begin = time.process_time()
            labels = method(picture)
            spent[name] += time.process_time() - begin
            f1 = scores[name].add(truth, labels)
            if pictures and name == models[0]:
                draw(pictures / f"{f1:.2f}_{scores[name].iou[-1]:.2f}_{case}.png", picture, truth, labels)
    return {name: s.row() | {"cpu_seconds": round(spent[name] / max(len(s.iou), 1), 3)} for name, s in scores.items()}


def draw(path: Path, picture: Image, truth: Labels, labels: Labels) -> None:
    """Truth in green on the left, the result in red on the right."""
    grey = (stretch(picture.astype(np.float32)) ** 0.6 * 255).astype(np.uint8)
    panels = []
    for marks, colour in ((truth, (0, 255, 0)), (labels, (0, 0, 255))):
        panel = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
        edge = (cv2.dilate(marks.astype(np.float32), np.ones((3, 3))) != marks) | (
            cv2.erode(marks.astype(np.float32), np.ones((3, 3))) != marks
        )
        panel[edge & (cv2.dilate((marks > 0).astype(np.uint8), np.ones((3, 3))) > 0)] = colour
        panels.append(panel)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.hstack(panels))


def main() -> None:
    """Prints both tables and writes them as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--nuclei", type=Path)
    parser.add_argument("--generated-nuclei", type=int, default=0)
    parser.add_argument("--spheroids", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--weights", type=Path, help="folder of weights and cards, default the shipped ones")
    args = parser.parse_args()
    report = {}
    if args.nuclei:
        models = ("nuclei", "auto", "classical")
        report["nuclei"] = compare(nuclei_cases(args.nuclei), models, 15, None, args.weights)
    if args.generated_nuclei:
        cases, pictures = generated_nuclei_cases(args.generated_nuclei), args.pictures and args.pictures / "nuclei"
        report["generated_nuclei"] = compare(cases, ("nuclei",), 15, pictures, args.weights)
    if args.spheroids:
        models = ("spheroid", "auto", "classical")
        report["spheroid"] = compare(
            spheroid_cases(args.spheroids), models, 100, args.pictures and args.pictures / "spheroid", args.weights
        )
    for name, table in report.items():
        for model, row in table.items():
            print(name, model, row)
    if args.out:
        args.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
