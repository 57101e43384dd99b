"""The table of traces."""

import tracemalloc
from collections.abc import Collection

import numpy as np
import pytest

from pentaprism.engines.seismic import ArraySection, ParameterError, describe, gather_rows, trace_rows
from seismic_files import section


def test_traces_are_told_one_by_one() -> None:
    data = section(12, 80)
    data[3] = 0
    data[5, 7] = np.nan
    opened = ArraySection(data, 4000, {"ffid": np.arange(12) // 6, "trace_id": np.ones(12)})
    found = describe(opened, gather_key="ffid")
    rows = trace_rows(opened, 2, 5, fields=["ffid"], dead=found.dead, gathers=found.gathers, filled=[3])
    assert [row["index"] for row in rows] == [2, 3, 4, 5, 6]
    assert [(row["dead"], row["missing"]) for row in rows] == [(False, False), (True, False)] + [(False, False)] * 3
    assert [row["gather"] for row in rows] == [0, 0, 0, 0, 1]
    assert [row["fields"] for row in rows] == [{"ffid": 0}] * 4 + [{"ffid": 1}]
    expected = [np.sqrt(np.nanmean(np.square(data[trace], dtype=np.float64))) for trace in range(2, 7)]
    assert [row["rms"] for row in rows] == pytest.approx(expected)
    with pytest.raises(ParameterError):
        trace_rows(opened, 0, 1, fields=["colour"], dead=found.dead, gathers=found.gathers)


def test_long_traces_are_read_a_few_at_a_time() -> None:
    opened = ArraySection(np.broadcast_to(np.float32(2), (100, 1_000_000)))
    small = ArraySection(np.full((100, 4), 2, np.float32))
    found = describe(small)
    tracemalloc.start()
    rows = trace_rows(opened, 0, 100, dead=found.dead, gathers=found.gathers)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert {row["rms"] for row in rows} == {2.0}
    assert peak < 80_000_000


class Watched(ArraySection):
    """Remembers how many headers it was asked for at once."""

    asked: list[int]

    def fields(self, names: Collection[str], first_trace: int = 0, count: int | None = None) -> dict[str, np.ndarray]:
        found = super().fields(names, first_trace, count)
        self.asked.append(len(found["offset"]))
        return found


def test_a_gather_of_many_traces_is_looked_at_in_parts_and_not_at_all_where_its_offsets_are_known() -> None:
    traces = 50_000
    offsets = np.random.default_rng(0).permutation(traces) - 1000
    opened = Watched(np.ones((traces, 2), np.float32), 4000, {"offset": offsets})
    opened.asked = []
    found = describe(opened, gather_key="none")
    opened.asked.clear()
    row = gather_rows(opened, found.gathers, found.dead, 0, 1)[0]
    assert (row["traces"], row["offset_min"], row["offset_max"]) == (traces, -1000, traces - 1001)
    assert sum(opened.asked) == traces
    assert max(opened.asked) <= traces / 2
    opened.asked.clear()
    known = found.geometry["offset"]
    assert gather_rows(opened, found.gathers, found.dead, 0, 1, offsets=(known["min"], known["max"])) == [row]
    assert opened.asked == []
