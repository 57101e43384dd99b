"""``pentaprism quickstart``: a gateway with a sample workspace, for the first five minutes."""

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import httpx
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from pentaprism.app.faces import NATIVE_PORTS
from pentaprism.cli.client import RequestFailed, SpherosegClient
from pentaprism.cli.console import err, fail, out
from pentaprism.cli.server import Server, ServerFailed, port_is_free
from pentaprism.cli.workspace import ACCOUNT_FILE, PROJECT_TITLE, fill, sign_in

NATIVE_PORT = 5001


def quickstart(
    port: Annotated[int, typer.Option(help="Port of the gateway.")] = 8000,
    data_dir: Annotated[Path, typer.Option("--data-dir", help="Folder for everything that is stored.")] = Path("pentaprism-data"),
    once: Annotated[bool, typer.Option(help="Stop the gateway when the sample workspace is ready.")] = False,
) -> None:
    """Start the gateway with a sample workspace already uploaded and processed. Safe to run again."""
    url = f"http://127.0.0.1:{port}"
    if not port_is_free(port):
        _show_running(url, port, data_dir)
        return
    data_dir.mkdir(parents=True, exist_ok=True)
    native = port_is_free(NATIVE_PORT)
    server = Server(data_dir, port, data_dir / "server.log", ("--native-ports",) if native else ())
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with err.status("Starting the gateway"):
            server.__enter__()
        try:
            _fill(server.url, data_dir, native)
            if once:
                return
            out.print("Press Ctrl-C to stop.", style="dim")
            status = server.wait()
        finally:
            server.stop()
    except KeyboardInterrupt:
        out.print("Stopped. What was stored stays in", data_dir)
        return
    except ServerFailed as error:
        raise fail(str(error), advice=f"The whole log is {server.log}; `pentaprism doctor` may know more.") from error
    except (RequestFailed, httpx.TransportError, TimeoutError) as error:
        raise fail(f"The sample workspace could not be filled: {error}", advice=f"The server's log is {server.log}.") from error
    raise fail(f"The gateway ended by itself with status {status}; its log is {server.log}.", status=status or 1)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _show_running(url: str, port: int, data_dir: Path) -> None:
    """Somebody listens on the port: ours is shown, anybody else's is named."""
    try:
        ours = httpx.get(f"{url}/health", timeout=2).status_code == 200 and httpx.get(f"{url}/spheroseg/api/health", timeout=2).is_success
    except httpx.HTTPError:
        ours = False
    if not ours:
        raise fail(f"Port {port} is taken by another program.", advice=f"Choose another one: make run PORT={port + 80}", status=2)
    out.print(f"Pentaprism already runs on port {port}.")
    _fill(url, data_dir, False)


def _fill(url: str, data_dir: Path, native: bool) -> None:
    """Make what is missing of the sample workspace and say where everything is."""
    from pentaprism.samples.pictures import sample_pictures

    client = SpherosegClient(f"{url}/spheroseg")
    try:
        account, new = sign_in(client, data_dir)
        with Progress(TextColumn("Segmenting the sample pictures"), BarColumn(), MofNCompleteColumn(), console=err, transient=True) as bar:
            task = bar.add_task("", total=None)
            project, images = fill(client, list(sample_pictures()), lambda done, total: bar.update(task, completed=done, total=total))
        done = [image for image in images if image["status"] == "completed"]
        example = next((image for image in done if image["name"].startswith("nuclei")), done[0] if done else None)
    finally:
        client.close()
    password = account.password if new else f"kept in {data_dir / ACCOUNT_FILE}"
    lines = [
        f"Studio     {url} (in a browser, with the log-in below)",
        f"Gateway    {url}/<face>/..., faces: {', '.join(NATIVE_PORTS)}",
        f"SpheroSeg  {url}/spheroseg/api",
        *([f"           http://127.0.0.1:{NATIVE_PORT}/api (its own port, where its clients expect it)"] if native else []),
        f"API pages  {url}/spheroseg/api/docs",
        f"Health     {url}/health and {url}/metrics",
        f"Data       {data_dir.resolve()}",
        f"Log-in     {account.email}",
        f"Password   {password}",
        f"Project    {PROJECT_TITLE}: {len(done)} of {len(images)} pictures segmented",
    ]
    out.rule("Pentaprism is running", align="left")
    out.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)
    if example is not None:
        out.print(_what_next(url, data_dir, project["id"], example["id"]), highlight=False, markup=False, soft_wrap=True)


def _what_next(url: str, data_dir: Path, project_id: str, image_id: str) -> str:
    return f"""
Try next, in another terminal:
  API={url}/spheroseg/api
  TOKEN=$(curl -s $API/auth/login -H 'Content-Type: application/json' -d @{data_dir / ACCOUNT_FILE} \\
    | python3 -c 'import json, sys; print(json.load(sys.stdin)["tokens"]["accessToken"])')
  curl -s -H "Authorization: Bearer $TOKEN" $API/projects
  curl -s -H "Authorization: Bearer $TOKEN" $API/images/{image_id}/segmentation
  curl -s -H "Authorization: Bearer $TOKEN" "$API/projects/{project_id}/export?format=xlsx" -o measurements.xlsx
  .venv/bin/pentaprism segment YOUR_PICTURE.tif --out results --format overlay,csv
"""
