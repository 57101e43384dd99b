import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pentaprism.core.errors import StorageFull
from pentaprism.core.models.cache import ModelFiles, ModelUnavailable
from pentaprism.core.models.card import ModelCard

MakeCard = Callable[..., ModelCard]

KILLED_PULL = """
    import sys
    from pathlib import Path
    from pentaprism.core.models.cache import ModelFiles
    from pentaprism.core.models.card import ModelCard

    card = ModelCard.model_validate_json(sys.argv[1])
    ModelFiles(Path(sys.argv[2]), pause_seconds=60).pull(card, lambda done, total: print(done, flush=True))
"""


@pytest.fixture
def files(tmp_path: Path) -> ModelFiles:
    return ModelFiles(tmp_path / "cache", pause_seconds=0.01)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(ModelUnavailable) as caught:
        call()
    return caught.value.reason


def names(files: ModelFiles) -> list[str]:
    return sorted(path.name for path in files.cache_dir.iterdir() if not path.name.startswith("."))


def test_a_file_is_downloaded_once(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card(url=server.url)
    seen: list[tuple[int, int]] = []
    assert files.verify(card) == "absent"
    assert files.pull(card, lambda done, total: seen.append((done, total))).read_bytes() == content
    assert seen == sorted(seen) and seen[-1] == (len(content), len(content))
    assert files.pull(card) == files.find(card) and files.verify(card) == "verified"
    assert len(server.asked) == 1 and names(files) == ["net.onnx"]


def test_an_interrupted_download_goes_on_where_it_stopped(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    server.breaks = [1_000_000, 500_000]
    assert files.pull(make_card(url=server.url)).read_bytes() == content
    assert server.asked == [None, "bytes=1000000-", "bytes=1500000-"]


def test_a_server_without_ranges_sends_the_whole_again(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    server.breaks, server.ranges = [1_000_000], False
    assert files.pull(make_card(url=server.url)).read_bytes() == content
    assert len(server.asked) == 2


def test_a_later_pull_takes_up_what_an_earlier_one_left(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card(url=server.url)
    server.breaks = [400_000, 0, 0, 0, 0]
    assert reason(lambda: files.pull(card)) == "download"
    assert files.verify(card) == "absent"
    assert files.fetched(card) == 400_000
    assert files.pull(card).read_bytes() == content
    assert server.asked[-1] == "bytes=400000-"
    assert files.fetched(card) == 0


def test_a_killed_download_is_taken_up(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card(url=server.url)
    server.breaks = [2_500_000]
    command = [sys.executable, "-c", textwrap.dedent(KILLED_PULL), card.model_dump_json(), str(files.cache_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        while int(child.stdout.readline()) < 1_000_000:
            pass
        child.send_signal(signal.SIGKILL)
    assert files.verify(card) == "absent"
    (part,) = names(files)
    start = (files.cache_dir / part).stat().st_size
    assert files.pull(card).read_bytes() == content
    assert server.asked[-1] == (f"bytes={start}-" if start else None) and names(files) == ["net.onnx"]


def test_a_file_with_other_bytes_is_refused_and_removed(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card(url=server.url)
    server.content = content[:-1] + bytes([content[-1] ^ 1])
    assert reason(lambda: files.pull(card)) == "checksum"
    assert names(files) == []
    server.content = content
    assert files.pull(card).read_bytes() == content


def test_more_bytes_than_the_card_says_are_not_taken(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    server.content = content * 4
    assert reason(lambda: files.pull(make_card(url=server.url))) == "checksum"
    assert names(files) == []


def test_a_part_longer_than_the_file_begins_anew(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card(url=server.url)
    server.breaks = [400_000, 0, 0, 0, 0]
    assert reason(lambda: files.pull(card)) == "download"
    server.content = content[:300_000]
    server.asked.clear()
    assert reason(lambda: files.pull(card)) == "download"
    assert server.asked[:3] == ["bytes=400000-", None, "bytes=300000-"]
    server.content = content
    assert files.pull(card).read_bytes() == content


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_of_the_server_is_told(server: Any, files: ModelFiles, make_card: MakeCard, status: int) -> None:
    server.status = status
    with pytest.raises(ModelUnavailable, match=str(status)) as caught:
        files.pull(make_card(url=server.url))
    assert caught.value.details["url"] == server.url and len(server.asked) == 1


def test_an_unreachable_server_is_told(files: ModelFiles, make_card: MakeCard) -> None:
    assert reason(lambda: files.pull(make_card(url="http://127.0.0.1:1/model.onnx"))) == "download"


def test_a_model_without_address_cannot_be_pulled(files: ModelFiles, make_card: MakeCard) -> None:
    assert reason(lambda: files.pull(make_card())) == "no address"
    assert reason(lambda: files.pull(make_card(file=None, sha256=None, size_bytes=0))) == "no address"


def test_threads_that_pull_together_download_once(server: Any, files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card(url=server.url)
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(files.pull(card).read_bytes())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [content] * 5 and len(server.asked) == 1


def test_a_changed_file_is_found_out(files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card()
    files.cache_dir.mkdir()
    path = files.cache_dir / "net.onnx"
    path.write_bytes(content)
    assert files.find(card) == path
    path.write_bytes(content[::-1])
    assert reason(lambda: files.find(card)) == "checksum" and files.verify(card) == "broken"
    path.unlink()
    assert reason(lambda: files.find(card)) == "missing"


def test_verifying_looks_at_the_bytes_again(files: ModelFiles, make_card: MakeCard, content: bytes) -> None:
    card = make_card()
    files.cache_dir.mkdir()
    path = files.cache_dir / "net.onnx"
    path.write_bytes(content)
    assert files.verify(card) == "verified"
    times = path.stat()
    path.write_bytes(content[::-1])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert files.verify(card) == "broken"


def test_a_full_disk_is_told(server: Any, files: ModelFiles, make_card: MakeCard, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        files.pull(make_card(url=server.url))
    assert files.verify(make_card()) == "absent"
