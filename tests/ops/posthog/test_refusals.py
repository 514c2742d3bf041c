"""Each refusal of PostHog as its documentation words it, and each silence, becomes an error with a remedy."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import pytest

from local.fakes.posthog.state import Project
from tests.ops.posthog.conftest import add_insight

Run = Callable[..., tuple[int, str, str]]
EU = "https://eu.posthog.com"


def refused(status: int, code: str, detail: str, attr: str | None = None, **headers: str) -> httpx2.Response:
    body = {"type": "validation_error", "code": code, "detail": detail, "attr": attr}
    return httpx2.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        (
            refused(401, "authentication_failed", "Personal API key found in … header is invalid."),
            f"does not accept POSTHOG_PERSONAL_API_KEY at {EU}",
            f"{EU}/settings/user-api-keys with the scopes dashboard:write, insight:write, alert:write",
        ),
        (
            refused(403, "permission_denied", "API key missing required scope 'insight:read'"),
            "lacks the scope insight:read, so that it may not list dashboards",
            "insight:write",
        ),
        (
            refused(403, "permission_denied", "API key does not have access to the requested project: ID 1."),
            "API key does not have access to the requested project: ID 1.",
            "the right to edit in project 1",
        ),
        (refused(404, "not_found", "Project not found."), "no project 1 at", "posthog.project_id"),
        (
            refused(400, "invalid_input", "Not a valid string.", "name"),
            "the field name: Not a valid string.",
            "API has changed",
        ),
        (
            refused(400, "invalid_input", "SQL insight alerts are not enabled for your account."),
            "SQL insight alerts are not enabled",
            "PostHog's support",
        ),
        (refused(429, "throttled", "Slow down.", **{"Retry-After": "17"}), "too many", "Wait 17 seconds"),
        (refused(429, "throttled", "Slow down."), "too many", "Wait a minute"),
        (httpx2.Response(502, text="<html>bad gateway</html>"), "answers 502", "Wait some minutes"),
        (httpx2.Response(404, text="<html>nothing here</html>"), "not PostHog's API", "Check the network"),
        (httpx2.Response(302, headers={"Location": "https://other.example/login"}), "answers 302", "network"),
        (httpx2.Response(200, text="<html>welcome</html>"), "no JSON", "Check the network"),
        (httpx2.Response(200, json={"results": "many"}), "results: Input should be a valid list", "network"),
        (httpx2.Response(200, json={"results": [{"name": "x"}]}), "id: Field required", "network"),
        (httpx2.ReadTimeout("slow"), "does not answer in time", "the same command again"),
        (httpx2.ConnectError("no route"), f"{EU} cannot be reached: ConnectError", "Check the network"),
    ],
)
def test_refusal_has_a_remedy(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: httpx2.Response | Exception, message: str, hint: str
) -> None:
    serve(monkeypatch, lambda request: answer)
    status, out, err = run("plan")
    assert (status, out) == (1, "")
    problem, _, remedy = err.partition("hint: ")
    assert message in problem
    assert hint in remedy
    assert "phx_local" not in err


def serve(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[httpx2.Request], httpx2.Response | Exception]
) -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        given = answer(request)
        if isinstance(given, Exception):
            raise given
        return given

    @contextmanager
    def new_http(url: str, key: str) -> Iterator[httpx2.Client]:
        headers = {"Authorization": f"Bearer {key}"}
        with httpx2.Client(base_url=url, headers=headers, transport=httpx2.MockTransport(handle)) as http:
            yield http

    monkeypatch.setattr("ops.posthog.client.new_http", new_http)


@pytest.mark.parametrize("scope", ["dashboard:write", "insight:write", "alert:write", "user:read"])
def test_each_scope_is_needed(run: Run, project: Project, scope: str) -> None:
    project.scopes = [one for one in project.scopes if one != scope]
    status, _, err = run("apply")
    assert status == 1
    assert f"lacks the scope {scope.replace('write', 'read')}" in err
    assert not project.dashboards


def test_read_only_key_changes_nothing(run: Run, project: Project) -> None:
    project.scopes = ["dashboard:read", "insight:read", "alert:read", "user:read"]
    assert run("plan")[0] == 0
    assert "lacks the scope dashboard:write, so that it may not create the dashboard" in run("apply")[2]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("", "is not set"),
        ("phc_prod", "a project's key, which can only write events"),
        ("phx_two words", "characters that no key has"),
        ("phx_clé", "characters that no key has"),
    ],
)
def test_wrong_key_is_not_sent(run: Run, monkeypatch: pytest.MonkeyPatch, key: str, message: str) -> None:
    monkeypatch.setenv("POSTHOG_PERSONAL_API_KEY", key)
    serve(monkeypatch, lambda request: pytest.fail("a request"))
    status, _, err = run("plan")
    assert status == 1
    assert message in err
    assert "Make a personal API key at" in err


def test_every_page_is_read(run: Run, project: Project) -> None:
    for number in range(250):
        add_insight(project, f"Theirs {number}")
    assert run("apply")[0] == 0
    assert run("plan")[1].endswith("Nothing changes.\n")
    assert len(project.insights) == 254


def test_key_stays_with_our_host(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append((request.url.host, request.url.query.decode()))
        more = "offset=100" not in request.url.query.decode()
        further = "http://internal.example/api/projects/1/dashboards/?limit=100&offset=100" if more else None
        return httpx2.Response(200, json={"next": further, "results": []})

    serve(monkeypatch, answer)
    run("plan")
    assert {host for host, _ in asked} == {"eu.posthog.com"}
    assert ("eu.posthog.com", "limit=100&offset=100") in asked


def test_endless_list_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    page: dict[str, Any] = {"next": "https://eu.posthog.com/?offset=100", "results": []}
    serve(monkeypatch, lambda request: httpx2.Response(200, json=page))
    assert "it has over 200 pages" in run("plan")[2]
