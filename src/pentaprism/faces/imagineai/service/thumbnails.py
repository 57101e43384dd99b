"""Where thumbnails lie."""

from pentaprism.faces.imagineai.names import FACE

SIDE = 256
KEPT_SIDES = frozenset({64, 128, 256, 512, 1024})


def thumbnail_key(image_id: str, side: int, suffix: str) -> str:
    """Where a thumbnail lies in the store."""
    return f"{FACE}/thumbnails/{image_id}/{side}.{suffix}"
