"""API keys on the command line."""

from typing import Any


def test_a_key_is_printed_once_and_listed_without_it(pentaprism: Any) -> None:
    pentaprism("user", "add", "ada@example.org", "--password", "long-enough-1")
    created = pentaprism(
        "apikey", "create", "ada@example.org", "--name", "microscope", "--scope", "spheroseg", "--days", "9", "--json"
    ).json
    assert created["key"].startswith("pp_")
    listed = pentaprism("apikey", "list", "ada@example.org", "--json")
    assert created["key"] not in listed.out
    assert [(key["name"], key["scopes"], key["revoked"]) for key in listed.json] == [("microscope", ["spheroseg"], False)]


def test_a_revoked_key_stays_revoked(pentaprism: Any) -> None:
    pentaprism("user", "add", "ada@example.org", "--password", "long-enough-1")
    key_id = pentaprism("apikey", "create", "ada@example.org", "--name", "x", "--json").json["id"]
    pentaprism("apikey", "revoke", key_id)
    assert pentaprism("apikey", "list", "ada@example.org", "--json").json[0]["revoked"] is True
    pentaprism("apikey", "revoke", key_id, status=1)
