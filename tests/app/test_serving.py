from pathlib import Path

import pytest

from pentaprism.app.serving import is_loopback, serve
from pentaprism.settings import Settings, SettingsError
from running_server import free_port


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("192.0.2.7", False), ("example.org", False)],
)
def test_loopback_addresses_are_known(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


@pytest.mark.usefixtures("log_stream")
def test_a_face_without_credentials_is_not_served_to_the_world(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, server={"host": "0.0.0.0", "port": free_port()}, snapasset={"anonymous": True})
    with pytest.raises(SettingsError, match="loopback"):
        serve(settings)
