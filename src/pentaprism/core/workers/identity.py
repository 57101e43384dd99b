"""Names of worker processes, from which anyone on the same host can tell whether the process still lives."""

import os
import secrets
import socket

import psutil

CLOCK_SLACK_SECONDS = 2.0


def worker_name() -> str:
    """``host:pid:start:random`` of this process; ``start`` in milliseconds tells a reused pid apart."""
    started = int(psutil.Process().create_time() * 1000)
    return f"{host_name()}:{os.getpid()}:{started}:{secrets.token_hex(4)}"


def host_name() -> str:
    """Name of this host, cut to fit into a worker's name."""
    return socket.gethostname()[:60].replace(":", "-")


def is_gone(name: str) -> bool:
    """Whether the process called ``name`` ran on this host and is dead. False for other hosts and for foreign names."""
    host, _, rest = name.partition(":")
    parts = rest.split(":")
    if host != host_name() or len(parts) != 3 or not parts[0].isdigit() or not parts[1].isdigit():
        return False
    try:
        process = psutil.Process(int(parts[0]))
        if process.status() == psutil.STATUS_ZOMBIE:
            # A dead child of ours is settled by whoever reaps it, and knows why it died.
            return process.ppid() != os.getpid()
        return abs(process.create_time() - int(parts[1]) / 1000) > CLOCK_SLACK_SECONDS
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False
