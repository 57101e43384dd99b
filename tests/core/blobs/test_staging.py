import hashlib
import random
from pathlib import Path

import pytest

from pentaprism.core.blobs.staging import StagingWriter, Upload
from pentaprism.core.errors import InvalidInput, StorageFull, TooLarge

PICTURE = Upload("ada", "spheroseg", suffix=".tif", limit=1_000_000)


def test_the_size_and_the_hash_are_those_of_the_bytes(tmp_path: Path) -> None:
    content = random.Random(1).randbytes(777_777)
    writer = StagingWriter(tmp_path, PICTURE)
    for offset in range(0, len(content), 10_007):
        writer.write(content[offset : offset + 10_007])
    staged = writer.finish()
    assert (staged.size, staged.sha256) == (777_777, hashlib.sha256(content).hexdigest())
    assert staged.path.read_bytes() == content and staged.path.suffix == ".tif"
    assert staged.key.startswith("spheroseg/original/") and staged.key.endswith(".tif")
    staged.discard()
    staged.discard()
    assert list(tmp_path.iterdir()) == []


def test_the_limit_itself_is_allowed_and_one_byte_more_is_not(tmp_path: Path) -> None:
    writer = StagingWriter(tmp_path, PICTURE)
    writer.write(b"x" * 1_000_000)
    with pytest.raises(TooLarge) as caught:
        writer.write(b"x")
    assert caught.value.details == {"limit": 1_000_000}
    assert list(tmp_path.iterdir()) == []
    writer = StagingWriter(tmp_path, PICTURE)
    writer.write(b"x" * 1_000_000)
    assert writer.finish().size == 1_000_000


def test_leaving_the_block_unfinished_is_an_abort(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), StagingWriter(tmp_path, PICTURE) as writer:
        writer.write(b"x" * 500_000)
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with StagingWriter(tmp_path, PICTURE) as writer:
        writer.write(b"content")
        staged = writer.finish()
    assert staged.path.read_bytes() == b"content"


def test_equal_content_of_an_owner_has_one_key(tmp_path: Path) -> None:
    def key(owner: str, content: bytes) -> str:
        writer = StagingWriter(tmp_path, Upload(owner, "quarry", by_content=True))
        writer.write(content)
        return writer.finish().key

    assert key("ada", b"one") == key("ada", b"one")
    assert len({key("ada", b"one"), key("ada", b"two"), key("eve", b"one")}) == 3


def test_a_bad_suffix_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        StagingWriter(tmp_path, Upload("ada", "spheroseg", suffix="/../x"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Path.open
    monkeypatch.setattr(Path, "open", lambda path, mode, **options: opened(Path("/dev/full"), "wb", **options))
    writer = StagingWriter(tmp_path, PICTURE)
    monkeypatch.undo()
    writer._path.touch()
    with pytest.raises(StorageFull):
        writer.write(b"x" * 900_000)
        writer.finish()
    assert list(tmp_path.iterdir()) == []
