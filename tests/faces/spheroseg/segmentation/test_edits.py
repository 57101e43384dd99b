"""Edited polygons: how they are read, nested, measured and versioned."""

import json
from typing import Any

import pytest

import cells_scenes as scenes


def put(person: Any, image: str, polygons: Any, **options: Any) -> Any:
    return person.call("PUT", f"/api/images/{image}/segmentation", json={"polygons": polygons}, **options)


def drawn(*points: tuple[float, float], **fields: Any) -> dict[str, Any]:
    return {"points": [{"x": x, "y": y} for x, y in points], **fields}


def test_a_square_has_the_numbers_of_a_square(ann: Any, image: str) -> None:
    x, y = 31.37, 42.91
    body = put(ann, image, [{"id": "a", "points": scenes.square(x, y, 10), "area": 5, "features": {"area": 7}}]).json()
    (polygon,) = body["polygons"]
    features = polygon["features"]
    assert (body["version"], body["source"], body["status"], polygon["source"], polygon["confidence"]) == (
        1,
        "manual",
        "completed",
        "manual",
        None,
    )
    expected = {
        "area": 100, "perimeter": 40, "circularity": 0.78539816339, "feret_diameter_max": 14.142135623730951, "feret_diameter_min": 10,
        "equivalent_diameter": 11.283791670955125, "sphericity": 0.886226925452758, "major_axis": 11.547005383792516, "eccentricity": 0,
        "centroid_x": x + 5, "centroid_y": y + 5, "solidity": 1, "convexity": 1, "hole_count": 0,
    }  # fmt: skip
    assert {key: features[key] for key in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)
    assert polygon["area"] == pytest.approx(100, rel=1e-9)
    assert polygon["bbox"] == [31.37, 42.91, 10, 10]
    assert features["mean_intensity"] is not None


def test_a_square_with_a_hole_counts_its_own_hole(ann: Any, image: str) -> None:
    polygons = [{"id": "o", "points": scenes.square(20, 20, 20)}, {"type": "internal", "points": scenes.square(25, 25, 10)}]
    body = put(ann, image, [*polygons, {"id": "d", "points": scenes.square(60, 20, 10)}]).json()
    first, hole, second = body["polygons"]
    assert (hole["type"], hole["parentId"], hole["area"], hole["depth"]) == ("internal", "o", 100, 1)
    assert first["features"]["area"] == pytest.approx(300, rel=1e-9)
    assert first["features"]["filled_area"] == pytest.approx(400, rel=1e-9)
    assert first["features"]["circularity"] == pytest.approx(0.58904862, rel=1e-7)
    assert first["features"]["solidity"] == pytest.approx(0.75, rel=1e-9)
    assert second["area"] == pytest.approx(100, rel=1e-9)
    assert [first["label"], second["label"]] == [1, 2]
    assert body["results"]["cell_count"] == 2


def test_rings_get_their_direction_and_islands_their_hole(ann: Any, image: str) -> None:
    polygons = [
        {"id": "island", "points": scenes.square(40, 40, 10)},
        {"id": "outer", "points": scenes.square(20, 20, 50)[::-1]},
        {"id": "hole", "type": "internal", "points": scenes.square(30, 30, 30)},
    ]
    found = {item["id"]: item for item in put(ann, image, polygons).json()["polygons"]}
    assert (found["outer"]["parentId"], found["hole"]["parentId"], found["island"]["parentId"]) == (None, "outer", "hole")
    assert [found[name]["depth"] for name in ("outer", "hole", "island")] == [0, 1, 2]

    def turn(polygon: dict[str, Any]) -> float:
        points = [(point["x"], point["y"]) for point in polygon["points"]]
        return sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(points, points[1:] + points[:1], strict=True))

    assert turn(found["outer"]) > 0
    assert turn(found["island"]) > 0
    assert turn(found["hole"]) < 0


def test_a_hole_without_an_object_around_it_is_refused(ann: Any, image: str) -> None:
    response = put(ann, image, [{"points": scenes.square(20, 20, 10)}, {"type": "internal", "points": scenes.square(100, 100, 5)}])
    assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR")
    assert ann.get(f"/api/images/{image}/segmentation").json()["version"] is None


