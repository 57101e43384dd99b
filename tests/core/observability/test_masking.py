"""What is secret does not reach a log, and what is not stays readable."""

import pytest

from pentaprism.core.observability.masking import is_secret, mask, mask_query, mask_text


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "new_password",
        "currentPassword",
        "token",
        "refreshToken",
        "access_token",
        "sig",
        "X-API-Key",
        "apiKey",
        "api_key",
        "ticket",
        "Authorization",
        "Set-Cookie",
        "client.secret",
    ],
)
def test_secret_names_are_known_in_every_spelling(name: str) -> None:
    assert is_secret(name)
    assert is_secret(name.upper())


@pytest.mark.parametrize(
    "name", ["page", "tokens_used", "signal", "design", "compass", "keyboard", "passage", "image_id", "cookies_accepted"]
)
def test_ordinary_names_are_not(name: str) -> None:
    assert not is_secret(name)


def test_secrets_inside_texts_are_hidden() -> None:
    text = mask_text(
        "Bearer abc.def.ghi, eyJhbGciOi.eyJzdWIi.c2ln, pp_0123456789abcdefABCDEF, "
        "postgresql://user:hunter2@db/x, http://h/p?token=t0ken&page=2"
    )
    for secret in ("abc.def", "eyJ", "0123456789", "hunter2", "t0ken"):
        assert secret not in text
    assert "@db/x" in text
    assert "page=2" in text


def test_nested_values_are_hidden_and_others_kept() -> None:
    line = mask({"user": "a", "body": [{"password": "x", "age": 7, "note": "Bearer abc"}]})
    assert line == {"user": "a", "body": [{"password": "***", "age": 7, "note": "***"}]}


def test_queries_keep_their_order_and_names() -> None:
    assert mask_query("a=1&sig=abc&exp=2&uid=&token=") == "a=1&sig=***&exp=2&uid=&token=***"
    assert mask_query("") == ""
