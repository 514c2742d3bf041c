"""What an event says, and that it says nothing of what a report holds."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies

from services.core.analytics.events import REASONS, Deployment, ai_generation, report_ended
from services.core.analytics.sender import MOST_AT_ONCE
from services.core.domain.errors import ModelFault
from services.core.domain.failure import Failure
from services.core.domain.listing import Labels, Listing, TradeCondition, Translation
from services.core.domain.report import (
    Condition,
    Evidence,
    Grade,
    Product,
    Provenance,
    Reliance,
    Report,
    Status,
    Timings,
)
from services.core.domain.stored_report import StoredPhoto, StoredReport
from services.core.telemetry import user_hash
from services.core.trace import hop
from services.core.usage import LlmCall, Usage

DEPLOYED = Deployment("shop", "0123456789ab", "async", "openai")
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
# Of a property of PostHog's own, all that its LLM analytics documents and that is no text.
AI_PROPERTIES = {
    "$ai_trace_id",
    "$ai_model",
    "$ai_provider",
    "$ai_input_tokens",
    "$ai_output_tokens",
    "$ai_cache_read_input_tokens",
    "$ai_latency",
    "$ai_http_status",
    "$ai_is_error",
    "$ai_total_cost_usd",
}


def report(**fields: Any) -> Report:
    """A report in English that has ended."""
    common = {"id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "language": "en", "model": Provenance(endpoint="blip2")}
    ended = {"status": Status.SUCCEEDED, "created_at": NOW, "expires_at": NOW + timedelta(days=30)}
    return Report.model_validate({**common, **ended, **fields})


def properties(told: Report, **given: Any) -> dict[str, Any]:
    event = report_ended(told, "alice", DEPLOYED, **{"photos": 2, "total_ms": 5300.0, **given})
    found: dict[str, Any] = event["properties"]
    return found


PERSONAL = [
    "ana.tremblay@example.com",
    "9b1f3c52-7d2e-4a43-9a0e-0f7c1d2b3a4c",
    "+1 514 555 0199",
    "203.0.113.77",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl",
    "photos/9b1f3c52-7d2e-4a43-9a0e-0f7c1d2b3a4c/01ARZ3NDEKTSV4RRFFQ69G5FAV/1.jpg",
    "\xff\xd8\xff\xe0JFIF of a photo",
]
texts = strategies.one_of(
    strategies.sampled_from(PERSONAL),
    strategies.text(min_size=12, max_size=60),
    strategies.tuples(strategies.text(max_size=9), strategies.sampled_from(PERSONAL)).map("".join),
)


@strategies.composite
def rows(draw: strategies.DrawFn) -> StoredReport:
    """A row of the table whose every free text is any, and may be somebody's."""

    def text() -> str:
        return draw(texts)

    narratives = strategies.sampled_from([None, "llm", "mixed", "template"])
    labels = Labels(type=text(), grade=text(), wear={text(): text()}, reasons={text(): text()})
    told = report(
        id=text(),
        status=draw(strategies.sampled_from([Status.SUCCEEDED, Status.FAILED])),
        product=Product.model_construct(type=text(), material=text(), colour=text(), suggestion=text()),
        condition=Condition(score=7, grade=Grade.GOOD, wear=()),
        confidence=Reliance(level="high"),
        title=text(),
        description=text(),
        caption=text(),
        keywords=(text(), text()),
        labels=labels,
        translations={
            "fr": Translation(title=text(), description=text(), keywords=(text(),), narrative="template")
        },
        listing=Listing(
            category=None,
            condition=TradeCondition(schema_org=text(), google=text(), facebook=text(), ebay=None),
            specifics={text(): text()},
        ),
        evidence=(Evidence(question=text(), answer=text(), confidence=0.5),),
        narrative=draw(narratives),
        languages=("en", "fr"),
        model=Provenance(endpoint=text(), artifact=text(), catalogue=text(), llm=text(), bridge=text()),
        timings_ms=Timings(photo=1.0, accept=2.0, model=3.0, narrate=4.0),
        cost_usd=draw(strategies.one_of(strategies.none(), strategies.floats())),
        failure=draw(
            strategies.one_of(strategies.none(), strategies.builds(Failure, code=texts, reason=texts))
        ),
        waiting=text(),
    )
    return StoredReport(text(), told, (StoredPhoto(text()), StoredPhoto(text())), photos_digest=text())


