"""Jobs of the snapasset face on a running server: their life, their answers, their pictures."""

import base64
import io
import json
import re
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image
from sqlalchemy import select

from conformance.snapasset_provider import MARKER, Provider
from conformance.snapasset_world import PROMPT, SMALL, Person, World, open_world, until
from pentaprism.core.jobs.tables import Job, Worker

CREATED = {"jobId", "status", "message", "estimatedTime"}
JOB = {
    *("jobId", "status", "progress", "data", "result", "failedReason", "errorCode", "attempts", "maxAttempts"),
    *("createdAt", "processedAt", "finishedAt", "logs"),
}
RESULT = {
    *("success", "generationId", "images", "revisedPrompt", "provider", "model", "cached", "cost", "zipUrl", "partial", "errors"),
    *("recognizedTerms", "ignoredTerms"),
}
IMAGE = {
    *("platform", "platformId", "url", "width", "height", "size", "format", "mimeType", "alt", "fit", "crop", "upscaled"),
}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    found = Provider()
    yield found
    found.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, provider: Provider) -> Iterator[World]:
    settings = {"openai_model": "gpt-image-test", "openai_moderation_model": "moderation-test", "openai_total_seconds": "6"}
    prices = '{"gpt-image-test": {"input": 5, "output": 40}}'
    with open_world(tmp_path_factory.mktemp("snapasset"), provider_url=provider.url, prices=prices, **settings) as found:
        yield found


@pytest.fixture(scope="module")
def person(world: World) -> Person:
    return world.person()


def lines(job: dict) -> list[str]:
    assert all(isinstance(line, str) for line in job["logs"])
    return job["logs"]


def test_creating_answers_four_keys_and_an_id_that_cannot_be_guessed(person: Person) -> None:
    body = {"userId": "user-123", "prompt": PROMPT, "platforms": ["instagram-post", "twitter-post", "instagram-post"]}
    body |= {"status": "completed", "attempts": 9, "owner": "somebody"}
    response = person.post("/api/jobs", body)
    assert response.status_code == 201 and set(response.json()) == CREATED
    assert response.json()["estimatedTime"] == "30 seconds" and response.json()["status"] == "queued"
    assert re.fullmatch(r"gen-\d{13}-[a-z0-9]{20}", response.json()["jobId"])
    job = person.wait(response.json()["jobId"])
    assert set(job) == JOB and set(job["result"]) == RESULT and job["attempts"] == 1
    assert job["data"]["userId"] == "user-123" and job["data"]["platforms"] == ["instagram-post", "twitter-post"]


def test_a_completed_job_has_files_of_exactly_the_promised_size(person: Person) -> None:
    job = person.finished(platforms=("instagram-post", "twitter-post"), format="jpg")
    images = job["result"]["images"]
    assert [(image["platform"], image["width"], image["height"]) for image in images] == [
        ("Instagram Post", 1080, 1080),
        ("Twitter Post", 1200, 675),
    ]
    for image in images:
        assert set(image) == IMAGE and image["fit"] == "native" and image["upscaled"] is False
        response = person.client.get(image["url"])
        assert response.status_code == 200 and response.headers["content-type"] == image["mimeType"] == "image/jpeg"
        assert int(response.headers["content-length"]) == image["size"] == len(response.content)
        assert Image.open(io.BytesIO(response.content)).size == (image["width"], image["height"])
        assert response.headers["access-control-allow-origin"] == "*" and "private" in response.headers["cache-control"]
    expected = ["Starting procedural image generation...", "Image generated successfully", "Image prepared", "Generation saved"]
    expected += ["Processing Instagram Post...", "Processing Twitter Post...", "All images processed successfully"]
    assert lines(job) == expected
    assert job["result"]["cost"] == {"calls": 0, "usd": 0.0} and job["result"]["provider"] == "procedural"


def test_links_serve_ranges_and_attachments_and_nobody_without_a_signature(person: Person, world: World) -> None:
    job = person.finished()
    url = job["result"]["images"][0]["url"]
    whole = person.client.get(url)
    part = person.client.get(url, headers={"Range": "bytes=0-9"})
    assert part.status_code == 206 and part.content == whole.content[:10]
    assert person.client.get(url, headers={"If-None-Match": whole.headers["etag"]}).status_code == 304
    assert person.client.head(url).headers["content-length"] == str(len(whole.content))
    assert "attachment" in person.client.get(f"{url}&download=1").headers["content-disposition"]
    bare, query = url.split("?")
    refused = [bare, url[:-1] + ("0" if url[-1] != "0" else "1"), f"{bare}?exp=1&{query.partition('&')[2]}"]
    for address in refused:
        response = world.client.get(address)
        assert (response.status_code, response.json()["message"]) == (403, "Link is invalid or expired"), address
    assert person.client.get(bare, headers=person.headers).status_code == 200
    assert person.client.get(bare, headers=world.person().headers).status_code == 404


