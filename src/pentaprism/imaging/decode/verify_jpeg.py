"""The segment structure of a JPEG file up to its end mark. Source: ITU-T T.81, annex B."""

import struct
from typing import BinaryIO

from pentaprism.imaging.decode import headers
from pentaprism.imaging.decode.errors import CorruptImage

MAX_SCANS = 100
_CHUNK = 1 << 16
_IN_SCAN = {0x00, 0xFF, *range(0xD0, 0xD8)}


def _skip_scan(file: BinaryIO) -> None:
    """Move from the start of entropy-coded data to the next marker that is no restart."""
    pending = b""
    while block := file.read(_CHUNK):
        data = pending + block
        at = data.find(b"\xff")
        while 0 <= at < len(data) - 1:
            if data[at + 1] not in _IN_SCAN:
                file.seek(at - len(data), 1)
                return
            at = data.find(b"\xff", at + 1)
        pending = b"\xff" if data.endswith(b"\xff") else b""
    raise CorruptImage("JPEG: no end mark")


def check_scans(file: BinaryIO) -> int:
    """Count the scans of a JPEG file.

    Raises:
        CorruptImage: segments that do not lead to the end mark, or more than `MAX_SCANS` scans (each costs a pass over the picture).
    """
    file.seek(2)
    scans = 0
    while True:
        lead, code = headers.read_exactly(file, 2, "JPEG")
        while code == 0xFF:
            code = headers.read_exactly(file, 1, "JPEG")[0]
        if lead != 0xFF or code == 0:
            raise CorruptImage("JPEG: no marker where one must be")
        if code == 0xD9:
            return scans
        if 0xD0 <= code <= 0xD8 or code == 1:
            continue
        file.seek(max(struct.unpack(">H", headers.read_exactly(file, 2, "JPEG"))[0] - 2, 0), 1)
        if code == 0xDA:
            scans += 1
            if scans > MAX_SCANS:
                raise CorruptImage(f"JPEG: more than {MAX_SCANS} scans")
            _skip_scan(file)
