"""An issuer like Supabase Auth: password sign-in of demo users, ES256 access tokens, and their JWKS."""

import hashlib
import os
import re
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.fakes.serving import HOST, command_line, serve
from model_artifacts.blip2.server.app import BodyTooLargeError, read_body

# Every name is a demo user. The issuer listens on loopback, and only the local system trusts its tokens.
DOMAIN = "vitrine.test"
PASSWORD = "demo-password"  # noqa: S105
LIFETIME_S = 3600
AUDIENCE = "authenticated"
_EMAIL = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,63}}@{re.escape(DOMAIN)}")
_BODY_LIMIT = 16 * 1024


class _Credentials(BaseModel):
    email: str
    password: str


def create_app(key: EllipticCurvePrivateKey, issuer: str) -> Starlette:
    """Return the issuer; `issuer` is its own address with /auth/v1, the `iss` claim of each token."""
    kid = key_id(key)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ready")

    async def jwks(request: Request) -> Response:
        public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return JSONResponse(
            {"keys": [{**public, "kid": kid, "alg": "ES256", "use": "sig", "key_ops": ["verify"]}]}
        )

    async def token(request: Request) -> Response:
        if request.query_params.get("grant_type") != "password":
            return JSONResponse({"error": "unsupported_grant_type", "error_description": ""}, 400)
        try:
            credentials = _Credentials.model_validate_json(await read_body(request, _BODY_LIMIT))
        except (ValidationError, BodyTooLargeError):
            return _error("bad_json", "Could not read request body: expected JSON with email and password")
        email = credentials.email.strip().lower()
        if not _EMAIL.fullmatch(email) or credentials.password != PASSWORD:
            return _error("invalid_credentials", "Invalid login credentials")
        return JSONResponse(_session(key, kid, issuer, email))

    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/auth/v1/.well-known/jwks.json", jwks),
            Route("/auth/v1/token", token, methods=["POST"]),
        ]
    )


def _session(key: EllipticCurvePrivateKey, kid: str, issuer: str, email: str) -> dict[str, Any]:
    now = int(time.time())
    # Derived from the address: a user keeps the id after a restart, and on another machine.
    user = str(uuid.uuid5(uuid.NAMESPACE_URL, f"mailto:{email}"))
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "exp": now + LIFETIME_S,
        "iat": now,
        "sub": user,
        "role": AUDIENCE,
        "email": email,
    }
    return {
        "access_token": jwt.encode(claims, key, "ES256", headers={"kid": kid}),
        "token_type": "bearer",
        "expires_in": LIFETIME_S,
        "expires_at": claims["exp"],
        "user": {"id": user, "aud": AUDIENCE, "role": AUDIENCE, "email": email},
    }


def _error(code: str, message: str) -> Response:
    # The form of GoTrue's errors, which Supabase's clients parse.
    return JSONResponse({"code": 400, "error_code": code, "msg": message}, 400)


def load_or_create_key(path: Path) -> EllipticCurvePrivateKey:
    """Return the P-256 key in a PEM file, created when missing; exit when the file has other content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        created = generate_private_key(SECP256R1())
        pem = created.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        return created
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SystemExit(f"{path} holds no P-256 private key. Delete it: the next start creates a new one.")
    return key


def key_id(key: EllipticCurvePrivateKey) -> str:
    """Return an id derived from the public key."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(public).hexdigest()[:32]


def main() -> None:
    """Serve, with the signing key kept in the data folder."""
    parser = command_line("identity", "identity", __doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the signing key")
    options = parser.parse_args()
    key = load_or_create_key(options.data / "signing-key.pem")
    serve(create_app(key, f"http://{HOST}:{options.port}/auth/v1"), options.port)


if __name__ == "__main__":
    main()
