"""Zero-shot answers of a CLIP model whose ONNX encoders, vocabulary and merges the operator supplies (Radford et al. 2021)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from pentaprism.engines.inference import session_options
from pentaprism.engines.products.clip_tokenizer import ClipTokenizer, TokenizerError
from pentaprism.engines.products.network import letterbox
from pentaprism.engines.products.results import EngineUse, Rgb
from pentaprism.engines.products.vocabulary import ATTRIBUTES, PLACES

SIDE = 224
MEAN = np.array([0.48145466, 0.4578275, 0.40821073], np.float32)
DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], np.float32)
LOGIT_SCALE = 100.0
TEMPLATES = ("a photo of {}.", "a product photo of {} on a plain background.", "a picture of {} offered for sale.")
ATTRIBUTE_TEMPLATES = {
    "material": ("a photo of a product made of {}.", "a product photo of something made of {}.", "a close-up of {}."),
    "pattern": (
        "a photo of a product with a {} surface.",
        "a product photo of something with a {} pattern.",
        "a close-up of a {} pattern.",
    ),
    "style": ("a photo of a {} product.", "a product photo in {} style.", "a picture of something that looks {}."),
}
BATCH = 32

Vectors = npt.NDArray[np.float32]


class ClipError(RuntimeError):
    """The operator's files cannot be used; the message says why, without a path."""


@dataclass(frozen=True, slots=True)
class ClipFiles:
    """``image``: pixels [n, 3, 224, 224] to vectors [n, d]; ``text``: token ids [n, 77] (int32 or int64, with or without an attention
    mask) to vectors [n, d]; ``logit_scale``: the model's own, already exponentiated (100 for the published ones)."""

    image: Path
    text: Path
    vocabulary: Path
    merges: Path
    name: str = "vit"
    logit_scale: float = LOGIT_SCALE


class ClipEngine:
    """Text vectors are computed once, when the files are loaded. ``look`` may be called by several threads at once."""

    GROUPS = ("label", "material", "pattern", "style")

    def __init__(self, image: onnxruntime.InferenceSession, vectors: dict[str, Vectors], name: str, digest: str, scale: float) -> None:
        """Use ``load``."""
        self._image, self._vectors, self._scale = image, vectors, scale
        self.name, self.digest = name, digest
        self.values = {"label": tuple(PLACES), **{group: ATTRIBUTES[group] for group in ATTRIBUTE_TEMPLATES}}

    @property
    def model_version(self) -> str:
        """``clip-<name>-<8 hex of the digest>``."""
        return f"clip-{self.name}-{self.digest[:8]}"

    def use(self) -> EngineUse:
        """How the engine is declared."""
        return EngineUse(f"clip-{self.name}", self.digest[:8], "clip")

    @classmethod
    def load(cls, files: ClipFiles, threads: int = 2, cache: Path | None = None) -> ClipEngine:
        """Reads the encoders and the tokenizer and embeds every prompt, or reads the vectors from the folder ``cache`` when they were
        made from the same bytes. Raises ClipError."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}", files.name):
            raise ClipError("the name of the CLIP model may hold letters, digits, dots, dashes and underscores")
        try:
            digest = _digest(files)
            image = onnxruntime.InferenceSession(str(files.image), session_options(threads), providers=["CPUExecutionProvider"])
            vectors = _stored(cache, digest)
            if vectors is None:
                tokenizer = ClipTokenizer(files.vocabulary, files.merges)
                text = onnxruntime.InferenceSession(str(files.text), session_options(threads), providers=["CPUExecutionProvider"])
                vectors = _embedded(text, tokenizer)
                _store(cache, digest, vectors)
            engine = cls(image, vectors, files.name, digest, files.logit_scale)
            engine.look(np.full((SIDE, SIDE, 3), 255, np.uint8))
        except OSError as error:
            raise ClipError(f"a file of the CLIP model cannot be read: {error.strerror}") from error
        except TokenizerError as error:
            raise ClipError(str(error)) from error
        except ClipError:
            raise
        except Exception as error:  # ONNX Runtime's errors share no base class but Exception
            raise ClipError(f"the CLIP encoders cannot be used: {type(error).__name__}") from error
        return engine

    def look(self, rgb: Rgb) -> dict[str, dict[str, float]]:
        """Group to value to probability of a picture [h, w, 3]: cosine times the logit scale, softmax within each group."""
        vector = self.embed(rgb)
        found = {}
        for group, texts in self._vectors.items():
            logits = self._scale * (texts @ vector).astype(np.float64)
            exponents = np.exp(logits - logits.max())
            shares = exponents / exponents.sum()
            found[group] = {value: float(share) for value, share in zip(self.values[group], shares, strict=True)}
        return found

    def embed(self, rgb: Rgb) -> Vectors:
        """The picture's vector [d] of unit length."""
        pixels = (letterbox(rgb, SIDE, cubic=True).astype(np.float32) / 255 - MEAN) / DEVIATION
        wanted = self._image.get_inputs()[0]
        batch = pixels.transpose(2, 0, 1)[None]
        output = np.asarray(self._image.run(None, {wanted.name: batch.astype(_type(wanted))})[0], np.float32)
        unit: Vectors = _unit(_flat(output))[0]
        return unit


