"""Failures of jobs in the words of the face."""

import pytest

from pentaprism.faces.quarry.errors import CODES, failure_of


def test_a_task_that_needs_too_much_memory_names_the_setting() -> None:
    code, message = failure_of("MEMORY_LIMIT", "killed", 540)
    assert code == "MODEL_ERROR"
    assert message is not None
    assert "workers.memory_mb" in message
    assert "smaller model" in message


@pytest.mark.parametrize("code", ["TIMEOUT", "WORKER_LOST", "MEMORY_LIMIT", "BATCH_FAILED", "NOT_FOUND", "CANCELLED", "SOMETHING_ELSE"])
def test_every_failure_has_a_code_of_the_closed_list_and_a_sentence(code: str) -> None:
    shown, message = failure_of(code, "It went wrong.", 540)
    assert shown in CODES
    assert message


def test_a_job_that_has_not_failed_has_neither() -> None:
    assert failure_of(None, None, 540) == (None, None)
