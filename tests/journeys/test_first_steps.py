"""What a newcomer does first: ``make run``, ``pentaprism demo``, the example scripts."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path

import httpx
import pytest

from running_server import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
PICTURES = {
    "cell-phase.png",
    "glands-ihc.png",
    "nuclei-fluorescence.png",
    "spheroid-single.png",
    "spheroids-many.png",
    "spheroids-touching.png",
}

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "pentaprism", *map(str, arguments)]


def run(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(*arguments), cwd=folder, capture_output=True, text=True, timeout=240, check=False)


@contextmanager
def signed_in(url: str, data_dir: Path) -> Iterator[httpx.Client]:
    """A client that works as the demo account."""
    with httpx.Client(base_url=f"{url}/spheroseg/api", timeout=30) as client:
        account = json.loads((data_dir / "demo-account.json").read_text())
        token = client.post("/auth/login", json=account).raise_for_status().json()["tokens"]["accessToken"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture(scope="module", autouse=True)
def _as_shipped() -> Iterator[None]:
    """Without the settings that only the tests of this project make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PENTAPRISM_WORKERS__PRELOAD")
        yield


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The command behind ``make run`` in an empty folder, ready: address and data folder. It has to stop when told to."""
    folder = tmp_path_factory.mktemp("newcomer")
    port, data = free_port(), folder / "data"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    url = f"http://127.0.0.1:{port}"
    start = command("quickstart", "--port", str(port), "--data-dir", data)
    with subprocess.Popen(start, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            shown = "".join(takewhile(lambda line: "Ctrl-C" not in line, process.stdout))
            assert url in shown
            assert json.loads((data / "demo-account.json").read_text())["password"] in shown
            yield url, data
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{url}/health", timeout=2)


def test_the_sample_workspace_shows_segmented_pictures(gateway: tuple[str, Path]) -> None:
    url, data = gateway
    with signed_in(url, data) as client:
        projects = client.get("/projects").json()["projects"]
        assert [project["title"] for project in projects] == ["Sample workspace"]
        images = client.get(f"/projects/{projects[0]['id']}/images").json()["images"]
        assert {image["name"] for image in images} == PICTURES
        assert {image["status"] for image in images} == {"completed"}
        by_name = {image["name"]: client.get(f"/images/{image['id']}/segmentation").json() for image in images}
    assert by_name["spheroids-many.png"]["results"]["cell_count"] == 6
    assert by_name["nuclei-fluorescence.png"]["results"]["cell_count"] > 20
    assert by_name["cell-phase.png"]["results"]["features"]["summary"]["equivalent_diameter_um"]["median"] == pytest.approx(14, abs=4)


def test_running_it_again_shows_the_same_workspace_and_keeps_the_password_to_itself(gateway: tuple[str, Path]) -> None:
    url, data = gateway
    again = run("quickstart", "--port", url.rpartition(":")[2], "--data-dir", data, folder=data.parent)
    assert again.returncode == 0, again.stderr
    assert "already runs" in again.stdout
    assert json.loads((data / "demo-account.json").read_text())["password"] not in again.stdout
    with signed_in(url, data) as client:
        projects = client.get("/projects").json()["projects"]
        assert len(projects) == 1
        assert projects[0]["image_count"] == len(PICTURES)


def test_the_log_in_is_kept_for_its_owner_only(gateway: tuple[str, Path]) -> None:
    _, data = gateway
    assert (data / "demo-account.json").stat().st_mode & 0o777 == 0o600


def test_the_log_of_the_first_run_holds_no_password_and_no_token(gateway: tuple[str, Path]) -> None:
    url, data = gateway
    with signed_in(url, data) as client:
        token = client.headers["Authorization"].removeprefix("Bearer ")
        client.get("/projects")
    log = (data / "server.log").read_text()
    assert json.loads((data / "demo-account.json").read_text())["password"] not in log
    assert token not in log
    assert re.search(r"sig=[\w-]{10,}", log) is None


def test_a_port_of_another_program_is_named(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = run("quickstart", "--port", str(taken.getsockname()[1]), "--data-dir", "data", folder=tmp_path)
    assert refused.returncode == 2
    assert "taken by another program" in refused.stderr


def test_the_demo_does_real_work_and_says_so(tmp_path: Path) -> None:
    began = time.monotonic()
    done = run("demo", "--out", "shown", "--json", folder=tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    report = json.loads(done.stdout)
    assert report["ok"] is True
    assert {picture["picture"] for picture in report["pictures"]} == PICTURES
    assert all((tmp_path / picture["overlay"]).stat().st_size > 10_000 for picture in report["pictures"])
    assert sum(step["seconds"] for step in report["steps"]) <= time.monotonic() - began


def test_the_examples_work(gateway: tuple[str, Path], tmp_path: Path) -> None:
    from pentaprism.samples.pictures import sample_pictures

    url, data = gateway
    picture = next(sample for sample in sample_pictures() if sample.name == "spheroids-many.png")
    (tmp_path / picture.name).write_bytes(picture.data)
    account = json.loads((data / "demo-account.json").read_text())
    script = [sys.executable, str(ROOT / "examples" / "segment_with_events.py")]
    arguments = [f"{url}/spheroseg", account["email"], account["password"], picture.name]
    shown = subprocess.run([*script, *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "spheroids-many.png: completed, 6 objects" in shown.stdout
    shell = ["bash", str(ROOT / "examples" / "first_request.sh"), picture.name, f"{url}/spheroseg/api"]
    environment = {**os.environ, "ACCOUNT": str(data / "demo-account.json")}
    asked = subprocess.run(shell, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.startswith("6 objects")
    assert len((tmp_path / "measurements.csv").read_text().splitlines()) == 7
