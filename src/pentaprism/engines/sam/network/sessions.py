"""The three graphs of a model in ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import psutil

from pentaprism.engines.sam.network.checkpoint import WeightsError
from pentaprism.engines.sam.network.conversion import Converted

# Adding a bias and Gelu in one operator takes many times as long on a CPU as one after the other.
SLOW_FUSIONS = ["BiasGeluFusion"]
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
Floats = npt.NDArray[np.float32]


class Sessions:
    """Stateless; may be used by several threads at once. ``memory_bytes`` is what loading took, at least the weights."""

    def __init__(self, model: Converted, threads: int | None = None) -> None:
        """``threads`` of one inference; None: as many as there are cores. Raises WeightsError for graphs that do not load."""
        before = psutil.Process().memory_info().rss
        self._encoder, self._prompt, self._mask = (_session(model, name, threads) for name in ("encoder", "prompt", "mask"))
        self.memory_bytes = max(model.weight_bytes, psutil.Process().memory_info().rss - before)

    def encode(self, picture: Floats) -> Floats:
        """Tokens [n, c] of a padded, normalised picture [1, 3, side, side]."""
        tokens: Floats = self._encoder.run(None, {"picture": picture})[0]
        return np.asarray(tokens[0], np.float32)

    def ask(self, tokens: Floats, points: Floats, labels: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        """Predicted IoU [b, 4], weights of masks [b, 4, c/8] and keys [b, n, c] for points [b, p, 2] with labels [b, p]."""
        found: list[Any] = self._prompt.run(["iou", "weights", "keys"], {"tokens": tokens[None], "points": points, "labels": labels})
        return found[0], found[1], found[2]

    def draw(self, keys: Floats, weights: Floats) -> Floats:
        """Logits [b, m, side/4, side/4] for the weights [b, m, c/8] of the masks wanted."""
        found: Floats = self._mask.run(None, {"keys": keys, "weights": weights})[0]
        return found


def _session(model: Converted, name: str, threads: int | None) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Each inference gives its memory back, and weights stay as they lie in the file instead of being packed a second time.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.disable_prepacking", "1")
    wanted = [each for each in PROVIDERS if each in onnxruntime.get_available_providers()]
    try:
        return onnxruntime.InferenceSession(str(model.folder / f"{name}.onnx"), options, providers=wanted, disabled_optimizers=SLOW_FUSIONS)
    except Exception as error:
        raise WeightsError(f"the {name} of the model cannot be loaded: {type(error).__name__}") from error
