"""The photos of a request: sent in its body, or uploaded before and named by it.

Both are decoded off the event loop.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from services.core.domain.errors import InvalidInput, TooLarge, UnsupportedMedia
from services.core.photos.photo import MAX_BODY_BYTES, MAX_PHOTOS, Photo, digest, prepare
from services.core.storage.image_store import UPLOAD_ID, Uploads
from services.web.problems import invalid_input

MAX_JSON_BYTES = 10_000
FIELD = "images"
# A client reads the answer only after it has sent its body: so much more of it is read and dropped.
DRAIN_BYTES = 60_000_000
_decoders = CapacityLimiter(os.cpu_count() or 1)


class _InMemoryParser(MultiPartParser):
    # The body's size is limited already; spooling would cost a thread hop per chunk and need a writable disk.
    spool_max_size = MAX_BODY_BYTES


class Named(BaseModel):
    """Photos that were uploaded before, by the ids that `POST /uploads` gave."""

    model_config = ConfigDict(extra="forbid")

    upload_ids: Annotated[
        list[Annotated[str, Field(pattern=UPLOAD_ID)]], Field(min_length=1, max_length=MAX_PHOTOS)
    ]


class Received:
    """The photos of one request, each by its field and how it is loaded; `prepare` works once."""

    def __init__(self, digest: str, loads: Mapping[str, Callable[[], bytes]]) -> None:
        self.digest = digest
        self._loads = loads

    async def prepare(self) -> list[Photo]:
        """Decode and shrink them, as many at once as there are cores; raises InvalidInput by field."""
        # An upload is loaded by the thread that decodes it: 8 x 25 MB would fill a task's memory.
        photos = await asyncio.gather(
            *(
                to_thread.run_sync(_prepare, load, field, limiter=_decoders)
                for field, load in self._loads.items()
            )
        )
        self._loads = {}  # up to 10 MB that the models do not need
        return photos

    async def drop(self) -> None:
        """Delete what was uploaded before; the report has its own copies now."""


class _Uploaded(Received):
    def __init__(self, owner: str, ids: list[str], uploads: Uploads) -> None:
        loads = {f"upload_ids[{at}]": partial(uploads.fetch, owner, id_) for at, id_ in enumerate(ids)}
        super().__init__(digest(id_.encode() for id_ in ids), loads)
        self._delete = partial(uploads.delete, owner, ids)

    async def drop(self) -> None:
        await to_thread.run_sync(self._delete)


def _prepare(load: Callable[[], bytes], field: str) -> Photo:
    return prepare(load(), field)


async def receive_photos(request: Request, owner: str, uploads: Uploads) -> Received:
    """Return the photos of a multipart form with 1–8 files in `images`, or of JSON with `upload_ids`.

    Raises UnsupportedMedia for another kind of body, TooLarge as soon as too many bytes have arrived, and
    InvalidInput for a form or JSON of another shape.
    """
    kind = request.headers.get("content-type", "").lower()
    if kind.startswith("application/json"):
        return _Uploaded(owner, await _named(request), uploads)
    if not kind.startswith("multipart/form-data"):
        problem = "is neither multipart/form-data nor application/json"
        raise UnsupportedMedia("Content-Type", problem, f"Send the photos as {FIELD!r}")
    try:
        form = await _InMemoryParser(
            request.headers, _bounded(request, MAX_BODY_BYTES), max_files=100, max_fields=100
        ).parse()
    except MultiPartException as error:
        raise InvalidInput("body", "is not a readable form", "Send it as multipart/form-data") from error
    try:
        contents = await _contents(form)
        loads = {f"{FIELD}[{at}]": partial(bytes, content) for at, content in enumerate(contents)}
        return Received(digest(contents), loads)
    finally:
        await form.close()


async def _named(request: Request) -> list[str]:
    body = b"".join([chunk async for chunk in _bounded(request, MAX_JSON_BYTES)])
    try:
        return Named.model_validate_json(body).upload_ids
    except ValidationError as error:
        remedy = f'Send {{"upload_ids": […]}} with 1 to {MAX_PHOTOS} ids of POST /uploads'
        raise invalid_input(error, remedy) from error


async def _contents(form: FormData) -> list[bytes]:
    unknown = sorted({name for name, _ in form.multi_items()} - {FIELD})
    if unknown:
        raise InvalidInput(unknown[0], "is not a field of this form", f"Send the photos as {FIELD!r}")
    uploads = form.getlist(FIELD)
    if not 1 <= len(uploads) <= MAX_PHOTOS:
        raise InvalidInput(FIELD, f"holds {len(uploads) or 'no'} photos", f"Send 1 to {MAX_PHOTOS}")
    return [await _content(upload, number) for number, upload in enumerate(uploads)]


async def _content(upload: UploadFile | str, number: int) -> bytes:
    if isinstance(upload, str):
        raise InvalidInput(f"{FIELD}[{number}]", "is text, not a file", "Send it as a file part")
    return await upload.read()


async def _bounded(request: Request, most_bytes: int) -> AsyncGenerator[bytes, None]:
    received = 0
    stream = request.stream()
    declared = int(request.headers.get("content-length", 0))
    async for chunk in stream:
        received += len(chunk)
        if max(received, declared) > most_bytes:
            await _drain(stream)
            limit = f"is over {most_bytes / 1_000_000:g} MB"
            raise TooLarge("body", limit, "Send smaller or fewer photos")
        yield chunk


async def _drain(stream: AsyncGenerator[bytes, None]) -> None:
    dropped = 0
    async for chunk in stream:
        dropped += len(chunk)
        if dropped > DRAIN_BYTES:
            return
