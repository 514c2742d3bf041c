"""Which tokens the gateway accepts, and which the app behind it accepts."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from tests.system.running import System

Claims = dict[str, Any]


@pytest.fixture(scope="session")
def claims(system: System) -> Claims:
    decoded: Claims = jwt.decode(system.token("demo"), options={"verify_signature": False})
    return decoded


@pytest.fixture(scope="session")
def kid(system: System) -> str:
    return str(jwt.get_unverified_header(system.token("demo"))["kid"])


def _expired(system: System, claims: Claims, kid: str) -> str:
    late = {**claims, "iat": int(time.time()) - 7200, "exp": int(time.time()) - 3600}
    return jwt.encode(late, system.signing_key.decode(), "ES256", headers={"kid": kid})


def _other_issuer(system: System, claims: Claims, kid: str) -> str:
    other = {**claims, "iss": "https://elsewhere.invalid/auth/v1"}
    return jwt.encode(other, system.signing_key.decode(), "ES256", headers={"kid": kid})


def _other_key(system: System, claims: Claims, kid: str) -> str:
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", headers={"kid": kid})


def _unsigned(system: System, claims: Claims, kid: str) -> str:
    return jwt.encode(claims, "", "none", headers={"kid": kid})


def _hs256_with_the_public_key(system: System, claims: Claims, kid: str) -> str:
    # Encoded here, since the library refuses to create such a token.
    key = load_pem_private_key(system.signing_key, password=None)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = ".".join(_part(value) for value in ({"alg": "HS256", "typ": "JWT", "kid": kid}, claims))
    return f"{signed}.{_base64(hmac.new(public, signed.encode(), hashlib.sha256).digest())}"


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


FORGERIES: list[Callable[[System, Claims, str], str]] = [
    _expired,
    _other_issuer,
    _other_key,
    _unsigned,
    _hs256_with_the_public_key,
]


def test_missing_token_is_401(system: System) -> None:
    assert system.client.get(f"{system.api_url}/reports").status_code == 401


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__.strip("_"))
def test_invalid_token_is_403_at_gateway(
    system: System, claims: Claims, kid: str, forge: Callable[[System, Claims, str], str]
) -> None:
    token = forge(system, claims, kid)
    answer = system.client.get(f"{system.api_url}/reports", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__.strip("_"))
def test_invalid_token_is_401_at_service(
    system: System, claims: Claims, kid: str, forge: Callable[[System, Claims, str], str]
) -> None:
    token = forge(system, claims, kid)
    answer = system.client.get(f"{system.service_url}/reports", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert token not in answer.text


def test_demo_user_is_accepted(system: System) -> None:
    answer = system.client.get(f"{system.api_url}/reports", headers=system.headers("demo"))
    assert answer.status_code == 200
