"""``pentaprism migrate-data``: to another database and storage."""

from dataclasses import asdict
from typing import Annotated

import typer

from pentaprism.cli.console import DataDirOption, JsonOption, out, show, size
from pentaprism.cli.opening import settings_of
from pentaprism.cli.transferring import transfer_bars, warn_of_lost


def migrate_data(
    to_database: Annotated[str, typer.Option("--to-database", help="URL of an empty database, such as postgresql://user@host/name.")],
    to_blobs: Annotated[
        str | None, typer.Option("--to-blobs", help="Empty storage for the files, such as s3://bucket; without it they stay.")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy a stopped installation to another database, and its files to another storage. The source is only read; a run that broke off
    is repeated."""
    from pentaprism.app.transfer import move_installation

    settings = settings_of(data_dir)
    with transfer_bars() as report:
        done = move_installation(settings, to_database, to_blobs, report)
    warn_of_lost(done.missing, done.damaged)
    rows = sum(done.tables.values())
    files = f"{done.blobs} files ({size(done.blob_bytes)}, {done.present} of them there already)" if to_blobs else "no files"
    agreed = "all counts agree" if done.missing or done.damaged else "all counts and checksums agree"
    text = f"Copied {rows} rows and {files}; {agreed}.\nNow set DATABASE_URL{' and STORAGE_URL' if to_blobs else ''}."
    answer = {**asdict(done), "rows": rows}
    show(answer, as_json, lambda: out.print(text, highlight=False, markup=False, soft_wrap=True))
