"""Reading a prompt: which of its words are understood, and as what."""

import re
import unicodedata
from dataclasses import dataclass, field

from pentaprism.engines.artwork.lexicon import LEXICON, LONGEST_PHRASE, STOP_WORDS, Entry

WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
NEGATIONS = frozenset({"no", "without", "not"})
FILLERS = frozenset({"any", "a", "an", "the"})


@dataclass(slots=True)
class Reading:
    """Terms by role in the order of the prompt, the words they came from, and the words that mean nothing here."""

    terms: dict[str, list[str]] = field(default_factory=dict)
    words: dict[tuple[str, str], str] = field(default_factory=dict)
    excluded: set[str] = field(default_factory=set)
    ignored: list[str] = field(default_factory=list)
    subject_colour: str | None = None

    def of(self, role: str) -> list[str]:
        """The terms of one role, the first named first."""
        return self.terms.get(role, [])

    def add(self, entry: Entry, word: str) -> None:
        known = self.terms.setdefault(entry.role, [])
        if entry.term not in known:
            known.append(entry.term)
            self.words[entry.role, entry.term] = word


def normalised(prompt: str) -> str:
    """NFC, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFC", prompt).lower().split())


def read(prompt: str) -> Reading:
    """The longest phrase that is known wins; ``no X`` and ``without X`` exclude X."""
    words = WORD.findall(normalised(prompt))
    reading, position, colour_before = Reading(), 0, None
    while position < len(words):
        if words[position] in NEGATIONS:
            skipped = _excluded(words, position + 1, reading)
            if skipped:
                position, colour_before = skipped, None
                continue
        phrase, entry = _longest(words, position)
        if entry is None:
            if words[position] not in STOP_WORDS and words[position] not in reading.ignored:
                reading.ignored.append(words[position])
            position, colour_before = position + 1, None
            continue
        if entry.role == "subject" and colour_before and reading.subject_colour is None:
            reading.subject_colour = colour_before
        colour_before = entry.term if entry.role == "colour" else None
        reading.add(entry, phrase)
        position += phrase.count(" ") + 1
    for role in list(reading.terms):
        reading.terms[role] = [term for term in reading.terms[role] if term not in reading.excluded]
    return reading


def _excluded(words: list[str], position: int, reading: Reading) -> int:
    """Take what follows a negation as not wanted; the position behind it, 0 when it is no known word."""
    while position < len(words) and words[position] in FILLERS:
        position += 1
    phrase, entry = _longest(words, position)
    if entry is None:
        return 0
    reading.excluded.add(entry.term)
    return position + phrase.count(" ") + 1


def _longest(words: list[str], position: int) -> tuple[str, Entry | None]:
    for length in range(min(LONGEST_PHRASE, len(words) - position), 0, -1):
        phrase = " ".join(words[position : position + length])
        entry = LEXICON.get(phrase)
        if entry is None and "-" in phrase:
            entry = LEXICON.get(phrase.replace("-", " "))
        if entry is not None:
            return phrase, entry
    return "", None
