"""``pentaprism db``: the database's tables."""

import typer

from pentaprism.cli.console import DataDirOption, JsonOption, fail, out, print_table, show
from pentaprism.cli.opening import settings_of
from pentaprism.core.errors import PlatformError

app = typer.Typer(help="The database: upgrade, status.", no_args_is_help=True)


@app.command()
def upgrade(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Create the tables, or bring them to the present version. Running it again changes nothing."""
    from sqlalchemy.exc import SQLAlchemyError

    from pentaprism.core.database.engine import Database
    from pentaprism.core.database.migrate import current
    from pentaprism.core.database.migrate import upgrade as run

    settings = settings_of(data_dir)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url)
    try:
        before = current(database)
        run(database)
        after = current(database)
    except PlatformError as error:
        raise fail(error.message) from error
    except SQLAlchemyError as error:
        raise fail(f"The upgrade failed: {error}") from error
    finally:
        database.dispose()
    text = f"Already at {after}." if before == after else f"Upgraded from {before or 'nothing'} to {after}."
    show({"before": before, "after": after}, as_json, lambda: out.print(text, highlight=False))


@app.command()
def status(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Show where the tables stand and how many rows they hold; status 1 unless this release works with them."""
    from sqlalchemy import func, inspect, select, table
    from sqlalchemy.exc import SQLAlchemyError

    from pentaprism.core.database.engine import Database
    from pentaprism.core.database.migrate import VERSION_TABLE, current, is_current, is_newer, is_usable

    settings = settings_of(data_dir)
    if settings.database.url is None and not settings.path("pentaprism.sqlite3").is_file():
        raise fail("There is no database yet.", advice="`pentaprism db upgrade` or the first start of the server creates it.")
    database = Database(settings.database_url)
    try:
        up_to_date, usable = is_current(database), is_usable(database)
        with database.read() as session:
            names = sorted(set(inspect(database.engine).get_table_names()) - {VERSION_TABLE})
            rows = {name: session.scalar(select(func.count()).select_from(table(name))) for name in names}
        version = current(database)
        if up_to_date:
            state = "up to date"
        elif is_newer(database):
            state = "of a newer release" + (", which this one works with" if usable else ": this release is older than the database")
        else:
            state = "an upgrade is due: pentaprism db upgrade"
    except SQLAlchemyError as error:
        raise fail(f"The database cannot be read: {error}", advice="`pentaprism doctor` says more.") from error
    finally:
        database.dispose()

    def render() -> None:
        out.print(f"Version {version}, {state}", highlight=False)
        print_table([{"table": name, "rows": count} for name, count in rows.items()], ["table", "rows"])

    show({"version": version, "current": up_to_date, "usable": usable, "rows": rows}, as_json, render)
    if not usable:
        raise typer.Exit(1)
