"""The samples of the reference, unchanged but for the address: against the face alone and below a gateway."""

import json
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.quarry_world import Client, discs, squares
from running_server import running_server

SAMPLES = {
    "basic": """
        import requests

        # Upload and segment image
        with open('image.jpg', 'rb') as f:
            files = {'image': f}
            data = {'model_type': 'vit_h'}
            response = requests.post('http://localhost:8000/segment/auto', files=files, data=data)

        result = response.json()
        print(f"Found {result['total_masks']} masks")
    """,
    "async": """
        import requests
        import time

        # Submit async job
        with open('image.jpg', 'rb') as f:
            files = {'image': f}
            response = requests.post('http://localhost:8000/segment/auto/async', files=files)

        task_id = response.json()['task_id']

        # Check status
        while True:
            status = requests.get(f'http://localhost:8000/jobs/{task_id}/status').json()
            if status['data']['status'] in ['completed', 'failed']:
                break
            time.sleep(1)

        # Get results
        results = requests.get(f'http://localhost:8000/jobs/{task_id}/result').json()
    """,
    "batch": """
        import requests
        import base64

        # Prepare images
        images = []
        with open('image1.jpg', 'rb') as f:
            images.append(base64.b64encode(f.read()).decode())
        with open('image2.jpg', 'rb') as f:
            images.append(base64.b64encode(f.read()).decode())

        # Submit batch job
        payload = {
            'model_type': 'vit_h',
            'images': images
        }
        response = requests.post('http://localhost:8000/segment/batch', json=payload)
        batch_id = response.json()['batch_job_id']

        # Check batch status
        batch_status = requests.get(f'http://localhost:8000/segment/batch/{batch_id}').json()
    """,
}

CURL = {
    "single": """
        curl -X POST "http://localhost:8000/segment/single" \\
          -F "image=@your_image.jpg" \\
          -F "model_type=vit_h" \\
          -F 'points=[{"x": 0.5, "y": 0.5}]'
    """,
    "auto": """
        curl -X POST "http://localhost:8000/segment/auto" \\
          -F "image=@your_image.jpg" \\
          -F "model_type=vit_h" \\
          -F "points_per_side=64" \\
          -F "pred_iou_thresh=0.90"
    """,
    "box": """
        curl -X POST "http://localhost:8000/segment/box" \\
          -F "image=@your_image.jpg" \\
          -F 'box={"x": 100, "y": 100, "width": 200, "height": 200}'
    """,
    "extract": """
        curl -X POST "http://localhost:8000/segment/objects/extract" \\
          -F "image=@your_image.jpg" \\
          -F "min_pixels=5000" \\
          -F "save_to_drive=true"
    """,
    "status": 'curl "http://localhost:8000/jobs/task-{task-id}/status"',
    "result": 'curl "http://localhost:8000/jobs/task-{task-id}/result"',
}


def curled(name: str, url: str, folder: Path, task: str = "") -> dict[str, Any]:
    """The answer to a shell sample of the reference."""
    command = textwrap.dedent(CURL[name]).strip().replace("http://localhost:8000", url).replace("{task-id}", task)
    written = subprocess.run(["bash", "-c", f"{command} -sS -w '%{{http_code}}'"], cwd=folder, capture_output=True, text=True, check=True)
    assert written.stdout.endswith("200"), written.stdout[-400:]
    body: dict[str, Any] = json.loads(written.stdout[:-3])
    return body


def run_sample(name: str, url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that a sample of the reference leaves behind, run in a folder with its pictures."""
    for file, picture in (("image.jpg", discs()[0]), ("image1.jpg", discs()[0]), ("image2.jpg", squares())):
        (folder / file).write_bytes(picture)
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(textwrap.dedent(SAMPLES[name]).replace("http://localhost:8000", url), names)
    return names


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The face at the root of a port, with its limits."""
    with running_server(tmp_path_factory.mktemp("alone") / "data", "--face", "quarry") as server:
        client = Client(server.url)
        client.ready()
        yield client


@pytest.mark.parametrize("place", ["alone", "quarry"])
def test_the_python_samples_run(place: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client: Client = request.getfixturevalue(place)
    assert run_sample("basic", client.url, tmp_path, monkeypatch)["result"]["total_masks"] >= 20
    left = run_sample("async", client.url, tmp_path, monkeypatch)
    assert left["status"]["data"]["status"] == "completed"
    assert left["results"]["total_masks"] >= 20
    batch = run_sample("batch", client.url, tmp_path, monkeypatch)["batch_id"]
    client.wait(batch)
    body = client.get(f"/segment/batch/{batch}").json()
    assert (body["status"], body["completed_images"], body["failed_images"]) == ("completed", 2, 0)


def test_the_shell_samples_of_the_reference_answer(quarry: Client, tmp_path: Path) -> None:
    (tmp_path / "your_image.jpg").write_bytes(discs()[0])
    assert curled("single", quarry.url, tmp_path)["total_masks"] >= 1
    assert curled("auto", quarry.url, tmp_path)["total_masks"] >= 20
    assert curled("box", quarry.url, tmp_path)["total_masks"] >= 1
    extracted = curled("extract", quarry.url, tmp_path)
    assert (extracted["drive_files"], extracted["drive_errors"][0]["path"]) == ([], None)
    task = extracted["task_id"]
    assert curled("status", quarry.url, tmp_path, task)["data"]["status"] == "completed"
    assert curled("result", quarry.url, tmp_path, task)["saved"] == extracted["saved"]
