"""The issuer as Supabase's clients use it, and its tokens as a verifier checks them."""

from pathlib import Path
from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from local.fakes.identity import create_app, load_or_create_key
from local.users import PASSWORD

ISSUER = "http://127.0.0.1:54321/auth/v1"
TOKEN = "/auth/v1/token?grant_type=password"


@pytest.fixture
def issuer(tmp_path: Path) -> TestClient:
    return TestClient(create_app(load_or_create_key(tmp_path / "key.pem"), ISSUER))


def sign_in(issuer: TestClient, name: str = "demo") -> dict[str, Any]:
    answer = issuer.post(TOKEN, json={"email": f"{name}@vitrine.test", "password": PASSWORD})
    assert answer.status_code == 200
    session: dict[str, Any] = answer.json()
    return session


def test_token_is_signed_by_published_key(issuer: TestClient) -> None:
    token = sign_in(issuer)["access_token"]
    published = jwt.PyJWKSet.from_dict(issuer.get("/auth/v1/.well-known/jwks.json").json())
    key = published[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, ["ES256"], audience="authenticated", issuer=ISSUER)
    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["role"], claims["email"]) == ("authenticated", "demo@vitrine.test")


def test_published_key_has_no_private_part(issuer: TestClient) -> None:
    assert "d" not in issuer.get("/auth/v1/.well-known/jwks.json").json()["keys"][0]


def test_each_name_is_one_user(issuer: TestClient) -> None:
    first, again, other = (sign_in(issuer, name)["user"]["id"] for name in ("anna", "anna", "bob"))
    assert first == again != other


def test_restart_keeps_the_key(tmp_path: Path) -> None:
    path = tmp_path / "identity" / "key.pem"
    before, after = (TestClient(create_app(load_or_create_key(path), ISSUER)) for _ in range(2))
    keys = "/auth/v1/.well-known/jwks.json"
    assert before.get(keys).json() == after.get(keys).json()
    assert path.stat().st_mode & 0o077 == 0


def test_invalid_key_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("not a key")
    with pytest.raises(SystemExit, match=r"key\.pem holds no P-256 private key"):
        load_or_create_key(path)


@pytest.mark.parametrize(
    ("email", "password"),
    [("demo@vitrine.test", "wrong"), ("demo@elsewhere.test", PASSWORD), ("@vitrine.test", PASSWORD)],
)
def test_wrong_credentials_are_refused(issuer: TestClient, email: str, password: str) -> None:
    answer = issuer.post(TOKEN, json={"email": email, "password": password})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": 400,
        "error_code": "invalid_credentials",
        "msg": "Invalid login credentials",
    }


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b"[1]", b"0" * 20_000])
def test_invalid_body_is_refused(issuer: TestClient, body: bytes) -> None:
    answer = issuer.post(TOKEN, content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")


def test_other_grant_type_is_refused(issuer: TestClient) -> None:
    answer = issuer.post("/auth/v1/token?grant_type=pkce", json={})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_health_check_answers(issuer: TestClient) -> None:
    assert issuer.get("/healthz").status_code == 200
