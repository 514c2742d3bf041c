"""The AwsSolutions rules, held against every stack, and each exception from them with its reason."""

from fnmatch import fnmatchcase
from typing import NamedTuple

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks


class Exemption(NamedTuple):
    """A rule, where it does not hold (the construct's path, without its environment), and why."""

    rule: str
    where: str
    reason: str


_EXPORT = "vitrine-{environment}-storage:ExportsOutputFn"
_EXCHANGE = "vitrine-{environment}-results:ExportsOutputFnGetAttExchangeBucketACE697F0Arn7FA1CA85"
_SAGEMAKER = "arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>"
_LOGS = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>"

EXEMPTIONS = (
    Exemption(
        "AwsSolutions-S1",
        "storage/*/Resource",
        "Access logs would say who has which photos, in one more bucket to keep. The one reader is the "
        "service; who must prove accesses turns on CloudTrail data events, which cost by the request.",
    ),
    Exemption(
        "AwsSolutions-ELB2",
        "analyze/Balancer/Resource",
        "The load balancer is reached by the gateway alone, whose access log has every request already.",
    ),
    Exemption(
        "AwsSolutions-ECS2",
        "analyze/Task/Resource",
        "What stands there are names and limits from the settings; secrets come from Secrets Manager.",
    ),
    Exemption(
        "AwsSolutions-ECS4",
        "analyze/Cluster/Resource",
        "Container Insights cost by the metric, more than the tasks; ECS's own metrics and our log lines do.",
    ),
    *(
        Exemption(
            f"AwsSolutions-IAM5[Resource::{_EXPORT}GetAttImages2D38C313Arn6C6DDC6E/{folder}/*]",
            f"{role}/DefaultPolicy/Resource",
            "Photos lie under the ids of users, reports and uploads, which nobody can list beforehand.",
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
        "ecr:GetAuthorizationToken knows no resource.",
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "model/Role*/DefaultPolicy/Resource",
        "ecr:GetAuthorizationToken and cloudwatch:PutMetricData know no resource; the latter its namespace.",
    ),
    Exemption(
        "AwsSolutions-S1",
        "results/Exchange/Bucket/Resource",
        "What lies there is gone after a day; the endpoint and our own functions alone read and write it.",
    ),
    *(
        Exemption(
            f"AwsSolutions-IAM5[Resource::{bucket}/{folder}/*]",
            f"{role}/DefaultPolicy/Resource",
            "An async endpoint's requests and answers lie under names that are made for each.",
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
        "The database has no user's token: what it sends is signed, and the function checks that.",
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "studio/Role/DefaultPolicy/Resource",
        "sagemaker:ListApps and sagemaker:ListSpaces know no resource; Studio's page shows what they list.",
    ),
    Exemption(
        "AwsSolutions-IAM5[Resource::*]",
        "studio/ModelRole/DefaultPolicy/Resource",
        "ecr:GetAuthorizationToken and cloudwatch:PutMetricData know no resource; the latter its namespace.",
    ),
    *(
        Exemption(
            f"AwsSolutions-IAM5[Resource::{resource}]",
            f"studio/{role}/DefaultPolicy/Resource",
            "Its objects, tried endpoints, apps and log streams have names that are made when they are.",
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


def hold_to_rules(app: cdk.App, environment: str) -> None:
    """Let the app's synthesis fail where a rule is broken that is not excepted."""
    for construct in app.node.find_all():
        where = construct.node.path.removeprefix(f"vitrine-{environment}-")
        for exemption in EXEMPTIONS:
            if fnmatchcase(where, exemption.where):
                rule = f"AwsSolutions::{exemption.rule.format(environment=environment)}"
                cdk.Validations.of(construct).acknowledge(
                    cdk.Acknowledgment(id=rule, reason=exemption.reason)
                )
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
