"""Bodies of requests."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, field_validator

from pentaprism.faces.imagineai.names import WEBHOOK_EVENTS, Category
from pentaprism.faces.imagineai.schemas.texts import Description, Email, Password, Text, Title

Token = Annotated[str, Field(max_length=8192)]
HookEvent = Literal[
    "job.completed",
    "job.failed",
    "analysis.completed",
    "analysis.failed",
    "batch.completed",
    "product.created",
    "product.updated",
    "*",
]


class Register(BaseModel):
    """A new account."""

    email: Email
    password: Password
    full_name: Annotated[Text, Field(max_length=255)] | None = None


class Login(BaseModel):
    """E-mail and password."""

    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=1024)]


class Refresh(BaseModel):
    """A refresh token."""

    refresh_token: Token


class CreateProduct(BaseModel):
    """A new product."""

    title: Title
    description: Description | None = None
    category: Category | None = None


class UpdateProduct(BaseModel):
    """Changes of a product; keys that are absent stay as they are."""

    title: Title = ""
    description: Description | None = None
    category: Category | None = None
    subcategory: Annotated[Text, Field(max_length=64)] | None = None
    ai_description: Description | None = None
    status: Literal["draft", "active", "archived"] = "draft"


class Presign(BaseModel):
    """An upload that is to come."""

    product_id: UUID
    filename: Annotated[Text, Field(min_length=1, max_length=500)]
    content_type: Annotated[Text, Field(max_length=255)]
    file_size_bytes: Annotated[int, Field(ge=1)]


class Confirm(BaseModel):
    """An upload that has come."""

    image_id: UUID


class CreateBatch(BaseModel):
    """Images to analyse together."""

    product_id: UUID
    image_ids: Annotated[list[UUID], Field(min_length=1)]


class DefectVerdict(BaseModel):
    """Whether a defect is one."""

    id: UUID
    verdict: Literal["confirmed", "rejected"]


class Feedback(BaseModel):
    """Corrections of an analysis; keys that are absent stay as they are."""

    label: Annotated[Text, Field(max_length=64)] | None = None
    category: Category | None = None
    attributes: Annotated[dict[str, Annotated[Text, Field(min_length=1, max_length=80)] | None], Field(max_length=16)] | None = None
    defects: Annotated[list[DefectVerdict], Field(max_length=100)] | None = None
    note: Annotated[Text, Field(max_length=1000)] | None = None


class CreateKey(BaseModel):
    """A new API key."""

    name: Annotated[Text, Field(min_length=1, max_length=255)]
    scopes: Annotated[list[Literal["read", "write"]], Field(min_length=1, max_length=2)]
    expires_at: datetime | None = None

    @field_validator("expires_at")
    @classmethod
    def _zoned(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("The time needs a zone")
        return value


class CreateWebhook(BaseModel):
    """A new webhook."""

    url: Annotated[Text, Field(min_length=1, max_length=2048)]
    events: Annotated[list[HookEvent], Field(min_length=1, max_length=len(WEBHOOK_EVENTS) + 1)]
    description: Annotated[Text, Field(max_length=500)] | None = None


class UpdateWebhook(BaseModel):
    """Changes of a webhook; keys that are absent stay as they are."""

    url: Annotated[Text, Field(min_length=1, max_length=2048)] = ""
    events: Annotated[list[HookEvent], Field(min_length=1, max_length=len(WEBHOOK_EVENTS) + 1)] = ["*"]
    description: Annotated[Text, Field(max_length=500)] | None = None
    is_active: bool = True
