"""Small pictures of uploads."""

from pentaprism.imaging import encode
from pentaprism.imaging.decode import Source, read_rgb


def thumbnail(source: Source, size: int = 256, quality: int = 85, page: int = 0) -> bytes:
    """JPEG within `size` x `size` px, aspect kept, upright; deep pictures stretched between the 0.1 and 99.9 percentiles.

    Raises:
        ImageError: anything wrong with the file.
    """
    return encode.jpeg(read_rgb(source, size, page), quality)


def preview(source: Source, size: int = 2048, page: int = 0) -> bytes:
    """Eight-bit PNG with a longest side of at most `size` px; grey pictures give a grey PNG.

    Raises:
        ImageError: anything wrong with the file or the page.
    """
    picture = read_rgb(source, size, page)
    grey = bool((picture[..., 0] == picture[..., 1]).all() and (picture[..., 1] == picture[..., 2]).all())
    return encode.png(picture[..., 0] if grey else picture)
