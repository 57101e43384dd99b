"""The prompt encoder and the mask decoder as two ONNX graphs.

Source: Kirillov et al., Segment Anything (2023). Equal to the published network up to rounding, arranged so that prompts cost less:

- Until the first attention from the picture to the tokens all prompts see the same picture, so it is there once.
- A projection of all tokens of the picture followed by a product with few prompt tokens is turned round: the prompt's side takes the
  weights, and the picture is read once, by 8 heads x 7 tokens instead of 128 channels.
- The predicted IoUs and the weights of the masks come from the first graph, the masks from the second, which runs for those alone that
  can pass.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import TensorProto

from pentaprism.engines.sam.network.graph import Graph
from pentaprism.engines.sam.network.vit import EPSILON, Tensors

HEADS = 8
NORM_EPSILON = 1e-5
PROMPT, MASK = "prompt_encoder.", "mask_decoder."
LAYERS = f"{MASK}transformer."


def prompt_graph(tensors: Tensors, rows: int, side: int) -> Graph:
    """Picture tokens [1, n, c], points [b, p, 2] in px of the padded picture and labels [b, p] to ``iou`` [b, masks], ``weights``
    [b, masks, c/8] and the picture as the prompts see it, ``keys`` [b, n, c].

    Labels: 1 and 0 points, 2 and 3 corners of a box, -1 no point.
    """
    graph = Graph("prompt")
    place = tensors[f"{PROMPT}pe_layer.positional_encoding_gaussian_matrix"]
    width = 2 * int(place.shape[1])
    picture = graph.input("tokens", [1, rows * rows, width])
    queries = _prompt_tokens(graph, tensors, side)
    keys = graph.op("Add", picture, graph.constant(tensors[f"{PROMPT}no_mask_embed.weight"][None]))
    places = graph.constant(_grid_places(place, rows)[None])
    tokens, seen = _two_way(graph, tensors, queries, keys, places)
    masks = int(tensors[f"{MASK}mask_tokens.weight"].shape[0])
    iou = _perceptron(graph, graph.slice(tokens, 1, 0, 1), tensors, f"{MASK}iou_prediction_head.")
    weights = [
        _perceptron(graph, graph.slice(tokens, 1, 1 + mask, 2 + mask), tensors, f"{MASK}output_hypernetworks_mlps.{mask}.")
        for mask in range(masks)
    ]
    graph.output(graph.reshape(iou, 0, masks), "iou", ["b", masks])
    graph.output(graph.op("Concat", *weights, axis=1), "weights", ["b", masks, width // 8])
    graph.output(seen, "keys", ["b", rows * rows, width])
    return graph


def mask_graph(tensors: Tensors, rows: int) -> Graph:
    """``keys`` [b, n, c] and ``weights`` [b, m, c/8] to ``masks`` [b, m, 4 rows, 4 rows], logits."""
    graph = Graph("mask")
    first, second = tensors[f"{MASK}output_upscaling.0.weight"], tensors[f"{MASK}output_upscaling.3.weight"]
    width, half, quarter = (int(side) for side in (first.shape[0], first.shape[1], second.shape[1]))
    keys = graph.input("keys", ["b", rows * rows, width])
    weights = graph.input("weights", ["b", "m", quarter])
    x = graph.op("MatMul", keys, graph.constant(first.transpose(0, 2, 3, 1).reshape(width, 4 * half)))
    x = graph.op("Add", x, graph.constant(np.tile(tensors[f"{MASK}output_upscaling.0.bias"], 4)))
    x = graph.reshape(x, 0, rows * rows * 4, half)
    x = graph.norm(x, tensors[f"{MASK}output_upscaling.1.weight"], tensors[f"{MASK}output_upscaling.1.bias"], EPSILON)
    x = graph.op("MatMul", graph.op("Gelu", x), graph.constant(second.transpose(0, 2, 3, 1).reshape(half, 4 * quarter)))
    x = graph.op("Add", x, graph.constant(np.tile(tensors[f"{MASK}output_upscaling.3.bias"], 4)))
    x = graph.reshape(x, 0, rows * rows * 16, quarter)
    x = graph.op("MatMul", graph.op("Gelu", x), graph.transpose(weights, 0, 2, 1))
    x = graph.reshape(x, 0, rows, rows, 2, 2, 2, 2, -1)
    x = graph.reshape(graph.transpose(x, 0, 7, 1, 3, 5, 2, 4, 6), 0, -1, 4 * rows, 4 * rows)
    graph.output(x, "masks", ["b", "m", 4 * rows, 4 * rows])
    return graph


def _grid_places(place: npt.NDArray[Any], rows: int) -> npt.NDArray[Any]:
    """Random Fourier features [rows², c] of the centres of the cells of the picture."""
    centres = (np.arange(rows) + 0.5) / rows
    x, y = np.meshgrid(centres, centres)
    angles = (2 * np.stack([x, y], axis=-1).reshape(-1, 2) - 1) @ place.astype(np.float64) * 2 * np.pi
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


def _prompt_tokens(graph: Graph, tensors: Tensors, side: int) -> str:
    """[b, 1 + masks + p, c]: the tokens that are learned, then one for every point."""
    points = graph.input("points", ["b", "p", 2])
    labels = graph.input("labels", ["b", "p"], TensorProto.INT64)
    place = tensors[f"{PROMPT}pe_layer.positional_encoding_gaussian_matrix"]
    centred = graph.op("Add", points, graph.constant(np.float32(0.5)))
    scaled = graph.op("Sub", graph.op("Mul", centred, graph.constant(np.float32(2 / side))), graph.constant(np.float32(1)))
    angles = graph.op("Mul", graph.op("MatMul", scaled, graph.constant(place)), graph.constant(np.float32(2 * math.pi)))
    features = graph.op("Concat", graph.op("Sin", angles), graph.op("Cos", angles), axis=-1)
    kinds = [tensors[f"{PROMPT}not_a_point_embed.weight"], *(tensors[f"{PROMPT}point_embeddings.{kind}.weight"] for kind in range(4))]
    index = graph.op("Add", labels, graph.constant(np.array(1)))
    real = graph.op("Gather", graph.constant(np.array([[0.0], [1.0], [1.0], [1.0], [1.0]])), index, axis=0)
    kind = graph.op("Gather", graph.constant(np.concatenate(kinds)), index, axis=0)
    sparse = graph.op("Add", graph.op("Mul", features, real), kind)
    learned = np.concatenate([tensors[f"{MASK}iou_token.weight"], tensors[f"{MASK}mask_tokens.weight"]])[None]
    count = graph.op("Slice", graph.op("Shape", points), *(graph.constant(np.array([number])) for number in (0, 1, 0)))
    shape = graph.op("Concat", count, graph.constant(np.array(learned.shape[1:])), axis=0)
    return graph.op("Concat", graph.op("Expand", graph.constant(learned), shape), sparse, axis=1)


def _two_way(graph: Graph, tensors: Tensors, start: str, keys: str, places: str) -> tuple[str, str]:
    """The transformer: prompt tokens and picture after it."""
    queries = start
    for layer in range(len({name.split(".")[3] for name in tensors if name.startswith(f"{LAYERS}layers.")})):
        at = f"{LAYERS}layers.{layer}."
        if layer == 0:
            queries = _among_tokens(graph, queries, queries, tensors, f"{at}self_attn.")
        else:
            own = graph.op("Add", queries, start)
            queries = graph.op("Add", queries, _among_tokens(graph, own, queries, tensors, f"{at}self_attn."))
        queries = _norm(graph, queries, tensors, f"{at}norm1")
        placed = graph.op("Add", keys, places)
        looked = _to_picture(graph, graph.op("Add", queries, start), placed, keys, tensors, f"{at}cross_attn_token_to_image.")
        queries = _norm(graph, graph.op("Add", queries, looked), tensors, f"{at}norm2")
        hidden = graph.op("Relu", graph.linear(queries, tensors[f"{at}mlp.lin1.weight"], tensors[f"{at}mlp.lin1.bias"]))
        hidden = graph.linear(hidden, tensors[f"{at}mlp.lin2.weight"], tensors[f"{at}mlp.lin2.bias"])
        queries = _norm(graph, graph.op("Add", queries, hidden), tensors, f"{at}norm3")
        told = _to_tokens(graph, placed, graph.op("Add", queries, start), queries, tensors, f"{at}cross_attn_image_to_token.")
        keys = _norm(graph, graph.op("Add", keys, told), tensors, f"{at}norm4")
    looked = _to_picture(
        graph, graph.op("Add", queries, start), graph.op("Add", keys, places), keys, tensors, f"{LAYERS}final_attn_token_to_image."
    )
    return _norm(graph, graph.op("Add", queries, looked), tensors, f"{LAYERS}norm_final_attn"), keys


def _norm(graph: Graph, x: str, tensors: Tensors, name: str) -> str:
    return graph.norm(x, tensors[f"{name}.weight"], tensors[f"{name}.bias"], NORM_EPSILON)


def _heads(graph: Graph, x: str, tensors: Tensors, name: str, factor: float = 1.0) -> str:
    """Projected tokens [b, t, c] as [b, heads, t, c/heads]."""
    weight, bias = tensors[f"{name}.weight"] * np.float32(factor), tensors[f"{name}.bias"] * np.float32(factor)
    projected = graph.reshape(graph.linear(x, weight, bias), 0, 0, HEADS, weight.shape[0] // HEADS)
    return graph.transpose(projected, 0, 2, 1, 3)


def _joined(graph: Graph, x: str, tensors: Tensors, name: str) -> str:
    """[b, heads, t, c/heads] put together and projected."""
    width = tensors[f"{name}.weight"].shape[1]
    return graph.linear(graph.reshape(graph.transpose(x, 0, 2, 1, 3), 0, 0, width), tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _scale(tensors: Tensors, prefix: str) -> float:
    return float((tensors[f"{prefix}q_proj.weight"].shape[0] // HEADS) ** -0.5)


def _among_tokens(graph: Graph, x: str, values: str, tensors: Tensors, prefix: str) -> str:
    """Attention among the few tokens of a prompt."""
    query = _heads(graph, x, tensors, f"{prefix}q_proj", _scale(tensors, prefix))
    key = graph.transpose(_heads(graph, x, tensors, f"{prefix}k_proj"), 0, 1, 3, 2)
    value = _heads(graph, values, tensors, f"{prefix}v_proj")
    attended = graph.op("MatMul", graph.op("Softmax", graph.op("MatMul", query, key), axis=-1), value)
    return _joined(graph, attended, tensors, f"{prefix}out_proj")


def _to_picture(graph: Graph, queries: str, placed: str, keys: str, tensors: Tensors, prefix: str) -> str:
    """Tokens look at the picture. The bias of the keys is the same for all of the picture, so softmax drops it."""
    width = tensors[f"{prefix}k_proj.weight"].shape[1]
    query = _heads(graph, queries, tensors, f"{prefix}q_proj", _scale(tensors, prefix))
    turned = graph.op("MatMul", query, graph.constant(tensors[f"{prefix}k_proj.weight"].reshape(HEADS, -1, width)))
    scores = graph.op("MatMul", placed, graph.transpose(graph.reshape(turned, 0, -1, width), 0, 2, 1))
    shares = graph.op("Softmax", graph.transpose(scores, 0, 2, 1), axis=-1)
    mixed = graph.op("MatMul", shares, keys)
    # [b, heads * t, c]: the number of tokens is not known here, so heads come first and the rest follows.
    mixed = graph.reshape(mixed, 0, HEADS, -1, width)
    weight = tensors[f"{prefix}v_proj.weight"].reshape(HEADS, -1, width).transpose(0, 2, 1)
    value = graph.op("MatMul", mixed, graph.constant(weight))
    value = graph.op("Add", value, graph.constant(tensors[f"{prefix}v_proj.bias"].reshape(HEADS, 1, -1)))
    return _joined(graph, value, tensors, f"{prefix}out_proj")


def _to_tokens(graph: Graph, placed: str, queries: str, values: str, tensors: Tensors, prefix: str) -> str:
    """The picture looks at the tokens of a prompt."""
    width = tensors[f"{prefix}q_proj.weight"].shape[1]
    key = _heads(graph, queries, tensors, f"{prefix}k_proj", _scale(tensors, prefix))
    turned = graph.op("MatMul", key, graph.constant(tensors[f"{prefix}q_proj.weight"].reshape(HEADS, -1, width)))
    offset = graph.op("MatMul", key, graph.constant(tensors[f"{prefix}q_proj.bias"].reshape(HEADS, -1, 1)))
    scores = graph.op("MatMul", placed, graph.transpose(graph.reshape(turned, 0, -1, width), 0, 2, 1))
    scores = graph.op("Add", scores, graph.reshape(offset, 0, 1, -1))
    shares = graph.op("Softmax", graph.reshape(scores, 0, 0, HEADS, -1), axis=-1)
    value = _heads(graph, values, tensors, f"{prefix}v_proj")
    output = tensors[f"{prefix}out_proj.weight"].reshape(width, HEADS, -1).transpose(1, 2, 0)
    told = graph.reshape(graph.op("MatMul", value, graph.constant(output)), 0, -1, width)
    mixed = graph.op("MatMul", graph.reshape(shares, 0, 0, -1), told)
    return graph.op("Add", mixed, graph.constant(tensors[f"{prefix}out_proj.bias"]))


def _perceptron(graph: Graph, x: str, tensors: Tensors, prefix: str) -> str:
    layers = len({name for name in tensors if name.startswith(f"{prefix}layers.") and name.endswith(".weight")})
    for layer in range(layers):
        x = graph.linear(x, tensors[f"{prefix}layers.{layer}.weight"], tensors[f"{prefix}layers.{layer}.bias"])
        x = graph.op("Relu", x) if layer < layers - 1 else x
    return x
