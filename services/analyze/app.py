"""POST a photo, get a report: the path of a photo from top to bottom."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.routing import APIRouter

from services.analyze import documents, health, intake, preferences, problems
from services.analyze.answers import answer
from services.analyze.caller import Caller
from services.analyze.dependencies import Dependencies, build_dependencies
from services.analyze.observe import Observe
from services.analyze.settings import Settings
from services.core.domain.report import Report
from services.core.domain.stored_report import RequestKey
from services.core.domain.timing import PRODUCTION, Timing
from services.core.narrative.wording import preferred_language
from services.core.pipeline.report_service import ReportService
from services.core.pipeline.submission import SubmitReport
from services.core.storage.reports import Page
from services.core.storage.uploads import Offer
from services.core.telemetry import Stages, configure_logging

# Once told to stop: what is begun may end, the rest is handed to the jobs. ECS waits 60 s in all.
DRAIN_S = 8.0
routes = APIRouter()


def _parts(request: Request) -> Dependencies:
    parts: Dependencies = request.app.state.parts
    return parts


def _analysis(request: Request) -> ReportService:
    return _parts(request).analysis


TheParts = Annotated[Dependencies, Depends(_parts)]
TheAnalysis = Annotated[ReportService, Depends(_analysis)]
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
ReportId = Annotated[str, Path(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]


@routes.post("/analyze", responses=documents.ANALYZE_ANSWERS, openapi_extra=documents.ANALYZE_BODIES)
async def analyze(
    request: Request,
    response: Response,
    caller: Caller,
    parts: TheParts,
    analysis: TheAnalysis,
    idempotency_key: IdempotencyKey = None,
    accept_language: Annotated[str, Header()] = "en",
) -> Report:
    """Make a report of 1–8 photos of one thing: 200 with it, or 202 with where it will be.

    The same `Idempotency-Key` with the same photos gives the same report, in the language that it was made
    in, without doing the work again. `Prefer: wait=N` and `respond-async` say how long to wait.
    """
    stages: Stages = request.state.stages
    response.headers["Vary"] = "Accept-Language"
    with stages.measure("photo"):
        received = await intake.receive_photos(request, caller, parts.uploads)
        stages.note_arrival()
        until = preferences.apply(request, response, analysis.budget_s)
        key = RequestKey(idempotency_key, received.digest) if idempotency_key else None
        order = SubmitReport(caller, preferred_language(accept_language), key)
        earlier = await analysis.submission.earlier(order)
        photos = [] if earlier else await received.prepare()
    accepted, task = (earlier, None) if earlier else await analysis.submit(order, photos, stages)
    if task is None:
        response.headers["Idempotent-Replayed"] = "true"
    await received.drop()
    return answer(await analysis.wait(accepted, until, task), response)


@routes.get("/reports/{report_id}", responses=documents.REPORT_ANSWERS)
async def get_report(
    request: Request, response: Response, report_id: ReportId, caller: Caller, analysis: TheAnalysis
) -> Report:
    """One of the caller's own reports; `Prefer: wait=N` waits for one that has not ended."""
    stored = await to_thread.run_sync(analysis.reports.get, caller, report_id)
    return await analysis.wait(stored, preferences.apply(request, response, default_s=0))


@routes.post("/uploads", status_code=201, responses=documents.CALLER_PROBLEMS)
async def offer_upload(caller: Caller, parts: TheParts) -> Offer:
    """A place for one photo of up to 25 MB: POST `fields`, Content-Type and `file` to `url`.

    Then name its `id` to `POST /analyze`. What nobody analyses is deleted within two days.
    """
    return await to_thread.run_sync(parts.uploads.offer, caller)


@routes.get("/reports", responses=documents.CALLER_PROBLEMS)
async def list_reports(
    caller: Caller,
    analysis: TheAnalysis,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[str | None, Query(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")] = None,
) -> Page:
    """The caller's own reports, newest first; pass a page's `next` as `before` to go on."""
    return await to_thread.run_sync(analysis.reports.page, caller, limit, before)


@routes.delete("/reports/{report_id}", status_code=204, responses=documents.REPORT_PROBLEMS)
async def delete_report(report_id: ReportId, caller: Caller, analysis: TheAnalysis) -> None:
    """Erase the report and its pictures now.

    The table's point-in-time recovery still holds the text for 35 days, for the account's owner alone.
    """
    await analysis.erase(caller, report_id)


def create_api(make_parts: Callable[[], Dependencies]) -> FastAPI:
    """The API over the parts that `make_parts` gives at start-up."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        parts = api.state.parts = make_parts()
        yield
        await parts.analysis.drain(DRAIN_S)
        await parts.analysis.processor.narrator.close()

    api = FastAPI(
        title="Vitrine",
        version="1",
        description="Photos of second-hand goods in, product reports out.",
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    api.include_router(routes)
    api.include_router(health.routes)
    problems.install(api)
    return api


def dependencies_from_environment(timing: Timing = PRODUCTION) -> Dependencies:
    """The dependencies of this process, by its variables."""
    configure_logging("analyze")
    return build_dependencies(Settings(), timing)


api = create_api(dependencies_from_environment)
app = Observe(api)
