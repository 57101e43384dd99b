"""Writes trained weights as ONNX with half-precision constants: ``python export.py product-net.pt WEIGHTS/product-net.onnx``.

Of several weights the graph gives the mean logits and the embeddings one after the other, each the mean over the picture and its mirror
image. It takes a picture of 224 px and averages it down to a size near that of
the training crops.
Batch norms are folded into the convolutions; constants are stored as float16 with a cast behind them, which ONNX Runtime folds when it
loads the file.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from network import ProductNet

OPSET = 18
SIDE = 224


class Graph:
    """Nodes and float16 constants under construction."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def constant(self, values: np.ndarray) -> str:
        """A float16 constant and its cast; returns the float32 name."""
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values.astype(np.float16), f"half_{name}"))
        self.nodes.append(helper.make_node("Cast", [f"half_{name}"], [name], to=TensorProto.FLOAT))
        return name

    def exact(self, values: np.ndarray) -> str:
        name = f"exact_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind: str, inputs: list[str], output: str | None = None, **attributes: object) -> str:
        name = output or f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def both(self, x: str, output: str) -> None:
        """The mean of the first half of the rows, of pictures, and of the second, of their mirror images."""
        self.nodes.append(helper.make_node("Split", [x], [f"{x}_seen", f"{x}_mirrored"], axis=0, num_outputs=2))
        self.add("Mean", [f"{x}_seen", f"{x}_mirrored"], output)

    def conv(self, x: str, pair: nn.Sequential, relu: bool = True) -> str:
        layer = fuse_conv_bn_eval(pair[0], pair[1])
        inputs = [x, self.constant(layer.weight.detach().numpy()), self.constant(layer.bias.detach().numpy())]
        x = self.add("Conv", inputs, strides=list(layer.stride), pads=[*layer.padding] * 2, kernel_shape=list(layer.kernel_size))
        return self.add("Relu", [x]) if relu else x


def answer_of(graph: Graph, net: ProductNet, x: str) -> tuple[str, str]:
    """Names of one network's logits and embedding."""
    x = graph.conv(x, net.stem)
    for down, block in zip(net.down, net.blocks, strict=True):
        x = graph.conv(x, down)
        inner = graph.conv(graph.conv(x, block.first), block.second, relu=False)
        x = graph.add("Relu", [graph.add("Add", [x, inner])])
    embedding = graph.add("Flatten", [graph.add("GlobalAveragePool", [graph.conv(x, net.last)])])
    head = [graph.constant(net.head.weight.detach().numpy().T), graph.constant(net.head.bias.detach().numpy())]
    return graph.add("Add", [graph.add("MatMul", [embedding, head[0]]), head[1]]), embedding


def graph_of(nets: list[ProductNet], side: int) -> onnx.ModelProto:
    """``picture`` [n, 3, 224, 224] in 0..1 to ``logits`` [n, outputs] and ``embedding`` [n, 320 a network]."""
    graph = Graph()
    scales = graph.exact(np.array([1, 1, side / SIDE, side / SIDE], np.float32))
    x = graph.add("Resize", ["picture", "", scales], mode="linear", antialias=1, coordinate_transformation_mode="half_pixel")
    x = graph.add("Mul", [graph.add("Sub", [x, graph.exact(np.float32(0.5))]), graph.exact(np.float32(4))])
    starts, ends, axes, steps = (graph.exact(np.array([v], np.int64)) for v in (-1, -(2**31), 3, -1))
    x = graph.add("Concat", [x, graph.add("Slice", [x, starts, ends, axes, steps])], axis=0)
    answers = [answer_of(graph, net, x) for net in nets]
    graph.both(graph.add("Mean", [logits for logits, _ in answers]), "logits")
    graph.both(graph.add("Concat", [embedding for _, embedding in answers], axis=1), "embedding")
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None]) for name in ("logits", "embedding")]
    body = helper.make_graph(graph.nodes, "product-net", [picture], outputs, graph.constants)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9, producer_name="pentaprism")
    onnx.checker.check_model(model)
    return model


def loaded(path: Path) -> ProductNet:
    """A trained network."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    net = ProductNet(len(state["head.bias"])).eval()
    net.load_state_dict(state)
    return net


def main() -> None:
    """Exports and compares with the torch network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("out", type=Path)
    parser.add_argument("--side", type=int, default=144)
    args = parser.parse_args()
    nets = [loaded(path) for path in args.weights]
    model = graph_of(nets, args.side)
    args.out.write_bytes(model.SerializeToString())
    session = onnxruntime.InferenceSession(str(args.out), providers=["CPUExecutionProvider"])
    coarse = torch.rand(2, 3, 7, 7, generator=torch.Generator().manual_seed(0))
    picture = nn.functional.interpolate(coarse, size=SIDE, mode="bilinear")
    small = nn.functional.interpolate(picture, size=args.side, mode="bilinear", antialias=True)
    with torch.no_grad():
        answers = [[net(view) for view in (small, small.flip(3))] for net in nets]
    logits = torch.stack([view[0] for pair in answers for view in pair]).mean(0)
    embedding = torch.cat([(pair[0][1] + pair[1][1]) / 2 for pair in answers], 1)
    got = session.run(["logits", "embedding"], {"picture": picture.numpy()})
    largest = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, (logits, embedding), strict=True))
    print(json.dumps({"file": args.out.name, "bytes": args.out.stat().st_size, "largest_difference": round(largest, 5)}))


if __name__ == "__main__":
    main()
