"""Gathers: runs of neighbouring traces with one value of a header field."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import ParameterError
from pentaprism.engines.seismic.formats.section import Section

Numbers = npt.NDArray[np.int64]

GATHER_KEYS = ("auto", "ffid", "cdp", "inline", "crossline", "none")
AUTO_KEYS = ("ffid", "cdp", "inline")
FEWEST_RUNS = 2
FEWEST_TRACES = 8
HEADER_WINDOW = 20_000


@dataclass(frozen=True, slots=True)
class Gathers:
    """All gathers of a section in file order: ``values`` of the key (None for key ``none``), first traces and sizes, [gathers] each."""

    key: str
    values: Numbers | None
    first_traces: Numbers
    counts: Numbers

    def __len__(self) -> int:
        return self.first_traces.size

    def spans(self) -> Iterator[tuple[int, int]]:
        """First trace and number of traces of each gather."""
        return zip(self.first_traces.tolist(), self.counts.tolist(), strict=True)

    def span(self, gather: int) -> tuple[int, int]:
        """First trace and number of traces of one gather; ParameterError when there is no such gather."""
        if not 0 <= gather < len(self):
            raise ParameterError("gather", f"There are {len(self)} gathers, numbered from 0")
        return int(self.first_traces[gather]), int(self.counts[gather])

    def of(self, trace: int) -> int:
        """The gather of a trace."""
        return int(np.searchsorted(self.first_traces, trace, side="right")) - 1


class Runs:
    """Finds runs of equal values in a column that comes in pieces. Above ``most`` runs only their number is kept."""

    def __init__(self, most: int | None = None) -> None:
        self.number = 0
        self._most = most
        self._firsts: list[Numbers] = []
        self._values: list[Numbers] = []
        self._seen = 0
        self._last: int | None = None

    def add(self, values: Numbers) -> None:
        """The next piece of the column."""
        if values.size == 0:
            return
        starts = np.flatnonzero(values[1:] != values[:-1]) + 1
        if self._last is None or int(values[0]) != self._last:
            starts = np.concatenate([[0], starts])
        self.number += starts.size
        if self._most is None or self.number <= self._most:
            self._firsts.append(starts + self._seen)
            self._values.append(values[starts])
        else:
            self._firsts.clear()
            self._values.clear()
        self._seen += values.size
        self._last = int(values[-1])

    def gathers(self, key: str) -> Gathers:
        """All runs as gathers; only where their number stayed below the limit."""
        firsts = np.concatenate(self._firsts).astype(np.int64)
        return Gathers(key, np.concatenate(self._values), firsts, np.diff(np.append(firsts, self._seen)))


def worth_gathering(runs: int, traces: int) -> bool:
    """Whether runs are few and long enough to be gathers by themselves."""
    return runs >= FEWEST_RUNS and traces >= FEWEST_TRACES * runs


def single_gather(traces: int) -> Gathers:
    """All traces as one gather."""
    return Gathers("none", None, np.zeros(1, np.int64), np.array([traces], np.int64))


class GatherSearch:
    """Finds the gathers of a section by a key, from header columns that come in pieces."""

    def __init__(self, key: str, traces: int) -> None:
        if key not in GATHER_KEYS:
            raise ParameterError("gather_key", f"Unknown key; known: {', '.join(GATHER_KEYS)}")
        self._key, self._traces = key, traces
        names = AUTO_KEYS if key == "auto" else () if key == "none" else (key,)
        self.runs = {name: Runs(traces // FEWEST_TRACES if key == "auto" else None) for name in names}

    def add(self, fields: dict[str, Numbers]) -> None:
        """The next traces; fields that the format lacks are absent."""
        for name, runs in self.runs.items():
            if name in fields:
                runs.add(fields[name])

    def result(self) -> Gathers:
        """The gathers of the key; of ``auto`` by the first key that is worth it; else one gather."""
        for name, runs in self.runs.items():
            wanted = worth_gathering(runs.number, self._traces) if self._key == "auto" else runs.number > 0
            if wanted:
                return runs.gathers(name)
        return single_gather(self._traces)


def find_gathers(section: Section, key: str = "auto", *, check: Callable[[], None] | None = None) -> Gathers:
    """The gathers of a section by ``key``; ``auto``: the first of ffid, cdp and inline with at least 2 runs of 8 traces on average.

    A key that the format does not have gives one gather. ParameterError for an unknown key.
    """
    search = GatherSearch(key, section.traces)
    for first in range(0, section.traces, HEADER_WINDOW):
        search.add(section.fields(search.runs, first, min(HEADER_WINDOW, section.traces - first)))
        if check is not None:
            check()
    return search.result()


def most_filled(gathers: Gathers, filled: npt.ArrayLike) -> int:
    """The gather that holds most of the ``filled`` traces; the first of equals."""
    places = np.searchsorted(gathers.first_traces, np.asarray(filled, np.int64), side="right") - 1
    return int(np.bincount(places, minlength=len(gathers)).argmax()) if places.size else 0
