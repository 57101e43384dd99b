"""Prints figures beside those of an alternative."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ``what`` was measured, ``ours``, the ``alternative`` from the same run (or the target), and their ``ratio``."""

    what: str
    ours: str
    alternative: str = ""
    ratio: str = ""


def show(rows: Iterable[Row]) -> None:
    """Print ``rows`` in aligned columns under a heading."""
    lines = [("what", "ours", "alternative", "ratio"), *((row.what, row.ours, row.alternative, row.ratio) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(4)]
    for number, line in enumerate(lines):
        print(" | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip(), flush=True)
        if number == 0:
            print("-|-".join("-" * width for width in widths), flush=True)


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
