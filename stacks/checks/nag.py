"""The AwsSolutions rules of cdk-nag for every stack, and each exemption with its reason."""

from fnmatch import fnmatchcase
from typing import NamedTuple

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from settings.naming import stack_name


class Exemption(NamedTuple):
    """A rule, the construct path to which it does not apply (without the environment), and the reason."""

    rule: str
    where: str
    reason: str


_EXPORT = stack_name("{environment}", "storage") + ":ExportsOutputFn"
_EXCHANGE = stack_name("{environment}", "results") + ":ExportsOutputFnGetAttExchangeBucketACE697F0Arn7FA1CA85"
_SAGEMAKER = "arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>"
_LOGS = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>"

EXEMPTIONS = (
    Exemption(
        "AwsSolutions-S1",
        "storage/*/Resource",
        "Access logs would record whose photos are read, in another bucket to protect. Only the service "
        "reads them; CloudTrail data events, billed per request, are there where accesses must be proven.",
    ),
    Exemption(
        "AwsSolutions-ELB2",
        "analyze/Balancer/Resource",
        "Only the gateway reaches the load balancer, and its access log holds every request.",
    ),
    Exemption(
        "AwsSolutions-ECS2",
        "analyze/Task/Resource",
        "The variables are names and limits from the settings; secrets come from Secrets Manager.",
    ),
    Exemption(
        "AwsSolutions-ECS4",
        "analyze/Cluster/Resource",
        "Container Insights costs more than the tasks; ECS's own metrics and the logs are enough.",
    ),
    *(
        Exemption(
            f"AwsSolutions-IAM5[Resource::{_EXPORT}GetAttImages2D38C313Arn6C6DDC6E/{folder}/*]",
            f"{role}/DefaultPolicy/Resource",
            "Photos are stored under ids of users, reports and uploads, which are not known at deployment.",
        )
        for role, folder in (
            ("analyze/Task/TaskRole", "photos"),
            ("analyze/Task/TaskRole", "uploads"),
            ("results/JobsRole", "photos"),
            ("hooks/WorkerRole", "photos"),
            ("hooks/WorkerRole", "uploads"),
        )
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "analyze/Task/ExecutionRole/DefaultPolicy/Resource",
        "ecr:GetAuthorizationToken supports no resource-level permissions.",
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "model/Role*/DefaultPolicy/Resource",
        "ecr:GetAuthorizationToken and cloudwatch:PutMetricData support no resource-level permissions; "
        "the latter is limited to its namespace.",
    ),
    Exemption(
        "AwsSolutions-S1",
        "results/Exchange/Bucket/Resource",
        "Objects expire after a day; only the endpoint, the service and the functions use the bucket.",
    ),
    *(
        Exemption(
            f"AwsSolutions-IAM5[Resource::{bucket}/{folder}/*]",
            f"{role}/DefaultPolicy/Resource",
            "Names of async inference requests and answers are generated for each request.",
        )
        for role, bucket, folders in (
            ("model/Role*", _EXCHANGE, ("requests", "answers", "failures")),
            ("analyze/Task/TaskRole", _EXCHANGE, ("requests", "answers")),
            ("results/JobsRole", "<ExchangeBucketACE697F0.Arn>", ("requests", "answers")),
        )
        for folder in folders
    ),
    Exemption(
        "AwsSolutions-APIG4",
        "hooks/Route/Resource",
        "The database has no user token; it signs its webhooks, and the function verifies the signature.",
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "studio/Role/DefaultPolicy/Resource",
        "sagemaker:ListApps and sagemaker:ListSpaces support no resource-level permissions.",
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "studio/ModelRole/DefaultPolicy/Resource",
        "ecr:GetAuthorizationToken and cloudwatch:PutMetricData support no resource-level permissions; "
        "the latter is limited to its namespace.",
    ),
    *(
        Exemption(
            f"AwsSolutions-IAM5[Resource::{resource}]",
            f"studio/{role}/DefaultPolicy/Resource",
            "Names of objects, trial endpoints, apps and log streams are not known at deployment.",
        )
        for role, resource in (
            ("Role", f"{_EXPORT}GetAttArtifacts82DD59A1Arn3B515032/*"),
            ("Role", f"{_EXPORT}GetAttImages2D38C313Arn6C6DDC6E/*"),
            ("Role", f"{_SAGEMAKER}:model/blip2-*"),
            ("Role", f"{_SAGEMAKER}:endpoint-config/blip2-*"),
            ("Role", f"{_SAGEMAKER}:endpoint/blip2-*"),
            ("Role", f"{_SAGEMAKER}:user-profile/<Domain.DomainId>/*"),
            ("Role", f"{_SAGEMAKER}:space/<Domain.DomainId>/*"),
            ("Role", f"{_SAGEMAKER}:app/<Domain.DomainId>/*"),
            ("Role", f"{_LOGS}:log-group:/aws/sagemaker/studio:*"),
            ("ModelRole", f"{_EXPORT}GetAttArtifacts82DD59A1Arn3B515032/models/*"),
            ("ModelRole", f"{_LOGS}:log-group:/aws/sagemaker/Endpoints/blip2-*:*"),
        )
    ),
)


def add_rules(app: cdk.App, environment: str) -> None:
    """Make the app's synthesis fail if a stack breaks a rule without an exemption."""
    for construct in app.node.find_all():
        where = construct.node.path.removeprefix(stack_name(environment, ""))
        for exemption in EXEMPTIONS:
            if fnmatchcase(where, exemption.where):
                rule = f"AwsSolutions::{exemption.rule.format(environment=environment)}"
                cdk.Validations.of(construct).acknowledge(
                    cdk.Acknowledgment(id=rule, reason=exemption.reason)
                )
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
