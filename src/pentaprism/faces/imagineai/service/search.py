"""Words of products, so that a search is a look into an index on every database.

A product is found by a word that some piece of its title or description begins with. Pieces begin at each word, at each
character that is no letter or digit, and, in scripts without spaces between words, at each character.
"""

import unicodedata
from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, delete, insert, select
from sqlalchemy.orm import Session

from pentaprism.faces.imagineai.tables import LONGEST_WORD, Product, ProductWord

LAST = "\U0010ffff"
MOST_WORDS = 16


def index(session: Session, product: Product) -> None:
    """Write the words of ``product`` anew."""
    session.flush()
    session.execute(delete(ProductWord).where(ProductWord.product_id == product.id).execution_options(synchronize_session=False))
    words = sorted(set(pieces(f"{product.title} {product.description or ''}")))
    if words:
        session.execute(insert(ProductWord), [{"product_id": product.id, "account_id": product.account_id, "word": word} for word in words])


def matches(account_id: str, query: str) -> ColumnElement[bool]:
    """Products of the account that hold every word of ``query``."""
    words = list(dict.fromkeys(word[:LONGEST_WORD] for word in fold(query).split()))[:MOST_WORDS]
    found = [
        Product.id.in_(
            select(ProductWord.product_id).where(
                ProductWord.account_id == account_id, ProductWord.word >= word, ProductWord.word <= word + LAST
            )
        )
        for word in words
    ]
    return and_(*found)


def pieces(text: str) -> Iterator[str]:
    """Everything in ``text`` that a search can begin with."""
    for word in fold(text).split():
        for start in range(len(word)):
            if start == 0 or _begins(word[start - 1], word[start]):
                yield word[start : start + LONGEST_WORD]


def fold(text: str) -> str:
    """``text`` without differences of case and of composition."""
    return unicodedata.normalize("NFKC", text).casefold()


def _begins(before: str, character: str) -> bool:
    return not character.isalnum() or not before.isalnum() or unicodedata.category(character) == "Lo"
