"""The quarry face as its clients use it, on a running server with the embedded engine."""

import base64
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from conformance.quarry_world import Client, decoded, iou, refused, saved, squares
from pentaprism.imaging import rle
from pentaprism.imaging.polygons import rasterize

INFO = {
    "job_id", "task_id", "model_type", "engine", "fallback", "image_id", "image_width", "image_height", "truncated", "warnings",
    "processing_time_ms",
}  # fmt: skip
SINGLE = INFO | {"status", "total_masks", "masks", "created_at", "updated_at", "progress", "error_code", "error_message"}
AUTO = INFO | {"total_masks", "masks", "effective_parameters"}
EXTRACT = INFO | {"saved", "skipped", "drive_files", "objects", "skipped_reasons", "drive_errors", "effective_parameters"}
JOB = {
    "job_id", "status", "model_type", "total_masks", "created_at", "updated_at", "task_id", "kind", "batch_job_id", "index", "progress",
    "total_images", "processed_images", "failed_images", "error_code", "error_message", "cancelled", "engine", "fallback", "started_at",
    "finished_at",
}  # fmt: skip


def test_the_bodies_have_the_documented_keys(quarry: Client, scene: tuple[bytes, list[Any]]) -> None:
    single = quarry.made("/segment/single", scene[0], points='[{"x": 0.0833, "y": 0.125}]')
    assert set(single) == SINGLE
    assert single["status"] == "completed"
    mask_keys = {"mask_index", "mask_data", "confidence", "bbox", "area", "stability_score", "prompt_index"}
    assert set(single["masks"][0]) == mask_keys
    auto = quarry.made("/segment/auto", scene[0])
    assert set(auto) == AUTO
    assert auto["effective_parameters"] == {
        "points_per_side": 64, "pred_iou_thresh": 0.9, "stability_score_thresh": 0.92, "crop_n_layers": 1,
        "crop_n_points_downscale_factor": 2, "min_mask_region_area": 1000,
    }  # fmt: skip
    box = quarry.made("/segment/box", scene[0], box='{"x": 2, "y": 2, "width": 44, "height": 44}')
    assert set(box) == AUTO
    assert (box["masks"][0]["point_coords"], box["masks"][0]["crop_box"]) == ([], [0, 0, 288, 192])
    assert set(quarry.made("/segment/objects/extract", scene[0])) == EXTRACT
    job = quarry.get(f"/jobs/{single['job_id']}").json()
    assert set(job["data"]) == JOB
    assert all(job[key] == job["data"][key] for key in JOB)
    assert quarry.get(f"/segment/job/{auto['job_id']}").json()["masks"][0]["mask_data"] == auto["masks"][0]["segmentation"]


def test_every_answer_names_engine_and_fallback(quarry: Client, scene: tuple[bytes, list[Any]]) -> None:
    response = quarry.post("/segment/box", scene[0], box='{"x1": 2, "y1": 2, "x2": 46, "y2": 46}')
    body = response.json()
    assert (body["engine"]["kind"], body["model_type"]) == ("embedded", "vit_h")
    assert body["fallback"].keys() == {"requested", "used", "reason", "message"}
    assert body["fallback"]["reason"] == "weights_missing"
    assert response.headers["X-Segmentation-Engine"] == f"embedded/{body['engine']['version']}"
    assert quarry.made("/segment/auto", scene[0], model_type="embedded")["fallback"] is None
    details = refused(quarry.post("/segment/auto", scene[0], strict_model="true"), 503, "MODEL_ERROR")["details"]
    assert (details["model"], details["reason"]) == ("vit_h", "weights_missing")


