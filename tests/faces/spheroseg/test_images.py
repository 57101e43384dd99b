import io
import time
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image as PillowImage

from pentaprism.core.jobs.tables import Job
from pentaprism.faces.spheroseg.segmentation.queue import SEGMENT_KIND
from pentaprism.faces.spheroseg.tables import Image, Segmentation

IMAGE = {
    "id", "project_id", "projectId", "name", "originalName", "size", "file_size", "width", "height", "format", "mimeType", "storage_path",
    "storage_filename", "thumbnail_path", "url", "thumbnail_url", "thumbnailUrl", "status", "segmentationStatus", "segmentation_status",
    "segmentation_id", "pixel_size_um", "metadata", "created_at", "createdAt", "updated_at", "updatedAt",
}  # fmt: skip
UPLOAD = {"uploaded", "failed", "summary", "uploadedImages", "failedUploads", "success", "message", "timestamp", "data"}
MISSING = "00000000-0000-0000-0000-000000000000"


def names(response: Any) -> list[str]:
    return [image["name"] for image in response.json()["images"]]


def test_a_mixed_upload_stores_what_is_good_and_names_the_rest(server: Any, ann: Any) -> None:
    pictures, project = server.pictures, ann.project()
    response = ann.upload(
        project,
        ("cells.jpg", pictures.saved("JPEG")),
        ("deep.tif", pictures.tiff()),
        ("really.bmp", pictures.png()),
        ("cut.png", pictures.png()[:-200]),
        ("text.jpg", b"this is text"),
        ("empty.png", b""),
        ("moving.gif", pictures.saved("GIF")),
    )
    body = response.json()
    assert response.status_code == 201
    assert set(body) >= UPLOAD
    assert [image["name"] for image in body["uploaded"]] == ["cells.jpg", "deep.tif", "really.bmp"]
    assert [image["format"] for image in body["uploaded"]] == ["JPEG", "TIFF", "PNG"]
    assert body["uploaded"][2]["metadata"]["extension_mismatch"] is True
    assert body["uploaded"][1]["metadata"]["bit_depth"] == 16
    assert [(entry["index"], entry["name"], entry["code"]) for entry in body["failed"]] == [
        (3, "cut.png", "UNSUPPORTED_FORMAT"),
        (4, "text.jpg", "UNSUPPORTED_FORMAT"),
        (5, "empty.png", "UNSUPPORTED_FORMAT"),
        (6, "moving.gif", "UNSUPPORTED_FORMAT"),
    ]
    assert [entry["details"]["reason"] for entry in body["failed"]] == ["corrupt", "format", "format", "format"]
    assert body["summary"] == {"total": 7, "successful": 3, "failed": 4}
    assert len(server.told("image-uploaded")) == 3


def test_an_image_has_all_keys_and_paths_without_prefix(server: Any, ann: Any) -> None:
    project = ann.project()
    image = ann.image(project, "cells.png", server.pictures.png(120, 80))
    assert set(image) >= IMAGE
    assert image["storage_path"] == f"/uploads/{project}/{image['id']}.png"
    assert image["thumbnail_path"] == f"/thumbnails/{image['id']}_thumb.jpg"
    assert image["storage_filename"] == f"{image['id']}.png"
    assert (image["width"], image["height"], image["status"]) == (120, 80, "without_segmentation")
    one = ann.get(f"/api/images/{image['id']}").json()
    assert {key: one[key] for key in IMAGE} == {key: image[key] for key in IMAGE}
    assert one["data"]["id"] == image["id"]
    assert ann.get(f"/api/projects/{project}").json()["thumbnail_url"] == image["thumbnail_url"]


@pytest.mark.parametrize("field", ["images", "images[]", "image", "file", "files"])
def test_all_known_part_names_are_taken(server: Any, ann: Any, field: str) -> None:
    response = ann.post(f"/projects/{ann.project()}/images", files=[(field, ("a.png", server.pictures.png(), "text/plain"))])
    assert response.status_code == 201


