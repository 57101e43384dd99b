"""Runs: trigger, result, parameters, cancel, clear."""

from itertools import product
from typing import Any

import numpy as np
import pytest

import cells_scenes as scenes
from cells_scenes import result, segmented

BEFORE = {
    "id", "image_id", "status", "progress", "created_at", "completed_at", "processing_time", "results", "imageId", "project_id", "taskId",
    "version", "source", "stale", "queued_at", "started_at", "updated_at", "queue_time", "queue_position", "attempt", "imageWidth",
    "imageHeight", "pixel_size_um", "page", "parameters", "model", "warnings", "error", "polygons", "success", "message", "timestamp",
}  # fmt: skip
AFTER = BEFORE | {"cellCount", "processingTime", "confidence", "createdAt", "updatedAt"}
FEATURES = {
    "area", "filled_area", "hole_area", "hole_count", "perimeter", "perimeter_total", "circularity", "compactness", "sphericity",
    "convexity", "solidity", "equivalent_diameter", "volume_sphere", "feret_diameter_max", "feret_angle", "feret_diameter_min",
    "feret_diameter_max_orthogonal", "aspect_ratio", "major_axis", "minor_axis", "eccentricity", "orientation", "centroid_x", "centroid_y",
    "mean_intensity", "std_intensity", "min_intensity", "max_intensity", "integrated_intensity",
}  # fmt: skip


def test_an_image_without_a_run_has_an_empty_document(ann: Any, image: str) -> None:
    document = result(ann, image)
    assert set(document) >= BEFORE
    assert "data" not in document
    assert (document["id"], document["results"], document["polygons"], document["status"]) == (None, None, [], "without_segmentation")
    assert (document["imageWidth"], document["imageHeight"], document["pixel_size_um"]) == (260, 200, None)


def test_a_trigger_shows_everywhere_at_once(ann: Any, image: str) -> None:
    response = ann.post(f"/api/images/{image}/segmentation")
    body = response.json()
    assert response.status_code == 202
    assert set(body) >= {"taskId", "imageId", "status", "priority", "parameters", "model", "alreadyQueued", "warnings", "queueStatus"}
    assert (body["status"], body["priority"], body["alreadyQueued"], body["model"]) == ("queued", 1, False, "auto")
    assert body["queueStatus"]["pendingTasks"] == [body["taskId"]]
    assert ann.get(f"/api/images/{image}").json()["status"] == "queued"
    document = result(ann, image)
    assert (document["status"], document["taskId"], document["queue_position"]) == ("queued", body["taskId"], 1)
    queue = ann.get("/api/segmentation/queue").json()
    assert (queue["pending"], queue["queueLength"], queue["processing"], queue["runningTasks"]) == (1, 1, 0, [])
    assert queue["queuedImages"][0]["id"] == image


def test_a_run_finds_and_measures_the_disks(server: Any, ann: Any, image: str) -> None:
    document = segmented(server, ann, image)
    assert set(document) >= AFTER
    assert (document["status"], document["progress"], document["version"], document["source"]) == ("completed", 100, 1, "model")
    assert (document["results"]["cell_count"], document["cellCount"], document["stale"], document["attempt"]) == (2, 2, False, 1)
    assert document["polygons"] == document["results"]["polygons"]
    for found, (x, y, radius) in zip(sorted(scenes.externals(document), key=lambda item: item["bbox"][0]), scenes.TWO_DISKS, strict=True):
        assert set(found["features"]) == FEATURES
        assert found["area"] == pytest.approx(np.pi * radius**2, rel=0.01)
        assert (found["features"]["centroid_x"], found["features"]["centroid_y"]) == pytest.approx((x, y), abs=0.3)
        assert found["features"]["mean_intensity"] == pytest.approx(60, abs=5)
        assert found["valid"] is True
        assert 0 <= found["confidence"] <= 1
        assert all(round(value, 2) == value for point in found["points"] for value in point.values())
        ring = np.array([(point["x"], point["y"]) for point in found["points"]])
        assert np.sum(ring[:, 0] * np.roll(ring[:, 1], -1) - np.roll(ring[:, 0], -1) * ring[:, 1]) > 0
    assert [item["label"] for item in scenes.externals(document)] == [1, 2]
    features = document["results"]["features"]
    assert features["object_count"] == 2
    assert features["area_fraction"] == pytest.approx(features["total_area"] / (260 * 200))
    assert set(features["summary"]["area"]) == {"mean", "median", "std", "min", "max"}
    assert features["confidence_method"] in {"mean_probability", "threshold_stability"}
    assert document["processing_time"] >= 0
    assert document["queue_time"] >= 0
    assert document["model"]["requested"] == "auto"
    assert document["model"]["fallback"] is False
    assert not [key for key in features["summary"] if "_um" in key]


