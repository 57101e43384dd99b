"""Scores the exported network on photographs that it was not trained on, and writes its card:
``python evaluate.py --data FOLDER --weights WEIGHTS --training product-net.json``.

Temperature and the labels that may be emitted are chosen on one half of the held-out products (by group), figures are from the other half.
Precision per label, which decides what is emitted, is from both halves: it needs all the photographs there are.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

import photographs
from card import product_card
from pentaprism.engines.products.classifying import belief_of, classification_of
from pentaprism.engines.products.network import letterbox
from pentaprism.engines.products.options import Hints, Options
from pentaprism.engines.products.results import Classification, EngineUse
from pentaprism.engines.products.vocabulary import CATEGORIES, OTHER, category_of

ENGINE = EngineUse("product-net", "evaluation", "embedded")
LEAST_PRECISION = 0.60
LEAST_ANSWERS = 3

Logits = npt.NDArray[np.float64]
Photograph = photographs.Photograph


def logits_of(path: Path, pictures: npt.NDArray[np.uint8], sizes: npt.NDArray[np.int16]) -> Logits:
    """[n, outputs] of whole photographs, letterboxed as the engine does."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    rows = []
    for picture, (height, width) in zip(pictures, sizes, strict=True):
        box = letterbox(picture[:height, :width], 224).transpose(2, 0, 1)[None].astype(np.float32) / 255
        rows.append(session.run(["logits"], {"picture": box})[0][0])
    return np.array(rows, np.float64)


def decide(logits: Logits, temperature: float, names: list[str], emitted: frozenset[str]) -> list[Classification]:
    """What the engine would answer to each picture without words."""
    scaled = logits / temperature
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return [classification_of(belief_of(row, names, emitted), None, Hints(), (), Options(), ENGINE) for row in shares]


def right_label(item: Photograph, answer: str) -> bool:
    return answer in item.labels


def right_category(item: Photograph, answer: str | None) -> bool:
    """Of a photograph that the vocabulary has no word for only ``other`` is right."""
    return answer in ({category_of(label) for label in item.labels} or {OTHER})


def best_temperature(logits: Logits, items: list[Photograph], names: list[str]) -> float:
    """The one with the smallest sum of the expected calibration errors of labels and categories, in known shops and in unseen ones."""
    grid = np.geomspace(0.4, 2.5, 40)
    every = frozenset(names) - set(CATEGORIES)
    parts = [np.array([item.part == part for item in items]) for part in ("products", "shops")]

    def error(temperature: float, mine: npt.NDArray[np.bool_]) -> float:
        held = [item for item, own in zip(items, mine, strict=True) if own]
        return sum(calibration(held, decide(logits[mine], temperature, names, every)).values())

    return float(round(min(grid, key=lambda t: sum(error(float(t), mine) for mine in parts)), 3))


def calibration(items: list[Photograph], answers: list[Classification]) -> dict[str, float]:
    """Expected calibration error in ten bins of equal width, of fine labels given and of categories given."""
    labels = [(a.confidence or 0.0, right_label(i, a.label)) for i, a in zip(items, answers, strict=True) if a.label not in CATEGORIES]
    categories = [
        (a.category_confidence or 0.0, right_category(i, a.category)) for i, a in zip(items, answers, strict=True) if a.category != OTHER
    ]
    return {"label": _ece(labels), "category": _ece(categories)}


