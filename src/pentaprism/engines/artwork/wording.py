"""Saying in a sentence what a scene shows: no more and no less than is drawn."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pentaprism.engines.artwork.scene import SceneRequest

LANDS = {
    "mountains": "mountains rising behind a valley", "hills": "rolling hills", "desert": "desert dunes", "canyon": "a canyon of red rock",
    "meadow": "an open meadow", "beach": "a beach by the sea", "sea": "the open sea", "lake": "a lake that mirrors the mountains around it",
    "island": "a rocky island in the sea", "volcano": "a volcano above the plain",
}  # fmt: skip
THINGS = {
    "cup": "a cup of coffee", "bottle": "a bottle", "product": "a bottle and a box on a round podium", "gift": "a gift box with a ribbon",
    "candle": "three burning candles", "fruit": "fresh round fruit", "vase": "a vase of flowers", "plant": "a potted plant",
    "books": "a stack of books",
}  # fmt: skip
DETAILS = {
    "sailboat": "a sailboat", "cabin": "a cabin", "lighthouse": "a lighthouse", "tent": "a tent", "moon": "the moon", "sun": "the sun",
    "rainbow": "a rainbow", "milky way": "the Milky Way", "aurora": "northern lights",
}  # fmt: skip
FLOWERS = {"lavender": "lavender", "poppy": "poppies", "daisy": "daisies", "lily": "lilies"}
TIMES = {
    "night": "at night",
    "noon": "at noon",
    "golden hour": "in the golden hour",
    "morning": "in the morning",
    "afternoon": "in the afternoon",
}
WEATHER = {
    "clear": "under a clear sky", "cloudy": "under clouds", "fog": "in fog", "rain": "in the rain", "snow": "in falling snow",
    "storm": "under a stormy sky",
}  # fmt: skip
LOOKS = {"flat": "Flat illustration", "watercolor": "Watercolour", "low-poly": "Low-poly picture", "neon": "Neon picture",
         "retro": "Retro picture",
         "minimalist": "Minimalist picture", "pixel art": "Pixel art", "oil painting": "Oil painting"}  # fmt: skip
MOTIFS = {"mountains": "mountains and a sun", "waves": "waves and a sun", "leaf": "a leaf", "star": "a star", "rings": "overlapping discs"}


def listed(parts: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(plan: Mapping[str, Any], request: "SceneRequest", *, recognised: bool) -> str:
    """One sentence on the planned scene; a second one when no word of the prompt was recognised."""
    kinds = {"emblem": "Logo", "flow": "Abstract picture", "geometric": "Abstract picture"}
    opening = LOOKS.get(plan["look"], kinds.get(plan["composition"], "Picture"))
    text = f"{opening} of {_subject(plan)}"
    if plan["composition"] in {"land", "city"}:
        text += f" {TIMES.get(plan['time'], 'at ' + plan['time'])}"
        if plan["weather"]:
            text += f", {WEATHER[plan['weather']]}"
    with_ = [DETAILS.get(term, term) for term in plan["details"] if term != "wooden table"]
    if plan["flowers"]:
        with_.insert(0, FLOWERS.get(plan["flowers"], f"{plan['flowers']}s"))
    if with_:
        text += f", with {listed(with_)}"
    if plan["colours"]:
        text += f", in {listed(list(plan['colours']))}"
    if plan["moods"]:
        text += f"; the mood is {listed(list(plan['moods']))}"
    text += f", {request.style} in colour."
    return text if recognised else f"{text} No word of the prompt was recognised."


def _subject(plan: Mapping[str, Any]) -> str:
    composition = plan["composition"]
    if composition == "land":
        return LANDS[plan["land"]]
    if composition == "city":
        return "a city skyline mirrored in water"
    if composition == "still":
        things = [THINGS[plan["thing"]]] + ([THINGS[plan["second_thing"]]] if plan["second_thing"] else [])
        return f"{listed(things)} on a {'wooden ' if 'wooden table' in plan['details'] else ''}table"
    if composition == "emblem":
        return f"a round emblem with {MOTIFS[plan['motif']]}"
    return {
        "space": "a planet among clouds of gas and stars", "lights": "garlands and lights out of focus", "party": "balloons and confetti",
        "flow": "flowing bands of colour", "geometric": "discs, arcs and bars on a grid",
    }[composition]  # fmt: skip
