"""Whatever goes wrong, a client sees one shape."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Query, Response, WebSocket
from pydantic import BaseModel, field_validator
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from pentaprism.core.errors import NotAuthenticated, NotFound, PlatformError, TooManyRequests
from pentaprism.web import errors, middleware
from pentaprism.web.errors import InvalidRequest
from pentaprism.web.middleware import HttpRules


def render(error: PlatformError, _connection: HTTPConnection) -> Response:
    problems = [(problem.path, problem.field, problem.message) for problem in error.problems] if isinstance(error, InvalidRequest) else []
    return JSONResponse({"code": error.code, "message": error.message, "problems": problems}, status_code=error.status)


class Base(DeclarativeBase):
    pass


class Picture(Base):
    __tablename__ = "pictures"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Body(BaseModel):
    email: str
    age: int = 1

    @field_validator("email")
    @classmethod
    def has_at(cls, value: str) -> str:
        if "@" not in value:
            raise ValueError("an e-mail has an @")
        return value


def application() -> FastAPI:
    app = FastAPI()
    errors.install(app, render, challenge="ApiKey")
    router = APIRouter(prefix="/things")

    @router.get("/{thing_id}")
    def get_thing(thing_id: str) -> None:
        raise {"missing": NotFound("No such thing"), "limit": TooManyRequests(retry_after=2.3), "auth": NotAuthenticated()}[thing_id]

    @router.post("/{thing_id}")
    def post_thing(thing_id: str, body: Body, limit: Annotated[int, Query(ge=1)] = 1) -> dict[str, object]:
        return {"id": thing_id, "limit": limit, "email": body.email}

    @router.delete("/{thing_id}")
    def delete_thing(thing_id: str) -> None:
        raise HTTPException(int(thing_id), detail="framework text")

    @app.get("/crash")
    def crash() -> None:
        raise RuntimeError("secret /path/of/server")

    @app.get("/full")
    def full() -> None:
        raise OSError(28, "No space left on device", "/data/blobs/x")

    @app.websocket("/socket")
    async def socket(websocket: WebSocket) -> None:
        await websocket.accept()
        raise NotFound("gone")

    _database(app)
    app.include_router(router)
    middleware.install(app, HttpRules(face="test", challenge="ApiKey"), render)
    return app


def _database(app: FastAPI) -> None:
    @app.get("/database")
    def database() -> None:
        raise OperationalError("SELECT secret", {}, sqlite3.OperationalError("disk I/O error at /data"))

    @app.get("/data")
    def data() -> None:
        raise DataError("SELECT secret", {}, ValueError("PostgreSQL text fields cannot contain NUL (0x00) bytes"))

    @app.get("/orphan")
    def orphan(parent: int = 1) -> None:
        with create_engine("sqlite://").begin() as connection:
            connection.execute(text("PRAGMA foreign_keys=ON"))
            connection.execute(text("CREATE TABLE accounts (id INTEGER PRIMARY KEY)"))
            connection.execute(text("CREATE TABLE pictures (account INTEGER REFERENCES accounts, secret TEXT UNIQUE)"))
            connection.execute(text("INSERT INTO accounts VALUES (2)"))
            connection.execute(text("INSERT INTO pictures VALUES (2, 'secret')"))
            connection.execute(text("INSERT INTO pictures VALUES (:parent, 'secret' || :parent)"), {"parent": parent})
            connection.execute(text("INSERT INTO pictures VALUES (:parent, 'secret')"), {"parent": parent})

    @app.get("/stale/{what}")
    def stale(what: str) -> None:
        with Session(create_engine("sqlite://")) as session:
            session.connection().execute(text("CREATE TABLE pictures (id INTEGER PRIMARY KEY, name TEXT)"))
            picture = Picture(id=1, name="first")
            session.add(picture)
            session.flush()
            session.connection().execute(text("DELETE FROM pictures"))
            if what == "changed":
                picture.name = "second"
                session.flush()
            session.expire(picture)
            assert picture.name


@pytest.fixture(scope="module")
def client(serve_long) -> Iterator[httpx.Client]:  # type: ignore[no-untyped-def]
    with httpx.Client(base_url=serve_long(application())) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/things/missing", 404, "NOT_FOUND"),
        ("GET", "/nothing", 404, "ROUTE_NOT_FOUND"),
        ("PUT", "/things/x", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/crash", 500, "INTERNAL_ERROR"),
        ("GET", "/database", 503, "UNAVAILABLE"),
        ("GET", "/full", 503, "STORAGE_FULL"),
        ("GET", "/data", 400, "INVALID_INPUT"),
        ("GET", "/orphan", 404, "NOT_FOUND"),
        ("GET", "/stale/changed", 404, "NOT_FOUND"),
        ("GET", "/stale/read", 404, "NOT_FOUND"),
        ("GET", "/orphan?parent=2", 500, "INTERNAL_ERROR"),
        ("DELETE", "/things/415", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("DELETE", "/things/418", 400, "INVALID_INPUT"),
        ("DELETE", "/things/502", 500, "INTERNAL_ERROR"),
    ],
)
def test_every_error_has_the_shape_of_the_face(client: httpx.Client, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "secret" not in answer.text
    assert "/data" not in answer.text
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_wrong_method_names_every_right_one(client: httpx.Client) -> None:
    assert client.put("/things/x").headers["allow"] == "DELETE, GET, HEAD, POST"


def test_waiting_times_are_whole_seconds(client: httpx.Client) -> None:
    assert client.get("/things/limit").headers["retry-after"] == "3"


def test_missing_credentials_name_the_challenge(client: httpx.Client) -> None:
    assert client.get("/things/auth").headers["www-authenticate"] == "ApiKey"


def test_all_problems_of_a_request_are_named_at_once(client: httpx.Client) -> None:
    answer = client.post("/things/x?limit=0", json={"email": "nobody", "age": "many"})
    assert answer.json()["code"] == "VALIDATION_ERROR"
    named = {path: message for path, _, message in answer.json()["problems"]}
    assert set(named) == {"query.limit", "body.email", "body.age"}
    assert named["body.email"] == "an e-mail has an @"


def test_malformed_json_is_a_problem_of_the_body(client: httpx.Client) -> None:
    answer = client.post("/things/x", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["problems"][0][0].startswith("body")


def test_errors_of_sockets_close_them_with_their_status(client: httpx.Client) -> None:
    address = str(client.base_url.join("/socket")).replace("http", "ws", 1)
    with connect(address) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4404, "gone")


def test_a_crash_keeps_the_connection_usable(client: httpx.Client) -> None:
    for _ in range(3):
        assert client.get("/crash").status_code == 500
    assert client.post("/things/x", json={"email": "a@b"}).json()["email"] == "a@b"
