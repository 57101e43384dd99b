"""What a run can be asked for."""

from typing import Any

import numpy as np
import pytest

import cells_scenes as scenes
from cells_scenes import result, segmented

EFFECTIVE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {"threshold": 0.5, "min_size": 100, "min_hole_size": 50, "split_touching": True, "fill_holes": False, "polarity": "auto"}),
    ({"parameters": {"minArea": 7}}, {"min_size": 7}),
    ({"parameters": {"min_area": 8}}, {"min_size": 8}),
    ({"parameters": {"minSize": 9.5}}, {"min_size": 9.5}),
    ({"model_type": "resunet"}, {"model": "resunet"}),
    ({"modelType": "classical"}, {"model": "classical"}),
    ({"parameters": {"model": "classical", "threshold": 0.3, "channel": 0}}, {"model": "classical", "threshold": 0.3, "channel": 0}),
    ({"parameters": None, "priority": None}, {"page": 0}),
]


def test_parameters_have_aliases_and_defaults(ann: Any, image: str) -> None:
    for body, expected in EFFECTIVE:
        answer = ann.post(f"/api/images/{image}/segmentation", json=body).json()
        assert expected.items() <= answer["parameters"].items()
        assert answer["warnings"] == []
        ann.call("DELETE", f"/api/images/{image}/segmentation")


WRONG: list[dict[str, Any]] = [
    *({"parameters": {"threshold": value}} for value in (0, 1, 2, -0.5, "0.5", True, [])),
    *({"parameters": {"min_size": value}} for value in (-1, "x", True)),
    *({"priority": value} for value in (-1, 11, 1.5, "high", True)),
    *({"parameters": {key: "yes"}} for key in ("split_touching", "fill_holes", "exclude_border")),
    {"parameters": {"polarity": "grey"}},
    {"parameters": {"projection": "min"}},
    *({"parameters": {"channel": value}} for value in (1, -1, "red", True)),
    *({"parameters": {"page": value}} for value in (1, -1, "0")),
    {"parameters": []},
    {"model": "unknown"},
    {"model": 5},
]


def test_wrong_parameters_are_refused(ann: Any, image: str) -> None:
    for body in WRONG:
        response = ann.post(f"/api/images/{image}/segmentation", json=body)
        assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR"), body
        assert response.json()["details"]["field"]
    assert result(ann, image)["status"] == "without_segmentation"


def test_an_unknown_model_is_refused_with_the_list(ann: Any, image: str) -> None:
    body = ann.post(f"/api/images/{image}/segmentation", json={"model": "yolo"}).json()
    assert {"auto", "classical", "resunet"} <= set(body["details"]["models"])


def test_unknown_keys_are_named_in_warnings_and_change_nothing(server: Any, ann: Any, image: str) -> None:
    body = {"treshold": 3, "parameters": {"blur": True, "threshold": 0.5}}
    answer = ann.post(f"/api/images/{image}/segmentation", json=body).json()
    assert any("treshold" in text for text in answer["warnings"])
    assert any("blur" in text for text in answer["warnings"])
    scenes.work(server)
    assert any("blur" in text for text in result(ann, image)["warnings"])


def test_raising_the_threshold_never_enlarges_the_foreground(server: Any, ann: Any, image: str) -> None:
    areas = [
        segmented(server, ann, image, parameters={"threshold": value})["results"]["features"]["total_area"] for value in (0.3, 0.5, 0.7)
    ]
    assert areas[0] > areas[2]
    assert areas == sorted(areas, reverse=True)


def test_small_objects_and_border_objects_are_dropped_on_request(server: Any, ann: Any) -> None:
    picture = scenes.noisy(scenes.smooth(160, 220, [(60, 80, 30), (150, 60, 9), (218, 120, 25)]))
    image = ann.image(ann.project(), "three.png", scenes.png(picture))["id"]
    everything = segmented(server, ann, image, parameters={"min_size": 50, "model": "classical"})
    assert everything["results"]["cell_count"] == 3
    assert [item["touches_border"] for item in sorted(scenes.externals(everything), key=lambda item: item["bbox"][0])] == [
        False,
        False,
        True,
    ]
    larger = segmented(server, ann, image, parameters={"min_size": 400, "model": "classical"})
    assert larger["results"]["cell_count"] == 2
    inner = segmented(server, ann, image, parameters={"min_size": 400, "exclude_border": True, "model": "classical"})
    assert inner["results"]["cell_count"] == 1


def test_each_page_of_a_stack_can_be_analysed(server: Any, ann: Any) -> None:
    pages = [scenes.noisy(scenes.smooth(120, 140, [(70, 60, 15 + 6 * index)]), seed=index) for index in range(5)]
    image = ann.image(ann.project(), "stack.tif", scenes.tiff16(*pages))["id"]
    first = segmented(server, ann, image)
    last = segmented(server, ann, image, parameters={"page": 4})
    assert (first["page"], last["page"]) == (0, 4)
    assert last["polygons"][0]["area"] == pytest.approx(np.pi * 39**2, rel=0.02)
    assert first["polygons"][0]["area"] == pytest.approx(np.pi * 15**2, rel=0.03)
    assert last["polygons"][0]["features"]["max_intensity"] > 255
    assert ann.post(f"/api/images/{image}/segmentation", json={"parameters": {"page": 5}}).status_code == 400
