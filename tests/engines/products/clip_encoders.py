"""Encoders, vocabulary and merges of a tiny CLIP model, built here: texts with "mug" are red, with "chair" blue."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from pentaprism.engines.products.clip_tokenizer import END, START

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


def write_encoders(folder: Path) -> tuple[Path, Path, Path, Path]:
    """All four files, in the order in which they are configured."""
    image_encoder(folder / "image.onnx")
    text_encoder(folder / "text.onnx")
    (folder / "vocab.json").write_text(json.dumps(vocabulary()))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(MERGES) + "\n")
    return folder / "image.onnx", folder / "text.onnx", folder / "vocab.json", folder / "merges.txt"
