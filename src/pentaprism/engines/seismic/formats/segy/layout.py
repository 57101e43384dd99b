"""Where everything lies in a SEG-Y file."""

from dataclasses import dataclass

import numpy as np

from pentaprism.engines.seismic.errors import StructureError
from pentaprism.engines.seismic.formats.segy import text
from pentaprism.engines.seismic.formats.segy.fields import BINARY_FIELDS, TRACE_HEADER, binary_value
from pentaprism.engines.seismic.formats.segy.samples import CODES
from pentaprism.engines.seismic.formats.source import FileSource

TEXT_SIZE = 3200
FILE_HEADER = 3600
VARIABLE = -1
END_STANZA = "((SEG:ENDTEXT))"
MOST_EXTENDED_HEADERS = 10_000
WALK = 2000


@dataclass(frozen=True, slots=True)
class Layout:
    """The shape of a file. ``order`` is ``>`` or ``<``; ``variable_length``: its traces say that they differ in length."""

    order: str
    code: int
    samples: int
    interval_us: float | None
    revision: str
    extended_headers: int
    data_start: int
    trace_header: int
    traces: int
    fixed_length: bool
    variable_length: bool = False

    @property
    def trace_bytes(self) -> int:
        """Bytes of one trace with its header."""
        return self.trace_header + self.samples * CODES[self.code].width


def byte_order(block: bytes) -> str | None:
    """The order in which the sample code at 3225 is a known one; ``block`` begins at byte 3201."""
    for order in (">", "<"):
        if binary_value(block, *BINARY_FIELDS["data_sample_format"], order) in CODES:
            return order
    return None


def looks_like_segy(head: bytes) -> bool:
    """Whether the first bytes of a file (up to 4096) can be those of a SEG-Y file."""
    if len(head) < FILE_HEADER:
        return False
    block = head[TEXT_SIZE:FILE_HEADER]
    order = byte_order(block)
    if order is None or text.encoding_of(head[:TEXT_SIZE]) is None:
        return False
    samples = binary_value(block, *BINARY_FIELDS["samples_per_trace"], order) or _long(block, 3269, order)
    if samples > 0 or binary_value(block, *BINARY_FIELDS["extended_text_header_count"], order):
        return True
    first = head[FILE_HEADER:]
    return len(first) < 116 or _short(first, 115, order) > 0


def read_layout(source: FileSource) -> Layout:
    """The shape of a file that looks like SEG-Y; StructureError where its parts do not fit together."""
    head = source.head(FILE_HEADER)
    if len(head) < FILE_HEADER:
        raise StructureError("File ends inside its headers")
    block = head[TEXT_SIZE:]
    order = byte_order(block)
    if order is None:
        raise StructureError("The sample format code is not a known one")
    code = binary_value(block, *BINARY_FIELDS["data_sample_format"], order)
    revision = revision_of(block, order)
    stated = binary_value(block, *BINARY_FIELDS["extended_text_header_count"], order)
    # Revision 0 leaves this field to the user: a file that does not fit with it may fit without.
    choices = [stated, 0] if revision == "0.0" and stated else [stated]
    problem: StructureError | None = None
    for count in choices:
        try:
            return _with_extended(source, block, order, code, revision, count)
        except StructureError as error:
            problem = problem or error
    assert problem is not None
    raise problem


def revision_of(block: bytes, order: str) -> str:
    """Major and minor revision; ``block`` begins at byte 3201."""
    value = binary_value(block, *BINARY_FIELDS["segy_revision"], order)
    major, minor = divmod(value, 256)
    if major == 0 and minor in (1, 2):
        # Written as a plain number, or, in little-endian files of revision 2, as two bytes in the order of the standard.
        major, minor = minor, 0
    return f"{major}.{minor}"


