"""Projects."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from pentaprism.faces.spheroseg.answers import answer, list_keys, no_content
from pentaprism.faces.spheroseg.context import Spheroseg
from pentaprism.faces.spheroseg.routes.common import NOT_MODIFIED, errors
from pentaprism.faces.spheroseg.schemas.answers import ProjectAnswer, ProjectsAnswer
from pentaprism.faces.spheroseg.schemas.requests import CreateProject, DuplicateProject, UpdateProject
from pentaprism.faces.spheroseg.schemas.texts import Search
from pentaprism.faces.spheroseg.service import duplicates, projects, removal
from pentaprism.faces.spheroseg.service.projects import Direction, ProjectQuery, SortField
from pentaprism.web.pages import LARGEST_OFFSET


def router(context: Spheroseg) -> APIRouter:
    """Routes below ``/projects`` that are about projects themselves."""
    routes = APIRouter(prefix="/projects", tags=["projects"])
    _lists(routes, context)
    _single(routes, context)
    return routes


def _lists(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("", response_model=ProjectsAnswer, responses={**NOT_MODIFIED, **errors(400)})
    def list_projects(
        request: Request,
        limit: Annotated[int, Query(ge=1, le=100)] = 10,
        offset: Annotated[int, Query(ge=0, le=LARGEST_OFFSET)] = 0,
        include_shared: Annotated[str | None, Query(alias="includeShared", description="true, false, 1 or 0; default true")] = None,
        sort_field: SortField = "created_at",
        sort_direction: Direction = "desc",
        search: Annotated[Search | None, Query()] = None,
        tag: Annotated[Search | None, Query()] = None,
    ) -> Response:
        """A page of the projects that the caller owns or that are shared with it."""
        with context.reading(request) as call:
            shared = projects.flag(include_shared, "includeShared")
            found, total = projects.list_projects(call, ProjectQuery(limit, offset, shared, sort_field, sort_direction, search, tag))
        return answer(request, {"projects": found, **list_keys(total, limit, offset, len(found))}, data="projects")

    @routes.post("", status_code=201, response_model=ProjectAnswer, responses=errors(400))
    def create_project(request: Request, body: CreateProject) -> Response:
        """Create a project."""
        with context.writing(request) as call:
            document = projects.create_project(context, call, body)
        return answer(request, document, status=201, message="Project created")

    @routes.get("/new", response_model=ProjectAnswer, responses=NOT_MODIFIED)
    def project_template(request: Request) -> Response:
        """An empty project for a form."""
        with context.reading(request) as call:
            document = projects.template(call)
        return answer(request, document)


def _single(routes: APIRouter, context: Spheroseg) -> None:
    @routes.get("/{project_id}", response_model=ProjectAnswer, responses={**NOT_MODIFIED, **errors(404)})
    def get_project(request: Request, project_id: str) -> Response:
        """A project."""
        with context.reading(request) as call:
            document = projects.project_document_for(call.session, call.account_id, project_id, call.links)
        return answer(request, document)

    def update_project(request: Request, project_id: str, body: UpdateProject) -> Response:
        """Change parts of a project; an edit share may change all but ``public``."""
        with context.writing(request) as call:
            document = projects.update_project(context, call, project_id, body)
        return answer(request, document, message="Project updated")

    for method in ("PUT", "PATCH"):
        responses = errors(400, 403, 404)
        routes.add_api_route("/{project_id}", update_project, methods=[method], response_model=ProjectAnswer, responses=responses)

    @routes.delete("/{project_id}", status_code=204, responses=errors(403, 404))
    def delete_project(request: Request, project_id: str) -> Response:
        """Delete a project with all its images and results."""
        with context.writing(request) as call:
            removal.delete_project(context, call, project_id)
        return no_content()

    @routes.post("/{project_id}/duplicate", status_code=201, response_model=ProjectAnswer, responses=errors(400, 404, 422))
    def duplicate_project(request: Request, project_id: str, body: DuplicateProject | None = None) -> Response:
        """Copy a project with its images and their current segmentations into one of the caller's own."""
        with context.reading(request) as call:
            copies = duplicates.copied_bytes(context, call, project_id)
        try:
            with context.platform.database.write() as session:
                call = context.call(session, request)
                document = duplicates.duplicate(context, call, project_id, body or DuplicateProject(), copies)
        finally:
            for staged in copies.values():
                context.platform.blobs.discard(staged)
        return answer(request, document, status=201, message="Project duplicated")
