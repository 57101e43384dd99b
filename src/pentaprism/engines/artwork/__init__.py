"""Pictures for marketing: a procedural renderer, paid and local generators, and the cutting of pictures for every platform."""

from pentaprism.engines.artwork.lexicon import LEXICON
from pentaprism.engines.artwork.render import render
from pentaprism.engines.artwork.scene import MODEL, Scene, SceneRequest, describe

__all__ = ["LEXICON", "MODEL", "Scene", "SceneRequest", "describe", "render"]
