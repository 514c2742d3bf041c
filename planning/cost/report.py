"""What the reports of a month cost beside the endpoint's time: requests, storage, logs, data and the LLM."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from planning.cost.bill import Line
from planning.cost.endpoint import EndpointHours, endpoint_hours, seconds_per_report
from planning.cost.llm import llm_cost
from planning.cost.usage import KB_PER_GB, EventName, Quantity, gateway_units, usage
from planning.workload import DAYS_PER_MONTH, HOURS_PER_MONTH, HOURS_PER_WEEK
from services.core.metrics import OF_EDGE_LOGS, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from planning.assumptions import Assumptions
    from planning.prices.price_list import PriceList
    from planning.workload import Workload
    from settings.environment import Environment

MEASURED_METRICS = "custom metric, in the hours with a report"
# Between a report's reads of a waiting client, in seconds (the page and client/follow.py).
FOLLOW_S = 20
# The memory of the function that ends reports (stacks/results/stack.py).
JOBS_GB = 1.0
_BASE64 = 4 / 3


class _Billed(NamedTuple):
    """A line's name and price, of how many the price is, and how many the line counts as 1."""

    what: str
    item: str
    per: float
    counted: float = 1


_BILLED: Mapping[Quantity, _Billed] = {
    "gateway_units": _Billed("gateway, units of 512 KB", "http_api_request", 1e6),
    "write_units": _Billed("reports table, write units", "dynamodb_write", 1e6),
    "read_units": _Billed("reports table, read units", "dynamodb_read", 1e6),
    "s3_puts": _Billed("S3, writing requests", "s3_standard_put", 1e3),
    "s3_gets": _Billed("S3, reading requests", "s3_standard_get", 1e3),
    "sqs_requests": _Billed("queues, requests", "sqs_request", 1e6),
    "sns_requests": _Billed("topics, messages", "sns_request", 1e6),
    "kms_requests": _Billed("KMS, requests", "kms_request", 1e4),
    "lambda_runs": _Billed("functions, runs", "lambda_request", 1e6),
    "lambda_gb_s": _Billed("functions, GB-seconds", "lambda_arm", 1),
    "log_kb": _Billed("logs, GB written", "logs_ingest", KB_PER_GB, KB_PER_GB),
    "access_log_kb": _Billed("gateway's log, GB written", "logs_vended", KB_PER_GB, KB_PER_GB),
}


class _Flow(NamedTuple):
    """A month's requests of the API, and its kilobytes: to the API, from it, photos to clients, the rest."""

    requests: float
    sent: float
    answered: float
    viewed: float
    others: float


def report_lines(
    settings: Environment,
    workload: Workload,
    prices: PriceList,
    endpoint: EndpointHours | None = None,
    *,
    followed: bool = True,
) -> list[Line]:
    """Return what the reports of a month cost at steady state, once reports expire as fast as they come.

    Without the endpoint's instances. `endpoint` says how long reports wait for one, by default as the
    settings have it; clients that are not `followed` leave after the 202. Free tiers are not deducted.
    Raises UnknownPriceError, or PlanningError for an instance type without known times.
    """
    endpoint = endpoint or endpoint_hours(settings, workload)
    photos = workload.assumptions.photos.mean_per_report
    counts = events(settings, workload, endpoint, followed=followed)
    used = usage().amounts(counts, photos)
    used["gateway_units"] += workload.reports_per_month * _submitted_units(workload)
    if followed:
        used["read_units"] += _seconds_waited(settings, workload, endpoint)
    # The function that ends these reports waits for the LLM.
    worded = counts["infer_async"] + counts["late"]
    used["lambda_gb_s"] += worded * workload.assumptions.reports.worded_s.mean * JOBS_GB
    if settings.model.mode == "async":
        # The body of a larger request is an object, which the endpoint reads.
        stored = workload.reports_per_month * _stored_request_share(settings, workload)
        used["s3_puts"] += stored
        used["s3_gets"] += stored
    lines = [
        Line(
            billed.what,
            used[name] / billed.counted,
            used[name] / billed.per * prices.usd(billed.item),
            (billed.item,),
        )
        for name, billed in _BILLED.items()
    ]
    flow = _flow(workload, requests_of(counts), used)
    lines += _stored(settings, workload, prices, used["log_kb"] + used["access_log_kb"])
    lines += _moved(settings, workload, prices, flow)
    lines += _balanced(prices, flow)
    lines += _more_tasks(settings, workload, prices, used["cpu_s"], flow.requests)
    lines = [replace(line, part="reports") for line in [*lines, _metrics(workload, prices)]]
    llm = llm_cost(settings, workload)
    calls = workload.reports_per_month * calls_per_report(workload.assumptions)
    lines.append(Line(f"LLM {settings.llm.model}, calls", calls, calls * llm.usd, part="llm"))
    return [line for line in lines if line.count]


