"""What every engine of the family can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.embedding import Embedding
from pentaprism.engines.sam.masks import Mask
from pentaprism.engines.sam.parameters import AutoParameters, AutoResult

Rgb = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float64]
Report = Callable[[float], None]
Check = Callable[[], None]


def silent(_share: float) -> None:
    """Reports to nobody."""


def unchecked() -> None:
    """Never cancels."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What runs. ``memory_bytes`` was measured when the engine was loaded."""

    name: str
    version: str
    kind: Literal["sam", "embedded"]
    weights_sha256: str | None
    memory_bytes: int


class PromptEngine(Protocol):
    """Objects from prompts, or all of a picture. Holds no state of a request: one instance serves any number of threads."""

    @property
    def info(self) -> EngineInfo:
        """What runs."""

    def embed(self, rgb: Rgb, check: Check = unchecked) -> Embedding:
        """The embedding of a picture [H, W, 3] uint8, of any size. ``check`` may raise to cancel."""

    def prompt(
        self,
        embedding: Embedding,
        points: npt.ArrayLike | None = None,
        labels: npt.ArrayLike | None = None,
        box: tuple[float, float, float, float] | None = None,
        multimask: bool = True,
    ) -> list[Mask]:
        """Up to three candidates (or one, without ``multimask``) for one prompt, best first.

        ``points`` [N, 2] are (x, y) in pixels, ``labels`` [N] 1 for the object and 0 for what is not the object, ``box`` is
        (x1, y1, x2, y2). Raises ValueError for a prompt that names no object, EmbeddingError for an embedding of another engine.
        """

    def automatic(
        self,
        rgb: Rgb,
        parameters: AutoParameters,
        report: Report = silent,
        check: Check = unchecked,
        deadline: float | None = None,
        embedding: Embedding | None = None,
    ) -> AutoResult:
        """All objects of a picture. ``report`` gets 0..1, ``check`` may raise to cancel, ``deadline`` is a time of ``time.monotonic``.

        ``embedding`` is that of the whole picture, where the caller has it.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A prompt that names an object: ``positive`` and ``negative`` [n, 2] (x, y), ``box`` (x1, y1, x2, y2)."""

    positive: Points
    negative: Points
    box: tuple[float, float, float, float] | None

    @classmethod
    def of(cls, points: npt.ArrayLike | None, labels: npt.ArrayLike | None, box: tuple[float, float, float, float] | None) -> Prompt:
        """Raises ValueError for points and labels that do not match, numbers that are not finite, and a prompt without an object."""
        where = np.asarray([] if points is None else points, np.float64).reshape(-1, 2)
        what: npt.NDArray[Any] = np.ones(len(where), np.int64) if labels is None else np.asarray(labels).reshape(-1)
        if len(what) != len(where) or not np.isin(what, (0, 1)).all():
            raise ValueError("every point needs a label, 1 for the object or 0 for what is not the object")
        corners = () if box is None else box
        if not (np.isfinite(where).all() and np.isfinite(corners).all()):
            raise ValueError("coordinates must be finite numbers")
        if box is not None and not (box[2] > box[0] and box[3] > box[1]):
            raise ValueError("a box needs x2 > x1 and y2 > y1")
        if box is None and not (what == 1).any():
            raise ValueError("a prompt needs a box or a point on the object")
        return cls(where[what == 1], where[what == 0], box)
