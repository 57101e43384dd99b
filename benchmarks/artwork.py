"""Nine pictures of one prompt beside cutting one picture to the nine sizes with Pillow: ``python -m benchmarks.artwork``.

Both use two threads and end with files. Pillow's picture exists beforehand, so its column holds cutting and encoding alone.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import Image, ImageOps

from benchmarks.report import Row, show
from pentaprism.core.workers.process import limit_threads
from pentaprism.engines.artwork import SceneRequest, describe, render
from pentaprism.engines.artwork.encoding import encode
from pentaprism.engines.artwork.fitting import fit
from pentaprism.engines.artwork.saliency import saliency

SIZES = ((1080, 1080), (1080, 1920), (1200, 675), (1500, 500), (1200, 630), (820, 312), (1200, 627), (1280, 720), (1000, 1500))
PROMPTS = ("A beautiful sunset over mountains with a lake", "A cup of coffee on a wooden table", "Abstract silk in teal and coral")


def ours(prompt: str, format: str) -> None:
    """Plan, draw and encode all nine."""
    scene = describe(SceneRequest(prompt))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda size: encode(render(scene, *size), format), SIZES))


def cut(picture: Image.Image, format: str) -> None:
    """Pillow: the middle of one picture at each size, encoded."""

    def one(size: tuple[int, int]) -> None:
        options = {"compress_level": 6} if format == "png" else {"quality": 90}
        ImageOps.fit(picture, size, Image.Resampling.LANCZOS).save(io.BytesIO(), format.upper(), **options)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, SIZES))


def best(work: Callable[[], object], times: int = 3) -> float:
    """Seconds of the fastest of some runs."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    rows = []
    source = render(describe(SceneRequest(PROMPTS[0])), 2048, 2048)
    picture = Image.fromarray(source)
    for format in ("png", "jpeg"):
        peer = f"{best(lambda format=format: cut(picture, format)):.2f}"
        rows += [Row(f"nine as {format}: {prompt}, s", f"{best(lambda p=prompt, f=format: ours(p, f)):.2f}", peer) for prompt in PROMPTS]
    small = np.asarray(picture.resize((1024, 768)))
    rows.append(Row("saliency of 1024x768, ms", f"{1000 * best(lambda: saliency(small)):.1f}"))
    rows.append(Row("smart crop to 1080x1920, ms", f"{1000 * best(lambda: fit(source, 1080, 1920)):.1f}"))
    show(rows)


if __name__ == "__main__":
    if "OPENBLAS_NUM_THREADS" not in os.environ:
        # As in a worker: numerical libraries read this when they are loaded, and two threads that draw leave no core for theirs.
        limit_threads(1)
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.artwork"])
    main()
