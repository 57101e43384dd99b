"""Writes a trained network as ONNX: ``python export.py denoising FILE.pt WEIGHTS/unet-denoising.onnx``; compares both on noise."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from network import CHANNELS, SeismicNet

TOLERANCE = 1e-4


def main() -> None:
    """Exports with free batch, traces and samples, and refuses a file that does not compute the same."""
    parser = argparse.ArgumentParser()
    parser.add_argument("task", choices=tuple(CHANNELS))
    parser.add_argument("weights", type=Path)
    parser.add_argument("target", type=Path)
    args = parser.parse_args()
    net = SeismicNet(args.task)
    net.load_state_dict(torch.load(args.weights, map_location="cpu", weights_only=True))
    net.eval()
    example = torch.randn(2, CHANNELS[args.task], 64, 128)
    axes = {0: "batch", 2: "traces", 3: "samples"}
    torch.onnx.export(
        net, (example,), args.target, input_names=["section"], output_names=["result"],
        dynamic_axes={"section": axes, "result": axes}, opset_version=17, dynamo=False,
    )  # fmt: skip
    onnx.checker.check_model(onnx.load(args.target))
    session = onnxruntime.InferenceSession(args.target, providers=["CPUExecutionProvider"])
    probe = torch.randn(1, CHANNELS[args.task], 40, 96)
    with torch.no_grad():
        difference = float(np.abs(session.run(None, {"section": probe.numpy()})[0] - net(probe).numpy()).max())
    if difference > TOLERANCE:
        raise SystemExit(f"the exported network differs by {difference}")
    print(f"{args.target} {args.target.stat().st_size} bytes, largest difference {difference:.1e}")


if __name__ == "__main__":
    main()