def events(
    settings: Environment, workload: Workload, endpoint: EndpointHours, *, followed: bool = True
) -> Mapping[EventName, float]:
    """Return how often each event happens in a month."""
    reports, assumed = workload.reports_per_month, workload.assumptions.reports
    known = usage().endpoint
    waited = min(endpoint.wait_s, known.most_followed_s)
    return {
        "submit": reports,
        "submit_by_upload": reports * workload.assumptions.photos.uploaded_share,
        "authorized": reports,
        "job": reports,
        "infer_async": reports if settings.model.mode == "async" else 0.0,
        "late": reports * assumed.late_share if settings.model.mode == "realtime" else 0.0,
        # Each report ends, and expires or is erased.
        "event": 2 * reports if settings.webhook is not None else 0.0,
        "poll": reports * (1 + waited / FOLLOW_S) if followed else 0.0,
        "view": reports * assumed.viewed,
        "correct": reports * assumed.corrected_share,
        "reword": reports * assumed.reworded_share,
        "erase": reports * assumed.erased_share,
    }


def calls_per_report(assumptions: Assumptions) -> float:
    """Return the LLM's calls of a report: one for its texts, more where they are worded again."""
    return 1 + assumptions.reports.reworded_share


def requests_of(counts: Mapping[EventName, float]) -> float:
    """Return the requests of the API among these events."""
    return sum(counts[name] for name in ("submit", "poll", "view", "correct", "reword", "erase"))


def _seconds_waited(settings: Environment, workload: Workload, endpoint: EndpointHours) -> float:
    # The service reads the row once a second for a client that waits.
    known = usage()
    warm = seconds_per_report(settings, workload) + workload.assumptions.reports.worded_s.mean
    warm += known.endpoint.overhead_s
    return workload.reports_per_month * (warm + min(endpoint.wait_s, known.endpoint.most_followed_s))


def _submitted_units(workload: Workload) -> float:
    """The expected units of a POST /analyze; one that names uploads is small."""
    photos = workload.assumptions.photos
    shares = photos.per_report
    of_forms = sum(
        share * gateway_units(count, photos.sent_kb) for count, share in enumerate(shares, 1)
    ) / sum(shares)
    return (1 - photos.uploaded_share) * of_forms + photos.uploaded_share


def _stored_request_share(settings: Environment, workload: Workload) -> float:
    """The share of requests to the endpoint that are too long to be sent inline."""
    known, shares = usage().model, workload.assumptions.photos.per_report
    photo_kb = _BASE64 * (known.large_photo_kb if settings.catalogue.large_photos else known.photo_kb)
    return sum(share for count, share in enumerate(shares, 1) if count * photo_kb > known.inline_kb) / sum(
        shares
    )


def _flow(workload: Workload, requests: float, used: Mapping[Quantity, float]) -> _Flow:
    photos, assumed = workload.assumptions.photos, workload.assumptions.reports
    each = workload.reports_per_month * photos.mean_per_report
    sent = each * (1 - photos.uploaded_share) * photos.sent_kb.mean
    prompts = workload.reports_per_month * usage().llm.kb
    viewed = each * assumed.viewed * photos.stored_kb.mean
    return _Flow(requests, sent, used["answer_kb"], viewed, used["webhook_kb"] + prompts)


