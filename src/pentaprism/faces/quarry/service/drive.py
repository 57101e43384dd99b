"""Google Drive, through Google's own client library and a service account (https://developers.google.com/workspace/drive/api)."""

import json
import logging
import mimetypes
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pentaprism.core.errors import NotAllowed
from pentaprism.faces.quarry.errors import DriveFailed, DriveOff
from pentaprism.faces.quarry.settings import QuarrySettings

LOG = logging.getLogger(__name__)
SCOPES = ["https://www.googleapis.com/auth/drive"]
KEEP_STATUS_SECONDS = 30.0
ATTEMPTS = 3
PAUSE_SECONDS = 0.5
TEMPORARY = {408, 429, 500, 502, 503, 504}
CONFLICT = 409
Result = TypeVar("Result")


class Drive:
    """Uploads to the folders of one service account. Every call may wait for the network: call it in a thread or a worker."""

    def __init__(self, settings: QuarrySettings, data_dir: Path) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._status: tuple[float, dict[str, bool]] | None = None
        self._lock = threading.Lock()

    def folder(self, asked: str | None) -> str | None:
        """The folder for an upload. Raises DriveOff, NotAllowed."""
        if not self._settings.drive_enabled:
            raise DriveOff
        allowed = self._settings.drive_folders
        if asked is not None and allowed and asked not in allowed:
            raise NotAllowed("This folder of Google Drive may not be used here.")
        return asked or self._settings.drive_folder

    def status(self) -> dict[str, bool]:
        """``{enabled, authenticated, folder_access}``, at most half a minute old; false where unknown."""
        with self._lock:
            if self._status is None or time.monotonic() - self._status[0] > KEEP_STATUS_SECONDS:
                self._status = (time.monotonic(), self._look())
            return dict(self._status[1])

    def upload(self, path: Path, name: str, folder: str | None) -> dict[str, str]:
        """Store the file at ``path`` as ``name``: ``{file_id, web_view}``. A repeated attempt makes no second file. Raises DriveFailed."""
        service = self._called(self._service)
        from googleapiclient.http import MediaFileUpload  # noqa: PLC0415 -- heavy, and only where Drive is used

        file_id = self._called(lambda: service.files().generateIds(count=1, space="drive").execute()["ids"][0])
        body: dict[str, Any] = {"id": file_id, "name": name, **({"parents": [folder]} if folder else {})}
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"

        def create() -> dict[str, Any]:
            media = MediaFileUpload(str(path), mimetype=kind, resumable=False)
            found: dict[str, Any] = (
                service.files().create(body=body, media_body=media, fields="id,webViewLink", supportsAllDrives=True).execute()
            )
            return found

        made = self._called(create, exists=lambda: self._found(service, file_id))
        view = made.get("webViewLink") or f"https://drive.google.com/file/d/{made['id']}/view"
        return {"file_id": str(made["id"]), "web_view": str(view)}

    def _found(self, service: Any, file_id: str) -> dict[str, Any]:
        found: dict[str, Any] = service.files().get(fileId=file_id, fields="id,webViewLink", supportsAllDrives=True).execute()
        return found

    def _look(self) -> dict[str, bool]:
        state = {"enabled": self._settings.drive_enabled, "authenticated": False, "folder_access": False}
        if not self._settings.drive_enabled:
            return state
        try:
            service = self._service()
            self._called(lambda: service.about().get(fields="user").execute())
            state["authenticated"] = True
            folder = self._settings.drive_folder
            if folder:
                answer = self._called(
                    lambda: service.files().get(fileId=folder, fields="id,capabilities/canAddChildren", supportsAllDrives=True).execute()
                )
                state["folder_access"] = bool(answer.get("capabilities", {}).get("canAddChildren", False))
        except DriveFailed as error:
            LOG.info("Google Drive cannot be used fully: %s", error.message)
        except Exception as error:  # noqa: BLE001 -- a service account that cannot be read means not authenticated
            LOG.warning("the service account of Google Drive cannot be used: %s", type(error).__name__)
        return state

    def _service(self) -> Any:
        """A client of its own for each use: the library's connections are not shared between threads."""
        import google_auth_httplib2  # noqa: PLC0415 -- heavy, and only where Drive is used
        import httplib2  # type: ignore[import-untyped]  # noqa: PLC0415
        from google.oauth2 import service_account  # noqa: PLC0415
        from googleapiclient import discovery, discovery_cache  # noqa: PLC0415

        credentials = service_account.Credentials.from_service_account_info(self._account(), scopes=SCOPES)  # type: ignore[no-untyped-call]
        http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(timeout=self._settings.drive_seconds))
        document = json.loads(discovery_cache.get_static_doc("drive", "v3"))
        if self._settings.drive_api:
            document["rootUrl"] = f"{self._settings.drive_api.rstrip('/')}/"
            document["baseUrl"] = document["rootUrl"] + document["servicePath"]
            document.pop("mtlsRootUrl", None)
        return discovery.build_from_document(document, http=http)

    def _account(self) -> dict[str, Any]:
        text = (self._settings.drive_account or "").strip()
        if not text.startswith("{"):
            text = (self._data_dir / Path(text).expanduser()).read_text("utf-8")
        found: dict[str, Any] = json.loads(text)
        return found

    def _called(self, call: Callable[[], Result], *, exists: Callable[[], Result] | None = None) -> Result:
        """``call``, again after temporary failures; ``exists`` answers for it where an earlier attempt had done it after all."""
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 -- heavy, and only where Drive is used
        from googleapiclient.errors import HttpError  # noqa: PLC0415
        from httplib2 import HttpLib2Error  # noqa: PLC0415

        for attempt in range(1, ATTEMPTS + 1):
            try:
                return call()
            except HttpError as error:
                status = int(error.resp.status)
                if status == CONFLICT and exists is not None and attempt > 1:
                    return exists()
                LOG.warning("Google Drive answered %d (attempt %d)", status, attempt)
                if status not in TEMPORARY or attempt == ATTEMPTS:
                    raise DriveFailed(f"Google Drive refused the request with status {status}.") from error
            except (TimeoutError, GoogleAuthError, HttpLib2Error, OSError, ValueError) as error:
                LOG.warning("Google Drive could not be reached (attempt %d): %s", attempt, type(error).__name__)
                if attempt == ATTEMPTS:
                    raise DriveFailed from error
            time.sleep(PAUSE_SECONDS * 2 ** (attempt - 1))
        raise DriveFailed
