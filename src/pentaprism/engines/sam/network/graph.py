"""ONNX graphs written node by node, their weights in a file beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper

Array = npt.NDArray[Any]
OPSET = 20
IR_VERSION = 9
INLINE_BYTES = 1024
ALIGNMENT = 4096


class Graph:
    """Every method that adds a node gives back the name of its output."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: list[tuple[str, Array]] = []
        self._count = 0

    def input(self, name: str, shape: list[int | str], kind: int = TensorProto.FLOAT) -> str:
        """An input of the graph; sides given by a name may have any length."""
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, shape: list[int | str]) -> None:
        """Give ``value`` out as ``name``."""
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node of one output."""
        self._count += 1
        output = f"v{self._count}"
        self._nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any) -> str:
        """Floats are stored as float32, integers as int64. A view stays one until it is written, so that weights lie in memory once."""
        name = f"c{len(self._constants)}"
        self._constants.append((name, np.asarray(values)))
        return name

    def reshape(self, value: str, *shape: int) -> str:
        """0 keeps a side of the input, -1 stands for the rest."""
        return self.op("Reshape", value, self.constant(np.array(shape, np.int64)))

    def transpose(self, value: str, *order: int) -> str:
        """Axes in a new order."""
        return self.op("Transpose", value, perm=list(order))

    def slice(self, value: str, axis: int, start: int, stop: int) -> str:
        """A range of one axis."""
        bounds = [self.constant(np.array([number], np.int64)) for number in (start, stop, axis)]
        return self.op("Slice", value, *bounds)

    def linear(self, value: str, weight: Array, bias: Array | None) -> str:
        """x W^T + b for weights [out, in]."""
        product = self.op("MatMul", value, self.constant(weight.T))
        return product if bias is None else self.op("Add", product, self.constant(bias))

    def norm(self, value: str, weight: Array, bias: Array, epsilon: float) -> str:
        """Layer norm over the last axis."""
        return self.op("LayerNormalization", value, self.constant(weight), self.constant(bias), axis=-1, epsilon=epsilon)

    def save(self, folder: Path) -> list[Path]:
        """Write ``<name>.onnx`` and ``<name>.bin`` into ``folder``."""
        model_path, data_path = folder / f"{self.name}.onnx", folder / f"{self.name}.bin"
        tensors = []
        with data_path.open("wb") as file:
            for name, values in self._constants:
                array = np.ascontiguousarray(values, np.float32 if values.dtype.kind == "f" else np.int64)
                tensor = TensorProto(name=name, dims=array.shape, data_type=helper.np_dtype_to_tensor_dtype(array.dtype))
                if array.nbytes <= INLINE_BYTES:
                    tensor.raw_data = array.tobytes()
                else:
                    file.write(b"\0" * (-file.tell() % ALIGNMENT))
                    tensor.data_location = TensorProto.EXTERNAL
                    for key, value in (("location", data_path.name), ("offset", file.tell()), ("length", array.nbytes)):
                        tensor.external_data.add(key=key, value=str(value))
                    file.write(array.data)
                tensors.append(tensor)
        graph = helper.make_graph(self._nodes, self.name, self._inputs, self._outputs, tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="pentaprism")
        model_path.write_bytes(model.SerializeToString())
        return [model_path, data_path]
