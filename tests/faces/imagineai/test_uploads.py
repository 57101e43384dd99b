"""Images on their way: presigned, direct, several at once."""

import io
import struct
import uuid
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from PIL import Image as PillowImage
from skimage import data

from faces.imagineai.conftest import SigningStore, disc, saved

ALLOWED = "Use: image/gif, image/jpeg, image/png, image/webp"
IMAGE_KEYS = [
    "id",
    "s3_key",
    "original_filename",
    "content_type",
    "file_size_bytes",
    "width",
    "height",
    "is_primary",
    "upload_status",
    "created_at",
    "url",
    "thumbnail_url",
]


def huge_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises many pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def altered(url: str, **values: str) -> str:
    parts = urlsplit(url)
    query = {key: found[0] for key, found in parse_qs(parts.query).items()}
    return parts._replace(query=urlencode({**query, **values})).geturl()


def test_presign_put_confirm(server: Any, ann: Any) -> None:
    product = ann.product()
    ticket = ann.presign(product, filename="../../etc/pass wd.PNG")
    assert list(ticket) == ["upload_url", "image_id", "s3_key", "expires_in"] and ticket["expires_in"] == 3600
    prefix = f"products/{ann.id}/{product}/"
    name = ticket["s3_key"].removeprefix(prefix)
    assert ticket["s3_key"].startswith(prefix) and "/" not in name and name[12:] == "_pass_wd.jpg" and int(name[:12], 16) >= 0
    early = ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]})
    assert early.status_code == 409 and early.json() == {"detail": "Image not found in storage. Please upload first."}
    put = server.put(ticket["upload_url"], saved(disc()))
    assert put.status_code == 200 and put.content == b"" and put.headers["etag"].startswith('"')
    confirmed = ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]})
    assert confirmed.status_code == 200 and list(confirmed.json()) == ["image_id", "job_id", "status", "message"]
    assert (confirmed.json()["status"], confirmed.json()["message"]) == ("queued", "Image processing started")
    again = ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).json()
    assert again["job_id"] == confirmed.json()["job_id"] and again["message"] == "Upload already confirmed"
    image = ann.get(f"/products/{product}").json()["images"][0]
    assert list(image) == IMAGE_KEYS and image["original_filename"] == "../../etc/pass wd.PNG"
    assert (image["width"], image["height"], image["is_primary"], image["upload_status"]) == (320, 240, True, "uploaded")
    assert ann.get(f"/products/{product}").json()["status"] == "processing"
    late = server.put(ticket["upload_url"], b"other bytes")
    assert late.status_code == 409 and late.json() == {"detail": "Upload already confirmed"}
    assert ann.get(f"/uploads/{image['id']}/content").content == saved(disc())


def test_confirming_many_times_at_once_gives_one_job(server: Any, ann: Any) -> None:
    image = ann.announced(ann.product(), saved(disc()))
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ann.post("/uploads/confirm", json={"image_id": image}), range(8)))
    assert {answer.status_code for answer in answers} == {200} and len({answer.json()["job_id"] for answer in answers}) == 1
    assert ann.get("/jobs").json()["total"] == 1


def test_signed_addresses_hold_what_they_were_made_for(server: Any, ann: Any, make_server: Callable[..., Any]) -> None:
    product = ann.product()
    ticket, other = ann.presign(product), ann.presign(product)
    invalid = {"detail": "Upload link is invalid"}
    for changed in ({"max_bytes": "60000000"}, {"expires": "99999999999"}, {"content_type": "image/png"}, {"signature": "0" * 64}):
        assert server.put(altered(ticket["upload_url"], **changed), b"x").json() == invalid
    swapped = ticket["upload_url"].replace(ticket["s3_key"], other["s3_key"])
    assert server.put(swapped, b"x").status_code == 403
    kind = server.put(ticket["upload_url"], b"x", "image/png")
    assert kind.status_code == 403 and kind.json() == {"detail": "Content-Type does not match the upload link"}
    assert server.call("POST", ticket["upload_url"], content=b"x").status_code == 405
    brief = make_server(upload_seconds=1)
    eve = brief.person()
    address = eve.presign(eve.product())["upload_url"]
    brief.later(seconds=5)
    late = brief.put(address, b"x")
    assert late.status_code == 403 and late.json() == {"detail": "Upload link has expired"}


