"""The amplitude that takes the last colour."""

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.section import Rows, Section
from pentaprism.engines.seismic.pictures.gains import read_gained
from pentaprism.engines.seismic.pictures.parameters import TileParameters
from pentaprism.engines.seismic.statistics import GOLDEN, percentile_abs

MOST_TRACES = 4096
MOST_SAMPLES = 1_000_000
CHUNK_SAMPLES = 4_000_000


class Magnitudes:
    """Collects up to about a million samples of ``traces`` x ``samples``, spread evenly whatever pieces they come in."""

    def __init__(self, traces: int, samples: int) -> None:
        self._stride = min(max(1, -(-traces * samples // MOST_SAMPLES)), samples)
        self._number = 0
        self._picked: list[Rows] = []

    def add(self, rows: Rows) -> None:
        """The next traces [n, samples]."""
        for row in rows:
            shift = int(self._number * GOLDEN % 1 * self._stride)
            self._picked.append(row[shift :: self._stride].copy())
            self._number += 1

    def limit(self, clip: float) -> float:
        """The percentile ``clip`` of the magnitudes; the largest where that is 0; 0 when all are."""
        values = np.concatenate(self._picked)
        return percentile_abs(values, clip) or float(np.abs(values).max(initial=0))


def amplitude_limit(section: Section, parameters: TileParameters) -> float:
    """The limit of a whole section, from all of its traces up to 4096, of more from 4096 at equal distances."""
    traces = spread(section.traces, MOST_TRACES)
    magnitudes = Magnitudes(traces.size, section.samples)
    step = max(1, CHUNK_SAMPLES // section.samples)
    for at in range(0, traces.size, step):
        magnitudes.add(read_gained(section, traces[at : at + step], 0, section.samples, parameters))
    return magnitudes.limit(parameters.clip)


def spread(number: int, most: int) -> npt.NDArray[np.int64]:
    """``number`` places, or ``most`` of them at equal distances."""
    if number <= most:
        return np.arange(number)
    return ((np.arange(most) + 0.5) * number / most).astype(np.int64)
