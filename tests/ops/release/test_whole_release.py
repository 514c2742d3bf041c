"""The whole command in one account of moto: flight-check, upload, canary, settings, deployment by the CDK.

Real: the demo's archives and their server, S3 and KMS, the SDK's deploy(), the settings' file, `cdk synth`
and `cdk deploy` of the model stack. moto's CloudFormation has no alarms (a fake one is added), takes no tags
of keys and parameters (left out), loses a second change set of the same name (the CDK uses none), and has no
UpdateEndpoint: a new model reaches no configuration and no endpoint. Its endpoints give the answers that the
test prepares, which are the archive's on this machine.
"""

import functools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.kms.models import Key
from moto.moto_api._internal.models import moto_api_backend
from moto.sagemaker.models import FakeEndpoint
from moto.server import ThreadedMotoServer
from moto.ssm.models import Parameter

from catalogue import DRAWN, load
from cli import cdk
from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.tools import deploy, packaging
from model_artifacts.blip2.tools.flight_check.command import flight_check
from ops.doctor.account import BOOTSTRAP_VERSION
from ops.release import canary, release
from settings.environment import FOLDER, load_environment
from settings.naming import DEFAULT_QUALIFIER
from tests.ops.release.emulated import ACCOUNT, NAME, REGION, Account, always_on, answers_here, storage
from tests.ops.release.test_release import WELL

pytestmark = [pytest.mark.system, pytest.mark.filterwarnings("ignore:Tried to parse AWS..CDK..Metadata")]


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    moto_api_backend.reset()
    try:
        _, port = server.get_host_and_port()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        # moto recognises its own bucket in a template's address by this name.
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION", f"http://localhost:{port}")
        monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
        monkeypatch.setenv("AWS_REGION", REGION)
        pause = time.sleep
        monkeypatch.setattr("time.sleep", lambda seconds: pause(min(seconds, 0.1)))  # the SDK waits long
        for kind in (Key, Parameter):
            _take_no_tags(monkeypatch, kind)
        _forget_unknown_parameters(monkeypatch)
        monkeypatch.setattr(FakeEndpoint, "update_from_cloudformation_json", _serve_another_configuration)
        monkeypatch.setattr(cdk, "deploy", functools.partial(cdk.deploy, options=["--method=direct"]))
        monkeypatch.setattr(cdk, "synth", functools.partial(_without_other_code, cdk.synth))
        monkeypatch.setattr(cdk, "TOOLS", tmp_path)
        monkeypatch.setattr(deploy, "LOGS", tmp_path)
        monkeypatch.setattr("jsonschema.validate", lambda *_: None)  # of the SDK's constant configuration
        # The test's archives differ in their revision alone: one is served.
        checked = functools.cache(lambda instance_type: flight_check(made.first, instance_type, here=True))
        monkeypatch.setattr(release, "flight_check", lambda _archive, instance_type: checked(instance_type))
        answers = functools.cache(
            lambda: canary.answers_here(made.first, release.known_photos(), load(DRAWN))
        )
        monkeypatch.setattr(release, "answers_here", lambda *_: answers())
        made = Account(tmp_path, functools.cache(functools.partial(_client, port)))
        text = always_on((FOLDER / "dev.toml").read_text("utf-8"))
        made.file.write_text(text, "utf-8")
        _deploy_first(made)
        yield made
    finally:
        server.stop()


def _without_other_code(synth: Callable[[str, Path], cdk.CdkCommand], *given: Any) -> cdk.CdkCommand:
    """Package no code of the stacks that are not deployed here."""
    command = synth(*given)
    return replace(command, arguments=(*command.arguments, "--exclusively", f"vitrine-{NAME}-model"))


