"""A server that speaks as much of Google Drive's protocol as uploads by a service account need."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class DriveServer:
    """``files`` are the names of stored files by id; ``broken`` answers so many of the next uploads with 503, after storing
    the file where ``stores_broken`` is set; ``refused`` names are answered with 403."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.broken = 0
        self.stores_broken = False
        self.refused: set[str] = set()
        self.folder_writable = True
        self.issued = 0
        server = self

        class Handler(_Handler):
            drive = server

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def account(self) -> str:
        """The JSON of a service account whose tokens come from here."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return json.dumps(
            {
                "type": "service_account",
                "project_id": "p",
                "private_key_id": "k",
                "private_key": pem.decode(),
                "client_email": "quarry@p.example.org",
                "client_id": "1",
                "token_uri": f"{self.url}/token",
            }
        )

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    drive: DriveServer

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/drive/v3/about":
            self._answer(200, {"user": {"displayName": "Quarry"}})
        elif path == "/drive/v3/files/generateIds":
            self.drive.issued += 1
            self._answer(200, {"ids": [f"file-{self.drive.issued:06d}"]})
        elif path.startswith("/drive/v3/files/"):
            identifier = path.rpartition("/")[2]
            known = identifier in self.drive.files
            self._answer(
                200, self._file(identifier) if known else {"id": identifier, "capabilities": {"canAddChildren": self.drive.folder_writable}}
            )
        else:
            self._answer(404, {"error": {"code": 404}})

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self._answer(200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
            return
        metadata = json.loads(content.split(b"\n\n", 1)[1].split(b"\n--", 1)[0])
        identifier, name = metadata["id"], metadata["name"]
        if name in self.drive.refused:
            self._answer(403, {"error": {"code": 403, "message": "no"}})
        elif self.drive.broken:
            self.drive.broken -= 1
            if self.drive.stores_broken:
                self.drive.files[identifier] = name
            self._answer(503, {"error": {"code": 503}})
        elif identifier in self.drive.files:
            self._answer(409, {"error": {"code": 409}})
        else:
            self.drive.files[identifier] = name
            self._answer(200, self._file(identifier))

    def _file(self, identifier: str) -> dict[str, Any]:
        return {"id": identifier, "webViewLink": f"https://drive.google.com/file/d/{identifier}/view"}
