"""The issuer's HTTP interface, with Supabase Auth's answers and errors."""

import re
from http import HTTPStatus
from typing import TypeVar

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.fakes.identity.sessions import ReusedTokenError, Session, Sessions, UnknownTokenError
from local.fakes.identity.tokens import Signer, user
from local.users import DOMAIN, PASSWORD
from model_artifacts.blip2.server.app import BodyTooLargeError, read_body

# A client that names this version of the API gets its form of errors.
VERSION_HEADER, VERSION = "X-Supabase-Api-Version", "2024-01-01"
_EMAIL = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,63}}@{re.escape(DOMAIN)}")
_BODY_LIMIT = 16 * 1024
_SCOPES = ("global", "local", "others")


class _Credentials(BaseModel):
    email: str
    password: str


class _RefreshToken(BaseModel):
    refresh_token: str = ""


Form = TypeVar("Form", bound=BaseModel)


class _ApiError(Exception):
    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def create_app(key: EllipticCurvePrivateKey, issuer: str, sessions: Sessions | None = None) -> Starlette:
    """Return the issuer; `issuer` is its own address with /auth/v1, the `iss` claim of each token."""
    sessions = sessions or Sessions()
    signer = Signer(key, issuer)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def jwks(request: Request) -> Response:
        return JSONResponse(signer.jwks())

    async def token(request: Request) -> Response:
        grant_type = request.query_params.get("grant_type")
        if grant_type == "password":
            return JSONResponse(signer.grant(await _signed_in(request, sessions)))
        if grant_type == "refresh_token":
            return await _refresh(request, signer, sessions)
        return _oauth_error("unsupported_grant_type", "")

    async def tell_user(request: Request) -> Response:
        return JSONResponse(user(_session_of(request, signer, sessions).email))

    async def logout(request: Request) -> Response:
        scope = request.query_params.get("scope") or "global"
        if scope not in _SCOPES:
            message = f'Unsupported logout scope "{scope}"'
            raise _ApiError(HTTPStatus.BAD_REQUEST, "validation_failed", message)
        sessions.sign_out(_session_of(request, signer, sessions), scope)
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/auth/v1/.well-known/jwks.json", jwks),
            Route("/auth/v1/token", token, methods=["POST"]),
            Route("/auth/v1/user", tell_user),
            Route("/auth/v1/logout", logout, methods=["POST"]),
        ],
        # Supabase lets a page of any origin sign in.
        middleware=[
            Middleware(
                CORSMiddleware,
                allow_origins=["*"],
                allow_methods=["*"],
                allow_headers=["*"],
                expose_headers=[VERSION_HEADER],
            )
        ],
        exception_handlers={_ApiError: _answer_error},
    )


async def _signed_in(request: Request, sessions: Sessions) -> Session:
    credentials = await _body(request, _Credentials, "email and password")
    email = credentials.email.strip().lower()
    if not _EMAIL.fullmatch(email) or credentials.password != PASSWORD:
        raise _ApiError(HTTPStatus.BAD_REQUEST, "invalid_credentials", "Invalid login credentials")
    return sessions.begin(email)


async def _refresh(request: Request, signer: Signer, sessions: Sessions) -> Response:
    refresh_token = (await _body(request, _RefreshToken, "refresh_token")).refresh_token
    if not refresh_token:
        return _oauth_error("invalid_request", "refresh_token required")
    try:
        return JSONResponse(signer.grant(sessions.refresh(refresh_token)))
    except UnknownTokenError as error:
        message = "Invalid Refresh Token: Refresh Token Not Found"
        raise _ApiError(HTTPStatus.BAD_REQUEST, "refresh_token_not_found", message) from error
    except ReusedTokenError as error:
        message = "Invalid Refresh Token: Already Used"
        raise _ApiError(HTTPStatus.BAD_REQUEST, "refresh_token_already_used", message) from error


async def _body(request: Request, form: type[Form], fields: str) -> Form:
    try:
        return form.model_validate_json(await read_body(request, _BODY_LIMIT))
    except (ValidationError, BodyTooLargeError) as error:
        message = f"Could not read request body: expected JSON with {fields}"
        raise _ApiError(HTTPStatus.BAD_REQUEST, "bad_json", message) from error


def _session_of(request: Request, signer: Signer, sessions: Sessions) -> Session:
    """Return the session of the request's access token."""
    scheme, _, access_token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not access_token:
        message = "This endpoint requires a valid Bearer token"
        raise _ApiError(HTTPStatus.UNAUTHORIZED, "no_authorization", message)
    try:
        identifier = signer.session_id(access_token)
    except jwt.InvalidTokenError as error:
        message = f"invalid JWT: unable to parse or verify signature, {error}"
        raise _ApiError(HTTPStatus.FORBIDDEN, "bad_jwt", message) from error
    session = sessions.find(identifier)
    if session is None:
        message = "Session from session_id claim in JWT does not exist"
        raise _ApiError(HTTPStatus.FORBIDDEN, "session_not_found", message)
    return session


def _oauth_error(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, HTTPStatus.BAD_REQUEST)


async def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, _ApiError)  # noqa: S101 - the only kind that comes here
    if request.headers.get(VERSION_HEADER, "") >= VERSION:
        body: dict[str, str | int] = {"code": error.code, "message": error.message}
        return JSONResponse(body, error.status, {VERSION_HEADER: VERSION})
    return JSONResponse(
        {"code": int(error.status), "error_code": error.code, "msg": error.message}, error.status
    )