def test_masks_describe_the_same_pixels_in_every_format(quarry: Client, scene: tuple[bytes, list[Any]]) -> None:
    body = quarry.made("/segment/auto", scene[0])
    job, shape = body["job_id"], (192, 288)
    rles = quarry.get(f"/jobs/{job}/result?format=rle").json()
    polygons = quarry.get(f"/jobs/{job}/result?format=polygon").json()
    assert (rles["mask_format"], polygons["mask_format"]) == ("rle", "polygon")
    coco = quarry.get(f"/jobs/{job}/export?format=coco").json()
    with Image.open(io.BytesIO(quarry.get(f"/jobs/{job}/export?format=labelmap").content)) as picture:
        labels = np.asarray(picture)
    for mask, runs, polygon, annotation in zip(body["masks"], rles["masks"], polygons["masks"], coco["annotations"], strict=True):
        pixels = decoded(mask["segmentation"])
        assert pixels.shape == shape
        assert set(np.unique(pixels)) <= {0, 255}
        rows, columns = np.nonzero(pixels)
        assert mask["area"] == len(rows)
        x, y = int(columns.min()), int(rows.min())
        assert mask["bbox"] == [x, y, int(columns.max()) - x, int(rows.max()) - y]
        np.testing.assert_array_equal(rle.decode(runs["segmentation"]), pixels // 255)
        np.testing.assert_array_equal(rle.decode(annotation["segmentation"]), pixels // 255)
        rings = [np.array(ring, float) for part in polygon["segmentation"] for ring in (part["exterior"], *part["holes"])]
        np.testing.assert_array_equal(rasterize(rings, shape), pixels > 0)
    smallest = min(body["masks"], key=lambda mask: mask["area"])
    assert (labels[decoded(smallest["segmentation"]) > 0] == smallest["mask_index"] + 1).all()
    single = decoded(body["masks"][0]["segmentation"])
    with Image.open(io.BytesIO(quarry.get(f"/jobs/{job}/masks/0").content)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), single)


def test_discs_are_found_and_equal_requests_give_equal_answers(quarry: Client, scene: tuple[bytes, list[Any]]) -> None:
    first, second = (quarry.made("/segment/auto", scene[0]) for _ in range(2))
    assert first["masks"] == second["masks"]
    found = [decoded(mask["segmentation"]) for mask in first["masks"]]
    assert sum(max(iou(truth, mask) for mask in found) >= 0.9 for truth in scene[1]) >= 22
    scores = [(-mask["predicted_iou"], -mask["stability_score"], -mask["area"]) for mask in first["masks"]]
    assert scores == sorted(scores)
    stricter = quarry.made("/segment/auto", scene[0], pred_iou_thresh=0.97, format="rle")
    loose = {json.dumps(mask["segmentation"]) for mask in quarry.made("/segment/auto", scene[0], format="rle")["masks"]}
    assert {json.dumps(mask["segmentation"]) for mask in stricter["masks"]} <= loose


def test_clicks_and_boxes_hit_what_they_point_at(quarry: Client) -> None:
    picture = squares()
    body = quarry.made("/segment/single", picture, points='[{"x": 0.25, "y": 0.34}]', boxes='[{"x1":0.55,"y1":0.5,"x2":0.9,"y2":0.97}]')
    prompts = {mask["prompt_index"]: decoded(mask["mask_data"]) for mask in reversed(body["masks"])}
    assert set(prompts) == {0, 1}
    assert prompts[1][55, 55] == 255
    assert prompts[0][120, 160] == 255
    box = quarry.made("/segment/box", picture, box='{"x": 5, "y": 5, "width": 100, "height": 100}', multimask_output="false")
    assert len(box["masks"]) == 1
    truth = np.zeros((160, 220), bool)
    truth[20:90, 20:90] = True
    assert iou(decoded(box["masks"][0]["segmentation"]), truth) >= 0.9
    x, y, width, height = box["masks"][0]["bbox"]
    assert max(abs(x - 20), abs(y - 20), abs(width - 69), abs(height - 69)) <= 2
    pixel = quarry.made("/segment/single", picture, points='[{"x": 55, "y": 55}]', coordinates="pixel")
    assert decoded(pixel["masks"][0]["mask_data"])[55, 55] == 255


def test_the_default_box_is_clipped_or_gives_way(quarry: Client) -> None:
    tiny = saved(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    body = quarry.made("/segment/box", tiny)
    assert any("default box" in warning for warning in body["warnings"])


@pytest.mark.parametrize(
    "fields",
    [
        {"points": '[{"x": 1.5, "y": 0.5}]'},
        {"points": '[{"x": NaN, "y": 0.5}]'},
        {"points": '[{"x": "0.5", "y": 0.5}]'},
        {"points": '[{"x": true, "y": 0.5}]'},
        {"points": '[{"x": 1e999, "y": 0.5}]'},
        {"points": '{"x": 0.5}'},
        {"points": "[[[[["},
        {"points": '[{"x": 0.5, "y": 0.5, "label": 0}]'},
        {"points": "\x00\x01"},
        {"boxes": '[{"x1": 0.9, "y1": 0.1, "x2": 0.1, "y2": 0.9}]'},
        {"boxes": '[{"x1": 0.1, "y1": 0.1, "x2": 1.1, "y2": 0.9}]'},
        {"model_type": "vit_x"},
        {"format": "bmp"},
        {"multimask_output": "perhaps"},
        {"points": "[" + ",".join(['{"x":0.5,"y":0.5}'] * 257) + "]"},
    ],
)
def test_bad_prompts_are_refused(quarry: Client, fields: dict[str, str]) -> None:
    before = quarry.get("/jobs/?page_size=1").json()["total"]
    details = refused(quarry.post("/segment/single", squares(), **fields), 422, "VALIDATION_ERROR")["details"]
    assert {"loc", "msg", "type"} == set(details["errors"][0])
    assert quarry.get("/jobs/?page_size=1").json()["total"] == before


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        (b"", 400, "empty"),
        (b"hello, I am no picture", 400, "format"),
        (squares()[:400], 400, "decode"),
        (saved(np.zeros((8, 4097), np.uint8)), 400, "dimensions"),
        (b"\x89PNG\r\n\x1a\n" + bytes(52_428_800), 413, "size"),
    ],
)
def test_unusable_images_are_refused(quarry: Client, content: bytes, status: int, reason: str) -> None:
    body = refused(quarry.post("/segment/auto", content), status, "IMAGE_VALIDATION_ERROR")
    assert body["details"]["reason"] == reason