def test_a_put_stops_at_its_limit_and_leaves_nothing(make_server: Callable[..., Any]) -> None:
    server = make_server(file_limit_bytes=2_000_000)
    ann = server.person()
    ticket = ann.presign(ann.product())
    declared = server.put(ticket["upload_url"], b"x" * 2_000_001)
    assert declared.status_code == 413 and declared.json() == {"detail": "File exceeds the maximum size of 2 MB"}

    async def stream() -> Any:
        for _ in range(5):
            yield b"x" * 1_000_000

    undeclared = server.put(ticket["upload_url"], stream())
    assert undeclared.status_code == 413
    assert server.stored_files() == [] and list((server.folder / "staging").iterdir()) == []


def test_bytes_that_are_no_good_can_be_replaced(server: Any, ann: Any) -> None:
    product = ann.product()
    ticket = ann.presign(product)
    server.put(ticket["upload_url"], b"this is text")
    refused = ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]})
    assert refused.status_code == 422 and refused.json() == {"detail": "File is not a valid image"}
    assert ann.get(f"/products/{product}").json()["images"][0]["upload_status"] == "failed" and server.stored_files() == []
    server.put(ticket["upload_url"], saved(disc()))
    assert ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).status_code == 200


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "File is empty"),
        (b"this is text", "File is not a valid image"),
        (saved(data.coffee())[:5000], "File is not a valid image"),
        (huge_png(50_000, 50_000), "Image is too large: 50000x50000 (limit 20000 px per side, 100 megapixels)"),
        (saved(disc(), "TIFF"), f"Content type 'image/tiff' not allowed. {ALLOWED}"),
        (saved(disc(), "BMP"), f"Content type 'image/bmp' not allowed. {ALLOWED}"),
    ],
)
def test_files_that_are_no_images_of_ours(server: Any, ann: Any, content: bytes, text: str) -> None:
    product = ann.product()
    for declared in ("image/jpeg", None):
        answer = ann.post("/uploads/direct", data={"product_id": product}, files={"file": ("a.jpg", content, declared)})
        assert answer.status_code == 422 and answer.json() == {"detail": text}
    assert server.stored_files() == [] and ann.get(f"/products/{product}").json()["images"] == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_the_stored_type_is_that_of_the_bytes(ann: Any, kind: str) -> None:
    product = ann.product()
    ann.direct(product, saved(disc(), kind), "photo.unknown")
    image = ann.get(f"/products/{product}").json()["images"][0]
    assert image["content_type"] == f"image/{kind.lower()}" and image["original_filename"] == "photo.unknown"


