from datetime import UTC, datetime

from pentaprism.faces.snapasset.naming import JOB_ID, new_job_id, short


def test_ten_thousand_ids_of_one_moment_are_distinct() -> None:
    moment = datetime(2026, 1, 31, tzinfo=UTC)
    ids = {new_job_id(moment) for _ in range(10_000)}
    assert len(ids) == 10_000 and all(JOB_ID.fullmatch(one) for one in ids)
    one = next(iter(ids))
    assert short(one) == one[:-16] and one.startswith("gen-1769817600000-")
