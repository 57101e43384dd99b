"""The foreground value at which a network's outlines enclose the true areas, measured on training pictures.

``python calibrate.py nuclei WEIGHTS_FOLDER --nuclei FOLDER`` prints the value; ``export.py --level`` moves it to one half. The held-out
pictures are not looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

import nuclei_data
from pentaprism.engines.cells import CellsEngine, NetworkStore, SegmentParameters
from spheroid_scenes import spheroid_scene

LEVELS = np.arange(0.3, 0.81, 0.02)


def cases(task: str, folder: Path | None, count: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(picture, true foreground) of training pictures."""
    if task == "nuclei" and folder:
        train = nuclei_data.split(nuclei_data.load(folder))[0]
        for item in train[:: max(1, len(train) // count)]:
            yield item.picture, item.labels > 0
        return
    for index in range(count):
        picture, labels, _ = spheroid_scene(np.random.default_rng([77, index]), 256)
        large = cv2.resize(labels.astype(np.float32), (512, 512), interpolation=cv2.INTER_NEAREST)
        yield cv2.resize(picture, (512, 512), interpolation=cv2.INTER_CUBIC), large > 0


def main() -> None:
    """Prints the level at which the median of found over true area is one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=("nuclei", "spheroid"))
    parser.add_argument("weights", type=Path)
    parser.add_argument("--nuclei", type=Path)
    parser.add_argument("--count", type=int, default=40)
    args = parser.parse_args()
    engine = CellsEngine(networks=NetworkStore(2, args.weights))
    ratios = []
    for picture, truth in cases(args.task, args.nuclei, args.count):
        result = engine.segment(picture, SegmentParameters(model=args.task, min_size=0, threshold=0.02, split_touching=False))
        # The map is bent so that the threshold lies at one half; this bends it back.
        level = 0.02 + (np.asarray(result.probability, np.float64) - 0.5) * 2 * 0.98
        found = np.array([(level >= t).sum() for t in LEVELS])
        if truth.sum() > 200 and found[len(LEVELS) // 2] > 100:
            ratios.append(found / truth.sum())
    middle = np.median(ratios, axis=0)
    print(f"level {np.interp(-1.0, -middle, LEVELS):.3f} from {len(ratios)} pictures; area at 0.5 {np.interp(0.5, LEVELS, middle):.3f}")


if __name__ == "__main__":
    main()
