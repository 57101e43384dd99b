"""The sample workspace: an account, a project and segmented sample pictures, made through the public API."""

import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pentaprism.cli.client import RequestFailed, SpherosegClient
from pentaprism.samples.pictures import SamplePicture

PROJECT_TITLE = "Sample workspace"
PROJECT_DESCRIPTION = "Real microscopy pictures from open packages, and bright-field spheroids rendered by Pentaprism."
ACCOUNT_FILE = "demo-account.json"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """Log-in of the sample workspace."""

    email: str
    password: str

    @classmethod
    def load(cls, data_dir: Path) -> "DemoAccount | None":
        """The account that ``data_dir`` remembers, or None."""
        file = data_dir / ACCOUNT_FILE
        return cls(**json.loads(file.read_text())) if file.is_file() else None

    @classmethod
    def create(cls, data_dir: Path, email: str = "demo@example.org") -> "DemoAccount":
        """A new log-in with a random password, remembered in ``data_dir`` for its owner's eyes only."""
        account = cls(email, secrets.token_urlsafe(12))
        file = data_dir / ACCOUNT_FILE
        file.touch(mode=0o600)
        file.chmod(0o600)
        file.write_text(json.dumps(asdict(account), indent=2) + "\n")
        return account


def sign_in(client: SpherosegClient, data_dir: Path) -> tuple[DemoAccount, bool]:
    """Log in as the demo account, registering it first where needed; tells whether it is new."""
    account = DemoAccount.load(data_dir)
    if account is not None:
        try:
            client.login(account.email, account.password)
        except RequestFailed as error:
            if error.status != 401:
                raise
        else:
            return account, False
    account = DemoAccount.create(data_dir)
    try:
        client.register(account.email, account.password, "Demo")
    except RequestFailed as error:
        if error.status != 409:
            raise
        # The account exists but nobody remembers its password: make another one beside it.
        account = DemoAccount.create(data_dir, f"demo-{secrets.token_hex(3)}@example.org")
        client.register(account.email, account.password, "Demo")
    return account, True


def fill(
    client: SpherosegClient, pictures: Sequence[SamplePicture], report: Callable[[int, int], None] | None = None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Bring the sample project to where every picture is uploaded and segmented; does only what is still missing.

    Gives the project and its images.
    """
    existing = [project for project in client.projects() if project["title"] == PROJECT_TITLE]
    project = existing[0] if existing else client.create_project(PROJECT_TITLE, PROJECT_DESCRIPTION)
    present = {image["name"] for image in client.images(project["id"])}
    missing = [picture for picture in pictures if picture.name not in present]
    if missing:
        scales = {picture.name: picture.pixel_size_um for picture in missing}
        uploaded = client.upload(project["id"], [(picture.name, picture.data) for picture in missing])["uploaded"]
        for image in uploaded:
            pixel_size = scales[image["name"]]
            if pixel_size is not None:
                client.calibrate(image["id"], pixel_size)
    waiting = [image["id"] for image in client.images(project["id"]) if image["status"] in {"without_segmentation", "failed"}]
    if waiting:
        client.segment(project["id"], waiting)
    return project, client.wait(project["id"], report=report)
