import pytest
from starlette.testclient import TestClient

from services.analyze.app import api
from services.analyze.openapi import document
from services.core.auth.users import AllowedUsers
from services.core.domain import errors
from services.web.problems import _BY_ERROR, _FORMS


def leaves(kind: type[errors.VitrineError]) -> set[type[errors.VitrineError]]:
    below = {leaf for child in kind.__subclasses__() for leaf in leaves(child)}
    return below | {kind} if kind is not errors.VitrineError else below


def test_every_error_has_a_status() -> None:
    # SigningKeysInvalid is answered as the service's own Unavailable.
    every = {one for one in leaves(errors.VitrineError) if one.__module__ == errors.__name__}
    for error in every - {errors.SigningKeysInvalid}:
        assert any(issubclass(error, kind) for kind, _, _ in _BY_ERROR), error


@pytest.mark.parametrize(
    "headers", [{"Authorization": ""}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}]
)
def test_unauthenticated_caller_is_told_how(client: TestClient, headers: dict[str, str]) -> None:
    answer = client.get("/reports", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "nonsense" not in answer.text


@pytest.mark.parametrize(
    ("header", "reason"),
    [("", "send `Authorization: Bearer"), ("Basic YTpi", "scheme Bearer"), ('Bearer "a.b.c"', "in quotes")],
)
def test_unread_header_has_a_reason(client: TestClient, header: str, reason: str) -> None:
    assert reason in client.get("/reports", headers={"Authorization": header}).json()["detail"]


def test_token_is_read_after_two_spaces(client: TestClient) -> None:
    assert client.get("/reports", headers={"Authorization": "bearer  token-of-alice"}).status_code == 200


def test_excluded_user_gets_403(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def exclude(_: object, token: str) -> str:
        return AllowedUsers().user_of({"role": "authenticated", "is_anonymous": True, "sub": token})

    monkeypatch.setattr("tests.services.analyze.conftest.Verifier.verify", exclude)
    answer = client.get("/reports")
    assert answer.status_code == 403
    assert answer.json()["detail"].startswith("anonymous users may not call this API")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("PUT", "/analyze", 405),
        ("GET", "/reports/not-an-id", 422),
        ("GET", "/reports?limit=0", 422),
        ("GET", "/reports?limit=1000", 422),
        ("GET", "/reports?before=x", 422),
        ("GET", "/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", 404),
    ],
)
def test_refusals_are_problem_documents(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/analyze", "POST"),
        ("HEAD", "/catalogue", "GET"),
        ("OPTIONS", "/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", "DELETE, GET, PATCH"),
        ("POST", "/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", "DELETE, GET, PATCH"),
        ("HEAD", "/healthz", "GET"),
    ],
)
def test_wrong_method_is_told_all_methods(client: TestClient, method: str, path: str, allowed: str) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_trailing_slash_is_not_redirected(client: TestClient) -> None:
    answer = client.get("/reports/", follow_redirects=False)
    assert answer.status_code in (404, 422)
    assert "location" not in answer.headers


def test_problem_carries_the_callers_trace(client: TestClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = client.get("/nowhere", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.json()["trace_id"] == trace


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/reports/not-an-id", {}), ("/reports?before=x", {}), ("/analyze", {"Idempotency-Key": "a b"})],
)
def test_form_is_said_in_words(client: TestClient, path: str, headers: dict[str, str]) -> None:
    method = "POST" if path == "/analyze" else "GET"
    detail = client.request(method, path, headers=headers).json()["detail"]
    assert " should be " in detail
    assert not set(detail) & set("\\^$[]{}|")


def test_upload_ids_form_is_said_in_words(client: TestClient) -> None:
    detail = client.post("/analyze", json={"upload_ids": ["x"]}).json()["detail"]
    assert detail.startswith("upload_ids[0]: should be an id as this API gives it")


def test_every_pattern_has_its_words() -> None:
    def patterns(node: object) -> set[str]:
        if isinstance(node, list):
            return set().union(*map(patterns, node))
        if not isinstance(node, dict):
            return set()
        # An example may have a field of that name.
        own = {node["pattern"]} if node.get("type") == "string" and "pattern" in node else set()
        return own.union(*map(patterns, node.values()))

    assert patterns(document(api)) <= set(_FORMS)