def _with_extended(source: FileSource, block: bytes, order: str, code: int, revision: str, stated: int) -> Layout:
    extended = _walk_extended(source) if stated == VARIABLE else stated
    if not 0 <= extended <= MOST_EXTENDED_HEADERS:
        raise StructureError(f"The number of extended text headers cannot be {stated}")
    start = FILE_HEADER + TEXT_SIZE * extended
    trailer, extra = 0, 0
    if _second_revision(revision):
        offset = _wide(block, 3521, order)
        start = offset if start < offset < source.size else start
        extra = max(_long(block, 3507, order), 0)
        trailer = max(_long(block, 3529, order), 0) * TEXT_SIZE
    end = source.size - trailer
    if source.size < start + TRACE_HEADER:
        raise StructureError("File ends before its first trace" if source.size <= start else "File ends inside trace 0")
    first = source.read(start, TRACE_HEADER).tobytes()
    samples, from_binary = _samples(block, first, order, revision)
    if samples == 0:
        raise StructureError("The number of samples per trace is 0")
    width = CODES[code].width
    header = TRACE_HEADER * (1 + extra)
    fixed = binary_value(block, *BINARY_FIELDS["fixed_length_trace_flag"], order) == 1
    layout = Layout(order, code, samples, _interval(block, first, order, revision), revision, extended, start, header, 0, fixed)
    whole, rest = divmod(max(end - start, 0), header + samples * width)
    own = _short(first, 115, order)
    if rest and from_binary and own not in (0, samples) and (end - start) % (header + own * width) == 0:
        samples, whole, rest = own, (end - start) // (header + own * width), 0
    if rest and not fixed and _lengths_differ(source, layout):
        return _counted(layout, samples, max(whole, 1), variable=True)
    if rest:
        raise StructureError(f"File ends inside trace {whole}")
    if whole == 0:
        raise StructureError("File ends before its first trace")
    return _counted(layout, samples, whole)


def _counted(layout: Layout, samples: int, traces: int, *, variable: bool = False) -> Layout:
    return Layout(
        layout.order,
        layout.code,
        samples,
        layout.interval_us,
        layout.revision,
        layout.extended_headers,
        layout.data_start,
        layout.trace_header,
        traces,
        layout.fixed_length,
        variable,
    )


def _samples(block: bytes, first: bytes, order: str, revision: str) -> tuple[int, bool]:
    if _second_revision(revision) and (count := _long(block, 3269, order)) > 0:
        return count, True
    count = binary_value(block, *BINARY_FIELDS["samples_per_trace"], order)
    return (count, True) if count else (_short(first, 115, order), False)


def _interval(block: bytes, first: bytes, order: str, revision: str) -> float | None:
    if _second_revision(revision):
        value = float(np.frombuffer(block, f"{order}f8", 1, 3273 - 3201)[0])
        if np.isfinite(value) and 0 < value < 1e12:
            return value
    stated = binary_value(block, *BINARY_FIELDS["sample_interval"], order) or _short(first, 117, order)
    return float(stated) if stated else None


def _second_revision(revision: str) -> bool:
    return revision.startswith("2.")


def _walk_extended(source: FileSource) -> int:
    """Count extended text headers up to and with the one that begins with the end stanza."""
    for count in range(MOST_EXTENDED_HEADERS):
        start = FILE_HEADER + TEXT_SIZE * count
        if start + TEXT_SIZE > source.size:
            break
        beginning = source.read(start, 80).tobytes()
        for code in (text.EBCDIC, text.ASCII):
            if beginning.decode(code).upper().replace(" ", "").startswith(END_STANZA):
                return count + 1
    raise StructureError("The extended text headers have no end stanza")


def _lengths_differ(source: FileSource, layout: Layout) -> bool:
    """Whether the first traces, each followed by its own stated length, lie in the file and differ in length."""
    at, differ, width = layout.data_start, False, CODES[layout.code].width
    for _ in range(WALK):
        if at == source.size:
            break
        if at + TRACE_HEADER > source.size:
            return False
        samples = _short(source.read(at, TRACE_HEADER).tobytes(), 115, layout.order)
        if samples == 0:
            return False
        differ |= samples != layout.samples
        at += layout.trace_header + samples * width
        if at > source.size:
            return False
    return differ


def _short(header: bytes, position: int, order: str) -> int:
    return int(np.frombuffer(header, f"{order}u2", 1, position - 1)[0])


def _long(block: bytes, position: int, order: str) -> int:
    return binary_value(block, position, "i4", order)


def _wide(block: bytes, position: int, order: str) -> int:
    return binary_value(block, position, "u8", order)
