"""The pictures of a result: one gather before and after, its spectra, its f-k spectra."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic import Gathers, Section, most_filled
from pentaprism.engines.seismic.pictures import draw_comparison, draw_fk, draw_spectra

MOST_SAMPLES = 3_000_000
"""Samples of one panel; of a larger gather a window around its filled traces is shown."""


def window_of(gathers: Gathers, gather: int, filled: npt.NDArray[np.intp], samples: int) -> tuple[int, int]:
    """First trace and number of the traces of a gather to show."""
    start, count = gathers.span(gather)
    most = max(1, MOST_SAMPLES // max(1, samples))
    if count <= most:
        return start, count
    inside = filled[(filled >= start) & (filled < start + count)]
    middle = int(np.median(inside)) if inside.size else start + count // 2
    return min(max(start, middle - most // 2), start + count - most), most


def draw_gather(
    gathers: Gathers, gather: int, filled: Sequence[int] | npt.NDArray[np.intp], before: Section, after: Section, reference: Section | None
) -> bytes:
    """PNG of one gather before and after; raises ParameterError when there is no such gather."""
    numbers = np.asarray(filled, dtype=np.intp)
    first, count = window_of(gathers, gather, numbers, before.samples)
    truth = reference.read(first, count) if reference is not None else None
    return draw_comparison(
        before.read(first, count),
        after.read(first, count),
        filled=np.isin(np.arange(first, first + count), numbers),
        reference=truth,
        interval_us=before.interval_us,
        delay_ms=before.delay_ms,
        first_trace=first,
    )


def draw_pictures(
    check: Callable[[], None],
    gathers: Gathers,
    filled: npt.NDArray[np.intp],
    before: Section,
    after: Section,
    reference: Section | None,
) -> dict[str, bytes]:
    """``comparison.png``, ``spectra.png``, ``fk.png`` of the gather with most filled traces."""
    gather = most_filled(gathers, filled)
    first, count = window_of(gathers, gather, filled, before.samples)
    old, new = before.read(first, count), after.read(first, count)
    found: dict[str, bytes] = {}
    check()
    found["comparison.png"] = draw_gather(gathers, gather, filled, before, after, reference)
    check()
    found["spectra.png"] = draw_spectra(old, new, interval_us=before.interval_us)
    check()
    found["fk.png"] = draw_fk(old, new, interval_us=before.interval_us)
    return found
