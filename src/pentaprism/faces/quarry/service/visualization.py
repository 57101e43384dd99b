"""What a result looks like over its image. What draws is loaded with the first drawing: a server starts without arrays."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from pentaprism.core.jobs.tables import Job
from pentaprism.faces.quarry.context import Quarry
from pentaprism.faces.quarry.errors import FileMissing
from pentaprism.faces.quarry.service import images
from pentaprism.faces.quarry.service.results import Found
from pentaprism.faces.quarry.tables import Image

if TYPE_CHECKING:
    from pentaprism.faces.quarry.service.pictures import Picture


@dataclass(frozen=True, slots=True)
class Look:
    """What a visualization shows."""

    background: bool = True
    labels: bool = True
    opacity: float = 0.45
    max_masks: int = 100


def image_of(session: Session, job: Job) -> Image:
    """The image of a job. Raises FileMissing."""
    image = session.get(Image, (job.account_id, str(job.request.get("image_id"))))
    if image is None:
        raise FileMissing
    return image


def as_svg(context: Quarry, found: Found, look: Look | None = None) -> bytes:
    """The outlines of a result over its image, as SVG. Raises FileMissing."""
    from pentaprism.faces.quarry.service import svg  # noqa: PLC0415 - as the module says

    return svg.svg(_picture(context, found), found.masks, found.width, found.height, look or Look(), context.settings.svg_bytes)


def as_png(context: Quarry, found: Found, look: Look) -> bytes:
    """The same as PNG. Raises FileMissing."""
    from pentaprism.faces.quarry.service import svg  # noqa: PLC0415 - as the module says

    return svg.png(_picture(context, found), found.masks, found.width, look)


def _picture(context: Quarry, found: Found) -> "Picture":
    """A copy of the job's image of at most 2048 px."""
    from pentaprism.faces.quarry.service.pictures import on_grey, rgba_of  # noqa: PLC0415 - as the module says
    from pentaprism.faces.quarry.service.svg import LONGEST  # noqa: PLC0415 - as the module says

    with context.platform.database.read() as session:
        image = image_of(session, found.job)
    return on_grey(rgba_of(images.path_of(context.platform, image), LONGEST))
