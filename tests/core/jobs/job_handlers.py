"""Handlers that do what the tests need: answer, dawdle, hang, crash, eat memory."""

import ctypes
import os
import re
import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from sqlalchemy.orm import Session

from pentaprism.core.errors import TransientFault, Unprocessable
from pentaprism.core.jobs.context import JobContext
from pentaprism.core.jobs.shared import put_shared
from pentaprism.core.jobs.tables import Job, SharedState


class Echo(BaseModel):
    value: int = 0


class Answer(BaseModel):
    value: int
    at: datetime


def echo(job: JobContext, request: Echo) -> Answer:
    return Answer(value=request.value, at=datetime(2026, 1, 1, tzinfo=UTC))


def quick(job: JobContext, request: dict[str, Any]) -> None:
    return None


def dawdle(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    """Checks every few milliseconds for ``seconds``."""
    end = time.monotonic() + float(request.get("seconds", 30.0))
    while time.monotonic() < end:
        job.check()
        time.sleep(0.005)
    return {"attempt": job.attempt}


def dawdle_once_timed(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    if job.attempt == 1:
        dawdle(job, {"seconds": 30})
    return {"attempt": job.attempt}


def stuck(job: JobContext, request: dict[str, Any]) -> None:
    """Hangs in C code that holds the interpreter lock; no other thread of the process gets a turn."""
    ctypes.PyDLL(None).sleep(60)


def grind(job: JobContext, request: dict[str, Any]) -> None:
    """Computes in C code that holds the interpreter lock, so that the heartbeat does not get its turn."""
    re.match("(a+)+$", "a" * 40 + "b")


def die(job: JobContext, request: dict[str, Any]) -> None:
    end_process(request["how"])


def die_once(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    if job.attempt == 1:
        end_process(request["how"])
    return {"attempt": job.attempt}


def end_process(how: str) -> None:
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "segfault":
        ctypes.string_at(0)
    raise AssertionError(f"still alive after {how}")


def eat_memory(job: JobContext, request: dict[str, Any]) -> None:
    hoard = []
    while True:
        hoard.append(bytearray(os.urandom(1024)) * 10_000)
        time.sleep(0.005)


def flaky(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    """Fails with a passing fault until attempt ``until``."""
    if job.attempt < int(request["until"]):
        raise TransientFault("The source is busy.")
    return {"attempt": job.attempt}


def blocked_storage(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    if job.attempt == 1:
        raise OSError(5, "Input/output error")
    return {"attempt": job.attempt}


def broken(job: JobContext, request: dict[str, Any]) -> None:
    raise RuntimeError("secret path /home/somebody/file")


def refused(job: JobContext, request: dict[str, Any]) -> None:
    if request.get("again"):
        raise TransientFault
    raise Unprocessable("The picture has no pixels.")


def staged(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    """Two steps; waits in the second until cancelled or the file ``go`` appears."""
    with job.step("decode", upto=40) as step:
        job.progress(0.5)
        step.result = {"width": 7}
    with job.step("predict", upto=90):
        while "go" not in request or not Path(request["go"]).exists():
            job.check()
            time.sleep(0.005)
    return {}


def planned(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    """Plans three steps; the second fails in the first attempt, done steps are not repeated."""
    job.plan(["a", "b", "c"])
    repeated = []
    for name in ("a", "b", "c"):
        if job.done(name):
            continue
        repeated.append(name)
        with job.step(name):
            if name == "b" and job.attempt == 1:
                raise TransientFault("Not this time.")
    return {"repeated": repeated}


def chatty(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    for number in range(int(request["lines"])):
        job.log(f"line {number}", "debug" if number % 2 else "info")
    for percent in request.get("percents", []):
        job.report(percent, f"at {percent}")
    time.sleep(float(request.get("rest", 0.0)))
    return {}


def steady(job: JobContext, request: dict[str, Any]) -> dict[str, Any]:
    before = job.claim.progress
    job.report(60.0)
    if job.attempt == 1:
        raise TransientFault
    return {"before": before}


def once(job: JobContext, request: dict[str, Any]) -> None:
    """Its effect and its end are one commit: a row that two runs could not both insert."""
    time.sleep(float(request.get("seconds", 0.02)))
    with job.completing({"by": os.getpid()}) as session:
        session.add(SharedState(name=f"effect:{job.id}", value={"attempt": job.attempt}))


def serial(job: JobContext, request: dict[str, Any]) -> None:
    time.sleep(0.05)


def few(job: JobContext, request: dict[str, Any]) -> None:
    dawdle(job, request)


def ranked(job: JobContext, request: dict[str, Any]) -> None:
    return None


def aged(job: JobContext, request: dict[str, Any]) -> None:
    return None


def short_lived(job: JobContext, request: dict[str, Any]) -> None:
    return None


def group(job: JobContext, request: dict[str, Any]) -> None:
    raise AssertionError("a batch runs nothing itself")


def note_end(session: Session, job: Job) -> None:
    session.merge(SharedState(name=f"end:{job.id}", value={"status": str(job.status), "code": job.error_code}))


def note_crowd(session: Session, job: Job) -> None:
    put_shared(session, "crowd", {"last": job.id})


def note_retry(session: Session, job: Job, seconds: float) -> None:
    session.merge(SharedState(name=f"retry:{job.id}", value={"seconds": seconds}))


def note_delete(session: Session, job: Job) -> None:
    session.merge(SharedState(name=f"delete:{job.id}", value={}))