def test_the_same_run_gives_the_same_polygons_apart_from_their_ids(server: Any, ann: Any, image: str) -> None:
    def shapes(document: dict[str, Any]) -> list[Any]:
        return [{key: value for key, value in polygon.items() if key not in {"id", "parentId"}} for polygon in document["polygons"]]

    assert shapes(segmented(server, ann, image)) == shapes(segmented(server, ann, image))


def test_a_ring_with_an_island_is_two_objects_and_one_hole(server: Any, ann: Any) -> None:
    image = ann.image(ann.project(), "ring.png", scenes.ring_with_island())["id"]
    document = segmented(server, ann, image, parameters={"model": "classical"})
    outer, island = sorted(scenes.externals(document), key=lambda item: -item["area"])
    (hole,) = scenes.internals(document)
    assert (outer["parentId"], hole["parentId"], island["parentId"]) == (None, outer["id"], hole["id"])
    assert (outer["depth"], hole["depth"], island["depth"]) == (0, 1, 2)
    assert hole["class"] == "hole"
    assert document["results"]["cell_count"] == 2
    assert outer["area"] == pytest.approx(np.pi * (100**2 - 60**2), rel=0.01)
    assert outer["features"]["filled_area"] == pytest.approx(np.pi * 100**2, rel=0.01)
    assert hole["area"] == pytest.approx(np.pi * 60**2, rel=0.01)
    assert island["area"] == pytest.approx(np.pi * 22**2, rel=0.02)


def test_a_clean_image_completes_with_nothing(server: Any, ann: Any) -> None:
    image = ann.image(ann.project(), "flat.png", scenes.png(np.full((80, 90), 128.0)))["id"]
    document = segmented(server, ann, image)
    assert (document["status"], document["results"]["cell_count"], document["polygons"]) == ("completed", 0, [])
    assert document["results"]["confidence_score"] is None
    assert document["results"]["features"] is None


def test_a_later_run_keeps_the_last_result_in_sight(server: Any, ann: Any, image: str) -> None:
    first = segmented(server, ann, image)
    ann.post(f"/api/segmentation/{image}/resegment")
    document = result(ann, image)
    assert (document["status"], document["stale"], document["version"]) == ("queued", True, 1)
    assert document["polygons"] == first["polygons"]
    assert scenes.work(server) == 1
    assert result(ann, image)["version"] == 2


def test_resegment_has_priority_five(ann: Any, image: str) -> None:
    assert ann.post(f"/api/segmentation/{image}/resegment", json={}).json()["priority"] == 5


def test_resunet_falls_back_and_says_why(server: Any, ann: Any, image: str) -> None:
    document = segmented(server, ann, image, model="resunet")
    assert document["model"]["requested"] == "resunet"
    assert document["model"]["fallback"] is True
    assert "resunet" in document["model"]["reason"]
    assert document["model"]["used"] != "resunet"
    assert document["results"]["cell_count"] == 2


def test_asking_again_joins_the_run_and_raises_its_priority(ann: Any, image: str) -> None:
    first = ann.post(f"/api/images/{image}/segmentation", json={"priority": 2}).json()
    again = ann.post(f"/api/images/{image}/segmentation", json={"priority": 7}).json()
    lower = ann.post(f"/api/images/{image}/segmentation").json()
    assert {first["taskId"], again["taskId"], lower["taskId"]} == {first["taskId"]}
    assert [first["alreadyQueued"], again["alreadyQueued"], lower["alreadyQueued"]] == [False, True, True]
    assert [first["priority"], again["priority"], lower["priority"]] == [2, 7, 7]


def test_other_parameters_during_a_run_are_a_conflict(ann: Any, image: str) -> None:
    ann.post(f"/api/images/{image}/segmentation")
    response = ann.post(f"/api/images/{image}/segmentation", json={"parameters": {"threshold": 0.4}})
    assert (response.status_code, response.json()["error"]) == (409, "RESOURCE_CONFLICT")


