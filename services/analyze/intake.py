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
from starlette.requests import Request

from services.analyze.form import FIELD, content_type, read_form
from services.core.domain.errors import TooLarge, UnsupportedMedia
from services.core.photos.photo import MAX_BODY_BYTES, MAX_PHOTOS, Photo, digest, prepare
from services.core.storage.image_store import UPLOAD_ID, Uploads
from services.web.json_body import read_json
from services.web.problems import invalid_input

MAX_JSON_BYTES = 10_000
_decoders = CapacityLimiter(os.cpu_count() or 1)


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
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise UnsupportedMedia("Content-Encoding", f"is {coding[:40]!r}", "Send the body uncompressed")
    kind = content_type(request.headers.get("content-type", ""))
    match kind.get_content_type() if "content-type" in request.headers else "":
        case "multipart/form-data":
            contents = await read_form(kind, bounded(request, MAX_BODY_BYTES))
            loads = {f"{FIELD}[{at}]": partial(bytes, content) for at, content in enumerate(contents)}
            return Received(digest(contents), loads)
        case "application/json":
            return _Uploaded(owner, await _named(request), uploads)
    problem = "is neither multipart/form-data nor application/json"
    raise UnsupportedMedia("Content-Type", problem, f"Send the photos as {FIELD!r}")


async def _named(request: Request) -> list[str]:
    body = b"".join([chunk async for chunk in bounded(request, MAX_JSON_BYTES)])
    try:
        return Named.model_validate(read_json(body)).upload_ids
    except ValidationError as error:
        remedy = f'Send {{"upload_ids": […]}} with 1 to {MAX_PHOTOS} ids of POST /uploads'
        raise invalid_input(error, remedy) from error


async def bounded(request: Request, most_bytes: int) -> AsyncGenerator[bytes, None]:
    """The chunks of the body; raises TooLarge as soon as more than `most_bytes` are declared or received."""
    received = 0
    declared = int(request.headers.get("content-length", 0))
    async for chunk in request.stream():
        received += len(chunk)
        if max(received, declared) > most_bytes:
            limit = f"is over {most_bytes / 1_000_000:g} MB"
            raise TooLarge("body", limit, "Send smaller or fewer photos")
        yield chunk
