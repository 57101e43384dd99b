"""``pentaprism user``: accounts, for the operator."""

import secrets
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from pentaprism.cli.console import DataDirOption, JsonOption, fail, out, print_json, print_table, show
from pentaprism.cli.opening import opened
from pentaprism.core.accounts.tables import Account
from pentaprism.core.platform import Platform

app = typer.Typer(help="Accounts: add, list, change, remove.", no_args_is_help=True)
EmailArgument = Annotated[str, typer.Argument(help="E-mail of the account.")]
PasswordOption = Annotated[str | None, typer.Option(help="The password; asked for when left out.")]
RandomOption = Annotated[bool, typer.Option("--random", help="Make up a password and print it once.")]


def describe(account: Account) -> dict[str, Any]:
    """What is shown of an account."""
    return {
        "id": account.id,
        "email": account.email,
        "name": account.name,
        "role": account.role,
        "kind": account.kind,
        "disabled": account.disabled_at is not None,
        "created_at": account.created_at,
    }


def found(platform: Platform, session: Session, email: str) -> Account:
    """The account with ``email``; ends the command with status 1 when there is none."""
    account = platform.accounts.find(session, email)
    if account is None:
        raise fail(f"There is no account with the e-mail {email}.", advice="`pentaprism user list` shows all.")
    return account


def chosen_password(password: str | None, random: bool) -> str:
    """The password given, made up, or asked for twice."""
    if random:
        return secrets.token_urlsafe(15)
    if password is not None:
        return password
    typed: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


@app.command()
def add(
    email: EmailArgument,
    password: PasswordOption = None,
    random: RandomOption = False,
    name: Annotated[str | None, typer.Option(help="Name of the person.")] = None,
    role: Annotated[str, typer.Option(help="user or admin.")] = "user",
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an account."""
    secret = chosen_password(password, random)
    with opened(data_dir) as platform, platform.database.write() as session:
        described = describe(platform.accounts.register(session, email, secret, name=name, role=role, by_admin=True))
    if random:
        described["password"] = secret
    show(
        described, as_json, lambda: out.print(f"Added {described['email']}" + (f"  password: {secret}" if random else ""), highlight=False)
    )


@app.command("list")
def list_accounts(
    search: Annotated[str | None, typer.Option(help="Part of the e-mail or the name.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 100,
    offset: Annotated[int, typer.Option(min=0)] = 0,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List accounts in the order of their creation."""
    with opened(data_dir) as platform, platform.database.read() as session:
        page = platform.accounts.list(session, limit=limit, offset=offset, search=search)
        rows = [describe(account) for account in page.items]
    if as_json:
        print_json({"total": page.total, "limit": page.limit, "offset": page.offset, "accounts": rows})
        return
    print_table(rows, ["email", "name", "role", "kind", "disabled", "created_at", "id"])
    out.print(f"{len(rows)} of {page.total}", style="dim", highlight=False)


@app.command()
def passwd(
    email: EmailArgument,
    password: PasswordOption = None,
    random: RandomOption = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set a password; every session of the account ends."""
    secret = chosen_password(password, random)
    with opened(data_dir) as platform, platform.database.write() as session:
        account = found(platform, session, email)
        platform.accounts.change_password(session, account, None, secret)
        platform.tokens.revoke_account(session, account.id, "password-changed")
        changed = {"id": account.id, "email": account.email} | ({"password": secret} if random else {})
    show(changed, as_json, lambda: out.print("Changed." + (f"  password: {secret}" if random else ""), highlight=False, markup=False))


@app.command()
def role(
    email: EmailArgument,
    role: Annotated[str, typer.Argument(help="user or admin.")],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an account an administrator, or an ordinary user again."""
    with opened(data_dir) as platform, platform.database.write() as session:
        account = found(platform, session, email)
        platform.accounts.set_role(session, account, role)
        changed = describe(account)
    show(changed, as_json, lambda: out.print(f"{changed['email']} is now {changed['role']}.", highlight=False))


@app.command()
def disable(
    email: EmailArgument,
    enable: Annotated[bool, typer.Option("--enable", help="Let the account in again.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lock an account out at once, or let it in again; nothing of it is deleted."""
    with opened(data_dir) as platform, platform.database.write() as session:
        account = found(platform, session, email)
        platform.accounts.disable(session, account, disabled=not enable)
        if not enable:
            platform.tokens.revoke_account(session, account.id, "disabled")
        changed = describe(account)
    show(changed, as_json, lambda: out.print(f"{changed['email']} is {'enabled' if enable else 'disabled'}.", highlight=False))


@app.command()
def delete(
    email: EmailArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete an account with its projects, pictures, results and jobs on every face. There is no way back."""
    if not yes:
        typer.confirm(f"Delete {email} and everything it owns?", abort=True)
    with opened(data_dir) as platform, platform.database.write() as session:
        account = found(platform, session, email)
        deleted = {"id": account.id, "email": account.email}
        platform.accounts.delete(session, account.id)
    show(deleted, as_json, lambda: out.print(f"Deleted {deleted['email']}.", highlight=False))
