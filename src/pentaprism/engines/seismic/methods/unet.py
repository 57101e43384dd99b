"""The networks that this project trained, run by ONNX Runtime on overlapping patches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import onnxruntime

from pentaprism.engines.inference import session_of
from pentaprism.engines.seismic.methods import fkwiener, mssa
from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, between, rms
from pentaprism.engines.seismic.methods.catalogue import WEIGHTS
from pentaprism.engines.seismic.methods.windows import Blend, Tiling, taper_2d

MULTIPLE = (8, 16)
RANK = mssa.Settings(rank=8, damping=2.0)


@dataclass(frozen=True)
class Settings:
    """``patch`` traces and samples of a square window; ``batch`` windows a step; ``threads`` of the processor."""

    patch: int = 256
    overlap: float = 0.5
    batch: int = 8
    threads: int = 2
    strength: float = 2.7


@lru_cache(maxsize=4)
def session(name: str, threads: int) -> onnxruntime.InferenceSession:
    """The network called ``name``; it keeps no state and may be shared between threads. Raises WeightsError."""
    card = json.loads((WEIGHTS / f"{name}.json").read_text("utf-8"))
    return session_of(WEIGHTS / card["file"], threads, card["sha256"])


def reconstruct(data: Array, recorded: Mask, settings: Settings, check: Check) -> Array:
    """``data`` [trace, sample] with the traces that are not ``recorded`` filled; their content is not used."""
    wide = np.broadcast_to(recorded[:, None], data.shape).astype(np.float32)
    shown = (data * wide).astype(np.float32)
    filled = _patches("unet-reconstruction", [shown, between(shown, recorded), wide], settings, check)
    return np.where(recorded[:, None], data, filled)


def denoise(data: Array, sigma: float, settings: Settings, check: Check) -> Array:
    """``data`` [trace, sample] without noise of the deviation ``sigma``.

    The mean of the network, of the f-k Wiener filter and of damped rank reduction: their errors differ, so that the mean is better than
    each. The network sees the section with both polarities and traces in both orders.
    """
    if sigma <= 0:
        return data.copy()
    level = sigma * settings.strength / Settings.strength
    total = np.zeros_like(data)
    for sign, step in ((1, 1), (-1, -1)):
        turned = np.ascontiguousarray(data[::step]) * np.float32(sign)
        total += _patches("unet-denoising", [turned, np.full_like(data, level)], settings, check)[::step] * np.float32(sign / 2)
    wiener = fkwiener.denoise(data, sigma, fkwiener.Settings(strength=settings.strength), check)
    return np.asarray((total + wiener + mssa.denoise(data, level, RANK, check)) / np.float32(3), np.float32)


def _patches(name: str, channels: list[Array], settings: Settings, check: Check) -> Array:
    """The network's answer to ``channels``, each [trace, sample]; only a mask, the third, is no amplitude."""
    height, width = channels[0].shape
    padding = [(0, max(0, -size % multiple)) for size, multiple in zip((height, width), MULTIPLE, strict=True)]
    stack = np.stack([np.pad(channel, padding, mode="symmetric") for channel in channels])
    patch = settings.patch - settings.patch % MULTIPLE[1]
    tiling = Tiling.of((stack.shape[1], stack.shape[2]), (patch, patch), settings.overlap)
    weight, blend = taper_2d(tiling.window, 2), Blend(tiling.shape)
    network = session(name, settings.threads)
    for corners in tiling.batches(settings.batch):
        cuts = np.stack([tiling.cut(channel, corners) for channel in stack], axis=1).astype(np.float32)
        answers = []
        for cut in cuts:
            check()
            answers.append(_run(network, cut))
        blend.add(corners, np.stack(answers) * weight, weight)
    return blend.result()[:height, :width]


def _run(network: Any, cut: Array) -> Array:
    """One patch [channel, trace, sample], brought to an RMS of one where there is data."""
    amplitudes = cut[:2]
    if len(cut) == 3:
        share = float(cut[2].mean())
        scale = rms(cut[0]) / np.sqrt(share) if share else rms(cut[1])
    else:
        scale = rms(cut[0])
    if scale <= 0:
        return np.zeros(cut.shape[1:], np.float32)
    scaled = np.concatenate([amplitudes / np.float32(scale), cut[2:]])[None].astype(np.float32)
    return np.asarray(network.run(None, {"section": scaled})[0][0, 0] * np.float32(scale), np.float32)
