"""Rules for the whole run."""

import importlib.util
import io
import logging
import os
from collections.abc import Iterator

import httpx
import pytest

from pentaprism.core.observability import logs

# Most servers of the tests run jobs of one kind: their workers load that one's libraries alone, with their first job.
os.environ.setdefault("PENTAPRISM_WORKERS__PRELOAD", "false")

# A request of a test may take as long as a machine under load needs for it; a test that means a limit names its own.
for part in ("connect", "read", "write", "pool"):
    setattr(httpx._config.DEFAULT_TIMEOUT_CONFIG, part, 60.0)

# What needs a package extra is collected where that extra is installed: `make test-extras`.
collect_ignore = [] if importlib.util.find_spec("diffusers") else ["extras"]


@pytest.fixture(autouse=True)
def _warnings_are_logged() -> None:
    """Whatever level an earlier test has set, warnings reach ``caplog``."""
    logging.getLogger().setLevel(logging.WARNING)


@pytest.fixture
def log_stream() -> Iterator[io.StringIO]:
    """The log of this process, from INFO on; what the test sets up otherwise is gone after it."""
    stream = io.StringIO()
    logs.configure("INFO", stream=stream)
    yield stream
    logs.configure("ERROR")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests go first, so that at the end no process works on a long one while the others have nothing left."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """With CI set, a test that was skipped is a test that failed to run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped") and not session.exitstatus:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why a run without failures ends as failed."""
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("CI") and skipped:
        terminalreporter.write_line(f"{len(skipped)} skipped: CI is set, so this run fails", red=True)
