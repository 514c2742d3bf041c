"""What a page in a browser may read of the gateway's answers, its own included."""

import json

import pytest

from settings.environment import load_environment
from tests.system.running import System

ORIGIN = load_environment("local").cors_origins[0]


@pytest.mark.parametrize(
    ("method", "path", "token", "status"),
    [
        ("GET", "/reports", None, 401),
        ("GET", "/reports", "nonsense", 403),
        ("GET", "/nowhere", None, 404),
        ("PUT", "/reports", None, 404),
        ("GET", "/reports/01ARZ3NDEKTSV4RRFFQ69G5FAV", "demo", 404),
        ("POST", "/analyze", "demo", 415),
        ("GET", "/reports", "demo", 200),
        ("GET", "/catalogue", "demo", 200),
    ],
)
def test_page_can_read_every_answer(
    system: System, method: str, path: str, token: str | None, status: int
) -> None:
    headers = {"Origin": ORIGIN}
    if token is not None:
        headers |= system.headers("demo") if token == "demo" else {"Authorization": f"Bearer {token}"}
    answer = system.client.request(method, f"{system.api_url}{path}", headers=headers)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "retry-after" in answer.headers["access-control-expose-headers"].lower()


@pytest.mark.parametrize("origin", ["https://evil.example", "null", f"{ORIGIN}.evil.example"])
def test_other_page_can_read_nothing(system: System, origin: str) -> None:
    for path in ("/reports", "/nowhere"):
        answer = system.client.get(f"{system.api_url}{path}", headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_preflight_allows_the_methods(system: System, method: str) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
    answer = system.client.options(f"{system.api_url}/reports", headers=headers)
    assert answer.status_code == 204
    assert method in answer.headers["access-control-allow-methods"]
    assert "idempotency-key" in answer.headers["access-control-allow-headers"].lower()


def test_page_sees_public_outputs_alone(system: System) -> None:
    done = system.command("outputs")
    # A page needs the API's address, and what supabase-js takes: URL and publishable key.
    assert set(json.loads(done.stdout)) == {"ApiUrl", "Region", "SupabaseUrl", "SupabasePublishableKey"}
