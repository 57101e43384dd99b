import errno
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import SpawnProcess
from pathlib import Path

import psutil
import pytest
from pebble.pool.process import PoolManager

from core.workers import compute_tasks
from pentaprism.core.errors import InvalidInput, Unavailable, Unprocessable
from pentaprism.core.workers.compute import Compute


@pytest.fixture(scope="module")
def compute():
    compute = Compute(memory_mb=1024)
    compute.start()
    yield compute
    compute.close()


def test_a_function_runs_in_a_warm_process_of_its_own(compute):
    assert compute.call(compute_tasks.add, 2, 3) == 5
    first = compute.call(compute_tasks.pid)
    assert first == compute.call(compute_tasks.pid) != os.getpid()


@pytest.mark.parametrize("task", [compute_tasks.crash, compute_tasks.leave])
def test_a_crash_is_the_fault_of_the_file_and_the_helper_is_replaced(compute, task):
    with pytest.raises(Unprocessable):
        compute.call(task)
    assert compute.call(compute_tasks.add, 1, 1) == 2


def test_what_hangs_is_killed_after_its_time(compute):
    compute.call(compute_tasks.pid)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        compute.call(compute_tasks.hang, timeout=0.5)
    assert time.monotonic() - began < 5.0
    assert compute.call(compute_tasks.add, 1, 1) == 2


def test_memory_is_limited(compute):
    with pytest.raises(Unprocessable):
        compute.call(compute_tasks.eat)
    assert compute.call(compute_tasks.add, 1, 1) == 2


def test_an_error_of_the_function_is_raised_here_whole(compute):
    with pytest.raises(InvalidInput) as refusal:
        compute.call(compute_tasks.refuse)
    assert (refusal.value.message, refusal.value.field) == ("This is no picture.", "file")


def test_threads_may_call_at_the_same_time(compute):
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda number: compute.call(compute_tasks.add, number, 1), range(40))) == list(range(1, 41))


def crash_among_others(compute):
    """The answers of three calls, and the kind of error of a fourth that crashes at the same time."""
    with ThreadPoolExecutor(4) as pool:
        crash = pool.submit(compute.call, compute_tasks.crash)
        others = [pool.submit(compute.call, compute_tasks.add, number, 1) for number in range(3)]
        return [other.result() for other in others], type(crash.exception())


def test_a_crash_does_not_take_waiting_calls_with_it(compute):
    assert crash_among_others(compute) == ([1, 2, 3], Unprocessable)


def test_helpers_that_are_lost_before_their_call_was_noted_are_replaced_for_everybody(monkeypatch):
    """Under load pebble learns that a helper has ended before it has read which call the helper took."""
    at_once = PoolManager.process_next_message
    managers = []

    def late(manager, timeout):
        managers.append(manager)
        time.sleep(0.5 if manager is managers[0] else 0.0)
        at_once(manager, timeout)

    monkeypatch.setattr(PoolManager, "process_next_message", late)
    before = psutil.Process().children()
    loaded = Compute()
    assert crash_among_others(loaded) == ([1, 2, 3], Unprocessable)
    loaded.call(compute_tasks.pid)
    assert len(set(psutil.Process().children()) - set(before)) == 1
    loaded.close()


def test_helpers_use_one_numerical_thread_each(compute):
    assert compute.call(compute_tasks.threads) == "1"


def test_after_closing_a_call_starts_helpers_again():
    compute = Compute()
    compute.call(compute_tasks.pid)
    compute.close()
    assert compute.call(compute_tasks.add, 1, 2) == 3
    compute.close()


def test_helpers_die_with_the_server():
    code = (
        "from core.workers import compute_tasks; from pentaprism.core.workers.compute import Compute; import time\n"
        "if __name__ == '__main__':\n"
        "    compute = Compute(); print(compute.call(compute_tasks.pid), flush=True); time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        helper = psutil.Process(int(server.stdout.readline()))
        server.kill()
        helper.wait(30)
    assert not helper.is_running()


def test_a_machine_without_room_for_a_helper_is_told_and_recovered_from(monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    lean = Compute(memory_mb=1024)
    with monkeypatch.context() as patched:
        patched.setattr(SpawnProcess, "_Popen", staticmethod(refuse))
        with pytest.raises(Unavailable, match="Try again"):
            lean.call(compute_tasks.add, 1, 1)
    assert lean.call(compute_tasks.add, 1, 1) == 2
    lean.close()
