"""What becomes of results: extracted objects, pictures, handles, cancelling, models, health; on a running server."""

import io
import shutil
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from conformance.quarry_world import Client, iou, refused, saved, squares
from pentaprism.imaging import rle
from shared_servers import IS_PRODUCTION

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def test_a_picture_that_is_sent_many_times_at_once_is_one_image(quarry: Client) -> None:
    picture = saved(np.random.default_rng(77).integers(0, 256, (40, 50, 3), np.uint8))
    with ThreadPoolExecutor(8) as pool:
        handles = list(pool.map(lambda _: quarry.made("/segment/embed", picture)["image_id"], range(8)))
    assert len(set(handles)) == 1


def test_extraction_follows_its_rules(quarry: Client, quarry_folder: Path) -> None:
    saved_at_4900 = quarry.made("/segment/objects/extract", squares(), min_pixels=4900, alpha="hard", save_dir="shoes", max_fraction=0.5)
    assert saved_at_4900["saved"] == ["./results/shoes/object_0.png"]
    (one,) = saved_at_4900["objects"]
    assert (one["width"], one["height"], one["area"]) == (70, 70, 4900)
    with Image.open(io.BytesIO(quarry.get(f"/jobs/{saved_at_4900['job_id']}/objects/0").content)) as picture:
        pixels = np.asarray(picture)
    assert (pixels == (220, 60, 60, 255)).all()
    skipped = quarry.made("/segment/objects/extract", squares(), min_pixels=5000, max_fraction=0.5)
    assert skipped["saved"] == []
    assert skipped["skipped"] == sum(skipped["skipped_reasons"].values()) > 0
    again = quarry.made("/segment/objects/extract", squares(), min_pixels=4900, save_dir="results/shoes", max_fraction=0.5)
    assert again["saved"] == ["./results/shoes/object_1.png"]
    link = again["objects"][0]["url"]
    path = link.removeprefix(quarry.url)
    assert quarry.get(path).headers["Content-Type"] == "image/png"
    refused(quarry.get(path[:-4] + "0000"), 403, "AUTHORIZATION_ERROR")
    job = again["job_id"]
    with zipfile.ZipFile(io.BytesIO(quarry.get(f"/jobs/{job}/export?format=zip").content)) as archive:
        content = archive.read("objects/object_1.png")
    assert content == quarry.get("/storage/results/shoes/object_1.png").content
    file = quarry_folder / "data/results/shoes/object_1.png"
    assert IS_PRODUCTION or content == file.read_bytes()
    quarry.call("DELETE", f"/jobs/{job}")
    assert not file.exists()


def test_extractions_at_once_overwrite_nothing(quarry: Client, quarry_folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(quarry.made, "/segment/objects/extract", squares(), min_pixels=1000, save_dir="many") for _ in range(8)]
        names = [name for call in calls for name in call.result()["saved"]]
    assert len(names) == len(set(names)) >= 16
    assert all(quarry.get("/storage/results/" + name.removeprefix("./results/")).status_code == 200 for name in names)
    files = sorted(path.name for path in (quarry_folder / "data/results/many").glob("*"))
    assert IS_PRODUCTION or files == sorted(Path(name).name for name in names)


@pytest.mark.parametrize(
    "place",
    ["/etc", "../../x", "a/../../x", "..%2fx", "~", "C:\\x", "a\\b", ".hidden", "a/.b", "x" * 65, "/".join("abcdefghi"), "a\x00b"],
)
def test_no_folder_leads_out_of_the_results(quarry: Client, quarry_folder: Path, place: str) -> None:
    refused(quarry.post("/segment/objects/extract", squares(), save_dir=place), 422, "VALIDATION_ERROR")
    assert all("results" in path.parts for path in quarry_folder.glob("**/object_*.png"))


@pytest.mark.embedded
def test_a_link_leads_nobody_out_of_the_results(quarry: Client, quarry_folder: Path) -> None:
    results = quarry_folder / "data/results"
    results.mkdir(exist_ok=True)
    (results / "link").symlink_to(quarry_folder)
    for place in ("link", "link/deeper"):
        refused(quarry.post("/segment/objects/extract", squares(), save_dir=place), 422, "VALIDATION_ERROR")
    assert not list(quarry_folder.glob("*.png"))


