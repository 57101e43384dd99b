"""Measures of a photograph: sharpness, brightness, share and calm of the background."""

from __future__ import annotations

import cv2
import numpy as np

from pentaprism.engines.products.results import Mask, Quality, Rgb

SMALL_SIDE = 300
BLURRY, DARK = 0.12, 0.18
RAMP, STEP = 1 / 8, 0.42
BUSY = 14.0


def quality_of(rgb: Rgb, mask: Mask, width: int, height: int) -> Quality:
    """Measures of a working copy [h, w, 3] with foreground [h, w] of a picture of ``width`` x ``height``.

    Sharpness: how steep the strongest edges are for the contrast that they bridge, 0 an even ramp, 1 a step. Brightness: mean luma of
    the product in 0..1. Flags: blurry, dark, overexposed (60 % of the product burnt out), small (a side under 300 px), busy_background.
    """
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    inside = mask if mask.any() else np.ones_like(mask)
    sharpness = _sharpness(grey)
    brightness = float(grey[inside].mean())
    share = float(1 - mask.mean())
    burnt = float((grey[inside] > 0.985).mean())
    flags = []
    if sharpness < BLURRY:
        flags.append("blurry")
    if brightness < DARK and float(np.quantile(grey, 0.95)) < 0.5:
        flags.append("dark")
    if burnt > 0.6:
        flags.append("overexposed")
    if min(width, height) < SMALL_SIDE:
        flags.append("small")
    if _business(grey, mask) > BUSY:
        flags.append("busy_background")
    return Quality(round(sharpness, 4), round(brightness, 4), round(share, 4), flags)


def _sharpness(grey: np.ndarray) -> float:
    """Gradient over local contrast (range in 9 x 9) at the strongest edges, from that of an even ramp (0) to that of a step (1)."""
    if min(grey.shape) < 16:
        return 0.0
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.7)
    slope = np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(smooth, cv2.CV_32F, 0, 1, scale=0.125))
    kernel = np.ones((9, 9), np.uint8)
    span = cv2.dilate(grey, kernel) - cv2.erode(grey, kernel)
    edges = span > max(0.06, 0.5 * float(np.quantile(span, 0.98)))
    if edges.sum() < 20:
        return 0.0
    strong = edges & (slope >= np.quantile(slope[edges], 0.8))
    steep = float(np.quantile(slope[strong] / span[strong], 0.75))
    return float(np.clip((steep - RAMP) / (STEP - RAMP), 0, 1))


def _business(grey: np.ndarray, mask: Mask) -> float:
    """Mean gradient of the background in grey levels per pixel at 256 px; 0 where there is too little of it."""
    scale = 256 / max(grey.shape)
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    away = cv2.dilate(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST), np.ones((9, 9), np.uint8)) == 0
    if away.mean() < 0.05:
        return 0.0
    slope = np.hypot(cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.125))
    return float(slope[away].mean() * 255)
