"""Windows into lists."""

from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.pages import Page
from pentaprism.web.pages import Window, numbered, pagination, window


@pytest.fixture(scope="module")
def url(serve_long) -> str:  # type: ignore[no-untyped-def]
    app = FastAPI()

    @app.get("/window")
    def by_window(asked: Annotated[Window, Depends(window(10, 100))]) -> list[int]:
        return [asked.limit, asked.offset]

    @app.get("/pages")
    def by_page(asked: Annotated[Window, Depends(numbered(20, 50, size="per_page"))]) -> list[int]:
        return [asked.limit, asked.offset]

    address: str = serve_long(app)
    return address


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/window", [10, 0]),
        ("/window?limit=100&offset=7&_cb=1", [100, 7]),
        ("/pages", [20, 0]),
        ("/pages?page=3&per_page=50", [50, 100]),
    ],
)
def test_a_window_is_read_from_the_query(url: str, path: str, expected: list[int]) -> None:
    assert httpx.get(url + path).json() == expected


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "offset=-1", "offset=1e3", f"offset={2**70}"])
def test_values_out_of_range_are_refused(url: str, query: str) -> None:
    assert httpx.get(f"{url}/window?{query}").status_code == 422


@given(total=st.integers(0, 300), limit=st.integers(1, 100))
def test_walking_on_while_there_is_more_visits_everything_once(total: int, limit: int) -> None:
    everything, seen, pages = list(range(total)), [], 0
    more = True
    while more:
        items = everything[pages * limit : (pages + 1) * limit]
        document = pagination(Page(items, total, limit, pages * limit))
        seen += items
        pages += 1
        more = document["hasMore"]
        assert document["page"] == pages
    assert seen == everything
    assert document["totalPages"] == (pages if total else 0)
