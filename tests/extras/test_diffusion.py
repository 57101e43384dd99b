"""Diffusion with the package extra; collected only where the extra is installed: ``make test-extras``."""

from pathlib import Path

import numpy as np
import pytest

from pentaprism.engines.artwork.diffusion import Diffusion


def test_a_pipeline_is_loaded_from_its_folder_and_draws_the_same_for_the_same_seed(pipeline_folder: Path, tmp_path: Path) -> None:
    engine = Diffusion(str(pipeline_folder), None, tmp_path)
    assert engine.available() == (True, None)
    shares: list[float] = []
    first = engine.generate("a sea", 96, 64, steps=3, seed=4, report=shares.append)
    assert first.dtype == np.uint8 and first.shape[2] == 3 and first.shape[0] % 64 == first.shape[1] % 64 == 0
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])
    assert np.array_equal(first, engine.generate("a sea", 96, 64, steps=3, seed=4))
    assert not np.array_equal(first, engine.generate("a sea", 96, 64, steps=3, seed=5))


def test_cancelling_stops_between_two_steps(pipeline_folder: Path, tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        Diffusion(str(pipeline_folder), None, tmp_path).generate("a sea", 64, 64, steps=5, check=check)
    assert calls == 2
