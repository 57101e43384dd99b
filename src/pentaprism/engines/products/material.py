"""What a product looks made of: texture and gloss of its surface, judged by a linear model whose numbers stand in a card."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from pentaprism.engines.products.colour import to_lab
from pentaprism.engines.products.results import Mask, Rgb

CARD = Path(__file__).parent / "weights" / "material-net.json"
SIDE = 320
FEATURES = 16


def material_look(rgb: Rgb, mask: Mask) -> tuple[str, float] | None:
    """(material, probability) of the likeliest of the card's materials; None where that is one which looking cannot tell."""
    engine = card()["engine"]
    x = (features_of(rgb, mask) - np.array(engine["mean"])) / np.array(engine["spread"])
    logits = (x @ np.array(engine["weights"]) + np.array(engine["bias"])) / float(engine["temperature"])
    shares = np.exp(logits - logits.max())
    shares /= shares.sum()
    best = int(shares.argmax())
    name = str(engine["outputs"][best])
    return (name, float(shares[best])) if name in engine["emitted"] else None


@cache
def card() -> dict[str, Any]:
    """The model card."""
    loaded: dict[str, Any] = json.loads(CARD.read_text("utf-8"))
    return loaded


def features_of(rgb: Rgb, mask: Mask) -> npt.NDArray[np.float64]:
    """[16] numbers of the foreground at 320 px: lightness (mean, spread, share of highlights and of black), chroma and hue, energy of
    three scales of texture, how much of the finest runs in one direction (grain), its spread over the surface, share of edges."""
    scale = min(1.0, SIDE / max(rgb.shape[:2]))
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA), np.uint8)
    inside = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    inside = core if core.sum() > 0.3 * inside.sum() else inside
    if inside.sum() < 30:
        return np.zeros(FEATURES)
    lab = to_lab(small)
    light = lab[..., 0]
    values = lab[inside]
    chroma = np.hypot(values[:, 1], values[:, 2])
    blurs = [light, *(cv2.GaussianBlur(light, (0, 0), sigma) for sigma in (1.0, 2.0, 4.0, 12.0))]
    bands = [float(np.log(np.abs(a - b)[inside].mean() + 0.05)) for a, b in pairwise(blurs)]
    gx, gy = cv2.Sobel(light, cv2.CV_32F, 1, 0, scale=0.125)[inside], cv2.Sobel(light, cv2.CV_32F, 0, 1, scale=0.125)[inside]
    xx, yy, xy = float((gx * gx).mean()), float((gy * gy).mean()), float((gx * gy).mean())
    grain = float(np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6))
    slope = np.hypot(gx, gy)
    local = cv2.GaussianBlur(light * light, (0, 0), 3) - cv2.GaussianBlur(light, (0, 0), 3) ** 2
    evenness = np.quantile(np.sqrt(np.maximum(local[inside], 0)), (0.25, 0.75)) + 0.1
    top = float(np.quantile(values[:, 0], 0.98))
    return np.array(
        [
            values[:, 0].mean() / 30,
            values[:, 0].std() / 10,
            (values[:, 0] > 92).mean() * 4,
            (values[:, 0] < 18).mean() * 4,
            (top - float(np.median(values[:, 0]))) / 20,
            chroma.mean() / 10,
            chroma.std() / 8,
            values[:, 1].mean() / 8,
            values[:, 2].mean() / 8,
            *bands,
            grain * 3,
            float(np.log(evenness[1] / evenness[0])),
            (slope > 4).mean() * 5,
        ],
        np.float64,
    )
