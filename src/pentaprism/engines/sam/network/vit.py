"""The image encoders of vit_b, vit_l and vit_h as ONNX.

Source: Li et al., Exploring Plain Vision Transformer Backbones for Object Detection (2022), as used by Kirillov et al., Segment Anything
(2023): windowed attention but in a few global blocks, decomposed relative positions, a neck of two convolutions. Depth, widths, heads and
windows are read from the shapes of the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.network.graph import Graph

Tensors = Mapping[str, npt.NDArray[Any]]
EPSILON = 1e-6
# Rows of queries of global attention that are looked at together: their scores take heads x 4 x 64 x 4096 x 4 bytes, 50 MB for vit_b.
ROWS_AT_ONCE = 4


def vit_encoder(tensors: Tensors) -> tuple[Graph, int]:
    """The graph, picture [1, 3, side, side] to tokens [1, (side/patch)², channels], and the side of its picture."""
    graph = Graph("encoder")
    patch = tensors["patch_embed.proj.weight"]
    size = int(patch.shape[2])
    _, rows, columns, width = tensors["pos_embed"].shape
    picture = graph.input("picture", [1, 3, rows * size, columns * size])
    x = graph.op("Conv", picture, graph.constant(patch), graph.constant(tensors["patch_embed.proj.bias"]), strides=[size, size])
    x = graph.op("Add", graph.transpose(x, 0, 2, 3, 1), graph.constant(tensors["pos_embed"]))
    depth = len({name.split(".")[1] for name in tensors if name.startswith("blocks.")})
    for index in range(depth):
        prefix = f"blocks.{index}."
        block = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        x = _block(graph, x, block, (rows, columns), width)
    tokens = neck(graph, x, tensors, "neck.", (rows, columns))
    graph.output(tokens, "tokens", [1, rows * columns, int(tensors["neck.0.weight"].shape[0])])
    return graph, rows * size


def neck(graph: Graph, x: str, tensors: Tensors, prefix: str, grid: tuple[int, int]) -> str:
    """[1, h, w, c] to tokens [1, h w, channels]."""
    first = tensors[f"{prefix}0.weight"]
    x = graph.linear(x, first[:, :, 0, 0], None)
    x = graph.norm(x, tensors[f"{prefix}1.weight"], tensors[f"{prefix}1.bias"], EPSILON)
    x = graph.op("Conv", graph.transpose(x, 0, 3, 1, 2), graph.constant(tensors[f"{prefix}2.weight"]), pads=[1, 1, 1, 1])
    x = graph.reshape(graph.transpose(x, 0, 2, 3, 1), 1, grid[0] * grid[1], -1)
    return graph.norm(x, tensors[f"{prefix}3.weight"], tensors[f"{prefix}3.bias"], EPSILON)


def _block(graph: Graph, x: str, block: Tensors, grid: tuple[int, int], width: int) -> str:
    window = (int(block["attn.rel_pos_h"].shape[0]) + 1) // 2
    normed = graph.norm(x, block["norm1.weight"], block["norm1.bias"], EPSILON)
    if window == grid[0]:
        tokens = graph.reshape(normed, 1, grid[0] * grid[1], width)
        attended = graph.reshape(_attention(graph, tokens, block, window, ROWS_AT_ONCE), 1, *grid, width)
    else:
        parts = partition(graph, normed, grid, window, width)
        attended = join(graph, _attention(graph, parts, block, window, window), grid, window, width)
    x = graph.op("Add", x, attended)
    hidden = graph.norm(x, block["norm2.weight"], block["norm2.bias"], EPSILON)
    hidden = graph.op("Gelu", graph.linear(hidden, block["mlp.lin1.weight"], block["mlp.lin1.bias"]))
    return graph.op("Add", x, graph.linear(hidden, block["mlp.lin2.weight"], block["mlp.lin2.bias"]))


def partition(graph: Graph, x: str, grid: tuple[int, int], window: int, width: int) -> str:
    """[1, h, w, c] to windows [n, window², c], padded with zeros at the bottom and on the right."""
    rows, columns = -(-grid[0] // window), -(-grid[1] // window)
    below, right = rows * window - grid[0], columns * window - grid[1]
    if below or right:
        x = graph.op("Pad", x, graph.constant(np.array([0, 0, 0, 0, 0, below, right, 0])))
    x = graph.transpose(graph.reshape(x, rows, window, columns, window, width), 0, 2, 1, 3, 4)
    return graph.reshape(x, rows * columns, window * window, width)


def join(graph: Graph, x: str, grid: tuple[int, int], window: int, width: int) -> str:
    """Windows [n, window², c] back to [1, h, w, c]."""
    rows, columns = -(-grid[0] // window), -(-grid[1] // window)
    x = graph.transpose(graph.reshape(x, rows, columns, window, window, width), 0, 2, 1, 3, 4)
    x = graph.reshape(x, 1, rows * window, columns * window, width)
    x = graph.slice(x, 1, 0, grid[0]) if rows * window > grid[0] else x
    return graph.slice(x, 2, 0, grid[1]) if columns * window > grid[1] else x


def _attention(graph: Graph, x: str, block: Tensors, side: int, at_once: int) -> str:
    """Attention among the side² tokens of every window of x [n, side², c], ``at_once`` rows of queries at a time."""
    width = block["attn.proj.weight"].shape[0]
    reach = int(block["attn.rel_pos_h"].shape[1])
    heads = width // reach
    weights, biases = np.split(block["attn.qkv.weight"], 3), np.split(block["attn.qkv.bias"], 3)
    query, key, value = (
        graph.reshape(graph.linear(x, weight, bias), 0, side * side, heads, reach) for weight, bias in zip(weights, biases, strict=True)
    )
    query, key, value = graph.transpose(query, 0, 2, 1, 3), graph.transpose(key, 0, 2, 3, 1), graph.transpose(value, 0, 2, 1, 3)
    down, across = _relative(block["attn.rel_pos_h"], side), _relative(block["attn.rel_pos_w"], side)
    scale = graph.constant(np.float32(reach**-0.5))
    across_name = graph.constant(across)
    parts = []
    for row in range(0, side, at_once):
        rows = min(at_once, side - row)
        part = query if rows == side else graph.slice(query, 2, row * side, (row + rows) * side)
        scores = graph.op("MatMul", graph.op("Mul", part, scale), key)
        scores = graph.reshape(scores, 0, heads, rows * side, side, side)
        grid = graph.reshape(part, 0, heads, rows, side, reach)
        vertical = graph.op("MatMul", grid, graph.constant(down[row : row + rows]))
        horizontal = graph.transpose(graph.op("MatMul", graph.transpose(grid, 0, 1, 3, 2, 4), across_name), 0, 1, 3, 2, 4)
        scores = graph.op("Add", scores, graph.reshape(vertical, 0, heads, rows * side, side, 1))
        scores = graph.op("Add", scores, graph.reshape(horizontal, 0, heads, rows * side, 1, side))
        scores = graph.op("Softmax", graph.reshape(scores, 0, heads, rows * side, side * side), axis=-1)
        parts.append(graph.op("MatMul", scores, value))
    joined = parts[0] if len(parts) == 1 else graph.op("Concat", *parts, axis=2)
    joined = graph.reshape(graph.transpose(joined, 0, 2, 1, 3), 0, side * side, width)
    return graph.linear(joined, block["attn.proj.weight"], block["attn.proj.bias"])


def _relative(table: npt.NDArray[Any], side: int) -> npt.NDArray[Any]:
    """[side (query), reach, side (key)] from the table of distances [2 side - 1, reach]."""
    distance = np.arange(side)[:, None] - np.arange(side)[None, :] + side - 1
    return np.ascontiguousarray(table[distance].transpose(0, 2, 1))
