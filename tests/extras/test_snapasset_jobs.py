"""Jobs of the snapasset face whose pictures a local diffusion model makes, run in the test's own process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from faces.snapasset.conftest import Person, Server
from faces_world import Loop
from pentaprism.app.building import build_platform
from pentaprism.core.database.migrate import upgrade
from pentaprism.faces.snapasset.face import create_app
from pentaprism.imaging.decode import read_rgb
from pentaprism.settings import Settings


@pytest.fixture
def server(tmp_path: Path, pipeline_folder: Path) -> Iterator[Server]:
    chosen = {"diffusers_model": str(pipeline_folder), "diffusers_steps": 2}
    settings = Settings(data_dir=tmp_path, limits={"enabled": False}, snapasset=chosen)
    platform, loop = build_platform(settings, "cli"), Loop()
    upgrade(platform.database)
    yield Server(create_app(platform, settings.snapasset), platform, loop)
    platform.close()
    loop.close()


def finished(server: Server, person: Person, prompt: str, **options: Any) -> dict[str, Any]:
    job_id = person.create(prompt, platforms=["custom-160x90", "custom-96x96"], options=options)
    server.work()
    return person.job(job_id)


def test_a_model_that_is_there_draws_where_no_engine_is_named(server: Server) -> None:
    person = server.person()
    engines = server.call("GET", "/health").json()["engines"]
    assert engines["diffusers"]["available"] is True and server.call("GET", "/health").json()["engine"] == "diffusers"
    job = finished(server, person, "a quiet sea at dusk")
    assert job["status"] == "completed", job
    assert job["logs"][0].startswith("Starting diffusers ") and job["data"]["options"]["engine"] == "diffusers"
    result = job["result"]
    assert (result["provider"], result["cached"], result["cost"]) == ("diffusers", False, {"calls": 0, "usd": 0.0})
    assert result["revisedPrompt"] == "a quiet sea at dusk" and result["model"] == server.context.settings.diffusers_model
    for image in result["images"]:
        assert image["crop"] is not None and image["upscaled"] is False
        stored = server.call("GET", image["url"]).content
        assert read_rgb(stored).shape == (image["height"], image["width"], 3)


def test_the_variation_fixes_the_noise_and_equal_jobs_use_the_picture_again(server: Server) -> None:
    person = server.person()
    first = finished(server, person, "a small red boat")
    assert finished(server, person, "A small  red BOAT")["result"]["cached"] is True
    fresh = finished(server, person, "a small red boat", cache=False)["result"]
    other = finished(server, person, "a small red boat", variation=7)["result"]

    def picture(result: dict[str, Any]) -> bytes:
        return server.call("GET", result["images"][0]["url"]).content

    assert fresh["cached"] is False and picture(fresh) == picture(first["result"]) != picture(other)


def test_targets_beyond_what_the_model_draws_are_enlarged_and_say_so(server: Server) -> None:
    person = server.person()
    job_id = person.create("a very wide field", platforms=["custom-1100x70"])
    server.work()
    (image,) = person.job(job_id)["result"]["images"]
    assert image["upscaled"] is True and (image["width"], image["height"]) == (1100, 70)
