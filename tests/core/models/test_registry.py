import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pentaprism.core.errors import NotFound
from pentaprism.core.models.cache import ModelUnavailable
from pentaprism.core.models.card import ModelCard
from pentaprism.core.models.registry import ModelRules, Models

MakeCard = Callable[..., ModelCard]
Ship = Callable[..., Path]
MEGABYTE = 1024 * 1024


def read(card: ModelCard, path: Path | None) -> tuple[str, int]:
    """A loader that really reads the file."""
    return card.name, 0 if path is None else len(path.read_bytes())


def test_cards_are_found_by_task_and_name(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    folder = ship(make_card("nuclei"), make_card("cells"), make_card("sam", task="prompt"))
    models = Models([folder, tmp_path / "none"], tmp_path / "cache")
    assert [card.name for card in models.cards()] == ["cells", "nuclei", "sam"]
    assert [card.name for card in models.cards("cells")] == ["cells", "nuclei"]
    assert models.card("sam").task == "prompt"
    with pytest.raises(NotFound):
        models.card("unknown")


def test_a_broken_card_is_left_out_and_told(tmp_path: Path, make_card: MakeCard, ship: Ship, caplog: pytest.LogCaptureFixture) -> None:
    folder = ship(make_card("good"))
    (folder / "bad.json").write_text('{"name": "bad"}')
    (folder / "noise.json").write_text("noise")
    with caplog.at_level(logging.WARNING):
        assert [card.name for card in Models([folder], tmp_path / "cache").cards()] == ["good"]
    assert "bad.json" in caplog.text and "version: Field required" in caplog.text and "noise.json" in caplog.text


def test_of_two_models_of_one_name_the_first_counts(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    folder = ship(make_card("net"))
    (folder / "zzz.json").write_text(make_card("net", version="2.0").model_dump_json())
    assert Models([folder], tmp_path / "cache").card("net").version == "1.0"


def test_a_shipped_file_goes_before_a_downloaded_one(tmp_path: Path, make_card: MakeCard, ship: Ship, content: bytes) -> None:
    folder, cache = ship(make_card("net")), tmp_path / "cache"
    cache.mkdir()
    (cache / "net.onnx").write_bytes(content)
    models = Models([folder], cache)
    assert models.path("net") == folder / "net.onnx"
    (folder / "net.onnx").write_bytes(b"broken")
    assert models.path("net") == cache / "net.onnx"
    (folder / "net.onnx").unlink()
    assert models.path("net") == cache / "net.onnx" and models.state("net") == "verified"


def test_a_model_is_pulled_where_it_is_missing(server: Any, tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    models = Models([ship(make_card("net", url=server.url), files=False)], tmp_path / "cache")
    assert models.state("net") == "absent"
    with pytest.raises(ModelUnavailable) as caught:
        models.get("net", read)
    assert caught.value.status == 503 and caught.value.details["url"] == server.url
    assert models.pull("net") == models.path("net") == models.pull("net")
    assert len(server.asked) == 1 and models.get("net", read)[0] == "net"


def test_a_shipped_model_is_not_pulled(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    folder = ship(make_card("net"))
    assert Models([folder], tmp_path / "cache").pull("net") == folder / "net.onnx"


def test_a_built_in_model_loads_without_a_file(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    models = Models([ship(make_card("classical", file=None, sha256=None, size_bytes=0))], tmp_path / "cache")
    assert models.state("classical") == "built in"
    assert models.get("classical", read) == ("classical", 0)
    with pytest.raises(ModelUnavailable):
        models.path("classical")


def test_many_threads_load_a_model_once(tmp_path: Path, make_card: MakeCard, ship: Ship, content: bytes) -> None:
    models = Models([ship(make_card("net"))], tmp_path / "cache")
    loads: list[str] = []

    def load(card: ModelCard, path: Path | None) -> tuple[str, int]:
        loads.append(card.name)
        time.sleep(0.05)
        return read(card, path)

    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(models.get("net", load))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == ["net"] and found == [("net", len(content))] * 8
    assert all(one is found[0] for one in found)


def test_different_models_load_side_by_side(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    models = Models([ship(make_card("one"), make_card("two"))], tmp_path / "cache")
    both = threading.Barrier(2, timeout=10)

    def load(card: ModelCard, path: Path | None) -> str:
        both.wait()
        return card.name

    found: list[str] = []
    threads = [threading.Thread(target=lambda name=name: found.append(models.get(name, load))) for name in ("one", "two")]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == ["one", "two"]


def test_a_failed_load_is_tried_again(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    models = Models([ship(make_card("net"))], tmp_path / "cache")

    def fail(card: ModelCard, path: Path | None) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        models.get("net", fail)
    assert models.loaded() == [] and models.get("net", read)[0] == "net"


def test_the_longest_unused_model_makes_room(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    folder = ship(*(make_card(name, memory_bytes=40 * MEGABYTE) for name in "abc"), make_card("huge", memory_bytes=999 * MEGABYTE))
    models = Models([folder], tmp_path / "cache", ModelRules(memory_mb=100))
    for name in ("a", "b", "a", "c"):
        models.get(name, read)
    assert [about.card.name for about in models.loaded()] == ["a", "c"]
    models.get("huge", read)
    assert [about.card.name for about in models.loaded()] == ["huge"]
    assert models.loaded()[0].memory_bytes == 999 * MEGABYTE


def test_a_model_can_be_unloaded(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    models = Models([ship(make_card("net"))], tmp_path / "cache")
    assert not models.unload("net")
    first = models.get("net", read)
    assert models.unload("net") and models.loaded() == []
    assert models.get("net", read) is not first


def test_figures_tell_what_is_loaded_and_what_it_was_measured_to_take(tmp_path: Path, make_card: MakeCard, ship: Ship) -> None:
    models = Models([ship(make_card("net"))], tmp_path / "cache")
    assert models.figures() == {}
    models.get("net", read, measure=lambda loaded: 7 * MEGABYTE)
    assert models.figures().keys() == {"net"}
    assert models.figures()["net"].keys() == {"memory_bytes", "load_ms", "loaded_at", "used_at"}
    assert models.figures()["net"]["memory_bytes"] == 7 * MEGABYTE
    models.unload("net")
    assert models.figures() == {}
