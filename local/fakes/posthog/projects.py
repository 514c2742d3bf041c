"""A PostHog project by its documented API: who may use it, its pages and its refusals.

An app includes `routes`. The project is `app.state.project`; a new one is made where the app sets none.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute

from local.fakes.posthog.forms import (
    AlertForm,
    DashboardForm,
    InsightForm,
    QueryForm,
    RefusedError,
    not_found,
    read,
)
from local.fakes.posthog.state import Project, Stored

_PAGE = 100


class _Route(APIRoute):
    """A route that answers refusals in PostHog's form."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RefusedError as error:
                return JSONResponse(error.body, error.status)

        return answer


def _of_key(request: Request) -> Project:
    """Return the project that the request's key opens. Raises RefusedError."""
    if not hasattr(request.app.state, "project"):
        request.app.state.project = Project()
    project: Project = request.app.state.project
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not key:
        detail = "Authentication credentials were not provided."
        raise RefusedError(401, "authentication_error", "not_authenticated", detail)
    if key != project.key:
        detail = "Personal API key found in request Authorization header is invalid."
        raise RefusedError(401, "authentication_error", "authentication_failed", detail)
    subject = request.path_params.get("kind", "users").removesuffix("s")
    action = "read" if request.method == "GET" or subject == "query" else "write"
    if not {f"{subject}:{action}", f"{subject}:write"} & set(project.scopes):
        detail = f"API key missing required scope '{subject}:{action}'"
        raise RefusedError(403, "authentication_error", "permission_denied", detail)
    if request.path_params.get("project_id", str(project.id)) != str(project.id):
        raise not_found("Project not found.")
    return project


Opened = Annotated[Project, Depends(_of_key)]
routes = APIRouter(route_class=_Route)
_LIST, _ONE = "/api/projects/{project_id}/{kind}/", "/api/projects/{project_id}/{kind}/{identifier}/"


@routes.get("/api/users/@me/")
async def me(project: Opened) -> Stored:
    """Answer with the owner of the key."""
    return project.user()


@routes.get(_LIST)
async def list_objects(request: Request, kind: str, project: Opened) -> Stored:
    """Answer with a page of dashboards, insights or alerts that are not deleted."""
    held: dict[str, Mapping[Any, Stored]] = {
        "dashboards": project.dashboards,
        "insights": project.insights,
        "alerts": project.alerts,
    }
    if kind not in held:
        raise not_found()
    return _page(request, [one for one in held[kind].values() if not one.get("deleted")])


@routes.post(_LIST)
async def create(request: Request, kind: str, project: Opened) -> Response:
    """Create an object, or answer a query."""
    body = await _body(request)
    if kind == "query":
        asked = read(QueryForm, body).query
        counted = project.arrived(asked.query, datetime.now(UTC))
        return JSONResponse({"columns": ["count()"], "results": [[counted]]})
    if kind == "dashboards":
        return JSONResponse(project.create_dashboard(read(DashboardForm, body)), 201)
    if kind == "insights":
        return JSONResponse(project.create_insight(read(InsightForm, body)), 201)
    if kind == "alerts":
        return JSONResponse(project.create_alert(read(AlertForm, body)), 201)
    raise not_found()


@routes.patch(_ONE)
async def change(request: Request, kind: str, identifier: str, project: Opened) -> Response:
    """Change the fields that the body names."""
    body = await _body(request)
    if kind == "alerts":
        return JSONResponse(project.change_alert(identifier, read(AlertForm, body)))
    if kind == "dashboards" and identifier.isdigit():
        return JSONResponse(project.change_dashboard(int(identifier), read(DashboardForm, body)))
    if kind == "insights" and identifier.isdigit():
        return JSONResponse(project.change_insight(int(identifier), read(InsightForm, body)))
    raise not_found()


@routes.delete(_ONE)
async def delete(kind: str, identifier: str, project: Opened) -> Response:
    """Delete an alert for good; dashboards and insights are deleted by a change of their field."""
    if kind in ("dashboards", "insights"):
        detail = 'Method "DELETE" not allowed.'
        raise RefusedError(405, "invalid_request", "method_not_allowed", detail)
    if kind != "alerts" or project.alerts.pop(identifier, None) is None:
        raise not_found()
    return Response(status_code=204)


async def _body(request: Request) -> object:
    try:
        return await request.json()
    except ValueError:
        raise RefusedError(400, "validation_error", "parse_error", "JSON parse error") from None


def _page(request: Request, objects: Sequence[Stored]) -> Stored:
    query = request.query_params
    limit, offset = int(query.get("limit", _PAGE)), int(query.get("offset", 0))
    further = request.url.include_query_params(limit=limit, offset=offset + limit)
    more = offset + limit < len(objects)
    return {
        "count": len(objects),
        "next": str(further) if more else None,
        "results": list(objects[offset : offset + limit]),
    }
