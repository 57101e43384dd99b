"""The loading of diffusion models, as far as it goes without the package extra."""

import importlib.util
from pathlib import Path

import pytest

from pentaprism.engines.artwork.diffusion import Diffusion, NotInstalled, drawing_size


@pytest.mark.parametrize("size", [(1080, 1080), (1080, 1920), (1584, 396), (300, 250), (64, 64), (2560, 1440)])
def test_the_drawing_size_is_near_the_aspect_in_steps_of_64(size: tuple[int, int]) -> None:
    width, height = drawing_size(*size)
    assert width % 64 == height % 64 == 0 and max(width, height) <= 1024
    assert abs(width / height / (size[0] / size[1]) - 1) < 0.25


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    engine = Diffusion("someone/some-model", None, tmp_path)
    ready, reason = engine.available()
    assert not ready and reason
    if importlib.util.find_spec("diffusers") is None:
        assert "extra diffusers" in reason
    with pytest.raises(NotInstalled):
        engine.generate("a sea", 64, 64)
