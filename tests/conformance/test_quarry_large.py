"""What is too much for a worker: pictures of many megapixels, and its death."""

import base64
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest

from conformance.quarry_world import Client, Watch, photograph, refused, saved
from running_server import QUIET_LIMITS, running_server

MEBIBYTE = 1 << 20


@pytest.mark.slow
@pytest.mark.alone
def test_the_default_run_at_12_megapixels_stays_small_and_blocks_nobody(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--workers", "1", environment=QUIET_LIMITS) as server:
        client = Client(f"{server.url}/quarry")
        client.ready()
        with Watch(server) as watch:
            body = client.made("/segment/auto", photograph(4000, 3000), format="rle")
        assert (body["image_width"], body["image_height"], body["truncated"]) == (4000, 3000, False)
        assert body["total_masks"] >= 10
        assert watch.memory < 2048 * MEBIBYTE
        assert max(watch.waits) < 200
        before = watch.memory
        with Watch(server) as watch:
            details = refused(client.post("/segment/auto", bomb(60_000)), 400, "IMAGE_VALIDATION_ERROR")["details"]
        assert (details["reason"], details["width"]) == ("dimensions", 60_000)
        assert watch.memory < before + 100 * MEBIBYTE


def bomb(side: int) -> bytes:
    """A small PNG file that claims to be, and would decode to, a huge picture."""
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side // 8 + 1)) for _ in range(side)) + packer.flush()
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)), (b"IDAT", rows), (b"IEND", b""))
    packed = (struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.mark.slow
def test_a_batch_ends_with_exact_counts_although_a_worker_is_killed_again_and_again(tmp_path: Path) -> None:
    noise = np.random.default_rng(6).integers(0, 255, (20, 12, 18, 3), np.uint8)
    images = [base64.b64encode(saved(np.kron(one, np.ones((16, 16, 1), np.uint8)))).decode() for one in noise]
    with running_server(tmp_path / "data", "--workers", "2", environment=QUIET_LIMITS) as server:
        client = Client(f"{server.url}/quarry")
        client.ready()
        payload = {"images": images, "parameters": {"format": "none", "crop_n_layers": 0}}
        batch = client.call("POST", "/segment/batch", json=payload).json()["batch_job_id"]
        for wanted in (3, 9):
            while client.get(f"/segment/batch/{batch}").json()["completed_images"] < wanted:
                time.sleep(0.05)
            busiest = max(server.children(), key=lambda child: child.cpu_times().user)
            busiest.kill()
        client.wait(batch, 120)
        body = client.get(f"/segment/batch/{batch}").json()
        assert (body["completed_images"], body["failed_images"]) == (20, 0)
        assert [job["index"] for job in body["jobs"]] == list(range(20))
        assert {job["total_masks"] is None for job in body["jobs"]} == {False}