def test_a_blank_or_tiny_image_has_no_masks(quarry: Client) -> None:
    blank = saved(np.full((100, 100, 3), 128, np.uint8))
    for layers in (0, 1, 2):
        body = quarry.made("/segment/auto", blank, crop_n_layers=layers)
        assert (body["total_masks"], body["masks"]) == (0, [])
    assert quarry.made("/segment/auto", saved(np.zeros((1, 1), np.uint8)))["masks"] == []


def test_orientation_and_odd_modes_are_honoured(quarry: Client) -> None:
    with Image.open(io.BytesIO(squares())) as picture:
        upright = picture.convert("RGB")
    for orientation in (1, 3, 6, 8):
        exif = Image.Exif()
        exif[0x0112] = orientation
        turned = {1: upright, 3: upright.rotate(180), 6: upright.rotate(90, expand=True), 8: upright.rotate(270, expand=True)}[orientation]
        assert ImageOps.exif_transpose(turned).size == turned.size
        file = io.BytesIO()
        turned.save(file, "PNG", exif=exif)
        body = quarry.made("/segment/single", file.getvalue(), points='[{"x": 0.25, "y": 0.34}]')
        assert (body["image_width"], body["image_height"]) == (220, 160)
        assert decoded(body["masks"][0]["mask_data"])[55, 55] == 255
    deep = (np.asarray(upright.convert("L")).astype(np.uint16) * 100).astype(np.uint16)
    palette, ink = io.BytesIO(), io.BytesIO()
    upright.quantize(8).save(palette, "PNG")
    upright.convert("CMYK").save(ink, "TIFF")
    for content in (saved(deep), palette.getvalue(), ink.getvalue(), saved(np.asarray(upright.convert("RGBA")))):
        body = quarry.made("/segment/single", content, points='[{"x": 0.25, "y": 0.34}]')
        assert decoded(body["masks"][0]["mask_data"])[55, 55] == 255


