"""Which pictures a command takes."""

from pathlib import Path

from pentaprism.cli.inputs import pictures_below


def test_folders_are_searched_and_named_files_are_taken_as_they_are(tmp_path: Path) -> None:
    for name in ("b/z.TIF", "b/a.png", "b/notes.txt", "b/.hidden/x.png", "odd.dat"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    found = list(pictures_below([tmp_path / "odd.dat", tmp_path / "b", tmp_path / "b" / "a.png", tmp_path / "missing.png"]))
    assert [str(file.relative_to(tmp_path)) for file in found] == ["odd.dat", "b/a.png", "b/z.TIF", "missing.png"]
