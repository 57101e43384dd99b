"""Automatic masks against the published procedure without shortcuts, on a network whose masks are known functions of the point."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from pentaprism.engines.sam import AutoParameters, AutoResult
from pentaprism.engines.sam.crops import crops_of, grid
from pentaprism.engines.sam.network.generator import Generator
from pentaprism.engines.sam.network.picture import Frame
from pentaprism.engines.sam.suppression import suppress

SIDE = 128
LOW = SIDE // 4
SHAPE = (120, 150)


class Blobs:
    """Stands for the sessions of a network: every point sees blobs of three sizes near it, some soft, some with a hole or an island.

    A cell of 16 px snaps the points, so that neighbours find nearly the same thing, as they do in pictures.
    """

    def encode(self, picture: np.ndarray) -> np.ndarray:
        return picture[0, :, ::16, ::16].reshape(3, -1).T

    def ask(self, tokens: np.ndarray, points: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        assert (labels == [1, -1]).all()
        assert (points[:, 1] == 0).all()
        answers = [self.one(point) for point in points[:, 0]]
        keys = points[:, :1].astype(np.float32)
        return (
            np.array([iou for iou, _ in answers], np.float32),
            np.tile(np.arange(4, dtype=np.float32)[None, :, None], (len(points), 1, 1)),
            keys,
        )

    def draw(self, keys: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.stack([self.one(key[0])[1][weight[:, 0].astype(int)] for key, weight in zip(keys, weights, strict=True)])

    @staticmethod
    def one(point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cell = np.floor(point / 16)
        rng = np.random.default_rng([int(cell[0]) + 99, int(cell[1]) + 99])
        centre = (cell * 16 + 8) / 4 + rng.uniform(-1, 1, 2)
        y, x = np.mgrid[0:LOW, 0:LOW]
        logits = []
        for radius in (3.0, 2.5, 5.5, 10.0):
            distance = np.hypot(x - centre[0], (y - centre[1]) * rng.uniform(0.8, 1.3))
            plane = (radius * rng.uniform(0.8, 1.2) - distance) * rng.uniform(0.4, 6)
            if rng.random() < 0.4:
                plane = np.where(distance < 0.25 * radius, -3, plane)
            if rng.random() < 0.4:
                plane[tuple(rng.integers(0, LOW, 2))] = 8
            logits.append(plane + 0.02 * np.sin(point.sum()))
        return rng.uniform(0.3, 1.02, 4) + 1e-4 * np.sin(7 * point.sum()), np.array(logits, np.float32)


def bilinear(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Interpolation between the centres of pixels."""
    for axis, target in enumerate((height, width)):
        source = plane.shape[axis]
        at = np.maximum((np.arange(target) + 0.5) * source / target - 0.5, 0)
        low = np.floor(at).astype(int)
        high = np.minimum(low + 1, source - 1)
        share = (at - low).reshape((-1, 1) if axis == 0 else (1, -1))
        plane = np.take(plane, low, axis) * (1 - share) + np.take(plane, high, axis) * share
    return plane


def plainly(shape: tuple[int, int], parameters: AutoParameters) -> list[np.ndarray]:
    """Every mask at full size, every filter after it."""
    height, width = shape
    everything = []
    for crop in crops_of(height, width, parameters.crop_n_layers):
        rows, columns = crop.y2 - crop.y1, crop.x2 - crop.x1
        frame = Frame(rows, columns, SIDE)
        kept = []
        for point in grid(parameters.sides()[crop.layer]) * np.array([columns, rows]):
            iou, logits = Blobs.one(frame.points(point[None])[0])
            for size in (1, 2, 3):
                large = bilinear(bilinear(logits[size].astype(float), SIDE, SIDE)[: frame.inner[0], : frame.inner[1]], rows, columns)
                mask = np.zeros(shape, bool)
                mask[crop.y1 : crop.y2, crop.x1 : crop.x2] = large > 0
                stable = (large > 1).sum() >= parameters.stability_score_thresh * max((large > -1).sum(), 1)
                if iou[size] <= parameters.pred_iou_thresh or not stable or not mask.any():
                    continue
                y, x = np.nonzero(mask)
                box = np.array([x.min(), y.min(), x.max(), y.max()])
                at_crop = np.abs(box - [crop.x1, crop.y1, crop.x2, crop.y2]) <= 20
                at_picture = np.abs(box - [0, 0, width, height]) <= 20
                if not (at_crop & ~at_picture).any():
                    kept.append((box, float(iou[size]), mask))
        if kept:
            chosen = suppress([box for box, _, _ in kept], [score for _, score, _ in kept], 0.7)
            everything += [(kept[index][0], kept[index][2], 1 / crop.area) for index in chosen]
    if parameters.crop_n_layers and everything:
        everything = [everything[index] for index in suppress([e[0] for e in everything], [e[2] for e in everything], 0.7)]
    return [mask for _, mask, _ in everything]


