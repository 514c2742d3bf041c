"""Queues, their consumers and alarms, and the topics and stream that feed them."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest

from services.core.domain.timing import PRODUCTION
from services.hooks import worker
from services.logs import writer
from services.results import jobs
from services.results.outbox import _changes
from tests.stacks.assemblies import Assembly
from tests.stacks.reading import text

WITH_QUEUES = ("results", "hooks")
# Each queue, its consumer, and the consumer's own attempts per message.
QUEUES = {
    "Jobs": ("Jobs", jobs.MOST_ATTEMPTS),
    "Webhook": ("Notify", len(PRODUCTION.webhook_pauses_s) + 1),
    "Hooks": ("Worker", len(worker.PAUSES_S)),
    "Logs": ("LogWriter", len(writer.PAUSES_S)),
}


def queues_of(assembly: Assembly) -> set[str]:
    """Return the queues that an environment has."""
    return set(QUEUES) if assembly.settings.has_edge_logs() else QUEUES.keys() - {"Logs"}


def of(assembly: Assembly, kind: str) -> dict[str, dict[str, Any]]:
    """Return the resources of a type in the stacks with queues, by logical id."""
    found: dict[str, dict[str, Any]] = {}
    for stack in WITH_QUEUES:
        found |= {name: one["Properties"] for name, one in assembly.resources(stack, kind).items()}
    return found


def called(name: str, found: dict[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the resource whose logical id is `name` and the CDK's eight characters."""
    ((logical_id, properties),) = [one for one in found.items() if one[0][:-8] == name]
    return logical_id, properties


def policies(assembly: Assembly, kind: str, key: str) -> Iterator[tuple[set[str], list[dict[str, Any]]]]:
    for policy in of(assembly, kind).values():
        yield {text(one) for one in policy[key]}, policy["PolicyDocument"]["Statement"]


def test_queues_have_dead_letters(assembly: Assembly) -> None:
    queues = of(assembly, "SQS::Queue")
    expected = queues_of(assembly)
    assert {name[:-8] for name in queues} == {*expected, *(f"{name}Dead" for name in expected)}
    for name in expected:
        _, queue = called(name, queues)
        dead_letters, kept = called(f"{name}Dead", queues)
        assert text(queue["RedrivePolicy"]["deadLetterTargetArn"]) == dead_letters
        assert kept["MessageRetentionPeriod"] == 14 * 24 * 3600 > queue["MessageRetentionPeriod"]


def test_first_dead_letter_raises_an_alarm(assembly: Assembly) -> None:
    watched = {
        text(alarm["Dimensions"][0]["Value"])
        for alarm in of(assembly, "CloudWatch::Alarm").values()
        if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible"
        and (alarm["Threshold"], alarm["EvaluationPeriods"]) == (1, 1)
        and alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    }
    assert watched == {name for name in of(assembly, "SQS::Queue") if "Dead" in name}


@pytest.mark.parametrize(("name", "attempts"), [(name, one[1]) for name, one in QUEUES.items()])
def test_receives_exceed_the_functions_attempts(shop: Assembly, name: str, attempts: int) -> None:
    _, queue = called(name, of(shop, "SQS::Queue"))
    assert queue["RedrivePolicy"]["maxReceiveCount"] > attempts


@pytest.mark.parametrize(("name", "function"), [(name, one[0]) for name, one in QUEUES.items()])
def test_visibility_exceeds_the_function_timeout(shop: Assembly, name: str, function: str) -> None:
    _, queue = called(name, of(shop, "SQS::Queue"))
    _, consumer = called(f"{function}Function", of(shop, "Lambda::Function"))
    assert queue["VisibilityTimeout"] >= consumer["Timeout"] + 30


def test_job_outlasts_its_lease(prod: Assembly) -> None:
    _, queue = called("Jobs", of(prod, "SQS::Queue"))
    _, function = called("JobsFunction", of(prod, "Lambda::Function"))
    assert PRODUCTION.lease_s < function["Timeout"] == 120
    assert queue["VisibilityTimeout"] >= 2 * PRODUCTION.lease_s == 180


def test_consumers_are_bounded(assembly: Assembly) -> None:
    queues = of(assembly, "SQS::Queue")
    mappings = list(of(assembly, "Lambda::EventSourceMapping").values())
    consumed = {text(one["EventSourceArn"]): one for one in mappings if text(one["EventSourceArn"]) in queues}
    assert set(consumed) == {name for name in queues if "Dead" not in name}
    for mapping in consumed.values():
        most = assembly.settings.consumers.max_concurrency
        assert mapping["ScalingConfig"] == {"MaximumConcurrency": most}
        assert mapping["BatchSize"] <= 5
    assert all(one["FunctionResponseTypes"] == ["ReportBatchItemFailures"] for one in mappings)


def test_concurrency_is_reserved_by_settings(assembly: Assembly, shop: Assembly) -> None:
    functions = of(assembly, "Lambda::Function")
    reserved = {name[:-8] for name, one in functions.items() if "ReservedConcurrentExecutions" in one}
    if assembly is shop:
        assert reserved == {f"{function}Function" for function, _ in QUEUES.values()}
        assert called("JobsFunction", functions)[1]["ReservedConcurrentExecutions"] == 12
    else:
        assert reserved == set()


