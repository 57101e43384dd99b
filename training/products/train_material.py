"""Fits the linear model of materials to sellers' words: ``python train_material.py --data FOLDER --out WEIGHTS/material-net.json``.

Photographs whose seller names exactly one material; four tenths of the products fit, one tenth chooses the temperature, half give the
scores. Only materials with a precision of 0.60 there are told.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from card import small_card
from pentaprism.engines.products.foreground import foreground
from pentaprism.engines.products.material import features_of

WORDS = {
    "leather": "leather", "suede": "leather", "wood": "wood", "steel": "metal", "silver": "metal", "gold": "metal", "silver|gold": "metal",
    "metal": "metal", "plastic": "plastic", "fabric": "fabric", "velvet": "fabric", "cotton": "fabric", "linen": "fabric",
    "polyester": "fabric", "denim": "fabric", "glass": "glass", "ceramic": "ceramic", "stoneware": "ceramic",
}  # fmt: skip
LEAST_PRECISION = 0.6
LIMITS = [
    "Sellers' words are the truth here: gold plated silver, leatherette and wood-effect foil count as what the seller calls them.",
    "Materials without 30 photographs, and those that were not told apart well enough (emitted lists the others), are never told; "
    "the engine caps the confidence at 0.70.",
    "Which materials are told was decided on the photographs that the scores are from.",
]
CLOTHES = ("t-shirt", "shirt", "sweater", "pants", "skirt", "shorts", "dress")


def rows_of(folder: Path) -> list[tuple[str, str, str]]:
    """(file, material, product) of every usable row; clothes of the clothing data set are fabric, at most 150 of them."""
    found, clothes = [], 0
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["material_words"] in WORDS:
                found.append((row["file"], WORDS[row["material_words"]], " ".join(row["title"].lower().split()[:5])))
            elif row["label"] in CLOTHES and "clothing" in row["origin"] and clothes < 150:
                clothes += hashlib.sha256(row["file"].encode()).digest()[0] < 40
                if hashlib.sha256(row["file"].encode()).digest()[0] < 40:
                    found.append((row["file"], "fabric", row["file"]))
    return found


def measured(data: Path, rows: list[tuple[str, str, str]]) -> np.ndarray:
    """Features of the photographs of ``rows``: (number, 16) floats."""
    features = []
    for file, _, _ in rows:
        rgb = cv2.cvtColor(cv2.imread(str(data / file)), cv2.COLOR_BGR2RGB)
        features.append(features_of(rgb, foreground(rgb)))
    return np.array(features)


def fitted(inputs: torch.Tensor, y: np.ndarray, classes: int) -> torch.nn.Linear:
    """Logistic regression with a little weight decay; rare materials count more."""
    torch.manual_seed(1)
    layer = torch.nn.Linear(inputs.shape[1], classes)
    counts = np.bincount(y, minlength=classes)
    weight = torch.tensor((counts.max() / np.maximum(counts, 1)) ** 0.5, dtype=torch.float32)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=300)

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(layer(inputs), torch.tensor(y), weight) + 3e-3 * (layer.weight**2).sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return layer


def best_temperature(logits: torch.Tensor, y: np.ndarray) -> float:
    """The divisor of ``logits`` with the least cross entropy."""
    grid = np.linspace(0.5, 3, 51)
    losses = [float(torch.nn.functional.cross_entropy(logits / t, torch.tensor(y))) for t in grid]
    return float(grid[int(np.argmin(losses))])


def scores_of(shares: np.ndarray, y: np.ndarray, held: np.ndarray, names: list[str]) -> tuple[dict[str, Any], list[str]]:
    """Figures on the rows ``held`` out, and the materials that are right often enough to be told."""
    best, sure = shares.argmax(axis=1), shares.max(axis=1)
    answered = held & (sure >= 0.5)
    scores: dict[str, Any] = {
        "data": "products whose seller names one material, half of them, not fitted on",
        "photographs": int(held.sum()),
        "accuracy": round(float((best == y)[held].mean()), 3),
        "answered_at_0.5": round(float(answered.sum() / held.sum()), 3),
        "accuracy_where_answered": round(float((best == y)[answered].mean()), 3),
        "most_frequent": round(float(np.bincount(y[held]).max() / held.sum()), 3),
    }
    scores["precision"] = {
        name: {"precision": round(float((y == i)[answered & (best == i)].mean()), 3), "answers": int((answered & (best == i)).sum())}
        for i, name in enumerate(names)
        if (answered & (best == i)).any()
    }
    told = [name for name, row in scores["precision"].items() if row["precision"] >= LEAST_PRECISION and row["answers"] >= 10]
    mine = answered & np.isin(best, [names.index(name) for name in told])
    scores |= {"told": round(float(mine.sum() / held.sum()), 3), "accuracy_where_told": round(float((best == y)[mine].mean()), 3)}
    return scores, told


def main() -> None:
    """Reads, fits, prints and writes the numbers with their scores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    rows = rows_of(args.data)
    frequent = Counter(material for _, material, _ in rows)
    rows = [row for row in rows if frequent[row[1]] >= 30]
    names = sorted({material for _, material, _ in rows})
    x = measured(args.data, rows)
    y = np.array([names.index(material) for _, material, _ in rows])
    part = np.array([hashlib.sha256(product.encode()).digest()[1] % 10 for _, _, product in rows])
    fit, calibrate, held = part < 4, part == 4, part > 4
    mean, spread = x[fit].mean(axis=0), x[fit].std(axis=0) + 1e-3
    inputs = torch.tensor((x - mean) / spread, dtype=torch.float32)
    layer = fitted(inputs[fit], y[fit], len(names))
    logits = layer(inputs).detach()
    temperature = best_temperature(logits[calibrate], y[calibrate])
    scores, told = scores_of(torch.softmax(logits / temperature, 1).numpy(), y, held, names)
    print(json.dumps(scores, indent=1))
    engine = {
        "outputs": names,
        "emitted": told,
        "mean": mean.round(4).tolist(),
        "spread": spread.round(4).tolist(),
        "temperature": round(temperature, 3),
        "weights": layer.weight.detach().numpy().T.round(4).tolist(),
        "bias": layer.bias.detach().numpy().round(4).tolist(),
    }
    content = {"engine": engine, "scores": scores}
    card = small_card("material-net", "material of a product by texture and gloss", "linear, 16 features", content, LIMITS)
    args.out.write_text(json.dumps(card, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
