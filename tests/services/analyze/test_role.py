"""The task's role allows exactly the calls that the service makes."""

import ast
import re
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ReadTimeoutError
from starlette.testclient import TestClient

from settings.environment import Environment, load_environment
from stacks.app import ROOT
from tests.services.analyze.conftest import BUCKET, World
from tests.services.analyze.process import eventually
from tests.services.conftest import TABLE
from tests.stacks.assemblies import assembled

pytestmark = pytest.mark.system

Jpeg = Callable[..., bytes]
# The names that the library gives its AWS clients, and IAM's names of their services.
CLIENTS = {"s3": "s3", "dynamodb": "dynamodb", "runtime": "sagemaker", "sqs": "sqs"}
# IAM asks for the single writes of a transaction, not for the transaction.
WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
# Actions that no call asks for, and why they are allowed.
UNCALLED = {
    "kms:GenerateDataKey": "S3, in the task's name: what is put is encrypted",
    "kms:Decrypt": "S3, in the task's name: an upload or an answer is read",
    "s3:ListBucket": "without it a missing answer would be refused instead of not found",
}


class Calls(list[tuple[str, str, dict[str, Any]]]):
    """Every AWS call of the service: IAM's name of the AWS service, the operation and its parameters."""

    def record(self, event_name: str, params: dict[str, Any], **_: object) -> None:
        service, operation = event_name.split(".")[1:]
        if operation == "CreateBucket":
            return  # so the SDK names the signing of a form, which calls nothing
        self.append((service.removesuffix("-runtime"), operation, params))

    def operations(self) -> set[tuple[str, str]]:
        return {(service, operation) for service, operation, _ in self}

    def actions(self) -> set[str]:
        """Return the IAM actions of these calls."""
        found = set()
        for service, operation, parameters in self:
            if operation == "TransactWriteItems":
                kinds = {kind for entry in parameters["TransactItems"] for kind in entry}
                found |= {f"{service}:{WRITES[kind]}" for kind in kinds}
            else:
                found.add(f"{service}:{operation}")
        return found


@pytest.fixture
def calls(world: World) -> Iterator[Calls]:
    """The calls from here on; requested before `client`, whose own AWS client is made later."""
    calls = Calls()
    session = boto3._get_default_session()
    for events in (world.s3.meta.events, world.dynamodb.meta.events, world.sqs.meta.events, session.events):
        events.register("provide-client-params", calls.record)
    yield calls
    session.events.unregister("provide-client-params", calls.record)


@pytest.fixture(params=["realtime", "async"])
def mode(request: pytest.FixtureRequest, world: World) -> str:
    """The endpoint's mode."""
    world.asynchronous = request.param == "async"
    world.reuse = True
    return str(request.param)


@pytest.fixture(scope="module")
def recorded() -> dict[str, Calls]:
    """The calls that `exercised` has recorded, by mode."""
    return {}


