"""One tree of settings, read only by the composition root and the command line."""

from pentaprism.settings.sources import SettingsError
from pentaprism.settings.tree import SettingLine, Settings, load

__all__ = ["SettingLine", "Settings", "SettingsError", "load"]
