"""What PostHog's capture takes and refuses."""

import uuid
from typing import Any

import pytest
from starlette.testclient import TestClient

from local.fakes.posthog.app import create_app
from local.fakes.posthog.capture import BODY_LIMIT, Capture, Manner

KEY = "phc_local"


@pytest.fixture
def posthog() -> TestClient:
    return TestClient(create_app(Capture(KEY)))


# The ids of tests must not change from run to run.
ONE = "0b2e1c8e-5d0b-4d3c-9a51-6a7a1f0c7d11"


def event(**fields: Any) -> dict[str, Any]:
    return {"event": "report_completed", "distinct_id": "5f2c", "uuid": str(uuid.uuid4())} | fields


def kept(posthog: TestClient) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = posthog.get("/local/events").json()["events"]
    return events


def test_events_are_kept_in_order(posthog: TestClient) -> None:
    first, second = event(timestamp="2026-11-27T12:00:00.000+00:00", properties={"photos": 1}), event()
    answer = posthog.post("/batch/", json={"api_key": KEY, "batch": [first, second]})
    assert (answer.status_code, answer.json()) == (200, {"status": "Ok"})
    assert kept(posthog) == [first, second]


def test_repeated_uuid_is_one_event(posthog: TestClient) -> None:
    repeated = event()
    for _ in range(2):
        posthog.post("/batch/", json={"api_key": KEY, "batch": [repeated]})
    assert kept(posthog) == [repeated]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"api_key": "phc_other", "batch": [event(uuid=ONE)]}, 401),
        ({"batch": [event(uuid=ONE)]}, 401),
        ({"api_key": KEY, "batch": []}, 400),
        ({"api_key": KEY}, 400),
        ({"api_key": KEY, "batch": [event(uuid=ONE, event="")]}, 400),
        ({"api_key": KEY, "batch": [event(uuid=ONE, distinct_id="")]}, 400),
        ({"api_key": KEY, "batch": [event(uuid="1")]}, 400),
        ({"api_key": KEY, "batch": [event(uuid=ONE, timestamp="yesterday")]}, 400),
        ({"api_key": KEY, "batch": ["report_completed"]}, 400),
        ([], 401),
    ],
    ids=str,
)
def test_other_batches_are_refused_whole(posthog: TestClient, body: object, status: int) -> None:
    assert posthog.post("/batch/", json=body).status_code == status
    assert kept(posthog) == []


def test_text_and_large_bodies_are_refused(posthog: TestClient) -> None:
    assert posthog.post("/batch/", content=b"{").status_code == 400
    assert posthog.post("/batch/", content=b" " * (BODY_LIMIT + 1)).status_code == 413


def test_posthog_in_trouble_refuses_all() -> None:
    posthog = TestClient(create_app(Capture(KEY, Manner(status=503))))
    assert posthog.post("/batch/", json={"api_key": KEY, "batch": [event()]}).status_code == 503
    assert kept(posthog) == []
