"""The page's server: files, /config.json, and the gateway below /api, with the page's security headers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypedDict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.page.files import PageFiles
from local.page.gateway import Gateway
from local.users import PASSWORD, USER, email
from web.headers import cache_control, security_headers

API = "/api"
CONFIG = "config.json"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class SignIn(TypedDict):
    """An address and a password that the page's form offers."""

    email: str
    password: str


class Config(TypedDict):
    """What the page is told, as web/src/config.ts declares it."""

    api: str
    supabase_url: str
    supabase_publishable_key: str
    environment: str
    goods: str
    model_start_minutes: float | None
    demo_sign_in: SignIn | None


def local_config(supabase_url: str, publishable_key: str, environment: str, goods: str) -> Config:
    """Return the configuration on this machine: the page's own origin has the API, and no model sleeps."""
    return {
        "api": API,
        "supabase_url": supabase_url,
        "supabase_publishable_key": publishable_key,
        "environment": environment,
        "goods": goods,
        "model_start_minutes": None,
        "demo_sign_in": {"email": email(USER), "password": PASSWORD},
    }


def create_app(folder: Path, config: Config, gateway: Gateway, photos: str) -> Starlette:
    """Return the server of the page in `folder`; `photos` is the origin of the bucket's links."""
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
