"""Fits a rising function of weighed features to values between 0 and 1."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def weigh(features: Floats, target: Floats, steps: int = 4000, rate: float = 0.3) -> Floats:
    """Weights of a logistic regression on ``features`` [n, k], none of them negative, by projected gradient descent."""
    spread = features.std(axis=0) + 1e-9
    scaled = (features - features.mean(axis=0)) / spread
    weights, bias = np.zeros(features.shape[1]), 0.0
    for _ in range(steps):
        error = 1 / (1 + np.exp(-(scaled @ weights + bias))) - target
        weights = np.maximum(weights - rate * (scaled.T @ error) / len(target), 0)
        bias -= rate * float(error.mean())
    return np.asarray(weights / spread)


def rising(score: Floats, target: Floats, weight: Floats, knots: int = 64) -> tuple[Floats, Floats]:
    """Weighted isotonic regression (pool adjacent violators) as a piecewise linear table of at most ``knots`` points."""
    order = np.argsort(score, kind="stable")
    groups = [g for g in np.array_split(order, knots) if len(g)]
    blocks: list[list[float]] = []
    for group in groups:
        shares = weight[group]
        blocks.append(
            [float(np.average(score[group], weights=shares)), float(np.average(target[group], weights=shares)), float(shares.sum())]
        )
        while len(blocks) > 1 and blocks[-2][1] >= blocks[-1][1]:
            x, y, n = blocks.pop()
            before = blocks[-1]
            total = before[2] + n
            blocks[-1] = [(before[0] * before[2] + x * n) / total, (before[1] * before[2] + y * n) / total, total]
    return np.array([b[0] for b in blocks]), np.array([b[1] for b in blocks])


def calibration_error(predicted: Floats, actual: Floats, weight: Floats, bins: int = 10) -> float:
    """Expected calibration error: mean distance of prediction and outcome over bins of the prediction, weighed by their size."""
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    parts = [place == b for b in range(bins)]
    errors = [
        abs(float(np.average(predicted[part] - actual[part], weights=weight[part]))) * weight[part].sum() for part in parts if part.any()
    ]
    return float(sum(errors) / weight.sum())
