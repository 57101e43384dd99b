"""What the network costs beside the classical method that it stands for."""

import time
from collections.abc import Callable

import numpy as np

from engines.seismic.methods.seismic_jobs import section
from pentaprism.engines.seismic.methods import pocs, unet
from pentaprism.engines.seismic.methods.arrays import idle

TIMES_FASTER = 5.0
RUNS = 3


def cpu_seconds(work: Callable[[], object]) -> float:
    """The least CPU time of some runs, all threads together."""
    found = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return min(found)


def test_the_network_takes_a_fifth_of_the_time_of_pocs_at_most() -> None:
    data = section(120, 600)
    recorded = np.arange(120) % 2 == 0
    shown = np.where(recorded[:, None], data, np.float32(0))
    unet.reconstruct(shown, recorded, unet.Settings(threads=1), idle)
    network = cpu_seconds(lambda: unet.reconstruct(shown, recorded, unet.Settings(threads=1), idle))
    classical = cpu_seconds(lambda: pocs.reconstruct(shown, recorded, pocs.Settings(), idle))
    assert classical >= TIMES_FASTER * network
