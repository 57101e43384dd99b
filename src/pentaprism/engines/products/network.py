"""The classifier ``product-net``: an ONNX file beside its card, probabilities with the card's temperature, and the embedding."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import onnxruntime

from pentaprism.engines.inference import WeightsError, session_of
from pentaprism.engines.products.results import Rgb

WEIGHTS = Path(__file__).parent / "weights"
CARD = "product-net.json"
SIDE = 224


@dataclass(frozen=True, slots=True)
class Answer:
    """Probabilities [outputs] in the order of the network's ``outputs`` and the embedding [n] of unit length, float32."""

    probabilities: npt.NDArray[np.float64]
    embedding: npt.NDArray[np.float32]


class ProductNet:
    """Loads at its first use. ``run`` may be called by several threads at once."""

    def __init__(self, threads: int = 2, folder: Path = WEIGHTS) -> None:
        """Raises WeightsError when the card is missing; the weights are read and checked when first needed."""
        try:
            self.card: dict[str, Any] = json.loads((folder / CARD).read_text("utf-8"))
        except OSError as error:
            raise WeightsError(f"cannot read {CARD}: {error.strerror}") from error
        engine = self.card["engine"]
        self.outputs: tuple[str, ...] = tuple(engine["outputs"])
        self.emitted: frozenset[str] = frozenset(engine["emitted"])
        self.temperature = float(engine["temperature"])
        self._path, self._threads = folder / self.card["file"], threads
        self._session: onnxruntime.InferenceSession | None = None
        self._lock = threading.Lock()

    def run(self, rgb: Rgb) -> Answer:
        """Looks at a picture [h, w, 3], letterboxed on white. Raises WeightsError."""
        inputs = {"picture": letterbox(rgb, SIDE).transpose(2, 0, 1)[None].astype(np.float32) / 255}
        logits, embedding = self._loaded().run(["logits", "embedding"], inputs)
        scaled = np.asarray(logits[0], np.float64) / self.temperature
        exponents = np.exp(scaled - scaled.max())
        vector = np.asarray(embedding[0], np.float32)
        return Answer(exponents / exponents.sum(), vector / max(float(np.linalg.norm(vector)), 1e-9))

    def _loaded(self) -> onnxruntime.InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = session_of(self._path, self._threads, self.card["sha256"])
            return self._session


def letterbox(rgb: Rgb, side: int, cubic: bool = False) -> Rgb:
    """The picture [side, side, 3] shrunk or enlarged to fit, in the middle of white."""
    scale = side / max(rgb.shape[:2])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    kind = cv2.INTER_AREA if scale < 1 and not cubic else cv2.INTER_CUBIC
    source: npt.NDArray[Any] = rgb
    if cubic and scale < 0.5:
        # OpenCV's bicubic reads four pixels however far it shrinks: average down to twice the size first.
        source = cv2.resize(rgb, (size[0] * 2, size[1] * 2), interpolation=cv2.INTER_AREA)
    small = cv2.resize(source, size, interpolation=kind)
    canvas = np.full((side, side, 3), 255, np.uint8)
    top, left = (side - size[1]) // 2, (side - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0]] = small
    return canvas
