"""Statistics of a project."""

from typing import Any

import pytest

import cells_scenes as scenes


def test_a_project_without_images_has_empty_statistics(ann: Any) -> None:
    body = ann.get(f"/api/projects/{ann.project()}/statistics").json()
    assert (body["total_objects"], body["storage_bytes"], body["summary"], body["by_day"]) == (0, 0, {}, [])
    assert body["images"]["total"] == 0


def test_statistics_summarise_every_geometric_feature(server: Any, ann: Any) -> None:
    project = ann.project()
    sizes = []
    for sides in ((10, 20), (30,)):
        image = ann.image(project, "squares.png", scenes.two_disks())
        sizes.append(image["size"])
        polygons = [{"points": scenes.square(20 + 60 * index, 20, side)} for index, side in enumerate(sides)]
        ann.call("PUT", f"/api/images/{image['id']}/segmentation", json={"polygons": polygons})
    waiting = ann.image(project, "waiting.png", scenes.two_disks())
    sizes.append(waiting["size"])
    ann.post(f"/api/images/{waiting['id']}/segmentation")
    ann.image(project, "new.png")
    body = ann.get(f"/api/projects/{project}/statistics").json()
    assert (body["images"]["completed"], body["images"]["queued"], body["images"]["without_segmentation"], body["images"]["total"]) == (
        2,
        1,
        1,
        4,
    )
    assert body["total_objects"] == 3
    assert body["storage_bytes"] > sum(sizes)
    area = body["summary"]["area"]
    assert area["n"] == 3
    assert (area["mean"], area["median"], area["min"], area["max"]) == pytest.approx((1400 / 3, 400, 100, 900))
    assert area["std"] == pytest.approx(404.145, rel=1e-4)
    assert {"circularity", "feret_diameter_max", "eccentricity", "orientation"} <= set(body["summary"])
    assert "mean_intensity" not in body["summary"]
    assert not [name for name in body["summary"] if "_um" in name]
    (day,) = body["by_day"]
    assert (day["images"], day["objects"], day["median_area"]) == (4, 3, pytest.approx(400))
    ann.call("PUT", f"/api/projects/{project}", json={"pixel_size_um": 2})
    calibrated = ann.get(f"/api/projects/{project}/statistics").json()["summary"]
    assert calibrated["area_um2"]["mean"] == pytest.approx(4 * area["mean"])
    assert calibrated["area"] == area


def test_statistics_of_a_foreign_project_are_not_found(ann: Any, bob: Any) -> None:
    project = ann.project()
    assert bob.get(f"/api/projects/{project}/statistics").status_code == 404
    assert bob.get("/api/projects/nonsense/statistics").status_code == 404
