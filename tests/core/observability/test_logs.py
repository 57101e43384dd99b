"""Every line is one JSON object, whoever writes it."""

import io
import json
import logging

import structlog

from pentaprism.core.observability import logs


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_lines_of_the_platform_and_of_libraries_have_one_form(log_stream: io.StringIO) -> None:
    structlog.get_logger("ours").info("something happened", count=3)
    logging.getLogger("theirs").warning("disk %s is %d%% full", "sda", 91)
    ours, theirs = lines(log_stream)
    assert (ours["event"], ours["count"], ours["logger"], ours["level"]) == ("something happened", 3, "ours", "info")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("disk sda is 91% full", "theirs", "warning")
    assert str(ours["timestamp"]).endswith("Z")


def test_ids_that_are_bound_stand_in_every_line(log_stream: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req_1", job_id="job_1"):
        structlog.get_logger("ours").info("inside")
        logging.getLogger("theirs").info("inside")
    structlog.get_logger("ours").info("outside")
    first, second, third = lines(log_stream)
    assert (first["request_id"], second["job_id"]) == ("req_1", "job_1")
    assert "request_id" not in third


def test_a_traceback_is_part_of_its_line(log_stream: io.StringIO) -> None:
    try:
        int("deep trouble")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
    (line,) = lines(log_stream)
    assert "ValueError: invalid literal" in str(line["exception"])


def test_secrets_are_hidden_in_values_and_texts(log_stream: io.StringIO) -> None:
    structlog.get_logger("ours").info("log-in of x with Bearer sesame", password="sesame", data={"refreshToken": "sesame", "id": 1})
    logging.getLogger("theirs").info("GET http://h/?api_key=sesame&page=1")
    assert "sesame" not in log_stream.getvalue()
    assert lines(log_stream)[0]["data"] == {"refreshToken": "***", "id": 1}


def test_the_level_holds_and_chatter_is_left_out(log_stream: io.StringIO) -> None:
    structlog.get_logger("ours").debug("too fine")
    logging.getLogger("httpx").info("chatter")
    logging.getLogger("httpx").error("trouble")
    assert [line["event"] for line in lines(log_stream)] == ["trouble"]


def test_configuring_again_replaces_the_first(log_stream: io.StringIO) -> None:
    second = io.StringIO()
    logs.configure("WARNING", style="text", stream=second)
    structlog.get_logger("ours").warning("once", n=1)
    assert log_stream.getvalue() == ""
    assert "once" in second.getvalue()
    assert "n=1" in second.getvalue()