def prompts(group: str, value: str) -> list[str]:
    """At least three sentences that name the value."""
    words = value.replace("t_shirt", "t-shirt").replace("_", " ")
    if group == "label":
        article = "" if words.endswith("s") and words != "dress" else "an " if words[0] in "aeiou" else "a "
        return [template.format(article + words) for template in TEMPLATES]
    return [template.format(words) for template in ATTRIBUTE_TEMPLATES[group]]


def _embedded(session: onnxruntime.InferenceSession, tokenizer: ClipTokenizer) -> dict[str, Vectors]:
    groups: dict[str, tuple[str, ...]] = {"label": tuple(PLACES), **{group: ATTRIBUTES[group] for group in ATTRIBUTE_TEMPLATES}}
    vectors = {}
    for group, values in groups.items():
        rows = []
        for value in values:
            sentences = prompts(group, value)
            rows.append(_unit(_run_text(session, tokenizer.encode(sentences)).mean(axis=0, keepdims=True))[0])
        vectors[group] = np.stack(rows)
    return vectors


def _run_text(session: onnxruntime.InferenceSession, ids: npt.NDArray[np.int64]) -> Vectors:
    """Unit vectors [n, d] of token rows. An attention mask covers everything up to the first end token."""
    inputs: dict[str, Any] = {}
    for wanted in session.get_inputs():
        if "mask" in wanted.name:
            end = (ids == ids.max(axis=1, keepdims=True)).argmax(axis=1)
            inputs[wanted.name] = (np.arange(ids.shape[1]) <= end[:, None]).astype(_type(wanted))
        else:
            inputs[wanted.name] = ids.astype(_type(wanted))
    return _unit(_flat(np.asarray(session.run(None, inputs)[0], np.float32)))


def _flat(output: Vectors) -> Vectors:
    if output.ndim != 2:
        raise ClipError("the CLIP encoders must give one vector for each input")
    return output


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(vectors).all() or not (lengths > 0).all():
        raise ClipError("the CLIP encoders give vectors without length")
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit


def _type(wanted: Any) -> type[np.generic]:
    types: dict[str, type[np.generic]] = {
        "tensor(float)": np.float32,
        "tensor(float16)": np.float16,
        "tensor(int32)": np.int32,
        "tensor(int64)": np.int64,
    }
    if wanted.type not in types:
        raise ClipError(f"an input of the CLIP encoders has the unknown type {wanted.type}")
    return types[wanted.type]


def _digest(files: ClipFiles) -> str:
    """SHA-256 over the digests of all four files and the prompts: whatever changes the answers changes it."""
    whole = hashlib.sha256()
    for path in (files.image, files.text, files.vocabulary, files.merges):
        with path.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())
    for group, values in (("label", tuple(PLACES)), *((group, ATTRIBUTES[group]) for group in ATTRIBUTE_TEMPLATES)):
        for value in values:
            whole.update("\n".join(prompts(group, value)).encode())
    return whole.hexdigest()


def _stored(cache: Path | None, digest: str) -> dict[str, Vectors] | None:
    path = None if cache is None else cache / f"clip-text-{digest[:32]}.npz"
    if path is None or not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {group: np.asarray(arrays[group], np.float32) for group in ClipEngine.GROUPS}
    except (ValueError, KeyError, OSError):
        return None


def _store(cache: Path | None, digest: str, vectors: dict[str, Vectors]) -> None:
    if cache is None:
        return
    # Several workers may come here at once; where nothing can be written, the next start takes as long as this one.
    part = cache / f"clip-text-{digest[:32]}.{os.getpid()}.part.npz"
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(part, **vectors)  # type: ignore[arg-type]
        part.replace(cache / f"clip-text-{digest[:32]}.npz")
