"""Bodies of requests."""

import json
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from pentaprism.faces.promethium.schemas.texts import Name, Storable, Tag

GatherKey = Literal["auto", "ffid", "cdp", "inline", "crossline", "none"]
JobType = Literal["reconstruction", "denoising"]
Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", to_lower=True)]


def plain(value: Any) -> Any:
    """``value`` itself where JSON and every database can keep it."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("Holds numbers or text that cannot be kept") from error
    if "\\u0000" in text:
        raise ValueError("Text must not hold NUL characters")
    return value


class Body(BaseModel):
    """Unknown keys are refused: nothing is accepted without effect."""

    model_config = ConfigDict(extra="forbid")


class Login(BaseModel):
    """Who logs in; ``email`` may stand for ``username``."""

    model_config = ConfigDict(extra="ignore")

    username: Annotated[str, Field(max_length=1024), Storable] | None = None
    email: Annotated[str, Field(max_length=1024), Storable] | None = None
    password: Annotated[str, Field(max_length=1024)]

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if self.username is None and self.email is None:
            raise PydanticCustomError("missing_username", "Field required")
        return self

    @property
    def name(self) -> str:
        """The e-mail."""
        return self.username if self.username is not None else self.email or ""


class Register(Body):
    """A new account; ``username`` may stand for ``email``."""

    username: Annotated[str, Field(max_length=320), Storable] | None = None
    email: Annotated[str, Field(max_length=320), Storable] | None = None
    password: Annotated[str, Field(min_length=8, max_length=128), Storable]
    full_name: Annotated[str, Field(max_length=255), Storable] | None = None


class PatchDataset(Body):
    """What to change; keys left out stay as they are."""

    name: Name = ""
    description: Annotated[str, Storable] | None = None
    tags: list[Tag] = Field(default_factory=list)
    gather_key: GatherKey = "auto"
    sample_interval_us: Annotated[float, Field(gt=0, le=1e9, strict=True, allow_inf_nan=False)] | None = None


class CreateJob(Body):
    """What to compute."""

    type: JobType
    dataset_id: Uuid
    model_id: Annotated[str, StringConstraints(min_length=1, max_length=128), Storable]
    parameters: Annotated[dict[str, Any], AfterValidator(plain)] | None = None


class BeginUpload(Body):
    """A file that will come in pieces."""

    filename: Annotated[str, StringConstraints(max_length=1024), Storable]
    size_bytes: Annotated[int, Field(ge=0, strict=True)]


class CompleteUpload(Body):
    """What the form of an upload would say beside the file."""

    name: str | None = None
    description: str | None = None
    tags: list[str] | None = None
    format: str | None = None
    sample_interval_us: float | str | None = None
