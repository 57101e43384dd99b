import threading

from sqlalchemy.exc import OperationalError

from pentaprism.core.jobs.heart import Heart


class Patient:
    def __init__(self) -> None:
        self.renewed = self.flushed = 0
        self.happened = threading.Semaphore(0)
        self.fault: Exception | None = None

    def renew(self) -> None:
        self.renewed += 1
        self.happened.release()
        if self.fault is not None:
            raise self.fault

    def flush(self) -> None:
        self.flushed += 1
        self.happened.release()


def test_a_job_is_kept_alive_until_the_end_of_its_context():
    heart, patient = Heart(interval=0.02), Patient()
    with heart.keep(patient):
        for _ in range(3):
            assert patient.happened.acquire(timeout=20)
    renewed = patient.renewed
    assert not patient.happened.acquire(timeout=0.1) or patient.renewed <= renewed + 1
    heart.stop()


def test_a_failing_beat_does_not_stop_the_heart(caplog):
    heart, patient = Heart(interval=0.02), Patient()
    patient.fault = OperationalError("UPDATE", {}, Exception("database is locked"))
    with heart.keep(patient):
        for _ in range(3):
            assert patient.happened.acquire(timeout=20)
    heart.stop()
    assert "heartbeat failed" in caplog.text


def test_many_wishes_to_flush_are_one_flush():
    heart, patient = Heart(interval=60.0), Patient()
    with heart.keep(patient):
        for _ in range(50):
            heart.flush_in(0.5)
        assert patient.happened.acquire(timeout=20)
        assert not patient.happened.acquire(timeout=0.7)
    heart.stop()
    assert patient.flushed == 1
