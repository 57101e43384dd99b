"""Where traces lie, from their headers."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.gathers import Gathers, GatherSearch

Numbers = npt.NDArray[np.int64]

GRID = ("inline", "crossline")
PLACES = (("cdp_x", "cdp_y"), ("source_x", "source_y"), ("group_x", "group_y"))
GEOMETRY_FIELDS = ("ffid", "cdp", "offset", "coordinate_scalar", *GRID, *(name for pair in PLACES for name in pair))
# Above this number of lines the survey is no regular grid; then lines are not listed.
MOST_LINES = 200_000


class GeometrySurvey:
    """Collects the geometry of a section, window by window."""

    def __init__(self, key: str, traces: int) -> None:
        self._search = GatherSearch(key, traces)
        self._auto = self._search if key == "auto" else GatherSearch("auto", traces)
        self._traces = traces
        self._lines: dict[str, Numbers | None] = {name: np.zeros(0, np.int64) for name in GRID}
        self._ranges: dict[str, tuple[int, int]] = {}
        self._bounds: dict[str, list[float]] = {}

    def add(self, fields: Mapping[str, Numbers]) -> None:
        """Header columns of the next traces."""
        columns = dict(fields)
        self._search.add(columns)
        if self._auto is not self._search:
            self._auto.add(columns)
        for name in ("offset", "cdp", *GRID):
            if name in columns:
                low, high = int(columns[name].min()), int(columns[name].max())
                before = self._ranges.get(name, (low, high))
                self._ranges[name] = min(low, before[0]), max(high, before[1])
                if name in GRID and (known := self._lines[name]) is not None and not (low == high and low in known[-1:]):
                    known = np.union1d(known, columns[name])
                    self._lines[name] = known if known.size <= MOST_LINES else None
        self._extend_bounds(columns)

    def result(self) -> tuple[Gathers, dict[str, Any]]:
        """The gathers, and the geometry ready for JSON."""
        gathers = self._search.result()
        offset = self._ranges.get("offset")
        return gathers, {
            "kind": self._kind(),
            "gather_key": gathers.key,
            "gathers": len(gathers),
            "traces_per_gather": {"min": int(gathers.counts.min()), "max": int(gathers.counts.max())},
            "offset": None if offset is None else {"min": offset[0], "max": offset[1]},
            **{name: self._line(name) for name in GRID},
            "bounds": self._box(),
        }

    def _kind(self) -> str:
        """Offsets or shots tell records before stack from sections after it."""
        counts = {name: (known.size if known is not None else MOST_LINES) for name, known in self._lines.items()}
        grid = min(counts.values()) > 1
        low, high = self._ranges.get("offset", (0, 0))
        if low != high or (not grid and self._auto.result().key in ("ffid", "cdp")):
            return "prestack"
        if grid:
            return "poststack_3d"
        cdp = self._ranges.get("cdp", (0, 0))
        return "poststack_2d" if max(counts.values()) > 1 or cdp[0] != cdp[1] else "unknown"

    def _line(self, name: str) -> dict[str, int] | None:
        low, high = self._ranges.get(name, (0, 0))
        known = self._lines[name]
        if known is None or (low, high) == (0, 0):
            return None
        step = int(np.diff(known).min()) if known.size > 1 else 0
        return {"min": low, "max": high, "step": step, "count": int(known.size)}

    def _extend_bounds(self, columns: dict[str, Numbers]) -> None:
        for x_name, y_name in PLACES:
            if x_name not in columns or y_name not in columns:
                continue
            x, y = columns[x_name], columns[y_name]
            placed = (x | y) != 0
            if not placed.any():
                continue
            scale = factors(columns["coordinate_scalar"])[placed] if "coordinate_scalar" in columns else 1.0
            x, y = x[placed] * scale, y[placed] * scale
            box = self._bounds.setdefault(x_name, [np.inf, np.inf, -np.inf, -np.inf])
            box[0], box[1] = min(box[0], float(x.min())), min(box[1], float(y.min()))
            box[2], box[3] = max(box[2], float(x.max())), max(box[3], float(y.max()))

    def _box(self) -> dict[str, float] | None:
        """Midpoints where they are given, else sources and receivers together."""
        boxes = [self._bounds["cdp_x"]] if "cdp_x" in self._bounds else list(self._bounds.values())
        if not boxes:
            return None
        edges = np.array(boxes)
        values = (*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())
        return dict(zip(("x_min", "y_min", "x_max", "y_max"), values, strict=True))


def factors(scalars: Numbers) -> npt.NDArray[np.float64]:
    """What coordinates are multiplied by: the scalar, the inverse of a negative one, 1 for 0."""
    values = scalars.astype(np.float64)
    values[values == 0] = 1
    return np.where(values < 0, 1 / np.abs(values), values)
