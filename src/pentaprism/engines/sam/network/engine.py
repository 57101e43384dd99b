"""A Segment Anything network as an engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.embedding import Embedding
from pentaprism.engines.sam.engine import Check, EngineInfo, Prompt, Report, Rgb, silent, unchecked
from pentaprism.engines.sam.masks import Mask, candidates
from pentaprism.engines.sam.network.conversion import converted
from pentaprism.engines.sam.network.generator import OFFSET, Generator
from pentaprism.engines.sam.network.picture import Enlarger, Frame
from pentaprism.engines.sam.network.sessions import Sessions
from pentaprism.engines.sam.parameters import AutoParameters, AutoResult

VERSION = "1.0.0"


class SamEngine:
    """One loaded model. Safe to share between threads."""

    def __init__(self, name: str, sessions: Sessions, side: int, weights_sha256: str) -> None:
        """``side`` is that of the padded picture that the network takes."""
        self.info = EngineInfo(name, VERSION, "sam", weights_sha256, sessions.memory_bytes)
        self._sessions, self._side = sessions, side

    @classmethod
    def load(cls, name: str, checkpoint: Path, cache_dir: Path, threads: int | None = None, sha256: str | None = None) -> SamEngine:
        """The model of an official checkpoint, converted at first use. Raises WeightsError."""
        model = converted(name, checkpoint, cache_dir, sha256)
        return cls(name, Sessions(model, threads), model.side, model.sha256)

    def embed(self, rgb: Rgb, check: Check = unchecked) -> Embedding:
        """The tokens of a picture [H, W, 3]."""
        check()
        tokens = self._sessions.encode(Frame(rgb.shape[0], rgb.shape[1], self._side).prepare(rgb))
        return Embedding(self.info.name, VERSION, self.info.weights_sha256, rgb.shape[1], rgb.shape[0], {"tokens": tokens})

    def prompt(
        self,
        embedding: Embedding,
        points: npt.ArrayLike | None = None,
        labels: npt.ArrayLike | None = None,
        box: tuple[float, float, float, float] | None = None,
        multimask: bool = True,
    ) -> list[Mask]:
        """See PromptEngine. Without ``multimask`` the network's own single mask answers, as in the published code."""
        self._mine(embedding)
        prompt = Prompt.of(points, labels, box)
        frame = Frame(embedding.height, embedding.width, self._side)
        corners = np.zeros((0, 2)) if prompt.box is None else np.array(prompt.box).reshape(2, 2)
        where = frame.points(np.concatenate([prompt.positive, prompt.negative, corners]))
        what = [1] * len(prompt.positive) + [0] * len(prompt.negative) + ([] if prompt.box is None else [2, 3])
        if prompt.box is None:
            where, what = np.concatenate([where, np.zeros((1, 2), np.float32)]), [*what, -1]
        iou, weights, keys = self._sessions.ask(embedding.arrays["tokens"], where[None], np.array([what], np.int64))
        wanted = slice(1, None) if multimask else slice(0, 1)
        logits = self._sessions.draw(keys, np.ascontiguousarray(weights[:, wanted]))[0]
        enlarger = Enlarger(frame)
        whole = (0, 0, embedding.width, embedding.height)
        found: list[Mask | None] = []
        for score, low in zip(iou[0, wanted].tolist(), logits, strict=True):
            drawn = enlarger.mask(low, OFFSET)
            if drawn is not None:
                pixels, left, top, stability = drawn
                found.append(Mask.of(pixels, left=left, top=top, predicted_iou=score, stability_score=stability, crop_box=whole))
        return candidates(found)

    def automatic(
        self,
        rgb: Rgb,
        parameters: AutoParameters,
        report: Report = silent,
        check: Check = unchecked,
        deadline: float | None = None,
        embedding: Embedding | None = None,
    ) -> AutoResult:
        """See PromptEngine."""
        if embedding is not None:
            self._mine(embedding)
        return Generator(self._sessions, self._side, parameters, report, check, deadline).run(rgb, embedding)

    def _mine(self, embedding: Embedding) -> None:
        embedding.belongs_to(self.info.name, VERSION, self.info.weights_sha256)
