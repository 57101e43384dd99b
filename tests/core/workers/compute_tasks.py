"""Functions for helper processes."""

import ctypes
import os
import time

from pentaprism.core.errors import InvalidInput


def add(one: int, other: int) -> int:
    return one + other


def pid() -> int:
    return os.getpid()


def crash() -> None:
    ctypes.string_at(0)


def leave() -> None:
    os._exit(7)


def hang() -> None:
    ctypes.PyDLL(None).sleep(60)


def eat() -> None:
    hoard = []
    while True:
        hoard.append(bytearray(64 * 1024 * 1024))


def refuse() -> None:
    raise InvalidInput("This is no picture.", field="file")


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def threads() -> str:
    return os.environ["OMP_NUM_THREADS"]
