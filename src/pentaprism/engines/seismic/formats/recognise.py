"""What kind of file this is, by its bytes alone."""

from pathlib import Path
from typing import Literal

from pentaprism.engines.seismic.errors import NotSeismic, StructureError, UnreadableFile
from pentaprism.engines.seismic.formats.miniseed.section import decoder_of
from pentaprism.engines.seismic.formats.miniseed.version2 import is_header
from pentaprism.engines.seismic.formats.miniseed.version3 import MAGIC as MINISEED_3
from pentaprism.engines.seismic.formats.npy import MAGIC as NPY
from pentaprism.engines.seismic.formats.npy import read_header
from pentaprism.engines.seismic.formats.section import Limits, within
from pentaprism.engines.seismic.formats.segy.layout import looks_like_segy, read_layout
from pentaprism.engines.seismic.formats.source import FileSource

Format = Literal["segy", "miniseed", "npy"]
HEAD = 4096


def recognise(head: bytes) -> Format | None:
    """The format of a file from its first 4096 bytes (all of a shorter one), None when it is none of them."""
    if head.startswith(NPY):
        return "npy"
    if head.startswith(MINISEED_3) or is_header(head):
        return "miniseed"
    return "segy" if looks_like_segy(head) else None


def check_structure(path: Path, *, limits: Limits | None = None) -> Format:
    """The format of a file whose parts fit together; reads headers only.

    Raises:
        NotSeismic: it is none of the accepted formats.
        StructureError: it is empty, broken, or larger than ``limits``.
    """
    limits = limits or Limits()
    with FileSource(path) as source:
        if source.size == 0:
            raise StructureError("File is empty")
        kind = recognise(source.head(HEAD))
        if kind is None:
            raise NotSeismic
        try:
            if kind == "segy":
                layout = read_layout(source)
                within(layout.traces, layout.samples, limits)
            elif kind == "npy":
                shape = read_header(source)[0]
                within(shape[0] if len(shape) == 2 else 1, shape[-1], limits)
            else:
                _require_record(source)
        except UnreadableFile as error:
            raise StructureError(error.message) from error
    return kind


def _require_record(source: FileSource) -> None:
    """StructureError unless the first data record decodes."""
    decoder = decoder_of(source)
    offset, length = decoder.first_record()
    decoder.pieces(offset, length, samples=True)