def test_no_file_and_too_many_files_store_nothing(server: Any, ann: Any) -> None:
    project = ann.project()
    picture = server.pictures.png(8, 8)
    for response in (
        ann.post(f"/api/projects/{project}/images", files=[("other", ("a.png", picture))]),
        ann.post(f"/api/projects/{project}/images", json={}),
        ann.post(f"/api/projects/{project}/images"),
        ann.upload(project, *[(f"{number}.png", picture) for number in range(21)]),
    ):
        body = response.json()
        assert (response.status_code, body["error"]) == (400, "VALIDATION_ERROR")
        assert body["errors"][0] == {"path": body["errors"][0]["path"], "message": body["details"]["validation"]}
        assert body["details"]["field"] in {"body", "images"}
    assert (body["details"]["field"], body["details"]["limit"], body["errors"][0]["path"]) == ("images", 20, "body.images")
    assert names(ann.get(f"/api/projects/{project}/images")) == []
    assert ann.upload(project, *[(f"{number}.png", picture) for number in range(20)]).status_code == 201


def test_a_file_above_its_limit_is_413_and_beside_others_only_named(make_server: Callable[..., Any]) -> None:
    server = make_server(file_limit_bytes=20_000)
    ann = server.person()
    project, big = ann.project(), server.pictures.png(200, 200)
    assert len(big) > 20_000
    alone = ann.upload(project, ("big.png", big))
    assert (alone.status_code, alone.json()["error"]) == (413, "FILE_TOO_LARGE")
    assert set(alone.json()) >= {"uploaded", "failed", "summary", "details", "requestId"}
    assert alone.json()["failed"][0]["size"] == len(big)
    mixed = ann.upload(project, ("big.png", big), ("small.png", server.pictures.png()))
    assert mixed.status_code == 201
    assert [entry["code"] for entry in mixed.json()["failed"]] == ["FILE_TOO_LARGE"]
    refused = ann.upload(project, ("text.png", b"text"))
    assert (refused.status_code, refused.json()["details"]) == (422, {"reason": "format"})
    different = ann.upload(project, ("big.png", big), ("text.png", b"text"))
    assert (different.status_code, different.json()["error"]) == (422, "UNSUPPORTED_FORMAT")
    assert different.json()["details"] == {"reason": "format"}


def test_the_default_file_limit_is_fifty_mebibytes(server: Any, ann: Any) -> None:
    response = ann.upload(ann.project(), ("big.png", bytes(52_428_801)))
    assert (response.status_code, response.json()["error"]) == (413, "FILE_TOO_LARGE")


def test_bombs_and_too_long_sides_are_refused(make_server: Callable[..., Any]) -> None:
    server = make_server(max_side=1000, max_pixels=200_000)
    ann = server.person()
    for size in ((1001, 10), (600, 600)):
        response = ann.upload(ann.project(), ("large.png", server.pictures.png(*size)))
        assert (response.status_code, response.json()["failed"][0]["details"]["reason"]) == (422, "dimensions")


def test_the_quota_is_that_of_the_owner(make_server: Callable[..., Any]) -> None:
    server = make_server(storage_limit_bytes=30_000)
    ann, bob = server.person(), server.person()
    project, picture = ann.project(), server.pictures.png(140, 140)
    ann.share(project, bob, "edit")
    assert bob.upload(project, ("a.png", picture)).status_code == 201
    response = bob.upload(project, ("b.png", picture))
    assert (response.status_code, response.json()["error"]) == (422, "STORAGE_QUOTA_EXCEEDED")
    assert ann.get("/api/users/me/statistics").json()["storage"]["used"] == len(picture)
    assert bob.get("/api/users/me/statistics").json()["storage"]["used"] == 0
    assert bob.upload(bob.project(), ("c.png", picture)).status_code == 201


def test_the_original_upload_client_gets_the_bare_array(server: Any, ann: Any) -> None:
    project, files = ann.project(), [("a.png", server.pictures.png()), ("b.png", b"no picture")]
    for response in (
        ann.upload(project, *files, headers={"X-Request-ID": "upload-17"}),
        ann.upload(project, *files, query="?shape=array"),
    ):
        assert response.status_code == 201
        assert [image["name"] for image in response.json()] == ["a.png"]
        assert response.headers["X-Upload-Failed"] == "1"


def test_file_names_lose_their_folders(server: Any, ann: Any) -> None:
    project = ann.project()
    names = {"../../etc/Zellen 1.png": "Zellen 1.png", "C:\\data\\žluť.png": "žluť.png", "x" * 300 + ".png": "x" * 251 + ".png"}
    for sent, kept in names.items():
        assert ann.image(project, sent)["name"] == kept


