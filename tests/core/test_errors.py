import re
from collections.abc import Iterator

import pytest

from pentaprism.core import errors
from pentaprism.core.errors import InvalidInput, NotAuthenticated, NotFound, PlatformError, QuotaExceeded, TooManyRequests


def tree(root: type[PlatformError]) -> Iterator[type[PlatformError]]:
    yield root
    for child in root.__subclasses__():
        yield from tree(child)


CORE = [kind for kind in tree(PlatformError) if kind.__module__ == errors.__name__]


@pytest.mark.parametrize("kind", CORE, ids=lambda kind: kind.__name__)
def test_every_error_has_a_message_a_code_and_a_status(kind: type[PlatformError]) -> None:
    error = kind()
    assert error.message.endswith(".") and str(error) == error.message
    assert re.fullmatch("[A-Z][A-Z_]+", error.code) and 400 <= error.status < 600


def test_no_two_errors_share_a_code() -> None:
    codes = [kind.code for kind in CORE]
    assert len(set(codes)) == len(codes) >= 20


def test_details_are_copied_and_kept() -> None:
    given = {"used": 1}
    error = QuotaExceeded("full", details=given)
    given["used"] = 2
    assert (error.message, error.details) == ("full", {"used": 1})
    assert NotFound().details == {}


def test_errors_carry_what_a_client_needs() -> None:
    assert NotAuthenticated(reason="expired").details == {"reason": "expired"}
    assert InvalidInput("bad", field="email").field == "email"
    error = TooManyRequests(limit=10, remaining=0, retry_after=3)
    assert (error.details, error.retry_after) == ({"limit": 10, "remaining": 0}, 3)
