"""Input, output and what was changed, side by side on one scale."""

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.dead import mark
from pentaprism.engines.seismic.formats.section import ArraySection, Rows
from pentaprism.engines.seismic.pictures.axes import draw_axes, draw_times, time_axis
from pentaprism.engines.seismic.pictures.canvas import FAINT, MARK, Box, Canvas
from pentaprism.engines.seismic.pictures.colormaps import colours, palette
from pentaprism.engines.seismic.pictures.limits import Magnitudes
from pentaprism.engines.seismic.pictures.parameters import PreviewParameters
from pentaprism.engines.seismic.pictures.window import Window, reduced

WIDTH, HEIGHT = 1800, 700
LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 72, 96, 74, 34, 16
CLIP = 99.0
BAR = 8


def draw_comparison(
    before: Rows,
    after: Rows,
    *,
    filled: npt.ArrayLike = (),
    reference: Rows | None = None,
    interval_us: float | None = None,
    delay_ms: float = 0.0,
    title: str = "",
    first_trace: int = 0,
    colormap: str = "gray",
) -> bytes:
    """PNG of 1800 x 700: input, output, their difference and, where it is known, the truth.

    All panels share the scale that the 99th percentile of the input's magnitudes gives; filled traces carry a bar.

    Args:
        before, after, reference: one gather each, [trace, sample].
        filled: trace numbers inside the gather, or a mask [traces].
        first_trace: number of the gather's first trace in the section.
    """
    traces, samples = before.shape
    panels = [("Input", before), ("Output", after), ("Difference", after - before)]
    if reference is not None:
        panels.append(("Reference", reference))
    magnitudes = Magnitudes(traces, samples)
    magnitudes.add(np.nan_to_num(before, posinf=0, neginf=0))
    limit = magnitudes.limit(CLIP)
    canvas = Canvas(WIDTH, HEIGHT)
    canvas.text(LEFT, 12, title or "Input, output and difference", size=17)
    window = Window(0, traces, 0, samples)
    numbered = Window(first_trace, traces, 0, samples)
    axis = time_axis(interval_us, delay_ms, samples)
    width = (WIDTH - LEFT - RIGHT - BETWEEN * (len(panels) - 1)) // len(panels)
    marked = mark(np.asarray(filled), traces)
    for number, (name, rows) in enumerate(panels):
        left = LEFT + number * (width + BETWEEN)
        box = Box(left, TOP, left + width, HEIGHT - BOTTOM)
        drawn = PreviewParameters(width=width, height=box.height, colormap=colormap, clip=CLIP)
        plane, _ = reduced(ArraySection(rows, interval_us), window, width, box.height, drawn)
        canvas.paste(colours(plane, limit, colormap), box)
        draw_axes(canvas, box, numbered, axis, times=False, name="")
        canvas.text(left, TOP - 24, name, size=14, anchor="ld")
        if name != "Reference":
            _draw_bars(canvas, box, marked)
        if number == 0:
            draw_times(canvas, box, numbered, axis)
    _draw_scale(canvas, limit, colormap)
    note = f"one scale, clipped at the 99th percentile of the input ({limit:.4g})"
    count = int(marked.sum())
    canvas.text(LEFT, HEIGHT - 9, note + (f"; {count} filled traces are marked" if count else ""), size=12, anchor="ld", colour=FAINT)
    return canvas.png()


def _draw_bars(canvas: Canvas, box: Box, marked: npt.NDArray[np.bool_]) -> None:
    edges = np.rint(np.arange(marked.size + 1) * (box.width / marked.size)).astype(int) + box.left
    for trace in np.flatnonzero(marked).tolist():
        left, right = int(edges[trace]), max(int(edges[trace + 1]), int(edges[trace]) + 1)
        canvas.fill(Box(left, box.bottom + 2, right, box.bottom + 2 + BAR), MARK)


def _draw_scale(canvas: Canvas, limit: float, colormap: str) -> None:
    box = Box(WIDTH - RIGHT + 18, TOP, WIDTH - RIGHT + 34, HEIGHT - BOTTOM)
    shades = palette(colormap)[np.rint(np.linspace(255, 1, box.height)).astype(int)]
    canvas.paste(np.ascontiguousarray(np.broadcast_to(shades[:, None], (box.height, box.width, 3))), box)
    canvas.frame(box)
    for place, value in ((0.0, limit), (0.5, 0.0), (1.0, -limit)):
        canvas.text(box.right + 5, box.top + place * box.height, f"{value:.3g}", size=11, anchor="lm")
