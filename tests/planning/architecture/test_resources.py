"""What is read from templates: nodes and edges of small templates in CloudFormation's own form."""

from typing import Any

import pytest

from planning.architecture.drawing import picture
from planning.architecture.resources import OUTSIDE, Templates

QUEUE = {
    "Type": "AWS::SQS::Queue",
    "Properties": {
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]}, "maxReceiveCount": 5}
    },
}
STORAGE = {
    "Resources": {"Photos0A1B2C3D": {"Type": "AWS::S3::Bucket"}},
    "Outputs": {"Out": {"Export": {"Name": "storage:Photos"}, "Value": {"Ref": "Photos0A1B2C3D"}}},
}


def work(**variables: Any) -> dict[str, Any]:
    """A stack with a queue, its dead letters, and a function that consumes the queue."""
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Environment": {"Variables": variables}}}
    mapping = {"EventSourceArn": {"Fn::GetAtt": ["Jobs", "Arn"]}, "FunctionName": {"Ref": "Work"}}
    return {
        "Resources": {
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Jobs": QUEUE,
            "Work": function,
            "Mapping": {"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
        }
    }


def edges(stacks: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(edge.source[1], edge.target[1], edge.kind) for edge in Templates(stacks).edges}


def test_mapping_is_an_event() -> None:
    assert edges({"work": work()}) == {("Jobs", "Work", "event")}


def test_import_leads_to_another_stack() -> None:
    stacks = {"work": work(BUCKET={"Fn::ImportValue": "storage:Photos"}), "storage": STORAGE}
    assert ("Work", "Photos0A1B2C3D", "use") in edges(stacks)
    assert Templates(stacks).nodes["storage", "Photos0A1B2C3D"].name == "Photos"


def test_dead_letters_belong_to_their_queue() -> None:
    found = Templates({"work": work(DEAD={"Ref": "Dead"})})
    assert set(found.nodes) == {("work", "Jobs"), ("work", "Work")}
    assert found.nodes["work", "Jobs"].note == "dead letters after 5"


def test_variable_names_a_service_outside() -> None:
    assert (OUTSIDE, "OpenAI") in Templates({"work": work(OPENAI_SECRET_NAME="a")}).nodes


def test_task_uses_what_its_definition_names() -> None:
    task = {
        "Type": "AWS::ECS::TaskDefinition",
        "Properties": {
            "ContainerDefinitions": [{"Environment": [{"Name": "MODEL_ENDPOINT", "Value": "blip2"}]}]
        },
    }
    service = {"Type": "AWS::ECS::Service", "Properties": {"TaskDefinition": {"Ref": "Task"}}}
    endpoint = {"Type": "AWS::SageMaker::Endpoint", "Properties": {"EndpointName": "blip2"}}
    stacks = {"analyze": {"Resources": {"Task": task, "Service": service, "Endpoint": endpoint}}}
    assert edges(stacks) == {("Service", "Endpoint", "use")}


@pytest.mark.parametrize(
    "changed", [work(BUCKET={"Fn::ImportValue": "storage:Photos"}), work(WEBHOOK_URL="a")]
)
def test_another_edge_changes_the_picture(changed: dict[str, Any]) -> None:
    before = picture({"work": work(), "storage": STORAGE}, "a")
    assert before == picture({"storage": STORAGE, "work": work()}, "a")
    assert before != picture({"work": changed, "storage": STORAGE}, "a")