def test_the_archive_holds_every_image_byte_for_byte(person: Person) -> None:
    job = person.finished(platforms=(SMALL, "custom-80x64"))
    response = person.client.get(job["result"]["zipUrl"])
    assert response.headers["content-type"] == "application/zip" and int(response.headers["content-length"]) == len(response.content)
    generation = job["result"]["generationId"]
    assert f"snapasset-{generation}.zip" in response.headers["content-disposition"]
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    manifest = json.loads(archive.read("manifest.json"))
    assert manifest["generationId"] == generation and "url" not in str(manifest["images"])
    for image in job["result"]["images"]:
        name = image["url"].split("?")[0].rpartition("/")[2]
        assert archive.getinfo(name).compress_type == zipfile.ZIP_STORED
        assert archive.read(name) == person.client.get(image["url"]).content
    waiting = person.create("A slow30 picture of a harbour", engine="openai")
    assert person.get(f"/api/jobs/{waiting}/download").json()["message"] == "Job is not completed"
    person.delete(f"/api/jobs/{waiting}")


def test_a_failing_provider_is_tried_three_times_and_a_retry_completes(person: Person, provider: Provider, world: World) -> None:
    prompt = "A lighthouse that fails3 in the fog"
    job_id = person.create(prompt, engine="openai")
    seen: list[str] = []

    def watched() -> bool:
        status = person.job(job_id)["status"]
        if not seen or seen[-1] != status:
            seen.append(status)
        return status == "failed"

    until(watched, 60, 0.02)
    asked = [call["at"] for call in provider.calls_for(prompt)]
    assert len(asked) == 3
    assert asked[1] - asked[0] > 1.9 and asked[2] - asked[1] > 5.9
    assert [status for status in seen if status != "waiting"] == ["active", "delayed", "active", "delayed", "active", "failed"]
    job = person.job(job_id)
    assert (job["attempts"], job["errorCode"], job["failedReason"]) == (3, "PROVIDER_ERROR", "The image provider failed")
    assert MARKER not in json.dumps(job) and job["result"] is None
    assert "Retrying in 2 s (attempt 2 of 3)" in lines(job) and "Retrying in 6 s (attempt 3 of 3)" in lines(job)
    assert job["logs"][0] == "Starting OpenAI gpt-image-test image generation..."
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: person.post(f"/api/jobs/{job_id}/retry"), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert {"jobId": job_id, "status": "retrying", "message": "Job has been queued for retry"} in [answer.json() for answer in answers]
    done = person.wait(job_id)
    assert done["status"] == "completed" and done["attempts"] == 1 and done["failedReason"] is None and "Retry requested" in done["logs"]
    assert done["result"]["cost"]["calls"] == 4 and done["result"]["revisedPrompt"].startswith("Revised: ")
    assert person.post(f"/api/jobs/{job_id}/retry").json()["message"] == "Only failed jobs can be retried"


def test_a_busy_provider_says_how_long_to_wait(person: Person, provider: Provider) -> None:
    prompt = "A busy market in the morning"
    job = person.finished(prompt, engine="openai")
    first, second = [call["at"] for call in provider.calls_for(prompt)]
    assert 3.9 < second - first < 6 and job["attempts"] == 2
    request = provider.calls_for(prompt)[0]
    assert request["quality"] == "medium" and "style" not in request and "response_format" not in request
    assert job["result"]["cost"] == {"calls": 2, "usd": 0.16025}


@pytest.mark.parametrize(
    ("prompt", "code", "calls"),
    [
        ("A flagged thing nobody should see", "CONTENT_POLICY", 0),
        ("A policybreach of some kind", "CONTENT_POLICY", 1),
        ("A badrequest that stays one", "PROVIDER_ERROR", 1),
    ],
)
def test_what_another_attempt_cannot_change_is_final(person: Person, provider: Provider, prompt: str, code: str, calls: int) -> None:
    job = person.wait(person.create(prompt, engine="openai"))
    assert (job["status"], job["errorCode"], job["attempts"]) == ("failed", code, 1)
    assert len(provider.calls_for(prompt)) == calls and MARKER not in json.dumps(job)


