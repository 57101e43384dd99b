"""How many workers there are and what they may use."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerRules:
    """``processes`` workers serve ``queues``, earlier ones first; ``reserved`` more serve only the interactive queue.

    A worker above ``memory_mb`` of resident memory is killed and its job failed. A handler that does not stop
    ``grace_seconds`` after a cancel is killed; so is one still running that long after the server was asked to stop.
    ``threads`` limits the numerical libraries of each worker (None: its share of the processors). ``preload``: import all
    handlers when a worker starts, so that the first job finds them warm.
    """

    processes: int = 2
    reserved: int = 0
    queues: tuple[str, ...] = ("interactive", "batch", "gpu")
    memory_mb: int = 4096
    grace_seconds: float = 10.0
    threads: int | None = None
    preload: bool = True
