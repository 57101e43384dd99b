import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import bcrypt
import pytest
from sqlalchemy.orm import Session

from pentaprism.core.accounts.api_keys import ApiKeys
from pentaprism.core.accounts.one_time import OneTimeTokens
from pentaprism.core.accounts.passwords import Passwords
from pentaprism.core.accounts.service import AccountRules, Accounts
from pentaprism.core.accounts.tables import Account, ApiKey, LoginSession, OneTimeToken
from pentaprism.core.accounts.token_rules import TokenRules
from pentaprism.core.accounts.tokens import Tokens
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.database.engine import Database
from pentaprism.core.errors import AccountDisabled, EmailTaken, InvalidCredentials, InvalidInput, NotAllowed, NotFound
from pentaprism.core.jobs.tables import Job


def test_a_registered_account_can_authenticate(database: Database, accounts: Accounts, ada: Account) -> None:
    with database.read() as session:
        found = accounts.get(session, accounts.authenticate(session, " ADA@example.com ", "correct horse").account_id)
        assert (found.id, found.name, found.role, found.kind) == (ada.id, "Ada", "user", "person")
        assert "correct horse" not in (found.password_hash or "")


@pytest.mark.parametrize(
    ("email", "password"),
    [("ada@example.com", "wrong horse"), ("eve@example.com", "correct horse"), ("no address", "correct horse"), ("ada@example.com", "")],
)
def test_wrong_credentials_are_told_apart_by_nothing(
    database: Database, accounts: Accounts, ada: Account, email: str, password: str
) -> None:
    with database.read() as session, pytest.raises(InvalidCredentials) as caught:
        accounts.authenticate(session, email, password)
    assert caught.value.message == InvalidCredentials().message
    assert caught.value.details == {}


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.com", " ada@EXAMPLE.com"])
def test_an_email_is_taken_in_any_case_of_letters(database: Database, accounts: Accounts, ada: Account, email: str) -> None:
    with database.write() as session, pytest.raises(EmailTaken):
        accounts.register(session, email, "correct horse", keep_local_case=True)


def test_of_many_simultaneous_registrations_one_wins(database: Database, accounts: Accounts) -> None:
    outcomes: list[str] = []

    def register() -> None:
        try:
            with database.write() as session:
                accounts.register(session, "eve@example.com", "correct horse")
            outcomes.append("made")
        except EmailTaken:
            outcomes.append("taken")

    threads = [threading.Thread(target=register) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["made"] + ["taken"] * 7


@pytest.mark.parametrize(
    ("password", "good"), [("x" * 7, False), ("x" * 8, True), ("ä" * 128, True), ("x" * 129, False), ("\ud800" * 8, False)]
)
def test_the_length_of_a_password_is_ruled(database: Database, accounts: Accounts, password: str, good: bool) -> None:
    with database.write() as session:
        if good:
            account = accounts.register(session, "eve@example.com", password)
            assert accounts.authenticate(session, "eve@example.com", password).account_id == account.id
        else:
            with pytest.raises(InvalidInput) as caught:
                accounts.register(session, "eve@example.com", password)
            assert caught.value.field == "password"


@pytest.mark.parametrize(("fault", "field"), [({"email": "eve"}, "email"), ({"name": "x" * 256}, "name"), ({"role": "king"}, "role")])
def test_a_refused_registration_names_the_field(database: Database, accounts: Accounts, fault: dict[str, str], field: str) -> None:
    with database.write() as session, pytest.raises(InvalidInput) as caught:
        accounts.register(session, **{"email": "eve@example.com", "password": "correct horse", **fault})
    assert caught.value.field == field


def test_closed_registration_is_open_to_administrators_only(database: Database, passwords: Passwords) -> None:
    closed = Accounts(passwords, AccountRules(registration_open=False))
    with database.write() as session:
        with pytest.raises(NotAllowed):
            closed.register(session, "eve@example.com", "correct horse")
        assert closed.register(session, "eve@example.com", "correct horse", role="admin", by_admin=True).role == "admin"


def test_a_disabled_account_is_revealed_to_its_owner_only(database: Database, accounts: Accounts, ada: Account) -> None:
    with database.write() as session:
        accounts.disable(session, accounts.get(session, ada.id))
    with database.read() as session:
        with pytest.raises(AccountDisabled):
            accounts.authenticate(session, "ada@example.com", "correct horse")
        with pytest.raises(InvalidCredentials):
            accounts.authenticate(session, "ada@example.com", "wrong horse")
    with database.write() as session:
        accounts.disable(session, accounts.get(session, ada.id), disabled=False)
        assert accounts.authenticate(session, "ada@example.com", "correct horse").account_id == ada.id


def test_an_old_hash_is_replaced_at_the_next_login(database: Database, accounts: Accounts, ada: Account) -> None:
    with database.write() as session:
        accounts.get(session, ada.id).password_hash = bcrypt.hashpw(b"correct horse", bcrypt.gensalt(4)).decode()
    with database.read() as session:
        proof = accounts.authenticate(session, "ada@example.com", "correct horse")
    with database.write() as session:
        assert accounts.proven(session, proof).id == ada.id
    with database.read() as session:
        assert (accounts.get(session, ada.id).password_hash or "").startswith("$argon2id$")
        assert accounts.authenticate(session, "ada@example.com", "correct horse").renewed is None


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (lambda accounts, session, ada: accounts.change_password(session, ada, None, "a new password"), InvalidCredentials),
        (lambda accounts, session, ada: accounts.disable(session, ada), AccountDisabled),
        (lambda accounts, session, ada: accounts.delete(session, ada.id), InvalidCredentials),
    ],
)
def test_what_happens_between_the_check_of_the_password_and_the_login_counts(
    database: Database, accounts: Accounts, ada: Account, change: Callable[[Accounts, Session, Account], None], refusal: type[Exception]
) -> None:
    with database.read() as session:
        proof = accounts.authenticate(session, "ada@example.com", "correct horse")
    with database.write() as session:
        change(accounts, session, accounts.get(session, ada.id))
    with database.write() as session, pytest.raises(refusal):
        accounts.proven(session, proof)