def test_a_call_that_takes_too_long_is_recorded_as_unknown(person: Person, provider: Provider, world: World) -> None:
    alone = world.person()
    job_id = alone.create("A slow90 tortoise", engine="openai")
    job = alone.wait(job_id, "delayed")
    alone.delete(f"/api/jobs/{job_id}/cancel")
    assert "Error: The image provider did not answer in time" in lines(job)
    usage = alone.get("/api/usage").json()["providers"]
    assert usage == [{"provider": "openai", "model": "gpt-image-test", "calls": 1, "images": 0, "costUsd": None}]
    assert person.get("/api/usage").json()["jobs"] > 1


def test_equal_jobs_at_once_make_one_call_and_later_ones_none(world: World, provider: Provider) -> None:
    person, other = world.person(), world.person()
    prompt = "A slow8 castle on a hill"
    ids = [person.create(prompt, engine="openai") for _ in range(2)]
    jobs = [person.wait(job_id) for job_id in ids]
    assert [job["status"] for job in jobs] == ["completed"] * 2 and len(provider.calls_for(prompt)) == 1
    assert sorted(job["result"]["cached"] for job in jobs) == [False, True]
    assert any("Image reused from cache" in job["logs"] for job in jobs)
    again = person.finished(prompt.replace(" on ", "  ON "), engine="openai")
    assert again["result"]["cached"] is True and again["result"]["cost"]["calls"] == 0
    assert other.finished(prompt, engine="openai")["result"]["cached"] is False
    assert person.finished(prompt, engine="openai", cache=False)["result"]["cached"] is False
    assert len(provider.calls_for("castle")) == 3


def test_cancelling_in_every_state(person: Person, provider: Provider) -> None:
    active = person.create("A slow15 river in spring", engine="openai")
    until(lambda: provider.calls_for("slow15 river"))
    done = {"jobId": active, "status": "cancelled", "message": "Job cancelled successfully"}
    for _ in range(2):
        assert person.delete(f"/api/jobs/{active}/cancel").json() == done
    job = person.job(active)
    assert job["status"] == "cancelled" and job["failedReason"] == "Cancelled by user" and job["result"] is None
    assert job["errorCode"] is None and job["finishedAt"] and job["logs"]
    time.sleep(1.8)
    assert person.finished("A slow15 river in spring", engine="openai")["result"]["cached"] is True, "a paid picture is kept"
    failed = person.wait(person.create("A badrequest for cancelling", engine="openai"))["jobId"]
    completed = person.finished()["jobId"]
    for job_id, status in ((failed, "failed"), (completed, "completed")):
        refused = person.delete(f"/api/jobs/{job_id}/cancel")
        assert (refused.status_code, refused.json()["message"]) == (400, f"Job cannot be cancelled: it is {status}")
        assert refused.json()["status"] == status and person.job(job_id)["status"] == status


def test_a_cancelled_job_ends_its_stream_and_a_deleted_one_is_gone(person: Person, world: World) -> None:
    job_id = person.create("A slow18 desert at noon", engine="openai")
    listener = world.events(job_id)
    person.wait(job_id, "active")
    person.delete(f"/api/jobs/{job_id}/cancel")
    last = listener.done()
    assert last["status"] == "cancelled" and last["error"] == "Cancelled by user"
    assert last["result"] == {"success": False, "generationId": None, "images": [], "revisedPrompt": None, "error": "Cancelled by user"}
    job = person.finished()
    url = job["result"]["images"][0]["url"]
    assert person.delete(f"/api/jobs/{job['jobId']}").json()["status"] == "deleted"
    assert person.get(f"/api/jobs/{job['jobId']}").status_code == 404 and person.client.get(url).status_code == 404


