"""PostHog's HTTP interface: what takes events, and the private API of one project."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from local.fakes.posthog.capture import Capture
from local.fakes.posthog.projects import routes
from local.fakes.posthog.state import Project


def create_app(capture: Capture) -> FastAPI:
    """Return PostHog with one project, whose events `capture` takes; `app.state.capture` is the same."""

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready")

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.state.capture = capture
    # A view: it has what is taken later, too.
    app.state.project = Project(events=capture.kept.values())
    app.add_route("/healthz", healthz)
    app.add_route("/batch/", capture.batch, methods=["POST"])
    app.add_route("/local/events", capture.events)
    app.include_router(routes)
    return app
