"""Jobs run in the test's own process, with the clock and the store in the test's hands."""

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import func, select, update

from faces.snapasset.conftest import Person, Server
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.jobs.tables import Job
from pentaprism.faces.snapasset.generation import drawing
from pentaprism.faces.snapasset.service import sweeping
from pentaprism.faces.snapasset.tables import Generation, Picture, Source, UploadedImage


@pytest.fixture
def person(server: Server) -> Person:
    return server.person()


def upload(person: Person, width: int = 200, height: int = 100) -> str:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (200, 80, 30)).save(file, "PNG")
    answer = person.call("POST", "/api/images/upload", files={"image": ("a.png", file.getvalue())})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["image"]["id"])


def count(server: Server, table: Any, *conditions: Any) -> int:
    with server.platform.database.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def kept(server: Server) -> int:
    return count(server, Blob, Blob.state == "kept")


def test_progress_and_lines_follow_the_milestones(server: Server, person: Person) -> None:
    seen: list[tuple[float, str | None]] = []
    job_id = person.create(platforms=["custom-80x64", "custom-88x64", "custom-96x64"])
    with server.platform.database.read() as session:
        key = session.scalars(select(Job.id).where(Job.subject == job_id)).one()
    subscription = server.platform.events.subscribe(
        [f"job:{key}"], lambda event: seen.append((event.data["progress"], event.data["status"]))
    )
    assert server.work() == 1
    server.platform.events.publish([])
    job = person.job(job_id)
    subscription.close()
    values = [progress for progress, _ in seen]
    assert values == sorted(values) and set(values) <= {0, 10, 30, 40, 50, 63, 77, 90, 100}
    assert job["progress"] == 100 and job["status"] == "completed"


def test_one_bad_platform_stops_no_other_and_finished_images_are_kept(server: Server, person: Person, monkeypatch: Any) -> None:
    drawn: list[str] = []
    draw = drawing.Material.draw

    def sometimes(self: Any, target: Any, options: Any, check: Any) -> Any:
        drawn.append(target.id)
        if target.id == "custom-88x64":
            raise ZeroDivisionError
        return draw(self, target, options, check)

    monkeypatch.setattr(drawing.Material, "draw", sometimes)
    job_id = person.create(platforms=["custom-80x64", "custom-88x64", "custom-96x64"])
    for expected in ("delayed", "delayed", "completed"):
        with server.platform.database.write() as session:
            session.execute(update(Job).values(run_after=None))
        server.work()
        job = person.job(job_id)
        assert job["status"] == expected and job["progress"] >= 77
    assert drawn.count("custom-80x64") == drawn.count("custom-96x64") == 1 and drawn.count("custom-88x64") == 3
    result = job["result"]
    assert result["partial"] is True and [image["platformId"] for image in result["images"]] == ["custom-80x64", "custom-96x64"]
    error = {"platformId": "custom-88x64", "platform": "Custom 88x64", "code": "IMAGE_FAILED", "message": "The image could not be made"}
    assert result["errors"] == [error] and job["logs"][-1] == "2 of 3 images processed"


