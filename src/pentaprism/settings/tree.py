"""The settings of an installation, read by the composition root and the command line only."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from pentaprism.core.signing import MINIMUM_SECRET_BYTES, load_or_create_secret
from pentaprism.faces.imagineai.settings import ImagineaiSettings
from pentaprism.faces.promethium.settings import PromethiumSettings
from pentaprism.faces.quarry.settings import QuarrySettings
from pentaprism.faces.snapasset.settings import SnapassetSettings
from pentaprism.faces.spheroseg.settings import SpherosegSettings
from pentaprism.settings.sections import (
    SECRET,
    AccountSettings,
    CelerySettings,
    ComputeSettings,
    DatabaseSettings,
    JobSettings,
    LimitSettings,
    LogSettings,
    MailSettings,
    ModelSettings,
    RedisSettings,
    ServerSettings,
    StorageSettings,
    WorkerSettings,
)
from pentaprism.settings.sources import (
    FILE_NAME,
    PREFIX,
    Environment,
    SettingsError,
    fields,
    from_file,
    get,
    merged,
    plain_environment,
    put,
    unknown_variables,
)

MASK = "***"


@dataclass(frozen=True, slots=True)
class SettingLine:
    """One setting as ``pentaprism config`` shows it."""

    name: str
    value: Any
    origin: str
    description: str


class Settings(BaseSettings):
    """Settings of an installation. Made directly it takes its arguments and defaults only; ``load`` reads all sources."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(
        Path("pentaprism-data"), description="Folder of everything that is kept: database, files, secret, settings file."
    )
    mode: Literal["development", "production"] = Field(
        "development", description="production hides the interactive API pages of faces that ask for it."
    )
    public_url: str | None = Field(None, description="Address of the gateway as clients see it; empty: taken from each request.")
    secret_file: str = Field("secret", description="File of the server secret, relative to the data directory; created at the first start.")
    secret: str | None = Field(
        None, description="The server secret itself (at least 32 bytes), in place of the file.", json_schema_extra=SECRET
    )

    server: ServerSettings = Field(default_factory=ServerSettings)
    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    accounts: AccountSettings = Field(default_factory=AccountSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    redis: RedisSettings = Field(default_factory=RedisSettings)
    celery: CelerySettings = Field(default_factory=CelerySettings)
    workers: WorkerSettings = Field(default_factory=WorkerSettings)
    compute: ComputeSettings = Field(default_factory=ComputeSettings)
    models: ModelSettings = Field(default_factory=ModelSettings)
    jobs: JobSettings = Field(default_factory=JobSettings)
    logs: LogSettings = Field(default_factory=LogSettings)
    spheroseg: SpherosegSettings = Field(default_factory=SpherosegSettings)
    quarry: QuarrySettings = Field(default_factory=QuarrySettings)
    imagineai: ImagineaiSettings = Field(default_factory=ImagineaiSettings)
    promethium: PromethiumSettings = Field(default_factory=PromethiumSettings)
    snapasset: SnapassetSettings = Field(default_factory=SnapassetSettings)

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _unknown: list[str] = PrivateAttr(default_factory=list)

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments only; ``load`` reads the other sources itself to know each value's origin."""
        return (init_settings,)

    def path(self, name: str) -> Path:
        """``name`` as an absolute path; relative ones lie below the data directory."""
        return (self.data_dir / Path(name).expanduser()).resolve()

    @property
    def database_url(self) -> str:
        """Where rows are kept."""
        return self.database.url or f"sqlite:///{self.path('pentaprism.sqlite3')}"

    @property
    def worker_processes(self) -> int:
        """How many worker processes the server runs."""
        if self.workers.processes is not None:
            return self.workers.processes
        return max(2, (os.cpu_count() or 2) // 2)

    def secret_bytes(self) -> bytes:
        """The server secret, created at first use; raises SettingsError when it is too short or cannot be read."""
        try:
            secret = self.secret.encode() if self.secret else load_or_create_secret(self.path(self.secret_file))
        except OSError as error:
            raise SettingsError(f"the server secret cannot be read or created: {error}") from error
        if len(secret) < MINIMUM_SECRET_BYTES:
            raise SettingsError(f"the server secret has {len(secret)} bytes; at least {MINIMUM_SECRET_BYTES} are needed")
        return secret

    def explain(self) -> list[SettingLine]:
        """Every setting with its value (secrets masked) and origin: default, file, environment or command line."""
        lines = []
        for path, info in fields(type(self)):
            value = get(self, path)
            extra = info.json_schema_extra
            hidden = isinstance(extra, dict) and bool(extra.get("secret")) and value is not None
            lines.append(SettingLine(path, MASK if hidden else value, self._origins.get(path, "default"), info.description or ""))
        return lines

    def warnings(self) -> list[str]:
        """What in the sources is probably a mistake."""
        return [f"the environment variable {name} belongs to no setting" for name in self._unknown]


def load(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings from the command line (``overrides``: dotted name to value, None = not given), the environment, the file
    ``pentaprism.toml`` in the data directory, and the defaults. Raises SettingsError."""
    command: dict[str, Any] = {}
    for path, value in (overrides or {}).items():
        if value is not None:
            put(command, path, value)
    try:
        environment = merged(Environment(Settings)(), plain_environment(Settings))
    except ValueError as error:
        raise SettingsError(f"the environment cannot be read: {error.__cause__ or error}") from error
    data_dir = Path(command.get("data_dir") or environment.get("data_dir") or Settings.model_fields["data_dir"].default).expanduser()
    file = from_file(data_dir / FILE_NAME)
    layers = {"command line": command, "environment": environment, "file": file}
    values = merged(*layers.values())
    values["data_dir"] = data_dir.resolve()
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_problems(error)) from error
    settings._origins.update(_origins(layers))
    settings._unknown.extend(name for name in unknown_variables(Settings) if name != f"{PREFIX}DATA_DIR")
    return settings


def _origins(layers: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    origins: dict[str, str] = {}
    for path, _ in fields(Settings):
        for origin, layer in layers.items():
            try:
                get(layer, path)
            except KeyError:
                continue
            origins[path] = origin
            break
    return origins


def _problems(error: ValidationError) -> str:
    lines: Sequence[str] = [f"{'.'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in error.errors()]
    return "the settings are not valid: " + "; ".join(lines)
