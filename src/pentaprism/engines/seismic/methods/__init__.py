"""Reconstruction and denoising of seismic sections. Names and cards load at once; arrays and ONNX Runtime at their first use."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pentaprism.engines.seismic.methods.catalogue import Model, find_model, models
from pentaprism.engines.seismic.methods.names import ARCHITECTURES, NAMES, JobType, id_of

if TYPE_CHECKING:
    from pentaprism.engines.seismic.methods.job import InvalidData, Job, Outcome, SectionReader
    from pentaprism.engines.seismic.methods.metrics import compare, snr_db, ssim
    from pentaprism.engines.seismic.methods.parameters import ParameterError, Parameters, compact, memory_needed, validate
    from pentaprism.engines.seismic.methods.planning import Finding
    from pentaprism.engines.seismic.methods.running import run
    from pentaprism.engines.seismic.methods.store import Changes
    from pentaprism.engines.seismic.methods.uncertainty import Ratios, uncertainty_table

HOMES = {
    **dict.fromkeys(("InvalidData", "Job", "Outcome", "SectionReader"), "job"),
    **dict.fromkeys(("compare", "snr_db", "ssim"), "metrics"),
    **dict.fromkeys(("ParameterError", "Parameters", "compact", "memory_needed", "validate"), "parameters"),
    "Finding": "planning",
    "run": "running",
    "Changes": "store",
    **dict.fromkeys(("Ratios", "uncertainty_table"), "uncertainty"),
}

__all__ = [
    "ARCHITECTURES", "NAMES", "Changes", "Finding", "InvalidData", "Job", "JobType", "Model", "Outcome", "ParameterError", "Parameters",
    "Ratios", "SectionReader", "compact", "compare", "find_model", "id_of", "memory_needed", "models", "run", "snr_db", "ssim",
    "uncertainty_table", "validate",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
