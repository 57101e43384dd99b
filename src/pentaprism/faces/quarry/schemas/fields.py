"""The form fields of segmentation requests, and the parameters of batches: read, checked, with their defaults."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from pentaprism.faces.quarry.errors import Invalid, invalid
from pentaprism.faces.quarry.schemas.prompts import Units
from pentaprism.faces.quarry.settings import MODELS
from pentaprism.web.errors import Problem

Format = Literal["png", "rle", "polygon", "none"]
FORMATS: tuple[Format, ...] = ("png", "rle", "polygon", "none")
COMMON = ("image", "image_id", "model_type", "format", "strict_model", "strict_parameters", "coordinates")
AUTO = (
    "points_per_side",
    "pred_iou_thresh",
    "stability_score_thresh",
    "crop_n_layers",
    "crop_n_points_downscale_factor",
    "min_mask_region_area",
)
EXTRACT = ("min_pixels", "save_dir", "save_to_drive", "drive_folder_id", "alpha", "nested", "max_fraction")
OWN = {
    "single": ("points", "boxes", "multimask_output"),
    "auto": (*AUTO, "max_masks", "tiles"),
    "box": ("box", "points", "multimask_output"),
    "extract": (*AUTO, "tiles", *EXTRACT),
    "embed": (),
}
DRIVE_FOLDER = re.compile(r"[A-Za-z0-9_-]{10,128}", re.ASCII)
MOST_PIXELS = 16_777_216
MOST_MASKS = 1000
SPEC: dict[str, tuple[type, float, float, float]] = {
    "points_per_side": (int, 1, 256, 64),
    "pred_iou_thresh": (float, 0, 1, 0.90),
    "stability_score_thresh": (float, 0, 1, 0.92),
    "crop_n_layers": (int, 0, 4, 1),
    "crop_n_points_downscale_factor": (int, 1, 16, 2),
    "min_mask_region_area": (int, 0, MOST_PIXELS, 1000),
    "max_masks": (int, 1, MOST_MASKS, 500),
    "min_pixels": (int, 1, MOST_PIXELS, 5000),
    "max_fraction": (float, 0, 1, 1.0),
}
"""Type, least, most and default of numbers."""

SEGMENT = re.compile(r"[A-Za-z0-9 ._-]{1,64}", re.ASCII)
MOST_SEGMENTS = 8


@dataclass(slots=True)
class Extraction:
    """What an extraction saves, and where."""

    min_pixels: int = 5000
    save_dir: str = ""
    save_to_drive: bool = False
    drive_folder: str | None = None
    alpha: Literal["soft", "hard"] = "soft"
    nested: bool = True
    max_fraction: float = 1.0

    def folder(self, owner: str) -> str:
        """The folder of the files below the results, that of the ``owner`` included; empty for the results folder itself."""
        return "/".join(part for part in (owner, self.save_dir) if part)


@dataclass(slots=True)
class Fields:
    """The fields of one request beside its image and its prompts."""

    model_type: str
    format: Format = "png"
    strict_model: bool = False
    strict_parameters: bool = False
    units: Units = "normalized"
    multimask: bool = True
    auto: dict[str, Any] = field(default_factory=dict)
    max_masks: int = 500
    tiles: bool = False
    extraction: Extraction = field(default_factory=Extraction)
    warnings: list[str] = field(default_factory=list)


class Reader:
    """Reads values out of a form (texts) or a JSON object (typed values); an empty text counts as absent."""

    def __init__(self, values: Mapping[str, Any], *, texts: bool, place: tuple[str, ...] = ("body",)) -> None:
        self.values = {name: value for name, value in values.items() if value is not None and value != ""}
        self.texts = texts
        self.place = place

    def number(self, name: str) -> Any:
        """A number of ``SPEC``, or its default."""
        kind, least, most, default = SPEC[name]
        if name not in self.values:
            return kind(default)
        value = self.values[name]
        found = self._parsed(value, kind) if self.texts else value
        right = not isinstance(found, bool) and isinstance(found, int if kind is int else int | float)
        if not right or not least <= found <= most:
            raise self._wrong(name, f"This must be {'a whole number' if kind is int else 'a number'} from {least:g} to {most:g}.", "range")
        return kind(found)

    def flag(self, name: str, default: bool) -> bool:
        """A boolean."""
        value = self.values.get(name)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        word = str(value).strip().lower()
        if not self.texts or word not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
            raise self._wrong(name, "This must be true or false.", "bool_type")
        return word in {"true", "1", "yes", "on"}

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """One of a few words."""
        value = self.values.get(name, default)
        if value not in allowed:
            raise Invalid([Problem((*self.place, name), f"This must be one of {', '.join(allowed)}.", "enum")], allowed=allowed)
        return str(value)

    def _parsed(self, value: Any, kind: Callable[[str], Any]) -> Any:
        try:
            return kind(str(value).strip()) if len(str(value)) <= 40 else None
        except ValueError:
            return None

    def _wrong(self, name: str, message: str, kind: str) -> Invalid:
        return Invalid([Problem((*self.place, name), message, kind)])


def read_fields(operation: str, form: Mapping[str, str], ignored: list[str], default_model: str) -> Fields:
    """The fields of a multipart request. Raises Invalid."""
    reader = Reader(form, texts=True)
    fields = _common(reader, default_model, "pixel" if operation == "box" else "normalized")
    own = OWN[operation]
    if "multimask_output" in own:
        fields.multimask = reader.flag("multimask_output", True)
    if "points_per_side" in own:
        fields.auto = read_auto(reader)
    elif operation == "single":
        fields.auto = defaults()
    if "max_masks" in own:
        fields.max_masks = reader.number("max_masks")
    if "tiles" in own:
        fields.tiles = reader.flag("tiles", False)
    if operation == "extract":
        fields.max_masks = MOST_MASKS
        fields.extraction = _extraction(reader)
    known = {*COMMON, *own}
    unknown = list(dict.fromkeys(name for name in (*form, *ignored) if name not in known))
    fields.warnings = [f"The field {_shown(name)} is not known here and was ignored." for name in unknown[:20]]
    return fields


def _common(reader: Reader, default_model: str, units: Units) -> Fields:
    return Fields(
        model_type=reader.choice("model_type", MODELS, default_model),
        format=cast(Format, reader.choice("format", FORMATS, "png")),
        strict_model=reader.flag("strict_model", False),
        strict_parameters=reader.flag("strict_parameters", False),
        units=cast(Units, reader.choice("coordinates", ("pixel", "normalized"), units)),
    )


def read_auto(reader: Reader) -> dict[str, Any]:
    """The six parameters of automatic masks. Raises Invalid."""
    found = {name: reader.number(name) for name in AUTO}
    factor, layers = found["crop_n_points_downscale_factor"], found["crop_n_layers"]
    sides = [int(found["points_per_side"] / factor**layer) for layer in range(layers + 1)]
    if min(sides) < 1:
        raise Invalid([Problem((*reader.place, "crop_n_layers"), "The last crop layer would have no points.", "range")])
    if sum(side * side * 4**layer for layer, side in enumerate(sides)) > 262_144:
        raise Invalid([Problem((*reader.place, "points_per_side"), "All layers together have more than 262144 points.", "range")])
    return found


def defaults() -> dict[str, Any]:
    """The six parameters where nothing is said."""
    return read_auto(Reader({}, texts=False))


def read_batch(parameters: Mapping[str, Any], model_type: str) -> Fields:
    """The fields that a batch's ``parameters`` give to each of its images. Raises Invalid."""
    reader = Reader(parameters, texts=False, place=("body", "parameters"))
    fields = _common(reader, model_type, "normalized")
    fields.model_type, fields.units = model_type, "normalized"
    fields.multimask = reader.flag("multimask_output", True)
    fields.auto = read_auto(reader)
    known = {*AUTO, "multimask_output", "format", "strict_model", "strict_parameters"}
    fields.warnings = [f"The parameter {_shown(name)} has no effect here." for name in parameters if name not in known][:20]
    return fields


