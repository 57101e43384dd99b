"""Accounts on the command line."""

from typing import Any


def test_an_added_account_is_listed_and_its_password_is_shown_once(pentaprism: Any) -> None:
    added = pentaprism("user", "add", "Ada@Example.org", "--random", "--name", "Ada", "--json").json
    assert len(added["password"]) >= 15
    listed = pentaprism("user", "list", "--json")
    assert [account["email"] for account in listed.json["accounts"]] == ["ada@example.org"]
    assert listed.json["total"] == 1
    assert added["password"] not in listed.out


def test_a_second_account_with_the_same_address_is_refused(pentaprism: Any) -> None:
    pentaprism("user", "add", "ada@example.org", "--password", "long-enough-1")
    refused = pentaprism("user", "add", "ADA@example.org", "--password", "long-enough-2", status=1)
    assert "already exists" in refused.err
    assert "Traceback" not in refused.err


def test_a_short_password_is_refused_with_the_reason(pentaprism: Any) -> None:
    refused = pentaprism("user", "add", "ada@example.org", "--password", "short", status=1)
    assert "8 to 128 characters" in refused.err
    assert pentaprism("user", "list", "--json").json["total"] == 0


def test_roles_and_access_change_and_deletion_is_final(pentaprism: Any) -> None:
    pentaprism("user", "add", "ada@example.org", "--password", "long-enough-1")
    assert pentaprism("user", "role", "ada@example.org", "admin", "--json").json["role"] == "admin"
    assert pentaprism("user", "disable", "ada@example.org", "--json").json["disabled"] is True
    assert pentaprism("user", "disable", "ada@example.org", "--enable", "--json").json["disabled"] is False
    pentaprism("user", "delete", "ada@example.org", "--yes")
    assert pentaprism("user", "list", "--json").json["total"] == 0
    assert "no account" in pentaprism("user", "role", "ada@example.org", "user", status=1).err


def test_deleting_asks_first(pentaprism: Any) -> None:
    pentaprism("user", "add", "ada@example.org", "--password", "long-enough-1")
    pentaprism("user", "delete", "ada@example.org", stdin="n\n", status=1)
    assert pentaprism("user", "list", "--json").json["total"] == 1
