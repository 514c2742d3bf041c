"""Prepared changes of production, each with the verdict and a part of the headline that it should get."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ops.diff.judge import Verdict

Templates = dict[str, dict[str, Any]]


def of_type(template: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Yield the resources of a type, as in "S3::Bucket"."""
    yield from (one for one in template["Resources"].values() if one["Type"] == f"AWS::{kind}")


def first(templates: Templates, stack: str, kind: str) -> dict[str, Any]:
    """Return the properties of a stack's first resource of a type."""
    properties: dict[str, Any] = next(of_type(templates[stack], kind))["Properties"]
    return properties


def named(templates: Templates, stack: str, beginning: str) -> dict[str, Any]:
    """Return the resource whose logical id begins so."""
    resources: dict[str, Any] = templates[stack]["Resources"]
    return next(one for name, one in resources.items() if name.startswith(beginning))


def properties(templates: Templates, stack: str, beginning: str) -> dict[str, Any]:
    found: dict[str, Any] = named(templates, stack, beginning)["Properties"]
    return found


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


def rename(templates: Templates, stack: str, beginning: str) -> None:
    """Give a resource another logical id, wherever that is named."""
    former = next(name for name in templates[stack]["Resources"] if name.startswith(beginning))
    templates[stack] = json.loads(json.dumps(templates[stack]).replace(former, "Renamed"))


def move(templates: Templates, beginning: str, old: str, new: str) -> None:
    """Declare a resource in another stack."""
    name = next(name for name in templates[old]["Resources"] if name.startswith(beginning))
    templates[new]["Resources"][name] = templates[old]["Resources"].pop(name)


def rename_stack(templates: Templates) -> None:
    text = json.dumps(templates.pop("hooks"))
    templates["outcomes"] = json.loads(text.replace("vitrine-prod-hooks", "vitrine-prod-outcomes"))


def wait_for_itself(templates: Templates) -> None:
    mapping = next(name for name in templates["results"]["Resources"] if name.startswith("JobsFunctionQueue"))
    named(templates, "results", "JobsRole")["DependsOn"] = [mapping]


def import_from_later(templates: Templates) -> None:
    export = {"Value": {"Ref": "ApiF70053CD"}, "Export": {"Name": "vitrine-prod-gateway:New"}}
    templates["gateway"]["Outputs"]["New"] = export
    imported = {"Fn::ImportValue": "vitrine-prod-gateway:New"}
    properties(templates, "storage", "ImageKeyParameter")["Value"] = imported


def change_stream(templates: Templates) -> None:
    properties(templates, "storage", "Reports")["StreamSpecification"] = {"StreamViewType": "KEYS_ONLY"}


def raise_least(templates: Templates) -> None:
    properties(templates, "model", "Scaling")["MinCapacity"] = 1
    take(templates, "model", "StaysAsleep", "Waiting", "Wake")


def take(templates: Templates, stack: str, *beginnings: str) -> None:
    """Take away the resources whose logical ids begin so."""
    resources = templates[stack]["Resources"]
    for beginning in beginnings:
        del resources[next(name for name in resources if name.startswith(beginning))]


