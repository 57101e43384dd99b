"""Model cards: what a model is, where its file comes from, and how good it was measured to be."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

PLAIN_NAME = r"^[A-Za-z0-9_-][A-Za-z0-9._-]*$"


class ModelCard(BaseModel):
    """A JSON file beside the weights. ``scores`` maps a measure to its value and names the data it was measured on.

    A model without ``file`` is built in. ``memory_bytes`` is what it takes when loaded; unknown, twice its file is assumed.
    ``engine`` and further keys belong to the engine that runs it.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    id: str = Field(pattern=PLAIN_NAME)
    name: str = Field(pattern=PLAIN_NAME)
    version: str
    task: str
    architecture: str
    file: str | None = Field(None, pattern=PLAIN_NAME)
    sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$")
    size_bytes: int = Field(0, ge=0)
    memory_bytes: int | None = Field(None, ge=0)
    url: str | None = Field(None, pattern="^https?://")
    licence: str
    origin: str
    training_data: Any
    scores: dict[str, Any]
    limitations: Any
    engine: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _file_is_described(self) -> Self:
        if self.file is not None and (self.sha256 is None or self.size_bytes == 0):
            raise ValueError("a file needs its sha256 and size_bytes")
        return self

    @property
    def memory(self) -> int:
        """Bytes of memory that the loaded model is taken to need."""
        return 2 * self.size_bytes if self.memory_bytes is None else self.memory_bytes
