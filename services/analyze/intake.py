"""The photos of a request, sent in its body or uploaded before, and the languages that it asks for.

The photos are decoded off the event loop, in time or not at all.
"""

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from catalogue.model import Language
from services.analyze.form import FIELD, LANGUAGES_FIELD, content_type, read_form
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import Busy, TooLarge, UnsupportedMedia
from services.core.domain.languages import LANGUAGES
from services.core.domain.stored_report import RequestKey
from services.core.photos.photo import (
    MAX_BODY_BYTES,
    MAX_PHOTOS,
    RETRY_AFTER_S,
    Photo,
    combined_digest,
    decoders,
    digest,
    photo_digest,
    prepare,
)
from services.core.storage.image_store import UPLOAD_ID, Uploads
from services.web.json_body import read_json
from services.web.problems import invalid_input

MAX_JSON_BYTES = 10_000
# Photos that would wait longer than this for a decoder are refused at once.
QUEUE_S = 8.0
_decoding = CapacityLimiter(decoders.count)
_dropping: set[asyncio.Task[None]] = set()
logger = logging.getLogger(__name__)


def share_decoders(workers: int) -> None:
    """Take this worker's share of the cores for decoding; called before the first photo."""
    decoders.share(workers)
    _decoding.total_tokens = decoders.count


def _distinct(languages: list[Language]) -> list[Language]:
    if len(set(languages)) < len(languages):
        # A ValueError's message would begin with its type.
        raise PydanticCustomError("twice", "names a language twice")
    return languages


class Named(BaseModel):
    """Photos that were uploaded before, by the ids that `POST /uploads` gave; the languages of the report.

    Without `languages` they are that of `Accept-Language` and those of the service's settings.
    """

    model_config = ConfigDict(extra="forbid")

    upload_ids: Annotated[
        list[Annotated[str, Field(pattern=UPLOAD_ID)]], Field(min_length=1, max_length=MAX_PHOTOS)
    ]
    languages: Annotated[list[Language], AfterValidator(_distinct)] = Field(
        default_factory=list,
        min_length=1,
        max_length=len(LANGUAGES),
        description="The report's languages, its own first",
        json_schema_extra={"uniqueItems": True},
    )


class Received:
    """The photos of one request, each by its field and how it is loaded; `prepare` comes last.

    `languages` are those that the request asks for; none: it names none.
    """

    at_hand = True
    # The digest of the photos' own bytes, as soon as it is known; of uploads, once they are loaded.
    contents: str | None = None

    def __init__(
        self,
        identity: Sequence[bytes],
        loads: Mapping[str, Callable[[], bytes]],
        languages: Sequence[Language] = (),
    ) -> None:
        self._identity = identity
        self._loads = loads
        self.languages = tuple(languages)

    async def request_key(self, name: str) -> RequestKey:
        """Return the key of this request: only then the photos are told from others, which takes time."""
        identity = await to_thread.run_sync(digest, self._identity)
        if self.at_hand:
            self.contents = identity
        # These names are those of the database's rows.
        reserved = name.startswith(("analysis:", "client:"))
        return RequestKey(f"client:{name}" if reserved else name, identity, self.contents)

    async def compare(self) -> str:
        """Return the digest of the photos' own bytes, loading uploads one by one; raises UploadNotFound."""
        self.contents = await to_thread.run_sync(digest, (load() for load in self._loads.values()))
        return self.contents

    async def prepare(
        self, until: float, *, keyed: bool = False, large: bool = False, with_colours: bool = False
    ) -> list[Photo]:
        """Decode and shrink them until `until` (the event loop's time), as many at once as have decoders.

        With `keyed`, `contents` is known afterwards. `large` and `with_colours` are those of `photo.prepare`.
        Raises InvalidInput by field, or Busy if the decoders have too much to do; at the first error the
        other photos are given up.
        """
        queue_s = _decoding.statistics().tasks_waiting * decoders.typical_s / decoders.count
        if queue_s > QUEUE_S:
            raise Busy(math.ceil(queue_s))
        sums: dict[str, bytes] | None = {} if keyed and self.contents is None else None
        try:
            async with asyncio.TaskGroup() as group:
                # An upload is loaded by the thread that decodes it: 8 x 25 MB would fill a task's memory.
                photos = [
                    group.create_task(
                        to_thread.run_sync(
                            partial(
                                _prepare, load, field, until, sums, large=large, with_colours=with_colours
                            ),
                            limiter=_decoding,
                        )
                    )
                    for field, load in self._loads.items()
                ]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        if sums is not None:
            self.contents = combined_digest(sums[field] for field in self._loads)
        self._identity, self._loads = (), {}  # up to 10 MB that the models do not need
        return [photo.result() for photo in photos]

    def drop(self) -> asyncio.Task[None]:
        """Start to delete what was uploaded before; the report has its own copies now."""
        dropping = asyncio.create_task(self._drop())
        _dropping.add(dropping)
        dropping.add_done_callback(_dropping.discard)
        return dropping

    async def _drop(self) -> None:
        pass  # sent in the body, so nothing was stored


