"""A deployment that is still under way is waited for."""

from datetime import UTC, datetime

from botocore.stub import Stubber
from ops.aws.wait_stable import wait_until_stable

from tests.ops.conftest import Stubbed

STACK = "vitrine-shop-model"


def answer(stub: Stubber, status: str) -> None:
    stack = {
        "StackName": STACK,
        "CreationTime": datetime(2026, 11, 1, tzinfo=UTC),
        "StackStatus": status,
    }
    stub.add_response("describe_stacks", {"Stacks": [stack]}, {"StackName": STACK})


def test_a_stack_is_waited_for_until_it_rests(stubbed: Stubbed) -> None:
    client, stub = stubbed("cloudformation")
    said: list[str] = []
    slept: list[float] = []
    for status in (
        "UPDATE_IN_PROGRESS",
        "UPDATE_IN_PROGRESS",
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ):
        answer(stub, status)
    wait_until_stable(client, [STACK], said.append, slept.append)
    assert [line.rpartition(" ")[2] for line in said] == ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"]
    assert len(slept) == 3


def test_a_stack_that_is_not_there_or_only_reviewed_is_not_waited_for(stubbed: Stubbed) -> None:
    client, stub = stubbed("cloudformation")
    stub.add_client_error("describe_stacks", "ValidationError", "does not exist")
    answer(stub, "REVIEW_IN_PROGRESS")
    wait_until_stable(client, ["vitrine-shop-storage", STACK], lambda text: None, lambda seconds: None)