def test_changing_the_password_needs_the_current_one(database: Database, accounts: Accounts, ada: Account) -> None:
    with database.write() as session:
        account = accounts.get(session, ada.id)
        with pytest.raises(InvalidInput) as caught:
            accounts.change_password(session, account, "wrong horse", "a new password")
        assert caught.value.field == "current_password"
        with pytest.raises(InvalidInput) as caught:
            accounts.change_password(session, account, "correct horse", "short")
        assert caught.value.field == "new_password"
        accounts.change_password(session, account, "correct horse", "a new password")
        assert accounts.authenticate(session, "ada@example.com", "a new password").account_id == account.id
        accounts.change_password(session, account, None, "a reset password")
    with database.read() as session, pytest.raises(InvalidCredentials):
        accounts.authenticate(session, "ada@example.com", "a new password")


def test_a_changed_email_is_free_and_unverified(
    database: Database, accounts: Accounts, ada: Account, person: Callable[[str], Account]
) -> None:
    person("eve@example.com")
    with database.write() as session:
        account = accounts.get(session, ada.id)
        account.email_verified_at = accounts.get(session, ada.id).created_at
        with pytest.raises(EmailTaken):
            accounts.change_email(session, account, "EVE@example.com")
        accounts.change_email(session, account, "Ada@Example.com", keep_local_case=True)
        assert account.email == "Ada@example.com" and account.email_verified_at is not None
        accounts.change_email(session, account, "countess@example.com")
        assert account.email_verified_at is None
    with database.read() as session:
        assert accounts.find(session, "ada@example.com") is None
        found = accounts.find(session, "Countess@example.com")
        assert found is not None and found.id == ada.id


def test_a_bound_account_is_made_once(database: Database, accounts: Accounts) -> None:
    with database.write() as session:
        first = accounts.service_account(session, "https://issuer.example", "42", "Program", kind="external")
        again = accounts.service_account(session, "https://issuer.example", "42", "Other name", kind="external")
        other = accounts.service_account(session, "https://issuer.example", "43", "Program")
        assert first is again and first.id != other.id
        assert (first.kind, other.kind, first.email, first.password_hash) == ("external", "service", None, None)
        with pytest.raises(ValueError, match="person"):
            accounts.service_account(session, "x", "y", "z", kind="person")


def test_accounts_without_email_do_not_collide(database: Database, accounts: Accounts) -> None:
    with database.write() as session:
        ids = {accounts.service_account(session, "faces", f"key {number}", "key").id for number in range(5)}
    assert len(ids) == 5


def test_accounts_are_listed_in_pages_and_found_by_a_part(database: Database, accounts: Accounts, person: Callable[[str], Account]) -> None:
    made = [person(f"user{number}@example.com").id for number in range(7)]
    with database.read() as session:
        page = accounts.list(session, limit=3, offset=3)
        assert ([account.id for account in page.items], page.total, page.has_more) == (made[3:6], 7, True)
        assert [account.id for account in accounts.list(session, search="USER4").items] == [made[4]]
        assert accounts.list(session, search="%").total == 0


def test_a_role_can_be_set(database: Database, accounts: Accounts, ada: Account) -> None:
    with database.write() as session:
        account = accounts.get(session, ada.id)
        accounts.set_role(session, account, "admin")
        with pytest.raises(InvalidInput):
            accounts.set_role(session, account, "king")
    with database.read() as session:
        assert accounts.get(session, ada.id).role == "admin"


def test_deleting_an_account_takes_everything_along(database: Database, accounts: Accounts, tokens: Tokens, ada: Account, bus: Any) -> None:
    called: list[tuple[str, int]] = []

    def cancel_jobs(session: Session, account_id: str) -> None:
        called.append((account_id, session.query(Job).filter_by(account_id=account_id).count()))

    accounts.on_delete.append(cancel_jobs)
    with database.write() as session:
        tokens.issue(session, ada, face="spheroseg", rules=TokenRules())
        ApiKeys().create(session, ada.id, "key", ["spheroseg"])
        OneTimeTokens().create(session, "reset", account_id=ada.id, lifetime=timedelta(hours=1))
        session.add(Job(account_id=ada.id, face="spheroseg", kind="spheroseg.segment"))
        session.add(Blob(key="spheroseg/a", account_id=ada.id, face="spheroseg", state="kept", holder="image:1", size=5, sha256="0" * 64))
    with database.write() as session:
        accounts.delete(session, ada.id)
        assert bus.published == []
    assert called == [(ada.id, 1)]
    assert [(event.topic, event.name) for event in bus.published] == [(f"account:{ada.id}", "account-deleted")]
    with database.read() as session:
        for table in (Account, LoginSession, ApiKey, OneTimeToken, Job):
            assert session.query(table).count() == 0
        blob = session.get_one(Blob, "spheroseg/a")
        assert (blob.state, blob.holder, blob.account_id) == ("released", None, None)
    with database.write() as session, pytest.raises(NotFound):
        accounts.delete(session, ada.id)
