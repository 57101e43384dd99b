"""Why a job fails: its codes, our own sentence for each, and what a handler raises."""

from pentaprism.core.errors import PlatformError, TransientFault

SENTENCES = {
    "CONTENT_POLICY": "The prompt was refused by the content policy",
    "PROVIDER_ERROR": "The image provider failed",
    "PROVIDER_TIMEOUT": "The image provider did not answer in time",
    "SOURCE_IMAGE_ERROR": "The source image is missing or cannot be decoded",
    "JOB_TIMEOUT": "The job took too long",
    "WORKER_LOST": "The worker stopped unexpectedly",
    "STORAGE_ERROR": "The image store failed",
    "INTERNAL_ERROR": "Something went wrong",
}
CORE_CODES = {"TIMEOUT": "JOB_TIMEOUT"}
CANCELLED_REASON = "Cancelled by user"


class ContentPolicy(PlatformError):
    """The prompt was refused by the content policy."""

    code = "CONTENT_POLICY"


class ProviderRefused(PlatformError):
    """The provider will not serve this request, however often it is asked."""

    code = "PROVIDER_ERROR"


class ProviderFault(TransientFault):
    """The provider failed and may work at the next attempt."""

    code = "PROVIDER_ERROR"


class ProviderTimeout(TransientFault):
    """The provider did not answer in time."""

    code = "PROVIDER_TIMEOUT"


class SourceMissing(PlatformError):
    """The picture to cut from is gone or cannot be decoded."""

    code = "SOURCE_IMAGE_ERROR"


class StoreFault(TransientFault):
    """The store failed and may work at the next attempt."""

    code = "STORAGE_ERROR"


class InternalFault(TransientFault):
    """Something unexpected happened; it may not happen again."""

    code = "INTERNAL_ERROR"


class NothingMade(PlatformError):
    """Every platform failed for a reason that another attempt cannot change."""

    code = "INTERNAL_ERROR"


def code_of(core_code: str | None) -> str | None:
    """The face's word for the core's code of a failed job."""
    if core_code is None:
        return None
    code = CORE_CODES.get(core_code, core_code)
    return code if code in SENTENCES else "INTERNAL_ERROR"


def sentence(core_code: str | None) -> str:
    """Our own sentence for the core's code of a failed job."""
    return SENTENCES[code_of(core_code) or "INTERNAL_ERROR"]
