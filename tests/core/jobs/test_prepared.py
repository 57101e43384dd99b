from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam

from pentaprism.core.jobs.claims import JOBS
from pentaprism.core.jobs.new import INSERT
from pentaprism.core.jobs.prepared import Prepared
from pentaprism.core.jobs.tables import Job

REQUESTS = [{}, {"deep": {"list": [1, 2.5, None, "ü"]}}, {"text": "100 % 'quoted' :name %(x)s"}]


@pytest.mark.parametrize("request_", REQUESTS)
def test_what_a_prepared_insert_writes_the_orm_reads_unchanged(world, request_):
    job = world.enqueue("echo", request_, subject="image:1")
    stored = world.job(job.id)
    for column in JOBS.columns:
        assert getattr(stored, column.name) == getattr(job, column.name), column.name


def test_many_rows_go_in_one_call(world):
    job = world.enqueue("echo")
    template = {column.name: getattr(job, column.name) for column in JOBS.columns}
    rows = [{**template, "id": f"01890000-0000-7000-8000-{number:012d}", "priority": number} for number in range(5)]
    with world.database.write() as session:
        INSERT.run_many(session.connection(), rows)
    assert sorted(job.priority for job in world.all_jobs()) == [0, 0, 1, 2, 3, 4]


def test_returned_json_is_read_and_rows_are_counted(world):
    job = world.enqueue("echo", {"value": [1, {"a": None}]})
    moment = datetime(2026, 1, 2, 3, 4, 5, 6000, tzinfo=UTC)
    values = {"finished_at": bindparam("finished_at"), "updated_at": bindparam("finished_at"), "message": "fixed: 50 %"}
    change = JOBS.update().where(JOBS.c.id == bindparam("which")).values(values)
    with world.database.write() as session:
        returning = Prepared(change.returning(JOBS.c.id, JOBS.c.request, JOBS.c.result))
        assert returning.row(session.connection(), {"which": job.id, "finished_at": moment}) == [job.id, job.request, None]
        assert returning.row(session.connection(), {"which": "nobody", "finished_at": None}) is None
        assert Prepared(change).run(session.connection(), {"which": job.id, "finished_at": moment}).rowcount == 1
    with world.database.read() as session:
        stored = session.get(Job, job.id)
        assert (stored.finished_at, stored.message) == (moment, "fixed: 50 %")
