"""The engines: which there are in this installation, and which one a job gets. The server itself loads none of them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pentaprism.core.clock import monotonic
from pentaprism.core.jobs.life import hook
from pentaprism.core.platform import Platform
from pentaprism.faces.snapasset.settings import SnapassetSettings

PROCEDURAL, OPENAI, DIFFUSERS = "procedural", "openai", "diffusers"
UPLOADED = "uploaded"
LOOK_AGAIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Facts:
    """What only the engines know: the version of the procedural one, formats that can be written, whether diffusers can work."""

    procedural_model: str
    formats: tuple[str, ...]
    diffusers_ready: bool
    diffusers_reason: str | None


@dataclass(eq=False, slots=True)
class Engines:
    """The engines of one installation. Their facts come from the helper process and are kept for a minute."""

    platform: Platform
    settings: SnapassetSettings
    _facts: Facts | None = None
    _looked_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def facts(self) -> Facts:
        """What the engines say. Raises Unavailable where the helper does not answer."""
        with self._lock:
            if self._facts is None or monotonic() - self._looked_at > LOOK_AGAIN_SECONDS:
                settings, folder = self.settings, str(self.platform.models.files.cache_dir)
                arguments = (settings.diffusers_model, settings.diffusers_revision, folder)
                self._facts = self.platform.compute.call(look, *arguments)
                self._looked_at = monotonic()
            return self._facts

    def states(self) -> dict[str, dict[str, Any]]:
        """``{available, model, reason}`` of every engine by name. Raises Unavailable."""
        facts, settings = self.facts(), self.settings
        has_key, has_model = bool(settings.openai_api_key), bool(settings.openai_model)
        missing = "No key is configured." if not has_key else None if has_model else "No model is configured."
        return {
            PROCEDURAL: {"available": True, "model": facts.procedural_model, "reason": None},
            OPENAI: {"available": missing is None, "model": settings.openai_model, "reason": missing},
            DIFFUSERS: {"available": facts.diffusers_ready, "model": settings.diffusers_model, "reason": facts.diffusers_reason},
        }


def look(model: str | None, revision: str | None, folder: str) -> Facts:
    """The facts, in a process that may load the engines."""
    found: Facts = hook("pentaprism.faces.snapasset.generation.clients:facts")(model, revision, folder)
    return found


def choose(found: Mapping[str, Mapping[str, Any]], wish: str) -> str | None:
    """The engine for a job that wants ``wish``; None where that one is not available."""
    if wish == "auto":
        return next((name for name in (OPENAI, DIFFUSERS) if found[name]["available"]), PROCEDURAL)
    return wish if found[wish]["available"] else None


def label(engine: str, model: str | None) -> str:
    """The engine as the job's log names it."""
    if engine == OPENAI:
        return "DALL-E" if model and model.startswith("dall-e") else f"OpenAI {model}"
    return f"diffusers {model}" if engine == DIFFUSERS else engine
