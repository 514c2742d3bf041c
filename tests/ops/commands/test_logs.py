"""`make logs` against a stubbed account."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from botocore.stub import ANY
from rich.console import Console

from cli.errors import UserError
from cli.log_lines import Wanted
from ops.aws import insights
from ops.commands.logs import logs, period
from settings.environment import Environment
from tests.cli.test_log_lines import REPORT, TRACE, USER, line
from tests.ops.conftest import Stubbed

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 27, tzinfo=UTC)
GROUPS = ["/aws/sagemaker/Endpoints/blip2-endpoint", "/aws/vendedlogs/vitrine-shop-gateway", "jobs-log"]


@pytest.mark.parametrize(
    ("since", "begin", "end"),
    [
        ("90m", NOW - timedelta(minutes=90), NOW),
        ("24h", NOW - timedelta(days=1), NOW),
        ("7d", NOW - timedelta(days=7), NOW),
        ("today", MIDNIGHT, NOW),
        ("yesterday", MIDNIGHT - timedelta(days=1), MIDNIGHT),
        ("2026-11-25", MIDNIGHT - timedelta(days=2), MIDNIGHT - timedelta(days=1)),
        ("2026-11-27", MIDNIGHT, NOW),
    ],
)
def test_period_is_read(since: str, begin: datetime, end: datetime) -> None:
    assert period(since, NOW) == (begin, end)


@pytest.mark.parametrize(
    "since", ["", "0h", "-1h", "1w", "h", "99999d", "2026-13-01", "2026-11-28", "noon", "1h "]
)
def test_other_period_is_refused(since: str) -> None:
    with pytest.raises(UserError) as caught:
        period(since, NOW)
    assert caught.value.hint


class Account:
    """Two stacks with log groups, and the answers of Insights."""

    def __init__(self, stubbed: Stubbed, groups: list[str], edge: str | None = None) -> None:
        cloudformation, self.stacks = stubbed("cloudformation")
        client, self.insights = stubbed("logs")
        self.clients = {"cloudformation": cloudformation, "logs": client}
        self.groups = sorted(set(groups) - {edge})
        outputs = [{"OutputKey": "EdgeLogGroup", "OutputValue": edge}] if edge else []
        names = ["vitrine-shop-results", "vitrine-shop-gateway"]
        self.stacks.add_response(
            "describe_stacks",
            {
                "Stacks": [
                    {
                        "StackName": name,
                        "StackStatus": "CREATE_COMPLETE",
                        "CreationTime": NOW,
                        "Outputs": outputs,
                    }
                    for name in [*names, "other", "vitrine-shop-2-gateway"]
                ]
            },
        )
        for at in range(2):
            self.stacks.add_response(
                "list_stack_resources",
                {"StackResourceSummaries": [self._resource(group) for group in groups[at::2]]},
            )

    @staticmethod
    def _resource(group: str) -> dict[str, Any]:
        return {
            "LogicalResourceId": "Log",
            "PhysicalResourceId": group,
            "ResourceType": "AWS::Logs::LogGroup",
            "ResourceStatus": "CREATE_COMPLETE",
            "LastUpdatedTimestamp": NOW,
        }

    def answers(
        self, *lines: dict[str, Any], query: object = ANY, statuses: tuple[str, ...] = ("Complete",)
    ) -> None:
        parameters = {
            "logGroupNames": self.groups[:50],
            "startTime": ANY,
            "endTime": ANY,
            "queryString": query,
            "limit": 10_000,
        }
        self.insights.add_response("start_query", {"queryId": "q"}, parameters)
        for status in statuses:
            rows = [
                [{"field": "@message", "value": json.dumps(each)}, {"field": "@ptr", "value": "p"}]
                for each in lines
            ]
            self.insights.add_response(
                "get_query_results",
                {"status": status, "results": rows, "statistics": {"bytesScanned": 2e6}},
                {"queryId": "q"},
            )

    def client(self, service: str) -> Any:
        return self.clients[service]


@pytest.fixture
def ask(settings: Environment, monkeypatch: pytest.MonkeyPatch) -> Callable[[Account, Wanted], str]:
    """Run the command; returns what it prints."""
    monkeypatch.setattr(insights, "POLL_S", 0.0)

    def ask(account: Account, chosen: Wanted) -> str:
        out = StringIO()
        session: Any = account
        logs(settings, session, chosen, Console(file=out, width=200), since="24h")
        return out.getvalue()

    return ask


Ask = Callable[[Account, Wanted], str]
ENDED = line(
    message="report ended", report=REPORT, user=USER, outcome="succeeded", duration_ms=12_000, cost_usd=0.1
)


def test_reports_are_asked_of_every_group(stubbed: Stubbed, ask: Ask) -> None:
    account = Account(stubbed, GROUPS)
    query = (
        'fields @message | filter message = "report ended" and user = "00f067aa0ba902b7" '
        'and outcome = "failed" and duration_ms >= 10000 | sort @timestamp desc'
    )
    account.answers(
        {**ENDED, "outcome": "failed"}, query=query, statuses=("Scheduled", "Running", "Complete")
    )
    said = ask(account, Wanted(user=USER, slower_than_s=10, failed=True))
    assert "1 reports of 1 users, 1 failed; median 12.0 s" in said
    assert "2 MB of " in said


def test_story_finds_the_gateways_request(stubbed: Stubbed, ask: Ask) -> None:
    account = Account(stubbed, GROUPS)
    told = line(2, trace=TRACE, request='r"1', message="request")
    account.answers(
        {**ENDED, "trace": TRACE}, query=f'fields @message | filter report = "{REPORT}" | sort @timestamp asc'
    )
    account.answers(
        {**ENDED, "trace": TRACE},
        {**told, "request": "LzAJ+oj/P="},
        told,
        query=f"fields @message | filter @message like /{TRACE}/ | sort @timestamp asc",
    )
    gateway = {"request_id": "LzAJ+oj/P=", "time_ms": "1795744800000", "latency_ms": "250", "status": "202"}
    joined = 'request in ["LzAJ+oj/P="] or request_id in ["LzAJ+oj/P="]'
    query = f"fields @message | filter {joined} | sort @timestamp asc"
    account.answers(gateway, query=query)
    said = ask(account, Wanted(report=REPORT))
    assert "gateway" in said
    assert "report ended" in said


def test_edge_logs_are_asked_apart(stubbed: Stubbed, ask: Ask) -> None:
    """Insights refuses a query over log groups of two classes."""
    account = Account(stubbed, [*GROUPS, "edge-log"], edge="edge-log")
    services, put_twice = account.groups, line(3, message="event taken", trace=TRACE, event="e1")
    for _ in range(2):
        account.groups = services
        account.answers(line(2, trace=TRACE, message="webhook sent"))
        account.groups = ["edge-log"]
        account.answers(put_twice, put_twice)
    said = ask(account, Wanted(trace=TRACE))
    assert said.count("event taken") == 1
    assert said.count("webhook sent") == 1


def test_unknown_trace_is_named(stubbed: Stubbed, ask: Ask) -> None:
    account = Account(stubbed, GROUPS)
    account.answers()
    with pytest.raises(UserError, match="No line was found"):
        ask(account, Wanted(trace=TRACE))


def test_more_groups_need_more_queries(stubbed: Stubbed, ask: Ask) -> None:
    account = Account(stubbed, [f"log-{number:02d}" for number in range(51)])
    account.answers(ENDED)
    account.groups = account.groups[50:]
    account.answers(ENDED)
    assert "2 reports" in ask(account, Wanted())


def test_environment_without_logs_is_named(stubbed: Stubbed, ask: Ask) -> None:
    account = Account(stubbed, [])
    with pytest.raises(UserError, match="shop has no log groups in ca-central-1") as caught:
        ask(account, Wanted())
    assert "make deploy ENV=shop" in caught.value.hint


@pytest.mark.parametrize("status", ["Failed", "Timeout", "Cancelled", "Unknown"])
def test_unanswered_query_is_named(stubbed: Stubbed, ask: Ask, status: str) -> None:
    account = Account(stubbed, GROUPS)
    account.answers(statuses=(status,))
    with pytest.raises(UserError, match=status.lower()):
        ask(account, Wanted())


def test_slow_query_is_stopped(stubbed: Stubbed, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(insights, "WITHIN_S", -1.0)
    account = Account(stubbed, GROUPS)
    account.answers(statuses=("Running",))
    account.insights.add_response("stop_query", {"success": True}, {"queryId": "q"})
    with pytest.raises(UserError, match="not answered within"):
        ask(account, Wanted())


def test_interrupted_query_is_stopped(stubbed: Stubbed, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ops.aws.insights.time.sleep", interrupt)
    account = Account(stubbed, GROUPS)
    account.answers(statuses=("Running",))
    account.insights.add_response("stop_query", {"success": True}, {"queryId": "q"})
    with pytest.raises(KeyboardInterrupt):
        ask(account, Wanted())


def test_too_many_queries_are_named(stubbed: Stubbed, ask: Ask) -> None:
    account = Account(stubbed, GROUPS)
    account.insights.add_client_error("start_query", "LimitExceededException")
    with pytest.raises(UserError, match="Too many queries"):
        ask(account, Wanted())
