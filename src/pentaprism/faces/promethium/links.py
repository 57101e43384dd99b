"""Addresses of things of the face, signed where an ``<img>`` or a plain download shall open them.

``?exp=&sig=``: HMAC-SHA256 over the path below the face's root and the expiry. One signature opens all pictures of a dataset
(preview and tiles, whatever their parameters), another its bytes, another one artifact.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pentaprism.core.signing import Signer, unexpired

API = "/api/v1"


def pictures_of(dataset_id: str) -> str:
    """What the signature of a dataset's pictures covers."""
    return f"{API}/datasets/{dataset_id}/pictures"


def download_of(dataset_id: str) -> str:
    """Path of a dataset's bytes."""
    return f"{API}/datasets/{dataset_id}/download"


def artifact_of(job_id: str, name: str) -> str:
    """Path of an artifact."""
    return f"{API}/results/{job_id}/artifacts/{quote(name)}"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes addresses below ``base``, the mount prefix or an absolute address. ``expires`` is a full hour in seconds of 1970."""

    base: str
    expires: int
    signer: Signer

    def preview(self, dataset_id: str) -> str:
        """The dataset's preview."""
        return f"{self.base}{API}/datasets/{dataset_id}/preview{self._query(pictures_of(dataset_id))}"

    def tiles(self, dataset_id: str) -> str:
        """Template of the dataset's tiles with ``{z}``, ``{x}``, ``{y}``."""
        return f"{self.base}{API}/datasets/{dataset_id}/tiles/{{z}}/{{x}}/{{y}}.png{self._query(pictures_of(dataset_id))}"

    def download(self, dataset_id: str) -> str:
        """The dataset's bytes."""
        return self.base + download_of(dataset_id) + self._query(download_of(dataset_id))

    def artifact(self, job_id: str, name: str) -> str:
        """An artifact of a job."""
        return self.base + artifact_of(job_id, name) + self._query(artifact_of(job_id, name))

    def plain(self, path: str) -> str:
        """An address that needs a token."""
        return f"{self.base}{API}{path}"

    def _query(self, what: str) -> str:
        return f"?exp={self.expires}&sig={self.signer.sign(what, str(self.expires))}"


def fits(signer: Signer, what: str, query: Mapping[str, str], moment: float) -> bool:
    """Whether ``query`` holds an unexpired signature of ``what``."""
    expires, signature = query.get("exp", ""), query.get("sig", "")
    return unexpired(expires, moment) and signer.matches(signature, what, expires)