def test_where_a_direct_upload_names_its_product(ann: Any) -> None:
    product, other = ann.product(), ann.product()
    file = {"file": ("a.jpg", saved(disc()), "image/jpg")}
    assert ann.post("/uploads/direct", data={"product_id": product}, files=file).status_code == 200
    by_query = ann.post(f"/uploads/direct?product_id={product}", files=file)
    assert by_query.status_code == 200 and by_query.json()["message"] == "Image uploaded and processing started"
    neither = ann.post("/uploads/direct", files=file)
    assert neither.status_code == 422 and neither.json()["detail"][0]["loc"] == ["body", "product_id"]
    both = ann.post(f"/uploads/direct?product_id={product}", data={"product_id": other}, files=file)
    assert both.status_code == 422 and both.json() == {"detail": "Conflicting product_id values"}
    for options in ({"data": {"product_id": "seven"}}, {"params": {"product_id": "seven"}}):
        bad = ann.post("/uploads/direct", files=file, **options)
        assert bad.status_code == 422 and isinstance(bad.json()["detail"], list)
    unknown = ann.post("/uploads/direct", data={"product_id": str(uuid.uuid4())}, files=file)
    assert unknown.status_code == 404
    nothing = ann.post("/uploads/direct", data={"product_id": product}, files={"other": ("a", b"x")})
    assert nothing.status_code == 422 and nothing.json()["detail"][0]["loc"] == ["body", "file"]
    assert ann.post("/uploads/direct", json={"product_id": product}).status_code == 422
    broken = ann.post("/uploads/direct", content=b"no form", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert broken.status_code == 400 and isinstance(broken.json()["detail"], str)


def test_a_declared_type_outside_the_four_is_refused(ann: Any) -> None:
    answer = ann.post("/uploads/direct", data={"product_id": ann.product()}, files={"file": ("a.svg", saved(disc()), "image/svg+xml")})
    assert answer.status_code == 422 and answer.json() == {"detail": f"Content type 'image/svg+xml' not allowed. {ALLOWED}"}


def test_a_file_above_the_limit(make_server: Callable[..., Any]) -> None:
    server = make_server(file_limit_bytes=1_000_000)
    ann = server.person()
    for size in (1_000_001, 3_000_000):
        answer = ann.post("/uploads/direct", data={"product_id": ann.product()}, files={"file": ("a.jpg", b"x" * size, "image/jpeg")})
        assert answer.status_code == 422 and answer.json() == {"detail": "File exceeds the maximum size of 1 MB"}
    assert list((server.folder / "staging").iterdir()) == []


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"content_type": "image/tiff"}, str),
        ({"file_size_bytes": 0}, list),
        ({"file_size_bytes": 50_000_001}, list),
        ({"filename": ""}, list),
    ],
)
def test_presigned_addresses_that_are_refused(ann: Any, change: dict[str, Any], what: type) -> None:
    body = {"product_id": ann.product(), "filename": "a.jpg", "content_type": "image/jpeg", "file_size_bytes": 10, **change}
    answer = ann.post("/uploads/presigned-url", json=body)
    assert answer.status_code == 422 and isinstance(answer.json()["detail"], what)


def test_an_upright_picture_decides_the_dimensions(ann: Any) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    product = ann.product()
    ann.direct(product, saved(disc(width=320, height=200), exif=exif))
    image = ann.get(f"/products/{product}").json()["images"][0]
    assert (image["width"], image["height"]) == (200, 320)


def test_one_pixel_is_enough(ann: Any) -> None:
    assert ann.direct(ann.product(), saved(disc()[:1, :1], "PNG"))["status"] == "queued"


def test_several_files_at_once(server: Any, ann: Any) -> None:
    product = ann.product()
    files = [
        ("files", ("one.jpg", saved(disc()), None)),
        ("files", ("bad.jpg", b"text", None)),
        ("files", ("two.png", saved(disc(), "PNG"), None)),
    ]
    made = ann.post("/uploads/multi", data={"product_id": product}, files=files)
    assert made.status_code == 201 and list(made.json()) == ["job", "accepted", "rejected"]
    body = made.json()
    assert [one["filename"] for one in body["accepted"]] == ["one.jpg", "two.png"]
    assert body["rejected"] == [{"filename": "bad.jpg", "detail": "File is not a valid image"}]
    assert (body["job"]["job_type"], body["job"]["total_images"], len(body["job"]["steps"])) == ("batch", 2, 10)
    none = ann.post("/uploads/multi", data={"product_id": product}, files=files[1:2])
    assert none.status_code == 422 and "bad.jpg" in none.json()["detail"]
    many = ann.post("/uploads/multi", data={"product_id": product}, files=[files[0]] * 21)
    assert many.status_code == 422


