"""The products engine beside plain alternatives: seconds a photograph, defects on drawn scenes, labels and colours on open photographs.

``python -m benchmarks.products [--scenes 60] [--data FOLDER]``. The alternatives run in the same process on the same pictures: a
contrast detector (Otsu's threshold on the difference from a blurred copy) for defects; with the folder of open photographs, HOG and
colour histograms (scikit-image) with a ridge classifier for categories, and the mean colour's nearest name for colours.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from skimage.feature import hog

from benchmarks.report import Row, percentile, show
from pentaprism.engines.products import ProductsEngine, category_of
from pentaprism.engines.products.colour import ANCHORS, colour_of, likeness, to_lab
from pentaprism.engines.products.foreground import foreground
from pentaprism.imaging.encode import jpeg

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "training" / "products"))

from boxes import iou
from conformance.imagineai_client import ImagineaiClient
from photographs import Photograph, read
from plain_scenes import plain_scene
from running_server import QUIET_LIMITS, running_server

Rgb = npt.NDArray[np.uint8]
SELLERS = {"grey": "gray", "silver": "gray", "gold": "yellow"}


def contrast_boxes(rgb: Rgb) -> list[tuple[int, ...]]:
    """The alternative for defects: what differs from a blurred copy by more than Otsu's threshold."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    inside = cv2.erode(foreground(rgb).astype(np.uint8), np.ones((15, 15), np.uint8))
    difference = cv2.absdiff(grey, cv2.GaussianBlur(grey, (0, 0), 12)) * inside
    _, strong = cv2.threshold(difference, 0, 255, cv2.THRESH_OTSU)
    count, _, stats, _ = cv2.connectedComponentsWithStats(strong)
    return [tuple(int(v) for v in stats[n, :4]) for n in range(1, count) if stats[n, 4] >= 60]


def speed(engine: ProductsEngine) -> list[Row]:
    """One photograph of 12 megapixels, ten times."""
    picture = cv2.resize(plain_scene(np.random.default_rng(1), "stain")[0], (4000, 3000), interpolation=cv2.INTER_CUBIC)
    engine.analyse(picture)
    wall, cpu = [], []
    for _ in range(10):
        began, used = time.perf_counter(), time.process_time()
        engine.analyse(picture)
        wall.append(time.perf_counter() - began)
        cpu.append(time.process_time() - used)
    return [
        Row("12 MP, five steps, median s", f"{percentile(wall, 0.5):.2f}", "1.00 (target)"),
        Row("12 MP, five steps, CPU s", f"{percentile(cpu, 0.5):.2f}"),
    ]


def served(count: int = 20) -> list[Row]:
    """Direct uploads of a JPEG of 12 megapixels to a running server, one after the other, until their sockets tell of the end."""
    picture = cv2.resize(plain_scene(np.random.default_rng(1), "stain")[0], (4000, 3000), interpolation=cv2.INTER_CUBIC)
    grain = np.random.default_rng(2).normal(0, 3, picture.shape[:2])[..., None]
    content = jpeg(np.clip(picture + grain, 0, 255).astype(np.uint8), 92)
    wall, steps = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder) / "data", "--face", "imagineai", "--workers", "2", environment=QUIET_LIMITS) as server,
        ImagineaiClient(server.url) as client,
    ):
        product = client.product("A plain thing")
        for number in range(count + 2):
            began = time.perf_counter()
            image = client.direct(product, content)
            frames, _ = client.listen(image["job_id"])
            seconds = time.perf_counter() - began
            if frames[-1]["type"] != "job_complete":
                raise SystemExit(f"the upload ended with {frames[-1]}")
            if number >= 2:
                wall.append(seconds)
                steps.append(client.made("GET", f"/analysis/{image['image_id']}")["processing_time_ms"] / 1000)
    return [
        Row("12 MP JPEG, upload to job_complete, p50 s", f"{percentile(wall, 0.5):.2f}"),
        Row("12 MP JPEG, upload to job_complete, p95 s", f"{percentile(wall, 0.95):.2f}", "1.50 (target)"),
        Row("  of that in the five steps, p50 s", f"{percentile(steps, 0.5):.2f}"),
    ]


