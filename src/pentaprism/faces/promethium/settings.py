"""Settings of the promethium face."""

from pydantic import BaseModel, ConfigDict, Field


class PromethiumSettings(BaseModel):
    """Settings of the promethium face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")
