"""Text headers: 40 lines of 80 characters, EBCDIC or ASCII."""

import numpy as np

LINES, COLUMNS = 40, 80
SIZE = LINES * COLUMNS
EBCDIC = "cp037"
ASCII = "latin-1"
BLANK = frozenset(b"\x00\x20\x40")
# Share of characters that must be readable for bytes to count as text.
READABLE = 0.9

_PRINTABLE = {
    code: np.array([ch.isascii() and (ch.isprintable() or ch in "\r\n\t") for ch in bytes(range(256)).decode(code)])
    for code in (EBCDIC, ASCII)
}
# Each byte as itself, those that stand for no printable character as a blank of the same code.
_SHOWN = {
    code: b"".join(one if one.decode(code).isprintable() else " ".encode(code) for one in (bytes([number]) for number in range(256)))
    for code in (EBCDIC, ASCII)
}


def encoding_of(block: bytes) -> str | None:
    """``cp037`` or ``latin-1``, whichever makes the bytes text; None when neither does. Blank bytes are taken as EBCDIC."""
    content = np.frombuffer(block, np.uint8)
    content = content[content != 0]
    if content.size == 0 or is_blank(block):
        return ASCII if content.size and int(content[0]) == 0x20 else EBCDIC
    readable = {code: float(table[content].mean()) for code, table in _PRINTABLE.items()}
    best = max(readable, key=lambda code: (readable[code], code == EBCDIC))
    return best if readable[best] >= READABLE else None


def is_blank(block: bytes) -> bool:
    """Whether the bytes hold nothing but zeros and blanks."""
    return BLANK.issuperset(block)


def lines_of(block: bytes, encoding: str) -> str:
    """40 lines of up to 80 characters joined by line feeds, trailing blanks removed, unprintable characters as blanks."""
    text = block.translate(_SHOWN[encoding]).decode(encoding)
    return "\n".join(text[at : at + COLUMNS].rstrip() for at in range(0, SIZE, COLUMNS))


def text_block(lines: list[str], encoding: str) -> bytes:
    """3200 bytes of up to 40 lines; longer lines are cut, characters that the code lacks become question marks."""
    padded = [line[:COLUMNS].ljust(COLUMNS) for line in [*lines, *[""] * LINES][:LINES]]
    return "".join(padded).encode(encoding, "replace")