def test_every_page_of_a_stack_can_become_an_image(server: Any, ann: Any) -> None:
    project, stack = ann.project(), server.pictures.tiff(planes=3)
    whole = ann.upload(project, ("stack.tif", stack)).json()["uploaded"]
    assert [(image["metadata"]["pages"], image["page"]) for image in whole] == [(3, 0)]
    pages = ann.upload(project, ("stack.tif", stack), query="?split_pages=true").json()["uploaded"]
    assert [(image["name"], image["page"]) for image in pages] == [(f"stack_page_{n + 1}.tif", n) for n in range(3)]
    assert ann.get("/api/users/me/statistics").json()["storage"]["used"] == 2 * len(stack)
    ann.call("DELETE", f"/api/images/{pages[0]['id']}")
    server.platform.blobs.collect_garbage()
    assert ann.get(f"/api/images/{pages[2]['id']}/file").content == stack


def test_lists_are_whole_without_a_limit_and_paged_with_one(server: Any, ann: Any) -> None:
    project = ann.project()
    for name in ("b.png", "a.png", "c.png"):
        ann.image(project, name)
    whole = ann.get(f"/api/projects/{project}/images")
    assert names(whole) == ["c.png", "a.png", "b.png"]
    assert "data" not in whole.json()
    assert (whole.json()["total"], whole.json()["pagination"]["totalPages"]) == (3, 1)
    page = ann.get(f"/api/projects/{project}/images?limit=2&offset=2")
    assert names(page) == ["b.png"]
    assert page.json()["data"] == page.json()["images"]
    assert page.json()["pagination"] == {"total": 3, "limit": 2, "offset": 2, "page": 2, "totalPages": 2, "hasMore": False}
    assert names(ann.get(f"/api/projects/{project}/images?offset=1")) == ["a.png", "b.png"]
    assert names(ann.get(f"/api/projects/{project}/images?sort_field=name&sort_direction=asc")) == ["a.png", "b.png", "c.png"]
    assert names(ann.get(f"/api/projects/{project}/images?search=A.P")) == ["a.png"]
    for query in ("limit=0", "limit=501", "status=pending", "offset=-1"):
        assert ann.get(f"/api/projects/{project}/images?{query}").status_code == 400


def test_the_status_follows_the_job_the_failure_and_the_version(server: Any, ann: Any) -> None:
    project = ann.project()
    image_id = ann.image(project)["id"]

    def shown() -> set[str]:
        one, many = ann.get(f"/api/images/{image_id}").json(), ann.get(f"/api/projects/{project}/images").json()["images"][0]
        filtered = names(ann.get(f"/api/projects/{project}/images?status={one['status']}"))
        assert len(filtered) == 1
        return {document[key] for document in (one, many) for key in ("status", "segmentationStatus", "segmentation_status")}

    def change(job_status: str | None = None, **values: Any) -> None:
        with server.platform.database.write() as session:
            image = session.get_one(Image, image_id)
            if image.job_id is None:
                subject = f"image:{image_id}"
                job = server.platform.jobs.enqueue(session, SEGMENT_KIND, account_id=ann.id, face="spheroseg", request={}, subject=subject)
                image.job_id = job.id
            if job_status:
                session.get_one(Job, image.job_id).status = job_status
            for key, value in values.items():
                setattr(image, key, value)

    assert shown() == {"without_segmentation"}
    change()
    assert shown() == {"queued"}
    for job_status, word in (("running", "processing"), ("retrying", "queued"), ("cancelled", "without_segmentation")):
        change(job_status)
        assert shown() == {word}
    change("failed", failure={"code": "SEGMENTATION_FAILED", "message": "no"})
    assert shown() == {"failed"}
    with server.platform.database.write() as session:
        version = Segmentation(image_id=image_id, version=1, source="model", polygons=b"", parameters={}, warnings=[])
        session.add(version)
        session.flush()
        segmentation_id = version.id
    change("completed", failure=None, current_version=1)
    assert shown() == {"completed"}
    assert ann.get(f"/api/images/{image_id}").json()["segmentation_id"] == segmentation_id


def test_an_image_is_found_in_its_project_by_id_and_name_only_there(ann: Any) -> None:
    project, other = ann.project(), ann.project()
    image = ann.image(project, "the cell.png")
    for key in (image["id"], image["id"].upper(), "the%20cell.png"):
        assert ann.get(f"/api/projects/{project}/images/{key}").json()["id"] == image["id"]
    assert ann.get(f"/projects/{project.upper()}/images/{image['id']}").status_code == 200
    for place, key in ((other, image["id"]), (project, "cell.png"), ("x", image["id"])):
        assert ann.get(f"/api/projects/{place}/images/{key}").status_code == 404
    assert ann.call("DELETE", f"/api/projects/{other}/images/{image['id']}").status_code == 404
    assert ann.call("DELETE", f"/api/projects/{project}/images/{image['id']}").status_code == 204


