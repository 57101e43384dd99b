import itertools
import threading
import time

from pentaprism.core.jobs.maintenance import Chore, Maintenance


def test_chores_are_done_again_and_again_and_a_failing_one_stops_no_other(caplog):
    done, failed = [], []
    enough = threading.Event()

    def work():
        done.append(time.monotonic())
        if len(done) >= 4:
            enough.set()

    def fail():
        failed.append(1)
        raise RuntimeError("nobody home")

    maintenance = Maintenance([Chore("work", 0.05, work), Chore("fail", 0.05, fail)])
    maintenance.start()
    assert enough.wait(30)
    maintenance.stop()
    count = len(done)
    time.sleep(0.15)
    assert len(done) == count
    assert len(failed) >= 3
    assert all(later - sooner >= 0.04 for sooner, later in itertools.pairwise(done))
    assert "nobody home" in caplog.text


def test_the_first_time_can_be_put_off():
    done = []
    maintenance = Maintenance([Chore("late", 10.0, lambda: done.append(1), first=10.0), Chore("soon", 10.0, lambda: done.append(2))])
    maintenance.start()
    time.sleep(0.1)
    maintenance.stop()
    assert done == [2]
