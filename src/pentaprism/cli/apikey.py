"""``pentaprism apikey``: keys for programs."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from pentaprism.cli.console import DataDirOption, JsonOption, fail, out, print_table, show
from pentaprism.cli.opening import opened
from pentaprism.cli.user import EmailArgument, found
from pentaprism.core.accounts.tables import ApiKey

app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


def describe(key: ApiKey) -> dict[str, Any]:
    """What is shown of a key; never the key itself."""
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
        "revoked": key.revoked_at is not None,
    }


@app.command()
def create(
    email: EmailArgument,
    name: Annotated[str, typer.Option(help="What the key is for.")],
    scope: Annotated[list[str] | None, typer.Option(help="What the key may do; may be given several times.")] = None,
    days: Annotated[int | None, typer.Option(min=1, help="Days until it ends; without it, never.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a key and print it. It is shown once and stored only as a hash."""
    with opened(data_dir) as platform, platform.database.write() as session:
        expires_at = platform.clock() + timedelta(days=days) if days else None
        key, plain = platform.api_keys.create(session, found(platform, session, email).id, name, scope or [], expires_at)
        created = describe(key) | {"key": plain}
    show(created, as_json, lambda: out.print(plain, highlight=False))


@app.command("list")
def list_keys(email: EmailArgument, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the keys of an account, the newest first."""
    with opened(data_dir) as platform, platform.database.read() as session:
        rows = [describe(key) for key in platform.api_keys.list(session, found(platform, session, email).id)]
    show(rows, as_json, lambda: print_table(rows, ["id", "name", "prefix", "scopes", "expires_at", "last_used_at", "revoked"]))


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id of the key, as `apikey list` shows it.")],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """End a key at once."""
    with opened(data_dir) as platform, platform.database.write() as session:
        revoked = platform.api_keys.revoke(session, key_id)
    if not revoked:
        raise fail(f"There is no living key with the id {key_id}.")
    show({"id": key_id, "revoked": True}, as_json, lambda: out.print("Revoked."))
