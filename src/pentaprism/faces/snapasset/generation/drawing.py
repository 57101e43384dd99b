"""One image for one platform: drawn or cut, encoded, stored."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from pentaprism.engines.artwork import Scene, SceneRequest, describe, render
from pentaprism.engines.artwork.encoding import Encoded, TooLarge, encode
from pentaprism.engines.artwork.fitting import Fit, Fitted, fit
from pentaprism.engines.artwork.openai_images import kept_area
from pentaprism.faces.snapasset.catalogue import Platform
from pentaprism.faces.snapasset.faults import SourceMissing
from pentaprism.faces.snapasset.generation.request import options_for, rgb
from pentaprism.faces.snapasset.tables import Generation
from pentaprism.imaging.colour import read_srgb
from pentaprism.imaging.decode import ImageError

THREADS = 2
NATIVE = "native"
Check = Callable[[], None]
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Drawn:
    """An encoded image and how it came about; ``error`` (code, message) where there is none and there never will be."""

    encoded: Encoded | None
    fit: str = NATIVE
    crop: tuple[int, int, int, int] | None = None
    upscaled: bool = False
    error: tuple[str, str] | None = None


class Material:
    """What the images of one job are made from: a scene, or pictures of which each platform takes the one with the nearest aspect."""

    def __init__(self, scene: Scene | None, pictures: Sequence[Pixels]) -> None:
        self.scene = scene
        self.pictures = pictures

    def draw(self, target: Platform, options: Mapping[str, Any], check: Check) -> Drawn:
        """The image of one platform with its own ``options``."""
        check()
        background = rgb(options["background"])
        made = self._fitted(target, options, background, check)
        check()
        try:
            encoded = encode(made.picture, options["format"], options["formatQuality"], options["maxBytes"], background)
        except TooLarge:
            return Drawn(None, error=("IMAGE_TOO_LARGE", f"The image does not fit into {options['maxBytes']} bytes"))
        return Drawn(encoded, made.fit, made.crop, made.upscaled)

    def _fitted(self, target: Platform, options: Mapping[str, Any], background: tuple[int, int, int], check: Check) -> Fitted:
        if self.scene is not None:
            return Fitted(render(self.scene, target.width, target.height, check=check), NATIVE, None, False)
        wanted = (target.width, target.height)
        picture = max(self.pictures, key=lambda one: kept_area((one.shape[1], one.shape[0]), wanted))
        point = options["focalPoint"]
        place = None if point is None else (point["x"], point["y"])
        mode: Fit = "smart" if options["fit"] == "focal" and place is None else options["fit"]
        return fit(picture, target.width, target.height, mode, place, background)


def material_of(generation: Generation, sources: Sequence[Any]) -> Material:
    """The material of a job; ``sources`` are files of its pictures. Raises SourceMissing."""
    if generation.scene is not None:
        return Material(scene_of(generation.scene), [])
    try:
        pictures = [read_srgb(source) for source in sources]
    except ImageError as error:
        raise SourceMissing from error
    if not pictures:
        raise SourceMissing
    return Material(None, pictures)


def scene_of(stored: Mapping[str, Any]) -> Scene:
    """The scene that was stored with a generation; describing it again gives the same."""
    names = ("prompt", "quality", "style", "image_type", "variation")
    return describe(SceneRequest(**{name: stored[name] for name in names}))


def in_order(
    material: Material, targets: Sequence[Platform], options: Mapping[str, Any], check: Check, announce: Callable[[Platform], None]
) -> Iterator[tuple[Platform, "Drawn | Exception"]]:
    """Each of ``targets`` with its image, in their order; the next one is drawn meanwhile.

    ``announce`` is called before each. What goes wrong with one platform is given in place of its image.
    """
    with ThreadPoolExecutor(THREADS, "draw") as pool:
        waiting: list[Future[Drawn]] = []
        coming = iter(targets)

        def start() -> None:
            following = next(coming, None)
            if following is not None:
                waiting.append(pool.submit(material.draw, following, options_for(options, following.id), check))

        try:
            for _ in range(THREADS):
                start()
            for target in targets:
                announce(target)
                future = waiting.pop(0)
                error = future.exception()
                start()
                if error is not None and not isinstance(error, Exception):
                    raise error
                yield target, error or future.result()
        finally:
            for future in waiting:
                future.cancel()