def test_an_idempotency_key_makes_one_job(person: Person) -> None:
    body = {"userId": "u", "prompt": PROMPT, "platforms": [SMALL]}
    headers = {"Idempotency-Key": "once-only_1"}
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: person.post("/api/jobs", body, headers=headers), range(10)))
    assert {answer.status_code for answer in answers} == {201} and len({answer.json()["jobId"] for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 9
    assert person.post("/api/jobs", body | {"platforms": ["og-image"]}, headers=headers).status_code == 400
    assert person.post("/api/jobs", body, headers={"Idempotency-Key": "not allowed!"}).status_code == 400


def test_lists_show_own_jobs_and_reading_changes_nothing(world: World) -> None:
    person = world.person()
    ids = [person.finished()["jobId"] for _ in range(3)]
    found = person.get("/api/jobs").json()
    assert set(found) == {"jobs", "count", "status", "total", "limit", "offset"}
    assert [job["jobId"] for job in found["jobs"]] == ids[::-1] and found["status"] == "all" and found["limit"] == 20
    assert set(found["jobs"][0]) == {"jobId", "status", "progress", "data", "createdAt"}
    second = person.get("/api/jobs?status=completed&limit=1&offset=1").json()
    assert [job["jobId"] for job in second["jobs"]] == [ids[1]] and (second["count"], second["total"]) == (1, 3)
    assert person.get("/api/jobs?status=active").json()["jobs"] == []
    before = person.job(ids[0])
    for _ in range(20):
        person.get(f"/api/jobs/{ids[0]}")
    after = person.job(ids[0])
    for job in (before, after):
        job["result"]["zipUrl"] = job["result"]["images"][0]["url"] = ""
    assert before == after


def test_waiting_for_pictures(person: Person, provider: Provider) -> None:
    presets = [f"custom-{64 + 8 * number}x64" for number in range(10)]
    answer = person.post("/api/generate", {"prompt": "sea", "presets": presets})
    assert answer.status_code == 200 and answer.json()["count"] == 10
    for image, preset in zip(answer.json()["images"], presets, strict=True):
        head, _, data = image["image"].partition(",")
        decoded = Image.open(io.BytesIO(base64.b64decode(data)))
        assert head == "data:image/png;base64" and decoded.size == (image["width"], image["height"])
        assert image["platform"] == preset == image["preset"]["id"] and image["platformName"].startswith("Custom")
    refused = person.post("/api/generate", {"prompt": "A flagged wish", "presets": [SMALL], "options": {"engine": "openai"}})
    assert (refused.status_code, refused.json()["code"]) == (400, "CONTENT_POLICY") and refused.json()["jobId"]
    broken = person.post("/api/generate", {"prompt": "A badrequest wish", "presets": [SMALL], "options": {"engine": "openai"}})
    assert (broken.status_code, broken.json()["code"]) == (500, "OPENAI_ERROR") and MARKER not in broken.text


def test_pausing_holds_jobs_over_a_restart(world: World) -> None:
    person, admin = world.person(), world.admin()
    for path in ("pause", "resume"):
        assert person.post(f"/api/queue/{path}").json()["message"] == "Admin access required"
    assert admin.post("/api/queue/pause").json()["message"] == "Queue paused successfully"
    job_id = person.create()
    assert person.post("/api/generate", {"prompt": "sea", "presets": [SMALL]}).json()["message"] == "Queue is paused"
    time.sleep(1.0)
    world.server.stop()
    world.server.start()
    until(world.workers, 120)
    time.sleep(1.0)
    assert person.job(job_id)["status"] == "waiting" and world.client.get("/health").json()["queue"]["paused"] is True
    assert person.delete(f"/api/jobs/{person.create()}/cancel").status_code == 200
    assert admin.post("/api/queue/resume").json()["message"] == "Queue resumed successfully"
    assert person.wait(job_id)["status"] == "completed"


def test_a_killed_worker_costs_an_attempt_and_no_second_picture(world: World, provider: Provider) -> None:
    person = world.person()
    job_id = person.create("A harbour with old ships", ("custom-3000x3000", "custom-2900x2900"), engine="openai")
    until(lambda: any(line.startswith("Processing") for line in person.job(job_id)["logs"]))
    described = {child.pid: child for child in world.server.children()}
    with world.database().read() as session:
        worker = session.scalars(select(Worker.pid).join(Job, Job.lease_owner == Worker.id).where(Job.subject == job_id)).one()
    described[worker].kill()
    job = person.wait(job_id)
    assert job["status"] == "completed" and job["attempts"] == 2 and len(job["result"]["images"]) == 2
    assert len(provider.calls_for("harbour with old ships")) == 1


def test_cleaning_counts_exactly_and_ends_links(world: World) -> None:
    person, other, admin = world.person(), world.person(), world.admin()
    url = person.finished()["result"]["images"][0]["url"]
    other.finished()
    assert person.post("/api/queue/clean").json()["cleaned"] == 0
    cleaned = person.post("/api/queue/clean", {"grace": 0, "status": "completed"}).json()
    assert (cleaned["cleaned"], cleaned["message"]) == (1, "Cleaned 1 completed jobs")
    assert world.client.get(url).status_code == 404
    assert person.post("/api/queue/clean", {"grace": 0, "scope": "all"}).status_code == 403
    assert other.get("/api/jobs").json()["total"] == 1
    assert admin.post("/api/queue/clean", {"grace": 0, "scope": "own"}).json()["cleaned"] == 0
    assert admin.post("/api/queue/clean", {"grace": 0}).json()["cleaned"] >= 1
    stats = admin.get("/api/queue/stats").json()
    assert stats["total"] == sum(stats[name] for name in ("waiting", "active", "completed", "failed", "delayed"))
    assert other.get("/api/queue/stats?scope=own").json()["total"] == 0