def test_a_hole_takes_the_smallest_object_around_it(ann: Any, image: str) -> None:
    polygons = [
        {"id": "large", "points": scenes.square(10, 10, 100)},
        {"id": "small", "points": scenes.square(20, 20, 40)},
        {"id": "hole", "type": "internal", "parentId": "nobody", "points": scenes.square(30, 30, 10)},
    ]
    found = {item["id"]: item for item in put(ann, image, polygons).json()["polygons"]}
    assert found["hole"]["parentId"] == "small"
    assert found["large"]["area"] == pytest.approx(10_000)


def test_points_may_be_pairs_and_are_clipped_within_a_pixel(ann: Any, image: str) -> None:
    body = put(ann, image, [{"points": [[-0.9, -0.5], [30, -1], [30, 20.123456], [0, 20]]}]).json()
    points = body["polygons"][0]["points"]
    assert {"x": 0, "y": 0} in points
    assert {"x": 30, "y": 20.12} in points
    assert body["polygons"][0]["touches_border"] is True


def test_bad_polygons_are_refused(ann: Any, image: str) -> None:
    good = scenes.square(20, 20, 10)
    bad: list[Any] = [
        [{"points": good[:2]}],
        [{"points": [*good, {"x": 300, "y": 10}]}],
        [{"points": [*good, {"x": 10, "y": -1.5}]}],
        [{"points": [*good, {"x": "1", "y": 2}]}],
        [{"points": [*good, {"x": True, "y": 2}]}],
        [{"points": [*good, [1, 2, 3]]}],
        [{"points": [*good, None]}],
        [{"points": None}],
        [{"points": good, "type": "sideways"}],
        ["polygon"],
        {"polygons": 1},
        None,
        [{"points": good}] * 20_001,
    ]
    for polygons in bad:
        response = put(ann, image, polygons)
        assert (response.status_code, response.json()["error"]) == (400, "VALIDATION_ERROR"), str(polygons)[:80]
    for raw in (
        b'{"polygons":[{"points":[[NaN,1],[2,2],[3,1]]}]}',
        b'{"polygons":[{"points":[[1e999,1],[2,2],[3,1]]}]}',
        b"not json",
        b"",
        b"[]",
    ):
        assert ann.call("PUT", f"/api/images/{image}/segmentation", content=raw).status_code == 400, raw
    assert ann.get(f"/api/images/{image}/segmentation").json()["version"] is None


def test_every_form_of_the_body_is_read_and_answered_as_stored(ann: Any, image: str) -> None:
    polygons = [{"id": "a", "points": scenes.square(20, 20, 10)}]
    bodies = [
        {"status": "completed", "result_data": {"polygons": polygons, "metadata": {"by": "hand"}}},
        {"polygons": polygons},
        {"results": {"polygons": polygons}},
    ]
    for number, body in enumerate(bodies, 1):
        response = ann.call("PUT", f"/api/images/{image}/segmentation", json=body)
        found = response.json()
        assert (response.status_code, found["version"]) == (200, number)
        assert found["result_data"]["polygons"] == found["polygons"]
        assert response.headers["ETag"].startswith(f'"v{number}-')
    assert ann.get(f"/api/images/{image}/segmentation/versions/1").json()["version"] == 1


def test_ids_that_are_missing_or_double_are_replaced(ann: Any, image: str) -> None:
    polygons = [{"id": "a", "points": scenes.square(10 + 20 * index, 20, 10)} for index in range(2)] + [
        {"points": scenes.square(80, 20, 10)}
    ]
    ids = [item["id"] for item in put(ann, image, polygons).json()["polygons"]]
    assert ids[0] == "a"
    assert len(set(ids)) == 3


def test_a_polygon_that_crosses_itself_is_kept_without_numbers(ann: Any, image: str) -> None:
    bow = drawn((10, 10), (30, 30), (30, 10), (10, 30), id="bow")
    body = put(ann, image, [bow, {"id": "ok", "points": scenes.square(50, 50, 10)}]).json()
    found = {item["id"]: item for item in body["polygons"]}
    assert found["bow"]["points"] == bow["points"]
    assert (found["bow"]["valid"], found["bow"]["features"], found["bow"]["area"]) == (False, None, None)
    assert found["ok"]["valid"] is True
    assert any("bow" in warning for warning in body["warnings"])
    assert body["results"]["cell_count"] == 2
    assert body["results"]["features"]["summary"]["area"]["mean"] == pytest.approx(100)


