"""Sample pictures open, and say where they come from."""

import io

from PIL import Image

from pentaprism.samples.pictures import missing_packages, sample_pictures


def test_real_and_rendered_samples_are_there_and_open() -> None:
    pictures = list(sample_pictures())
    assert {picture.rendered for picture in pictures} == {True, False}
    assert len({picture.name for picture in pictures}) == len(pictures)
    for picture in pictures:
        image = Image.open(io.BytesIO(picture.data))
        image.load()
        assert min(image.size) >= 300
        assert picture.origin
        assert picture.licence


def test_a_rendered_picture_never_poses_as_a_real_one() -> None:
    assert all("not a real picture" in picture.origin for picture in sample_pictures() if picture.rendered)


def test_missing_packages_are_named() -> None:
    assert missing_packages(find=lambda name: None if name == "mahotas" else object()) == ["mahotas"]