def test_queues_are_encrypted_and_tls_only(assembly: Assembly) -> None:
    queues = of(assembly, "SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    shut = set()
    for names, statements in policies(assembly, "SQS::QueuePolicy", "Queues"):
        refused = [one for one in statements if one["Effect"] == "Deny"]
        if any(one["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for one in refused):
            shut |= names
    assert shut == set(queues)


def test_topics_reach_the_jobs_queue(
    assembly: Assembly,
) -> None:
    queues = of(assembly, "SQS::Queue")
    jobs_queue, dead_letters = (called(name, queues)[0] for name in ("Jobs", "JobsDead"))
    topics = set(of(assembly, "SNS::Topic"))
    for one in of(assembly, "SNS::Subscription").values():
        assert (one["Protocol"], one["RawMessageDelivery"]) == ("sqs", True)
        assert text(one["Endpoint"]) == jobs_queue
        assert text(one["RedrivePolicy"]["deadLetterTargetArn"]) == dead_letters
        topics.remove(text(one["TopicArn"]))
    assert not topics
    sent = set()
    for names, statements in policies(assembly, "SQS::QueuePolicy", "Queues"):
        for one in statements:
            if one["Effect"] == "Allow":
                assert one["Principal"] == {"Service": "sns.amazonaws.com"}
                assert one["Action"] == "sqs:SendMessage"
                sent |= {(name, text(one["Condition"]["ArnEquals"]["aws:SourceArn"])) for name in names}
    topics = set(of(assembly, "SNS::Topic"))
    assert sent == {(queue, topic) for queue in (jobs_queue, dead_letters) for topic in topics}


def test_exchange_key_trusts_account_roles(aws: Assembly) -> None:
    (key,) = of(aws, "KMS::Key").values()
    assert key["EnableKeyRotation"] is True
    (trusted,) = [one for one in key["KeyPolicy"]["Statement"] if one["Action"] == "kms:*"]
    assert ":root" in json.dumps(trusted["Principal"]["AWS"])
    used = [
        one
        for policy in aws.resources("model", "IAM::Policy").values()
        for one in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kms:GenerateDataKey" in one["Action"]
    ]
    assert [set(one["Action"]) for one in used] == [{"kms:Decrypt", "kms:GenerateDataKey"}]
    assert all("Condition" not in one for one in used)  # for both SNS and S3


def test_outbox_reads_ended_reports(assembly: Assembly) -> None:
    table = assembly.only("storage", "DynamoDB::GlobalTable")
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    queues = of(assembly, "SQS::Queue")
    (mapping,) = [
        one
        for one in of(assembly, "Lambda::EventSourceMapping").values()
        if text(one["EventSourceArn"]) not in queues
    ]
    assert "StreamArn" in text(mapping["EventSourceArn"])
    assert (mapping["StartingPosition"], mapping["MaximumRetryAttempts"]) == ("TRIM_HORIZON", -1)
    patterns = [json.loads(one["Pattern"]) for one in mapping["FilterCriteria"]["Filters"]]
    states = {"queued": False, "running": False, "succeeded": True, "failed": True}
    for old, new, erasing in itertools.product([None, *states], [None, *states], [False, True]):
        if old is None and (new is None or erasing):
            continue
        ends = states.get(new or "", False) and not states.get(old or "", False)
        record = _record(old, new)
        if erasing:
            record["dynamodb"]["OldImage"]["erasing"] = {"BOOL": True}
        passes = any(_matches(pattern, record) for pattern in patterns)
        assert passes == (ends or new is None), (old, new)
        # An unfinished row without a mark is one that was withdrawn before its request was answered.
        withdrawn = new is None and not erasing and not states[old or ""]
        assert bool(list(_changes([record]))) == (passes and not withdrawn), (old, new, erasing)
    key_row = {"eventName": "REMOVE", "dynamodb": {"OldImage": {"report_id": {"S": "R1"}}}}
    assert not any(_matches(pattern, key_row) for pattern in patterns)


def _record(old: str | None, new: str | None) -> dict[str, Any]:
    """A report's change as the stream holds it."""
    images = {
        name: {"status": {"S": status}} for name, status in (("OldImage", old), ("NewImage", new)) if status
    }
    event = "INSERT" if old is None else "REMOVE" if new is None else "MODIFY"
    keys = {"pk": {"S": "user#alice"}, "sk": {"S": "report#R1"}}
    return {"eventName": event, "dynamodb": {"Keys": keys, "SequenceNumber": "1", **images}}


def _matches(pattern: Any, value: Any) -> bool:
    """Whether Lambda passes a record: each key of the pattern exists, each leaf is one of its values."""
    if isinstance(pattern, list):
        return value in pattern
    return isinstance(value, dict) and all(
        key in value and _matches(inner, value[key]) for key, inner in pattern.items()
    )


def test_lagging_outbox_raises_an_alarm(
    assembly: Assembly,
) -> None:
    (alarm,) = [
        one for one in of(assembly, "CloudWatch::Alarm").values() if one["MetricName"] == "IteratorAge"
    ]
    assert alarm["Threshold"] <= 3_600_000 < 24 * 3_600_000


def test_sweep_is_scheduled_and_alarmed(assembly: Assembly) -> None:
    sweep, _ = called("SweepFunction", of(assembly, "Lambda::Function"))
    (rule,) = [one["Properties"] for one in assembly.resources("results", "Events::Rule").values()]
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    assert [text(one["Arn"]) for one in rule["Targets"]] == [sweep]
    callers = [
        one for one in of(assembly, "Lambda::Permission").values() if text(one["FunctionName"]) == sweep
    ]
    assert [one["Principal"] for one in callers] == ["events.amazonaws.com"]
    failing = [one for one in of(assembly, "CloudWatch::Alarm").values() if one["MetricName"] == "Errors"]
    assert [text(one["Dimensions"][0]["Value"]) for one in failing] == [sweep]
