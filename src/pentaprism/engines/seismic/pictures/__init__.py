"""Pictures of seismic sections, drawn from arrays: previews, tiles, comparisons and spectra. No plotting library is needed."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pentaprism.engines.seismic.pictures.colormaps import COLORMAPS
    from pentaprism.engines.seismic.pictures.comparison import draw_comparison
    from pentaprism.engines.seismic.pictures.limits import amplitude_limit
    from pentaprism.engines.seismic.pictures.parameters import GAINS, MARKS, MODES, POLARITIES, PreviewParameters, TileParameters
    from pentaprism.engines.seismic.pictures.preview import draw_preview
    from pentaprism.engines.seismic.pictures.spectra import draw_fk, draw_spectra
    from pentaprism.engines.seismic.pictures.tiles import Pyramid, draw_tile, pyramid

HOMES = {
    "COLORMAPS": "colormaps",
    "draw_comparison": "comparison",
    "amplitude_limit": "limits",
    **dict.fromkeys(("GAINS", "MARKS", "MODES", "POLARITIES", "PreviewParameters", "TileParameters"), "parameters"),
    "draw_preview": "preview",
    **dict.fromkeys(("draw_fk", "draw_spectra"), "spectra"),
    **dict.fromkeys(("Pyramid", "draw_tile", "pyramid"), "tiles"),
}

__all__ = [
    "COLORMAPS",
    "GAINS",
    "MARKS",
    "MODES",
    "POLARITIES",
    "PreviewParameters",
    "Pyramid",
    "TileParameters",
    "amplitude_limit",
    "draw_comparison",
    "draw_fk",
    "draw_preview",
    "draw_spectra",
    "draw_tile",
    "pyramid",
]


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