def unbind(templates: Templates) -> None:
    # One of the two topics may send to the queue no more.
    del properties(templates, "results", "JobsPolicy")["PolicyDocument"]["Statement"][1]


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
    # EC2 lets everything out of a group of which nobody says what it may reach.
    "no egress": (
        lambda templates: properties(templates, "analyze", "TaskGroup").pop("SecurityGroupEgress"),
        "weaker protection",
        "may reach everything: no rule says what it may reach",
    ),
    "group without egress": (
        lambda templates: templates["analyze"]["Resources"].update(
            Wide={"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "x"}}
        ),
        "weaker protection",
        "Wide (EC2::SecurityGroup) may reach everything",
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
        lambda templates: rename(templates, "gateway", "AccessLog"),
        "data loss",
        "(Logs::LogGroup) is deleted with its log lines",
    ),
    # CloudFormation creates what is new before it deletes what goes.
    "renamed mapping": (
        lambda templates: rename(templates, "results", "JobsFunctionQueue"),
        "interruption",
        "Lambda refuses a second mapping of a function and its source",
    ),
    "mapping made anew": (
        lambda templates: properties(templates, "results", "OutboxFunctionStream").update(
            StartingPosition="LATEST"
        ),
        "interruption",
        "is created anew before the former one is deleted: Lambda refuses",
    ),
    "renamed function": (
        lambda templates: rename(templates, "results", "JobsFunction3"),
        "resources change",
        "",
    ),
    "renamed role": (lambda templates: rename(templates, "results", "JobsRole5"), "resources change", ""),
    "renamed authorizer": (
        lambda templates: rename(templates, "gateway", "ApiAuthorizer7"),
        "interruption",
        "API Gateway refuses a second authorizer of a name",
    ),
    "renamed queue policy": (
        lambda templates: rename(templates, "results", "JobsPolicy"),
        "interruption",
        "a queue has one policy, which is deleted again with the former one",
    ),
    "renamed headers": (
        lambda templates: rename(templates, "web", "PageHeaders"),
        "interruption",
        "CloudFormation refuses to create it: the name vitrineprodwebPageHeaders",
    ),
    "moved to an earlier stack": (
        lambda templates: move(templates, "RegionParameter", "gateway", "storage"),
        "interruption",
        "the name /vitrine/prod/region is that of a resource of gateway",
    ),
    "renamed stack": (rename_stack, "data loss", "belongs to a stack that is declared no more"),
    "circle": (wait_for_itself, "interruption", "waits for itself by what it refers to or depends on"),
    "import from a later stack": (
        import_from_later,
        "interruption",
        "which newly exports it, may be deployed later",
    ),
    "stream": (change_stream, "data loss", "events that are not read yet are lost"),
    "least of the model": (raise_least, "resources change", ""),
    "wake": (
        lambda templates: take(templates, "model", "Waiting", "Wake"),
        "interruption",
        "is deleted: Scaling, which may be at 0, is scaled by it no more",
    ),
    "wake without its alarm": (
        lambda templates: take(templates, "model", "Waiting"),
        "weaker protection",
        "is deleted: Wake does not act when it would start",
    ),
    "visibility": (
        lambda templates: properties(templates, "results", "JobsDF").update(VisibilityTimeout=60),
        "interruption",
        "a message is seen again after 60 s, while JobsFunction",
    ),
    "limit of a route": (
        lambda templates: properties(templates, "gateway", "Stage")["RouteSettings"].pop("POST /analyze"),
        "weaker protection",
        "POST /analyze: requests are limited by the stage's default alone",
    ),
    "sender": (
        unbind,
        "interruption",
        "sns.amazonaws.com may do no more: sqs:SendMessage on JobsDF1CC2D4.Arn where",
    ),
    "caller": (
        lambda templates: take(templates, "results", "SweepEveryAllow"),
        "interruption",
        "events.amazonaws.com may do no more: lambda:InvokeFunction",
    ),
    "all that a role may": (
        lambda templates: take(templates, "results", "JobsRoleDefaultPolicy"),
        "interruption",
        "may do no more: logs:CreateLogStream",
    ),
    "closed port": (
        lambda templates: take(templates, "analyze", "TaskGroupfrom"),
        "interruption",
        "TCP 8080 of BalancerGroup3F552162.GroupId is refused from now on",
    ),
    "cached answers": (
        lambda templates: properties(templates, "web", "Distribution8")["DistributionConfig"][
            "CacheBehaviors"
        ][0].update(CachePolicyId="658327ea-f89d-4fab-a63d-7e88639e58f6"),
        "weaker protection",
        "answers of /api/* may be kept, and given to another user",
    ),
}