@pytest.fixture
def exercised(
    mode: str, calls: Calls, client: TestClient, world: World, jpeg: Jpeg, recorded: dict[str, Calls]
) -> Calls:
    """Every AWS call of the service, made once: from accepting to erasing, and each way to fail."""
    if mode in recorded:
        return recorded[mode]

    def post(key: str, *photos: bytes, wait_s: int = 1) -> Any:
        files = [("images", photo) for photo in photos]
        headers = {"Idempotency-Key": key, "Prefer": f"wait={wait_s}"}
        return client.post("/analyze", files=files, headers=headers)

    def released(path: str) -> bool:
        return "retried" in (client.get(path).json()["waiting"] or "")

    def lose(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://stores")

    def upload() -> str:
        offer = client.post("/uploads").json()
        calls_of_ours = list(calls)
        world.s3.put_object(Bucket=BUCKET, Key=offer["fields"]["key"], Body=jpeg(30))
        calls[:] = calls_of_ours  # the client's own
        return str(offer["id"])

    assert client.get("/readyz").status_code == 200
    noisy = [world.noise(number) for number in range(3)]
    made = post("k1", *noisy, wait_s=25 if mode == "realtime" else 1)
    assert made.status_code == (200 if mode == "realtime" else 202)
    assert post("k1", *noisy).headers["idempotent-replayed"] == "true"
    path = f"/reports/{made.json()['id']}"
    assert client.get(path).status_code == 200
    assert client.get("/reports").status_code == 200
    assert client.get("/reports", params={"ids": made.json()["id"]}).status_code == 200

    world.dynamodb.meta.events.register_first("after-call.dynamodb.TransactWriteItems", lose)
    assert post("k2", jpeg(3)).status_code == 503  # accepted, the answer lost: undone
    world.dynamodb.meta.events.unregister("after-call.dynamodb.TransactWriteItems", lose)

    world.status, world.body = 503, b"{}"
    away = post("k3", jpeg(4))
    assert away.status_code == 202  # the model is away: given back
    assert eventually(lambda: released(f"/reports/{away.json()['id']}"))
    world.status, world.body = 400, b'{"__type": "ValidationError"}'
    assert post("k4", jpeg(5), wait_s=25).status_code == 502  # failed, its key and quota given back
    world.status, world.body = 200, None

    named = client.post("/analyze", json={"upload_ids": [upload()]}, headers={"Prefer": "wait=1"})
    assert named.status_code in (200, 202)
    assert post("k6", jpeg(6)).status_code in (200, 202)
    assert post("k8", jpeg(8)).status_code == 429
    assert client.delete(path).status_code == 200
    recorded[mode] = calls
    return calls


@pytest.fixture
def role(mode: str, roles: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """The statements of the task's role in production, with an endpoint of this mode."""
    return roles[mode]


@pytest.fixture(scope="module")
def roles() -> dict[str, list[dict[str, Any]]]:
    """The statements of each mode."""
    prod = load_environment("prod")
    always_on = {"mode": "realtime", "min_instances": 1}
    realtime = prod.model_copy(update={"model": prod.model.model_copy(update=always_on)})
    return {
        "async": _statements(prod),
        "realtime": _statements(realtime),
    }


def _statements(environment: Environment) -> list[dict[str, Any]]:
    resources = assembled(environment).template("analyze")["Resources"]
    (task,) = (one for one in resources.values() if one["Type"] == "AWS::ECS::TaskDefinition")
    name = task["Properties"]["TaskRoleArn"]["Fn::GetAtt"][0]
    assert "Policies" not in resources[name]["Properties"]
    return [
        statement
        for one in resources.values()
        if one["Type"] == "AWS::IAM::Policy" and {"Ref": name} in one["Properties"]["Roles"]
        for statement in one["Properties"]["PolicyDocument"]["Statement"]
    ]


def granted(role: list[dict[str, Any]]) -> dict[str, str]:
    """Return each allowed action with the resources that it is allowed on, as text."""
    found: dict[str, str] = {}
    for statement in role:
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        for action in actions:
            found[action] = found.get(action, "") + str(statement["Resource"])
    return found


def written_in_the_sources() -> set[tuple[str, str]]:
    """Return every AWS call in the services' code, whether it runs or not."""
    found = set()
    for folder in ("core", "analyze"):
        for file in (ROOT / "services" / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                match node:
                    case ast.Call(
                        func=ast.Attribute(
                            value=ast.Attribute(attr=client) | ast.Name(id=client), attr=method
                        )
                    ) if service := CLIENTS.get(client.removeprefix("_")):
                        found.add((service, "".join(part.title() for part in method.split("_"))))
    return found


def test_every_aws_call_is_known(exercised: Calls) -> None:
    assert exercised.operations() <= written_in_the_sources()


def test_role_has_exactly_needed_actions(exercised: Calls, role: list[dict[str, Any]]) -> None:
    uncalled = granted(role).keys() - exercised.actions()
    assert exercised.actions() <= granted(role).keys()
    assert uncalled <= UNCALLED.keys()


def test_every_statement_allows(role: list[dict[str, Any]]) -> None:
    assert {statement["Effect"] for statement in role} == {"Allow"}


def test_calls_stay_within_the_role(exercised: Calls, role: list[dict[str, Any]]) -> None:
    resources = granted(role)
    for service, operation, parameters in exercised:
        if service == "s3":
            folder = parameters.get("Key", "").partition("/")[0]
            # The role's folders within the buckets; of a bucket itself, none.
            folders = set(re.findall(r"'/([^'/]*)/\*'", resources[f"s3:{operation}"]))
            assert folder in folders | ({""} if not folders else set())
        elif service == "dynamodb":
            entries = [one for entry in parameters.get("TransactItems", []) for one in entry.values()]
            batch = parameters.get("RequestItems", {}).keys()
            assert batch or {one["TableName"] for one in entries or [parameters]} == {TABLE}
            assert batch <= {TABLE}
            # No index: the role does not reach any.
            assert "IndexName" not in parameters
        elif service == "sqs":
            assert parameters["QueueUrl"].endswith("/jobs")
        else:
            assert parameters["EndpointName"] == "blip2-endpoint"
            assert ":endpoint/blip2-endpoint" in resources[f"sagemaker:{operation}"]


def test_keys_serve_s3_alone(role: list[dict[str, Any]]) -> None:
    for statement in role:
        if "kms:" in str(statement["Action"]):
            assert statement["Condition"] == {
                "StringEquals": {"kms:ViaService": "s3.ca-central-1.amazonaws.com"}
            }
