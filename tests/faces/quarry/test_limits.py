"""What is counted, and what is compressed."""

from typing import Any

import pytest

BROKEN = {"content": b"--x\r\nno header", "headers": {"content-type": "multipart/form-data; boundary=x"}}
NO_FORM = {"json": {"image": "none"}}


class TestBrokenForms:
    @pytest.fixture
    def face_settings(self) -> dict[str, Any]:
        return {"rate_per_minute": 3}

    @pytest.mark.parametrize("path", ["/segment/single", "/segment/box", "/segment/auto"])
    @pytest.mark.parametrize("form", [BROKEN, NO_FORM], ids=["broken", "json"])
    def test_a_form_that_cannot_be_read_counts_as_a_request(self, server: Any, path: str, form: dict[str, Any]) -> None:
        answers = [server.call("POST", path, **form) for _ in range(4)]
        assert len({answer.status_code for answer in answers[:3]} & {400, 422}) == 1
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers[:3]] == ["2", "1", "0"]
        assert (answers[3].status_code, answers[3].json()["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")


@pytest.mark.parametrize("path", ["/info", "/docs", "/redoc", "/openapi.json", "/openapi.json/"])
def test_long_pages_are_compressed_for_whoever_takes_that(server: Any, path: str) -> None:
    packed = server.call("GET", path, headers={"Accept-Encoding": "gzip"})
    plain = server.call("GET", path, headers={"Accept-Encoding": "identity"})
    assert (packed.status_code, packed.headers["Content-Encoding"]) == (200, "gzip")
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in server.call("GET", "/", headers={"Accept-Encoding": "gzip"}).headers