def defects(engine: ProductsEngine, count: int) -> list[Row]:
    """Drawn plain products: pictures with a false box, defects found at IoU 0.3."""

    def ours(rgb: Rgb) -> list[tuple[int, ...]]:
        return [defect.box for defect in engine.detect_defects(engine.preprocess(rgb), [])[0]]

    rows = []
    for kind in ("clean", "scratch", "stain"):
        found = []
        for method in (ours, contrast_boxes):
            rng, hits = np.random.default_rng(5), 0
            for _ in range(count):
                rgb, box = plain_scene(rng, kind)
                boxes = method(rgb)
                hits += bool(boxes) if box is None else any(iou(each, box) >= 0.3 for each in boxes)
            found.append(f"{hits} of {count}")
        what = "clean scenes with a false box" if kind == "clean" else f"drawn {kind} found at IoU 0.3"
        rows.append(Row(what, *found))
    return rows


def describe(rgb: Rgb) -> npt.NDArray[np.float64]:
    """HOG at 64 px and a colour histogram."""
    small = cv2.resize(rgb, (64, 64), interpolation=cv2.INTER_AREA)
    edges = hog(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), pixels_per_cell=(8, 8), cells_per_block=(2, 2))
    histogram = cv2.calcHist([cv2.cvtColor(small, cv2.COLOR_RGB2HSV)], [0, 1, 2], None, [8, 4, 4], [0, 180, 0, 256, 0, 256]).ravel()
    return np.concatenate([edges * 3, np.sqrt(histogram / histogram.sum()), [1.0]])


def categories(engine: ProductsEngine, items: list[Photograph], picture: Callable[[int], Rgb], part: str) -> list[Row]:
    """The category without words, guessed for every held-out photograph that has one."""
    train = [k for k, item in enumerate(items) if item.part == "train" and item.labels]
    held = [k for k, item in enumerate(items) if item.part == part and item.labels]
    names = sorted({category_of(items[k].labels[0]) for k in train})
    x = np.array([describe(picture(k)) for k in train])
    y = np.array([[1.0 if category_of(items[k].labels[0]) == name else -1.0 for name in names] for k in train])
    weights = np.linalg.solve(x.T @ x + 3.0 * np.eye(x.shape[1]), x.T @ y)
    theirs, ours, answered, right = 0, 0, 0, 0
    for k in held:
        truth = category_of(items[k].labels[0])
        theirs += names[int((describe(picture(k)) @ weights).argmax())] == truth
        found = engine.classify(engine.preprocess(picture(k)))
        ours += found.category == truth
        told = found.category != "other" and (found.category_confidence or 0) >= 0.6
        answered += told
        right += told and found.category == truth
    total = len(held)
    where = "shops never seen" if part == "shops" else "other products, known shops"
    return [
        Row(f"category right, {where} ({total})", f"{ours / total:.3f}", f"{theirs / total:.3f}"),
        Row("  where it answers at 0.6", f"{right / max(answered, 1):.3f} of {answered / total:.2f}"),
    ]


def colours(folder: Path, count: int) -> list[Row]:
    """Against the sellers' colour words."""
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["file"], SELLERS.get(r["colour"], r["colour"])) for r in csv.DictReader(file) if r["colour"]]
    rows = [row for row in rows if row[1] in ANCHORS]
    chosen = [rows[k] for k in np.random.default_rng(1).permutation(len(rows))[:count]]
    ours, told, theirs = 0, 0, 0
    for name, colour in chosen:
        rgb = cv2.cvtColor(cv2.imread(str(folder / name)), cv2.COLOR_BGR2RGB)
        mask = foreground(rgb)
        found = colour_of(rgb, mask, 0.35)
        told += found is not None
        ours += found is not None and found.value == colour
        names = likeness(to_lab(rgb[mask].mean(axis=0).astype(np.uint8)[None, None])[0, 0])
        theirs += max(names, key=lambda name: names[name]) == colour
    return [Row(f"colour right where told ({told} of {count})", f"{ours / max(told, 1):.3f}", f"{theirs / count:.3f}")]


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=60)
    parser.add_argument("--data", type=Path, help="folder of the open photographs with MANIFEST.csv")
    parser.add_argument("--colours", type=int, default=300)
    args = parser.parse_args()
    engine = ProductsEngine()
    show([*speed(engine), *served(), *defects(engine, args.scenes)])
    if args.data:
        items, pictures, sizes = read(args.data)

        def picture(k: int) -> Rgb:
            return pictures[k, : sizes[k, 0], : sizes[k, 1]]

        rows = [row for part in ("shops", "products") for row in categories(engine, items, picture, part)]
        show([*rows, *colours(args.data, args.colours)])


if __name__ == "__main__":
    main()
