"""IBM System/360 single precision and float32.

An IBM word holds a sign, a power of 16 with bias 64 and a fraction of 24 bits: (-1)^s * F * 2^(4 (E - 64) - 24) (IBM System/360
Principles of Operation, A22-6821). A fraction fits float32 exactly, so reading is exact wherever the value lies in float32's range;
beyond it a value becomes infinite, below it denormal or zero. Writing rounds to the nearest of the 21 to 24 bits that IBM keeps.
"""

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]

FRACTION = np.uint32(0x00FF_FFFF)
EXPONENT = np.uint32(0x7F00_0000)
SIGN = np.uint32(0x8000_0000)
# Exponents from LOW to HIGH scale a fraction by a float32 power of two without overflow or underflow of either.
LOW, HIGH = 39, 95
# 280 - 127, the difference of the biases, below an exponent of 16 that stands at its place in the word: 4 E is one bit further up.
BIAS = (4 * 64 + 24 - 127) << 22
MOST = (HIGH << 24) - BIAS


def ibm_to_float(words: Words, out: Floats, scales: Words, fractions: Words) -> None:
    """IBM ``words`` to float32 ``out``; all arrays are contiguous and of one size, and all but ``out`` are written over.

    Callers silence floating-point warnings: unusual exponents pass through as nonsense before they are set right.

    The scale 2^(4 E - 280) is put together as float32 bits: 4 E lies in the exponent field after a shift by one bit.
    """
    np.bitwise_and(words, EXPONENT, out=scales)
    # Exponents below LOW wrap around to numbers far above MOST.
    np.subtract(scales, np.uint32(BIAS), out=scales)
    unusual = scales.size > 0 and scales.max() > MOST
    if unusual:
        rare, exact = _rare(words, scales)
    np.left_shift(scales, 1, out=scales)
    np.bitwise_and(words, FRACTION, out=fractions)
    np.bitwise_and(words, SIGN, out=words)
    np.bitwise_or(scales, words, out=scales)
    np.copyto(out, fractions.view(np.int32), casting="unsafe")
    np.multiply(out, scales.view(np.float32), out=out)
    if unusual:
        np.add(out, 0, out=out)
        out[rare] = exact


def _rare(words: Words, scales: Words) -> tuple[npt.NDArray[np.intp], Floats]:
    """Places and values of words whose exponent is out of the ordinary; plain zeros are not among them."""
    places = np.flatnonzero((scales > MOST) & (words != 0))
    found = words[places].astype(np.int64)
    fractions = (found & int(FRACTION)).astype(np.float64)
    values = np.ldexp(fractions, (4 * ((found >> 24 & 127) - 64) - 24).astype(np.int32))
    with np.errstate(over="ignore", under="ignore"):
        return places, np.where(found >> 31, -values, values).astype(np.float32)


def float_to_ibm(values: Floats) -> Words:
    """Finite float32 ``values`` to IBM words of the same shape, rounded to nearest; ``values`` stays as it is."""
    mantissa, exponent = np.frexp(values)
    power = -(-exponent // 4)
    fraction = np.rint(np.ldexp(np.abs(mantissa).astype(np.float64), 24 + exponent - 4 * power)).astype(np.uint32)
    carried = fraction > FRACTION
    fraction[carried] >>= 4
    power = power + carried
    words: Words = fraction | ((power + 64).astype(np.uint32) << np.uint32(24)) | (np.signbit(values).astype(np.uint32) << np.uint32(31))
    words[fraction == 0] = 0
    return words
