"""Images through the five steps: results, failures, attempts, cancelling."""

import errno
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from faces.imagineai.conftest import disc, saved
from faces_world import assert_places
from pentaprism.core.blobs.tables import Blob
from pentaprism.faces.imagineai import frames, tasks
from pentaprism.faces.imagineai.names import STEPS
from pentaprism.faces.imagineai.tables import Attribute, ProcessingStep

ANALYSIS_KEYS = [
    "id",
    "product_image_id",
    "model_version",
    "classification_label",
    "classification_confidence",
    "classification_scores",
    "description_text",
    "description_model",
    "processing_time_ms",
    "status",
    "error_message",
    "extracted_attributes",
    "detected_defects",
    "created_at",
    "updated_at",
    "category",
    "category_confidence",
    "subcategory",
    "engines",
    "quality",
    "user_label",
]


def states(steps: list[dict[str, Any]]) -> list[str]:
    return [step["status"] for step in steps]


def told(server: Any, job_id: str, seq: int = 0) -> list[dict[str, Any]]:
    """Frames after a number, as a listener gets them."""
    with server.platform.database.read() as session:
        return list(frames.after(session, job_id, seq).frames)


def test_an_analysis_from_upload_to_result(server: Any, ann: Any) -> None:
    product = ann.product("Red ball")
    started = ann.direct(product)
    waiting = ann.get(f"/analysis/{started['image_id']}").json()
    assert list(waiting) == ANALYSIS_KEYS and (waiting["status"], waiting["model_version"]) == ("pending", "pending")
    assert waiting["classification_scores"] == {} and waiting["engines"] is None
    assert server.work() == 1
    found = ann.get(f"/analysis/{started['image_id']}").json()
    assert found["status"] == "completed" and found["model_version"].startswith("product-net-") and found["processing_time_ms"] > 0
    assert abs(sum(found["classification_scores"].values()) - 1) < 0.001
    assert found["classification_scores"][found["classification_label"]] == found["classification_confidence"]
    assert set(found["engines"]) == {"classifier", "attributes", "defects", "description"}
    assert all(set(engine) == {"name", "version", "kind", "fallback_from", "reason"} for engine in found["engines"].values())
    assert {one["attribute_name"]: one["attribute_value"] for one in found["extracted_attributes"]}["color"] == "red"
    assert found["description_model"] == "template-1" and set(found["quality"]) == {"sharpness", "brightness", "background_share", "flags"}
    job = ann.get(f"/jobs/{started['job_id']}").json()
    assert (job["status"], job["processed_images"], job["progress"], job["celery_task_id"]) == ("completed", 1, 100, job["id"])
    assert [step["step_name"] for step in job["steps"]] == list(STEPS) and set(states(job["steps"])) == {"completed"}
    assert sum(step["duration_ms"] for step in job["steps"]) == found["processing_time_ms"]
    body = ann.get(f"/products/{product}").json()
    assert body["status"] == "active" and body["ai_description"] == found["description_text"]
    assert body["metadata_"]["ai"]["label"] == found["classification_label"] and "ai_description" in body["metadata_"]["ai"]["applied"]
    assert [one["id"] for one in ann.get(f"/products/{product}/analysis").json()] == [found["id"]]


