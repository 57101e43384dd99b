"""Pages of lists: sorting, counting, and the keys that stand around the items."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from pentaprism.faces.promethium.schemas.queries import Paging, SortedPaging


def sort_fields(text: str) -> list[tuple[str, bool]]:
    """``(name, descending)`` of each field."""
    parts = [part.strip() for part in text.split(",")]
    return [(part.removeprefix("-"), part.startswith("-")) for part in parts]


def page_of(
    session: Session, query: "Select[*tuple[Any, ...]]", paging: SortedPaging, columns: Mapping[str, Any], identity: Any
) -> tuple[Sequence[Any], int]:
    """The rows of the page, and the number of all rows. Null comes last, the id breaks ties."""
    fields = sort_fields(paging.sort or "-created_at")
    order = [(columns[name].desc() if descending else columns[name].asc()).nulls_last() for name, descending in fields]
    last = identity.desc() if fields[0][1] else identity.asc()
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    if paging.offset >= total:
        return [], total
    return session.execute(query.order_by(*order, last).limit(paging.per_page).offset(paging.offset)).all(), total


def page_document(items: Sequence[Any], total: int, paging: Paging) -> dict[str, Any]:
    """A page in the face's shape."""
    size = paging.per_page
    return {"items": list(items), "total": total, "page": paging.page, "per_page": size, "pages": -(-total // size)}
