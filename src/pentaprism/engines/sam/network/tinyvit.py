"""The image encoder of MobileSAM (vit_t) as ONNX.

Source: Wu et al., TinyViT (2022), and Zhang et al., Faster Segment Anything (2023). Batch normalisation is folded into the convolutions;
depths, widths, heads and windows are read from the shapes of the weights.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.network.graph import Graph
from pentaprism.engines.sam.network.vit import Tensors, join, neck, partition

SIDE = 1024
NORM_EPSILON = 1e-5
# Widths at which the published code merges patches without halving the picture.
WIDTHS_KEPT_WHOLE = (320, 448, 576)


def tinyvit_encoder(tensors: Tensors, side: int = SIDE) -> Graph:
    """The graph, picture [1, 3, side, side] to tokens [1, (side/16)², channels]."""
    graph = Graph("encoder")
    x = graph.input("picture", [1, 3, side, side])
    x = graph.op("Gelu", _convolution(graph, x, tensors, "patch_embed.seq.0", stride=2))
    x = _convolution(graph, x, tensors, "patch_embed.seq.2", stride=2)
    rows = side // 4
    for layer in range(len({name.split(".")[1] for name in tensors if name.startswith("layers.")})):
        prefix = f"layers.{layer}."
        for block in range(len({name.split(".")[3] for name in tensors if name.startswith(f"{prefix}blocks.")})):
            here = f"{prefix}blocks.{block}."
            x = _mobile(graph, x, tensors, here) if layer == 0 else _attentive(graph, x, tensors, here, rows)
        if f"{prefix}downsample.conv1.c.weight" in tensors:
            x, rows = _merge(graph, x, tensors, f"{prefix}downsample.", rows)
    tokens = neck(graph, graph.transpose(x, 0, 2, 3, 1), tensors, "neck.", (rows, rows))
    graph.output(tokens, "tokens", [1, rows * rows, int(tensors["neck.0.weight"].shape[0])])
    return graph


def _convolution(graph: Graph, x: str, tensors: Tensors, name: str, stride: int = 1) -> str:
    """Convolution and batch normalisation as one convolution."""
    weight = tensors[f"{name}.c.weight"].astype(np.float64)
    mean, spread = tensors[f"{name}.bn.running_mean"], np.sqrt(tensors[f"{name}.bn.running_var"].astype(np.float64) + NORM_EPSILON)
    factor = tensors[f"{name}.bn.weight"] / spread
    bias = tensors[f"{name}.bn.bias"] - mean * factor
    side, groups = weight.shape[2], weight.shape[0] if weight.shape[1] == 1 else 1
    return graph.op(
        "Conv", x, graph.constant(weight * factor[:, None, None, None]), graph.constant(bias),
        strides=[stride, stride], pads=[side // 2] * 4, group=groups,
    )  # fmt: skip


def _mobile(graph: Graph, x: str, tensors: Tensors, prefix: str) -> str:
    inner = graph.op("Gelu", _convolution(graph, x, tensors, f"{prefix}conv1"))
    inner = graph.op("Gelu", _convolution(graph, inner, tensors, f"{prefix}conv2"))
    return graph.op("Gelu", graph.op("Add", x, _convolution(graph, inner, tensors, f"{prefix}conv3")))


def _merge(graph: Graph, x: str, tensors: Tensors, prefix: str, rows: int) -> tuple[str, int]:
    stride = 1 if tensors[f"{prefix}conv1.c.weight"].shape[0] in WIDTHS_KEPT_WHOLE else 2
    x = graph.op("Gelu", _convolution(graph, x, tensors, f"{prefix}conv1"))
    x = graph.op("Gelu", _convolution(graph, x, tensors, f"{prefix}conv2", stride))
    return _convolution(graph, x, tensors, f"{prefix}conv3"), -(-rows // stride)


def _attentive(graph: Graph, x: str, tensors: Tensors, prefix: str, rows: int) -> str:
    """A block of windowed attention, a depthwise convolution and a perceptron; x and the result are [1, c, rows, rows]."""
    heads, offsets = tensors[f"{prefix}attn.attention_biases"].shape
    window, width = math.isqrt(offsets), int(tensors[f"{prefix}attn.proj.weight"].shape[0])
    flat = graph.transpose(x, 0, 2, 3, 1)
    if window == rows:
        attended = graph.reshape(
            _attention(graph, graph.reshape(flat, 1, rows * rows, width), tensors, prefix, heads, window), 1, rows, rows, width
        )
    else:
        parts = partition(graph, flat, (rows, rows), window, width)
        attended = join(graph, _attention(graph, parts, tensors, prefix, heads, window), (rows, rows), window, width)
    x = graph.transpose(graph.op("Add", flat, attended), 0, 3, 1, 2)
    x = graph.transpose(_convolution(graph, x, tensors, f"{prefix}local_conv"), 0, 2, 3, 1)
    hidden = graph.norm(x, tensors[f"{prefix}mlp.norm.weight"], tensors[f"{prefix}mlp.norm.bias"], NORM_EPSILON)
    hidden = graph.op("Gelu", graph.linear(hidden, tensors[f"{prefix}mlp.fc1.weight"], tensors[f"{prefix}mlp.fc1.bias"]))
    hidden = graph.linear(hidden, tensors[f"{prefix}mlp.fc2.weight"], tensors[f"{prefix}mlp.fc2.bias"])
    return graph.transpose(graph.op("Add", x, hidden), 0, 3, 1, 2)


def _attention(graph: Graph, x: str, tensors: Tensors, prefix: str, heads: int, window: int) -> str:
    x = graph.norm(x, tensors[f"{prefix}attn.norm.weight"], tensors[f"{prefix}attn.norm.bias"], NORM_EPSILON)
    weight, bias = tensors[f"{prefix}attn.qkv.weight"], tensors[f"{prefix}attn.qkv.bias"]
    width = weight.shape[1]
    reach, count = width // heads, window * window
    # The published layout keeps query, key and value of one head together.
    weights, biases = weight.reshape(heads, 3, reach, width), bias.reshape(heads, 3, reach)
    query, key, value = (
        graph.reshape(graph.linear(x, weights[:, part].reshape(width, width), biases[:, part].reshape(width)), 0, count, heads, reach)
        for part in range(3)
    )
    query, key, value = graph.transpose(query, 0, 2, 1, 3), graph.transpose(key, 0, 2, 3, 1), graph.transpose(value, 0, 2, 1, 3)
    scores = graph.op("MatMul", graph.op("Mul", query, graph.constant(np.float32(reach**-0.5))), key)
    table = tensors[f"{prefix}attn.attention_biases"][:, _offsets(window)]
    scores = graph.op("Softmax", graph.op("Add", scores, graph.constant(table)), axis=-1)
    joined = graph.reshape(graph.transpose(graph.op("MatMul", scores, value), 0, 2, 1, 3), 0, count, width)
    return graph.linear(joined, tensors[f"{prefix}attn.proj.weight"], tensors[f"{prefix}attn.proj.bias"])


def _offsets(window: int) -> npt.NDArray[Any]:
    """[window², window²] indices of the distances of two places, numbered as they first occur."""
    places = list(itertools.product(range(window), range(window)))
    numbers: dict[tuple[int, int], int] = {}
    for first, second in itertools.product(places, places):
        numbers.setdefault((abs(first[0] - second[0]), abs(first[1] - second[1])), len(numbers))
    found = [[numbers[abs(a[0] - b[0]), abs(a[1] - b[1])] for b in places] for a in places]
    return np.array(found)