def _ece(pairs: list[tuple[float, bool]]) -> float:
    if not pairs:
        return 0.0
    sure, right = np.array([p for p, _ in pairs]), np.array([r for _, r in pairs], float)
    bins = np.minimum((sure * 10).astype(int), 9)
    return round(float(sum(abs(sure[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in np.unique(bins))), 4)


def per_label(items: list[Photograph], logits: Logits, temperature: float, names: list[str]) -> dict[str, dict[str, Any]]:
    """Precision and recall of each fine label when every label may be said."""
    every = frozenset(names) - set(CATEGORIES)
    answers = [a.label for a in decide(logits, temperature, names, every)]
    table = {}
    for label in sorted(every):
        given = [right_label(i, label) for i, a in zip(items, answers, strict=True) if a == label]
        there = [a == label for i, a in zip(items, answers, strict=True) if i.labels == (label,)]
        table[label] = {"photographs": len(there), "answers": len(given)}
        table[label]["precision"] = round(float(np.mean(given)), 3) if given else None
        table[label]["recall"] = round(float(np.mean(there)), 3) if there else None
    return table


def summary(items: list[Photograph], logits: Logits, temperature: float, names: list[str], emitted: frozenset[str]) -> dict[str, Any]:
    """Top guesses over all labels, what the engine answers, coverage and accuracy by the category's confidence, calibration."""
    known = [k for k, item in enumerate(items) if item.labels]
    fine = [k for k in known if len(items[k].labels) == 1 and items[k].labels[0] not in CATEGORIES]
    answers = decide(logits, temperature, names, emitted)
    order = np.argsort(-logits, axis=1)
    result: dict[str, Any] = {"photographs": len(items), "with_a_label": len(fine), "without_a_word": len(items) - len(known)}
    result["top1_label"] = _mean(names[order[k, 0]] in items[k].labels for k in fine)
    result["top3_label"] = _mean(any(names[j] in items[k].labels for j in order[k, :3]) for k in fine)
    result["top1_category"] = _mean(right_category(items[k], category_of(names[order[k, 0]])) for k in known)
    told = [k for k in range(len(items)) if answers[k].label not in CATEGORIES]
    result["label_told"] = round(len(told) / len(items), 3)
    result["label_right_where_told"] = _mean(right_label(items[k], answers[k].label) for k in told)
    result["category_told"] = _mean(a.category != OTHER for a in answers)
    for threshold in (0.35, 0.5, 0.6, 0.7, 0.8, 0.9):
        sure = [k for k in range(len(items)) if answers[k].category != OTHER and (answers[k].category_confidence or 0) >= threshold]
        row = {
            "coverage": round(len(sure) / len(items), 3),
            "category_right": _mean(right_category(items[k], answers[k].category) for k in sure),
        }
        result[f"category_at_{threshold}"] = row
    result["abstains_without_a_word"] = _mean(answers[k].category == OTHER for k in range(len(items)) if not items[k].labels)
    result["calibration_error"] = calibration(items, answers)
    by = {}
    for name in CATEGORIES:
        mine = [k for k in known if right_category(items[k], name)]
        if mine:
            by[name] = {"photographs": len(mine), "top1_category": _mean(category_of(names[order[k, 0]]) == name for k in mine)}
    return result | {"by_category": by}


def _mean(values: Any) -> float | None:
    held = list(values)
    return round(float(np.mean(held)), 3) if held else None


def main() -> None:
    """Scores and writes the card."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True, help="folder with product-net.onnx")
    parser.add_argument("--training", type=Path, nargs="+", required=True, help="reports of train.py, in order")
    args = parser.parse_args()
    items, pictures, sizes = photographs.read(args.data)
    names = photographs.outputs(items)
    held = [k for k, item in enumerate(items) if item.part != "train"]
    logits = logits_of(args.weights / "product-net.onnx", pictures[held], sizes[held])
    rows = [items[k] for k in held]
    half = np.array([hashlib.sha256(items[row.group].file.encode()).digest()[2] % 2 == 0 for row in rows])
    choose = [row for row, mine in zip(rows, half, strict=True) if mine]
    temperature = best_temperature(logits[half], choose, names)
    table = per_label(rows, logits, temperature, names)
    emitted = frozenset(n for n, r in table.items() if (r["precision"] or 0) >= LEAST_PRECISION and r["answers"] >= LEAST_ANSWERS)
    scores: dict[str, Any] = {"data": "open photographs that were not trained on, the half of the products that no setting was chosen on"}
    for part, title in (("shops", "shops_never_seen"), ("products", "other_products_of_known_shops")):
        mine = np.array([row.part == part for row in rows]) & ~half
        scores[title] = summary([row for row, m in zip(rows, mine, strict=True) if m], logits[mine], temperature, names, emitted)
    scores["labels"] = table
    training = [json.loads(path.read_text("utf-8")) for path in args.training]
    counts = {part: sum(item.part == part for item in items) for part in ("train", "products", "shops")}
    card = product_card(args.weights / "product-net.onnx", training, names, sorted(emitted), temperature, scores, counts)
    (args.weights / "product-net.json").write_text(json.dumps(card, indent=1) + "\n", "utf-8")
    print(json.dumps({k: v for k, v in scores.items() if k != "labels"}, indent=1), temperature, sorted(emitted))


if __name__ == "__main__":
    main()