class _Uploaded(Received):
    at_hand = False

    def __init__(self, owner: str, named: Named, uploads: Uploads) -> None:
        ids = named.upload_ids
        loads = {f"upload_ids[{at}]": partial(uploads.fetch, owner, id_) for at, id_ in enumerate(ids)}
        super().__init__([id_.encode() for id_ in ids], loads, named.languages)
        self._delete = partial(uploads.delete, owner, ids)

    async def _drop(self) -> None:
        try:
            await to_thread.run_sync(self._delete)
        except CALL_ERRORS as error:
            # The bucket's lifecycle erases them too.
            logger.warning("uploads were not erased", extra={"error": type(error).__name__})


def _prepare(
    load: Callable[[], bytes],
    field: str,
    until: float,
    sums: dict[str, bytes] | None,
    *,
    large: bool,
    with_colours: bool,
) -> Photo:
    upload = load()
    if sums is not None:
        sums[field] = photo_digest(upload)
    # The event loop's clock is the monotonic one.
    return prepare(upload, field, until - time.monotonic(), large=large, with_colours=with_colours)


@asynccontextmanager
async def busy_at(until: float) -> AsyncIterator[None]:
    """Cancel the block at `until` (the event loop's time), and raise Busy."""
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError:
        raise Busy(RETRY_AFTER_S) from None


async def receive_photos(request: Request, owner: str, uploads: Uploads) -> Received:
    """Return the photos of a multipart form with 1–8 files in `images`, or of JSON with `upload_ids`.

    Either may name `languages`. Raises UnsupportedMedia for another kind of body, TooLarge as soon as too
    many bytes have arrived, and InvalidInput for a form or JSON of another shape.
    """
    check_coding(request)
    kind = content_type(request.headers.get("content-type", ""))
    match kind.get_content_type() if "content-type" in request.headers else "":
        case "multipart/form-data":
            body = bounded(request, MAX_BODY_BYTES, "Send smaller or fewer photos")
            form = await read_form(kind, body)
            loads = {f"{FIELD}[{at}]": partial(bytes, content) for at, content in enumerate(form.photos)}
            return Received(form.photos, loads, form.languages)
        case "application/json":
            return _Uploaded(owner, await _named(request), uploads)
    problem = "is neither multipart/form-data nor application/json"
    raise UnsupportedMedia("Content-Type", problem, f"Send the photos as {FIELD!r}")


def check_coding(request: Request) -> None:
    """Raise UnsupportedMedia for a compressed body."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMedia("Content-Encoding", f"is {coding[:40]!r}", "Send the body uncompressed")


async def _named(request: Request) -> Named:
    body = b"".join([chunk async for chunk in bounded(request, MAX_JSON_BYTES, "Send the ids alone")])
    try:
        return Named.model_validate(read_json(body))
    except ValidationError as error:
        remedy = f'Send {{"upload_ids": […]}} with 1 to {MAX_PHOTOS} ids of POST /uploads'
        if error.errors()[0]["loc"][:1] == (LANGUAGES_FIELD,):
            remedy = f"Send a list of {' and '.join(LANGUAGES)}, each at most once, or leave it out"
        raise invalid_input(error, remedy) from error


async def bounded(request: Request, most_bytes: int, remedy: str) -> AsyncGenerator[bytes, None]:
    """The chunks of the body; raises TooLarge as soon as more than `most_bytes` are declared or received."""
    received = 0
    declared = int(request.headers.get("content-length", 0))
    async for chunk in request.stream():
        received += len(chunk)
        if max(received, declared) > most_bytes:
            limit = f"{most_bytes // 1_000_000} MB" if most_bytes >= 1_000_000 else f"{most_bytes // 1000} kB"
            raise TooLarge("body", f"is over {limit}", remedy)
        yield chunk
