"""Writes trained weights as ONNX with half-precision constants: ``python export.py nuclei WEIGHTS.pt nuclei.onnx``.

Batch norms are folded into the convolutions first. Every constant is stored as float16 with a cast to float32 behind it, which ONNX Runtime
folds when it loads the file: half the size, full precision of the arithmetic. The graph is built with onnx's own helpers.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from network import OUTPUTS, WIDTHS, CellsNet

OPSET = 17


class Graph:
    """Nodes and float16 constants under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.count = 0

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def constant(self, values: np.ndarray) -> str:
        """A float16 constant and its cast; returns the float32 name."""
        half, full = self.name("half"), self.name("constant")
        self.constants.append(numpy_helper.from_array(values.astype(np.float16), half))
        self.nodes.append(helper.make_node("Cast", [half], [full], to=TensorProto.FLOAT))
        return full

    def exact(self, values: np.ndarray) -> str:
        name = self.name("exact")
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind: str, inputs: list[str], **attributes: object) -> str:
        name = self.name(kind.lower())
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def conv(self, x: str, layer: nn.Conv2d) -> str:
        weight = self.constant(layer.weight.detach().numpy())
        bias = self.constant(layer.bias.detach().numpy())
        padding = [*layer.padding, *layer.padding]
        return self.add("Conv", [x, weight, bias], strides=list(layer.stride), pads=padding, kernel_shape=list(layer.kernel_size))

    def conv_norm(self, x: str, pair: nn.Sequential, relu: bool) -> str:
        x = self.conv(x, fuse_conv_bn_eval(pair[0], pair[1]))
        return self.add("Relu", [x]) if relu else x

    def block(self, x: str, block: nn.Module) -> str:
        inner = self.conv_norm(self.conv_norm(x, block.first, relu=True), block.second, relu=False)
        return self.add("Relu", [self.add("Add", [x, inner])])


def graph_of(net: CellsNet) -> onnx.ModelProto:
    """The network with a sigmoid at its end: ``picture`` [N, 1, H, W] to ``maps`` [N, 3, H, W]."""
    graph = Graph()
    root = graph.add("Sqrt", [graph.add("Max", ["picture", graph.exact(np.array(1e-4, np.float32))])])
    x = graph.conv_norm(graph.add("Concat", ["picture", root], axis=1), net.stem, relu=True)
    skips = []
    for level, block in enumerate(net.down):
        x = graph.block(x if level == 0 else graph.conv_norm(x, net.narrow[level - 1], relu=True), block)
        skips.append(x)
    scales = graph.exact(np.array([1, 1, 2, 2], np.float32))
    for level in reversed(range(len(net.up))):
        x = graph.conv(x, net.reduce[level])
        x = graph.add("Resize", [x, "", scales], mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric")
        x = graph.conv_norm(graph.add("Add", [x, skips[level]]), net.join[level], relu=True)
        x = graph.block(x, net.up[level])
    x = graph.add("DepthToSpace", [graph.conv(x, net.head)], blocksize=2, mode="CRD")
    graph.nodes.append(helper.make_node("Sigmoid", [x], ["maps"]))
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 1, "height", "width"])
    maps = helper.make_tensor_value_info("maps", TensorProto.FLOAT, ["n", OUTPUTS, "height", "width"])
    body = helper.make_graph(graph.nodes, "cells", [picture], [maps], graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8, producer_name="pentaprism")
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Exports and compares with the torch network on a random picture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=sorted(WIDTHS))
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--level", type=float, default=0.5, help="output of calibrate.py: this foreground value becomes one half")
    args = parser.parse_args()
    net = CellsNet(args.task).eval()
    net.load_state_dict(torch.load(args.weights, map_location="cpu", weights_only=True))
    with torch.no_grad():
        net.head.bias[:4] -= math.log(args.level / (1 - args.level))
    coarse = torch.rand(1, 1, 12, 16, generator=torch.Generator().manual_seed(0))
    picture = nn.functional.interpolate(coarse, scale_factor=8, mode="bicubic").clamp(0, 1)
    with torch.no_grad():
        wanted = torch.sigmoid(net(picture)).numpy()
    model = graph_of(net)
    args.out.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(str(args.out), providers=["CPUExecutionProvider"])
    got = session.run(None, {"picture": picture.numpy()})[0]
    print(f"{args.out.name}: {args.out.stat().st_size} bytes, largest difference {np.abs(got - wanted).max():.5f}")


if __name__ == "__main__":
    main()
