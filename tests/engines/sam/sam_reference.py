"""The architecture in plain NumPy, written from the papers and as directly as possible, with random weights in the official layout.

Small widths and pictures: the point is that every product, position and norm stands where it should.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.signal import correlate
from scipy.special import erf

Array = np.ndarray
HEADS = 8


class Weights:
    """Collects random tensors by name."""

    def __init__(self, seed: int) -> None:
        self.rng, self.tensors = np.random.default_rng(seed), {}

    def add(self, name: str, *shape: int, scale: float | None = None, centre: float = 0.0) -> None:
        spread = scale if scale is not None else 1 / math.sqrt(max(1, int(np.prod(shape[1:]))))
        self.tensors[name] = (self.rng.normal(0, spread, shape) + centre).astype(np.float32)

    def linear(self, name: str, out: int, into: int) -> None:
        self.add(f"{name}.weight", out, into)
        self.add(f"{name}.bias", out, scale=0.2)

    def norm(self, name: str, width: int) -> None:
        self.add(f"{name}.weight", width, scale=0.2, centre=1.0)
        self.add(f"{name}.bias", width, scale=0.2)

    def conv_bn(self, name: str, out: int, into: int, side: int) -> None:
        self.add(f"{name}.c.weight", out, into, side, side)
        self.norm(f"{name}.bn", out)
        self.add(f"{name}.bn.running_mean", out, scale=0.2)
        self.tensors[f"{name}.bn.running_var"] = self.rng.uniform(0.5, 1.5, out).astype(np.float32)
        self.tensors[f"{name}.bn.num_batches_tracked"] = np.array(3, np.int64)


def _neck(weights: Weights, width: int, out: int) -> None:
    weights.add("image_encoder.neck.0.weight", out, width, 1, 1)
    weights.norm("image_encoder.neck.1", out)
    weights.add("image_encoder.neck.2.weight", out, out, 3, 3)
    weights.norm("image_encoder.neck.3", out)


def vit_weights(seed: int, side: int, width: int = 24, heads: int = 2, window: int = 3, out: int = 32) -> dict[str, Array]:
    """Two blocks, the first windowed, the second global, on a picture of ``side`` px with patches of 16."""
    weights, grid = Weights(seed), side // 16
    weights.add("image_encoder.pos_embed", 1, grid, grid, width, scale=0.5)
    weights.add("image_encoder.patch_embed.proj.weight", width, 3, 16, 16)
    weights.add("image_encoder.patch_embed.proj.bias", width, scale=0.2)
    for block, reach in enumerate((window, grid)):
        at = f"image_encoder.blocks.{block}."
        weights.norm(f"{at}norm1", width)
        weights.norm(f"{at}norm2", width)
        weights.linear(f"{at}attn.qkv", 3 * width, width)
        weights.linear(f"{at}attn.proj", width, width)
        for axis in "hw":
            weights.add(f"{at}attn.rel_pos_{axis}", 2 * reach - 1, width // heads, scale=0.5)
        weights.linear(f"{at}mlp.lin1", 4 * width, width)
        weights.linear(f"{at}mlp.lin2", width, 4 * width)
    _neck(weights, width, out)
    return {**weights.tensors, **decoder_weights(seed + 1, out)}


def tinyvit_weights(seed: int, widths: tuple[int, ...] = (8, 16, 24, 320), out: int = 32) -> dict[str, Array]:
    """Four layers as in vit_t; the last width keeps the size of the picture."""
    weights = Weights(seed)
    at = "image_encoder.patch_embed.seq."
    weights.conv_bn(f"{at}0", widths[0] // 2, 3, 3)
    weights.conv_bn(f"{at}2", widths[0], widths[0] // 2, 3)
    for layer, width in enumerate(widths):
        for block in range(2 if layer < 2 else 1):
            at = f"image_encoder.layers.{layer}.blocks.{block}."
            if layer == 0:
                weights.conv_bn(f"{at}conv1", 4 * width, width, 1)
                weights.conv_bn(f"{at}conv2", 4 * width, 1, 3)
                weights.conv_bn(f"{at}conv3", width, 4 * width, 1)
                continue
            window, heads = (3, 4)[layer == 2], 2
            weights.norm(f"{at}attn.norm", width)
            weights.linear(f"{at}attn.qkv", 3 * width, width)
            weights.linear(f"{at}attn.proj", width, width)
            weights.add(f"{at}attn.attention_biases", heads, window * window, scale=0.7)
            weights.conv_bn(f"{at}local_conv", width, 1, 3)
            weights.norm(f"{at}mlp.norm", width)
            weights.linear(f"{at}mlp.fc1", 2 * width, width)
            weights.linear(f"{at}mlp.fc2", width, 2 * width)
        if layer < len(widths) - 1:
            at, wider = f"image_encoder.layers.{layer}.downsample.", widths[layer + 1]
            weights.conv_bn(f"{at}conv1", wider, width, 1)
            weights.conv_bn(f"{at}conv2", wider, 1, 3)
            weights.conv_bn(f"{at}conv3", wider, wider, 1)
    _neck(weights, widths[-1], out)
    weights.linear("image_encoder.head", 5, widths[-1])
    return {**weights.tensors, **decoder_weights(seed + 1, out)}


def decoder_weights(seed: int, width: int) -> dict[str, Array]:
    """Prompt encoder and mask decoder."""
    weights = Weights(seed)
    weights.add("prompt_encoder.pe_layer.positional_encoding_gaussian_matrix", 2, width // 2, scale=1.0)
    for name in (*(f"point_embeddings.{kind}" for kind in range(4)), "not_a_point_embed", "no_mask_embed"):
        weights.add(f"prompt_encoder.{name}.weight", 1, width, scale=1.0)
    weights.add("mask_decoder.iou_token.weight", 1, width, scale=1.0)
    weights.add("mask_decoder.mask_tokens.weight", 4, width, scale=1.0)
    at = "mask_decoder.transformer."
    attentions = [f"{at}final_attn_token_to_image."]
    for layer in range(2):
        here = f"{at}layers.{layer}."
        attentions += [f"{here}self_attn.", f"{here}cross_attn_token_to_image.", f"{here}cross_attn_image_to_token."]
        weights.linear(f"{here}mlp.lin1", 40, width)
        weights.linear(f"{here}mlp.lin2", width, 40)
        for norm in range(1, 5):
            weights.norm(f"{here}norm{norm}", width)
    weights.norm(f"{at}norm_final_attn", width)
    for name in attentions:
        inner = width if "self_attn" in name else width // 2
        for part in "qkv":
            weights.linear(f"{name}{part}_proj", inner, width)
        weights.linear(f"{name}out_proj", width, inner)
    weights.add("mask_decoder.output_upscaling.0.weight", width, width // 4, 2, 2, scale=0.3)
    weights.add("mask_decoder.output_upscaling.0.bias", width // 4, scale=0.2)
    weights.norm("mask_decoder.output_upscaling.1", width // 4)
    weights.add("mask_decoder.output_upscaling.3.weight", width // 4, width // 8, 2, 2, scale=0.5)
    weights.add("mask_decoder.output_upscaling.3.bias", width // 8, scale=0.2)
    # Masks of few pixels, which differ from prompt to prompt, and predicted IoUs around 0.5.
    weights.tensors["mask_decoder.output_upscaling.3.bias"] -= 1.5
    for mask in range(4):
        for layer, out in enumerate((width, width, width // 8)):
            weights.linear(f"mask_decoder.output_hypernetworks_mlps.{mask}.layers.{layer}", out, width)
    for layer, out in enumerate((20, 20, 4)):
        weights.linear(f"mask_decoder.iou_prediction_head.layers.{layer}", out, (width, 20, 20)[layer])
    weights.tensors["mask_decoder.iou_prediction_head.layers.2.bias"] += 0.5
    return weights.tensors


def linear(x: Array, tensors: dict[str, Array], name: str) -> Array:
    return x @ tensors[f"{name}.weight"].T.astype(float) + tensors[f"{name}.bias"]


def norm(x: Array, tensors: dict[str, Array], name: str, epsilon: float) -> Array:
    spread = np.sqrt(x.var(-1, keepdims=True) + epsilon)
    return (x - x.mean(-1, keepdims=True)) / spread * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]


def gelu(x: Array) -> Array:
    return x * 0.5 * (1 + erf(x / math.sqrt(2)))


def softmax(x: Array) -> Array:
    shifted = np.exp(x - x.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


def convolve(x: Array, weight: Array, stride: int = 1) -> Array:
    """[c, h, w] by [out, c or 1, k, k] with a border of zeros."""
    pad = weight.shape[2] // 2
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad)))
    if weight.shape[1] == 1 and x.shape[0] > 1:
        planes = [correlate(padded[c], weight[c, 0].astype(float), "valid") for c in range(x.shape[0])]
    else:
        planes = [sum(correlate(padded[c], kernel[c].astype(float), "valid") for c in range(x.shape[0])) for kernel in weight]
    return np.stack(planes)[:, ::stride, ::stride]


def conv_bn(x: Array, tensors: dict[str, Array], name: str, stride: int = 1) -> Array:
    y = convolve(x, tensors[f"{name}.c.weight"], stride)
    mean, var, factor, bias = (tensors[f"{name}.bn.{part}"][:, None, None] for part in ("running_mean", "running_var", "weight", "bias"))
    return (y - mean) / np.sqrt(var + 1e-5) * factor + bias


def neck(x: Array, tensors: dict[str, Array]) -> Array:
    """[h, w, c] to tokens."""
    x = norm(x @ tensors["neck.0.weight"][:, :, 0, 0].T, tensors, "neck.1", 1e-6)
    x = convolve(x.transpose(2, 0, 1), tensors["neck.2.weight"]).transpose(1, 2, 0)
    return norm(x, tensors, "neck.3", 1e-6).reshape(-1, x.shape[2])


def windows(x: Array, size: int, attend: Any) -> Array:
    """``attend`` applied to every window [size, size, c] of x [h, w, c], padded with zeros below and on the right."""
    height, width = x.shape[:2]
    padded = np.pad(x, ((0, -height % size), (0, -width % size), (0, 0)))
    out = np.zeros_like(padded)
    for top in range(0, padded.shape[0], size):
        for left in range(0, padded.shape[1], size):
            out[top : top + size, left : left + size] = attend(padded[top : top + size, left : left + size])
    return out[:height, :width]


def vit(picture: Array, state: dict[str, Array]) -> Array:
    tensors = {name.removeprefix("image_encoder."): tensor for name, tensor in state.items() if name.startswith("image_encoder.")}
    patch = tensors["patch_embed.proj.weight"]
    grid = picture.shape[1] // 16
    cells = picture.reshape(3, grid, 16, grid, 16).transpose(1, 3, 0, 2, 4).reshape(grid, grid, -1)
    x = cells @ patch.reshape(len(patch), -1).T + tensors["patch_embed.proj.bias"] + tensors["pos_embed"][0]

    def attend(part: Array, at: str) -> Array:
        side, width = part.shape[0], part.shape[2]
        reach = tensors[f"{at}rel_pos_h"].shape[1]
        qkv = linear(part.reshape(-1, width), tensors, f"{at}qkv").reshape(side * side, 3, width // reach, reach)
        out = np.zeros((side * side, width // reach, reach))
        for head in range(width // reach):
            q, k, v = (qkv[:, index, head] for index in range(3))
            scores = q @ k.T / math.sqrt(reach)
            for a in range(side * side):
                for b in range(side * side):
                    rows, columns = a // side - b // side + side - 1, a % side - b % side + side - 1
                    scores[a, b] += q[a] @ tensors[f"{at}rel_pos_h"][rows] + q[a] @ tensors[f"{at}rel_pos_w"][columns]
            out[:, head] = softmax(scores) @ v
        return linear(out.reshape(side * side, width), tensors, f"{at}proj").reshape(part.shape)

    for block in range(2):
        at = f"blocks.{block}."
        size = (len(tensors[f"{at}attn.rel_pos_h"]) + 1) // 2
        x = x + windows(norm(x, tensors, f"{at}norm1", 1e-6), size, lambda part, at=at: attend(part, f"{at}attn."))
        hidden = gelu(linear(norm(x, tensors, f"{at}norm2", 1e-6), tensors, f"{at}mlp.lin1"))
        x = x + linear(hidden, tensors, f"{at}mlp.lin2")
    return neck(x, tensors)


def tinyvit(picture: Array, state: dict[str, Array]) -> Array:
    tensors = {name.removeprefix("image_encoder."): tensor for name, tensor in state.items() if name.startswith("image_encoder.")}
    x = conv_bn(gelu(conv_bn(picture, tensors, "patch_embed.seq.0", 2)), tensors, "patch_embed.seq.2", 2)

    def attend(part: Array, at: str) -> Array:
        side, width = part.shape[0], part.shape[2]
        table = tensors[f"{at}attention_biases"]
        heads, reach = len(table), width // len(table)
        order: dict[tuple[int, int], int] = {}
        for a in range(side * side):
            for b in range(side * side):
                order.setdefault((abs(a // side - b // side), abs(a % side - b % side)), len(order))
        qkv = linear(norm(part.reshape(-1, width), tensors, f"{at}norm", 1e-5), tensors, f"{at}qkv").reshape(side * side, heads, 3 * reach)
        out = np.zeros((side * side, heads, reach))
        for head in range(heads):
            q, k, v = qkv[:, head, :reach], qkv[:, head, reach : 2 * reach], qkv[:, head, 2 * reach :]
            bias = np.array(
                [
                    [table[head, order[abs(a // side - b // side), abs(a % side - b % side)]] for b in range(side * side)]
                    for a in range(side * side)
                ]
            )
            out[:, head] = softmax(q @ k.T / math.sqrt(reach) + bias) @ v
        return linear(out.reshape(side * side, width), tensors, f"{at}proj").reshape(part.shape)

    for layer in range(4):
        for block in range(2 if layer < 2 else 1):
            at = f"layers.{layer}.blocks.{block}."
            if layer == 0:
                inner = gelu(conv_bn(gelu(conv_bn(x, tensors, f"{at}conv1")), tensors, f"{at}conv2"))
                x = gelu(x + conv_bn(inner, tensors, f"{at}conv3"))
                continue
            size = math.isqrt(tensors[f"{at}attn.attention_biases"].shape[1])
            flat = x.transpose(1, 2, 0)
            x = (flat + windows(flat, size, lambda part, at=at: attend(part, f"{at}attn."))).transpose(2, 0, 1)
            flat = conv_bn(x, tensors, f"{at}local_conv").transpose(1, 2, 0)
            hidden = gelu(linear(norm(flat, tensors, f"{at}mlp.norm", 1e-5), tensors, f"{at}mlp.fc1"))
            x = (flat + linear(hidden, tensors, f"{at}mlp.fc2")).transpose(2, 0, 1)
        if layer < 3:
            at = f"layers.{layer}.downsample."
            x = gelu(conv_bn(x, tensors, f"{at}conv1"))
            x = gelu(conv_bn(x, tensors, f"{at}conv2", 1 if len(x) == 320 else 2))
            x = conv_bn(x, tensors, f"{at}conv3")
    return neck(x.transpose(1, 2, 0), tensors)


def places(points: Array, tensors: dict[str, Array]) -> Array:
    """Random Fourier features of points in 0..1."""
    angles = 2 * np.pi * ((2 * points - 1) @ tensors["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"].astype(float))
    return np.concatenate([np.sin(angles), np.cos(angles)], -1)


def decode(tokens: Array, points: Array, labels: Array, side: int, tensors: dict[str, Array]) -> tuple[Array, Array]:
    """Predicted IoU [4] and logits [4, side/4, side/4] for one prompt, points in px of the padded picture."""
    sparse = []
    for point, label in zip(points, labels, strict=True):
        if label == -1:
            sparse.append(tensors["prompt_encoder.not_a_point_embed.weight"][0].astype(float))
        else:
            sparse.append(places((point + 0.5) / side, tensors) + tensors[f"prompt_encoder.point_embeddings.{label}.weight"][0])
    start = np.concatenate([tensors["mask_decoder.iou_token.weight"], tensors["mask_decoder.mask_tokens.weight"], np.array(sparse)])
    rows = side // 16
    centres = (np.arange(rows) + 0.5) / rows
    place = np.array([places(np.array([x, y]), tensors) for y in centres for x in centres])
    keys, queries = tokens + tensors["prompt_encoder.no_mask_embed.weight"], start.copy()

    def attend(q: Array, k: Array, v: Array, at: str) -> Array:
        q, k, v = (linear(x, tensors, f"{at}.{part}_proj") for x, part in ((q, "q"), (k, "k"), (v, "v")))
        reach = q.shape[1] // HEADS
        parts = [np.s_[:, head * reach : (head + 1) * reach] for head in range(HEADS)]
        mixed = np.concatenate([softmax(q[part] @ k[part].T / math.sqrt(reach)) @ v[part] for part in parts], -1)
        return linear(mixed, tensors, f"{at}.out_proj")

    for layer in range(2):
        at = f"mask_decoder.transformer.layers.{layer}."
        if layer == 0:
            queries = attend(queries, queries, queries, f"{at}self_attn")
        else:
            queries = queries + attend(queries + start, queries + start, queries, f"{at}self_attn")
        queries = norm(queries, tensors, f"{at}norm1", 1e-5)
        queries = norm(queries + attend(queries + start, keys + place, keys, f"{at}cross_attn_token_to_image"), tensors, f"{at}norm2", 1e-5)
        hidden = np.maximum(linear(queries, tensors, f"{at}mlp.lin1"), 0)
        queries = norm(queries + linear(hidden, tensors, f"{at}mlp.lin2"), tensors, f"{at}norm3", 1e-5)
        keys = norm(keys + attend(keys + place, queries + start, queries, f"{at}cross_attn_image_to_token"), tensors, f"{at}norm4", 1e-5)
    at = "mask_decoder.transformer."
    queries = norm(
        queries + attend(queries + start, keys + place, keys, f"{at}final_attn_token_to_image"), tensors, f"{at}norm_final_attn", 1e-5
    )

    def perceptron(x: Array, at: str) -> Array:
        for layer in range(3):
            x = linear(x, tensors, f"mask_decoder.{at}.layers.{layer}")
            x = np.maximum(x, 0) if layer < 2 else x
        return x

    grown = _grow(keys.T.reshape(-1, rows, rows), tensors, 0)
    at = "mask_decoder.output_upscaling.1"
    grown = _grow(gelu(norm(grown.transpose(1, 2, 0), tensors, at, 1e-6)).transpose(2, 0, 1), tensors, 3)
    weights = np.stack([perceptron(queries[1 + mask], f"output_hypernetworks_mlps.{mask}") for mask in range(4)])
    return perceptron(queries[0], "iou_prediction_head"), np.tensordot(weights, gelu(grown), 1)


def _grow(x: Array, tensors: dict[str, Array], index: int) -> Array:
    """Transposed convolution, 2 x 2 with a step of 2."""
    weight, bias = (tensors[f"mask_decoder.output_upscaling.{index}.{part}"] for part in ("weight", "bias"))
    out = np.zeros((weight.shape[1], 2 * x.shape[1], 2 * x.shape[2]))
    for dy in range(2):
        for dx in range(2):
            out[:, dy::2, dx::2] = np.tensordot(weight[:, :, dy, dx].T, x, 1)
    return out + bias[:, None, None]
