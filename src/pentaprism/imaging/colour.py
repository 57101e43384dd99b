"""Pictures in the one colour space that every browser and phone agrees on."""

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, UnidentifiedImageError

from pentaprism.imaging.decode.display import read_rgba
from pentaprism.imaging.decode.source import Source, opened

LARGEST_PROFILE = 4_000_000


def icc_profile(source: Source) -> bytes | None:
    """The ICC profile that a picture file carries; None for none and for one of an unreasonable size."""
    try:
        with opened(source) as file, Image.open(file) as image:
            profile = image.info.get("icc_profile")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    return profile if isinstance(profile, bytes) and 0 < len(profile) <= LARGEST_PROFILE else None


def to_srgb(picture: npt.NDArray[np.uint8], profile: bytes) -> npt.NDArray[np.uint8]:
    """uint8 [H, W, 3 or 4] with colours of the RGB ``profile`` in sRGB (IEC 61966-2-1); a profile that cannot be used changes nothing."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        change = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
        colours: Any = ImageCms.applyTransform(Image.fromarray(np.ascontiguousarray(picture[..., :3])), change)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    converted = np.asarray(colours, np.uint8)
    return converted if picture.shape[2] == 3 else np.dstack([converted, picture[..., 3]])


def read_srgb(source: Source) -> npt.NDArray[np.uint8]:
    """Upright picture in sRGB, uint8 [H, W, 3], or [H, W, 4] where something is transparent. Raises ImageError."""
    picture = read_rgba(source)
    if int(picture[..., 3].min(initial=255)) == 255:
        picture = np.ascontiguousarray(picture[..., :3])
    profile = icc_profile(source)
    return picture if profile is None else to_srgb(picture, profile)
