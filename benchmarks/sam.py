"""Objects from prompts and of whole pictures: the embedded engine beside segmentations of scikit-image, networks beside the published code.

``python -m benchmarks.sam [--scenes 12] [--published FOLDER]`` prints one table. Quality is the mean best IoU with objects of generated
scenes (``training/sam``) and the coins of scikit-image. FOLDER holds what ``benchmarks/sam_equality.py publish`` wrote in an environment
with PyTorch: the figures of the published code on the same random weights, picture and machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from skimage import data, filters, measure, morphology, segmentation

from benchmarks.report import Row, show
from benchmarks.sam_served import served

TRAINING = Path(__file__).resolve().parents[1] / "training" / "sam"
sys.path.insert(0, str(TRAINING))
BoolMask = npt.NDArray[np.bool_]
Segment = Callable[[npt.NDArray[np.uint8]], list[BoolMask]]
CLICKS = 20


def coins() -> tuple[npt.NDArray[np.uint8], list[BoolMask]]:
    """The coins of scikit-image with its tutorial's segmentation as truth."""
    from scipy import ndimage

    gray = data.coins()
    markers = np.zeros(gray.shape, int)
    markers[gray < 30], markers[gray > 150] = 1, 2
    filled = ndimage.binary_fill_holes(segmentation.watershed(filters.sobel(gray), markers) == 2)
    labels = measure.label(morphology.remove_small_objects(filled, max_size=100))
    return np.dstack([gray] * 3), [labels == label for label in range(1, int(labels.max()) + 1)]


def embedded(rgb: npt.NDArray[np.uint8]) -> list[BoolMask]:
    """All regions of the embedded engine."""
    from pentaprism.engines.sam import AutoParameters, load_model

    parameters = AutoParameters(64, 0.0, 0.0, 0, 1, 100)
    return [mask.full(*rgb.shape[:2]) for mask in load_model("embedded").automatic(rgb, parameters).masks]


def _regions(labels: npt.NDArray[Any]) -> list[BoolMask]:
    return [labels == label for label in np.unique(labels)]


def felzenszwalb(rgb: npt.NDArray[np.uint8]) -> list[BoolMask]:
    """Three scales of graph-based segmentation."""
    return [mask for scale in (100, 400, 1600) for mask in _regions(segmentation.felzenszwalb(rgb, scale=scale, sigma=0.8, min_size=100))]


def slic(rgb: npt.NDArray[np.uint8]) -> list[BoolMask]:
    """Superpixels merged below a distance of colour."""
    from skimage import color, graph

    labels = segmentation.slic(rgb, n_segments=600, compactness=15, sigma=1, start_label=1)
    merged = graph.cut_threshold(labels, graph.rag_mean_color(color.rgb2lab(rgb), labels), 12)
    return _regions(merged)


def quality(segment: Segment, pictures: list[tuple[npt.NDArray[np.uint8], list[BoolMask]]]) -> tuple[float, float]:
    """Mean best IoU over all objects, and CPU seconds a picture."""
    best, seconds = [], 0.0
    for rgb, truth in pictures:
        start = time.process_time()
        found = np.stack(segment(rgb)).reshape(-1, rgb.shape[0] * rgb.shape[1])
        seconds += time.process_time() - start
        areas = found.sum(axis=1)
        for mask in truth:
            common = found[:, mask.ravel()].sum(axis=1)
            best.append(float((common / (areas + mask.sum() - common)).max()))
    return float(np.mean(best)), seconds / len(pictures)


def compared(scenes: int) -> list[Row]:
    """The embedded engine beside the others."""
    from scenes import scene

    generated = [scene(np.random.default_rng([seed, 99])) for seed in range(scenes)]
    rows = []
    for title, pictures in (("generated scenes", [(each.rgb, each.objects) for each in generated]), ("24 coins", [coins()])):
        ours = quality(embedded, pictures)
        for name, other in (("Felzenszwalb, 3 scales", felzenszwalb), ("SLIC and region graph", slic)):
            theirs = quality(other, pictures)
            rows.append(Row(f"{title}: mean best IoU, {name}", f"{ours[0]:.3f}", f"{theirs[0]:.3f}", f"{ours[0] / theirs[0]:.2f}"))
            rows.append(Row(f"{title}: CPU s a picture, {name}", f"{ours[1]:.2f}", f"{theirs[1]:.2f}", f"{theirs[1] / ours[1]:.1f}"))
    return rows


def clicks() -> list[Row]:
    """First and next click of the embedded engine at 1080p."""
    import cv2

    from pentaprism.engines.sam import load_model

    engine = load_model("embedded")
    rgb = np.asarray(cv2.resize(data.astronaut()[:288], (1920, 1080), interpolation=cv2.INTER_CUBIC))
    start = time.process_time()
    embedding = engine.embed(rgb)
    tree, start = time.process_time() - start, time.process_time()
    for number in range(CLICKS):
        engine.prompt(embedding, [(90.0 * number + 50, 500)])
    click, start = (time.process_time() - start) / CLICKS, time.process_time()
    engine.prompt(embedding, box=(500, 100, 1400, 1000))
    box = time.process_time() - start
    return [
        Row("embedded, 1920 x 1080: region tree, CPU s", f"{tree:.2f}"),
        Row("embedded, 1920 x 1080: next click, CPU ms", f"{click * 1000:.0f}"),
        Row("embedded, 1920 x 1080: box of half the picture, CPU ms", f"{box * 1000:.0f}"),
    ]


def networks(folder: Path) -> list[Row]:
    """The networks beside the published code, whose figures lie in ``folder``."""
    from benchmarks.sam_equality import LEAST_STABILITY, SMALL, picture
    from pentaprism.engines.sam import AutoParameters, load_model

    rows = []
    for path in sorted(folder.glob("vit_*.json")):
        published, rgb = json.loads(path.read_text()), picture()
        engine = load_model(path.stem, path.with_suffix(".pth"), folder, threads=2)
        start = time.process_time()
        embedding = engine.embed(rgb)
        encode = time.process_time() - start
        start = time.process_time()
        engine.prompt(embedding, [(200, 150)])
        click, start = time.process_time() - start, time.process_time()
        engine.automatic(rgb, AutoParameters(published["side"], 0.0, LEAST_STABILITY, 0, 1, SMALL), embedding=embedding)
        auto = encode + time.process_time() - start
        theirs = published["cpu_seconds"]
        rows.append(Row(f"{path.stem}: encode, CPU s", f"{encode:.1f}", f"{theirs['encode']:.1f}", f"{theirs['encode'] / encode:.1f}"))
        rows.append(Row(f"{path.stem}: next click, CPU s", f"{click:.2f}"))
        if "auto" in theirs:
            what = f"{path.stem}: automatic, {published['side']}² points, CPU s"
            rows.append(Row(what, f"{auto:.1f}", f"{theirs['auto']:.1f}", f"{theirs['auto'] / auto:.1f}"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rows.append(Row(f"{path.stem}: peak memory so far, MiB", str(peak), str(published["peak_mib"])))
    return rows


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=12)
    parser.add_argument("--published", type=Path)
    given = parser.parse_args()
    show([*clicks(), *served(), *compared(given.scenes), *(networks(given.published) if given.published else [])])


if __name__ == "__main__":
    main()
