from pentaprism.core.blobs.hold import LASTS, holding, is_held
from pentaprism.core.blobs.local import LocalStore
from pentaprism.core.blobs.uploads import Blobs
from pentaprism.core.database.engine import Database


def keep_and_release(database: Database, blobs: Blobs) -> None:
    staged = blobs.stage(b"x", account_id=None, face="spheroseg")
    with database.write() as session:
        blobs.keep(session, staged, "image:1")
    with database.write() as session:
        blobs.release(session, "image:1")


def test_released_bytes_stay_while_somebody_holds_them(database: Database, blobs: Blobs, store: LocalStore) -> None:
    with holding(database), holding(database):
        keep_and_release(database, blobs)
        assert blobs.collect_garbage().blobs == 0
        assert len(list(store.list())) == 1
    assert blobs.collect_garbage().blobs == 1
    assert list(store.list()) == []


def test_a_hold_ends_by_itself_unless_it_is_renewed(database: Database, blobs: Blobs, watch) -> None:
    keep_and_release(database, blobs)
    with holding(database, clock=watch) as renew:
        watch.move(minutes=10)
        renew()
        watch.move(minutes=10)
        assert blobs.collect_garbage().blobs == 0
        watch.move(seconds=LASTS.total_seconds())
        with database.read() as session:
            assert not is_held(session, watch())
        assert blobs.collect_garbage().blobs == 1
