import os
import subprocess
import sys
import textwrap
from pathlib import Path

HEAVY = {
    *("numpy", "cv2", "tifffile", "imagecodecs", "PIL", "scipy", "skimage", "openpyxl"),
    *("onnxruntime", "torch", "alembic", "mahotas", "celery", "obstore"),
}
PROGRAM = """
    import sys
    from pentaprism.app.opening import load_faces, open_platform
    from pentaprism.settings import load
    from pentaprism.web.gateway import Places

    settings = load()
    platform = open_platform(settings, None)
    opened = load_faces(settings, platform, Places(), None)
    for app in opened.faces.values():
        app.openapi()
    platform.close()
    print(len(opened.faces), *{name.partition(".")[0] for name in sys.modules})
"""


def loaded(data_dir: Path) -> tuple[int, set[str]]:
    """How many faces a fresh interpreter opens, and the packages that it has loaded by then."""
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM)]
    environment = {**os.environ, "PENTAPRISM_DATA_DIR": str(data_dir)}
    faces, *names = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout.splitlines()[-1].split()
    return int(faces), set(names)


def test_a_server_with_all_faces_loads_nothing_that_decodes_measures_or_migrates(tmp_path: Path) -> None:
    first, at_first = loaded(tmp_path)
    again, later = loaded(tmp_path)
    assert first == again > 0
    assert at_first & HEAVY == {"alembic"}, "a new database is made by its migrations, and nothing else is needed for it"
    assert later & HEAVY == set()
