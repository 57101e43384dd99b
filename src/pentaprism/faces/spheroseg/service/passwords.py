"""Changing and resetting passwords, checking e-mails, ending accounts."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from starlette.requests import Request

from pentaprism.core.accounts.tables import Account
from pentaprism.core.errors import InvalidInput
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.schemas.requests import ChangePassword, DeleteAccount, ResetPassword
from pentaprism.faces.spheroseg.service.signing_in import issue, signed_in
from pentaprism.faces.spheroseg.tables import AccessRequest
from pentaprism.web.auth import client_address

RESET = "spheroseg-reset"
VERIFY = "spheroseg-verify"
USED_UP = "This link is used up or has expired"


def change_password(context: Spheroseg, request: Request, body: ChangePassword) -> dict[str, Any]:
    """Another password and a fresh session; all others end. Raises InvalidInput."""
    accounts = context.platform.accounts
    with context.reading(request) as call:
        _confirm(body.new_password, body.confirm_password)
        accounts.check_password(body.new_password, field="new_password")
        proof = accounts.prove(call.account, body.current_password)
    if proof is None:
        raise InvalidInput("The current password is wrong", field="current_password")
    hashed = accounts.passwords.hash(body.new_password)
    with context.platform.database.write() as session:
        account = accounts.proven(session, proof)
        accounts.change_password(session, account, None, body.new_password, hashed=hashed)
        context.platform.tokens.revoke_account(session, account.id, "password-changed")
        return signed_in(context, session, request, account, issue(context, session, account))


def delete_account(context: Spheroseg, request: Request, body: DeleteAccount) -> None:
    """Remove the caller's account with all that it owns on every face. Raises InvalidInput for a wrong confirmation."""
    accounts = context.platform.accounts
    with context.reading(request) as call:
        if body.username.lower() != call.account.email_key:
            raise InvalidInput("This is not the e-mail of the account", field="username")
        proof = accounts.prove(call.account, body.password)
    if proof is None:
        raise InvalidInput("The password is wrong", field="password")
    with context.platform.database.write() as session:
        account = accounts.proven(session, proof)
        context.platform.tokens.revoke_account(session, account.id, "account-deleted")
        accounts.delete(session, account.id)


def forgot_password(context: Spheroseg, request: Request, email: str) -> None:
    """Mail a link that resets the password, if there is such an account; the answer tells nothing either way."""
    context.count_anonymous(request)
    context.rates.hit(request, context.rules.mail, client_address(request))
    lifetime = timedelta(seconds=context.settings.reset_seconds)
    with context.platform.database.write() as session:
        account = context.platform.accounts.find(session, email)
        if account is None or account.email is None or account.disabled_at is not None:
            return
        context.one_time.withdraw(session, RESET, account.id)
        token = context.one_time.create(session, RESET, account_id=account.id, lifetime=lifetime)
        text = f"Open this address within an hour to set another password:\n\n{context.public_base()}/reset-password?token={quote(token)}\n"
        context.platform.mail.write(session, account.email, "Reset your password", text)


def reset_password(context: Spheroseg, request: Request, body: ResetPassword) -> None:
    """Set the password by the token of a mail; all sessions end. Raises InvalidInput."""
    context.count_anonymous(request)
    _confirm(body.password, body.confirm_password)
    accounts = context.platform.accounts
    accounts.check_password(body.password)
    with context.platform.database.read() as session:
        if context.one_time.peek(session, RESET, body.token) is None:
            raise InvalidInput(USED_UP, field="token")
    hashed = accounts.passwords.hash(body.password)
    with context.platform.database.write() as session:
        used = context.one_time.redeem(session, RESET, body.token)
        account = session.get(Account, used.account_id) if used and used.account_id else None
        if account is None:
            raise InvalidInput(USED_UP, field="token")
        accounts.change_password(session, account, None, body.password, hashed=hashed)
        context.platform.tokens.revoke_account(session, account.id, "password-reset")


def send_verification(context: Spheroseg, session: Session, request: Request, account: Account) -> None:
    """Mail a link that proves the account's e-mail, unless it is proven."""
    context.rates.hit(request, context.rules.mail, client_address(request))
    if account.email is None or account.email_verified_at is not None:
        return
    context.one_time.withdraw(session, VERIFY, account.id)
    lifetime = timedelta(seconds=context.settings.verification_seconds)
    payload = {"email_key": account.email_key}
    token = context.one_time.create(session, VERIFY, account_id=account.id, payload=payload, lifetime=lifetime)
    text = f"Open this address to confirm your e-mail:\n\n{context.public_base()}/api/auth/verify-email?token={quote(token)}\n"
    context.platform.mail.write(session, account.email, "Confirm your e-mail", text)


def verify_email(context: Spheroseg, request: Request, token: str) -> None:
    """Take the token of a mail as proof. Raises InvalidInput."""
    context.count_anonymous(request)
    with context.platform.database.write() as session:
        used = context.one_time.redeem(session, VERIFY, token)
        proven = update(Account).where(Account.id == (used.account_id if used else None))
        proven = proven.where(Account.email_key == (used.payload.get("email_key") if used else None))
        if session.scalar(proven.values(email_verified_at=context.platform.clock()).returning(Account.id)) is None:
            raise InvalidInput(USED_UP, field="token")


def check_email(context: Spheroseg, request: Request, email: str) -> dict[str, Any]:
    """Whether an account has this e-mail, or somebody asked for one with it."""
    context.count_anonymous(request)
    context.rates.hit(request, context.rules.email_check, client_address(request))
    with context.platform.database.read() as session:
        exists = context.platform.accounts.find(session, email) is not None
        asked = select(AccessRequest.id).where(AccessRequest.email == email.lower(), AccessRequest.status == "pending").limit(1)
        requested = session.scalar(asked) is not None
    message = "This e-mail is registered." if exists else "An access request is pending." if requested else "This e-mail is free."
    return {"exists": exists, "hasAccessRequest": requested, "message": message}


def _confirm(password: str, repeated: str | None) -> None:
    if repeated is not None and repeated != password:
        raise InvalidInput("The two passwords differ", field="confirm_password")
