"""A deployment that is still under way is waited for."""

from datetime import UTC, datetime

import pytest
from botocore.stub import Stubber

from ops.aws.account import wait_stable
from tests.ops.conftest import Stubbed

STACK = "vitrine-shop-model"


def answer(stub: Stubber, status: str) -> None:
    stack = {"StackName": STACK, "CreationTime": datetime(2026, 11, 1, tzinfo=UTC), "StackStatus": status}
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK})


def test_changing_stack_is_waited_for(stubbed: Stubbed, monkeypatch: pytest.MonkeyPatch) -> None:
    client, stub = stubbed("cloudformation")
    lines: list[str] = []
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    for status in (
        "UPDATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ):
        answer(stub, status)
    wait_stable(client, [STACK], lines.append)
    assert [line.rpartition(" ")[2] for line in lines] == [
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
    ]
    assert len(slept) == 3


def test_absent_or_reviewed_stack_is_skipped(stubbed: Stubbed) -> None:
    client, stub = stubbed("cloudformation")
    stub.add_client_error("describe_stacks", "ValidationError", "does not exist")
    answer(stub, "REVIEW_IN_PROGRESS")
    wait_stable(client, ["vitrine-shop-storage", STACK], lambda text: None)
