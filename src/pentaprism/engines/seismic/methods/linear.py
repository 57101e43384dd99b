"""Linear interpolation between neighbouring traces: the baseline, and the best choice for flat, densely sampled layers."""

from __future__ import annotations

from pentaprism.engines.seismic.methods.arrays import Array, Check, Mask, between


def reconstruct(data: Array, recorded: Mask, check: Check) -> Array:
    """``data`` [trace, sample] with the traces that are not ``recorded`` filled from their recorded neighbours on both sides."""
    check()
    return between(data, recorded)
