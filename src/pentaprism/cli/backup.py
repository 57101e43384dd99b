"""``pentaprism backup``: an installation in one file, and out of it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pentaprism.cli.console import DataDirOption, JsonOption, err, out, show, size
from pentaprism.cli.opening import settings_of
from pentaprism.cli.transferring import transfer_bars, warn_of_lost
from pentaprism.core.clock import now

app = typer.Typer(help="Backups: create, restore.", no_args_is_help=True)

SECRETS = {
    "none": "The backup holds no secret: sessions and signed links of before are void.",
    "restored": "Its secret signs tokens and links from now on: those of before stay good.",
    "same": "Its secret is the one that is here already.",
    "other": "This installation keeps a secret of its own: sessions and signed links of before are void.",
}


@app.command()
def create(
    file: Annotated[
        Path | None, typer.Option("--out", help="File to write; it must not be there yet.", show_default="pentaprism-<time>.tar")
    ] = None,
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Put the server secret into it, so that tokens and signed links stay good.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write all rows and files of the installation, as they are at this moment, into one file. Servers may go on working."""
    from pentaprism.app.transfer import back_up_installation

    settings = settings_of(data_dir)
    path = file or Path(f"pentaprism-{now():%Y%m%dT%H%M%SZ}.tar")
    with transfer_bars() as report:
        done = back_up_installation(settings, path, with_secret=with_secret, report=report)
    warn_of_lost(done.missing, done.damaged)
    if with_secret:
        err.print("Keep the file as safe as passwords: with its secret one can sign in as anybody.", highlight=False)
    text = f"{path}: {done.rows} rows and {done.blobs} files ({size(done.blob_bytes)}) of version {done.revision}"
    show({"path": str(path), **asdict(done)}, as_json, lambda: out.print(text, highlight=False, markup=False, soft_wrap=True))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A file that `backup create` has made.")],
    replace: Annotated[bool, typer.Option("--replace", help="Allow an installation that is in use: its rows go.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fill an empty installation, on whatever database and storage it has. The whole file is checked before anything is written."""
    from pentaprism.app.transfer import restore_installation

    settings = settings_of(data_dir)
    with transfer_bars() as report:
        done, secret = restore_installation(settings, file, replace=replace, report=report)
    manifest = done.contents.manifest
    warn_of_lost(manifest.missing, manifest.damaged)
    text = f"Restored {done.rows} rows and {done.blobs} files ({size(manifest.blob_bytes)}) of {done.contents.header.created_at}."
    answer = {
        "rows": done.rows,
        "blobs": done.blobs,
        "blob_bytes": manifest.blob_bytes,
        "created_at": done.contents.header.created_at,
        "revision": done.contents.header.revision,
        "missing": manifest.missing,
        "damaged": manifest.damaged,
        "secret": secret,
    }
    show(answer, as_json, lambda: out.print(f"{text}\n{SECRETS[secret]}", highlight=False, markup=False, soft_wrap=True))
