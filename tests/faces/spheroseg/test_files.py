import io
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image as PillowImage

HOST = "http://cells.test"


def inside(url: str) -> str:
    assert url.startswith(HOST)
    return url.removeprefix(HOST)


def plain(url: str) -> str:
    return inside(url).partition("?")[0]


@pytest.fixture
def stored(server: Any, ann: Any) -> tuple[dict[str, Any], bytes]:
    content = server.pictures.png(400, 100)
    return ann.image(ann.project(), "Zellen µ.png", content), content


def test_originals_are_served_byte_for_byte(server: Any, ann: Any, stored: Any) -> None:
    image, content = stored
    for path in (plain(image["url"]), f"/api/images/{image['id']}/file"):
        response = ann.get(path)
        assert (response.status_code, response.content) == (200, content)
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "private, max-age=3600"
        assert "filename*=UTF-8''Zellen%20%C2%B5.png" in response.headers["Content-Disposition"]
        again = ann.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_ranges(ann: Any, stored: Any) -> None:
    image, content = stored
    part = ann.get(plain(image["url"]), headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(content)}"
    tail = ann.get(plain(image["url"]), headers={"Range": "bytes=-5"})
    assert tail.content == content[-5:]
    outside = ann.get(plain(image["url"]), headers={"Range": f"bytes={len(content)}-"})
    assert (outside.status_code, outside.headers["Content-Range"]) == (416, f"bytes */{len(content)}")
    assert (outside.json()["code"], outside.json()["statusCode"]) == ("VALIDATION_ERROR", 416)
    assert outside.json()["details"]["field"] == "range"
    head = ann.call("HEAD", plain(image["url"]))
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(content)))


def test_thumbnails_keep_the_aspect_within_256(ann: Any, stored: Any) -> None:
    image, _ = stored
    for path in (plain(image["thumbnail_url"]), f"/api/images/{image['id']}/thumbnail"):
        response = ann.get(path)
        picture = PillowImage.open(io.BytesIO(response.content))
        assert (picture.format, picture.size, response.headers["Content-Type"]) == ("JPEG", (256, 64), "image/jpeg")


def test_previews_are_png_of_the_size_and_page_asked_for(server: Any, ann: Any, stored: Any) -> None:
    image, _ = stored
    for query, size in (("", (400, 100)), ("?size=200", (200, 50)), ("?size=256", (256, 64)), ("?size=99999", (400, 100))):
        for _ in range(2):
            picture = PillowImage.open(io.BytesIO(ann.get(f"/api/images/{image['id']}/preview{query}").content))
            assert (picture.format, picture.size) == ("PNG", size)
    stack = ann.image(ann.project(), "stack.tif", server.pictures.tiff(planes=3))
    first, last = (ann.get(f"/api/images/{stack['id']}/preview?page={page}").content for page in (0, 2))
    assert first != last
    for query in ("page=3", "page=-1", "size=1", "page=x"):
        assert ann.get(f"/api/images/{stack['id']}/preview?{query}").status_code == 400


def test_a_window_of_a_picture_has_its_very_pixels(server: Any, ann: Any) -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (300, 420), np.uint8)
    file = io.BytesIO()
    PillowImage.fromarray(pixels).save(file, "PNG")
    image = ann.image(ann.project(), "noise.png", file.getvalue())
    address = f"/api/images/{image['id']}/preview"
    for left, top, width, height in ((0, 0, 420, 300), (17, 31, 100, 64), (419, 299, 1, 1)):
        for _ in range(2):
            response = ann.get(f"{address}?region={left},{top},{width},{height}")
            shown = np.asarray(PillowImage.open(io.BytesIO(response.content)))
            assert np.array_equal(shown, pixels[top : top + height, left : left + width])
    small = PillowImage.open(io.BytesIO(ann.get(f"{address}?region=20,0,400,300&size=100").content))
    assert small.size == (100, 75)
    assert (
        ann.get(f"{address}?region=0,0,9,9", headers={"If-None-Match": ann.get(f"{address}?region=0,0,9,9").headers["ETag"]}).status_code
        == 304
    )
    for wrong in ("0,0,421,300", "0,1,420,300", "0,0,0,5", "-1,0,5,5", "1,2,3", "a,b,c,d", "0,0,5,5,5", ""):
        assert ann.get(f"{address}?region={wrong}").status_code == 400, wrong


def test_windows_of_a_stack_come_from_the_page_asked_for(server: Any, ann: Any) -> None:
    stack = ann.image(ann.project(), "stack.tif", server.pictures.tiff(planes=3))
    first, last = (ann.get(f"/api/images/{stack['id']}/preview?page={page}&region=0,0,20,20") for page in (0, 2))
    assert (first.status_code, last.status_code) == (200, 200)
    assert first.content != last.content
    assert ann.get(f"/api/images/{stack['id']}/preview?page=3&region=0,0,20,20").status_code == 400
    bob = server.person()
    assert bob.get(f"/api/images/{stack['id']}/preview?region=0,0,20,20").status_code == 404


