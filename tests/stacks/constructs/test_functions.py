"""Each function's permissions and variables: exactly those that its code uses."""

import re
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from benchmarks.drill_logs.launch import MEMORY_MB
from services.hooks.inbox import AppSettings
from services.hooks.worker import WorkerSettings
from services.logs.receiver import ReceiverSettings
from services.logs.silence import SilenceSettings
from services.logs.writer import WriterSettings
from services.results.jobs import JobsSettings
from services.results.notify import NotifySettings
from services.results.outbox import OutboxSettings
from services.results.sweep import SweepSettings
from tests.stacks.assemblies import Assembly, assembled, changed
from tests.stacks.reading import LOG_VARIABLES, text

SETTINGS: dict[str, type[BaseSettings]] = {
    "Jobs": JobsSettings,
    "Sweep": SweepSettings,
    "Outbox": OutboxSettings,
    "Notify": NotifySettings,
    "App": AppSettings,
    "Worker": WorkerSettings,
}
OF_EDGE_LOGS: dict[str, type[BaseSettings]] = {
    "LogReceiver": ReceiverSettings,
    "LogWriter": WriterSettings,
    "DrainSilence": SilenceSettings,
}
STREAM_ARN = r"arn:aws:logs:ca-central-1:AWS::AccountId:log-group:[^:*]+:(log-stream:[^:*]+|\*)"
LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
CONSUMES = {
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
ROWS = {"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}
STREAM = {"DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"}
S3 = {"s3:DeleteObject", "s3:GetObject", "s3:PutObject", "kms:Decrypt", "kms:GenerateDataKey"}
SECRET, SEND = {"secretsmanager:GetSecretValue"}, {"sqs:SendMessage"}
MAY = {
    "Jobs": {
        *(CONSUMES | ROWS | S3 | SECRET | SEND),
        *("dynamodb:Query", "s3:ListBucket", "sagemaker:InvokeEndpointAsync"),
    },
    "Sweep": {"dynamodb:Scan", "dynamodb:UpdateItem"} | SEND,
    "Outbox": {f"dynamodb:{action}" for action in STREAM} | SEND,
    "Notify": {"dynamodb:GetItem"} | CONSUMES | SECRET | SEND,
    "App": SECRET | SEND,
    "Worker": CONSUMES | ROWS | S3 | SEND,
    "LogReceiver": {"s3:PutObject", "kms:GenerateDataKey"} | SECRET | SEND,
    "LogWriter": {
        *(CONSUMES | SEND),
        *("s3:GetObject", "kms:Decrypt", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
    },
    "DrainSilence": {"s3:ListBucket"},
}


def function(assembly: Assembly, name: str) -> dict[str, Any]:
    for stack in ("results", "hooks"):
        for logical_id, resource in assembly.resources(stack, "Lambda::Function").items():
            if logical_id[:-8] == f"{name}Function":
                properties: dict[str, Any] = resource["Properties"]
                return properties
    raise LookupError(name)


def statements(assembly: Assembly, name: str) -> list[dict[str, Any]]:
    role = text(function(assembly, name)["Role"])
    return [
        statement
        for stack in ("results", "hooks")
        for policy in assembly.resources(stack, "IAM::Policy").values()
        if role in map(text, policy["Properties"]["Roles"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def in_aws(value: Any) -> str:
    """Return an ARN as AWS resolves it: the attribute `Arn` of a log group ends with ":*"."""
    if isinstance(value, dict) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(map(in_aws, parts))
    if isinstance(value, dict) and value.get("Fn::GetAtt", ["", ""])[1] == "Arn":
        return f"arn:aws:logs:ca-central-1:AWS::AccountId:log-group:{value['Fn::GetAtt'][0]}:*"
    return text(value)


def actions(found: list[dict[str, Any]]) -> set[str]:
    return {
        action
        for one in found
        for action in (one["Action"] if isinstance(one["Action"], list) else [one["Action"]])
    }


@pytest.fixture(scope="module")
def logging_prod() -> Assembly:
    """Production that takes Edge logs."""
    return assembled(changed("prod", hooks={"logs_secret_name": "vitrine/prod/edge-logs"}))


@pytest.mark.parametrize("name", MAY)
def test_functions_have_exactly_these_actions(name: str, logging_prod: Assembly) -> None:
    assert actions(statements(logging_prod, name)) == MAY[name] | LOG


def test_writer_may_put_into_its_stream_alone(logging_prod: Assembly) -> None:
    (group,) = (
        name
        for name, one in logging_prod.resources("hooks", "Logs::LogGroup").items()
        if one["Properties"].get("LogGroupClass") == "INFREQUENT_ACCESS"
    )
    (stream,) = logging_prod.resources("hooks", "Logs::LogStream").values()
    assert text(stream["Properties"]["LogGroupName"]) == group
    name = stream["Properties"]["LogStreamName"]
    allowed = [
        in_aws(resource)
        for statement in statements(logging_prod, "LogWriter")
        if actions([statement]) == {"logs:PutLogEvents"}
        for resource in listed(statement["Resource"])
    ]
    assert allowed == [f"arn:aws:logs:ca-central-1:AWS::AccountId:log-group:{group}:log-stream:{name}"]


@pytest.mark.parametrize("name", MAY)
def test_log_permissions_fit_a_stream(name: str, logging_prod: Assembly) -> None:
    """What a function writes to has the form of a stream's ARN, also where AWS ends a group's with ":*"."""
    for statement in statements(logging_prod, name):
        if "logs:PutLogEvents" in actions([statement]):
            for resource in listed(statement["Resource"]):
                assert re.fullmatch(STREAM_ARN, in_aws(resource)), resource


def test_watch_over_a_drain_needs_webhooks() -> None:
    """Its alarm compares with the webhooks of reports, so without these nobody would hear of it."""
    deaf = assembled(changed("prod", hooks={"logs_secret_name": "vitrine/prod/edge-logs"}, webhook=None))
    assert function(deaf, "LogReceiver")
    with pytest.raises(LookupError):
        function(deaf, "DrainSilence")


def test_edge_logs_keep_to_their_folder(logging_prod: Assembly) -> None:
    for name in ("LogReceiver", "LogWriter", "DrainSilence"):
        for statement in statements(logging_prod, name):
            if any(action.startswith("s3:") and "List" not in action for action in actions([statement])):
                assert text(statement["Resource"]).endswith("/edge-logs/*")
            if actions([statement]) == {"s3:ListBucket"}:
                assert statement["Condition"] == {"StringLike": {"s3:prefix": ["edge-logs/*"]}}


@pytest.mark.parametrize("name", MAY)
def test_functions_use_keys_through_s3(name: str, logging_prod: Assembly) -> None:
    for statement in statements(logging_prod, name):
        if any(action.startswith("kms:") for action in actions([statement])):
            through = statement["Condition"]["StringEquals"]["kms:ViaService"]
            assert through == "s3.ca-central-1.amazonaws.com"


@pytest.mark.parametrize("name", SETTINGS)
def test_function_settings_load_from_variables(
    name: str, assembly: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = function(assembly, name)["Environment"]["Variables"]
    read = {field.upper(): value.is_required() for field, value in SETTINGS[name].model_fields.items()}
    assert {variable for variable, needed in read.items() if needed} - set(variables) == {"AWS_REGION"}
    for variable, value in {**variables, "AWS_REGION": assembly.settings.region}.items():
        monkeypatch.setenv(variable, value if isinstance(value, str) else "https://queue.example/1")
    SETTINGS[name]()


@pytest.mark.parametrize("name", OF_EDGE_LOGS)
def test_functions_of_edge_logs_load_their_settings(
    name: str, shop: Assembly, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = function(shop, name)["Environment"]["Variables"]
    read = {field.upper(): value.is_required() for field, value in OF_EDGE_LOGS[name].model_fields.items()}
    assert {variable for variable, needed in read.items() if needed} - set(given) == {"AWS_REGION"}
    assert set(given) - set(read) <= LOG_VARIABLES
    for variable, value in {**given, "AWS_REGION": shop.settings.region}.items():
        monkeypatch.setenv(variable, value if isinstance(value, str) else "named")
    OF_EDGE_LOGS[name]()


def test_drill_knows_the_memory_of_edge_logs(shop: Assembly) -> None:
    functions = {"receiver": "LogReceiver", "writer": "LogWriter"}
    assert {role: function(shop, name)["MemorySize"] for role, name in functions.items()} == MEMORY_MB


@pytest.mark.parametrize("name", SETTINGS)
def test_function_names_its_deployment(name: str, assembly: Assembly) -> None:
    variables = function(assembly, name)["Environment"]["Variables"]
    assert variables["ENVIRONMENT"] == assembly.settings.name
    assert re.fullmatch("[0-9a-f]{12}", variables["VERSION"])
    assert variables["USER_HASH_KEY"] == assembly.settings.user_hash_key


def test_fallback_tier_and_posthog_reach_jobs_alone(prod: Assembly, shop: Assembly) -> None:
    for name in SETTINGS:
        gained = (
            function(shop, name)["Environment"]["Variables"].keys()
            - function(prod, name)["Environment"]["Variables"].keys()
            # Of its goods and languages, which all that work on reports have.
            - {"DEPARTMENTS", "LISTING_LANGUAGES"}
        )
        assert gained == (
            {
                "FALLBACK_LLM_MODEL",
                "FALLBACK_LLM_USD_PER_MTOK_INPUT",
                "FALLBACK_LLM_USD_PER_MTOK_OUTPUT",
                "LLM_JOB_TIER",
                "POSTHOG_CAPTURE_URL",
                "POSTHOG_PROJECT_KEY",
            }
            if name == "Jobs"
            else set()
        )
    (task,) = shop.only("analyze", "ECS::TaskDefinition")["ContainerDefinitions"]
    assert not [one for one in task["Environment"] if "FALLBACK" in one["Name"]]


def test_functions_get_no_supabase_variables(assembly: Assembly) -> None:
    for name in SETTINGS:
        assert not [one for one in function(assembly, name)["Environment"]["Variables"] if "SUPABASE" in one]


def test_hook_route_has_no_authorizer(assembly: Assembly) -> None:
    route = assembly.only("hooks", "ApiGatewayV2::Route")
    assert (route["RouteKey"], route["AuthorizationType"]) == ("POST /hooks/supabase", "NONE")
    integration = assembly.only("hooks", "ApiGatewayV2::Integration")
    called = text(integration["IntegrationUri"])
    permissions = [one["Properties"] for one in assembly.resources("hooks", "Lambda::Permission").values()]
    (permission,) = [one for one in permissions if text(one["FunctionName"]) == called]
    assert permission["Principal"] == "apigateway.amazonaws.com"
