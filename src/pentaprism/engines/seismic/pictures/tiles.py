"""A section as a pyramid of square tiles, as maps on the web are."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import ParameterError
from pentaprism.engines.seismic.formats.section import Section
from pentaprism.engines.seismic.gathers import Gathers
from pentaprism.engines.seismic.pictures.colormaps import colours
from pentaprism.engines.seismic.pictures.gains import read_gained
from pentaprism.engines.seismic.pictures.limits import CHUNK_SAMPLES, amplitude_limit
from pentaprism.engines.seismic.pictures.parameters import TileParameters
from pentaprism.imaging.encode import png

TILE = 256
TRACES_A_PIXEL = 4
PNG_LEVEL = 2


@dataclass(frozen=True, slots=True)
class Pyramid:
    """Levels 0 (everything in one tile) to ``levels`` - 1 (a pixel a sample) of a section of ``width`` traces, ``height`` samples."""

    levels: int
    width: int
    height: int
    tile_size: int = TILE

    def factor(self, z: int) -> int:
        """Traces and samples a pixel."""
        return 1 << (self.levels - 1 - z)

    def contains(self, z: int, x: int, y: int) -> bool:
        """Whether there is such a tile."""
        if not 0 <= z < self.levels:
            return False
        side = TILE * self.factor(z)
        return 0 <= x * side < self.width and 0 <= y * side < self.height


def pyramid(traces: int, samples: int) -> Pyramid:
    """The pyramid of a section."""
    return Pyramid((max(-(-max(traces, samples) // TILE) - 1, 0)).bit_length() + 1, traces, samples)


def draw_tile(
    section: Section,
    z: int,
    x: int,
    y: int,
    parameters: TileParameters | None = None,
    *,
    limit: float | None = None,
    gathers: Gathers | None = None,
) -> bytes:
    """PNG of one tile, 256 x 256 RGBA, transparent beyond the section; x runs along traces, y along samples.

    A pixel is the mean over its samples and up to four of its traces. Which ones depends on the level alone, so tiles meet without
    a seam.

    Args:
        limit: that of :func:`amplitude_limit` for the same parameters, where it is known already.
        gathers: needed for ``parameters.gather``, whose traces then are the whole width.

    Raises:
        ParameterError: there is no such tile or gather.
    """
    parameters = parameters or TileParameters()
    begin, width = 0, section.traces
    if parameters.gather is not None:
        if gathers is None:
            raise ParameterError("gather", "The section has no gathers")
        begin, width = gathers.span(parameters.gather)
    levels = pyramid(width, section.samples)
    if not levels.contains(z, x, y):
        raise ParameterError("z", "There is no such tile")
    limit = amplitude_limit(section, parameters) if limit is None else limit
    plane = _plane(section, begin, levels, (z, x, y), parameters)
    picture = np.zeros((TILE, TILE, 4), np.uint8)
    inside = picture[: plane.shape[0], : plane.shape[1]]
    inside[..., :3] = colours(plane, limit, parameters.colormap)
    inside[..., 3] = 255
    return png(picture, PNG_LEVEL)


def _plane(
    section: Section, begin: int, levels: Pyramid, place: tuple[int, int, int], parameters: TileParameters
) -> npt.NDArray[np.float32]:
    """Mean amplitudes [samples, traces] of the part of a tile that lies inside the section."""
    z, x, y = place
    factor = levels.factor(z)
    first_sample = y * TILE * factor
    samples = min(TILE * factor, levels.height - first_sample)
    columns = min(TILE, -(-(levels.width - x * TILE * factor) // factor))
    each = min(TRACES_A_PIXEL, factor)
    plane = np.empty((-(-samples // factor), columns), np.float32)
    step = max(1, CHUNK_SAMPLES // (section.samples * each))
    for at in range(0, columns, step):
        pixels = x * TILE + np.arange(at, min(at + step, columns))
        traces = pixels[:, None] * factor + ((np.arange(each) + 0.5) * factor / each).astype(np.int64)
        rows = read_gained(section, begin + np.minimum(traces, levels.width - 1).reshape(-1), first_sample, samples, parameters)
        edges = np.arange(0, samples, factor)
        sums = np.add.reduceat(rows, edges, axis=1, dtype=np.float32) / np.diff(np.append(edges, samples)).astype(np.float32)
        plane[:, at : at + pixels.size] = sums.reshape(pixels.size, each, -1).mean(axis=1).T
    return plane
