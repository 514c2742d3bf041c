"""What was changed beside CloudFormation is shown, by a role that changes nothing."""

import json
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from cli.errors import UserError
from ops.__main__ import main
from ops.aws.bootstrap_roles import assumed
from settings.environment import Environment
from tests.ops.conftest import Stubbed, make_settings

ANALYZE, STORAGE, HOOKS = "vitrine-dev-analyze", "vitrine-dev-storage", "vitrine-dev-hooks"


@pytest.fixture
def cloudformation(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    client, stub = stubbed("cloudformation")
    session: Any = type("Session", (), {"client": lambda self, name: {"cloudformation": client}[name]})()
    monkeypatch.setattr(
        "ops.commands.drift.assumed", lambda settings, session_, role: {"lookup": session}[role]
    )
    monkeypatch.setattr("ops.aws.stack_drift._POLL_S", 0.0)
    return stub


def deployed(stub: Stubber, *stacks: str, status: str = "UPDATE_COMPLETE") -> None:
    """Have stacks in the account, beside one whose creation only awaits its change set."""
    found = {STORAGE: "REVIEW_IN_PROGRESS"} | dict.fromkeys(stacks, status)
    stub.add_response(
        "describe_stacks",
        {
            "Stacks": [
                {"StackName": name, "StackStatus": one, "CreationTime": "2026-11-27T00:00:00Z"}
                for name, one in found.items()
            ]
        },
        {},
    )


def started(stub: Stubber, stack: str) -> None:
    stub.add_response("detect_stack_drift", {"StackDriftDetectionId": stack}, {"StackName": stack})


def detected(stub: Stubber, stack: str, status: str = "DETECTION_COMPLETE", reason: str = "") -> None:
    answer = {"StackId": stack, "StackDriftDetectionId": stack, "Timestamp": "2026-11-27T00:00:00Z"}
    answer |= {"DetectionStatus": status, "DetectionStatusReason": reason}
    stub.add_response("describe_stack_drift_detection_status", answer, {"StackDriftDetectionId": stack})


def drifted(stub: Stubber, stack: str, *found: dict[str, Any], more: str = "", after: str = "") -> None:
    page = {"StackResourceDrifts": list(found)} | ({"NextToken": more} if more else {})
    asked = {"StackName": stack, "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED", "UNKNOWN"]}
    stub.add_response("describe_stack_resource_drifts", page, asked | ({"NextToken": after} if after else {}))


def resource(
    name: str, kind: str, status: str, *properties: tuple[str, str, str], **more: str
) -> dict[str, Any]:
    keys = ("PropertyPath", "ExpectedValue", "ActualValue")
    return {
        "StackId": "id",
        "LogicalResourceId": name,
        "ResourceType": kind,
        "StackResourceDriftStatus": status,
        "Timestamp": "2026-11-27T00:00:00Z",
        "PropertyDifferences": [
            {**dict(zip(keys, one, strict=True)), "DifferenceType": "NOT_EQUAL"} for one in properties
        ],
        **more,
    }


def run(*options: str) -> int:
    return main(["drift", "--env", "dev", *options])


def one_stack(stub: Stubber, *found: dict[str, Any]) -> None:
    deployed(stub, ANALYZE)
    started(stub, ANALYZE)
    detected(stub, ANALYZE)
    drifted(stub, ANALYZE, *found)