def _stored(settings: Environment, workload: Workload, prices: PriceList, log_kb: float) -> Iterator[Line]:
    photos, known = workload.assumptions.photos, usage().kept
    # Erased ones are kept for half of the time on average.
    months = settings.retention_days / DAYS_PER_MONTH * (1 - workload.assumptions.reports.erased_share / 2)
    kept = workload.reports_per_month * months
    pictures = kept * photos.mean_per_report * photos.stored_kb.mean
    uploads = photos.uploaded_share * photos.mean_per_report * photos.uploaded_mb * 1000 / DAYS_PER_MONTH
    rows = kept * known.row_kb.of(photos.mean_per_report)
    logs = log_kb * known.log_compression * settings.log_retention_days / DAYS_PER_MONTH
    for what, kb, item in (
        ("photos in S3, GB", pictures + workload.reports_per_month * uploads, "s3_standard"),
        ("reports table, GB", rows, "dynamodb_storage"),
        ("reports table's recovery, GB", rows, "dynamodb_pitr"),
        ("logs, GB kept", logs, "logs_storage"),
    ):
        yield Line(what, kb / KB_PER_GB, kb / KB_PER_GB * prices.usd(item), (item,))


def _moved(settings: Environment, workload: Workload, prices: PriceList, flow: _Flow) -> Iterator[Line]:
    known, reports = usage(), workload.reports_per_month
    photo_kb = known.model.large_photo_kb if settings.catalogue.large_photos else known.model.photo_kb
    asked = reports * workload.assumptions.photos.mean_per_report * photo_kb * _BASE64
    moved = [
        ("photos to clients, GB", flow.viewed, "data_out"),
        ("webhooks and prompts, GB out", flow.others, "data_out"),
        ("endpoint, GB in and out", asked + reports * known.model.answer_kb, "sagemaker_data"),
    ]
    if settings.web is None:
        moved.append(("answers to clients, GB", flow.answered, "data_out"))
    else:
        moved.append(("CloudFront, GB to clients", flow.answered, "cloudfront_gb"))
        moved.append(("CloudFront, GB to the gateway", flow.sent, "cloudfront_to_origin"))
        usd = flow.requests / 1e4 * prices.usd("cloudfront_request")
        yield Line("CloudFront, requests", flow.requests, usd, ("cloudfront_request",))
    if settings.egress == "nat":
        # The buckets and the table have endpoints of their own in the VPC.
        moved.append(("NAT gateway, GB", asked + reports * known.llm.kb, "nat_gateway_gb"))
    for what, kb, item in moved:
        yield Line(what, kb / KB_PER_GB, kb / KB_PER_GB * prices.usd(item), (item,))


def _balanced(prices: PriceList, flow: _Flow) -> Iterator[Line]:
    """The load balancer's units: the larger of its gigabytes and its connections."""
    known = usage().balancer
    units = max((flow.sent + flow.answered) / KB_PER_GB / known.gb, flow.requests / known.connections)
    usd = units * prices.usd("load_balancer_lcu")
    yield Line("load balancer, LCU-hours", units, usd, ("load_balancer_lcu",))


def _more_tasks(
    settings: Environment, workload: Workload, prices: PriceList, cpu_s: float, requests: float
) -> Iterator[Line]:
    """The hours of tasks above the minimum, which runs in any case."""
    size, known, reports = settings.service, usage().tasks, workload.reports_per_month
    if not reports:
        return
    vcpu, hours = size.cpu_units / 1024, 0.0
    for rate in workload.hourly():
        by_cpu = rate * cpu_s / reports / 3600 / (vcpu * known.cpu_share)
        by_requests = rate * requests / reports / 60 / (vcpu * known.requests_per_minute)
        hours += max(0, min(math.ceil(max(by_cpu, by_requests)), size.max_tasks) - size.min_tasks)
    hours *= HOURS_PER_MONTH / HOURS_PER_WEEK
    items = ["fargate_arm_vcpu", "fargate_arm_gb"]
    usd = vcpu * prices.usd("fargate_arm_vcpu") + size.memory_mb / 1024 * prices.usd("fargate_arm_gb")
    if settings.egress == "public":
        items.append("public_ipv4")
        usd += prices.usd("public_ipv4")
    yield Line("Fargate tasks above the minimum, hours", hours, hours * usd, tuple(items))


def _metrics(workload: Workload, prices: PriceList) -> Line:
    """The custom metrics, billed for the hours in which a report gives them a value."""
    weekly = workload.hourly()
    share = sum(-math.expm1(-rate) for rate in weekly) / len(weekly)
    count = len(UNITS.keys() - OF_EDGE_LOGS) * share
    usd = count * prices.usd("custom_metric")
    return Line(MEASURED_METRICS, count, usd, ("custom_metric",), observing=True)