def _extraction(reader: Reader) -> Extraction:
    folder = reader.values.get("drive_folder_id")
    if folder is not None and not DRIVE_FOLDER.fullmatch(folder):
        raise invalid("drive_folder_id", "A folder id has 10 to 128 letters, digits, _ and -.", "pattern")
    fraction = reader.number("max_fraction")
    if fraction <= 0:
        raise invalid("max_fraction", "This must be above 0.", "range")
    return Extraction(
        min_pixels=reader.number("min_pixels"),
        save_dir=read_save_dir(reader.values.get("save_dir", "")),
        save_to_drive=reader.flag("save_to_drive", False),
        drive_folder=folder,
        alpha=cast(Literal["soft", "hard"], reader.choice("alpha", ("soft", "hard"), "soft")),
        nested=reader.flag("nested", True),
        max_fraction=fraction,
    )


def read_save_dir(text: str) -> str:
    """A folder below the results folder, without a leading ``./results``; empty for that folder itself. Raises Invalid."""
    wrong = invalid("save_dir", "Name a folder below ./results: letters, digits, space, . _ - and / only.", "save_dir")
    if text.startswith("/") or len(text) > 600:
        raise wrong
    segments = text.removeprefix("./").split("/")
    while segments and segments[-1] == "":
        segments.pop()
    if segments and segments[0] == "results":
        segments.pop(0)
    if len(segments) > MOST_SEGMENTS:
        raise wrong
    if any(not SEGMENT.fullmatch(segment) or segment.startswith(".") or segment != segment.strip() for segment in segments):
        raise wrong
    return "/".join(segments)


def _shown(name: str) -> str:
    """A name from a client as it may stand in a sentence."""
    return "".join(character for character in name if character.isalnum() or character in "_-.")[:40] or "without a name"
