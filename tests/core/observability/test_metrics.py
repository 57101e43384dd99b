"""What Prometheus reads."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pentaprism.core.accounts.tables import Account
from pentaprism.core.blobs.tables import Blob
from pentaprism.core.clock import now
from pentaprism.core.database.engine import Database
from pentaprism.core.events.event import Event
from pentaprism.core.events.memory import MemoryBus
from pentaprism.core.jobs.states import JobState
from pentaprism.core.jobs.tables import Job
from pentaprism.core.observability.gauges import watch_jobs, watch_rows
from pentaprism.core.observability.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """``(name, label values...)`` to value, from the text that Prometheus would read."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
    }


def test_two_registries_do_not_share_counts() -> None:
    one, other = Metrics(), Metrics()
    one.requests.labels("cells", "GET", "/x", "200").inc()
    assert samples(one)["pentaprism_requests_total", "cells", "GET", "/x", "200"] == 1
    assert ("pentaprism_requests_total", "cells", "GET", "/x", "200") not in samples(other)


def test_rows_are_counted_when_asked(database: Database) -> None:
    metrics = Metrics()
    watch_rows(metrics, database)
    assert not any(name.startswith("pentaprism_jobs_active") for name, *_ in samples(metrics))
    with database.write() as session:
        account = Account(email="a@b", email_key="a@b")
        session.add(account)
        session.flush()
        states = (JobState.QUEUED, JobState.QUEUED, JobState.RUNNING, JobState.COMPLETED)
        began = now() - timedelta(seconds=90)
        session.add_all(
            Job(account_id=account.id, face="cells", kind="cells.x", queue="batch", status=state, created_at=began) for state in states
        )
        session.add_all(Blob(key=f"k{size}", face="cells", purpose="original", state="kept", size=size, sha256="") for size in (10, 32))
        session.add(Blob(key="gone", face="cells", purpose="original", state="released", size=1000, sha256=""))
    found = samples(metrics)
    assert found["pentaprism_jobs_active", "batch", "queued"] == 2
    assert found["pentaprism_jobs_active", "batch", "running"] == 1
    assert 90 <= found["pentaprism_queue_oldest_seconds", "batch"] < 150
    assert found["pentaprism_stored_bytes", "cells", "original"] == 42


def test_jobs_that_end_are_counted_once_with_their_time() -> None:
    metrics, bus = Metrics(), MemoryBus()
    listening = watch_jobs(metrics, bus, ["cells"])
    began = now()

    def event(status: str, seconds: float, **data: object) -> Event:
        told = {"id": "1", "kind": "cells.x", "status": status, "is_batch": False, **data}
        return Event("face:cells", "job", told, at=began + timedelta(seconds=seconds))

    bus.publish([event("queued", 0), event("running", 1), event("running", 2), event("completed", 4)])
    bus.publish([event("failed", 4, is_batch=True), Event("face:cells", "image-uploaded", {}), event("cancelled", 5, id="2")])
    bus.close()
    found = samples(metrics)
    assert found["pentaprism_jobs_ended_total", "cells.x", "completed"] == 1
    assert found["pentaprism_jobs_ended_total", "cells.x", "cancelled"] == 1
    assert ("pentaprism_jobs_ended_total", "cells.x", "failed") not in found
    assert found["pentaprism_job_seconds_sum", "cells.x"] == pytest.approx(3)
    listening.close()
