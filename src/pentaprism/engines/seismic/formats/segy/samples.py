"""Sample codes: bytes of a file to float32 and back."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.formats.segy.ibm import float_to_ibm, ibm_to_float
from pentaprism.engines.seismic.room import Room

Bytes = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float32]
Words = npt.NDArray[np.uint32]

# Samples worked on at once: the arrays of one step stay in the processor's cache.
BLOCK = 32_768


@dataclass(frozen=True, slots=True)
class SampleCode:
    """How a sample is stored; ``kind`` is NumPy's type letter with the width in bytes."""

    code: int
    name: str
    kind: str
    width: int

    @property
    def integer(self) -> bool:
        """Whether samples are whole numbers."""
        return self.kind[0] in "iu"


CODES = {
    code: SampleCode(code, name, kind, int(kind[1:]))
    for code, name, kind in (
        (1, "ibm_float32", "u4"),
        (2, "int32", "i4"),
        (3, "int16", "i2"),
        (5, "ieee_float32", "f4"),
        (6, "ieee_float64", "f8"),
        (8, "int8", "i1"),
        (10, "uint32", "u4"),
        (11, "uint16", "u2"),
        (16, "uint8", "u1"),
    )
}
IBM = 1


def scratch_of(code: int, shape: tuple[int, int], room: Room | None = None) -> Words:
    """What :func:`decode` needs beside rows [n, samples] of ``shape``."""
    n, samples = shape
    size = (3, min(n, _at_once(samples)) * samples if code == IBM else 0)
    return np.empty(size, np.uint32) if room is None else room.array(size, np.uint32)


def _at_once(samples: int) -> int:
    return max(1, BLOCK // max(samples, 1))


def decode(stored: Bytes, code: int, order: str, out: Rows, scratch: Words | None = None) -> None:
    """Sample bytes [n, samples * width] to ``out`` [n, samples]; ``order`` is ``>`` or ``<``. ``stored`` stays as it is."""
    kind = CODES[code].kind
    values = stored.view(f"{order}{kind}")
    if code != IBM:
        with np.errstate(over="ignore", invalid="ignore"):
            np.copyto(out, values, casting="unsafe")
        return
    rows = _at_once(out.shape[1])
    scratch = scratch_of(code, out.shape) if scratch is None else scratch
    with np.errstate(all="ignore"):
        for first in range(0, len(out), rows):
            part = out[first : first + rows]
            words, scales, fractions = scratch[:, : part.size]
            np.copyto(words.reshape(part.shape), values[first : first + rows])
            ibm_to_float(words, part.reshape(-1), scales, fractions)


def encode(rows: Rows, code: int, order: str) -> tuple[Bytes, int]:
    """Finite float32 ``rows`` [n, samples] as sample bytes [n, samples * width], and how many samples were clipped.

    Whole numbers are rounded to nearest and saturated. ``rows`` stays as it is.
    """
    sample = CODES[code]
    clipped = 0
    if code == IBM:
        values: npt.NDArray[np.generic] = float_to_ibm(rows)
    elif sample.integer:
        limits = np.iinfo(sample.kind)
        rounded = np.rint(rows.astype(np.float64))
        clipped = int(np.count_nonzero((rounded < limits.min) | (rounded > limits.max)))
        values = np.clip(rounded, limits.min, limits.max)
    else:
        values = rows
    stored = np.ascontiguousarray(values.astype(f"{order}{sample.kind}"))
    return stored.view(np.uint8).reshape(len(rows), -1), clipped