def leaves(value: object) -> Iterator[str]:
    """Every text of a value, the names of its fields included."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield value


@given(rows())
def test_no_text_of_a_report_reaches_an_event(row: StoredReport) -> None:
    call = LlmCall("gpt-6-luna", 1.0, 200, Usage(prompt_tokens=9, completion_tokens=9), failed=False)
    events = [
        report_ended(row.report, row.owner, DEPLOYED, photos=len(row.photos), total_ms=1.0),
        ai_generation(call, row.owner, DEPLOYED, usd=0.1),
    ]
    said = [*leaves(events)]
    held = {*leaves(row.report.model_dump()), row.owner, *row.pictures, row.photos_digest or ""}
    # The words of ours that a report shares with an event are shorter than any text drawn, which may be part
    # of a field's name.
    names = [name for event in events for name in (*event, *event["properties"])]
    leaked = [text for text in held if len(text) >= 12 and any(text in each for each in said)]
    assert not [text for text in leaked if not any(text in name for name in names)]
    assert not [secret for secret in PERSONAL if any(secret in each for each in said)]
    json.dumps(events, allow_nan=False)


def test_completed_report_says_how_it_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER_HASH_KEY", "key of the shop")
    told = report(
        narrative="llm",
        translations={"fr": Translation(title="t", description="d", narrative="template")},
        languages=("en", "fr"),
        timings_ms=Timings(photo=80.5, model=4000.0, narrate=1100.0),
        cost_usd=0.0021,
    )
    with hop(TRACEPARENT):
        event = report_ended(told, "alice", DEPLOYED, photos=3, total_ms=5300.0)
    assert (event["event"], event["distinct_id"]) == ("report_completed", user_hash("alice"))
    assert event["properties"] == {
        "total_ms": 5300.0,
        "photo_ms": 80.5,
        "model_ms": 4000.0,
        "narrate_ms": 1100.0,
        "outcome": "succeeded",
        "narrative": "llm",
        "template_share": 0.5,
        "cost_usd": 0.0021,
        "languages": 2,
        "photos": 3,
        "mode": "async",
        "environment": "shop",
        "version": "0123456789ab",
        "trace": "4bf92f3577b34da6a3ce929d0e0e4736",
        "$process_person_profile": False,
        "$geoip_disable": True,
    }


def test_failed_report_says_its_code() -> None:
    failure = Failure(code="model_unavailable", reason="the endpoint of ana@example.com sleeps")
    told = report(status=Status.FAILED, failure=failure)
    event = report_ended(told, "alice", DEPLOYED, photos=1, total_ms=1.0)
    assert event["event"] == "report_failed"
    assert event["properties"]["reason"] == "model_unavailable"
    assert not {"narrative", "template_share", "cost_usd"} & event["properties"].keys()


def test_every_fault_has_its_code() -> None:
    def codes(kind: type[ModelFault]) -> Iterator[str]:
        yield kind.code
        for each in kind.__subclasses__():
            yield from codes(each)

    assert {*codes(ModelFault)} <= REASONS
    assert properties(report(failure=Failure(code="ana", reason="")))["reason"] == "other"


def test_repeated_end_is_one_event() -> None:
    first, again = (report_ended(report(), "alice", DEPLOYED, photos=1, total_ms=1.0) for _ in range(2))
    other = report_ended(report(status=Status.FAILED), "alice", DEPLOYED, photos=1, total_ms=1.0)
    assert first["uuid"] == again["uuid"]
    assert first["uuid"] != other["uuid"]


def test_each_llm_call_is_an_event() -> None:
    call = LlmCall("gpt-6-luna", 1.2345, 200, Usage(prompt_tokens=300, completion_tokens=60), failed=False)
    with hop(TRACEPARENT):
        first, second = (ai_generation(call, "alice", DEPLOYED, usd=0.00006) for _ in range(2))
    assert first["uuid"] != second["uuid"]
    said = {name: value for name, value in first["properties"].items() if name.startswith("$ai_")}
    assert said.keys() == AI_PROPERTIES
    assert (said["$ai_input_tokens"], said["$ai_output_tokens"]) == (300, 60)
    assert (said["$ai_latency"], said["$ai_http_status"], said["$ai_is_error"]) == (1.234, 200, False)
    assert said["$ai_trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


def test_unknown_numbers_are_left_out() -> None:
    call = LlmCall("gpt-6-luna", 6.0, None, None, failed=True)
    said = ai_generation(call, "alice", DEPLOYED, usd=None)["properties"]
    assert said["$ai_is_error"] is True
    assert not {"$ai_http_status", "$ai_input_tokens", "$ai_total_cost_usd"} & said.keys()
    assert "cost_usd" not in properties(report(cost_usd=float("nan")))


def test_full_request_stays_below_a_megabyte() -> None:
    long = Deployment("e" * 40, "v" * 40, "realtime", "openai")
    told = report(
        status=Status.FAILED,
        narrative="template",
        timings_ms=Timings(photo=1e5 / 3, accept=1e5 / 3, model=1e7 / 3, narrate=1e5 / 3),
        cost_usd=1 / 3,
        failure=Failure(code="model_answer_invalid", reason="r" * 1000),
    )
    event = report_ended(told, "u" * 200, long, photos=8, total_ms=1e9 / 3)
    assert MOST_AT_ONCE * len(json.dumps(event)) < 1_000_000
