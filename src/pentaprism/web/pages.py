"""Windows into lists, as query parameters and as documents."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query

from pentaprism.core.pages import Page

LARGEST_OFFSET = 2**53


@dataclass(frozen=True, slots=True)
class Window:
    """Skip ``offset`` entries, give at most ``limit``."""

    limit: int
    offset: int


def window(default: int, maximum: int) -> Callable[..., Window]:
    """A dependency that reads ``limit`` (1..maximum) and ``offset`` from the query; values out of range are refused."""

    def read(
        limit: Annotated[int, Query(ge=1, le=maximum, description="How many entries at most")] = default,
        offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="How many entries to skip")] = 0,
    ) -> Window:
        return Window(limit, offset)

    return read


def numbered(default: int, maximum: int, size: str = "page_size", number: str = "page") -> Callable[..., Window]:
    """A dependency that reads a page number (from 1) and a page size under the query names ``number`` and ``size``."""

    def read(
        count: Annotated[int, Query(alias=size, ge=1, le=maximum, description="Entries of a page")] = default,
        position: Annotated[int, Query(alias=number, ge=1, le=LARGEST_OFFSET, description="Page number, from 1")] = 1,
    ) -> Window:
        return Window(count, (position - 1) * count)

    return read


def pagination(page: Page[Any]) -> dict[str, Any]:
    """``{total, limit, offset, page, totalPages, hasMore}``."""
    return {
        "total": page.total,
        "limit": page.limit,
        "offset": page.offset,
        "page": page.number,
        "totalPages": page.pages,
        "hasMore": page.has_more,
    }