def test_a_browser_that_shows_a_tiff_gets_a_png(server: Any, ann: Any) -> None:
    content = server.pictures.tiff()
    image = ann.image(ann.project(), "deep.tiff", content)
    shown = server.get(inside(image["url"]), headers={"Sec-Fetch-Dest": "image"})
    saved = server.get(inside(image["url"]), headers={"Sec-Fetch-Dest": "document"})
    assert shown.headers["Content-Type"] == "image/png"
    assert (saved.headers["Content-Type"], saved.content) == ("image/tiff", content)
    assert "Sec-Fetch-Dest" in shown.headers["Vary"]
    assert "Sec-Fetch-Dest" in saved.headers["Vary"]


def test_signed_addresses_open_their_own_path_only(server: Any, ann: Any, bob: Any, stored: Any) -> None:
    image, content = stored
    other = ann.image(image["project_id"])
    url = inside(image["url"])
    query = parse_qs(urlsplit(url).query)
    assert set(query) == {"exp", "uid", "sig"}
    assert query["uid"] == [ann.id]
    assert server.get(url).content == content
    for key in ("url", "thumbnail_url", "preview_url"):
        assert server.get(inside(image[key])).status_code == 200
    tail = url.partition("?")[2]
    changed = [
        url[:-1] + ("0" if url[-1] != "0" else "1"),
        f"{plain(other['url'])}?{tail}",
        f"{plain(image['url'])}?{tail.replace(ann.id, bob.id)}",
        f"{plain(image['url'])}?{tail.replace('exp=', 'exp=9')}",
        f"{plain(image['url'])}?{tail.replace('sig=', 'sig=é')}",
        plain(image["url"]),
    ]
    for bad in changed:
        response = server.get(bad)
        assert (response.status_code, response.json()["error"]) == (401, "AUTHENTICATION_REQUIRED"), bad


def test_signed_addresses_expire(make_server: Callable[..., Any]) -> None:
    server = make_server(link_seconds=60)
    ann = server.person()
    image = ann.image(ann.project())
    assert server.get(inside(image["url"])).status_code == 200
    expires = int(parse_qs(urlsplit(image["url"]).query)["exp"][0])
    assert expires - server.platform.clock().timestamp() <= 60
    account = server.platform.database
    with account.read() as session:
        owner = server.platform.accounts.get(session, ann.id)
        links = server.context.links(owner, HOST)
    past = links.__class__(links.base, links.account_id, links.stamp, int(server.platform.clock().timestamp()) - 1, links.signer)
    assert server.get(inside(past.signed(image["storage_path"]))).status_code == 401


def test_links_carry_the_prefix_of_the_mount_and_work_there(server: Any, ann: Any, stored: Any) -> None:
    image, content = stored
    body = server.get(f"/api/images/{image['id']}", headers=ann.headers, root_path="/spheroseg").json()
    assert body["url"].startswith(f"{HOST}/spheroseg/uploads/")
    assert body["storage_path"] == image["storage_path"]
    path = inside(body["url"]).removeprefix("/spheroseg")
    assert server.get(path, root_path="/spheroseg").content == content
    assert server.get(path).content == content
    preview = inside(body["preview_url"]).removeprefix("/spheroseg")
    assert server.get(preview, root_path="/spheroseg").status_code == 200
    assert server.get("/projects", headers=ann.headers, root_path="/spheroseg").status_code == 200


def test_the_cookie_counts_on_bytes_only(server: Any, ann: Any, stored: Any) -> None:
    image, content = stored
    cookie = {"Cookie": f"auth_token={ann.body['accessToken']}"}
    assert server.get(plain(image["url"]), headers=cookie).content == content
    assert server.get(f"/api/images/{image['id']}/preview", headers=cookie).status_code == 200
    assert server.get(f"/api/images/{image['id']}", headers=cookie).status_code == 401
    assert server.call("DELETE", f"/api/images/{image['id']}", headers=cookie).status_code == 401


def test_without_access_bytes_do_not_exist(ann: Any, bob: Any, stored: Any) -> None:
    image, _ = stored
    for path in (plain(image["url"]), plain(image["thumbnail_url"]), f"/api/images/{image['id']}/preview"):
        assert bob.get(path).status_code == 404
    project = image["project_id"]
    for path in (
        f"/uploads/{project}/{image['id']}.jpg",
        f"/uploads/{bob.id}/{image['id']}.png",
        f"/uploads/{project}/nonsense.png",
        f"/thumbnails/{image['id']}.jpg",
        "/thumbnails/nonsense_thumb.jpg",
        "/uploads/..%2f..%2fsecret/x.png",
    ):
        assert ann.get(path).status_code == 404


def test_a_preview_of_a_file_that_is_not_stored(server: Any, ann: Any) -> None:
    part = {"file": ("deep.tif", server.pictures.tiff(), None)}
    assert server.post("/api/preview/generate", files=part).status_code == 401
    response = ann.post("/api/preview/generate", files=part)
    assert response.headers["Content-Type"] == "image/png"
    assert PillowImage.open(io.BytesIO(response.content)).size == (96, 64)
    assert ann.post("/api/preview/generate", files={"file": ("x.tif", b"text", None)}).status_code == 422
    assert ann.post("/api/preview/generate", json={}).status_code == 400
    assert server.stored_files() == []


def test_bytes_are_counted_apart_from_other_requests(make_server: Callable[..., Any]) -> None:
    server = make_server(limits=True, account_rate=20, bytes_rate=5)
    ann = server.person()
    image = ann.image(ann.project())
    statuses = [server.get(inside(image["thumbnail_url"])).status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    assert ann.get("/api/users/me").status_code == 200
