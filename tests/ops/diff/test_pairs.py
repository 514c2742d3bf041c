"""Prepared changes of production, each with the verdict and the headline that a reader should get."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from cli.cdk import ROOT
from ops.diff.assembly import Assembly, read_assemblies
from ops.diff.comment import comment
from ops.diff.judge import Judgement, Verdict, judge
from ops.diff.report import Report
from ops.diff.sentences import code
from settings.environment import Environment, load_environment
from tests.ops.diff.conftest import altered

Templates = dict[str, dict[str, Any]]


def of_type(template: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of a type, as in "S3::Bucket"."""
    yield from (one for one in template["Resources"].values() if one["Type"] == f"AWS::{kind}")


def first(templates: Templates, stack: str, kind: str) -> dict[str, Any]:
    """Return the properties of a stack's first resource of a type."""
    properties: dict[str, Any] = next(of_type(templates[stack], kind))["Properties"]
    return properties


def bucket(templates: Templates) -> dict[str, Any]:
    return first(templates, "storage", "S3::Bucket")


def annotate(templates: Templates) -> None:
    for template in templates.values():
        template["Metadata"] = {"written": "now"}
        for resource in template.get("Resources", {}).values():
            resource["Metadata"] = {"aws:cdk:path": "elsewhere"}


def shorten(templates: Templates) -> None:
    bucket(templates)["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] = 30


def widen(templates: Templates) -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    first(templates, "gateway", "IAM::Policy")["PolicyDocument"]["Statement"].append(statement)


def open_to_everyone(templates: Templates) -> None:
    rule = {"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    first(templates, "analyze", "EC2::SecurityGroup")["SecurityGroupIngress"] = [rule]


def publish_subnet(templates: Templates) -> None:
    first(templates, "analyze", "EC2::Subnet")["MapPublicIpOnLaunch"] = True


def enlarge(templates: Templates) -> None:
    variant = first(templates, "model", "SageMaker::EndpointConfig")["ProductionVariants"][0]
    variant["InstanceType"] = "ml.m5.xlarge"


def remove_key(templates: Templates) -> None:
    resources = templates["storage"]["Resources"]
    del resources[next(name for name, one in resources.items() if one["Type"] == "AWS::KMS::Key")]
    for one in of_type(templates["storage"], "S3::Bucket"):
        del one["Properties"]["BucketEncryption"]


def remove_section(templates: Templates) -> None:
    # As the app does where the settings lack [hooks]: a stack without resources is deleted.
    del templates["hooks"]["Resources"], templates["hooks"]["Outputs"]


def pause(templates: Templates) -> None:
    del templates["model"]["Resources"]["Endpoint"]


def remove_stack(templates: Templates) -> None:
    del templates["hooks"]


def grant(*actions: str, on: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a new role, and its policy."""
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    allow = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    role = {"AssumeRolePolicyDocument": {"Statement": [trust]}, **more}
    policy = {"PolicyDocument": {"Statement": [allow]}, "Roles": [{"Ref": "NewRole"}]}
    return {
        "NewRole": {"Type": "AWS::IAM::Role", "Properties": role},
        "NewPolicy": {"Type": "AWS::IAM::Policy", "Properties": policy},
    }


def change_type(templates: Templates) -> None:
    queue = next(of_type(templates["hooks"], "SQS::Queue"))
    queue.update(Type="AWS::SNS::Topic", Properties={})


def delete(templates: Templates, stack: str, kind: str) -> None:
    """Delete a stack's first resource of a type."""
    resources = templates[stack]["Resources"]
    del resources[next(name for name, one in resources.items() if one["Type"] == f"AWS::{kind}")]


def rename_access_log(templates: Templates) -> None:
    former = next(name for name in templates["gateway"]["Resources"] if name.startswith("AccessLog"))
    templates["gateway"] = json.loads(json.dumps(templates["gateway"]).replace(former, "Renamed"))


def nothing(_templates: Templates) -> None:
    pass


ADMIN = ["arn:aws:iam::aws:policy/AdministratorAccess"]
CHANGES: dict[str, tuple[Callable[[Templates], object], Verdict, str]] = {
    "metadata only": (annotate, "nothing changes", ""),
    "rename": (
        lambda templates: bucket(templates).update(BucketName="photos"),
        "data loss",
        "because of BucketName by an empty one; the old one stays in the account with its objects",
    ),
    "lifecycle": (shorten, "data loss", "objects older than 30 days are deleted; 365 days so far"),
    "IAM": (widen, "weaker protection", "may newly do s3:* on *"),
    "open": (open_to_everyone, "weaker protection", "TCP 22 is open to the whole internet (0.0.0.0/0)"),
    "computed network": (
        lambda templates: first(templates, "analyze", "EC2::SecurityGroup").update(
            SecurityGroupIngress=[{"CidrIp": {"Ref": "Office"}, "IpProtocol": "-1"}]
        ),
        "weaker protection",
        "Everything is open to Office",
    ),
    "computed rules": (
        lambda templates: first(templates, "analyze", "EC2::SecurityGroup").update(
            SecurityGroupIngress={"Fn::If": ["Open", [], []]}
        ),
        "weaker protection",
        "what reaches it is computed at the deployment",
    ),
    "public subnet": (publish_subnet, "weaker protection", "(EC2::Subnet) the subnet is public"),
    "bigger instance": (enlarge, "interruption", "SageMaker refuses ml.m5.large → ml.m5.xlarge in place"),
    "key": (
        remove_key,
        "data loss",
        "stays in the account, used by nothing; what was encrypted with it can be read until it is deleted",
    ),
    "stack": (
        remove_stack,
        "data loss",
        "belongs to a stack that is declared no more; it stays, used by nothing, until that is deleted",
    ),
    "new stack": (
        lambda templates: templates.update(shop={"Resources": grant("*")}),
        "weaker protection",
        "shop/NewRole may newly do * on *",
    ),
    "new stack of a narrow role": (
        lambda templates: templates.update(
            shop={"Resources": grant("s3:GetObject", on="arn:aws:s3:::shop/*")}
        ),
        "resources change",
        "",
    ),
    "computed policies": (
        lambda templates: templates["gateway"]["Resources"].update(
            grant("s3:GetObject", on="arn:aws:s3:::shop/*", ManagedPolicyArns={"Fn::If": ["Shop", ADMIN, []]})
        ),
        "weaker protection",
        "gateway/NewRole gets the managed policy arn:aws:iam::aws:policy/AdministratorAccess",
    ),
    "type": (change_type, "data loss", "(SQS::Queue) is deleted with its messages"),
    "section": (remove_section, "data loss", "(SQS::Queue) is deleted with its messages"),
    "pause": (pause, "interruption", "(SageMaker::Endpoint) is deleted: reports wait"),
    "nothing": (nothing, "nothing changes", ""),
    "route": (
        lambda templates: delete(templates, "gateway", "ApiGatewayV2::Route"),
        "interruption",
        "(ApiGatewayV2::Route) is deleted: requests to it get 404",
    ),
    "alarm": (
        lambda templates: delete(templates, "hooks", "CloudWatch::Alarm"),
        "weaker protection",
        "(CloudWatch::Alarm) is deleted: nobody is told when it would start",
    ),
    "exports": (
        lambda templates: templates["results"].update(Outputs={}),
        "interruption",
        "is gone: CloudFormation refuses, as ",
    ),
    "renamed log": (
        rename_access_log,
        "data loss",
        "(Logs::LogGroup) is deleted with its log lines",
    ),
}


def with_new_code(assembly: Assembly, stack: str, kind: str) -> Assembly:
    """Return an environment with another hash of a stack's first asset of a kind, wherever it is named."""
    one = assembly.stacks[stack]
    asset = next(each for each in one.assets if each.kind == kind)
    digest = asset.digest[::-1]
    text = json.dumps(one.template).replace(asset.digest, digest)
    text = text.replace(asset.digest[:12], digest[:12])
    assets = tuple(replace(each, digest=digest) if each is asset else each for each in one.assets)
    changed = replace(one, template=json.loads(text), assets=assets)
    return replace(assembly, stacks={**assembly.stacks, stack: changed})


@pytest.fixture(scope="module")
def judged(prod: Assembly, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Judgement]:
    """All pairs and the documented example, judged in one process of Node."""
    from stacks.app import synthesize

    settings = load_environment("prod")
    model = settings.model.model_copy(update={"instance_type": "ml.g4dn.xlarge", "usd_per_hour": 0.818})
    folder = tmp_path_factory.mktemp("documented") / "prod"
    synthesize(settings.model_copy(update={"retention_days": 180, "model": model}), folder, notices=False)
    new = {name: altered(prod, change, name=name) for name, (change, _, _) in CHANGES.items()}
    new["hash only"] = replace(with_new_code(prod, "gateway", "code"), environment="hash only")
    new["image only"] = replace(with_new_code(prod, "analyze", "image"), environment="image only")
    new["documented"] = replace(read_assemblies(folder)["prod"], environment="documented")
    old = {name: replace(prod, environment=name) for name in new}
    new["came"], old["went"] = (replace(prod, environment=name) for name in ("came", "went"))
    return {one.environment: one for one in judge(old, new)}


@pytest.mark.parametrize("name", CHANGES)
def test_change_gets_its_verdict(judged: dict[str, Judgement], name: str) -> None:
    _, verdict, headline = CHANGES[name]
    one = judged[name]
    assert one.verdict == verdict
    assert not headline or headline in f"{one.consequences[0].subject} {one.consequences[0].happens}"
    assert verdict in ("nothing changes", "resources change") or one.consequences[0].remedy


def test_new_code_is_no_change_of_resources(judged: dict[str, Judgement]) -> None:
    for name, sentence in {
        "hash only": "New code: gateway/AuthorizerFunction.",
        "image only": "New image: analyze/Image.",
    }.items():
        assert (judged[name].verdict, judged[name].changes) == ("new code", {}), name
        assert code(judged[name]) == sentence


def test_removed_key_names_lost_encryption(judged: dict[str, Judgement]) -> None:
    texts = [one.happens for one in judged["key"].of("weaker protection")]
    assert any("encrypted by S3's own key" in text for text in texts)


def test_paused_endpoint_takes_its_alarms_along(judged: dict[str, Judgement]) -> None:
    assert not judged["pause"].of("weaker protection")


def test_renamed_log_is_refused(judged: dict[str, Judgement]) -> None:
    # It has a name, which the former log group has until it is deleted.
    (refused,) = judged["renamed log"].of("interruption")
    assert refused.happens.startswith("CloudFormation refuses to create it: the name /aws/vendedlogs/")
    (lost,) = judged["renamed log"].of("data loss")
    assert lost.remedy == "It looks renamed to Renamed: keep the id by `override_logical_id`."


def test_removed_section_names_each_queue(judged: dict[str, Judgement]) -> None:
    lost = [one.subject.rpartition("(")[2] for one in judged["section"].of("data loss")]
    assert lost.count("SQS::Queue)") == 2
    assert lost.count("Logs::LogGroup)") == 2


def test_documented_example_is_true(judged: dict[str, Judgement]) -> None:
    text = (ROOT / "docs" / "delivery.md").read_text("utf-8")
    example = text.partition("the comment begins:\n\n```markdown\n")[2].partition("```")[0]
    written = comment(Report((replace(judged["documented"], environment="prod"),), {}))
    # Prices change by themselves, and what is folded with every stack.
    lines = [line for line in example.splitlines() if not line.startswith("Costs: ")]
    assert [line for line in lines if line] == [
        line for line in written.partition("<details>")[0].splitlines() if line
    ]


def test_changed_type_is_refused(judged: dict[str, Judgement]) -> None:
    (refused,) = judged["type"].of("interruption")
    assert refused.happens.startswith("CloudFormation refuses to make it a AWS::SNS::Topic")


def test_settings_of_model_are_named(prod: Assembly) -> None:
    settings: Environment = load_environment("prod")
    values = settings.model_dump(mode="json")
    artifact = f"models/{'a1' * 32}/blip2-endpoint.tar.gz"
    values["model"] |= {"artifact": artifact}
    values["llm"] = {**values["llm"], "model": "gpt-7"}
    (one,) = judge({"prod": prod}, {"prod": replace(prod, settings=values)})
    assert one.settings == (
        "model.artifact: demo → models/a1a1a1a1…/blip2-endpoint.tar.gz",
        f"llm.model: {settings.llm.model} → gpt-7",
    )


def test_new_and_former_environments_are_told(judged: dict[str, Judgement]) -> None:
    came, went = judged["came"], judged["went"]
    # The data of an environment that is declared no more is used by nothing.
    assert (came.verdict, went.verdict) == ("new environment", "data loss")
    assert not went.of("interruption")
    # Its roles are narrow: what is said of it is what it shows to the internet.
    assert not [one for one in came.of("weaker protection") if "may newly do" in one.happens]
    assert "storage" in came.new_stacks
    assert "studio" not in came.new_stacks  # it has no resources
