"""The photos of a request: read from the body while it streams in, decoded off the event loop."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from services.core.errors import InvalidInput, TooLarge, UnsupportedMedia
from services.core.photo import Photo, prepare

MAX_BODY_BYTES = 10_000_000
MAX_PHOTOS = 8
FIELD = "images"
# A client reads our answer only once it has sent its body: that much more is thrown away for it.
DRAIN_BYTES = 60_000_000
_decoders = CapacityLimiter(os.cpu_count() or 1)


class _InMemoryParser(MultiPartParser):
    # The body is bounded already; spooling to disk would cost a thread hop per chunk and a writable disk.
    spool_max_size = MAX_BODY_BYTES


async def receive_photos(request: Request) -> list[bytes]:
    """The bytes of 1–8 uploads in the multipart field `images`.

    Raises UnsupportedMedia for another kind of body, TooLarge as soon as too many bytes have come, and
    InvalidInput for a form that does not hold what it should.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise UnsupportedMedia("Content-Type", "is not multipart/form-data", f"Send the photos as {FIELD!r}")
    try:
        form = await _InMemoryParser(
            request.headers, _bounded(request), max_files=100, max_fields=100
        ).parse()
    except MultiPartException as error:
        raise InvalidInput("body", "is not a readable form", "Send it as multipart/form-data") from error
    try:
        return await _contents(form)
    finally:
        await form.close()


async def prepare_photos(uploads: Sequence[bytes]) -> list[Photo]:
    """Decode and shrink the uploads, as many at once as there are cores."""
    return await asyncio.gather(
        *(
            to_thread.run_sync(prepare, upload, f"{FIELD}[{number}]", limiter=_decoders)
            for number, upload in enumerate(uploads)
        )
    )


def digest(uploads: Sequence[bytes]) -> str:
    """What tells the same photos, in the same order, from others."""
    whole = hashlib.sha256()
    for upload in uploads:
        whole.update(hashlib.sha256(upload).digest())
    return whole.hexdigest()


async def _contents(form: FormData) -> list[bytes]:
    strangers = sorted({name for name, _ in form.multi_items()} - {FIELD})
    if strangers:
        raise InvalidInput(strangers[0], "is not a field of this form", f"Send the photos as {FIELD!r}")
    uploads = form.getlist(FIELD)
    if not 1 <= len(uploads) <= MAX_PHOTOS:
        raise InvalidInput(FIELD, f"holds {len(uploads) or 'no'} photos", f"Send 1 to {MAX_PHOTOS}")
    return [await _content(upload, number) for number, upload in enumerate(uploads)]


async def _content(upload: UploadFile | str, number: int) -> bytes:
    if isinstance(upload, str):
        raise InvalidInput(f"{FIELD}[{number}]", "is text, not a file", "Send it as a file part")
    return await upload.read()


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    received = 0
    stream = request.stream()
    declared = int(request.headers.get("content-length", 0))
    async for chunk in stream:
        received += len(chunk)
        if max(received, declared) > MAX_BODY_BYTES:
            await _drain(stream)
            limit = f"is over {MAX_BODY_BYTES // 1_000_000} MB"
            raise TooLarge("body", limit, "Send smaller or fewer photos")
        yield chunk


async def _drain(stream: AsyncGenerator[bytes, None]) -> None:
    dropped = 0
    async for chunk in stream:
        dropped += len(chunk)
        if dropped > DRAIN_BYTES:
            return
