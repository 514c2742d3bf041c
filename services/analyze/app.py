"""The API: the routes of a photo and its report, in the order of a photo's path."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Literal
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import FastAPI, Header, Path, Query, Request, Response
from fastapi.routing import APIRouter
from starlette.requests import ClientDisconnect

from catalogue.model import Language
from services.analyze import intake, observe, openapi
from services.analyze.accept import prefers
from services.analyze.answers import Answer
from services.analyze.card import page as card
from services.analyze.catalogue_names import CatalogueNames, written_names
from services.analyze.chosen import ID_FORM, IDS_FORM, Chosen
from services.analyze.corrections import receive_patch
from services.analyze.dependencies import (
    AnalyzeSettings,
    Caller,
    Dependencies,
    TheDependencies,
    TheService,
    build_dependencies,
)
from services.analyze.documents import Page, Report, page_document, report_document
from services.analyze.erasure_receipt import ErasureReceipt, erasure_receipt
from services.analyze.exports.layouts import LayoutName
from services.analyze.exports.page import csv_page
from services.core.domain.timing import PRODUCTION, Timing
from services.core.narrative.wording import preferred_language
from services.core.photos.photo import decoders
from services.core.pipeline.submission import SubmitReport
from services.core.storage.image_store import Offer
from services.core.telemetry import Stages, configure_logging
from services.web import problems
from services.web.whole_body import WholeBody

# After a signal to stop, reports get so long to end; the jobs finish the rest. ECS waits 60 s in all.
DRAIN_S = 8.0
# Then their events get so long to be sent: with it, the process ends within 2 s of its last answer.
TELL_WITHIN_S = 1.5
# An answer waits no longer for uploads to be deleted; that goes on after it.
DROP_WITHIN_S = 0.5
UNAVAILABLE = problems.Unavailable("Storage unavailable", "the report store does not answer; try again", 5)
# What the link to the next page repeats of a request.
_PAGED = ("limit", "search", "format", "layout", "language")
routes = APIRouter()
IdempotencyKey = Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
ReportId = Annotated[str, Path(pattern=ID_FORM)]


@routes.post("/analyze", responses=openapi.ANALYZE_ANSWERS, openapi_extra=openapi.ANALYZE_INPUT)
async def analyze(
    request: Request,
    response: Response,
    caller: Caller,
    made: TheDependencies,
    service: TheService,
    idempotency_key: IdempotencyKey = None,
    accept_language: Annotated[str, Header()] = "en",
) -> Report:
    """Make a report of 1–8 photos of one thing: 200 with it, or 202 with where it will be.

    The same `Idempotency-Key` with the same photos gives the same report, in the languages that it was made
    in, without doing the work again. `Prefer: wait=N` and `respond-async` say how long to wait. Without
    `languages` the report is in the one of `Accept-Language`, then in those of the service's settings.
    """
    stages: Stages = request.state.stages
    answer = Answer(request, response, service.budget_s)
    with stages.measure("photo"):
        received = await intake.receive_photos(request, caller, made.uploads)
        stages.note_arrival()
        until = asyncio.get_running_loop().time() + service.timing.accept_within_s
        async with intake.busy_at(until):
            key = await received.request_key(idempotency_key) if idempotency_key else None
            preferred = preferred_language(accept_language)
            languages = received.languages or service.submission.languages(preferred)
            order = SubmitReport(caller, languages, key)
            earlier = await service.submission.earlier(
                order, at_hand=received.at_hand, compare=received.compare
            )
            photos = (
                []
                if earlier
                else await received.prepare(
                    until,
                    keyed=key is not None,
                    large=service.processor.large_photos,
                    with_colours=bool(service.processor.catalogue.colours),
                )
            )
            order = order.about(received.contents)
    if await request.is_disconnected():
        raise ClientDisconnect
    accepted, task = (earlier, None) if earlier else await service.submit(order, photos, stages, until)
    dropping = received.drop()
    report = await service.wait(accepted, answer.deadline(), task)
    await asyncio.wait({dropping}, timeout=DROP_WITHIN_S)
    answer.submit(report, replayed=task is None)
    return await to_thread.run_sync(report_document, service.submission.images, accepted, report)


@routes.get(
    "/reports/{report_id}",
    response_model=Report,
    responses=openapi.REPORT_ANSWERS,
    openapi_extra=openapi.PREFER,
)
async def get_report(
    request: Request, response: Response, report_id: ReportId, caller: Caller, service: TheService
) -> Report | Response:
    """One of the caller's own reports; `Prefer: wait=N` waits for one that has not ended.

    A client that prefers text/html to application/json in `Accept` gets it as a card to print.
    """
    answer = Answer(request, response, default_wait_s=0)
    stored = await to_thread.run_sync(service.reports.get, caller, report_id)
    report = await service.wait(stored, answer.deadline())
    answer.find(report)
    response.headers["Vary"] = "Accept"
    document = await to_thread.run_sync(report_document, service.submission.images, stored, report)
    if prefers(request.headers.getlist("accept"), card.MEDIA_TYPE, "application/json"):
        return await to_thread.run_sync(card.card_page, document, response.headers)
    return document


@routes.post("/uploads", status_code=201, responses=openapi.CALLER_PROBLEMS)
async def offer_upload(caller: Caller, made: TheDependencies) -> Offer:
    """A place for one photo of up to 25 MB: POST `fields`, Content-Type and `file` to `url`.

    Then name its `id` to `POST /analyze`. An upload that is not analysed is deleted within two days.
    """
    return await to_thread.run_sync(made.uploads.offer, caller)


@routes.get("/reports", response_model=Page, responses=openapi.PAGE_ANSWERS)
async def list_reports(
    request: Request,
    response: Response,
    caller: Caller,
    service: TheService,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[str | None, Query(pattern=ID_FORM)] = None,
    search: Annotated[
        str | None,
        Query(
            max_length=100,
            description="Reports whose texts and labels, in any of their languages, have for each of these "
            "words one that begins with it, regardless of case and accents. A page may hold few or none and "
            "still have a `next`, from which the search goes on",
        ),
    ] = None,
    ids: Annotated[
        str | None,
        Query(pattern=IDS_FORM, description="These reports, in this order, in place of a page"),
    ] = None,
    written_as: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
    layout: Annotated[LayoutName, Query(description="Of `csv`: whose importer it is for")] = "shopify",
    language: Annotated[
        Language | None, Query(description="Of `csv`: the texts', where there are such")
    ] = None,
) -> Page | Response:
    """The caller's own reports, newest first; pass a page's `next` as `before` to go on.

    With `format=csv`, the succeeded ones of the page as a file for a shop's importer; `Link` leads to the
    next page.
    """
    images = service.submission.images
    chosen = Chosen.of(request.query_params, limit, before, search, ids)
    page = await to_thread.run_sync(chosen.read, service.reports, caller)
    response.headers["Cache-Control"] = "no-store"
    if page.next is not None:
        asked = {name: value for name, value in request.query_params.items() if name in _PAGED}
        # Relative to the request's own address, of which a proxy may have changed all but the last part.
        response.headers["Link"] = f'<reports?{urlencode({**asked, "before": page.next})}>; rel="next"'
    if written_as == "csv":
        return await to_thread.run_sync(csv_page, images, page, layout, language, response.headers)
    return await to_thread.run_sync(page_document, images, page)


@routes.get("/catalogue", response_model=CatalogueNames, responses=openapi.CATALOGUE_ANSWERS)
async def get_catalogue(
    request: Request,
    caller: Caller,
    service: TheService,
    language: Annotated[Language | None, Query(description="By default that of `Accept-Language`")] = None,
    accept_language: Annotated[str, Header()] = "en",
) -> Response:
    """What a report can name, by department, with the words for it: the choices of a correction.

    It changes with the catalogue alone; a request that has the present one in `If-None-Match` gets 304.
    """
    catalogue = service.processor.catalogue
    names = await to_thread.run_sync(
        written_names, catalogue, language or preferred_language(accept_language)
    )
    return names.answer(request.headers.getlist("if-none-match"))


@routes.patch("/reports/{report_id}", responses=openapi.CORRECTED_ANSWERS, openapi_extra=openapi.PATCH_BODY)
async def correct_report(
    request: Request, response: Response, report_id: ReportId, caller: Caller, service: TheService
) -> Report:
    """Correct a succeeded report by a JSON merge patch; null removes a correction, and what was said returns.

    The report then shows the corrected values, with `owner` as their `source`, and what it had said as
    `corrections.original`. The grade follows from the score. Unless they are corrected too, title and
    description are the template's about the corrected facts, until `POST /reports/{id}/wording`. What was
    asked by department and is not of the corrected kind's is unknown again.
    """
    patch = await receive_patch(request)
    stored = await service.correct(caller, report_id, patch)
    response.headers["Cache-Control"] = "no-store"
    return await to_thread.run_sync(report_document, service.submission.images, stored, stored.report)


@routes.post("/reports/{report_id}/wording", responses=openapi.WORDED_ANSWERS)
async def word_report(response: Response, report_id: ReportId, caller: Caller, service: TheService) -> Report:
    """Have the LLM word a succeeded report again from its facts, the owner's corrections included.

    A report that the LLM has worded since its facts changed stays as it is. `narrative` says whose text it
    is: without an answer of the LLM the template's stays. Title and description of the owner stay too. A
    report can be worded again 20 times; what that costs is added to `cost_usd`.
    """
    stored = await service.reword(caller, report_id)
    response.headers["Cache-Control"] = "no-store"
    return await to_thread.run_sync(report_document, service.submission.images, stored, stored.report)


@routes.delete("/reports/{report_id}", responses=openapi.ERASED_ANSWERS)
async def delete_report(
    report_id: ReportId, response: Response, caller: Caller, made: TheDependencies, service: TheService
) -> ErasureReceipt:
    """Erase the report, its photos and everything made of them now: the receipt says which copies go later.

    Erased again, it is not found.
    """
    erased = await service.erase(caller, report_id)
    response.headers["Cache-Control"] = "no-store"
    return erasure_receipt(erased, mirrored=made.mirrored)


def create_api(make_dependencies: Callable[[], Dependencies]) -> FastAPI:
    """Make the API; it calls `make_dependencies` at start-up."""

    @asynccontextmanager
    async def lifespan(api: FastAPI) -> AsyncIterator[None]:
        made = api.state.dependencies = make_dependencies()
        await to_thread.run_sync(decoders.start)
        yield
        await made.service.drain(DRAIN_S)
        await made.service.processor.narrator.close()
        await made.service.processor.analytics.sender.close(TELL_WITHIN_S)

    api = FastAPI(
        title="Vitrine",
        version="1",
        description="Photos of second-hand goods in, product reports out.",
        lifespan=lifespan,
        generate_unique_id_function=lambda route: route.name,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A redirection would name the address that the load balancer uses.
        redirect_slashes=False,
    )
    api.add_middleware(WholeBody)
    api.include_router(routes)
    api.include_router(observe.routes)
    problems.install(api, UNAVAILABLE)
    return api


def dependencies_from_environment(timing: Timing = PRODUCTION) -> Dependencies:
    """Make the dependencies of this process, by its variables."""
    configure_logging("analyze")
    settings = AnalyzeSettings()
    intake.share_decoders(settings.workers)
    made = build_dependencies(settings, timing)
    # All that is loaded now stays: the collector need not look through it again and again.
    gc.collect()
    gc.freeze()
    return made


api = create_api(dependencies_from_environment)
app = observe.Observe(api)
