"""Steim 1 and 2 compression of whole numbers (SEED Reference Manual 2.4, appendix B).

A frame is 16 words of 32 bits; the first word of each frame holds 2 bits for each word, telling how many differences it packs. The
second and third word of the first frame are the first and the last sample.
"""

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import UnreadableFile

FRAME = 64
MOST = 7
# How a word is packed: (number of differences, bits of each), by the 2 bits of its frame and, for Steim 2, its own top 2 bits.
STEIM1 = {1: (4, 8), 2: (2, 16), 3: (1, 32)}
STEIM2 = {(2, 1): (1, 30), (2, 2): (2, 15), (2, 3): (3, 10), (3, 0): (5, 6), (3, 1): (6, 5), (3, 2): (7, 4)}


def unpack(stored: bytes, count: int, version: int) -> npt.NDArray[np.int32]:
    """``count`` samples of one record; ``version`` is 1 or 2. UnreadableFile when the frames hold fewer."""
    words = np.frombuffer(stored, ">u4", len(stored) // FRAME * 16).astype(np.int64).reshape(-1, 16)
    if words.size == 0 or count == 0:
        return np.zeros(0, np.int32)
    codes = words[:, :1] >> (30 - 2 * np.arange(16)) & 3
    codes[0, 1:3] = 0
    codes[:, 0] = 0
    flat, code = words.reshape(-1), codes.reshape(-1)
    differences = np.zeros((flat.size, MOST), np.int64)
    numbers = np.zeros(flat.size, np.int64)
    _fill(differences, numbers, flat, code == 1, 4, 8)
    if version == 1:
        for key in (2, 3):
            _fill(differences, numbers, flat, code == key, *STEIM1[key])
    else:
        own = flat >> 30 & 3
        for (key, top), packed in STEIM2.items():
            _fill(differences, numbers, flat, (code == key) & (own == top), *packed)
    steps = differences[np.arange(MOST) < numbers[:, None]]
    if steps.size < count:
        raise UnreadableFile("The miniSEED records cannot be decoded")
    steps = steps[:count]
    steps[0] = np.int64(words[0, 1].astype(np.uint32).astype(np.int32))
    return np.cumsum(steps).astype(np.int32)


def _fill(
    differences: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.int64],
    words: npt.NDArray[np.int64],
    chosen: npt.NDArray[np.bool_],
    count: int,
    bits: int,
) -> None:
    shifts = bits * np.arange(count - 1, -1, -1)
    values = words[chosen, None] >> shifts & ((1 << bits) - 1)
    differences[chosen, :count] = values - ((values >> (bits - 1)) << bits)
    numbers[chosen] = count
