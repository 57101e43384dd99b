"""Bodies of requests about settings."""

from typing import Annotated, Any

from pydantic import Field, JsonValue

from pentaprism.faces.spheroseg.schemas.requests import Body
from pentaprism.faces.spheroseg.schemas.texts import Text255


class SettingBody(Body):
    """Value and category of one setting."""

    value: JsonValue
    category: Annotated[Text255, Field(max_length=64)] = "general"


class SettingsBody(Body):
    """Several settings by key."""

    settings: dict[str, SettingBody] = Field(max_length=200)

    def changes(self) -> dict[str, tuple[Any, str]]:
        """``key: (value, category)``."""
        return {key: (entry.value, entry.category) for key, entry in self.settings.items()}
