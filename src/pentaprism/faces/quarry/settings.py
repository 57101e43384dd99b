"""Settings of the quarry face."""

from pydantic import BaseModel, ConfigDict, Field


class QuarrySettings(BaseModel):
    """Settings of the quarry face."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public_url: str | None = Field(None, description="Address of the face's root as clients see it; empty: taken from each request.")
