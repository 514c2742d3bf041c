"""The page's server: files, /config.json, and the gateway below /api, with the page's security headers."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.page.files import PageFiles
from local.page.gateway import Gateway
from web.headers import cache_control, security_headers

API = "/api"
CONFIG = "config.json"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def create_app(folder: Path, config: Mapping[str, Any], gateway: Gateway, photos: str) -> Starlette:
    """Return the server of the page in `folder`.

    `config` is what the page is told (web/src/config.ts); `photos` is the origin of the links to photos.
    """
    origins = {"api": "", "supabase": config["supabase_url"], "photos": photos}
    headers = security_headers(origins)
    files = PageFiles(folder, headers)
    config_headers = {**headers, "cache-control": cache_control(CONFIG)}

    async def tell_config(request: Request) -> Response:
        return JSONResponse(config, headers=config_headers)

    async def forward(request: Request) -> Response:
        return await gateway.forward(request, API)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with gateway:
            yield

    return Starlette(
        routes=[
            Route(f"/{CONFIG}", tell_config),
            Route(f"{API}/{{path:path}}", forward, methods=list(_METHODS)),
            Route("/{path:path}", files.answer),
        ],
        lifespan=lifespan,
    )
