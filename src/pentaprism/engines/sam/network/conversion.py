"""From an official checkpoint to ONNX files, once."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.sam.network.checkpoint import WeightsError, read_checkpoint
from pentaprism.engines.sam.network.decoder import MASK, PROMPT, mask_graph, prompt_graph
from pentaprism.engines.sam.network.tinyvit import SIDE, tinyvit_encoder
from pentaprism.engines.sam.network.vit import vit_encoder

FORMAT = "2"
MANIFEST = "manifest.json"
ENCODER = "image_encoder."
PATCH = 16


@dataclass(frozen=True)
class Converted:
    """A folder of graphs: ``encoder``, ``prompt``, ``mask`` (each .onnx and .bin) and what the manifest says of them."""

    folder: Path
    sha256: str
    side: int
    weight_bytes: int


def converted(name: str, checkpoint: Path, cache_dir: Path, sha256: str | None = None, side: int = SIDE) -> Converted:
    """The graphs of a checkpoint, from ``cache_dir/converted`` or made there now; several processes make them once.

    ``sha256`` is the checksum of the checkpoint where it is known; ``side`` that of the picture of a vit_t. Raises WeightsError.
    """
    digest = sha256 or file_sha256(checkpoint)
    folder = cache_dir / "converted" / f"{name}-{digest[:16]}-{FORMAT}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = _ready(folder)
        return found if found is not None else _convert(checkpoint, folder, digest, side)


def file_sha256(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _ready(folder: Path) -> Converted | None:
    """A folder whose files are all there with the right checksums."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if all(file_sha256(folder / name) == digest for name, digest in manifest["files"].items()):
            return Converted(folder, manifest["sha256"], int(manifest["side"]), int(manifest["weight_bytes"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return None


def _convert(checkpoint: Path, folder: Path, digest: str, side: int) -> Converted:
    tensors = read_checkpoint(checkpoint)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        side, files = _write(tensors, work, side)
        weights = sum(path.stat().st_size for path in files if path.suffix == ".bin")
        manifest = {"sha256": digest, "side": side, "weight_bytes": weights, "files": {path.name: file_sha256(path) for path in files}}
        (work / MANIFEST).write_text(json.dumps(manifest, indent=1), "utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        work.replace(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Converted(folder, digest, side, weights)


def _write(tensors: Mapping[str, npt.NDArray[Any]], work: Path, side: int) -> tuple[int, list[Path]]:
    """Write the three graphs; the side of the picture and the files."""
    floats = {name: tensor.astype(np.float32, copy=False) if tensor.dtype.kind == "f" else tensor for name, tensor in tensors.items()}
    encoder = {name.removeprefix(ENCODER): tensor for name, tensor in floats.items() if name.startswith(ENCODER)}
    rest = {name: tensor for name, tensor in floats.items() if name.startswith((PROMPT, MASK))}
    try:
        if "patch_embed.seq.0.c.weight" in encoder:
            graph = tinyvit_encoder(encoder, side)
        else:
            graph, side = vit_encoder(encoder)
        files = graph.save(work)
        rows = side // PATCH
        for other in (prompt_graph(rest, rows, side), mask_graph(rest, rows)):
            files += other.save(work)
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise WeightsError(f"the checkpoint lacks tensors of the model, or they have other shapes: {error}") from error
    return side, files
