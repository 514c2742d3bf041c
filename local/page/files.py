"""The files of the built page, as a CDN answers them that compresses and that has a bucket as its origin."""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from web.headers import cache_control

INDEX = "index.html"
# By name, since the types that a machine registers differ. The first group is text, which is compressed.
_TEXT = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}
_BINARY = {".ico": "image/vnd.microsoft.icon", ".png": "image/png", ".woff2": "font/woff2"}
# CloudFront compresses nothing smaller.
_COMPRESSED_FROM = 1000


@dataclass(frozen=True)
class _Content:
    plain: bytes
    gzipped: bytes | None
    digest: str


def is_screen(path: str) -> bool:
    """Whether a path is the address of a screen: it has no file's extension, as stacks/web has it."""
    return re.search(r"\.[a-z0-9]+$", path, re.IGNORECASE | re.ASCII) is None


class PageFiles:
    """Answers GET and HEAD with the files below a folder, which may be built anew at any time."""

    def __init__(self, folder: Path, headers: Mapping[str, str]) -> None:
        self._folder = folder
        self._headers = dict(headers)

    def answer(self, request: Request) -> Response:
        """Return a file; for the address of a screen, the page; 404 for a file that does not exist."""
        path = request.url.path
        name = INDEX if is_screen(path) else path.lstrip("/")
        file = self._find(name)
        if file is None:
            reason = (
                f"{path} does not exist." if self._find(INDEX) else "The page is not built: run `make web`."
            )
            return PlainTextResponse(f"{reason}\n", 404, {**self._headers, "cache-control": "no-store"})
        return self._respond(request, name, file)

    def _find(self, name: str) -> Path | None:
        # Listed, so that no text of a request becomes a path.
        files = (file for file in self._folder.rglob("*") if file.is_file())
        return next((file for file in files if file.relative_to(self._folder).as_posix() == name), None)

    def _respond(self, request: Request, name: str, file: Path) -> Response:
        suffix = file.suffix.lower()
        media_type = _TEXT.get(suffix) or _BINARY.get(suffix, "application/octet-stream")
        status = file.stat()
        content = _read(file, status.st_mtime_ns, status.st_size)
        compressed = content.gzipped is not None and _accepts_gzip(request)
        # As CloudFront does: the tag of compressed content is weak.
        tag = f'W/"{content.digest}"' if compressed else f'"{content.digest}"'
        headers = {**self._headers, "cache-control": cache_control(name), "etag": tag}
        if content.gzipped is not None:
            headers["vary"] = "accept-encoding"
        if content.digest in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if compressed:
            headers["content-encoding"] = "gzip"
        body = content.gzipped if compressed else content.plain
        return Response(body, headers=headers, media_type=media_type)


@lru_cache(maxsize=256)
def _read(file: Path, modified_ns: int, size: int) -> _Content:
    plain = file.read_bytes()
    gzipped = None
    if file.suffix.lower() in _TEXT and len(plain) >= _COMPRESSED_FROM:
        gzipped = gzip.compress(plain, mtime=0)
    return _Content(plain, gzipped, hashlib.sha256(plain).hexdigest()[:32])


def _accepts_gzip(request: Request) -> bool:
    for offered in request.headers.get("accept-encoding", "").split(","):
        coding, _, parameters = offered.partition(";")
        if coding.strip().lower() == "gzip":
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
