"""The cells engine: a plane in, labelled objects with a probability map and confidences out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pentaprism.engines.cells import classical, instances, regions
from pentaprism.engines.cells.counting import areas_of
from pentaprism.engines.cells.fields import Field, classical_field, network_field
from pentaprism.engines.cells.networks import NetworkStore
from pentaprism.engines.cells.parameters import Labels, Mask, Plane, Report, Segmentation, SegmentParameters, Tick, silent
from pentaprism.engines.cells.scaling import Scale, scale_of, shrink
from pentaprism.engines.cells.select import choose, look_at
from pentaprism.engines.cells.territories import Window, territories_of

CLASSICAL_VERSION = "1.0.0"
STABILITY_STEP = 0.05


class CellsEngine:
    """Segments spheroids, organoids, nuclei and cells. Stateless between calls and safe to share between threads."""

    def __init__(self, threads: int = 2, networks: NetworkStore | None = None) -> None:
        """``threads`` is the number of CPU threads of one inference; networks load at first use."""
        self._networks = networks or NetworkStore(threads)

    def segment(self, plane: Plane, params: SegmentParameters | None = None, report: Report | None = None) -> Segmentation:
        """Segments one plane.

        ``plane`` [H, W] of any integer, boolean or floating type, in raw samples. ``report`` is called with 0..1 between steps of work
        and may raise to cancel. Equal input gives equal output. Raises ValueError for a plane that is not two-dimensional or is empty.
        """
        params, report = params or SegmentParameters(), report or silent
        if plane.ndim != 2 or plane.size == 0:
            raise ValueError(f"a plane has two axes and at least one pixel, got shape {plane.shape}")
        scale = scale_of(plane)
        report(0.02)
        if scale.flat:
            return _nothing(plane, params)
        field = self._field(plane, scale, params, report)
        report(0.7)
        return self._objects(field, params, report)

    def _field(self, plane: Plane, scale: Scale, params: SegmentParameters, report: Report) -> Field:
        small, factor = shrink(plane, scale, classical.WORKING_SIDE)
        if params.model in ("auto", "classical"):
            noise = classical.noise_of(scale.apply(_centre(plane)))
            plan = classical.plan_of(small, factor, noise, params.polarity)
            report(0.06)
            name = choose(look_at(small, plan), plan) if params.model == "auto" else "classical"
            if name == "classical" or name not in self._networks.names():
                field = classical_field(plane, scale, plan, factor, report)
                if name != "classical":
                    field.warnings.append(f"the weights of {name} are not installed: the classical engine was used")
                return field
            params = replace(params, model=name)
        return network_field(self._networks.get(params.model), plane, scale, small, factor, params.polarity, report)

    def _objects(self, field: Field, params: SegmentParameters, report: Report) -> Segmentation:
        def split(window: Window, mask: Mask, step: int) -> Labels:
            return field.split(window, mask, step)

        reference = field.above(0.5)
        if params.split_touching:
            territory = territories_of(reference, split, lambda share: report(0.7 + 0.2 * share))
        else:
            territory = instances.connected_parts(reference)
        del reference
        labels = _cut(field, territory, params, lambda: report(0.9))
        report(0.94)
        labels = regions.finish(labels, params.min_size, params.exclude_border, lambda: report(0.94))
        report(0.97)
        confidences = self._confidences(field, labels, params, lambda: report(0.97))
        report(1.0)
        return Segmentation(
            labels, field.outline_map(params.threshold, labels), confidences, field.confidence_method, field.model, field.version,
            field.sha256, field.polarity, field.scale, list(field.warnings),
        )  # fmt: skip

    @staticmethod
    def _confidences(field: Field, labels: Labels, params: SegmentParameters, tick: Tick) -> list[float]:
        count = int(labels.max())
        if count == 0:
            return []
        if field.confidence_method == "mean_probability":
            return field.means(labels, count)
        low = max(params.threshold - STABILITY_STEP, 0.01)
        high = min(params.threshold + STABILITY_STEP, 0.99)
        wide = regions.extend(labels, field.above(low) | (labels > 0), tick)
        return _stability(wide, labels, field.above(high), count)


def _cut(field: Field, territory: Labels, params: SegmentParameters, tick: Tick) -> Labels:
    """Territories cut at the threshold, small holes closed."""
    labels = regions.extend(territory, field.above(params.threshold), tick) if params.threshold != 0.5 else territory
    return regions.fill(labels, params.min_hole_size, params.fill_holes, tick)


def _stability(wide: Labels, labels: Labels, strict: Mask, count: int) -> list[float]:
    """IoU of every object between the two thresholds; pixels of closed holes count for both."""
    highest = int(wide.max())
    size = areas_of(wide, highest)[1 : count + 1]
    core = areas_of(labels, count, strict)[1:]
    return [float(v) for v in np.clip(core / np.maximum(size, 1), 0.0, 1.0)]


def _centre(plane: Plane, side: int = 2048) -> Plane:
    """The middle of a large plane, where noise is measured at full size."""
    top, left = max(0, (plane.shape[0] - side) // 2), max(0, (plane.shape[1] - side) // 2)
    return plane[top : top + side, left : left + side]


def _nothing(plane: Plane, params: SegmentParameters) -> Segmentation:
    labels: npt.NDArray[np.int32] = np.zeros(plane.shape, np.int32)
    zero = np.zeros(plane.shape, np.float32)
    warning = "the picture has no contrast"
    return Segmentation(labels, zero, [], "threshold_stability", "classical", CLASSICAL_VERSION, None, params.polarity, 1.0, [warning])