def test_the_visualization_is_a_harmless_svg(quarry: Client, scene: tuple[bytes, list[Any]]) -> None:
    body = quarry.made("/segment/auto", scene[0])
    response = quarry.get(f"/segment/job/{body['job_id']}/visualization")
    assert response.headers["Content-Type"].startswith("image/svg+xml")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    tree = ElementTree.fromstring(response.text)
    tags = [element.tag.rpartition("}")[2] for element in tree.iter()]
    assert set(tags) <= {"svg", "image", "path", "title", "text"}
    assert tags.count("path") == body["total_masks"]
    assert tree.get("viewBox") == "0 0 288 192"
    assert (
        quarry.get(f"/segment/job/{body['job_id']}/visualization", headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
    )
    png = quarry.get(f"/segment/job/{body['job_id']}/visualization?labels=false", headers={"Accept": "image/png"})
    with Image.open(io.BytesIO(png.content)) as picture:
        assert picture.size == (288, 192)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
def test_a_browser_draws_the_visualization_as_the_png_shows_it(quarry: Client, scene: tuple[bytes, list[Any]]) -> None:
    job = quarry.made("/segment/auto", scene[0], format="none")["job_id"]
    query = "background=false&labels=false&opacity=1"
    svg = quarry.get(f"/segment/job/{job}/visualization?{query}").text
    with Image.open(io.BytesIO(quarry.get(f"/segment/job/{job}/visualization?{query}&format=png").content)) as picture:
        drawn = np.asarray(picture.convert("RGB")).astype(int)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 288, "height": 192})
        page.set_content(f"<body style='margin:0'>{svg}</body>")
        shot = page.screenshot()
        browser.close()
    with Image.open(io.BytesIO(shot)) as picture:
        shown = np.asarray(picture.convert("RGB")).astype(int)
    centres = [tuple(round(float(place)) for place in np.argwhere(mask).mean(axis=0)) for mask in scene[1]]
    colours = [tuple(shown[place]) for place in centres]
    assert len(set(colours)) == len(centres)
    assert all(np.abs(shown[place] - drawn[place]).max() <= 3 for place in centres)


def test_a_click_on_a_handle_needs_no_upload(quarry: Client) -> None:
    random = np.random.default_rng(11).integers(0, 255, (6, 8, 3), np.uint8)
    picture = saved(np.kron(random, np.ones((30, 30, 1), np.uint8)))
    made = quarry.made("/segment/embed", picture)
    assert (made["width"], made["height"], made["embedding_cached"]) == (240, 180, False)
    before = quarry.get("/jobs/?page_size=1").json()["total"]
    response = quarry.post("/segment/single", image_id=made["image_id"], points='[{"x": 0.5, "y": 0.5}]', format="rle")
    assert response.status_code == 200, response.text
    assert response.headers["X-Embedding-Cache"] == "hit"
    assert quarry.get("/jobs/?page_size=1").json()["total"] == before + 1
    handle = quarry.get(f"/segment/embed/{made['image_id']}").json()
    assert set(handle) == {"image_id", "width", "height", "expires_at", "embeddings"}
    assert handle["embeddings"] == ["embedded"]
    assert quarry.call("DELETE", f"/segment/embed/{made['image_id']}").status_code == 200
    refused(quarry.post("/segment/auto", image_id=made["image_id"]), 404, "NOT_FOUND")
    refused(quarry.get("/segment/embed/img-" + "0" * 32), 404, "NOT_FOUND")


def test_parallel_prompts_give_the_masks_of_the_serial_run(quarry: Client) -> None:
    pictures = [saved(np.roll(np.asarray(Image.open(io.BytesIO(squares()))), (7 * index, 11 * index), (0, 1))) for index in range(8)]

    def ask(index: int) -> list[Any]:
        body = quarry.made("/segment/single", pictures[index % 8], points='[{"x": 0.3, "y": 0.4}, {"x": 0.25, "y": 0.3}]', format="rle")
        found: list[Any] = body["masks"]
        return found

    serial = [ask(index) for index in range(8)]
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(ask, range(32)))
    assert all(masks == serial[index % 8] for index, masks in enumerate(parallel))


def test_an_idempotent_request_is_repeated_not_run_again(quarry: Client) -> None:
    files = {"image": squares()}
    first, second = (quarry.call("POST", "/segment/auto/async", files=files, headers={"Idempotency-Key": "one-key"}) for _ in range(2))
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    other = quarry.call("POST", "/segment/auto/async", files=files, data={"max_masks": "3"}, headers={"Idempotency-Key": "one-key"})
    refused(other, 422, "VALIDATION_ERROR")


def test_cancelled_and_deleted_jobs_stop(quarry: Client) -> None:
    big = saved(np.random.default_rng(3).integers(0, 255, (400, 400, 3), np.uint8))
    tasks = [quarry.made("/segment/auto/async", big, min_mask_region_area=index)["task_id"] for index in range(3)]
    cancelled = quarry.call("POST", f"/jobs/{tasks[2]}/cancel").json()
    assert (cancelled["data"]["status"], cancelled["data"]["cancelled"], cancelled["data"]["error_code"]) == ("failed", True, "CANCELLED")
    refused(quarry.get(f"/jobs/{tasks[2]}/result"), 409, "CANCELLED")
    assert quarry.call("DELETE", f"/jobs/{tasks[0]}").status_code == 200
    assert quarry.call("DELETE", f"/jobs/{tasks[1]}").status_code == 200
    done = quarry.made("/segment/auto", squares())["job_id"]
    assert quarry.call("POST", f"/jobs/{done}/cancel").json()["data"]["status"] == "completed"