def test_unchanged_account_is_0(cloudformation: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    one_stack(cloudformation)
    assert run() == 0
    assert capsys.readouterr().out == "No difference was found.\n"


def test_differences_are_1_and_listed(cloudformation: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(cloudformation, ANALYZE, HOOKS)
    for stack in (ANALYZE, HOOKS):
        started(cloudformation, stack)
    detected(cloudformation, ANALYZE, "DETECTION_IN_PROGRESS")
    detected(cloudformation, HOOKS)
    queue = resource("Queue", "AWS::SQS::Queue", "MODIFIED", ("/VisibilityTimeout", "90", "30"))
    drifted(cloudformation, HOOKS, queue, more="next")
    drifted(cloudformation, HOOKS, resource("Topic", "AWS::SNS::Topic", "DELETED"), after="next")
    detected(cloudformation, ANALYZE)
    drifted(cloudformation, ANALYZE)
    assert run("--json") == 1
    whole = capsys.readouterr()
    analyze, hooks = json.loads(whole.out)
    assert (analyze["stack"], analyze["differences"]) == (ANALYZE, [])
    assert [tuple(one.values()) for one in hooks["differences"]] == [
        ("Queue", "AWS::SQS::Queue", "/VisibilityTimeout", "90", "30"),
        ("Topic", "AWS::SNS::Topic", "", "there", "deleted"),
    ]
    assert f"{HOOKS} is compared" in whole.err


def test_log_has_a_line_for_each_difference(
    cloudformation: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = f'{{"Statement":"{"x" * 500}"}}'
    found = resource("QueuePolicy", "AWS::SQS::QueuePolicy", "MODIFIED", ("/PolicyDocument", policy, "{}"))
    one_stack(cloudformation, found)
    assert run() == 1
    lines = capsys.readouterr().out.splitlines()
    (row,) = (line for line in lines if ANALYZE in line)
    assert [cell.strip() for cell in row.split("│")[1:-1]] == [
        *(ANALYZE, "QueuePolicy (AWS::SQS::QueuePolicy)", "/PolicyDocument"),
        *(f"{policy[:59]}…", "{}"),
    ]
    assert lines[-1] == "Differences: 1."


def test_secrets_and_addresses_are_not_shown(
    cloudformation: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = '[{"Environment":[{"Name":"KEY","Value":"hunter2"}]}]'
    one_stack(
        cloudformation,
        resource(
            "Function",
            "AWS::Lambda::Function",
            "MODIFIED",
            ("/Environment/Variables/KEY", "hunter2", "hunter3"),
            ActualProperties='{"Environment":{"Variables":{"KEY":"hunter3"}}}',
        ),
        resource("Task", "AWS::ECS::TaskDefinition", "MODIFIED", ("/ContainerDefinitions", whole, "[]")),
        resource("Topic", "AWS::SNS::Subscription", "MODIFIED", ("/Endpoint", "a@shop.example", "")),
        resource("Image", "AWS::ECS::TaskDefinition", "MODIFIED", ("/Image", "host.example/a@sha256:b", "")),
    )
    assert run("--json") == 1
    out = capsys.readouterr().out
    assert "hunter" not in out
    assert "shop.example" not in out
    assert out.count("(not shown)") == 6
    assert "a@sha256:b" in out


def test_unreadable_variables_are_no_drift(
    cloudformation: Stubber, capsys: pytest.CaptureFixture[str]
) -> None:
    # The lookup role is denied kms:Decrypt, and Lambda then leaves the variables out.
    unread = resource(
        "Function",
        "AWS::Lambda::Function",
        "MODIFIED",
        ("/Environment", '{"Variables":{}}', "null"),
        ActualProperties='{"MemorySize":512}',
    )
    one_stack(cloudformation, unread)
    assert run() == 0
    assert f"{ANALYZE}/Function: the lookup role may not read" in capsys.readouterr().out


@pytest.mark.parametrize("how", ["not started", "failed", "unknown"])
def test_what_is_not_compared_is_2(
    cloudformation: Stubber, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    deployed(cloudformation, ANALYZE)
    if how == "not started":
        cloudformation.add_client_error("detect_stack_drift", "ValidationError", "because")
    else:
        started(cloudformation, ANALYZE)
        detected(
            cloudformation, ANALYZE, f"DETECTION_{'FAILED' if how == 'failed' else 'COMPLETE'}", "because"
        )
        changed = resource("Queue", "AWS::SQS::Queue", "MODIFIED", ("/A", "1", "2"))
        if how == "unknown":
            changed = resource("Role", "AWS::IAM::Role", "UNKNOWN", DriftStatusReason="because")
        drifted(cloudformation, ANALYZE, changed)
    assert run() == 2
    assert "because" in capsys.readouterr().out


def test_nothing_deployed_is_2(cloudformation: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    deployed(cloudformation)
    assert run() == 2
    assert "dev is not deployed in ca-central-1" in capsys.readouterr().err


def test_refused_call_is_2(cloudformation: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    cloudformation.add_client_error("describe_stacks", "AccessDenied", "no")
    assert run() == 2
    assert "AWS refuses DescribeStacks: no" in capsys.readouterr().err


def own() -> Environment:
    return make_settings(bootstrap={"qualifier": "vitshop"})


def test_role_of_the_bootstrap_is_assumed() -> None:
    with mock_aws():
        session = assumed(own(), boto3.Session(region_name="ca-central-1"), "lookup")
        arn = session.client("sts").get_caller_identity()["Arn"]
    role = "cdk-vitshop-lookup-role-123456789012-ca-central-1"
    assert arn == f"arn:aws:sts::123456789012:assumed-role/{role}/vitrine-shop"
    assert session.region_name == "ca-central-1"


def test_refused_role_is_named(stubbed: Stubbed) -> None:
    client, stub = stubbed("sts")
    stub.add_response("get_caller_identity", {"Account": "123456789012"})
    stub.add_client_error("assume_role", "AccessDenied")
    session: Any = type(
        "Session",
        (),
        {"client": lambda self, name: client, "get_partition_for_region": lambda self, region: "aws"},
    )()
    with pytest.raises(UserError, match="may not assume cdk-vitshop-lookup-role-123456789012") as refusal:
        assumed(own(), session, "lookup")
    assert "make bootstrap ENV=shop" in refusal.value.hint