def test_every_form_of_an_id_names_the_same_job(quarry: Client) -> None:
    job = quarry.made("/segment/single", squares(), points='[{"x": 0.25, "y": 0.34}]')["job_id"]
    for text in (job, f"task-{job}", f"task-task-{job}", f"job-{job}", f"BATCH-{job}", job.upper()):
        for path in (f"/jobs/{text}/status", f"/jobs/{text}/result", f"/segment/job/{text}", f"/jobs/{text}/"):
            assert quarry.get(path).status_code == 200, path
    for text in ("nothing", "task-", f"{job}0", "01a1fdec-0000-7000-8000-000000000000"):
        refused(quarry.get(f"/jobs/{text}/status"), 404, "JOB_NOT_FOUND")
    assert quarry.call("DELETE", f"/jobs/task-{job}").json().keys() == {"success", "message", "timestamp"}
    refused(quarry.call("DELETE", f"/jobs/{job}"), 404, "JOB_NOT_FOUND")


def test_a_batch_keeps_prompts_apart_and_survives_bad_entries(quarry: Client) -> None:
    picture = base64.b64encode(squares()).decode()
    corners = [
        [{"x": 0.25, "y": 0.34}],
        [{"x": 0.727, "y": 0.75}],
        [{"x": 0.25, "y": 0.34}],
        [{"x": 0.727, "y": 0.75}],
        [{"x": 0.25, "y": 0.34}],
    ]
    payload = {"images": [picture] * 5 + ["@@@"], "points": corners, "parameters": {"custom_param": "value", "format": "rle"}}
    started = quarry.call("POST", "/segment/batch", json=payload).json()
    assert set(started) == {"batch_job_id", "task_id", "status", "total_images", "created_at", "jobs"}
    assert (started["status"], started["total_images"]) == ("submitted", 6)
    quarry.wait(started["task_id"])
    body = quarry.get(f"/segment/batch/{started['batch_job_id']}").json()
    assert (body["status"], body["completed_images"], body["failed_images"]) == ("completed", 5, 1)
    assert body["jobs"][5]["error_code"] == "IMAGE_VALIDATION_ERROR"
    results = quarry.get(f"/jobs/{started['batch_job_id']}/result").json()["results"]
    for index, (x, y) in enumerate([(55, 55), (160, 120)] * 2 + [(55, 55)]):
        assert rle.decode(results[index]["masks"][0]["mask_data"])[y, x] == 1
        assert any("custom_param" in warning for warning in results[index]["warnings"])
    with zipfile.ZipFile(io.BytesIO(quarry.get(f"/jobs/{started['batch_job_id']}/export?format=zip").content)) as archive:
        assert archive.testzip() is None
        assert {name.split("/")[0] for name in archive.namelist()} == {f"{index:03d}" for index in range(5)}
    refused(quarry.get(f"/segment/job/{started['batch_job_id']}"), 404, "JOB_NOT_FOUND")
    for wrong in ({"images": []}, {"images": [picture], "points": [[], []]}, {"images": [1]}, {"images": [picture], "parameters": []}):
        refused(quarry.call("POST", "/segment/batch", json=wrong), 422, "VALIDATION_ERROR")


def test_lists_have_pages_and_filters(quarry: Client) -> None:
    tiny = base64.b64encode(saved(np.zeros((20, 20), np.uint8))).decode()
    started = quarry.call("POST", "/segment/batch", json={"images": [tiny] * 45, "model_type": "vit_t"}).json()
    quarry.wait(started["batch_job_id"])
    query = f"/jobs/?batch_job_id={started['batch_job_id']}"
    pages = [quarry.get(f"{query}&page={page}").json() for page in (1, 2, 3, 4)]
    assert [len(page["data"]) for page in pages] == [20, 20, 5, 0]
    assert {(page["total"], page["total_pages"], page["message"]) for page in pages} == {(45, 3, "Jobs retrieved successfully")}
    assert len({job["job_id"] for page in pages for job in page["data"]}) == 45
    assert quarry.get("/jobs/?model_type=vit_t&kind=batch").json()["total"] == 1
    assert quarry.get("/jobs/?model_type=vit_t&status=failed").json()["total"] == 0
    for wrong in ("page=0", "page_size=101", "status=done", "model_type=x", "kind=x"):
        refused(quarry.get(f"/jobs/?{wrong}"), 422, "VALIDATION_ERROR")
