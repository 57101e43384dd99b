"""Weights files beside their cards, and the ONNX Runtime sessions that run them on the CPU."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnxruntime


class WeightsError(RuntimeError):
    """A weights file is missing or differs from its card."""


def session_of(path: Path, threads: int, sha256: str) -> onnxruntime.InferenceSession:
    """A session of the file at ``path``. Raises WeightsError when it is missing or its digest is another."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {path.name}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise WeightsError(f"{path.name} is not the file that its card describes")
    return onnxruntime.InferenceSession(data, session_options(threads), providers=["CPUExecutionProvider"])


def session_options(threads: int) -> onnxruntime.SessionOptions:
    """``threads`` of one inference, which sleep while they wait; memory given back after each; no chatter."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = max(1, threads)
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.enable_cpu_mem_arena = False
    # A thread that spins takes the core from another worker's: two of them on two cores were 8 % slower.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
