import os
import subprocess
import sys

from pentaprism.core.workers.identity import host_name, is_gone, worker_name


def test_a_living_process_is_not_gone():
    assert not is_gone(worker_name())
    assert len(worker_name()) <= 128
    assert worker_name() != worker_name()


def test_a_dead_process_is_gone():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert is_gone(f"{host_name()}:{process.pid}:1700000000000:abcd")


def test_a_reused_pid_is_told_by_its_start():
    assert is_gone(f"{host_name()}:{os.getpid()}:1700000000000:abcd")


def test_nothing_is_said_about_other_hosts_and_foreign_names():
    assert not is_gone("elsewhere:1:1:abcd")
    assert not is_gone(f"{host_name()}:celery@somewhere")
    assert not is_gone("")


def test_a_child_that_nobody_has_reaped_is_left_to_its_parent():
    process = subprocess.Popen(
        [sys.executable, "-c", "from pentaprism.core.workers.identity import worker_name as n; print(n())"], stdout=-1
    )
    assert process.stdout is not None
    name = process.stdout.read().decode().strip()
    assert not is_gone(name)
    process.wait()
    process.stdout.close()
    assert is_gone(name)