def test_calibration_is_applied_when_the_result_is_read(server: Any, ann: Any) -> None:
    project = ann.project()
    picture = scenes.noisy(scenes.smooth(120, 140, [(70, 60, 30)]))
    options = {"ome": True, "metadata": {"axes": "YX", "PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}}
    calibrated = ann.image(project, "cells.ome.tif", scenes.tiff16(picture, **options))["id"]
    plain = ann.image(project, "plain.tif", scenes.tiff16(picture))["id"]
    found, without = segmented(server, ann, calibrated), segmented(server, ann, plain)
    features = found["polygons"][0]["features"]
    assert features["area_um2"] == pytest.approx(0.4225 * features["area"], rel=1e-9)
    assert features["volume_sphere_um3"] == pytest.approx(0.65**3 * features["volume_sphere"], rel=1e-9)
    assert found["pixel_size_um"]["source"] == "ome"
    assert found["results"]["features"]["summary"]["area_um2"]["mean"] == pytest.approx(features["area_um2"])
    assert not [key for key in keys_of(without) if key.endswith(("_um", "_um2", "_um3")) and key != "pixel_size_um"]
    ann.call("PUT", f"/api/projects/{project}", json={"pixel_size_um": {"x": 2, "y": 1}})
    assert result(ann, calibrated)["polygons"] == found["polygons"]
    stretched = result(ann, plain)["polygons"][0]["features"]
    assert stretched["area_um2"] == pytest.approx(2 * stretched["area"], rel=1e-9)
    assert stretched["feret_diameter_max_um"] == pytest.approx(2 * stretched["feret_diameter_max"], rel=0.02)
    assert stretched["feret_diameter_min_um"] == pytest.approx(stretched["feret_diameter_min"], rel=0.02)


def keys_of(value: Any) -> set[str]:
    """All keys at any depth."""
    if isinstance(value, dict):
        return set(value) | {key for item in value.values() for key in keys_of(item)}
    return {key for item in value for key in keys_of(item)} if isinstance(value, list) else set()


def test_cancelling_leaves_the_stored_result_alone(server: Any, ann: Any, image: str) -> None:
    path = f"/api/images/{image}/segmentation"
    ann.post(path)
    response = ann.call("DELETE", path)
    assert (response.status_code, response.headers["X-Segmentation-Action"]) == (204, "cancelled")
    assert scenes.work(server) == 0
    assert result(ann, image)["status"] == "without_segmentation"
    first = segmented(server, ann, image)
    assert ann.call("DELETE", path).status_code == 404
    ann.post(path)
    assert ann.call("DELETE", path).status_code == 204
    document = result(ann, image)
    assert (document["status"], document["polygons"]) == ("completed", first["polygons"])


def test_clear_hides_the_result_and_restore_brings_it_back(server: Any, ann: Any, image: str) -> None:
    path = f"/api/images/{image}/segmentation"
    assert ann.call("DELETE", f"{path}?clear=true").status_code == 404
    first = segmented(server, ann, image)
    response = ann.call("DELETE", f"{path}?clear=true")
    assert (response.status_code, response.headers["X-Segmentation-Action"]) == (204, "cleared")
    hidden = result(ann, image)
    assert (hidden["status"], hidden["results"], hidden["version"]) == ("without_segmentation", None, None)
    restored = ann.post(f"{path}/versions/1/restore")
    assert restored.status_code == 200
    assert (restored.json()["version"], restored.json()["source"]) == (2, "restore")
    assert restored.json()["polygons"] == first["polygons"]


def test_a_task_can_be_cancelled_by_its_image(ann: Any, image: str) -> None:
    assert ann.call("DELETE", f"/api/segmentation/task/{image}").status_code == 404
    ann.post(f"/api/images/{image}/segmentation")
    body = ann.call("DELETE", f"/api/segmentation/task/{image}").json()
    assert (body["success"], body["imageId"], body["status"]) == (True, image, "without_segmentation")


def test_a_damaged_original_fails_at_once_and_says_why(server: Any, ann: Any, image: str) -> None:
    for path in server.stored_files():
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    task = ann.post(f"/api/images/{image}/segmentation").json()["taskId"]
    scenes.work(server)
    document = result(ann, image)
    assert (document["status"], document["attempt"], document["error"]["code"]) == ("failed", 1, "SEGMENTATION_FAILED")
    assert "decoded" in document["error"]["message"]
    assert ann.get(f"/api/images/{image}").json()["status"] == "failed"
    assert scenes.job_of(server, task).attempt == 1
    response = ann.post(f"/api/images/{image}/segmentation")
    assert response.status_code == 202
    assert result(ann, image)["error"] is None


def test_a_second_get_is_unchanged_until_something_happens(server: Any, ann: Any, image: str) -> None:
    path = f"/api/images/{image}/segmentation"
    tag = ann.get(path).headers["ETag"]
    assert ann.get(path, headers={"If-None-Match": tag}).status_code == 304
    ann.post(path)
    queued = ann.get(path, headers={"If-None-Match": tag})
    assert queued.status_code == 200
    scenes.work(server)
    done = ann.get(path, headers={"If-None-Match": queued.headers["ETag"]})
    assert (done.status_code, done.headers["Cache-Control"]) == (200, "private, no-cache")
    assert ann.get(path, headers={"If-None-Match": done.headers["ETag"]}).status_code == 304


def test_the_result_is_also_found_below_its_project(server: Any, ann: Any) -> None:
    project, other = ann.project(), ann.project()
    image = ann.image(project, "disks.png", scenes.two_disks())["id"]
    segmented(server, ann, image)
    for key in (image, "disks.png"):
        assert ann.get(f"/api/projects/{project}/images/{key}/segmentation").json()["results"]["cell_count"] == 2
    assert ann.get(f"/api/projects/{other}/images/{image}/segmentation").status_code == 404
    assert ann.call("DELETE", f"/api/projects/{other}/images/{image}/segmentation?clear=true").status_code == 404
    assert ann.call("DELETE", f"/api/projects/{project}/images/{image}/segmentation?clear=true").status_code == 204


def test_missing_and_malformed_images_are_not_found(ann: Any) -> None:
    operations = [
        ("GET", "/api/images/{}/segmentation"),
        ("POST", "/api/images/{}/segmentation"),
        ("DELETE", "/api/images/{}/segmentation"),
        ("GET", "/api/images/{}/segmentation/versions"),
        ("GET", "/api/images/{}/segmentation/status"),
        ("POST", "/api/segmentation/{}/resegment"),
        ("DELETE", "/api/segmentation/task/{}"),
    ]
    for missing, (method, template) in product(("not-an-id", "00000000-0000-7000-8000-000000000000"), operations):
        path = template.format(missing)
        response = ann.call(method, path)
        assert (response.status_code, response.json()["error"]) == (404, "RESOURCE_NOT_FOUND"), (method, path)


def test_rights_decide_who_may_do_what(server: Any, ann: Any, bob: Any, image: str) -> None:
    project = ann.get(f"/api/images/{image}").json()["project_id"]
    writes = [
        ("POST", f"/api/images/{image}/segmentation", None),
        ("POST", f"/api/segmentation/{image}/resegment", None),
        ("DELETE", f"/api/images/{image}/segmentation", None),
        ("PUT", f"/api/images/{image}/segmentation", {"polygons": []}),
        ("POST", f"/api/images/{image}/segmentation/versions/1/restore", None),
        ("POST", f"/api/projects/{project}/segmentation/batch-trigger", None),
    ]
    for method, path, body in writes:
        assert bob.call(method, path, json=body).status_code == 404, path
    assert bob.get(f"/api/images/{image}/segmentation").status_code == 404
    ann.share(project, bob, "view")
    assert bob.get(f"/api/images/{image}/segmentation").status_code == 200
    for method, path, body in writes:
        assert bob.call(method, path, json=body).status_code == 403, path
    for method, path, body in writes:
        assert server.call(method, path, json=body).status_code == 401, path


def test_models_are_listed(ann: Any) -> None:
    models = {model["id"]: model for model in ann.get("/api/segmentation/models").json()["models"]}
    assert models["auto"]["available"] is True
    assert models["auto"]["default"] is True
    assert "resunet" in models


def test_the_status_alone_is_small(server: Any, ann: Any, image: str) -> None:
    segmented(server, ann, image)
    body = ann.get(f"/api/images/{image}/segmentation/status").json()
    assert (body["imageId"], body["status"], body["progress"], body["error"]) == (image, "completed", 100, None)
    assert "polygons" not in body
