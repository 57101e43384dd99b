"""From the engine's description of a section to the columns of its dataset."""

from collections.abc import Sequence

import numpy as np

from pentaprism.engines.seismic import Description
from pentaprism.faces.promethium.arrays import TraceIndex
from pentaprism.faces.promethium.serialise import DETAIL_KEYS
from pentaprism.faces.promethium.tables import Dataset


def apply(dataset: Dataset, found: Description) -> None:
    """Put what was found into the row."""
    known = found.as_json()
    dataset.traces, dataset.samples = found.traces, found.samples
    if dataset.sample_interval_us is None:
        dataset.sample_interval_us = found.sample_interval_us
        dataset.states_interval = found.sample_interval_us is not None
    else:
        dataset.states_interval = dataset.format != "npy"
    dataset.details = {key: known[key] for key in DETAIL_KEYS}


def index_of(found: Description, filled: Sequence[int]) -> TraceIndex:
    """The arrays to store beside the file."""
    return TraceIndex(found.dead, found.gathers, np.asarray(filled, dtype=np.int64))
