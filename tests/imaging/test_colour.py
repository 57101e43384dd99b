import io

import numpy as np
from PIL import Image, ImageCms

from pentaprism.imaging.colour import icc_profile, read_srgb, to_srgb


def saved(mode: str, colour: tuple[int, ...], kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (8, 6), colour).save(file, kind, **options)
    return file.getvalue()


def profile(name: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(name)).tobytes()


def test_a_picture_without_a_profile_stays_as_it_is() -> None:
    data = saved("RGB", (200, 30, 60))
    assert icc_profile(data) is None
    assert read_srgb(data).shape == (6, 8, 3) and tuple(read_srgb(data)[0, 0]) == (200, 30, 60)


def test_an_srgb_profile_changes_nothing_that_shows() -> None:
    data = saved("RGB", (200, 30, 60), icc_profile=profile("sRGB"))
    assert icc_profile(data) is not None
    assert np.abs(read_srgb(data)[0, 0].astype(int) - (200, 30, 60)).max() <= 1


def test_transparency_is_kept_where_there_is_any() -> None:
    assert read_srgb(saved("RGBA", (10, 20, 30, 128), icc_profile=profile("sRGB"))).shape == (6, 8, 4)
    assert read_srgb(saved("RGBA", (10, 20, 30, 255))).shape == (6, 8, 3)


def test_a_profile_that_cannot_be_used_is_ignored() -> None:
    picture = np.full((4, 4, 3), 90, np.uint8)
    for nonsense in (b"", b"no profile", profile("LAB")):
        assert np.array_equal(to_srgb(picture, nonsense), picture)


def test_what_is_no_picture_has_no_profile() -> None:
    assert icc_profile(b"nothing") is None