def test_deleting_an_image_cancels_its_job_and_frees_its_bytes(server: Any, ann: Any) -> None:
    image_id = ann.image(ann.project())["id"]
    with server.platform.database.write() as session:
        subject = f"image:{image_id}"
        job = server.platform.jobs.enqueue(session, SEGMENT_KIND, account_id=ann.id, face="spheroseg", request={}, subject=subject)
        session.get_one(Image, image_id).job_id = job_id = job.id
    response = ann.call("DELETE", f"/api/images/{image_id}")
    assert (response.status_code, response.content) == (204, b"")
    with server.platform.database.read() as session:
        assert session.get_one(Job, job_id).status == "cancelled"
    assert ann.call("DELETE", f"/api/images/{image_id}").status_code == 404
    server.platform.blobs.collect_garbage()
    assert server.stored_files() == []
    assert server.told("image-deleted")[0]["image_id"] == image_id


def test_batch_deletion_names_what_is_not_in_the_project(server: Any, ann: Any) -> None:
    project, other = ann.project(), ann.project()
    first, second, foreign = ann.image(project)["id"], ann.image(project)["id"], ann.image(other)["id"]
    path = f"/api/projects/{project}/images/batch-delete"
    body = ann.post(path, json={"imageIds": [first, second, first, foreign, "nonsense"]}).json()
    assert body["deleted"] == [first, second]
    assert body["deletedCount"] == 2
    assert [entry["id"] for entry in body["failed"]] == [foreign, "nonsense"]
    assert body["summary"] == {"total": 4, "successful": 2, "failed": 2}
    assert ann.get(f"/api/images/{foreign}").status_code == 200
    assert ann.post(path, json={"imageIds": [MISSING]}).status_code == 404
    for bad in ({}, {"imageIds": []}, {"imageIds": "x"}, {"imageIds": [MISSING] * 1001}):
        assert ann.post(path, json=bad).status_code == 400


def test_calibration_goes_from_the_image_over_its_file_to_the_project(server: Any, ann: Any) -> None:
    project = ann.project(pixel_size_um=2)
    plain = ann.image(project)["id"]
    own = ann.image(project, "own.tif", server.pictures.tiff(imagej=True, resolution=(4, 4), metadata={"unit": "um"}))["id"]

    def shown(image_id: str) -> Any:
        return ann.get(f"/api/images/{image_id}").json()["pixel_size_um"]

    assert shown(plain) == {"x": 2.0, "y": 2.0, "source": "project"}
    assert shown(own) == {"x": 0.25, "y": 0.25, "source": "imagej"}
    response = ann.call("PATCH", f"/api/images/{own}", json={"pixel_size_um": {"x": 0.65, "y": 0.7}})
    assert response.json()["pixel_size_um"] == shown(own) == {"x": 0.65, "y": 0.7, "source": "image"}
    ann.call("PATCH", f"/api/images/{own}", json={"pixel_size_um": None})
    assert shown(own)["source"] == "imagej"
    for bad in ({}, {"pixel_size_um": 0}, {"pixel_size_um": "1"}, {"pixel_size_um": {"x": 1}}, {"pixel_size_um": True}):
        assert ann.call("PATCH", f"/api/images/{plain}", json=bad).status_code == 400


def test_a_thousand_images_are_listed_quickly(server: Any, ann: Any) -> None:
    project = ann.project()
    first = ann.image(project)["id"]
    with server.platform.database.write() as session:
        row = session.get_one(Image, first)
        values = {column.key: getattr(row, column.key) for column in Image.__table__.columns if column.key != "id"}
        session.add_all([Image(**values) for _ in range(999)])
    times = []
    for _ in range(5):
        began = time.process_time()
        response = server.send("GET", f"/api/projects/{project}/images", headers=ann.headers)
        times.append(time.process_time() - began)
    assert len(response.json()["images"]) == 1000
    assert min(times) < 0.2


def test_the_thumbnail_of_a_deep_image_is_stretched(server: Any, ann: Any) -> None:
    image = ann.image(ann.project(), "deep.tif", server.pictures.tiff(top=1000))
    picture = PillowImage.open(io.BytesIO(ann.get(f"/api/images/{image['id']}/thumbnail").content)).convert("L")
    low, high = picture.getextrema()
    assert low < 40
    assert high > 215
