"""One tree of errors. A class per thing that can go wrong; its docstring is the default message.

Core and faces raise these; each face renders them in its own shape (``faces/<face>/errors.py``).
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class PlatformError(Exception):
    """Something went wrong."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str | None = None, *, details: Mapping[str, Any] | None = None, retry_after: float | None = None) -> None:
        self.message = message if message is not None else (type(self).__doc__ or "").strip().split("\n")[0]
        self.details: dict[str, Any] = dict(details or {})
        self.retry_after = retry_after
        super().__init__(self.message)


class InvalidInput(PlatformError):
    """The request is not valid."""

    status = 400
    code = "INVALID_INPUT"

    def __init__(self, message: str | None = None, *, field: str | None = None, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, details=details)
        self.field = field


class NotAuthenticated(PlatformError):
    """Authentication is required."""

    status = 401
    code = "NOT_AUTHENTICATED"

    def __init__(self, message: str | None = None, *, reason: str = "missing") -> None:
        super().__init__(message, details={"reason": reason})
        self.reason = reason


class InvalidCredentials(PlatformError):
    """The e-mail or the password is wrong."""

    status = 401
    code = "INVALID_CREDENTIALS"


class AccountDisabled(PlatformError):
    """This account is disabled."""

    status = 401
    code = "ACCOUNT_DISABLED"


class NotAllowed(PlatformError):
    """You are not allowed to do this."""

    status = 403
    code = "NOT_ALLOWED"


class LinkInvalid(NotAllowed):
    """The link is invalid or has expired."""

    code = "LINK_INVALID"


class NotFound(PlatformError):
    """There is no such thing here."""

    status = 404
    code = "NOT_FOUND"


class Conflict(PlatformError):
    """This collides with the present state."""

    status = 409
    code = "CONFLICT"


class EmailTaken(Conflict):
    """An account with this e-mail already exists."""

    code = "EMAIL_TAKEN"


class Stale(PlatformError):
    """The thing has changed since it was read."""

    status = 412
    code = "STALE"


class TooLarge(PlatformError):
    """The data is larger than allowed."""

    status = 413
    code = "TOO_LARGE"


class Unprocessable(PlatformError):
    """The data cannot be processed."""

    status = 422
    code = "UNPROCESSABLE"


class QuotaExceeded(Unprocessable):
    """The storage quota is used up."""

    code = "QUOTA_EXCEEDED"


class TooManyRequests(PlatformError):
    """Too many requests."""

    status = 429
    code = "TOO_MANY_REQUESTS"

    def __init__(self, message: str | None = None, *, limit: int = 0, remaining: int = 0, retry_after: float = 1.0) -> None:
        super().__init__(message, details={"limit": limit, "remaining": remaining}, retry_after=retry_after)
        self.limit = limit
        self.remaining = remaining


class Unavailable(PlatformError):
    """The service is not available at the moment."""

    status = 503
    code = "UNAVAILABLE"


class StorageFull(Unavailable):
    """There is no room left on the storage."""

    code = "STORAGE_FULL"


class TransientFault(PlatformError):
    """A passing fault; a further attempt may work."""

    status = 503
    code = "TRANSIENT_FAULT"


class JobCancelled(PlatformError):
    """The job was cancelled."""

    status = 409
    code = "JOB_CANCELLED"


class LeaseLost(PlatformError):
    """Another worker has taken this job over."""

    status = 409
    code = "LEASE_LOST"