def test_untouched_objects_of_a_run_keep_source_and_confidence(server: Any, ann: Any, image: str) -> None:
    path = f"/api/images/{image}/segmentation"
    ann.post(path)
    scenes.work(server)
    before = ann.get(path).json()
    moved = json.loads(json.dumps(before["polygons"]))
    for point in moved[0]["points"]:
        point["x"] += 1
    after = put(ann, image, moved).json()
    assert (after["polygons"][0]["source"], after["polygons"][0]["confidence"]) == ("manual", None)
    assert after["polygons"][1] == {**before["polygons"][1]}
    assert after["polygons"][0]["area"] == pytest.approx(before["polygons"][0]["area"], rel=1e-6)
    assert after["results"]["confidence_score"] == pytest.approx(before["polygons"][1]["confidence"])


def test_a_stale_edit_is_refused_and_a_current_one_counts_on(ann: Any, image: str) -> None:
    polygons = [{"points": scenes.square(20, 20, 10)}]
    first = put(ann, image, polygons)
    second = put(ann, image, polygons, headers={"If-Match": first.headers["ETag"]})
    assert (second.status_code, second.json()["version"]) == (200, 2)
    stale = put(ann, image, polygons, headers={"If-Match": first.headers["ETag"]})
    assert (stale.status_code, stale.json()["error"]) == (412, "PRECONDITION_FAILED")
    assert stale.json()["details"]["currentVersion"] == 2
    assert put(ann, image, polygons, headers={"If-Match": '"2"'}).json()["version"] == 3
    assert put(ann, image, polygons).json()["version"] == 4


def test_an_edit_during_a_run_stays_current(server: Any, ann: Any, image: str) -> None:
    path = f"/api/images/{image}/segmentation"
    task = ann.post(path).json()["taskId"]
    assert put(ann, image, [{"id": "mine", "points": scenes.square(20, 20, 10)}]).json()["version"] == 1
    scenes.work(server)
    document = ann.get(path).json()
    assert (document["version"], document["source"], document["status"]) == (1, "manual", "completed")
    versions = ann.get(f"{path}/versions").json()
    assert [(item["version"], item["source"], item["current"]) for item in versions["versions"]] == [
        (2, "model", False),
        (1, "manual", True),
    ]
    assert scenes.job_of(server, task).result["current"] is False
    assert ann.get(f"{path}/versions/2").json()["results"]["cell_count"] == 2


def test_versions_can_be_read_restored_and_only_fifty_are_kept(ann: Any, image: str) -> None:
    path = f"/api/images/{image}/segmentation"
    for index in range(3):
        put(ann, image, [{"id": f"p{index}", "points": scenes.square(20 + index, 20, 10)}])
    first = ann.get(f"{path}/versions/1").json()
    assert (first["current"], first["polygons"][0]["id"]) == (False, "p0")
    restored = ann.post(f"{path}/versions/1/restore")
    assert restored.status_code == 200
    assert (restored.json()["version"], restored.json()["polygons"]) == (4, first["polygons"])
    for missing in ("9", "0", "-1", "x", "99999999999"):
        assert ann.get(f"{path}/versions/{missing}").status_code == 404
        assert ann.post(f"{path}/versions/{missing}/restore").status_code == 404
    for _ in range(50):
        ann.post(f"{path}/versions/4/restore" if _ < 40 else f"{path}/versions/40/restore")
    listed = ann.get(f"{path}/versions").json()["versions"]
    assert len(listed) == 50
    assert listed[0]["version"] == 54
    assert listed[0]["current"] is True
    keys = {"version", "source", "model", "parameters", "cell_count", "created_at", "created_by", "current"}
    assert set(listed[0]) >= keys
    assert listed[0]["created_by"] == ann.id


def test_large_edits_are_limited_by_points(ann: Any, image: str) -> None:
    many = [[index % 200, (index // 200) % 190] for index in range(250_001)]
    response = put(ann, image, [{"points": many}, {"points": many}])
    assert response.status_code == 400
    assert "500000" in response.json()["message"]


def test_an_empty_edit_is_a_result_without_objects(ann: Any, image: str) -> None:
    body = put(ann, image, []).json()
    assert (body["status"], body["results"]["cell_count"], body["results"]["features"], body["results"]["confidence_score"]) == (
        "completed",
        0,
        None,
        None,
    )
