"""The traces of a dataset: the table of headers, gathers, raw samples."""

from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from starlette.responses import StreamingResponse

from pentaprism.faces.promethium.access import access, caller
from pentaprism.faces.promethium.answers import answer
from pentaprism.faces.promethium.context import Promethium
from pentaprism.faces.promethium.links import API
from pentaprism.faces.promethium.openapi import bytes_answer, failures
from pentaprism.faces.promethium.routes.datasets import Id
from pentaprism.faces.promethium.schemas.answers import GatherPage, RowPage
from pentaprism.faces.promethium.schemas.queries import GatherQuery, SampleQuery, TraceQuery
from pentaprism.faces.promethium.service import traces
from pentaprism.faces.promethium.service.conversion import OCTETS, stem
from pentaprism.faces.promethium.service.datasets import find_ready
from pentaprism.faces.promethium.tables import Dataset
from pentaprism.web.downloads import bytes_response, content_disposition


def add(app: FastAPI, context: Promethium) -> None:
    """Routes below ``/datasets/{id}``."""

    def ready(request: Request, dataset_id: Id, *, details: bool = False) -> Dataset:
        with context.platform.database.read() as session:
            dataset = find_ready(session, str(dataset_id), caller(request).account.id)
            if details:
                session.refresh(dataset, ["details"])
            return dataset

    @app.get(f"{API}/datasets/{{id}}/traces", tags=["datasets"], response_model=RowPage, responses=failures(404, 409))
    @access("read")
    def list_traces(request: Request, dataset_id: Id, query: Annotated[TraceQuery, Query()]) -> Response:
        """Trace headers and figures, page by page, or all of them as CSV."""
        dataset = ready(request, dataset_id)
        if query.format != "csv":
            return answer(traces.trace_page(context, dataset, query))
        headers = {"Content-Disposition": content_disposition(f"{stem(dataset.name)}_traces.csv"), "Cache-Control": "private"}
        return StreamingResponse(traces.trace_csv(context, dataset, query), media_type="text/csv; charset=utf-8", headers=headers)

    @app.get(f"{API}/datasets/{{id}}/gathers", tags=["datasets"], response_model=GatherPage, responses=failures(404, 409))
    @access("read")
    def list_gathers(request: Request, dataset_id: Id, query: Annotated[GatherQuery, Query()]) -> Response:
        """The gathers by the dataset's key or another."""
        return answer(traces.gather_page(context, ready(request, dataset_id, details=True), query))

    answers = {**bytes_answer(OCTETS), **failures(404, 409)}

    @app.get(f"{API}/datasets/{{id}}/samples", tags=["datasets"], response_class=Response, responses=answers)
    @access("read")
    def raw_samples(request: Request, dataset_id: Id, query: Annotated[SampleQuery, Query()]) -> Response:
        """A window of samples as npy, float32 little-endian, [trace, sample]."""
        dataset = ready(request, dataset_id)
        body = traces.samples(context, dataset, query)
        name = f"{stem(dataset.name)}_samples.npy"
        return bytes_response(request, body, content_type=OCTETS, filename=name, inline=False, cache_control="private")
