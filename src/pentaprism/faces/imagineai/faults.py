"""What can be wrong with an image, for services and workers."""

from pentaprism.core.errors import Unprocessable
from pentaprism.faces.imagineai.names import megabytes


class Refused(Unprocessable):
    """The image is not accepted."""


def too_large(limit: int) -> str:
    """What is said of a file above the limit."""
    return f"File exceeds the maximum size of {megabytes(limit)} MB"
