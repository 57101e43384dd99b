"""OpenAPI entries of the multipart requests."""

from typing import Any

from pentaprism.faces.quarry.schemas.fields import AUTO, COMMON, FORMATS, OWN, SPEC
from pentaprism.faces.quarry.settings import MODELS

TEXTS: dict[str, dict[str, Any]] = {
    "image": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, BMP or TIFF; this or image_id."},
    "image_id": {"type": "string", "description": "Handle of a stored image."},
    "model_type": {"type": "string", "enum": list(MODELS)},
    "format": {"type": "string", "enum": list(FORMATS), "default": "png", "description": "Format of mask fields."},
    "strict_model": {"type": "boolean", "default": False, "description": "No other model may answer."},
    "strict_parameters": {"type": "boolean", "default": False, "description": "No parameter may be lowered."},
    "coordinates": {"type": "string", "enum": ["pixel", "normalized"]},
    "points": {"type": "string", "description": 'JSON: `[{"x": 0.5, "y": 0.5, "label": 1}]`.'},
    "boxes": {"type": "string", "description": 'JSON: `[{"x1": 0.1, "y1": 0.1, "x2": 0.9, "y2": 0.9}]`.'},
    "box": {
        "type": "string",
        "description": "JSON: one box or a list, by x, y, width, height or by corners.",
        "default": '{"x": 68, "y": 247, "width": 555, "height": 678}',
    },
    "multimask_output": {"type": "boolean", "default": True},
    "tiles": {"type": "boolean", "default": False, "description": "Search tiles of 2048 px one by one; larger images are taken then."},
    "save_dir": {"type": "string", "default": "./results", "description": "Folder below ./results."},
    "save_to_drive": {"type": "boolean", "default": False},
    "drive_folder_id": {"type": "string"},
    "alpha": {"type": "string", "enum": ["soft", "hard"], "default": "soft"},
    "nested": {"type": "boolean", "default": True},
}


def body_of(operation: str) -> dict[str, Any]:
    """The request body of an operation."""
    names = COMMON if operation != "embed" else ("image", "image_id", "model_type", "strict_model")
    properties = {name: _property(name) for name in (*names, *OWN[operation])}
    schema = {"type": "object", "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def _property(name: str) -> dict[str, Any]:
    if name in TEXTS:
        return TEXTS[name]
    kind, least, most, default = SPEC[name]
    return {"type": "integer" if kind is int else "number", "minimum": least, "maximum": most, "default": default}


BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["images"],
                    "properties": {
                        "model_type": TEXTS["model_type"],
                        "images": {"type": "array", "minItems": 1, "items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
                        "points": {"type": "array", "items": {"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "null"}]}},
                        "boxes": {"type": "array", "items": {"anyOf": [{"type": "array", "items": {"type": "object"}}, {"type": "null"}]}},
                        "parameters": {"type": "object", "properties": {name: _property(name) for name in AUTO}},
                    },
                }
            }
        },
    }
}
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}, "folder_id": {"type": "string"}},
                }
            }
        },
    }
}
