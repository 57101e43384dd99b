"""A page of a longer list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """``items`` of a list of ``total`` entries, after skipping ``offset`` of them, at most ``limit``."""

    items: Sequence[Item]
    total: int
    limit: int
    offset: int

    @property
    def number(self) -> int:
        """One-based number of this page."""
        return self.offset // self.limit + 1 if self.limit else 1

    @property
    def pages(self) -> int:
        """How many pages there are; 0 for an empty list."""
        return -(-self.total // self.limit) if self.limit else int(self.total > 0)

    @property
    def has_more(self) -> bool:
        """Whether entries follow after this page."""
        return self.offset + len(self.items) < self.total
