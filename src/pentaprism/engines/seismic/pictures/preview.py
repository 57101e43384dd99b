"""One picture of a section or of a window of it."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.dead import mark as mask_of
from pentaprism.engines.seismic.errors import ParameterError
from pentaprism.engines.seismic.formats.section import Rows, Section
from pentaprism.engines.seismic.gathers import Gathers
from pentaprism.engines.seismic.pictures.axes import axis_of, draw_axes
from pentaprism.engines.seismic.pictures.canvas import MARK, PNG_LEVEL, Box, Canvas
from pentaprism.engines.seismic.pictures.colormaps import Image, colours
from pentaprism.engines.seismic.pictures.gains import read_gained
from pentaprism.engines.seismic.pictures.limits import Magnitudes
from pentaprism.engines.seismic.pictures.parameters import MOST_WIGGLES, PreviewParameters
from pentaprism.engines.seismic.pictures.wiggles import draw_wiggles
from pentaprism.engines.seismic.pictures.window import Window, reduced, resampled, window_of
from pentaprism.imaging.encode import png

MARGIN_LEFT, MARGIN_TOP, MARGIN_RIGHT, MARGIN_BOTTOM = 62, 36, 12, 10
Traces = Collection[int] | npt.NDArray[np.generic]


def draw_preview(
    section: Section,
    parameters: PreviewParameters | None = None,
    *,
    gathers: Gathers | None = None,
    dead: Traces = (),
    filled: Traces = (),
) -> bytes:
    """PNG of exactly ``parameters.width`` x ``parameters.height``; equal input gives equal bytes.

    Colours are clipped at a percentile of the window shown. At most four traces a column are read, at equal distances.

    Args:
        gathers: needed for ``parameters.gather``.
        dead, filled: trace numbers or masks, for ``parameters.mark``.

    Raises:
        ParameterError: the window or gather is not there, or holds too many traces for wiggles.
    """
    parameters = parameters or PreviewParameters()
    window = window_of(section, parameters, gathers)
    if parameters.mode != "density" and window.traces > MOST_WIGGLES:
        raise ParameterError("mode", f"Wiggles can be drawn for up to {MOST_WIGGLES} traces; these are {window.traces}")
    box = _plot(parameters)
    image = _section_image(section, window, box, parameters)
    marked = {"none": (), "dead": dead, "filled": filled}[parameters.mark]
    _draw_marks(image, window, mask_of(marked, section.traces))
    if not parameters.axes:
        return png(image, PNG_LEVEL)
    canvas = Canvas(parameters.width, parameters.height)
    canvas.paste(image, box)
    draw_axes(canvas, box, window, axis_of(section, window))
    return canvas.png()


def _plot(parameters: PreviewParameters) -> Box:
    """Where the section lies; margins for axes give way in small pictures."""
    if not parameters.axes:
        return Box(0, 0, parameters.width, parameters.height)
    left, right = min(MARGIN_LEFT, parameters.width // 4), min(MARGIN_RIGHT, parameters.width // 8)
    top, bottom = min(MARGIN_TOP, parameters.height // 4), min(MARGIN_BOTTOM, parameters.height // 8)
    return Box(left, top, parameters.width - right, parameters.height - bottom)


def _section_image(section: Section, window: Window, box: Box, parameters: PreviewParameters) -> Image:
    if parameters.mode == "wiggle":
        image = np.full((box.height, box.width, 3), 255, np.uint8)
    else:
        plane, limit = reduced(section, window, box.width, box.height, parameters)
        image = colours(plane, limit, parameters.colormap)
    if parameters.mode != "density":
        rows, limit = _wiggle_rows(section, window, box, parameters)
        draw_wiggles(image, rows, limit, filled=parameters.mode == "wiggle")
    return image


def _wiggle_rows(section: Section, window: Window, box: Box, parameters: PreviewParameters) -> tuple[Rows, float]:
    magnitudes = Magnitudes(window.traces, window.samples)
    rows = np.empty((window.traces, box.height), np.float32)
    for row in range(window.traces):
        trace = np.array([window.first_trace + row])
        whole = read_gained(section, trace, window.first_sample, window.samples, parameters)
        magnitudes.add(whole)
        rows[row] = resampled(whole, box.height)[0]
    return rows, magnitudes.limit(parameters.clip)


def _draw_marks(image: Image, window: Window, marked: npt.NDArray[np.bool_]) -> None:
    """A bar above and below each marked trace, over the full width of its column."""
    width = image.shape[1]
    bar = max(3, image.shape[0] // 75)
    edges = np.rint(np.arange(window.traces + 1) * (width / window.traces)).astype(np.int64)
    for trace in np.flatnonzero(marked[window.first_trace : window.first_trace + window.traces]).tolist():
        left = min(int(edges[trace]), width - 1)
        right = max(int(edges[trace + 1]), left + 1)
        image[:bar, left:right] = image[-bar:, left:right] = MARK
