"""SEG-Y files out of sections of other formats, and remarks in copies of SEG-Y files."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from pentaprism.engines.seismic.errors import IntervalUnknown
from pentaprism.engines.seismic.formats.section import Mask, Section
from pentaprism.engines.seismic.formats.segy.fields import BINARY_FIELDS, BINARY_START, TRACE_HEADER, place_of, put
from pentaprism.engines.seismic.formats.segy.layout import FILE_HEADER, TEXT_SIZE
from pentaprism.engines.seismic.formats.segy.samples import encode
from pentaprism.engines.seismic.formats.segy.section import SegySection
from pentaprism.engines.seismic.formats.segy.text import COLUMNS, EBCDIC, text_block

ORDER = ">"
IEEE = 5
METRES = 1
SHORT = 0xFFFF
LIVE, DEAD = 1, 2
REVISION_1, REVISION_2 = 0x0100, 0x0200
BYTE_ORDER_MARK = 16_909_060


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a processed file says of itself in lines 39 and 40 of its text header."""

    model: str
    date: date


def write_segy(
    section: Section,
    target: Path,
    *,
    recorded_at: datetime | None = None,
    dead: Mask | None = None,
    each: Callable[[float], None] | None = None,
) -> None:
    """The section as SEG-Y revision 1: big-endian, IEEE float32, traces numbered from 1.

    Numbers of samples above 65,535 and intervals that are no whole µs up to 65,535 have no place in revision 1; such files are
    written as revision 2 with its longer fields.

    Raises:
        IntervalUnknown: the section has no interval.
    """
    if section.interval_us is None:
        raise IntervalUnknown
    with target.open("wb") as file:
        file.write(text_block(_text(section), EBCDIC))
        file.write(_binary_header(section.samples, section.interval_us, section.traces))
        for first, count in section.spans():
            stored, _ = encode(section.read(first, count, raw=True), IEEE, ORDER)
            headers = _trace_headers(section, first, count, recorded_at)
            if dead is not None:
                put(headers, *place_of("trace_id"), ORDER, np.where(dead[first : first + count], DEAD, LIVE))
            file.write(np.hstack([headers, stored]).data)
            if each is not None:
                each((first + count) / section.traces)


def _text(section: Section) -> list[str]:
    lines = [
        "C 1 SEISMIC SECTION WRITTEN BY PENTAPRISM",
        f"C 2 CONVERTED FROM {section.format.upper()}",
        f"C 3 TRACES {section.traces}  SAMPLES PER TRACE {section.samples}",
        f"C 4 SAMPLE INTERVAL {section.interval_us:g} MICROSECONDS",
        "C 5 SAMPLES IEEE FLOATING POINT, BIG-ENDIAN",
        "C 6 TRACE HEADER BYTES 1-4 AND 5-8: NUMBER OF THE TRACE",
    ]
    lines += [f"C{number:2d}" for number in range(len(lines) + 1, 39)]
    return [*lines, "C39 SEG Y REV1", "C40 END TEXTUAL HEADER"]


def _binary_header(samples: int, interval_us: float, traces: int) -> bytes:
    header = np.zeros(FILE_HEADER - TEXT_SIZE, np.uint8)
    short = _fits_revision_1(samples, interval_us)
    values = {
        "line_number": 1,
        "data_traces_per_ensemble": min(traces, 0x7FFF),
        "sample_interval": round(interval_us) if interval_us <= SHORT else 0,
        "samples_per_trace": samples if samples <= SHORT else 0,
        "data_sample_format": IEEE,
        "ensemble_fold": 1,
        "trace_sorting": 1,
        "measurement_system": METRES,
        "segy_revision": REVISION_1 if short else REVISION_2,
        "fixed_length_trace_flag": 1,
    }
    for name, value in values.items():
        position, kind = BINARY_FIELDS[name]
        put(header, position - BINARY_START + 1, kind, ORDER, value)
    if not short:
        for position, kind, number in (
            (3269, "i4", samples),
            (3273, "f8", interval_us),
            (3297, "i4", BYTE_ORDER_MARK),
            (3513, "u8", traces),
        ):
            put(header, position - BINARY_START + 1, kind, ORDER, number)
    return header.tobytes()


def _fits_revision_1(samples: int, interval_us: float) -> bool:
    return samples <= SHORT and interval_us <= SHORT and float(interval_us).is_integer() and interval_us >= 1


def _trace_headers(section: Section, first: int, count: int, recorded_at: datetime | None) -> npt.NDArray[np.uint8]:
    headers = np.zeros((count, TRACE_HEADER), np.uint8)
    assert section.interval_us is not None
    numbers = np.arange(first + 1, first + count + 1)
    values: dict[str, npt.ArrayLike] = {
        "tracl": numbers,
        "tracr": numbers,
        "trace_id": LIVE,
        "delay_ms": int(np.clip(round(section.delay_ms), -32768, 32767)),
        "samples": section.samples if section.samples <= SHORT else 0,
        "interval_us": round(section.interval_us) if section.interval_us <= SHORT else 0,
    }
    if recorded_at is not None:
        values.update(
            year=recorded_at.year,
            day=recorded_at.timetuple().tm_yday,
            hour=recorded_at.hour,
            minute=recorded_at.minute,
            second=recorded_at.second,
        )
    given = section.fields([name for name in section.field_names if name not in values], first, count)
    for name, value in {**given, **values}.items():
        put(headers, *place_of(name), ORDER, np.broadcast_to(np.asarray(value), count))
    return headers


def copy_segy(section: SegySection, target: Path, annotation: Annotation | None = None, filled: npt.ArrayLike = ()) -> None:
    """A byte copy; with an annotation, model and date in text lines 39 and 40, and trace id 1 on ``filled`` traces marked dead."""
    assert section.path is not None
    shutil.copyfile(section.path, target)
    if annotation is None:
        return
    lines = [f"C39 PROCESSED BY PENTAPRISM {annotation.model}".upper(), f"C40 DATE {annotation.date.isoformat()}  END TEXTUAL HEADER"]
    stored = text_block(lines, section.text_encoding())[: 2 * COLUMNS]
    position, kind = place_of("trace_id")
    file = os.open(target, os.O_RDWR)
    try:
        os.pwrite(file, stored, TEXT_SIZE - 2 * COLUMNS)
        for trace in np.asarray(filled, np.int64).reshape(-1).tolist():
            if int(section.fields(["trace_id"], trace, 1)["trace_id"][0]) == DEAD:
                at = section.layout.data_start + trace * section.layout.trace_bytes + position - 1
                os.pwrite(file, np.array([LIVE], f"{section.layout.order}{kind}").tobytes(), at)
    finally:
        os.close(file)
