"""Axes of a section: trace numbers above, times to the left."""

from dataclasses import dataclass

from pentaprism.engines.seismic.formats.section import Section
from pentaprism.engines.seismic.pictures.canvas import FAINT, INK, Box, Canvas, labels, ticks
from pentaprism.engines.seismic.pictures.window import Window

TICK = 5
PIXELS_A_TIME, PIXELS_A_TRACE = 48, 90


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """From the time of the first sample on; without an interval it counts samples."""

    start: float
    step: float
    unit: str

    def label(self) -> str:
        """What the axis shows."""
        return "sample" if self.unit == "" else f"time ({self.unit})"


def time_axis(interval_us: float | None, delay_ms: float, samples: int) -> TimeAxis:
    """Seconds for long records, ms for short ones, µs for those of radar and ultrasound."""
    if interval_us is None:
        return TimeAxis(0.0, 1.0, "")
    span = samples * interval_us
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if span >= 2 * size:
            return TimeAxis(delay_ms * 1000 / size, interval_us / size, unit)
    return TimeAxis(delay_ms * 1000, interval_us, "µs")


def axis_of(section: Section, window: Window) -> TimeAxis:
    """The time axis of a window."""
    return time_axis(section.interval_us, section.delay_ms, window.first_sample + window.samples)


def draw_axes(canvas: Canvas, box: Box, window: Window, axis: TimeAxis, *, times: bool = True, name: str = "trace") -> None:
    """Frame, ticks and numbers around ``box``, which shows ``window``."""
    canvas.frame(box)
    numbers = ticks(window.first_trace, window.first_trace + window.traces - 1, max(2, box.width // PIXELS_A_TRACE), whole=True)
    for number in numbers:
        x = box.left + (number - window.first_trace + 0.5) * box.width / window.traces
        canvas.line([(x, box.top - TICK), (x, box.top - 1)])
        canvas.text(x, box.top - TICK - 2, f"{number:.0f}", size=11, anchor="md")
    canvas.text(box.right, box.top - TICK - 16, name, size=11, anchor="rd", colour=FAINT)
    if times:
        draw_times(canvas, box, window, axis)


def draw_times(canvas: Canvas, box: Box, window: Window, axis: TimeAxis) -> None:
    """Ticks and numbers to the left of ``box``."""
    low = axis.start + window.first_sample * axis.step
    high = low + (window.samples - 1) * axis.step
    values = ticks(low, high, max(2, box.height // PIXELS_A_TIME))
    for value, words in zip(values, labels(values), strict=True):
        y = box.top + ((value - low) / axis.step + 0.5) * box.height / window.samples
        canvas.line([(box.left - TICK, y), (box.left - 1, y)])
        canvas.text(box.left - TICK - 3, y, words, size=11, anchor="rm")
    canvas.rotated(box.left - 48, (box.top + box.bottom) // 2, axis.label(), size=11, colour=INK)
