import pytest

from pentaprism.faces.snapasset.catalogue import BY_ID, CATALOGUE, CORE, find


def test_the_catalogue_is_the_documented_one() -> None:
    assert len(CORE) == 9 and len(CATALOGUE) == len(BY_ID) == 18
    shown = {one.id: (one.name, one.width, one.height, one.aspect_ratio) for one in CATALOGUE}
    assert shown["twitter-header"] == ("Twitter Header", 1500, 500, "3:1")
    assert shown["linkedin-company-cover"] == ("LinkedIn Company Cover", 1128, 191, "1128:191")
    assert [one.icon for one in CATALOGUE[-2:]] == ["github", "discord"]


@pytest.mark.parametrize("name", ["custom-64x4096", "custom-1600x900"])
def test_sizes_of_ones_own_are_platforms(name: str) -> None:
    found = find(name)
    assert found is not None and found.name == f"Custom {found.width}x{found.height}" and found.id == name


@pytest.mark.parametrize(
    "name", ["custom-63x64", "custom-64x4097", "custom-064x64", "custom-64x64 ", "custom-6٤x64", "custom-x", "Og-image", ""]
)
def test_other_names_are_none(name: str) -> None:
    assert find(name) is None
