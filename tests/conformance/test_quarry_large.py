"""Pictures of many megapixels: what they cost, and what stops them."""

import struct
import zlib
from pathlib import Path

import pytest

from conformance.quarry_world import Client, Watch, photograph, refused
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
