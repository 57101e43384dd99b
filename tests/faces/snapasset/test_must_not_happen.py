"""Weaknesses that the face must not have, each where no other test excludes it."""

import asyncio
import struct
import zlib
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from faces.snapasset.conftest import Person, Server
from pentaprism.core.ids import new_id
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset import tasks
from pentaprism.faces.snapasset.generation import drawing
from pentaprism.faces.snapasset.naming import new_job_id
from pentaprism.faces.snapasset.stream import Feed, View, frames
from pentaprism.faces.snapasset.tables import Picture

BODY = {"userId": "u", "prompt": "A beautiful sunset over mountains", "platforms": ["custom-80x64"]}


@pytest.fixture
def person(server: Server) -> Person:
    return server.person()


def test_somebody_elses_user_id_gives_nothing(server: Server, person: Person) -> None:
    other = server.person()
    job_id = person.create(userId=other.id)
    assert person.job(job_id)["data"]["userId"] == other.id
    assert other.call("GET", f"/api/jobs/{job_id}").status_code == 404 and other.call("GET", "/api/jobs").json()["total"] == 0
    server.work()
    assert other.call("GET", "/api/usage").json()["jobs"] == 0 and person.call("GET", "/api/usage").json()["jobs"] == 1
    assert other.call("POST", "/api/queue/clean", json={"grace": 0}).json()["cleaned"] == 0
    url = person.job(job_id)["result"]["images"][0]["url"].partition("?")[0]
    assert other.call("GET", url).status_code == 404 and person.call("GET", url).status_code == 200


def test_a_failed_jobs_stream_ends_with_empty_images_and_its_reason(server: Server, person: Person, monkeypatch: Any) -> None:
    def never(*_: Any) -> Any:
        raise ZeroDivisionError("a secret path /var/lib")

    monkeypatch.setattr(drawing.Material, "draw", never)
    job_id = person.create()
    for _ in range(3):
        with server.platform.database.write() as session:
            session.execute(update(Job).values(run_after=None))
        server.work()
    with server.platform.database.read() as session:
        key = session.scalars(select(Job.id).where(Job.subject == job_id)).one()

    async def read() -> list[Any]:
        view = View(job_id, lambda: None, None, 3000, 30, 0.1)  # type: ignore[arg-type,return-value]
        return [message.data async for message in frames(Feed(server.platform, 60), key, view, server.platform.clock) if message.data]

    told = server.loop.run(asyncio.wait_for(read(), 20))
    assert [frame["type"] for frame in told] == ["connected", "status", "done"]
    done = told[-1]
    assert (done["status"], done["progress"], done["error"]) == ("failed", 50, "Something went wrong")
    assert done["result"] == {
        "success": False,
        "generationId": None,
        "images": [],
        "revisedPrompt": None,
        "error": "Something went wrong",
    }
    assert "secret path" not in str(told) + str(person.job(job_id))


def test_images_are_seen_with_the_result_and_never_before(server: Server, person: Person, monkeypatch: Any) -> None:
    seen: list[dict[str, Any]] = []
    finish = tasks._finish

    def watched(*arguments: Any) -> None:
        seen.append(person.job(job_id))
        finish(*arguments)

    monkeypatch.setattr(tasks, "_finish", watched)
    job_id = person.create()
    server.work()
    (before,) = seen
    assert (before["status"], before["result"]) == ("active", None) and before["progress"] <= 90
    job = person.job(job_id)
    assert (job["status"], job["progress"]) == ("completed", 100) and len(job["result"]["images"]) == 1


def test_no_image_of_a_cancelled_job_is_left(server: Server, person: Person, monkeypatch: Any) -> None:
    draw = drawing.Material.draw

    def cancelled_meanwhile(self: Any, target: Any, options: Any, check: Any) -> Any:
        made = draw(self, target, options, check)
        if target.id == "custom-96x64":
            person.call("DELETE", f"/api/jobs/{job_id}/cancel")
        return made

    monkeypatch.setattr(drawing.Material, "draw", cancelled_meanwhile)
    job_id = person.create(platforms=["custom-80x64", "custom-88x64", "custom-96x64", "custom-104x64"])
    server.work()
    job = person.job(job_id)
    assert job["status"] == "cancelled" and job["result"] is None
    with server.platform.database.read() as session:
        assert session.scalars(select(Picture)).all() == []
    held = [path for path in (server.platform.data_dir / "blobs").rglob("*") if path.is_file()] if server.platform.data_dir else []
    assert len(held) <= 2, "what was stored waits for the next collection of garbage"


def test_three_hundred_completed_jobs_stay_listed(server: Server, person: Person) -> None:
    moment = server.platform.clock()
    person.create()
    server.work()
    with server.platform.database.write() as session:
        model = session.scalars(select(Job)).one()
        columns = {column.name: getattr(model, column.name) for column in Job.__table__.columns}
        for public_id in [new_job_id(moment) for _ in range(299)]:
            other = {"id": new_id(), "subject": public_id, "request": {**model.request, "public_id": public_id}}
            session.execute(insert(Job).values({**columns, **other}))
    server.sweep()
    pages = [person.call("GET", f"/api/jobs?status=completed&limit=100&offset={offset}").json() for offset in (0, 100, 200)]
    assert [page["total"] for page in pages] == [300] * 3
    assert len({job["jobId"] for page in pages for job in page["jobs"]}) == 300


def test_the_database_holds_no_key_that_could_be_used(server: Server, person: Person) -> None:
    with server.platform.database.write() as session:
        _, plain = server.platform.api_keys.create(session, person.id, "robot", ("snapasset",), None)
    assert server.call("GET", "/api/jobs", headers={"X-API-Key": plain}).status_code == 200
    secret = plain.rpartition("_")[2].encode()
    files = [path.read_bytes() for path in server.platform.data_dir.glob("*.sqlite3*")]
    assert files and all(secret not in data for data in files)


def test_the_general_limit_spares_streams_and_health_and_counts_what_is_refused(server: Server, person: Person) -> None:
    server.platform.limits.enabled = True
    job_id = person.create()

    def left() -> int:
        return int(person.call("GET", "/api/platforms").headers["x-ratelimit-remaining"])

    first = left()
    for path in ("/api/health", "/api/sse/health", f"/api/sse/jobs/{job_id}?ticket=1.x"):
        person.call("HEAD" if "jobs" in path else "GET", path)
    assert left() == first - 1
    assert person.call("GET", "/api/nothing").headers["x-ratelimit-remaining"] == str(first - 2)
    server.platform.limits.enabled = False


def test_a_picture_that_would_burst_the_memory_is_refused_unread(person: Person) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 11_999, 11_999, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(3 * 11_999 + 1) * 200, 9)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    for data, message in ((bomb, "Image has too many pixels"), (b"only words, whatever the name says", "Unsupported image type")):
        answer = person.call("POST", "/api/images/upload", files={"image": ("photo.png", data)})
        assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (400, "FILE_UPLOAD_ERROR", message)


def test_health_tells_when_the_database_is_gone(server: Server) -> None:
    def gone() -> None:
        raise OSError("no database at /secret/place")

    server.platform.health.add("database", gone)
    answer = server.call("GET", "/health")
    assert answer.status_code == 503 and answer.json()["status"] == "error" and "secret" not in answer.text


def test_the_original_systems_other_routes_do_not_exist(person: Person) -> None:
    for path in ("/api/projects", "/api/projects/1/collaborators", "/api/analytics", "/api/analytics/summary"):
        answer = person.call("GET", path)
        assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (404, "NOT_FOUND", f"Route GET {path} not found")
