"""A report tells what works, quickly, whatever its checks do."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pentaprism.core.errors import Unavailable
from pentaprism.core.observability.health import Health, NotReady


@pytest.fixture
def health() -> Iterator[Health]:
    made = Health(timeout=0.3, keep_seconds=0)
    yield made
    made.close()


def test_everything_that_works_is_ok_with_its_details(health: Health) -> None:
    health.add("database", lambda: {"kind": "sqlite"})
    health.add("storage", lambda: None)
    report = health.report()
    assert (report.status, report.ready) == ("ok", True)
    assert report.as_json()["checks"]["database"]["kind"] == "sqlite"
    assert report.part("storage") is not None


def test_what_is_not_critical_degrades_and_what_is_makes_unavailable(health: Health) -> None:
    def failing() -> None:
        raise NotReady("no worker process runs")

    health.add("database", lambda: None)
    health.add("workers", failing, critical=False)
    assert (health.report().status, health.report().ready) == ("degraded", True)
    assert health.report().as_json()["checks"]["workers"]["message"] == "no worker process runs"
    health.add("storage", failing)
    assert (health.report().status, health.report().ready) == ("unavailable", False)


def test_a_failure_tells_no_inner_text(health: Health) -> None:
    def crash() -> None:
        raise RuntimeError("password=hunter2 at /data/db")

    def fault() -> None:
        raise Unavailable("The store is away.")

    health.add("a", crash)
    health.add("b", fault)
    checks = health.report().as_json()["checks"]
    assert checks["a"]["message"] == "not reachable"
    assert checks["b"]["message"] == "The store is away."


def test_a_check_that_hangs_does_not_hold_the_report(health: Health) -> None:
    over = threading.Event()
    health.add("stuck", lambda: over.wait(10) and None)
    health.add("fine", lambda: None)
    began = time.monotonic()
    report = health.report()
    assert time.monotonic() - began < 8
    over.set()
    part, fine = report.part("stuck"), report.part("fine")
    assert part is not None
    assert fine is not None
    assert (part.ok, part.message, fine.ok) == (False, "no answer in time", True)


def test_a_check_that_hangs_takes_one_thread_however_often_it_is_asked(health: Health) -> None:
    over, begun = threading.Event(), []

    def stuck() -> None:
        begun.append(1)
        over.wait(30)

    health.add("stuck", stuck)
    health.add("fine", lambda: None)
    reports = [health.report() for _ in range(20)]
    assert len(begun) == 1
    assert [report.part("fine").ok for report in reports] == [True] * 20  # type: ignore[union-attr]
    over.set()
    deadline = time.monotonic() + 40
    while not health.report().part("stuck").ok:  # type: ignore[union-attr]
        assert time.monotonic() < deadline
    assert health.report().ready


def test_all_who_ask_while_a_report_is_made_wait_for_that_one() -> None:
    health = Health(timeout=30, keep_seconds=1)
    over, looks = threading.Event(), []
    health.add("slow", lambda: looks.append(1) or (over.wait(30) and None))  # type: ignore[func-returns-value]
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(health.report) for _ in range(8)]
        while not looks:
            time.sleep(0.01)
        over.set()
        reports = {id(future.result()) for future in asked}
    assert (len(reports), len(looks)) == (1, 1)
    health.close()


def test_what_is_not_told_is_in_the_report_alone(health: Health) -> None:
    def failing() -> None:
        raise NotReady("nothing to count")

    health.add("database", lambda: None)
    health.add("counts", failing, critical=False, told=False)
    report = health.report()
    assert (report.status, report.as_json()["checks"].keys()) == ("ok", {"database"})
    counts = report.part("counts")
    assert counts is not None
    assert not counts.ok


def test_reports_are_kept_for_a_moment() -> None:
    health = Health(keep_seconds=60)
    looks: list[int] = []
    health.add("counted", lambda: looks.append(1))
    for _ in range(10):
        health.report()
    assert looks == [1]
    health.close()