def generate(
    parameters: AutoParameters,
    report: Callable[[float], None] = lambda _: None,
    check: Callable[[], None] = lambda: None,
    deadline: float | None = None,
) -> AutoResult:
    return Generator(Blobs(), SIDE, parameters, report, check, deadline).run(np.zeros((*SHAPE, 3), np.uint8), None)  # type: ignore[arg-type]


@pytest.mark.parametrize("layers", [0, 1, 2])
@pytest.mark.parametrize(("iou", "stability"), [(0.0, 0.0), (0.7, 0.6), (0.5, 0.85)])
def test_masks_are_those_of_the_published_procedure(layers: int, iou: float, stability: float) -> None:
    parameters = AutoParameters(10, iou, stability, layers, 2, 0, 1000)
    wanted = plainly(SHAPE, parameters)
    found = [mask.full(*SHAPE) for mask in generate(parameters).masks]
    assert len(wanted) > 5
    assert len(found) == len(wanted)
    for mask in wanted:
        nearest = min(found, key=lambda other, mask=mask: np.count_nonzero(mask ^ other))
        assert np.count_nonzero(mask ^ nearest) <= max(2, 0.01 * mask.sum())


def test_each_threshold_filters_by_its_own_score() -> None:
    masks = generate(AutoParameters(10, 0.6, 0.7, 0, 1, 0)).masks
    assert all(mask.predicted_iou > 0.6 and mask.stability_score >= 0.7 for mask in masks)
    assert masks == sorted(masks, key=lambda m: (-m.predicted_iou, -m.stability_score, -m.area, m.bbox))
    assert generate(AutoParameters(10, 1.0, 1.0, 1)).masks == []


def test_small_holes_and_islands_go() -> None:
    rough, smooth = (generate(AutoParameters(10, 0.6, 0.7, 0, 1, least)).masks for least in (0, 60))
    assert sum(_parts(mask.region) for mask in rough) > len(rough)
    assert all(_parts(mask.region) == 1 for mask in smooth)


def _parts(region: np.ndarray) -> int:
    import cv2

    return int(cv2.connectedComponents(region.astype(np.uint8), connectivity=8)[0]) - 1


def test_the_best_stay_when_there_are_too_many() -> None:
    everything = generate(AutoParameters(10, 0.3, 0.3, 0, 1, 0, 1000))
    some = generate(AutoParameters(10, 0.3, 0.3, 0, 1, 0, 3))
    assert not everything.truncated
    assert some.truncated
    assert some.masks == everything.masks[:3]
    assert some.found == len(everything.masks)


def test_a_deadline_keeps_what_was_found_all_over_the_picture() -> None:
    clock = [0]

    def slow() -> None:
        clock[0] += 1
        if clock[0] == 5:
            time.sleep(0.3)

    result = generate(AutoParameters(16, 0.0, 0.0, 1, 1, 0), check=slow, deadline=time.monotonic() + 0.25)
    assert result.truncated
    assert 0 < result.share < 1
    centres = np.array([mask.point for mask in result.masks])
    assert (np.ptp(centres, axis=0) > np.array([75, 60])).all()
    assert generate(AutoParameters(), deadline=time.monotonic() - 1) == AutoResult([], True, 0.0, 0)


def test_cancelling_ends_the_run_and_progress_rises() -> None:
    class Cancelled(Exception):
        pass

    shares: list[float] = []

    def check() -> None:
        if len(shares) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        generate(AutoParameters(16, 0, 0, 0, 1, 0), shares.append, check)
    assert shares == sorted(shares)
    assert len(shares) == 2
