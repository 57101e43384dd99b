"""How much of an automatic run is affordable: SAM models on a CPU get fewer points than they may be asked for."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pentaprism.faces.quarry.errors import invalid
from pentaprism.faces.quarry.service.models import EMBEDDED
from pentaprism.faces.quarry.settings import QuarrySettings


@dataclass(slots=True)
class Fitted:
    """The parameters that are used, and a sentence for each change."""

    parameters: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


@cache
def has_gpu() -> bool:
    """Whether ONNX Runtime can use a graphics processor here."""
    import onnxruntime  # noqa: PLC0415 -- heavy, and needed for SAM models only

    return "CUDAExecutionProvider" in onnxruntime.get_available_providers()


def runs_of(height: int, width: int) -> int:
    """How many automatic runs an image in tiles takes."""
    from pentaprism.engines.sam.tiling import runs_of as count  # noqa: PLC0415 -- brings the array library

    return count(height, width)


def fit(parameters: dict[str, Any], engine: str, settings: QuarrySettings, *, waits: bool, strict: bool, runs: int = 1) -> Fitted:
    """``parameters`` within the budget, which the ``runs`` of an image in tiles share. Raises Invalid where they may not be changed."""
    if engine == EMBEDDED or has_gpu():
        return Fitted(parameters)
    from pentaprism.engines.sam import AutoParameters  # noqa: PLC0415 -- brings the array library, and is needed for SAM models only

    wanted = dict(parameters)
    warnings = []
    if waits and settings.crops_sync and wanted["crop_n_layers"] > settings.crops_sync:
        warnings.append(f"crop_n_layers was lowered from {wanted['crop_n_layers']} to {settings.crops_sync}.")
        wanted["crop_n_layers"] = settings.crops_sync
    most = max(1, (settings.points_sync if waits else settings.points_async) // runs)
    fitted, changes = AutoParameters(**wanted).fitted(most, crops=not waits or settings.crops_sync > 0)
    warnings += changes
    if warnings and strict:
        advice = "use /segment/auto/async, or allow other parameters" if waits else "ask for fewer points"
        raise invalid("points_per_side", f"This is more than a run on this server may take; {advice}.", "budget")
    return Fitted({name: getattr(fitted, name) for name in parameters}, warnings)
