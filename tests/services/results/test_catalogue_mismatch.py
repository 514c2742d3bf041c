"""An artifact of another catalogue: the report waits for the deployment of both, and says so."""

import json
from datetime import timedelta
from typing import Any

import pytest

from services.core.domain.report import Status
from services.results import job_handler
from tests.services.analyze.conftest import observation
from tests.services.results.shop import ENDED, RESUME, Shop, pending, result
from tests.services.results.test_jobs import MUG, seen_by_llm

THEIRS = "0123456789abcdef"


def refusal(version: str, status: int = 400) -> dict[str, Any]:
    """What the runtime says of a container that refuses the request."""
    said = f"CatalogueMismatch: the request is about the catalogue {version}, and this artifact has {THEIRS}"
    return {
        "__type": "ModelError",
        "message": f'Received client error ({status}) from primary with message "{said}"',
        "OriginalMessage": said,
        "OriginalStatusCode": status,
    }


@pytest.fixture(params=["refused", "answered", "announced", "answered later"])
def mismatched(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    """A shop whose endpoint has said, in one of its ways, that its artifact has another catalogue."""
    shop.asynchronous = request.param in ("announced", "answered later")
    if shop.asynchronous:
        shop.accept(pending=pending())
        if request.param == "announced":
            message = refusal(shop.catalogue.version)["message"]
            shop.settle(result("Failed", f"ClientError: {message}"))
        else:
            shop.store_answer(json.dumps(observation(1) | {"catalogue": THEIRS}).encode())
            shop.settle(result())
        return shop
    shop.accept(lease=ENDED)
    if request.param == "refused":
        shop.status, shop.problem = 424, refusal(shop.catalogue.version)
    else:
        shop.problem = observation(1) | {"catalogue": THEIRS}
    assert shop.settle(RESUME) == ["0"]
    shop.status, shop.problem = 200, {}
    return shop


def test_report_waits_and_says_why(mismatched: Shop) -> None:
    report = mismatched.report()
    assert (report.status, report.failure) == (Status.QUEUED, None)
    assert report.waiting is not None
    assert THEIRS in report.waiting
    assert mismatched.catalogue.version in report.waiting
    assert "retried every 15 minutes" in report.waiting


def test_report_succeeds_after_the_deployment(mismatched: Shop) -> None:
    asked = mismatched.model_calls
    mismatched.settle(RESUME)
    if mismatched.asynchronous:
        mismatched.store_answer()
        mismatched.settle(result(report_id=mismatched.questions[-1]))
    report = mismatched.report()
    assert (report.status, mismatched.model_calls) == (Status.SUCCEEDED, asked + 1)
    assert report.model.catalogue == mismatched.catalogue.version
    assert report.model.calibrated is True
    assert len(mismatched.stored()) == 1


def test_report_ends_by_name_in_time(mismatched: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_handler, "RETRY_DEADLINE", timedelta(0))
    assert mismatched.settle(RESUME) == []
    failure = mismatched.report().failure
    assert failure is not None
    assert failure.code == "catalogue_mismatch"
    assert mismatched.catalogue.version in failure.reason
    assert mismatched.report().waiting is None


def test_late_mismatch_names_the_failure(shop: Shop) -> None:
    shop.asynchronous = True
    shop.accept(pending=pending(), age=timedelta(hours=25))
    shop.settle(result("Failed", f"ClientError: {refusal(shop.catalogue.version)['message']}"))
    failure = shop.report().failure
    assert failure is not None
    assert failure.code == "catalogue_mismatch"


def test_late_answer_mismatch_names_failure(shop: Shop) -> None:
    shop.asynchronous = True
    shop.accept(pending=pending(), age=timedelta(hours=25))
    shop.store_answer(json.dumps(observation(1) | {"catalogue": THEIRS}).encode())
    shop.settle(result())
    failure = shop.report().failure
    assert failure is not None
    assert failure.code == "catalogue_mismatch"


def test_mismatch_is_no_invalid_answer(shop: Shop) -> None:
    """However often it comes, it ends no report before its time."""
    shop.accept(lease=ENDED)
    shop.problem = observation(1) | {"catalogue": THEIRS}
    for _ in range(5):
        assert shop.settle(RESUME) == ["0"]
    assert shop.reports.get("alice", shop.report().id).invalid_answers == 0


def test_fallback_answers_during_a_deployment(shop: Shop) -> None:
    shop.accept(lease=ENDED)
    shop.problem, shop.fallback_llm = observation(1) | {"catalogue": THEIRS}, seen_by_llm(MUG)
    assert shop.settle(RESUME) == []
    model = shop.report().model
    assert (model.bridge, model.artifact, model.calibrated) == ("eyes", None, False)
    assert model.catalogue == shop.catalogue.version


def test_silent_fallback_hides_no_mismatch(shop: Shop) -> None:
    shop.accept(lease=ENDED)
    shop.problem, shop.fallback_llm = observation(1) | {"catalogue": THEIRS}, seen_by_llm({})
    assert shop.settle(RESUME) == ["0"]
    assert THEIRS in (shop.report().waiting or "")
