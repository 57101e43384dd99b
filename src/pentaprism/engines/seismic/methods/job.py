"""What a job is asked and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, Numbers, finite
from pentaprism.engines.seismic.methods.catalogue import Model
from pentaprism.engines.seismic.methods.parameters import Parameters
from pentaprism.engines.seismic.methods.planning import Finding, Span
from pentaprism.engines.seismic.methods.store import Changes
from pentaprism.engines.seismic.methods.uncertainty import Ratios

Report = Callable[[float, str], None]
Log = Callable[[str, str], None]


class InvalidData(ValueError):
    """The section and the parameters do not fit together."""


class SectionReader(Protocol):
    """A section of ``traces`` traces of ``samples`` samples; NaN and Inf may occur."""

    @property
    def traces(self) -> int: ...

    @property
    def samples(self) -> int: ...

    def read(self, first_trace: int, count: int, /) -> Array:
        """Traces in the order of the file, [count, samples]."""


def _unheard(level: str, message: str) -> None:
    """A log that nobody reads."""
    del level, message


def _unseen(share: float, step: str) -> None:
    """A report that nobody sees."""
    del share, step


@dataclass(frozen=True)
class Job:
    """``gathers`` are all (first trace, traces) in file order; ``dead`` [trace] what detection found; ``work`` a folder kept between
    attempts. ``roundtrip`` turns rows into what the output file will give back. ``offsets`` [trace] serve position = offset."""

    model: Model
    parameters: Parameters
    section: SectionReader
    gathers: Sequence[Span]
    dead: Mask
    work: Path
    offsets: npt.NDArray[np.float64] | None = None
    reference: SectionReader | None = None
    roundtrip: Callable[[Array], Array] | None = None
    memory_bytes: int = 536_870_912
    threads: int = 2

    def rows(self, first: int, last: int) -> Array:
        """Traces ``first`` to ``last`` - 1 with 0 for what is not finite."""
        return finite(self.section.read(first, last - first))

    def as_written(self, rows: Array) -> Array:
        """``rows`` as they are read back from the output."""
        return rows if self.roundtrip is None else np.asarray(self.roundtrip(rows), np.float32)

    def spans(self) -> list[tuple[int, Span]]:
        """(number, span) of the gathers to treat. Raises InvalidData for numbers that there are not."""
        chosen = self.parameters.effective.get("gathers")
        numbers = range(len(self.gathers)) if chosen is None else chosen
        if any(number >= len(self.gathers) for number in numbers):
            raise InvalidData(f"There are {len(self.gathers)} gathers")
        return [(number, (int(self.gathers[number][0]), int(self.gathers[number][1]))) for number in numbers]


@dataclass(frozen=True)
class Outcome:
    """``changes`` is what differs from the input; ``metrics`` and ``scores`` are ready for JSON.

    ``ratios`` turn departures of filled traces into expected errors; None when nothing was filled.
    """

    changes: Changes
    filled: Numbers
    metrics: dict[str, Any]
    warnings: list[Finding]
    selected_model: Model | None = None
    fallback: dict[str, str] | None = None
    scores: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    ratios: Ratios | None = None


class Hooks:
    """The callbacks of a job; remembers what ``check`` raised, so that no method's failure is mistaken for it."""

    def __init__(self, report: Report, check: Check, log: Log) -> None:
        self._report, self._check, self.log = report, check, log
        self._low, self._high = 0.0, 1.0
        self.stopped: BaseException | None = None

    def check(self) -> None:
        """Raises to stop the job."""
        try:
            self._check()
        except BaseException as error:
            self.stopped = error
            raise

    def without_log(self) -> Hooks:
        """The same callbacks, but lines go nowhere; reports stay within the stage."""
        return Hooks(self.report, self.check, _unheard)

    def without_words(self) -> Hooks:
        """Neither lines nor reports; only the chance to stop."""
        return Hooks(_unseen, self.check, _unheard)

    def stage(self, low: float, high: float) -> None:
        """The part of the whole that following reports are about."""
        self._low, self._high = low, high

    def report(self, share: float, step: str) -> None:
        """Progress within the stage, and a chance to stop."""
        self.check()
        self._report(self._low + (self._high - self._low) * min(1.0, share), step)