def _take_no_tags(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    original = kind.create_from_cloudformation_json

    def create(name: str, resource: dict[str, Any], *more: Any, **named: Any) -> Any:
        properties = {key: value for key, value in resource["Properties"].items() if key != "Tags"}
        return original(name, {**resource, "Properties": properties}, *more, **named)

    monkeypatch.setattr(kind, "create_from_cloudformation_json", create)


def _forget_unknown_parameters(monkeypatch: pytest.MonkeyPatch) -> None:
    # A parameter with a default is not stored, and moto fails to keep its value.
    original = CloudFormationBackend._resolve_update_parameters

    def resolve(backend: Any, instance: Any, incoming_params: list[dict[str, Any]]) -> dict[str, str]:
        stored = instance.parameters
        known = [one for one in incoming_params if "ParameterValue" in one or one["ParameterKey"] in stored]
        return original(backend, instance, known)

    monkeypatch.setattr(CloudFormationBackend, "_resolve_update_parameters", resolve)


def _serve_another_configuration(
    deploy: FakeEndpoint, _name: str, declared: dict[str, Any], *_more: Any, **_named: Any
) -> FakeEndpoint:
    deploy.endpoint_config_name = declared["Properties"]["EndpointConfigName"]
    return deploy


def _client(port: int, service: Any) -> Any:
    return boto3.client(service, region_name=REGION, endpoint_url=f"http://127.0.0.1:{port}")


def _deploy_first(account: Account) -> None:
    version = str(BOOTSTRAP_VERSION)
    account.client("ssm").put_parameter(
        Name=f"/cdk-bootstrap/{DEFAULT_QUALIFIER}/version", Value=version, Type="String"
    )
    account.client("s3").create_bucket(
        Bucket=f"cdk-{DEFAULT_QUALIFIER}-assets-{ACCOUNT}-{REGION}",
        CreateBucketConfiguration={"LocationConstraint": REGION},
    )
    assembly = account.folder / "assembly-first"
    cdk.run_cdk(cdk.synth(str(account.file), assembly))
    account.client("cloudformation").create_stack(
        StackName=f"vitrine-{NAME}-storage", TemplateBody=storage(assembly)
    )
    cdk.run_cdk(cdk.deploy(assembly, [f"vitrine-{NAME}-model"]))
    # In an update the CDK keeps this parameter's previous value; moto does not store a default.
    stack = cloudformation_backends[ACCOUNT][REGION].get_stack(f"vitrine-{NAME}-model")
    stack.parameters["BootstrapVersion"] = f"/cdk-bootstrap/{DEFAULT_QUALIFIER}/version"


def _events(lines: list[dict[str, Any]]) -> list[str]:
    return [line["event"] for line in lines]


def test_whole_release_in_one_account(account: Account) -> None:
    first = account.archive("1")
    answers = answers_here(first)

    account.prepare(answers)
    status, events = account.release(first)
    assert (status, _events(events)) == (0, WELL)
    key = packaging.key(packaging.sha256_of(first))
    model = load_environment(str(account.file)).model
    assert (model.artifact, model.catalogue_version) == (key, load(DRAWN).version)
    assert account.held() == f"s3://{account.bucket}/{key}"
    head = account.client("s3").head_object(Bucket=account.bucket, Key=key)
    assert head["ServerSideEncryption"] == "aws:kms"
    name = f"/vitrine/{NAME}/deployed-commit"
    deployed = account.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
    assert deployed.startswith("an unknown commit; model stack: ")
    after_first = account.state()

    status, events = account.release(first)
    assert (status, _events(events)) == (0, ["unchanged"])
    assert account.state() == after_first

    second = account.archive("2")
    account.prepare(answers)
    status, events = account.release(second)
    assert (status, _events(events)) == (0, WELL)
    assert account.held().endswith(packaging.key(packaging.sha256_of(second)))
    after_second = account.state()

    # Valid answers, about other photos.
    account.prepare([*answers[1:], answers[0]])
    status, events = account.release(account.archive("3"))
    assert (status, _events(events)[-1]) == (1, "canary_failed")
    assert "is expected" in events[-1]["reason"]
    assert account.state() == after_second

    _own(account)
    status = main(
        [
            *("deploy", "--endpoint", account.endpoint, "--model-data", "s3://a/b.tar.gz"),
            *("--role", f"arn:aws:iam::{ACCOUNT}:role/any", "--instance-type", "ml.g4dn.xlarge"),
            *("--region", REGION),
        ]
    )
    (refused,) = (account.folder / f"deploy-{account.endpoint}.jsonl").read_text("utf-8").splitlines()
    assert (status, json.loads(refused)["event"]) == (1, "refused")
    assert account.state() == after_second


def _own(account: Account) -> None:
    # CloudFormation adds this tag; moto does not.
    sagemaker = account.client("sagemaker")
    arn = sagemaker.describe_endpoint(EndpointName=account.endpoint)["EndpointArn"]
    owner = {"Key": "aws:cloudformation:stack-name", "Value": f"vitrine-{NAME}-model"}
    sagemaker.add_tags(ResourceArn=arn, Tags=[owner])
