"""Pictures that people bring along, on a running server of the snapasset face: uploads, crops, formats."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from conformance.snapasset_world import SMALL, Person, open_world


@pytest.fixture(scope="module")
def person(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    with open_world(tmp_path_factory.mktemp("pictures")) as world:
        yield world.person()


def opened(person: Person, url: str) -> Image.Image:
    return Image.open(io.BytesIO(person.client.get(url).content))


def test_uploads_are_cut_and_crops_of_old_jobs_cost_nothing(person: Person) -> None:
    picture = np.full((800, 1200, 3), (30, 60, 140), np.uint8)
    picture[300:500, 60:260] = (250, 230, 60)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    answer = person.call("POST", "/api/images/upload", files={"image": ("photo.png", file.getvalue())})
    assert answer.status_code == 201 and set(answer.json()) == {"success", "message", "file", "image"}
    image = answer.json()["image"]
    assert (image["width"], image["height"], image["format"]) == (1200, 800, "png")
    assert person.client.get(image["url"]).content == file.getvalue()
    body = {"userId": "u", "platforms": ["instagram-post", "custom-400x300", "custom-96x300"], "sourceImageId": image["id"]}
    body["options"] = {
        "overrides": {"custom-400x300": {"focalPoint": {"x": 0.1, "y": 0.5}, "format": "webp"}, "custom-96x300": {"fit": "pad"}}
    }
    job = person.wait(person.post("/api/jobs", body).json()["jobId"])
    result = job["result"]
    assert (result["provider"], result["model"], result["revisedPrompt"]) == ("upload", None, None)
    assert job["logs"][0] == "Starting uploaded image generation..."
    post, webp, padded = result["images"]
    assert post["upscaled"] is True and post["fit"] == "smart" and post["crop"]["x"] <= 60
    assert webp["fit"] == "focal" and webp["crop"] == {"x": 0, "y": 0, "width": 1067, "height": 800} and webp["mimeType"] == "image/webp"
    assert padded["fit"] == "pad" and padded["crop"] is None
    assert opened(person, padded["url"]).getpixel((0, 0)) == (255, 255, 255)
    again = person.post("/api/jobs", {"userId": "u", "platforms": [SMALL], "sourceJobId": job["jobId"]})
    copy = person.wait(again.json()["jobId"])["result"]
    assert copy["provider"] == "upload" and copy["cached"] is True
    assert person.delete(f"/api/images/uploads/{image['id']}").json() == {"id": image["id"], "status": "deleted"}
    assert person.client.get(image["url"]).status_code == 404
    for source in ({"sourceImageId": image["id"]}, {"sourceJobId": job["jobId"]}, {"sourceJobId": "gen-1-x"}):
        refused = person.post("/api/jobs", {"userId": "u", "platforms": [SMALL], **source})
        assert (refused.status_code, refused.json()["message"]) == (400, "Source image not found"), source
    drawn = person.finished("A green forest with mist")
    redrawn = person.wait(person.post("/api/jobs", {"userId": "u", "platforms": [SMALL], "sourceJobId": drawn["jobId"]}).json()["jobId"])
    first, second = (person.client.get(one["result"]["images"][0]["url"]).content for one in (drawn, redrawn))
    assert first == second and redrawn["result"]["provider"] == "procedural" and redrawn["result"]["cached"] is True


def test_bad_uploads_are_refused_and_metadata_is_left_behind(person: Person) -> None:
    def send(data: bytes, name: str = "image") -> tuple[int, str, str]:
        answer = person.call("POST", "/api/images/upload", files={name: ("x.png", data)})
        return answer.status_code, answer.json().get("code", ""), answer.json()["message"]

    def saved(width: int, height: int, kind: str = "JPEG", **options: object) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (width, height), (200, 30, 30)).save(file, kind, **options)
        return file.getvalue()

    code = (400, "FILE_UPLOAD_ERROR")
    assert send(b"no picture at all")[:2] == code
    assert send(saved(300, 300)[:-400]) == (*code, "Image cannot be decoded")
    assert send(saved(300, 300), "other") == (*code, "No image file provided")
    assert send(saved(30, 300))[:2] == code
    assert send(saved(12_001, 64)) == (*code, "Image has too many pixels")
    assert send(b"\xff" * (10 * 1024 * 1024 + 1)) == (*code, "Image is larger than 10 MB")
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "SECRET PLACE"
    answer = person.call("POST", "/api/images/upload", files={"image": ("x.jpg", saved(300, 200, exif=exif))})
    image = answer.json()["image"]
    assert (image["width"], image["height"]) == (200, 300)
    body = {"userId": "u", "platforms": ["custom-200x300"], "sourceImageId": image["id"], "options": {"format": "jpeg"}}
    job = person.wait(person.post("/api/jobs", body).json()["jobId"])
    data = person.client.get(job["result"]["images"][0]["url"]).content
    assert b"SECRET" not in data and Image.open(io.BytesIO(data)).size == (200, 300)


def test_formats_keep_their_promises(person: Person) -> None:
    for name, mime in (("png", "image/png"), ("jpeg", "image/jpeg"), ("webp", "image/webp"), ("avif", "image/avif")):
        image = person.finished(platforms=("custom-320x200",), format=name)["result"]["images"][0]
        assert image["mimeType"] == mime and Image.open(io.BytesIO(person.client.get(image["url"]).content)).format == name.upper()
    small = person.finished(platforms=("custom-640x400",), format="jpeg", maxBytes=30_000, formatQuality=100)["result"]["images"][0]
    assert small["size"] <= 30_000
    options = {"format": "png", "overrides": {"custom-900x900": {"maxBytes": 10_000}}}
    partial = person.finished(platforms=(SMALL, "custom-900x900"), **options)["result"]
    assert partial["success"] is True and partial["partial"] is True and len(partial["images"]) == 1
    assert [failure["platformId"] for failure in partial["errors"]] == ["custom-900x900"]
