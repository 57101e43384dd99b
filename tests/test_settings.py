"""Settings come from four sources, and every value knows which."""

from pathlib import Path

import pytest

from pentaprism.settings import Settings, SettingsError, load
from pentaprism.settings.reference import reference
from pentaprism.settings.sources import fields, plain_names, variable


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing configured, in an empty folder."""
    for name in [variable(path) for path, _ in fields(Settings)] + [name for name, _, _ in plain_names(Settings)]:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def origin(settings: Settings, name: str) -> str:
    return next(line.origin for line in settings.explain() if line.name == name)


def test_nothing_configured_works(tmp_path: Path) -> None:
    settings = load()
    assert settings.data_dir == tmp_path / "pentaprism-data"
    assert settings.database_url == f"sqlite:///{tmp_path}/pentaprism-data/pentaprism.sqlite3"
    assert settings.worker_processes >= 2
    assert {line.origin for line in settings.explain()} == {"default"}
    assert settings.warnings() == []


def test_the_command_line_beats_the_environment_the_file_and_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "pentaprism.toml").write_text(
        "[server]\nport = 1\nhost = 'h1'\nkeep_alive_seconds = 11\n[spheroseg]\nmax_side = 100\n"
    )
    monkeypatch.setenv("PENTAPRISM_DATA_DIR", "data")
    monkeypatch.setenv("PENTAPRISM_SERVER__PORT", "2")
    monkeypatch.setenv("PENTAPRISM_SERVER__HOST", "h2")
    settings = load({"server.port": 3, "workers.processes": None})
    assert (settings.server.port, settings.server.host, settings.server.keep_alive_seconds) == (3, "h2", 11)
    assert settings.spheroseg.max_side == 100
    origins = [origin(settings, f"server.{name}") for name in ("port", "host", "keep_alive_seconds", "threads")]
    assert origins == ["command line", "environment", "file", "default"]
    assert origin(settings, "data_dir") == "environment"


def test_names_without_prefix_count_and_the_prefixed_one_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///plain.db")
    monkeypatch.setenv("LOG_LEVEL", "WARNING")
    monkeypatch.setenv("PENTAPRISM_LOGS__LEVEL", "ERROR")
    monkeypatch.setenv("REDIS_URL", "")
    settings = load()
    assert (settings.database_url, settings.logs.level, settings.redis.url) == ("sqlite:///plain.db", "ERROR", None)


@pytest.mark.parametrize("text", ["10.0.0.0/8, ::1", '["10.0.0.0/8", "::1"]'])
def test_lists_are_json_or_have_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PENTAPRISM_SERVER__TRUSTED_PROXIES", text)
    assert load().server.trusted_proxies == ("10.0.0.0/8", "::1")


@pytest.mark.parametrize("text", ["a.example=spheroseg,b.example=quarry", '{"a.example": "spheroseg", "b.example": "quarry"}'])
def test_mappings_are_json_or_have_equals_signs(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PENTAPRISM_SERVER__HOSTS", text)
    assert load().server.hosts == {"a.example": "spheroseg", "b.example": "quarry"}


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTAPRISM_DATABSE__URL", "x")
    assert load().warnings() == ["the environment variable PENTAPRISM_DATABSE__URL belongs to no setting"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("PENTAPRISM_SERVER__PORT", "many", "server.port"),
        ("PENTAPRISM_SERVER__PORT", "70000", "server.port"),
        ("PENTAPRISM_SERVER__PROT", "1", "server.prot"),
        ("PENTAPRISM_SERVER__HOSTS", "nonsense", "hosts: 'nonsense' is not of the form name=value"),
        ("PENTAPRISM_SERVER__HOSTS", "{broken", "hosts: "),
    ],
)
def test_what_is_wrong_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"(?i){told}"):
        load()


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pentaprism-data"
    folder.mkdir()
    (folder / "pentaprism.toml").write_text("[server\n")
    with pytest.raises(SettingsError, match=r"pentaprism\.toml is not valid TOML"):
        load()
    (folder / "pentaprism.toml").write_text("nosuch = 1\n")
    with pytest.raises(SettingsError, match="nosuch"):
        load()


def test_secrets_are_masked_where_settings_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PENTAPRISM_SECRET", "s" * 40)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@db/x")
    shown = {line.name: line.value for line in load().explain()}
    assert shown["secret"] == shown["database.url"] == "***"
    assert "hunter2" not in str(shown)


def test_the_secret_is_made_once_and_must_be_long_enough(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = load().secret_bytes()
    assert len(first) == 32
    assert load().secret_bytes() == first
    (tmp_path / "pentaprism-data" / "secret").write_bytes(b"short")
    with pytest.raises(SettingsError, match="has 5 bytes"):
        load().secret_bytes()
    monkeypatch.setenv("PENTAPRISM_SECRET", "x" * 31)
    with pytest.raises(SettingsError, match="has 31 bytes"):
        load().secret_bytes()


def test_workers_get_the_same_settings() -> None:
    settings = load({"server.port": 1234, "spheroseg.max_side": 77})
    assert Settings.model_validate_json(settings.model_dump_json()).model_dump() == settings.model_dump()


def test_every_setting_is_described_and_stands_in_the_reference() -> None:
    page = reference()
    for path, info in fields(Settings):
        assert info.description, path
        assert f"| `{path}` |" in page
    assert page == (Path(__file__).parent.parent / "docs" / "reference" / "settings.md").read_text("utf-8"), "run `make docs`"


def test_a_name_of_several_faces_sets_each_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    paths: dict[str, list[str]] = {}
    for name, path, _ in plain_names(Settings):
        paths.setdefault(name, []).append(path)
    assert all(path.count(".") == 1 for found in paths.values() for path in found)
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example.org, https://b.example.org")
    settings = load()
    assert [origin(settings, path) for path in paths["CORS_ORIGINS"]] == ["environment"] * len(paths["CORS_ORIGINS"])
    assert settings.quarry.cors_origins == ("https://a.example.org", "https://b.example.org")
