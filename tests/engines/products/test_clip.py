"""CLIP encoders that the operator supplies; tiny ones are built here."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from engines.products.products_drawing import product
from pentaprism.engines.products import PLACES, ClipEngine, ClipError, ClipFiles, ProductsEngine
from pentaprism.engines.products.clip import prompts
from pentaprism.engines.products.clip_tokenizer import END, START, ClipTokenizer, TokenizerError, split_words

LETTERS = "abcdefghijklmnopqrstuvwxyz"
MERGES = ["m u", "mu g</w>", "c h", "ch a", "cha i", "chai r</w>"]


def vocabulary() -> dict[str, int]:
    """Single characters with and without the mark of a word's end, what the merges make, and the two marks of a text."""
    parts = [*LETTERS, *"-.,0123456789'"]
    tokens = [*parts, *(part + "</w>" for part in parts), *("".join(pair.split()) for pair in MERGES), START, END]
    return {token: number for number, token in enumerate(tokens)}


def image_encoder(path: Path) -> None:
    """Mean colour of the middle of the picture: d = 3."""
    picture = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, 224, 224])
    vector = helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["n", 3])
    bounds = [
        numpy_helper.from_array(np.array(v, np.int64), name) for name, v in (("from", [80, 80]), ("to", [144, 144]), ("axes", [2, 3]))
    ]
    nodes = [
        helper.make_node("Slice", ["pixel_values", "from", "to", "axes"], ["middle"]),
        helper.make_node("GlobalAveragePool", ["middle"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["image_embeds"]),
    ]
    save(path, helper.make_graph(nodes, "image", [picture], [vector], bounds))


def text_encoder(path: Path, kind: int = TensorProto.INT64) -> None:
    """A text with the token "mug" is red, one with "chair" is blue, any other is dim and grey."""
    ids = helper.make_tensor_value_info("input_ids", kind, ["n", 77])
    mask = helper.make_tensor_value_info("attention_mask", kind, ["n", 77])
    vector = helper.make_tensor_value_info("text_embeds", TensorProto.FLOAT, ["n", 3])
    table = np.full((len(vocabulary()), 3), -0.01, np.float32)
    table[vocabulary()["mug</w>"]] = (50, -25, -25)
    table[vocabulary()["chair</w>"]] = (-25, -25, 50)
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["vectors"]),
        helper.make_node("Cast", ["attention_mask"], ["seen"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["seen", "last"], ["column"]),
        helper.make_node("Mul", ["vectors", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["text_embeds"], keepdims=0),
    ]
    constants = [numpy_helper.from_array(table, "table")]
    constants += [numpy_helper.from_array(np.array([v], np.int64), name) for name, v in (("last", 2), ("middle", 1))]
    save(path, helper.make_graph(nodes, "text", [ids, mask], [vector], constants))


def save(path: Path, graph: onnx.GraphProto) -> None:
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


@pytest.fixture
def files(tmp_path: Path) -> ClipFiles:
    image_encoder(tmp_path / "image.onnx")
    text_encoder(tmp_path / "text.onnx")
    (tmp_path / "vocab.json").write_text(json.dumps(vocabulary()))
    (tmp_path / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    return ClipFiles(*(tmp_path / name for name in ("image.onnx", "text.onnx", "vocab.json", "merges.txt")), name="tiny")


def test_the_picture_meets_its_text(files: ClipFiles) -> None:
    clip = ClipEngine.load(files, threads=1)
    for colour, label in (((250, 20, 20), "mug"), ((20, 20, 250), "chair")):
        found = clip.look(np.full((100, 100, 3), colour, np.uint8))
        assert set(found) == {"label", "material", "pattern", "style"}
        assert all(sum(group.values()) == pytest.approx(1) for group in found.values())
        assert set(found["label"]) == set(PLACES)
        assert found["label"][label] > 0.99


def test_it_answers_in_the_engine_and_says_so(files: ClipFiles) -> None:
    clip = ClipEngine.load(files, threads=1)
    engine = ProductsEngine(threads=1, clip=clip)
    found = engine.analyse(product((250, 20, 20), side=300)[0])
    assert found.classification.label == "mug"
    assert engine.model_version == clip.model_version == f"clip-tiny-{clip.digest[:8]}"
    assert found.engines["classifier"]["kind"] == found.engines["attributes"]["kind"] == "clip"
    assert found.engines["defects"]["kind"] == "embedded"
    assert engine.about()["classifier"]["model_version"] == clip.model_version


def test_vectors_are_kept_for_the_same_bytes_only(files: ClipFiles, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = ClipEngine.load(files, threads=1, cache=cache)
    assert len(list(cache.iterdir())) == 1
    again = ClipEngine.load(files, threads=1, cache=cache)
    picture = np.full((50, 80, 3), (200, 40, 40), np.uint8)
    assert first.look(picture) == again.look(picture)
    (tmp_path / "merges.txt").write_text("\n".join(MERGES[:2]) + "\n")
    changed = ClipEngine.load(files, threads=1, cache=cache)
    assert changed.digest != first.digest
    assert len(list(cache.iterdir())) == 2
    for stored in cache.iterdir():
        stored.write_bytes(b"broken")
    assert ClipEngine.load(files, threads=1, cache=cache).look(picture) == changed.look(picture)


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "vocab.json", "merges.txt"])
@pytest.mark.parametrize("content", [None, b"", b"\x00\x01nonsense", b'{"a": 1}'])
def test_unusable_files_are_named_in_plain_words(files: ClipFiles, tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is None:
        path.unlink()
    elif name == "merges.txt" and content == b"":
        path.write_bytes(b"three parts here\n")
    else:
        path.write_bytes(content)
    if name == "merges.txt" and content == b'{"a": 1}':
        assert ClipEngine.load(files, threads=1).model_version.startswith("clip-tiny-")
        return
    with pytest.raises(ClipError) as refused:
        ClipEngine.load(files, threads=1)
    assert str(tmp_path) not in str(refused.value)


def test_encoders_that_give_nothing_are_refused(files: ClipFiles, tmp_path: Path) -> None:
    picture = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["n", 3, 224, 224])
    vector = helper.make_tensor_value_info("image_embeds", TensorProto.FLOAT, ["n", 3])
    nodes = [
        helper.make_node("GlobalAveragePool", ["pixel_values"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["flat"]),
        helper.make_node("Sub", ["flat", "flat"], ["image_embeds"]),
    ]
    save(tmp_path / "image.onnx", helper.make_graph(nodes, "image", [picture], [vector]))
    with pytest.raises(ClipError, match="without length"):
        ClipEngine.load(files, threads=1)


def test_every_value_has_three_prompts() -> None:
    for label in PLACES:
        sentences = prompts("label", label)
        assert len(set(sentences)) >= 3
        assert not any("_" in sentence for sentence in sentences)


def test_tokens(files: ClipFiles) -> None:
    tokenizer = ClipTokenizer(files.vocabulary, files.merges)
    ids = vocabulary()
    row = tokenizer.encode(["A  Mug, 2 chairs!"])[0]
    spelled = ["a</w>", "mug</w>", ",</w>", "2</w>", *("chai", "r", "s</w>")]
    assert row[: len(spelled) + 2].tolist() == [ids[START], *(ids[part] for part in spelled), ids[END]]
    assert (row[len(spelled) + 2 :] == ids[END]).all()
    long = tokenizer.encode(["mug " * 200])[0]
    assert len(long) == 77
    assert (long[0], long[-1]) == (ids[START], ids[END])


def test_words_are_split_as_published() -> None:
    assert split_words("it's 42 mugs!? don't") == ["it", "'s", "4", "2", "mugs", "!?", "don", "'t"]


def test_a_vocabulary_without_the_marks_is_refused(files: ClipFiles) -> None:
    files.vocabulary.write_text('{"a": 0}')
    with pytest.raises(TokenizerError, match="must map"):
        ClipTokenizer(files.vocabulary, files.merges)
