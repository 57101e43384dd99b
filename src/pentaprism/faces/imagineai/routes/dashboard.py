"""Figures and exports."""

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import FastAPI, Query, Request, Response
from starlette.responses import StreamingResponse

from pentaprism.faces.imagineai.context import API, READ, Imagineai, caller
from pentaprism.faces.imagineai.routes.common import answer, errors
from pentaprism.faces.imagineai.routes.products import WantedCategory, WantedStatus, WantedWords
from pentaprism.faces.imagineai.schemas.answers import CategoryCount, RecentJob, Stats
from pentaprism.faces.imagineai.service import dashboard, exports
from pentaprism.faces.imagineai.service.exports import Format
from pentaprism.faces.imagineai.service.products import ProductFilter
from pentaprism.web.downloads import content_disposition

DASHBOARD = f"{API}/dashboard"
EXPORTS = f"{API}/exports"
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/json"}
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    }
}
WantedFormat = Annotated[Format, Query(alias="format")]


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/dashboard`` and ``/exports``."""

    @app.get(f"{DASHBOARD}/stats", tags=["dashboard"], response_model=Stats, responses=errors(401))
    @READ
    def stats(request: Request) -> Response:
        """Figures of the account."""
        with context.platform.database.read() as session:
            return answer(dashboard.stats(session, caller(request)))

    @app.get(f"{DASHBOARD}/recent", tags=["dashboard"], response_model=list[RecentJob], responses=errors(401))
    @READ
    def recent(request: Request) -> Response:
        """The last ten jobs."""
        with context.platform.database.read() as session:
            return answer(dashboard.recent(session, caller(request)))

    @app.get(f"{DASHBOARD}/category-distribution", tags=["dashboard"], response_model=list[CategoryCount], responses=errors(401))
    @READ
    def category_distribution(request: Request) -> Response:
        """How many products each category has."""
        with context.platform.database.read() as session:
            return answer(dashboard.categories(session, caller(request)))

    @app.get(f"{EXPORTS}/products", tags=["exports"], response_class=Response, responses={**FILE, **errors(401, 422)})
    @READ
    def export_products(
        request: Request,
        kind: WantedFormat = "csv",
        category: WantedCategory = None,
        status: WantedStatus = None,
        search: WantedWords = None,
    ) -> Response:
        """The caller's products as a file."""
        wanted = ProductFilter(category, status, search)
        return _file(exports.products(context, caller(request), wanted, kind, context.links(request)), "products", kind)

    @app.get(f"{EXPORTS}/analysis", tags=["exports"], response_class=Response, responses={**FILE, **errors(401, 422)})
    @READ
    def export_analysis(
        request: Request,
        kind: WantedFormat = "csv",
        category: WantedCategory = None,
        status: WantedStatus = None,
        search: WantedWords = None,
        product_id: UUID | None = None,
    ) -> Response:
        """The caller's analyses as a file."""
        wanted = ProductFilter(category, status, search)
        product = str(product_id) if product_id is not None else None
        return _file(exports.analyses_of(context, caller(request), wanted, product, kind), "analysis", kind)


def _file(chunks: Iterator[bytes], name: str, kind: Format) -> Response:
    headers = {
        "Content-Disposition": content_disposition(f"{name}.{kind}"),
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(chunks, media_type=MEDIA[kind], headers=headers)
