"""Signed links to images, archives and uploads, and tickets of streams.

The signature (HMAC-SHA256) covers the path without the mount prefix and the expiry, so a link works wherever the face is mounted
and for nobody but whom it was given to.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pentaprism.core.errors import LinkInvalid
from pentaprism.core.signing import Signer, full_hour, unexpired


@dataclass(frozen=True, slots=True)
class Links:
    """Absolute links below ``base``, the address of the face's root without a final slash; all expire at ``expires``."""

    base: str
    expires: int
    signer: Signer

    def signed(self, path: str) -> str:
        """The signed link of ``path``, which begins with a slash."""
        return f"{self.base}{quote(path)}?exp={self.expires}&sig={self.signer.sign(path, str(self.expires))}"

    def image(self, generation_id: str, file: str) -> str:
        """The link of a job's image."""
        return self.signed(image_path(generation_id, file))

    def archive(self, job_id: str) -> str:
        """The link of a job's ZIP."""
        return self.signed(archive_path(job_id))

    def upload(self, upload_id: str) -> str:
        """The link of an uploaded image."""
        return self.signed(upload_path(upload_id))


def links_at(base: str, signer: Signer, seconds: int, moment: float) -> Links:
    """Links that live at least ``seconds`` from ``moment`` (Unix time); their end is rounded up to a full hour."""
    return Links(base, full_hour(moment, seconds), signer)


def image_path(generation_id: str, file: str) -> str:
    """Where an image stands."""
    return f"/api/images/{generation_id}/{file}"


def archive_path(job_id: str) -> str:
    """Where the ZIP of a job stands."""
    return f"/api/jobs/{job_id}/download"


def upload_path(upload_id: str) -> str:
    """Where an uploaded image stands."""
    return f"/api/images/uploads/{upload_id}"


def check_link(signer: Signer, path: str, query: Mapping[str, str], moment: float) -> None:
    """Raise LinkInvalid unless ``query`` holds an unexpired signature of ``path``."""
    expires = query.get("exp", "")
    if not (unexpired(expires, moment) and signer.matches(query.get("sig", ""), path, expires)):
        raise LinkInvalid


def ticket(signer: Signer, job_id: str, expires: int) -> str:
    """A ticket that opens the stream of one job."""
    return f"{expires}.{signer.sign(job_id, str(expires))}"


def ticket_fits(signer: Signer, text: str, job_id: str, moment: float) -> bool | None:
    """Whether ``text`` opens the stream of ``job_id``; None where it is a ticket no more, or of nothing that is known here."""
    expires, _, signature = text.partition(".")
    if not unexpired(expires, moment):
        return None
    return signer.matches(signature, job_id, expires)