def test_models_tell_the_truth(quarry: Client) -> None:
    listed = quarry.get("/models/").json()
    assert [model["name"] for model in listed["data"]] == ["vit_h", "vit_l", "vit_b", "vit_t", "embedded"]
    assert [model["size_mb"] for model in listed["data"]][:4] == [2565, 1250, 375, 41]
    assert [model["default"] for model in listed["data"]] == [True, False, False, False, False]
    embedded = quarry.get("/models/embedded").json()["data"]
    assert (embedded["cached"], embedded["loaded"], embedded["usable"]) == (True, True, True)
    assert embedded["memory_usage_mb"] > 0 or embedded["processes"] == 0
    vit = quarry.get("/models/vit_b").json()["data"]
    assert (vit["cached"], vit["loaded"], vit["memory_usage_mb"], vit["usable"]) == (False, False, 0, False)
    with ThreadPoolExecutor(10) as pool:
        for response in pool.map(lambda _: quarry.call("POST", "/models/vit_b/load"), range(10)):
            refused(response, 503, "MODEL_ERROR")
    loaded = quarry.call("POST", "/models/embedded/load").json()
    assert loaded["data"].keys() == {"name", "loaded", "memory_usage_mb", "load_time_ms"}
    assert quarry.call("DELETE", "/models/embedded/unload").json()["message"] == "Model unloaded successfully"
    refused(quarry.get("/models/vit_x"), 404, "NOT_FOUND")
    refused(quarry.call("POST", "/models/vit_b/download"), 403, "AUTHORIZATION_ERROR")


def test_health_info_and_errors_have_their_shapes(quarry: Client) -> None:
    health = quarry.get("/health/").json()
    assert (health["status"], health["service"], health["version"]) == ("healthy", "image-quarry-api", "0.1.0")
    assert health["details"]["models"]["available"] == 5
    assert quarry.get("/health/ready").json()["details"] == {"ready": True}
    assert quarry.get("/health/live").json()["details"] == {"alive": True}
    assert set(quarry.get("/info").json()) == {"name", "version", "description", "endpoints"}
    assert quarry.get("/docs").status_code == quarry.get("/redoc").status_code == 200
    refused(quarry.get("/nothing/here"), 404, "NOT_FOUND")
    assert "Allow" in quarry.call("PUT", "/jobs/").headers
    refused(
        quarry.call("POST", "/segment/auto", data=b"--x", headers={"Content-Type": "multipart/form-data; boundary=x"}), 400, "HTTP_ERROR"
    )
    refused(quarry.call("POST", "/segment/batch", data=b"{"), 422, "VALIDATION_ERROR")
    assert quarry.get("/storage/drive/status").json() == {"enabled": False, "authenticated": False, "folder_access": False}
    paths = quarry.get("/openapi.json").json()["paths"]
    for path in (
        "/health/",
        "/segment/single",
        "/segment/auto/async",
        "/segment/batch/{batch_job_id}",
        "/jobs/",
        "/models/",
        "/storage/drive/upload",
    ):
        assert path in paths


def test_pictures_above_the_limit_are_searched_in_tiles_where_asked(quarry: Client) -> None:
    y, x = np.mgrid[:160, :4400]
    picture = np.full((160, 4400, 3), 45, np.uint8)
    centres = [100, 1000, 2048, 3300, 4300]
    for number, centre in enumerate(centres):
        picture[(x - centre) ** 2 + (y - 80) ** 2 < 50**2] = np.random.default_rng(number).integers(120, 240, 3)
    file = saved(picture)
    assert refused(quarry.post("/segment/auto", file), 400, "IMAGE_VALIDATION_ERROR")["details"]["limit"] == 4096
    body = quarry.made("/segment/auto", file, tiles="true", format="rle", crop_n_layers=0)
    found = [np.asarray(rle.decode(mask["segmentation"])) for mask in body["masks"]]
    for centre in centres:
        assert max(iou(mask, (x - centre) ** 2 + (y - 80) ** 2 < 50**2) for mask in found) >= 0.95
    assert (body["image_width"], body["image_height"], body["truncated"]) == (4400, 160, False)
    handle = body["image_id"]
    refused(quarry.post("/segment/single", image_id=handle, points='[{"x": 0.5, "y": 0.5}]'), 400, "IMAGE_VALIDATION_ERROR")
    refused(quarry.post("/segment/embed", image_id=handle), 400, "IMAGE_VALIDATION_ERROR")
    cut = quarry.made("/segment/objects/extract", image_id=handle, tiles="true", min_pixels=5000, crop_n_layers=0, save_dir="tiles")
    assert len(cut["saved"]) >= len(centres)
    wide = saved(np.zeros((2, 16_385), np.uint8))
    assert refused(quarry.post("/segment/auto", wide, tiles="true"), 400, "IMAGE_VALIDATION_ERROR")["details"]["limit"] == 16_384
