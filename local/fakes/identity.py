"""An issuer like Supabase Auth: password sign-in of demo users, ES256 access tokens, and their JWKS."""

import hashlib
import re
import time
import uuid
from pathlib import Path
from typing import Any

import click
import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from jwt.algorithms import ECAlgorithm
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.users import DOMAIN, PASSWORD
from model_artifacts.blip2.server.app import BodyTooLargeError, read_body

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
    about = {"aud": AUDIENCE, "role": AUDIENCE, "email": email, "is_anonymous": False}
    claims = {**about, "iss": issuer, "sub": user, "iat": now, "exp": now + LIFETIME_S}
    return {
        "access_token": jwt.encode(claims, key, "ES256", headers={"kid": kid}),
        "token_type": "bearer",
        "expires_in": LIFETIME_S,
        "expires_at": now + LIFETIME_S,
        "user": {"id": user, **about},
    }


def _error(code: str, message: str) -> Response:
    # The form of GoTrue's errors, which Supabase's clients parse.
    return JSONResponse({"code": 400, "error_code": code, "msg": message}, 400)


def load_or_create_key(path: Path) -> EllipticCurvePrivateKey:
    """Return the P-256 key in a PEM file, created when missing; exit when the file has other content."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        created = generate_private_key(SECP256R1())
        form = serialization.PrivateFormat.PKCS8
        path.touch(0o600, exist_ok=False)
        path.write_bytes(
            created.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
        )
        return created
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise SystemExit(f"{path} holds no P-256 private key. Delete it: the next start creates a new one.")
    return key


def key_id(key: EllipticCurvePrivateKey) -> str:
    """Return an id derived from the public key."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.DER, form)
    return hashlib.sha256(public).hexdigest()[:32]


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--data", type=Path, required=True, help="The folder of the signing key.")
def main(port: int, data: Path) -> None:
    """Serve on 127.0.0.1, with the signing key kept in the data folder."""
    app = create_app(load_or_create_key(data / "signing-key.pem"), f"http://127.0.0.1:{port}/auth/v1")
    uvicorn.run(app, port=port, access_log=False)


if __name__ == "__main__":
    main()