def test_each_step_tells_of_its_begin_and_its_end(server: Any, ann: Any) -> None:
    started = ann.direct(ann.product())
    server.work()
    found = told(server, started["job_id"])
    pairs = [(frame["step"], frame["status"]) for frame in found[:-1]]
    assert pairs == [(name, state) for name in STEPS for state in ("running", "completed")]
    assert [frame["seq"] for frame in found] == list(range(1, 12))
    assert [frame["progress"]["completed"] for frame in found[:-1]] == [0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert found[-1]["type"] == "job_complete" and found[-1]["data"] == {"processed_images": 1, "failed_images": 0}
    assert all(frame["data"] is None for frame in found[:-1] if frame["status"] == "running")
    assert found[1]["data"] == {"width": 320, "height": 240}


def test_a_batch_with_a_corrupt_image(server: Any, ann: Any) -> None:
    product = ann.product()
    good = [ann.announced(product, saved(disc(colour))) for colour in ((200, 30, 30), (30, 30, 200))]
    images = [good[0], ann.announced(product, saved(disc())[:900]), good[1]]
    made = ann.post("/batch", json={"product_id": product, "image_ids": images})
    assert made.status_code == 201 and made.json()["status"] == "queued" and len(made.json()["steps"]) == 15
    assert set(states(made.json()["steps"])) == {"pending"} and made.json()["started_at"] == made.json()["created_at"]
    assert [step["product_image_id"] for step in made.json()["steps"]] == [image for image in images for _ in STEPS]
    server.work()
    job = ann.get(f"/batch/{made.json()['id']}").json()
    assert (job["status"], job["processed_images"], job["failed_images"]) == ("completed", 2, 1)
    assert job["error_message"] == "1 of 3 images failed" and job["completed_at"] is not None
    assert states(job["steps"])[5:10] == ["failed", "skipped", "skipped", "skipped", "skipped"]
    failed = ann.get(f"/analysis/{images[1]}").json()
    assert failed["status"] == "failed" and failed["error_message"] == "File is not a valid image" == job["steps"][5]["error_message"]
    final = [frame for frame in told(server, job["id"]) if frame["type"] != "step_update"]
    assert [frame["type"] for frame in final] == ["job_complete"] and final[0]["progress"] == {"completed": 2, "total": 3}
    assert server.stored_files() and ann.get(f"/products/{product}").json()["status"] == "active"


def test_a_batch_of_nothing_but_bad_images_fails(server: Any, ann: Any) -> None:
    product = ann.product()
    images = [ann.announced(product, b"text"), ann.presign(product)["image_id"]]
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    server.work()
    body = ann.get(f"/jobs/{job}").json()
    assert (body["status"], body["failed_images"], body["error_message"]) == ("failed", 2, "2 of 2 images failed")
    assert ann.get(f"/products/{product}").json()["status"] == "draft"


def test_batches_that_are_refused(ann: Any, bob: Any) -> None:
    product, other = ann.product(), ann.product()
    image, stranger = ann.presign(product)["image_id"], bob.presign(bob.product())["image_id"]
    text = {"detail": "Some image IDs are invalid or don't belong to this product"}
    for images in ([stranger], [image, "11111111-1111-4111-8111-111111111111"]):
        answer = ann.post("/batch", json={"product_id": product, "image_ids": images})
        assert answer.status_code == 422 and answer.json() == text
    assert ann.post("/batch", json={"product_id": other, "image_ids": [image]}).json() == text
    double = ann.post("/batch", json={"product_id": product, "image_ids": [image, image]})
    assert double.json() == {"detail": "Duplicate image IDs are not allowed"}
    for images in ([], [image] * 101):
        assert isinstance(ann.post("/batch", json={"product_id": product, "image_ids": images}).json()["detail"], list)
    assert bob.post("/batch", json={"product_id": product, "image_ids": [image]}).status_code == 404


def test_a_passing_fault_is_tried_again_and_leaves_no_trace(server: Any, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started = ann.direct(ann.product())
    real, calls = tasks.read_rgb, []

    def flaky(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) < 3:
            raise OSError(errno.EIO, "the disk sighs")
        return real(*arguments)

    monkeypatch.setattr(tasks, "read_rgb", flaky)
    server.work()
    waiting = ann.get(f"/jobs/{started['job_id']}").json()
    assert waiting["status"] == "processing" and set(states(waiting["steps"])) == {"pending"} and waiting["failed_images"] == 0
    assert server.work() == 0, "the next attempt waits"
    for _ in range(2):
        server.make_due()
        server.work()
    job = ann.get(f"/jobs/{started['job_id']}").json()
    assert (job["status"], job["processed_images"], job["failed_images"], len(calls)) == ("completed", 1, 0, 3)
    assert [frame["type"] for frame in told(server, job["id"])].count("job_failed") == 0
    seqs = [frame["seq"] for frame in told(server, job["id"])]
    assert seqs == sorted(set(seqs))


def test_after_four_attempts_the_image_has_failed(make_server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    server = make_server(retry_seconds=(5.0, 6.0, 7.0))
    ann = server.person()
    product = ann.product()
    image = ann.analysed(product)
    former = ann.get(f"/analysis/{image}").json()

    def broken(*_: Any) -> Any:
        raise OSError(errno.EIO, "the disk has gone")

    monkeypatch.setattr(tasks, "read_rgb", broken)
    job = ann.made("POST", f"/analysis/{image}/retry")["job_id"]
    assert ann.get(f"/analysis/{image}").json()["status"] == "processing", "the former result shows meanwhile"
    for _ in range(4):
        assert ann.get(f"/jobs/{job}").json()["status"] in {"queued", "processing"}
        server.work()
        server.make_due()
    body, analysis = ann.get(f"/jobs/{job}").json(), ann.get(f"/analysis/{image}").json()
    assert (body["status"], body["failed_images"], analysis["status"]) == ("failed", 1, "failed")
    assert body["error_message"] == analysis["error_message"] == "The storage could not be reached."
    assert analysis["classification_scores"] == former["classification_scores"], "an earlier result stays readable"
    assert ann.get(f"/products/{product}").json()["status"] == "active"


def test_retries_replace_their_results(server: Any, ann: Any) -> None:
    picture = disc((180, 180, 185), 640, 480)
    picture[200:204, 250:400] = 20
    image = ann.analysed(ann.product(), saved(picture, "PNG"))
    before = ann.get("/dashboard/stats").json()
    for _ in range(3):
        answer = ann.made("POST", f"/analysis/{image}/retry")
        assert answer["status"] == "queued" and answer["message"] == "Analysis retry started"
    server.work()
    after = ann.get("/dashboard/stats").json()
    assert (after["total_defects"], after["completed_analyses"]) == (before["total_defects"], 1)
    with server.platform.database.read() as session:
        names = session.scalars(select(Attribute.name)).all()
    assert len(names) == len(set(names)) > 0 and ann.get("/jobs").json()["total"] == 4


def test_cancelling_midway_keeps_what_is_finished(server: Any, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    product = ann.product()
    images = [ann.announced(product, saved(disc())) for _ in range(3)]
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    real, done = tasks.Pipeline._finish, []

    def finish(pipeline: tasks.Pipeline, found: Any) -> None:
        if done:
            assert ann.call("DELETE", f"/batch/{job}").status_code == 204
        real(pipeline, found)
        done.append(pipeline.image_id)

    monkeypatch.setattr(tasks.Pipeline, "_finish", finish)
    server.work()
    body = ann.get(f"/jobs/{job}").json()
    assert (body["status"], body["processed_images"], body["failed_images"]) == ("cancelled", 1, 0) and body["completed_at"]
    assert (
        states(body["steps"])[:5] == ["completed"] * 5 and "running" not in states(body["steps"]) and "pending" not in states(body["steps"])
    )
    final = told(server, job)[-1]
    assert (final["type"], final["status"], final["data"]) == ("job_failed", "cancelled", {"error": "Processing cancelled"})
    analyses = [ann.get(f"/analysis/{image}").json() for image in images]
    assert [one["status"] for one in analyses] == ["completed", "failed", "failed"]
    assert analyses[2]["error_message"] == "Processing cancelled" and ann.get(f"/products/{product}").json()["status"] == "active"


def test_cancelling_a_finished_job_changes_nothing(server: Any, ann: Any, bob: Any) -> None:
    started = ann.direct(ann.product())
    server.work()
    before = ann.get(f"/jobs/{started['job_id']}").json()
    assert ann.call("DELETE", f"/batch/{started['job_id']}").status_code == 204
    assert ann.get(f"/jobs/{started['job_id']}").json() == before
    assert bob.call("DELETE", f"/batch/{started['job_id']}").json() == {"detail": f"Batch job '{started['job_id']}' not found"}
    assert bob.get(f"/jobs/{started['job_id']}").json() == {"detail": f"Processing job '{started['job_id']}' not found"}


def test_cancelling_a_rerun_brings_the_former_result_back(server: Any, ann: Any) -> None:
    product = ann.product()
    image = ann.analysed(product)
    job = ann.made("POST", f"/analysis/{image}/retry")["job_id"]
    assert ann.get(f"/products/{product}").json()["status"] == "processing"
    ann.call("DELETE", f"/batch/{job}")
    assert ann.get(f"/analysis/{image}").json()["status"] == "completed"
    assert ann.get(f"/products/{product}").json()["status"] == "active"


def test_a_listener_of_any_moment_ends_with_the_same_states(server: Any, ann: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    product = ann.product()
    images = [ann.announced(product, saved(disc())) for _ in range(4)]
    job = ann.made("POST", "/batch", json={"product_id": product, "image_ids": images})["id"]
    joined: list[frames.News] = []
    real = tasks.Pipeline._tell

    def tell(pipeline: tasks.Pipeline) -> None:
        with server.platform.database.read() as session:
            news = frames.snapshot(session, job)
        assert news is not None
        joined.append(news)
        real(pipeline)

    monkeypatch.setattr(tasks.Pipeline, "_tell", tell)
    server.work()
    assert len(joined) >= 20 and joined[-1].ended
    whole = {(frame["image_id"], frame["step"]): frame["status"] for frame in told(server, job) if frame["step"]}
    for news in joined:
        seen = {(frame["image_id"], frame["step"]): frame["status"] for frame in news.frames if frame["step"]}
        rest = [] if news.ended else told(server, job, news.seq)
        seen.update({(frame["image_id"], frame["step"]): frame["status"] for frame in rest if frame["step"]})
        assert seen == whole and all(frame["seq"] > news.seq for frame in rest)
        assert [frame["type"] for frame in [*news.frames, *rest]].count("job_complete") == 1


def test_what_the_user_says_survives_every_run(server: Any, ann: Any) -> None:
    product = ann.product("Thing", category="books")
    image = ann.analysed(product)
    ann.made("POST", f"/analysis/{image}/retry")
    server.work()
    body = ann.get(f"/products/{product}").json()
    assert body["category"] == "books" and "category" not in body["metadata_"]["ai"]["applied"]
    ann.made("PATCH", f"/products/{product}", json={"ai_description": "My own words"})
    ann.made("POST", f"/analysis/{image}/retry")
    server.work()
    assert ann.get(f"/products/{product}").json()["ai_description"] == "My own words"
    ann.made("PATCH", f"/products/{product}", json={"ai_description": None})
    ann.made("POST", f"/analysis/{image}/retry")
    server.work()
    assert "photograph" in ann.get(f"/products/{product}").json()["ai_description"]


def test_a_status_of_the_user_is_never_touched(server: Any, ann: Any) -> None:
    product = ann.product()
    ann.made("PATCH", f"/products/{product}", json={"status": "archived"})
    ann.analysed(product)
    assert ann.get(f"/products/{product}").json()["status"] == "archived"


def test_text_names_what_pixels_do_not(server: Any, ann: Any) -> None:
    product = ann.product("Ceramic coffee mug")
    ann.analysed(product)
    body = ann.get(f"/products/{product}").json()
    assert (body["category"], body["subcategory"], body["status"]) == ("home_garden", "kitchen", "active")


def test_a_small_image_is_not_classified_from_pixels(server: Any, ann: Any) -> None:
    image = ann.analysed(ann.product("x"), saved(np.full((20, 400, 3), 90, np.uint8), "PNG"))
    found = ann.get(f"/analysis/{image}").json()
    assert found["status"] == "completed" and found["classification_label"] == "other" and found["classification_scores"] == {}
    assert found["category"] is None and found["classification_confidence"] is None


def test_deleting_leaves_no_bytes_and_keeps_the_history(server: Any, ann: Any) -> None:
    product = ann.product()
    ann.analysed(product)
    started = ann.direct(product)
    busy = ann.call("DELETE", f"/uploads/{started['image_id']}")
    assert busy.status_code == 409 and busy.json() == {"detail": f"Image '{started['image_id']}' is being processed"}
    assert ann.call("DELETE", f"/products/{product}").status_code == 204
    server.platform.blobs.collect_garbage()
    assert server.stored_files() == []
    job = ann.get(f"/jobs/{started['job_id']}").json()
    assert (job["status"], job["product_id"]) == ("cancelled", None) and {step["product_image_id"] for step in job["steps"]} == {None}
    assert server.work() == 0 and ann.get(f"/analysis/{started['image_id']}").status_code == 404
    with server.platform.database.read() as session:
        assert session.scalars(select(Blob)).all() == [] and len(session.scalars(select(ProcessingStep)).all()) == 10


def test_the_primary_image_decides(server: Any, ann: Any) -> None:
    product = ann.product()
    first, second = ann.analysed(product), ann.analysed(product, saved(disc((30, 60, 200))))
    assert [image["is_primary"] for image in ann.get(f"/products/{product}").json()["images"]] == [True, False]
    moved = ann.post(f"/uploads/{second}/primary")
    assert moved.status_code == 200 and moved.json()["id"] == second and moved.json()["is_primary"]
    body = ann.get(f"/products/{product}").json()
    assert [image["id"] for image in body["images"]] == [second, first] and body["metadata_"]["ai"]["image_id"] == second
    assert "blue" in body["ai_description"]
    assert ann.call("DELETE", f"/uploads/{second}").status_code == 204
    body = ann.get(f"/products/{product}").json()
    assert [(image["id"], image["is_primary"]) for image in body["images"]] == [(first, True)]
    assert body["metadata_"]["ai"]["image_id"] == first and ann.get(f"/analysis/{second}").status_code == 404


def test_a_waiting_job_tells_its_place_where_it_is_asked_for(server: Any, ann: Any, bob: Any) -> None:
    product = ann.product("Red ball")
    first, second = (ann.direct(product)["job_id"] for _ in range(2))
    assert_places(ann, bob, first, second)
    assert ann.get("/jobs?position=where").status_code == 422
    server.work()
    assert ann.get(f"/jobs/{second}?position=true").json()["position"] is None
