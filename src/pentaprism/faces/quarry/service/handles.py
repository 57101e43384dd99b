"""Making embeddings ready without a job that clients see."""

import time
from dataclasses import dataclass, field

from pentaprism.core.blobs.staging import StagedBlob
from pentaprism.faces.quarry.context import Caller, Quarry
from pentaprism.faces.quarry.kinds import EMBED, FACE
from pentaprism.faces.quarry.schemas.fields import Fields
from pentaprism.faces.quarry.service import images, models
from pentaprism.faces.quarry.service.submission import ENCODING, check_limits


@dataclass(frozen=True, slots=True)
class Begun:
    """A job that makes an embedding; whoever waited for it removes its row."""

    job_id: str
    image_id: str
    at: float = field(default_factory=time.monotonic)

    def elapsed_ms(self) -> int:
        """Milliseconds since it was accepted."""
        return round((time.monotonic() - self.at) * 1000)


def begin(context: Quarry, caller: Caller, fields: Fields, image_id: str | None, staged: StagedBlob | None) -> Begun:
    """Store the image and start. Raises ImageRejected, ImageNotFound, ModelUnusable, Unavailable."""
    if staged is not None:
        facts = images.facts_of(context, caller.account_id, staged)
    else:
        facts = images.stored_facts(context, caller.account_id, str(image_id))
    choice = models.choose(context, caller.account_id, fields.model_type, strict=fields.strict_model)
    with context.platform.database.write() as session:
        check_limits(session, context, caller.account_id, waits=True)
        if staged is not None:
            image = images.keep(session, context, caller.account_id, staged, facts)
        else:
            image = images.find(session, context, caller.account_id, str(image_id))
            images.use(session, context, image)
        request = {
            "model_type": fields.model_type,
            "engine": choice.engine,
            "fallback": choice.fallback,
            "strict": fields.strict_model,
            "image_id": image.image_id,
        }
        job = context.platform.jobs.enqueue(
            session,
            EMBED,
            account_id=caller.account_id,
            face=FACE,
            request=request,
            subject=images.subject_of(caller.account_id, image.image_id),
            priority=ENCODING,
            time_limit=context.settings.hard_seconds,
        )
        return Begun(job.id, image.image_id)
