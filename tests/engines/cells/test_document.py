"""The document of a picture: stages, nesting, calibration, models that are not there."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import cells_scenes as scenes
from pentaprism.engines.cells import CellsEngine, SegmentParameters
from pentaprism.engines.cells.document import CellsDocument, Outline, analyse, calibrated, confidence_score, describe

CLASSICAL = SegmentParameters(model="classical")


def box(x: float, y: float, side: float) -> np.ndarray:
    return np.array([[x, y], [x + side, y], [x + side, y + side], [x, y + side]], np.float64)


def document(content: bytes, **options: object) -> CellsDocument:
    return analyse(content, CLASSICAL, lambda: CellsEngine(1), available=("auto", "classical"), **options)  # type: ignore[arg-type]


def test_stages_come_in_order_and_reports_rise_within_each() -> None:
    entered: list[str] = []
    reports: dict[str, list[float]] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        entered.append(name)
        yield

    found = document(scenes.two_disks(), stage=stage, report=lambda share: reports.setdefault(entered[-1], []).append(share))
    assert entered == ["decode", "prepare", "infer", "outline", "measure"]
    assert reports["infer"] == sorted(reports["infer"])
    assert found.description.cell_count == 2
    assert (found.width, found.height, found.page) == (260, 200, 0)


def test_a_report_that_raises_ends_the_work() -> None:
    class Stopped(Exception):
        pass

    def stop(_share: float) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        document(scenes.two_disks(), report=stop)


def test_equal_input_gives_equal_polygons_apart_from_their_ids() -> None:
    first, second = (document(scenes.ring_with_island()).description for _ in range(2))
    assert first.summary == second.summary
    for one, other in zip(first.polygons, second.polygons, strict=True):
        assert {**one, "id": 0, "parentId": 0} == {**other, "id": 0, "parentId": 0}
        assert one["id"] != other["id"]


def test_a_model_without_a_file_is_replaced_and_named() -> None:
    model = document(scenes.two_disks(), requested="resunet").model
    assert (model["requested"], model["fallback"]) == ("resunet", True)
    assert model["used"] in {"classical", "spheroid", "nuclei"}
    assert "resunet" in model["reason"]
    assert document(scenes.two_disks()).model["fallback"] is False


def test_every_object_is_measured_on_its_stored_outline() -> None:
    found = document(scenes.ring_with_island())
    outlines = [
        Outline(
            item["id"], item["type"] == "external", np.array([(p["x"], p["y"]) for p in item["points"]]), item["parentId"], item["depth"]
        )
        for item in found.description.polygons
    ]
    again = describe(outlines, None, (found.height, found.width), None)
    for one, other in zip(found.description.polygons, again.polygons, strict=True):
        if one["type"] == "external":
            kept = {key: value for key, value in one["features"].items() if "intensity" not in key}
            assert kept == {key: value for key, value in other["features"].items() if "intensity" not in key}


def test_an_invalid_hole_makes_its_object_unmeasurable_and_nothing_else() -> None:
    outlines = [
        Outline("a", True, box(10, 10, 40)),
        Outline("h", False, box(20, 20, 10), parent="a", depth=1, valid=False),
        Outline("b", True, box(60, 10, 10)),
    ]
    found = describe(outlines, None, (100, 100), None)
    a, hole, b = found.polygons
    assert (a["valid"], a["features"], a["area"], hole["area"], hole["valid"]) == (False, None, None, None, False)
    assert (b["valid"], b["area"]) == (True, pytest.approx(100))
    assert found.summary is not None
    assert found.summary["object_count"] == 2


def test_square_pixels_scale_and_others_are_measured_again() -> None:
    polygons = describe([Outline("a", True, box(10, 10, 20)), Outline("h", False, box(15, 15, 10), "a", 1)], None, (100, 100), None)
    square, summary = calibrated(
        [dict(item, features=item.get("features") and dict(item["features"])) for item in polygons.polygons],
        polygons.summary,
        {"x": 0.5, "y": 0.5},
    )
    assert square[0]["features"]["area_um2"] == pytest.approx(75)
    assert square[0]["features"]["perimeter_um"] == pytest.approx(40)
    assert summary is not None
    assert summary["summary"]["area_um2"] == {"mean": 75, "median": 75, "std": None, "min": 75, "max": 75}
    flat, _ = calibrated(polygons.polygons, polygons.summary, {"x": 2, "y": 0.5})
    assert flat[0]["features"]["area_um2"] == pytest.approx(300)
    assert flat[0]["features"]["perimeter_um"] == pytest.approx(100)
    assert flat[0]["features"]["feret_diameter_min_um"] == pytest.approx(10)


def test_the_confidence_score_weighs_by_area_and_skips_drawn_objects() -> None:
    outlines = [
        Outline("a", True, box(0, 0, 10), confidence=0.5),
        Outline("b", True, box(20, 0, 20), confidence=1.0),
        Outline("c", True, box(60, 0, 30)),
    ]
    assert describe(outlines, None, (100, 100), "mean_probability").confidence == pytest.approx((50 + 400) / 500)
    assert confidence_score([]) is None
