"""The events that PostHog gets: a report that has ended, and a call of the LLM.

An event is built from a list of numbers and of words of ours, never from a report as a whole: no text of a
report, no photo, no key and no id of a user can reach it. The user is the keyed hash that log lines name.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4, uuid5

from services.core.domain.errors import (
    CatalogueMismatch,
    ModelAnswerInvalid,
    ModelFault,
    ModelRefused,
    ModelUnavailable,
)
from services.core.domain.report import Report, Status
from services.core.telemetry import user_hash
from services.core.trace import parse, traceparent
from services.core.usage import LlmCall

Event = dict[str, Any]
# What a failed report can have as its code; any other text is not repeated.
REASONS = frozenset(
    {
        "internal_error",
        "invalid_input",
        *(
            fault.code
            for fault in (ModelFault, ModelRefused, ModelUnavailable, CatalogueMismatch, ModelAnswerInvalid)
        ),
    }
)
# Of all UUIDs that are made here of a report and an event.
_NAMESPACE = UUID("6c0a9a2e-54f1-4d0b-9f4e-2b1f6f6f5d1a")


@dataclass(frozen=True)
class Deployment:
    """Where events come from: what log lines name too, the endpoint's mode, and who provides the LLM."""

    environment: str = "none"
    version: str = "none"
    mode: Literal["realtime", "async"] = "realtime"
    provider: str = "openai"


def report_ended(
    report: Report, owner: str, deployment: Deployment, *, photos: int, total_ms: float
) -> Event:
    """The event of a report that has ended: the same one if it ends again.

    `total_ms` is the time from its acceptance to its end.
    """
    event = "report_completed" if report.status is Status.SUCCEEDED else "report_failed"
    code = report.failure.code if report.failure else None
    stages = report.timings_ms.model_dump(exclude_none=True)
    return _event(
        event,
        str(uuid5(_NAMESPACE, f"{report.id} {event}")),
        owner,
        deployment,
        {
            "total_ms": total_ms,
            **{f"{stage}_ms": ms for stage, ms in stages.items()},
            "outcome": report.status.value,
            "reason": code if code is None or code in REASONS else "other",
            "narrative": report.narrative,
            "template_share": _template_share(report),
            "cost_usd": report.cost_usd,
            "languages": len(report.languages) or 1,
            "photos": photos,
        },
    )


def ai_generation(call: LlmCall, owner: str, deployment: Deployment, *, usd: float | None) -> Event:
    """The event of a call of the LLM, each by itself, as each is billed; `usd` is None if it is not known."""
    usage = call.usage
    tokens = (
        {}
        if usage is None
        else {
            "$ai_input_tokens": usage.prompt_tokens,
            "$ai_output_tokens": usage.completion_tokens,
            "$ai_cache_read_input_tokens": usage.cached_tokens,
        }
    )
    id_ = str(uuid4())
    return _event(
        "$ai_generation",
        id_,
        owner,
        deployment,
        {
            "$ai_trace_id": _trace() or id_,
            "$ai_model": call.llm,
            "$ai_provider": deployment.provider,
            **tokens,
            "$ai_latency": round(call.latency_s, 3),
            "$ai_http_status": call.status,
            "$ai_is_error": call.failed,
            "$ai_total_cost_usd": usd,
        },
    )


def _event(
    event: str, id_: str, owner: str, deployment: Deployment, properties: Mapping[str, object]
) -> Event:
    described = {
        **properties,
        "mode": deployment.mode,
        "environment": deployment.environment,
        "version": deployment.version,
        "trace": _trace(),
        # A hash is no person whom PostHog should keep a profile of, and our address is not the user's.
        "$process_person_profile": False,
        "$geoip_disable": True,
    }
    return {
        "event": event,
        "uuid": id_,
        "distinct_id": user_hash(owner),
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "properties": {name: value for name, value in described.items() if _is_known(value)},
    }


def _is_known(value: object) -> bool:
    # JSON has no number for one that is not finite.
    return value is not None and not (isinstance(value, float) and not math.isfinite(value))


def _template_share(report: Report) -> float | None:
    """The share of the report's languages whose text is the template's, from 0 to 1."""
    if report.narrative is None:
        return None
    narratives = [report.narrative, *(each.narrative for each in report.translations.values())]
    return round(narratives.count("template") / len(narratives), 3)


def _trace() -> str | None:
    span = parse(traceparent())
    return None if span is None else span.trace
