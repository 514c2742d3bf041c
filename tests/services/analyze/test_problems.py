import pytest
from starlette.testclient import TestClient

from services.core.domain import errors
from services.web.problems import _BY_ERROR


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
