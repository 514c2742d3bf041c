"""The issuer as Supabase's clients use it, and its tokens as a verifier checks them."""

from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from starlette.testclient import TestClient

from local.fakes.identity.app import create_app
from local.fakes.identity.sessions import Sessions
from local.fakes.identity.tokens import load_or_create_key
from local.users import PASSWORD

ISSUER = "http://127.0.0.1:54321/auth/v1"
TOKEN = "/auth/v1/token?grant_type=password"
REFRESH = "/auth/v1/token?grant_type=refresh_token"
USER, LOGOUT = "/auth/v1/user", "/auth/v1/logout"
ALREADY_USED = "Invalid Refresh Token: Already Used"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(tmp_path: Path, clock: Clock) -> TestClient:
    key = load_or_create_key(tmp_path / "key.pem")
    return TestClient(create_app(key, ISSUER, Sessions(clock=clock)))


def sign_in(issuer: TestClient, name: str = "demo") -> dict[str, Any]:
    answer = issuer.post(TOKEN, json={"email": f"{name}@vitrine.test", "password": PASSWORD})
    assert answer.status_code == 200
    session: dict[str, Any] = answer.json()
    return session


def refresh(issuer: TestClient, token: str) -> httpx2.Response:
    return issuer.post(REFRESH, json={"refresh_token": token})


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['access_token']}"}


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


def test_refresh_rotates_the_token(issuer: TestClient) -> None:
    first = sign_in(issuer)
    second = refresh(issuer, first["refresh_token"]).json()
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    sessions = {
        jwt.decode(session["access_token"], options={"verify_signature": False})["session_id"]
        for session in (first, second)
    }
    assert len(sessions) == 1
    assert issuer.get(USER, headers=bearer(second)).json() == first["user"] == second["user"]


def test_lost_answer_can_be_asked_again(issuer: TestClient, clock: Clock) -> None:
    first = sign_in(issuer)["refresh_token"]
    second = refresh(issuer, first).json()["refresh_token"]
    clock.now += 3600
    assert refresh(issuer, first).json()["refresh_token"] == second


def test_tabs_at_once_get_the_newest(issuer: TestClient, clock: Clock) -> None:
    first = sign_in(issuer)["refresh_token"]
    newest = refresh(issuer, refresh(issuer, first).json()["refresh_token"]).json()["refresh_token"]
    clock.now += 9
    assert refresh(issuer, first).json()["refresh_token"] == newest


def test_reused_token_ends_the_session(issuer: TestClient, clock: Clock) -> None:
    first = sign_in(issuer)
    other = sign_in(issuer)
    newest = refresh(issuer, refresh(issuer, first["refresh_token"]).json()["refresh_token"]).json()
    clock.now += 11
    answer = refresh(issuer, first["refresh_token"])
    assert answer.status_code == 400
    assert answer.json() == {"code": 400, "error_code": "refresh_token_already_used", "msg": ALREADY_USED}
    for token in (first["refresh_token"], newest["refresh_token"]):
        assert refresh(issuer, token).json()["error_code"] == "refresh_token_not_found"
    assert issuer.get(USER, headers=bearer(newest)).json()["error_code"] == "session_not_found"
    assert refresh(issuer, other["refresh_token"]).status_code == 200


@pytest.mark.parametrize("token", ["", "unknown", "x" * 5000, "é"])
def test_unknown_refresh_token_is_refused(issuer: TestClient, token: str) -> None:
    answer = refresh(issuer, token)
    assert answer.status_code == 400
    if token:
        assert answer.json()["error_code"] == "refresh_token_not_found"
    else:
        assert answer.json() == {"error": "invalid_request", "error_description": "refresh_token required"}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"refresh_token": 7}', b"\xff", b"0" * 20_000])
def test_invalid_refresh_body_is_refused(issuer: TestClient, body: bytes) -> None:
    answer = issuer.post(REFRESH, content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "bad_json")


def test_new_clients_get_new_errors(issuer: TestClient) -> None:
    version = {"X-Supabase-Api-Version": "2024-01-01"}
    answer = issuer.post(REFRESH, json={"refresh_token": "unknown"}, headers=version)
    assert answer.json() == {
        "code": "refresh_token_not_found",
        "message": "Invalid Refresh Token: Refresh Token Not Found",
    }
    assert answer.headers["x-supabase-api-version"] == "2024-01-01"


def test_user_needs_a_token(issuer: TestClient) -> None:
    for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer "}):
        answer = issuer.get(USER, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (401, "no_authorization")


def test_invalid_token_has_no_user(issuer: TestClient, tmp_path: Path) -> None:
    own = load_or_create_key(tmp_path / "key.pem")
    other = load_or_create_key(tmp_path / "other.pem")
    token = sign_in(issuer)["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    forged = [
        jwt.encode({**claims, "exp": claims["iat"] - 1}, own, "ES256"),
        jwt.encode(claims, other, "ES256"),
        token[:-4],
        "nonsense",
    ]
    for invalid in forged:
        answer = issuer.get(USER, headers={"Authorization": f"Bearer {invalid}"})
        assert (answer.status_code, answer.json()["error_code"]) == (403, "bad_jwt")
        assert invalid not in answer.text


def test_token_without_session_is_refused(issuer: TestClient, tmp_path: Path) -> None:
    claims = jwt.decode(sign_in(issuer)["access_token"], options={"verify_signature": False})
    del claims["session_id"]
    token = jwt.encode(claims, load_or_create_key(tmp_path / "key.pem"), "ES256")
    answer = issuer.get(USER, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error_code"]) == (403, "session_not_found")


@pytest.mark.parametrize(
    ("query", "ended"),
    [
        ("?scope=local", {"this"}),
        ("?scope=others", {"other"}),
        ("?scope=global", {"this", "other"}),
        ("", {"this", "other"}),
    ],
)
def test_sign_out_ends_what_its_scope_names(issuer: TestClient, query: str, ended: set[str]) -> None:
    sessions = {"this": sign_in(issuer), "other": sign_in(issuer), "bob": sign_in(issuer, "bob")}
    assert issuer.post(f"{LOGOUT}{query}", headers=bearer(sessions["this"])).status_code == 204
    refused = {
        name
        for name, session in sessions.items()
        if refresh(issuer, session["refresh_token"]).status_code == 400
    }
    assert refused == ended


def test_other_scope_is_refused(issuer: TestClient) -> None:
    answer = issuer.post(f"{LOGOUT}?scope=all", headers=bearer(sign_in(issuer)))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "validation_failed")


def test_sign_out_needs_a_token(issuer: TestClient) -> None:
    assert issuer.post(LOGOUT).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"), [("POST", TOKEN), ("POST", REFRESH), ("GET", USER), ("POST", LOGOUT)]
)
def test_page_of_any_origin_may_call(issuer: TestClient, method: str, path: str) -> None:
    origin = {"Origin": "http://127.0.0.1:3000"}
    asked = {
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "apikey,authorization,content-type,x-supabase-api-version",
    }
    allowed = issuer.options(path, headers={**origin, **asked})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "*"
    assert "apikey" in allowed.headers["access-control-allow-headers"]
    answer = issuer.request(method, path, headers=origin)
    assert answer.status_code >= 400
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "X-Supabase-Api-Version" in answer.headers["access-control-expose-headers"]
