"""What services stand on, in servers and in workers alike."""

from dataclasses import dataclass

from pentaprism.core.platform import Platform
from pentaprism.faces.imagineai.settings import ImagineaiSettings


@dataclass(eq=False, slots=True)
class Ground:
    """The platform, and the settings of the face."""

    platform: Platform
    settings: ImagineaiSettings
