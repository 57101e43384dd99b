"""Products."""

from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Query, Request, Response

from pentaprism.faces.imagineai.context import API, READ, WRITE, Imagineai, caller
from pentaprism.faces.imagineai.names import Category, ProductStatus
from pentaprism.faces.imagineai.routes.common import answer, errors, no_content
from pentaprism.faces.imagineai.schemas.answers import Analysis, Product, Products
from pentaprism.faces.imagineai.schemas.requests import CreateProduct, UpdateProduct
from pentaprism.faces.imagineai.schemas.texts import EmptyIsAbsent, Text
from pentaprism.faces.imagineai.service import analyses, products
from pentaprism.faces.imagineai.service.access import product_of
from pentaprism.faces.imagineai.service.products import ProductFilter

PATH = f"{API}/products"
LAST_PAGE = 1_000_000

WantedCategory = Annotated[Category | None, EmptyIsAbsent, Query(description="Only this category")]
WantedStatus = Annotated[ProductStatus | None, EmptyIsAbsent, Query(description="Only this status")]
WantedWords = Annotated[Text | None, Query(max_length=200, description="Every word must occur in title or description")]


def add(app: FastAPI, context: Imagineai) -> None:
    """The operations below ``/products``."""

    @app.get(PATH, tags=["products"], response_model=Products, responses=errors(401, 422))
    @READ
    def list_products(
        request: Request,
        category: WantedCategory = None,
        status: WantedStatus = None,
        search: WantedWords = None,
        page: Annotated[int, Query(ge=1, le=LAST_PAGE)] = 1,
        page_size: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> Response:
        """The caller's products, the newest first."""
        links = context.links(request)
        with context.platform.database.read() as session:
            found = products.list_products(session, caller(request), ProductFilter(category, status, search), page, page_size)
            items = products.documents(session, found.items, links)
        return answer({"items": items, "total": found.total, "page": page, "page_size": page_size, "pages": found.pages})

    @app.post(PATH, tags=["products"], status_code=201, response_model=Product, responses=errors(401, 422))
    @WRITE
    def create_product(request: Request, body: CreateProduct) -> Response:
        """Create a product."""
        with context.platform.database.write() as session:
            document = products.create(session, caller(request), body, context.links(request))
        return answer(document, 201)

    @app.get(f"{PATH}/{{product_id}}", tags=["products"], response_model=Product, responses=errors(401, 404, 422))
    @READ
    def get_product(request: Request, product_id: UUID) -> Response:
        """A product with its images."""
        with context.platform.database.read() as session:
            product = product_of(session, caller(request), str(product_id))
            document = products.documents(session, [product], context.links(request))[0]
        return answer(document)

    @app.patch(f"{PATH}/{{product_id}}", tags=["products"], response_model=Product, responses=errors(401, 404, 422))
    @WRITE
    def update_product(request: Request, product_id: UUID, body: UpdateProduct) -> Response:
        """Change a product; keys that are absent stay as they are."""
        with context.platform.database.write() as session:
            document = products.update(session, caller(request), str(product_id), body, context.links(request))
        return answer(document)

    @app.delete(f"{PATH}/{{product_id}}", tags=["products"], status_code=204, responses=errors(401, 404, 422))
    @WRITE
    def delete_product(request: Request, product_id: UUID) -> Response:
        """Delete a product with its images and analyses."""
        with context.platform.database.write() as session:
            products.remove(context, session, caller(request), str(product_id))
        return no_content()

    @app.get(f"{PATH}/{{product_id}}/analysis", tags=["products"], response_model=list[Analysis], responses=errors(401, 404, 422))
    @READ
    def get_product_analysis(request: Request, product_id: UUID) -> Response:
        """The analyses of all images of a product."""
        with context.platform.database.read() as session:
            return answer(analyses.of_product(session, caller(request), str(product_id)))
