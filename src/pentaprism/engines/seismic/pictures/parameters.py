"""What a picture of a section can be asked for."""

import math
from dataclasses import dataclass

from pentaprism.engines.seismic.errors import ParameterError

COLORMAPS = ("gray", "gray_r", "seismic", "red_white_black", "rainbow", "phase", "viridis")
SPELLINGS = {"grey": "gray", "grey_r": "gray_r"}
MODES = ("density", "wiggle", "both")
GAINS = ("none", "agc", "trace", "t2")
POLARITIES = ("normal", "reverse")
MARKS = ("none", "dead", "filled")
SMALLEST, LARGEST = 16, 4096
MOST_WIGGLES = 400


@dataclass(frozen=True, slots=True)
class TileParameters:
    """How amplitudes become colours.

    Attributes:
        colormap: one of COLORMAPS.
        clip: percentile (50-100) of the magnitudes that takes the last colour.
        gain: none; agc, the RMS in a window of ``agc_ms`` becomes 1; trace, the RMS of each trace becomes 1; t2, times the square of
            the time.
        polarity: normal, or reverse.
        gather: only this gather.

    Raises:
        ParameterError: a value is out of range.
    """

    colormap: str = "gray"
    clip: float = 99.0
    gain: str = "none"
    agc_ms: float = 500.0
    polarity: str = "normal"
    gather: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "colormap", SPELLINGS.get(self.colormap, self.colormap))
        _one_of("colormap", self.colormap, COLORMAPS)
        _one_of("gain", self.gain, GAINS)
        _one_of("polarity", self.polarity, POLARITIES)
        _between("clip", self.clip, 50, 100)
        _between("agc_ms", self.agc_ms, 1, 100_000)

    @property
    def sign(self) -> float:
        """1, or -1 for the reverse polarity."""
        return -1.0 if self.polarity == "reverse" else 1.0


@dataclass(frozen=True, slots=True)
class PreviewParameters(TileParameters):
    """One picture of ``width`` x ``height`` pixels.

    Attributes:
        mode: density (colours), wiggle (curves, the positive half filled), or both.
        first_trace, traces, first_sample, samples: the window (None: from the first, to the last); of the whole section, not of a
            gather, and not together with one.
        mark: dead or filled traces get a mark at the edge.
        axes: trace numbers and times around the picture, inside its size.
    """

    width: int = 800
    height: int = 600
    mode: str = "density"
    first_trace: int | None = None
    traces: int | None = None
    first_sample: int | None = None
    samples: int | None = None
    mark: str = "none"
    axes: bool = False

    def __post_init__(self) -> None:
        TileParameters.__post_init__(self)
        _between("width", self.width, SMALLEST, LARGEST)
        _between("height", self.height, SMALLEST, LARGEST)
        _one_of("mode", self.mode, MODES)
        _one_of("mark", self.mark, MARKS)
        if self.gather is not None and (self.first_trace is not None or self.traces is not None):
            raise ParameterError("gather", "Give either a gather or a window of traces")


def _one_of(field: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise ParameterError(field, f"Must be one of {', '.join(known)}")


def _between(field: str, value: float, low: float, high: float) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        raise ParameterError(field, f"Must lie between {low:g} and {high:g}")
