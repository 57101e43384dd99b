import math

from hypothesis import given
from hypothesis import strategies as st

from pentaprism.core.pages import Page


@given(total=st.integers(0, 200), limit=st.integers(1, 50), offset=st.integers(0, 220))
def test_pages_cover_the_whole_list(total: int, limit: int, offset: int) -> None:
    whole = list(range(total))
    page = Page(whole[offset : offset + limit], total, limit, offset)
    assert page.pages == math.ceil(total / limit)
    assert page.has_more == (offset + limit < total if offset < total else False)
    assert page.number == offset // limit + 1
    if page.items and offset % limit == 0:
        assert page.number <= page.pages and page.has_more == (page.number < page.pages)


def test_following_has_more_meets_every_entry_once() -> None:
    whole, seen, offset = list(range(23)), [], 0
    while True:
        page = Page(whole[offset : offset + 5], 23, 5, offset)
        seen += page.items
        if not page.has_more:
            break
        offset += 5
    assert seen == whole


def test_an_empty_list_has_no_page_and_no_more() -> None:
    page: Page[int] = Page([], 0, 10, 0)
    assert (page.pages, page.number, page.has_more) == (0, 1, False)


def test_without_a_limit_there_is_one_page() -> None:
    assert (Page([1, 2], 2, 0, 0).pages, Page([1, 2], 2, 0, 0).number, Page([], 0, 0, 0).pages) == (1, 1, 0)
