"""Bodies of requests about accounts, projects, images and shares."""

from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pentaprism.faces.spheroseg.schemas.texts import (
    Email,
    Language,
    Name,
    Password,
    PixelSize,
    Tags,
    Text255,
    Text1000,
    Text2000,
    Title,
    Token,
)


class Body(BaseModel):
    """Unknown keys have no effect."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    def given(self, *names: str) -> dict[str, Any]:
        """The fields among ``names`` that the request holds, null included."""
        return {name: getattr(self, name) for name in names if name in self.model_fields_set}


class Register(Body):
    """A new account."""

    email: Email
    password: str
    name: Name | None = None
    firstName: Name | None = None
    lastName: Name | None = None
    preferred_language: Language | None = Field(None, validation_alias=AliasChoices("preferred_language", "language"))

    @property
    def full_name(self) -> str | None:
        """Name, or first and last name together."""
        return self.name or " ".join(part for part in (self.firstName, self.lastName) if part) or None


class Login(Body):
    """E-mail and password."""

    email: Email
    password: Password
    remember_me: bool = Field(False, validation_alias=AliasChoices("remember_me", "rememberMe"))


class Refresh(Body):
    """A refresh token."""

    refreshToken: Token = Field(validation_alias=AliasChoices("refreshToken", "refresh_token"))


class Logout(Body):
    """The session to end, beside that of the bearer."""

    refreshToken: str | None = Field(None, max_length=8192, validation_alias=AliasChoices("refreshToken", "refresh_token"))


class ChangePassword(Body):
    """Old and new password."""

    current_password: Password = Field(validation_alias=AliasChoices("current_password", "currentPassword"))
    new_password: str = Field(validation_alias=AliasChoices("new_password", "newPassword"))
    confirm_password: str | None = Field(None, validation_alias=AliasChoices("confirm_password", "confirmPassword"))


class DeleteAccount(Body):
    """The caller's own e-mail and password, as a confirmation."""

    username: Email = Field(validation_alias=AliasChoices("username", "email"))
    password: Password


class ForgotPassword(Body):
    """Whose password is to be reset."""

    email: Email


class ResetPassword(Body):
    """The token of the mail and the new password."""

    token: Token
    password: str = Field(validation_alias=AliasChoices("password", "new_password", "newPassword"))
    confirm_password: str | None = Field(None, validation_alias=AliasChoices("confirm_password", "confirmPassword"))


class EmailBody(Body):
    """An e-mail, or nothing where the caller's own is meant."""

    email: Email | None = None


class TokenBody(Body):
    """A one-time token."""

    token: Token


class UpdateUser(Body):
    """Part of a user: a missing field stays, null clears."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] | None = Field(
        None, validation_alias=AliasChoices("name", "full_name")
    )
    email: Email | None = None
    current_password: str | None = Field(None, validation_alias=AliasChoices("current_password", "currentPassword"))
    username: Text255 | None = None
    title: Text255 | None = None
    organization: Text255 | None = None
    bio: Text2000 | None = None
    location: Text255 | None = None
    preferred_language: Language | None = Field(None, validation_alias=AliasChoices("preferred_language", "language"))
    theme_preference: Annotated[Text255, StringConstraints(max_length=32)] | None = Field(
        None, validation_alias=AliasChoices("theme_preference", "theme")
    )

    @field_validator("name")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        if value and "\x00" in value:
            raise ValueError("text must not hold NUL characters")
        return value


class CreateProject(Body):
    """A new project."""

    title: Title = Field(validation_alias=AliasChoices("title", "name"))
    description: Text1000 | None = ""
    tags: Tags | None = None
    public: bool = False
    pixel_size_um: PixelSize | None = None


class UpdateProject(Body):
    """Part of a project."""

    title: Title = Field("", validation_alias=AliasChoices("title", "name"))
    description: Text1000 | None = ""
    tags: Tags | None = None
    public: bool = False
    pixel_size_um: PixelSize | None = None

    @model_validator(mode="after")
    def _something(self) -> "UpdateProject":
        if not self.model_fields_set:
            raise ValueError("name at least one of title, description, tags, public, pixel_size_um")
        return self


class DuplicateProject(Body):
    """How a project is copied."""

    title: Title | None = Field(None, validation_alias=AliasChoices("title", "newTitle", "name"))
    copySegmentations: bool = True


class UpdateImage(Body):
    """Calibration of one image; null takes it away."""

    pixel_size_um: PixelSize | None


class BatchDelete(Body):
    """Images to delete."""

    imageIds: list[Text255] = Field(min_length=1, validation_alias=AliasChoices("imageIds", "image_ids"))


class ShareProject(Body):
    """Whom to share with, and the right."""

    email: Email
    permission: Literal["view", "edit"] = "view"


class InvitationLink(Body):
    """The right that a link gives."""

    permission: Literal["view", "edit"] = "view"


class AskForAccess(Body):
    """Somebody asks for an account."""

    email: Email
    name: Name | None = None
    organization: Text255 | None = Field(None, validation_alias=AliasChoices("organization", "institution"))
    reason: Text2000 | None = Field(None, validation_alias=AliasChoices("reason", "message"))
