"""Names that the face's modules share: of the face, its job kind, the ids of its jobs, and what keeps stored bytes."""

import re
import secrets
import string
from datetime import datetime

FACE = "snapasset"
KIND = f"{FACE}.generate"
JOB_ID = re.compile(r"gen-[0-9]{1,15}-[a-z0-9]{20}", re.ASCII)
ALPHABET = string.ascii_lowercase + string.digits
TAIL = 20


def new_job_id(moment: datetime) -> str:
    """``gen-<milliseconds>-<20 characters>``; the tail of 103 random bits makes it a capability."""
    return f"gen-{int(moment.timestamp() * 1000)}-{''.join(secrets.choice(ALPHABET) for _ in range(TAIL))}"


def short(job_id: str) -> str:
    """The id as logs may hold it: enough to tell jobs apart, too little to open a stream."""
    return job_id[: len(job_id) - TAIL + 4]


def images_holder(job_pk: str) -> str:
    """What keeps the images of the job with this id in the core."""
    return f"{FACE}-images:{job_pk}"


def source_holder(key: str) -> str:
    """What keeps a picture that images are cut from; several jobs may share it, see ``generation.sources``."""
    return f"{FACE}-source:{key[-48:]}"


def image_key(generation_id: str, file: str) -> str:
    """Where an image lies in the store."""
    return f"{FACE}/images/{generation_id[-2:]}/{generation_id}/{file}"
