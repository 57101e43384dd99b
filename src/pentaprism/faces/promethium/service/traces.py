"""The traces of a dataset as a table, its gathers, and raw samples."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from pentaprism.engines import seismic
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.errors import invalid
from pentaprism.faces.promethium.schemas.queries import GatherQuery, SampleQuery, TraceQuery
from pentaprism.faces.promethium.service.geometry import index_of
from pentaprism.faces.promethium.service.listing import page_document
from pentaprism.faces.promethium.tables import Dataset

ROWS_AT_ONCE = 1000
COLUMNS = ("index", "dead", "missing", "rms", "delay_ms", "gather")


def _fields(query: TraceQuery) -> list[str] | None:
    if query.fields is None:
        return None
    names = [name.strip() for name in query.fields.split(",") if name.strip()]
    unknown = [name for name in names if name not in seismic.HEADER_FIELDS]
    if unknown:
        raise invalid(("fields", f"Unknown field {unknown[0]}; known are {', '.join(seismic.HEADER_FIELDS)}"))
    return list(dict.fromkeys(names))


def _range(dataset: Dataset, query: TraceQuery) -> tuple[int, int]:
    total = int(dataset.traces or 0)
    last = total - 1 if query.last is None else query.last
    wrong = ["from"] if query.first >= total else ["to"] if last >= total or last < query.first else []
    if wrong:
        raise invalid(*[(name, f"Must lie in the range of the traces, 0 to {total - 1}") for name in wrong])
    return query.first, last - query.first + 1


def trace_page(context: Promethium, dataset: Dataset, query: TraceQuery) -> dict[str, Any]:
    """A page of the table of traces. Raises InvalidRequest."""
    fields, (first, total) = _fields(query), _range(dataset, query)
    start = first + query.offset
    count = max(0, min(query.per_page, first + total - start))
    rows: list[dict[str, Any]] = []
    if count:
        rows = next(_blocks(context, dataset, start, count, fields))
    return page_document(rows, total, query)


def trace_csv(context: Promethium, dataset: Dataset, query: TraceQuery) -> Iterator[bytes]:
    """The whole range as CSV, block by block. Raises InvalidRequest at once."""
    fields, (first, count) = _fields(query), _range(dataset, query)
    return _csv(_blocks(context, dataset, first, count, fields))


def _csv(blocks: Iterator[list[dict[str, Any]]]) -> Iterator[bytes]:
    names: list[str] | None = None
    for rows in blocks:
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        if names is None:
            names = list(rows[0]["fields"])
            writer.writerow([*COLUMNS, *names])
        for row in rows:
            writer.writerow([*(_cell(row[name]) for name in COLUMNS), *(_cell(row["fields"].get(name)) for name in names)])
        yield text.getvalue().encode()


def _cell(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else "" if value is None else value


def _blocks(context: Promethium, dataset: Dataset, first: int, count: int, fields: list[str] | None) -> Iterator[list[dict[str, Any]]]:
    index = index_of(context, dataset)
    path = context.platform.blobs.local_path(dataset.blob_key)
    with seismic.open_section(path, sample_interval_us=dataset.sample_interval_us) as section:
        for start in range(first, first + count, ROWS_AT_ONCE):
            size = min(ROWS_AT_ONCE, first + count - start)
            yield seismic.trace_rows(section, start, size, fields=fields, dead=index.dead, gathers=index.gathers, filled=index.filled)


def gather_page(context: Promethium, dataset: Dataset, query: GatherQuery) -> dict[str, Any]:
    """A page of the gathers by the key of ``dataset``, which was read with its details, or by another."""
    index = index_of(context, dataset)
    path = context.platform.blobs.local_path(dataset.blob_key)
    with seismic.open_section(path, sample_interval_us=dataset.sample_interval_us) as section:
        own = query.key is None or query.key == dataset.gather_key
        gathers = index.gathers if own else seismic.find_gathers(section, str(query.key))
        count = max(0, min(query.per_page, len(gathers) - query.offset))
        known = ((dataset.details or {}).get("geometry") or {}).get("offset")
        offsets = (known["min"], known["max"]) if known else None
        rows = seismic.gather_rows(section, gathers, index.dead, query.offset, count, offsets=offsets) if count else []
    return {**page_document(rows, len(gathers), query), "gather_key": gathers.key}


def samples(context: Promethium, dataset: Dataset, query: SampleQuery) -> bytes:
    """A window of samples as NPY, float32 little-endian. Raises InvalidRequest."""
    import numpy as np  # noqa: PLC0415 -- a server starts without arrays

    sizes = {"trace": int(dataset.traces or 0), "sample": int(dataset.samples or 0)}
    wanted = {"trace": (query.first_trace, query.traces), "sample": (query.first_sample, query.samples)}
    problems, windows = [], {}
    for name, (first, count) in wanted.items():
        rest = sizes[name] - first
        if rest <= 0:
            problems.append((f"first_{name}", f"Must lie in 0 to {sizes[name] - 1}"))
        elif count is not None and count > rest:
            problems.append((f"{name}s", f"Must lie in 1 to {rest}"))
        else:
            windows[name] = slice(first, first + (rest if count is None else count))
    if problems:
        raise invalid(*problems)
    rows, columns = windows["trace"], windows["sample"]
    if (rows.stop - rows.start) * (columns.stop - columns.start) > context.settings.samples_at_once:
        raise invalid(("traces", f"At most {context.settings.samples_at_once} samples are given at once"))
    path = context.platform.blobs.local_path(dataset.blob_key)
    with seismic.open_section(path, sample_interval_us=dataset.sample_interval_us) as section:
        block = section.read(rows.start, rows.stop - rows.start, columns.start, columns.stop - columns.start)
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(block, dtype="<f4"), allow_pickle=False)
    return file.getvalue()