def test_reading_bytes(server: Any, ann: Any, bob: Any) -> None:
    product, content = ann.product(), saved(data.astronaut())
    image_id = ann.direct(product, content)["image_id"]
    image = ann.get(f"/products/{product}").json()["images"][0]
    for answer in (server.call("GET", image["url"]), ann.get(f"/uploads/{image_id}/content")):
        assert answer.status_code == 200 and answer.content == content and answer.headers["content-type"] == "image/jpeg"
        assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["content-disposition"].startswith("inline")
        assert answer.headers["content-security-policy"] == "default-src 'none'"
        assert answer.headers["cache-control"] == "private, max-age=3600"
    same = ann.get(f"/uploads/{image_id}/content", headers={"If-None-Match": answer.headers["etag"]})
    assert same.status_code == 304 and same.content == b""
    assert bob.get(f"/uploads/{image_id}/content").json() == {"detail": f"Image '{image_id}' not found"}
    assert server.call("GET", f"/uploads/{image_id}/content").status_code == 401
    for changed in ({"expires": "99999999999"}, {"signature": "0" * 64}, {"expires": "x"}):
        forged = server.call("GET", altered(image["url"], **changed))
        assert forged.status_code == 403 and forged.json() == {"detail": "Link is invalid or has expired"}
    assert server.call("GET", image["url"].replace("/content", "/thumbnail")).status_code == 403
    pending = ann.presign(product)["image_id"]
    assert ann.get(f"/uploads/{pending}/content").json() == {"detail": f"Image '{pending}' is not uploaded yet"}


def test_signed_addresses_of_bytes_expire(make_server: Callable[..., Any]) -> None:
    server = make_server(link_seconds=60)
    ann = server.person()
    product = ann.product()
    ann.direct(product)
    url = ann.get(f"/products/{product}").json()["images"][0]["url"]
    server.later(seconds=62)
    assert server.call("GET", url).status_code == 403


def test_thumbnails(server: Any, ann: Any) -> None:
    product = ann.product()
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    image_id = ann.direct(product, saved(disc(width=1200, height=800), exif=exif))["image_id"]
    usual = server.call("GET", ann.get(f"/products/{product}").json()["images"][0]["thumbnail_url"])
    picture = PillowImage.open(io.BytesIO(usual.content))
    assert usual.headers["content-type"] == "image/webp" and picture.size == (171, 256) and not picture.getexif()
    jpeg = ann.get(f"/uploads/{image_id}/thumbnail?size=100", headers={"Accept": "image/jpeg"})
    assert jpeg.headers["content-type"] == "image/jpeg" and max(PillowImage.open(io.BytesIO(jpeg.content)).size) == 100
    again = ann.get(f"/uploads/{image_id}/thumbnail", headers={"If-None-Match": usual.headers["etag"]})
    assert again.status_code == 304
    for size in (63, 1025):
        assert ann.get(f"/uploads/{image_id}/thumbnail?size={size}").status_code == 422


def test_images_that_never_came_are_removed(server: Any, ann: Any) -> None:
    product = ann.product()
    ann.announced(product, saved(disc()))
    ann.presign(product)
    assert server.context.background.remove_pending() == 0
    server.later(hours=25)
    assert server.context.background.remove_pending() == 2
    server.platform.blobs.collect_garbage()
    assert server.stored_files() == []


def test_a_store_with_addresses_of_its_own_is_used_directly(make_server: Callable[..., Any]) -> None:
    server = make_server(store=SigningStore)
    ann = server.person()
    product = ann.product()
    ticket = ann.presign(product)
    assert ticket["upload_url"] == f"https://store.test/PUT/incoming/{ticket['s3_key']}?type=image/jpeg&size=1000"
    assert ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).status_code == 409
    server.platform.blobs.store.put(f"incoming/{ticket['s3_key']}", [saved(disc())])
    assert ann.post("/uploads/confirm", json={"image_id": ticket["image_id"]}).status_code == 200
    server.platform.blobs.store.put(f"incoming/{ticket['s3_key']}", [b"swapped"])
    assert ann.get(f"/uploads/{ticket['image_id']}/content").content == saved(disc()), "what was checked is what is kept"
    assert ann.get(f"/products/{product}").json()["images"][0]["url"] == f"https://store.test/GET/{ticket['s3_key']}"
