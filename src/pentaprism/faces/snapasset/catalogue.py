"""The platforms: sizes of pictures that the networks ask for, and sizes of one's own."""

import math
import re
from dataclasses import dataclass
from typing import Any

CUSTOM = re.compile(r"custom-([1-9][0-9]{1,3})x([1-9][0-9]{1,3})", re.ASCII)
SHORTEST_SIDE, LONGEST_SIDE = 64, 4096


@dataclass(frozen=True, slots=True)
class Platform:
    """One target. ``group`` is core, extra or custom."""

    id: str
    name: str
    width: int
    height: int
    group: str

    @property
    def pixels(self) -> int:
        """Area in pixels."""
        return self.width * self.height

    @property
    def icon(self) -> str:
        """The network: the first word of the id."""
        return self.id.partition("-")[0]

    @property
    def aspect_ratio(self) -> str:
        """``16:9``, in lowest terms."""
        common = math.gcd(self.width, self.height)
        return f"{self.width // common}:{self.height // common}"

    def document(self) -> dict[str, Any]:
        """As the catalogue shows it."""
        return {**self.preset(), "group": self.group}

    def preset(self) -> dict[str, Any]:
        """As it stands beside a picture that was made for it."""
        shape = {"width": self.width, "height": self.height, "aspectRatio": self.aspect_ratio}
        return {"id": self.id, "name": self.name, **shape, "icon": self.icon}


CORE = (
    Platform("instagram-post", "Instagram Post", 1080, 1080, "core"),
    Platform("instagram-story", "Instagram Story", 1080, 1920, "core"),
    Platform("twitter-post", "Twitter Post", 1200, 675, "core"),
    Platform("twitter-header", "Twitter Header", 1500, 500, "core"),
    Platform("facebook-post", "Facebook Post", 1200, 630, "core"),
    Platform("facebook-cover", "Facebook Cover", 820, 312, "core"),
    Platform("linkedin-post", "LinkedIn Post", 1200, 627, "core"),
    Platform("youtube-thumbnail", "YouTube Thumbnail", 1280, 720, "core"),
    Platform("pinterest-pin", "Pinterest Pin", 1000, 1500, "core"),
)
EXTRA = (
    Platform("instagram-portrait", "Instagram Portrait", 1080, 1350, "extra"),
    Platform("facebook-story", "Facebook Story", 1080, 1920, "extra"),
    Platform("tiktok-cover", "TikTok Cover", 1080, 1920, "extra"),
    Platform("linkedin-banner", "LinkedIn Banner", 1584, 396, "extra"),
    Platform("linkedin-company-cover", "LinkedIn Company Cover", 1128, 191, "extra"),
    Platform("youtube-banner", "YouTube Banner", 2560, 1440, "extra"),
    Platform("og-image", "Open Graph Image", 1200, 630, "extra"),
    Platform("github-social", "GitHub Social Preview", 1280, 640, "extra"),
    Platform("discord-banner", "Discord Banner", 960, 540, "extra"),
)
CATALOGUE = (*CORE, *EXTRA)
BY_ID = {platform.id: platform for platform in CATALOGUE}


def find(platform_id: str) -> Platform | None:
    """The platform of that id, which may be ``custom-<width>x<height>``; None if there is none."""
    known = BY_ID.get(platform_id)
    if known is not None:
        return known
    match = CUSTOM.fullmatch(platform_id)
    if match is None:
        return None
    width, height = (int(side) for side in match.groups())
    if not (SHORTEST_SIDE <= width <= LONGEST_SIDE and SHORTEST_SIDE <= height <= LONGEST_SIDE):
        return None
    return Platform(platform_id, f"Custom {width}x{height}", width, height, "custom")


def the(platform_id: str) -> Platform:
    """The platform of an id that was checked before; raises KeyError for another."""
    found = find(platform_id)
    if found is None:
        raise KeyError(platform_id)
    return found
