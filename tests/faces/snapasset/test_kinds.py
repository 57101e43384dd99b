from datetime import timedelta

import pytest

from pentaprism.app.building import build_platform
from pentaprism.faces.snapasset.kinds import JOB_KINDS, kinds_for
from pentaprism.faces.snapasset.naming import KIND
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.settings import Settings


def test_an_installation_may_choose_attempts_waits_and_how_many_jobs_run_at_once(tmp_path) -> None:  # type: ignore[no-untyped-def]
    chosen = {"attempts": 5, "retry_seconds": (1.0, 3.0, 9.0), "longest_retry_seconds": 20.0, "active_jobs": 4, "aging_seconds": 60}
    settings = Settings(data_dir=tmp_path, snapasset={**chosen, "attempt_seconds": 90})
    platform = build_platform(settings, "cli")
    kind = platform.kinds[KIND]
    assert (kind.max_attempts, kind.time_limit, kind.account_at_once, kind.age_after) == (5, 90, 4, timedelta(minutes=1))
    assert [kind.wait_after(attempt) for attempt in (1, 2, 3, 4)] == [1.0, 3.0, 9.0, 9.0]
    assert kind.wait_after(1, 500) == 20.0
    platform.close()


def test_the_defaults_are_those_that_clients_know() -> None:
    (kind,) = JOB_KINDS
    assert (kind,) == kinds_for(SnapassetSettings())
    assert (kind.max_attempts, kind.backoff, kind.longest_wait, kind.account_at_once) == (3, (2.0, 6.0), 60.0, 2)
    assert kind.age_after == timedelta(minutes=10) and kind.time_limit == 300


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"retry_seconds": (-1,)}, {"active_jobs": 0}])
def test_numbers_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        SnapassetSettings.model_validate(wrong)
