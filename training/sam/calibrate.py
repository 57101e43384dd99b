"""Fits the scores of the embedded engine on generated scenes and writes them into its card.

``python training/sam/calibrate.py [--scenes 120]``: three quarters of the scenes fit, the rest measures the calibration error.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import numpy.typing as npt

from fitting import calibration_error, rising, weigh
from pentaprism.engines.sam.tree import boxes as box_prompts
from pentaprism.engines.sam.tree.regions import RegionTree
from pentaprism.engines.sam.tree.scores import CARD, Calibration, region_features
from pentaprism.engines.sam.tree.selection import distinct, worth
from scenes import Scene, scene

Floats = npt.NDArray[np.float64]
Samples = tuple[Floats, Floats, Floats]
LEAST_AREA = 40
FIRST_WEIGHTS = np.array([2.0, 2.0])
GOOD = 0.75
# The score says how well a region fits the object it stands for, like that of the published networks, which learn from the best of three
# masks for prompts on objects: the best region of every object counts fully, others that overlap an object count little, the rest not.
AN_OBJECT = 0.5
NOT_THE_BEST = 0.2


def region_samples(tree: RegionTree, truth: Scene) -> Samples:
    """Features of the nodes that an automatic run would look at, their best IoU with what is there, and how much they count."""
    features = region_features(tree)
    nodes = distinct(tree, worth(tree, LEAST_AREA), features @ FIRST_WEIGHTS)
    objects = np.stack([*truth.objects, *truth.pieces()]).reshape(-1, tree.place.size)
    counts = np.stack([np.bincount(tree.place.ravel(), row, minlength=int(tree.high.max())) for row in objects])
    sums = np.concatenate([np.zeros((len(objects), 1)), np.cumsum(counts, axis=1)], axis=1)
    common = sums[:, tree.high[nodes]] - sums[:, tree.low[nodes]]
    union = tree.area[nodes][None, :] + objects.sum(axis=1)[:, None] - common
    iou = common / union
    counts = np.full(len(nodes), NOT_THE_BEST)
    counts[iou.argmax(axis=1)] = 1.0
    return features[nodes], iou.max(axis=0), np.where(iou.max(axis=0) >= AN_OBJECT, counts, 0.0)


def box_samples(tree: RegionTree, truth: Scene, rng: np.random.Generator) -> Samples:
    """Features of the candidates for boxes drawn loosely around objects, their IoU with the object, and how much they count."""
    features, targets = [], []
    for index in rng.permutation(len(truth.objects))[:4].tolist():
        rows, columns = np.nonzero(truth.objects[index])
        if len(rows) < 150:
            continue
        loose = rng.uniform(-0.04, 0.08, 4) * np.array([np.ptp(columns), np.ptp(rows)] * 2)
        box = (columns.min() - loose[0], rows.min() - loose[1], columns.max() + 1 + loose[2], rows.max() + 1 + loose[3])
        for found in box_prompts.candidates_of(truth.rgb, tree, box, np.zeros((0, 2)), np.zeros((0, 2))):
            features.append(box_prompts.features_of(truth.rgb, tree, found, box))
            common = np.count_nonzero(found & truth.objects[index])
            targets.append(common / (found.sum() + len(rows) - common))
    iou = np.array(targets, np.float64)
    return np.array(features).reshape(-1, box_prompts.FEATURES), iou, (iou >= AN_OBJECT).astype(np.float64)


def fit(samples: list[Samples]) -> dict[str, object]:
    """The fitted function with its error on the last quarter of the samples."""
    cut = len(samples) * 3 // 4
    features, target, counts = (np.concatenate(part) for part in zip(*samples[:cut], strict=True))
    unseen, actual, count = (np.concatenate(part) for part in zip(*samples[cut:], strict=True))
    weights = weigh(features, (target > GOOD).astype(np.float64))
    fits, seen = counts > 0, count > 0
    knots, values = rising(features[fits] @ weights, target[fits], counts[fits])
    unseen, actual, count = unseen[seen], actual[seen], count[seen]
    predicted = Calibration(weights, knots, values)(unseen)
    return {
        "weights": weights.round(5).tolist(),
        "knots": knots.round(5).tolist(),
        "values": values.round(5).tolist(),
        "calibration_error": round(calibration_error(predicted, actual, count), 4),
        "mean_absolute_error": round(float(np.average(np.abs(predicted - actual), weights=count)), 4),
        "samples": int(fits.sum()),
        "unseen": len(actual),
        "share_of_fitting": round(float(seen.mean()), 3),
    }


def main() -> None:
    """Fits, prints and writes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=120)
    count = parser.parse_args().scenes
    regions, boxes = [], []
    for seed in range(count):
        truth = scene(np.random.default_rng([seed, 7]))
        tree = RegionTree.of(truth.rgb, lambda: None)
        regions.append(region_samples(tree, truth))
        boxes.append(box_samples(tree, truth, np.random.default_rng([seed, 8])))
    card = json.loads(CARD.read_text("utf-8"))
    for name, samples in (("regions", regions), ("boxes", boxes)):
        card["engine"][name] = fit(samples)
        print(name, card["engine"][name])
    card["scores"]["scenes"] = count
    for name in ("regions", "boxes"):
        card["scores"][f"calibration_error_{name}"] = card["engine"][name]["calibration_error"]
    CARD.write_text(json.dumps(card, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