def test_a_job_without_any_image_fails_and_a_retry_begins_at_what_is_kept(server: Server, person: Person, monkeypatch: Any) -> None:
    def never(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(drawing.Material, "draw", never)
        job_id = person.create()
        for _ in range(3):
            with server.platform.database.write() as session:
                session.execute(update(Job).values(run_after=None))
            server.work()
    job = person.job(job_id)
    assert (job["status"], job["errorCode"], job["attempts"], job["progress"]) == ("failed", "INTERNAL_ERROR", 3, 50)
    assert job["failedReason"] == "Something went wrong" and job["logs"].count("Generation saved") == 1
    assert person.call("POST", f"/api/jobs/{job_id}/retry").status_code == 200
    waiting = person.job(job_id)
    assert (waiting["status"], waiting["attempts"], waiting["progress"], waiting["errorCode"]) == ("waiting", 0, 50, None)
    server.work()
    assert person.job(job_id)["status"] == "completed" and count(server, Generation) == 1


def test_manual_retries_come_to_an_end(server: Server, person: Person) -> None:
    job_id = person.create()
    for number in range(6):
        with server.platform.database.write() as session:
            session.execute(update(Job).values(status="failed"))
        answer = person.call("POST", f"/api/jobs/{job_id}/retry")
        assert answer.status_code == (200 if number < 5 else 400)
    assert answer.json()["message"] == "Job was retried too often" and answer.json()["status"] == "failed"


def test_an_upload_in_use_is_kept_until_its_job_is_done(server: Server, person: Person) -> None:
    image_id = upload(person)
    job_id = person.create(sourceImageId=image_id)
    assert person.call("DELETE", f"/api/images/uploads/{image_id}").status_code == 200
    assert person.call("GET", f"/api/images/uploads/{image_id}").status_code == 404
    assert kept(server) == 1
    server.work()
    assert person.job(job_id)["result"]["provider"] == "upload"
    assert kept(server) == 1 and count(server, Source) == 0 and count(server, UploadedImage) == 0
    assert person.call("DELETE", f"/api/jobs/{job_id}").status_code == 200
    assert kept(server) == 0


def test_a_cancelled_upload_job_lets_everything_go(server: Server, person: Person) -> None:
    image_id = upload(person)
    job_id = person.create(sourceImageId=image_id)
    person.call("DELETE", f"/api/jobs/{job_id}/cancel")
    person.call("DELETE", f"/api/images/uploads/{image_id}")
    assert kept(server) == 0 and person.job(job_id)["status"] == "cancelled"


def test_a_missing_source_fails_at_once(server: Server, person: Person) -> None:
    job_id = person.create(sourceImageId=upload(person))
    with server.platform.database.read() as session:
        key = session.scalars(select(Source.blob_key)).one()
    server.platform.blobs.store.delete(key)
    server.work()
    job = person.job(job_id)
    assert (job["status"], job["errorCode"], job["attempts"]) == ("failed", "SOURCE_IMAGE_ERROR", 1)


def test_retention_depends_on_how_a_job_ended(server: Server, person: Person) -> None:
    completed, cancelled = person.create(), person.create()
    person.call("DELETE", f"/api/jobs/{cancelled}/cancel")
    server.work()
    with server.platform.database.read() as session:
        days = {job.subject: (job.expires_at - job.finished_at) / timedelta(days=1) for job in session.scalars(select(Job))}
    assert days == {completed: 7, cancelled: 1}
    with server.platform.database.write() as session:
        session.execute(update(Job).values(expires_at=server.platform.clock() - timedelta(seconds=1)))
    server.sweep()
    assert kept(server) == 0 and count(server, Picture) == 0 and person.call("GET", "/api/jobs").json()["total"] == 0


def test_unused_uploads_are_swept(server: Server, person: Person) -> None:
    old, used = upload(person), upload(person)
    with server.platform.database.write() as session:
        session.execute(update(UploadedImage).where(UploadedImage.id == old).values(used_at=server.platform.clock() - timedelta(days=8)))
    sweeping.sweep(server.platform, server.context.settings)
    statuses = [person.call("GET", f"/api/images/uploads/{one}").status_code for one in (old, used)]
    assert statuses == [404, 200] and kept(server) == 1


def test_priorities_rank_all_accounts_and_age(server: Server, person: Person) -> None:
    other = server.person()
    low = person.create(options={"priority": 10})
    high = other.create(options={"priority": 3})
    with server.platform.database.write() as session:
        server.platform.jobs.hold(session, "snapasset.generate")
    assert server.work() == 0
    with server.platform.database.write() as session:
        server.platform.jobs.unhold(session, "snapasset.generate")
        session.execute(update(Job).where(Job.subject == low).values(created_at=server.platform.clock() - timedelta(minutes=11)))
    server.sweep()
    server.work()
    with server.platform.database.read() as session:
        started = {job.subject: job.first_started_at for job in session.scalars(select(Job))}
    assert started[low] <= started[high]


def test_deleting_an_account_takes_everything_along(server: Server, person: Person) -> None:
    upload(person)
    person.create()
    server.work()
    with server.platform.database.write() as session:
        server.platform.accounts.delete(session, person.id)
    assert kept(server) == 0 and count(server, Job) == count(server, Picture) == count(server, UploadedImage) == 0


@pytest.mark.parametrize("face_settings", [{"anonymous": True}])
def test_an_open_face_lets_everybody_act_as_one_account(server: Server) -> None:
    body = {"userId": "u", "prompt": "A beautiful sunset", "platforms": ["custom-80x64"]}
    job_id = server.call("POST", "/api/jobs", json=body).json()["jobId"]
    assert server.call("GET", f"/api/jobs/{job_id}").json()["status"] == "waiting"
    assert server.call("POST", "/api/queue/pause").status_code == 403
    assert server.call("GET", "/api/jobs", headers={"Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize("face_settings", [{"require_matching_user_id": True}])
def test_a_foreign_user_id_can_be_refused(server: Server, person: Person) -> None:
    body = {"userId": "u", "prompt": "A beautiful sunset", "platforms": ["custom-80x64"]}
    refused = person.call("POST", "/api/jobs", json=body)
    assert (refused.status_code, refused.json()["message"]) == (403, "userId does not match the authenticated account")
    assert person.call("POST", "/api/jobs", json={**body, "userId": person.id}).status_code == 201


def test_a_waiting_job_tells_its_place_among_all_of_the_face(server: Server, person: Person) -> None:
    other = server.person()
    low = person.create(options={"priority": 9})
    high = other.create(options={"priority": 1})
    listed = person.call("GET", "/api/jobs?position=true").json()["jobs"]
    assert [(job["jobId"], job["position"]) for job in listed] == [(low, 2)]
    assert other.call("GET", f"/api/jobs/{high}?position=true").json()["position"] == 1
    assert "position" not in person.job(low)
    assert all("position" not in job for job in person.call("GET", "/api/jobs").json()["jobs"])
    refused = person.call("GET", "/api/jobs?position=where")
    assert (refused.status_code, refused.json()["message"]) == (400, "position must be true or false")
    server.work()
    assert person.call("GET", f"/api/jobs/{low}?position=true").json()["position"] is None
