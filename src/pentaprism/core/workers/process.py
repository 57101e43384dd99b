"""What every helper process does first."""

import ctypes
import os
import signal
import sys
from multiprocessing import parent_process

PR_SET_PDEATHSIG = 1

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent dies, even while it is stuck in C code (Linux, prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = parent_process()
    if parent is not None and os.getppid() != parent.pid:
        os._exit(0)


def ignore_interrupts() -> None:
    """Ctrl-C reaches the whole terminal group; the parent decides when its helpers stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def limit_threads(threads: int) -> None:
    """Keep numerical libraries, imported later, to ``threads`` threads each."""
    for variable in THREAD_VARIABLES:
        os.environ.setdefault(variable, str(threads))
