"""The AwsSolutions rules of cdk-nag for every stack, and each exemption with its reason."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from settings.naming import DEFAULT_QUALIFIER, STACKS, stack_name
from stacks.delivery.permissions import MODEL_NAMES
from stacks.model.stack import ARCHIVES


class Exemption(NamedTuple):
    """A rule, the construct path to which it does not apply (without the environment), and the reason."""

    rule: str
    where: str
    reason: str


def _wildcards(reason: str, role: str, resources: Iterable[str] = ("*",)) -> Iterator[Exemption]:
    for resource in resources:
        yield Exemption(f"AwsSolutions-IAM5[Resource::{resource}]", f"{role}/DefaultPolicy/Resource", reason)


def _folders(bucket: str, *folders: str) -> list[str]:
    return [f"{bucket}/{folder}/*" for folder in folders]


_EXPORT = stack_name("{environment}", "storage") + ":ExportsOutputFnGetAtt"
_IMAGES, _ARTIFACTS = f"{_EXPORT}Images2D38C313Arn6C6DDC6E", f"{_EXPORT}Artifacts82DD59A1Arn3B515032"
_EXCHANGE = stack_name("{environment}", "results") + ":ExportsOutputFnGetAttExchangeBucketACE697F0Arn7FA1CA85"
_SAGEMAKER = "arn:<AWS::Partition>:sagemaker:<AWS::Region>:<AWS::AccountId>"
_LOGS = "arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/sagemaker"
_STACK = "arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:stack"
_SERVICE = "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:service"

_PHOTOS = "Photos are stored under ids of users, reports and uploads, which are not known at deployment."
_REQUESTS = "Names of async inference requests and answers are generated for each request."
_BATCHES = "Names of stored batches of Edge logs are generated for each request."
_TRIALS = "Names of objects, trial endpoints, apps and log streams are not known at deployment."
_TOKEN = "ecr:GetAuthorizationToken supports no resource-level permissions."  # noqa: S105 no token
_ENDPOINT = (
    "ecr:GetAuthorizationToken and cloudwatch:PutMetricData support no resource-level permissions; "
    "the latter is limited to its namespace."
)
_PIPELINE = (
    "ecr:GetAuthorizationToken, ecs:DescribeTaskDefinition and elasticloadbalancing:DescribeTargetHealth "
    "support no resource-level permissions."
)
_CHOSEN = "CloudFormation chooses ids of stacks and names of services and models."
_ARCHIVES = "An archive is named by the hash of its content."

# What the CDK's own function may do, which copies the page from the bootstrap's bucket into the page's.
_COPY = "The CDK grants its copying function these actions on two buckets: the bootstrap's and the page's."
_COPIED = (
    *(f"Action::s3:{action}*" for action in ("GetBucket", "GetObject", "List", "Abort", "DeleteObject")),
    "Resource::arn:aws:s3:::cdk-{qualifier}-assets-<AWS::AccountId>-{region}/*",
    "Resource::<PageA98A310E.Arn>/*",
)

EXEMPTIONS = (
    Exemption(
        "AwsSolutions-S1",
        "storage/*/Resource",
        "Access logs would record whose photos are read, in another bucket to protect. Only the service "
        "reads them; CloudTrail data events, billed per request, are there where accesses must be proven.",
    ),
    Exemption(
        "AwsSolutions-S1",
        "results/Exchange/Bucket/Resource",
        "Objects expire after a day; only the endpoint, the service and the functions use the bucket.",
    ),
    Exemption(
        "AwsSolutions-ELB2",
        "analyze/Balancer/Resource",
        "Only the gateway reaches the load balancer, and its access log holds every request.",
    ),
    Exemption(
        "AwsSolutions-S1",
        "web/Page/Resource",
        "It holds the public page alone, and only CloudFront reads it.",
    ),
    Exemption("AwsSolutions-CFR1", "web/Distribution/Resource", "Sellers travel: no country is locked out."),
    Exemption(
        "AwsSolutions-CFR2",
        "web/Distribution/Resource",
        "A firewall costs more a month than the page; the gateway authorizes and throttles each call, and "
        "the page itself is static.",
    ),
    Exemption(
        "AwsSolutions-CFR3",
        "web/Distribution/Resource",
        "The gateway's access log has every call of the API; who loads the page is personal data of no use.",
    ),
    Exemption(
        "AwsSolutions-CFR4",
        "web/Distribution/Resource",
        "With CloudFront's own name its certificate decides; with a domain name the stack sets TLS 1.2.",
    ),
    Exemption(
        "AwsSolutions-L1",
        "web/Custom::CDKBucketDeployment*/Resource",
        "The function and its runtime are the CDK's own.",
    ),
    *(
        Exemption(f"AwsSolutions-IAM5[{what}]", "web/CopyRole/DefaultPolicy/Resource", _COPY)
        for what in _COPIED
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
    Exemption(
        "AwsSolutions-APIG4",
        "hooks/Route/Resource",
        "The database has no user token; it signs its webhooks, and the function verifies the signature.",
    ),
    Exemption(
        "AwsSolutions-APIG4",
        "gateway/Api/POST--hooks--logs/Resource",
        "A drain has no user token; it names a key, which the function compares.",
    ),
    *_wildcards(_TOKEN, "analyze/Task/ExecutionRole"),
    *_wildcards(_ENDPOINT, "model/Role*"),
    *_wildcards(_ENDPOINT, "model/CanaryRole"),
    *_wildcards(_ARCHIVES, "model/CanaryRole", [f"{_ARTIFACTS}/{ARCHIVES}"]),
    *_wildcards(_ENDPOINT, "studio/ModelRole"),
    *_wildcards(
        "sagemaker:ListApps and sagemaker:ListSpaces support no resource-level permissions.", "studio/Role"
    ),
    *_wildcards(_PHOTOS, "analyze/Task/TaskRole", _folders(_IMAGES, "photos", "uploads")),
    *_wildcards(_PHOTOS, "results/JobsRole", _folders(_IMAGES, "photos")),
    *_wildcards(_PHOTOS, "hooks/WorkerRole", _folders(_IMAGES, "photos", "uploads")),
    *_wildcards(_BATCHES, "hooks/LogReceiverRole", _folders(_IMAGES, "edge-logs")),
    *_wildcards(_BATCHES, "hooks/LogWriterRole", _folders(_IMAGES, "edge-logs")),
    *_wildcards(_REQUESTS, "model/Role*", _folders(_EXCHANGE, "requests", "answers", "failures")),
    *_wildcards(_REQUESTS, "analyze/Task/TaskRole", _folders(_EXCHANGE, "requests", "answers", "failures")),
    *_wildcards(
        _REQUESTS,
        "results/JobsRole",
        _folders("<ExchangeBucketACE697F0.Arn>", "requests", "answers", "failures"),
    ),
    *_wildcards(
        _TRIALS,
        "studio/Role",
        (
            *(f"{_ARTIFACTS}/*", f"{_IMAGES}/*", f"{_LOGS}/studio:*"),
            *(f"{_SAGEMAKER}:{kind}/blip2-*" for kind in ("model", "endpoint-config", "endpoint")),
            *(f"{_SAGEMAKER}:{kind}/<Domain.DomainId>/*" for kind in ("user-profile", "space", "app")),
        ),
    ),
    *_wildcards(_PIPELINE, "delivery/Deploy"),
    *_wildcards(
        "AWS's prices are public; pricing:GetProducts supports no resource-level permissions.",
        "delivery/Lookup",
    ),
    *_wildcards(_REQUESTS, "delivery/Deploy", _folders(_EXCHANGE, "answers", "failures")),
    *_wildcards(_ARCHIVES, "delivery/Deploy", [f"{_ARTIFACTS}/{ARCHIVES}"]),
    *_wildcards(
        _CHOSEN,
        "delivery/Deploy",
        (
            *(f"{_STACK}/{stack_name('{environment}', stack)}/*" for stack in STACKS),
            f"{_SERVICE}/{stack_name('{environment}', 'analyze')}-*",
            f"{_SAGEMAKER}:{MODEL_NAMES}",
        ),
    ),
    *_wildcards(_TRIALS, "studio/ModelRole", (f"{_ARTIFACTS}/{ARCHIVES}", f"{_LOGS}/Endpoints/blip2-*:*")),
)


def add_rules(app: cdk.App, environment: str) -> None:
    """Make the app's synthesis fail if a stack breaks an AwsSolutions rule without an exemption."""
    qualifier = app.node.try_get_context("@aws-cdk/core:bootstrapQualifier") or DEFAULT_QUALIFIER
    for construct in app.node.find_all():
        where = construct.node.path.removeprefix(stack_name(environment, ""))
        for exemption in EXEMPTIONS:
            if fnmatchcase(where, exemption.where):
                region = cdk.Stack.of(construct).region
                names = {"environment": environment, "qualifier": qualifier, "region": region}
                rule = f"AwsSolutions::{exemption.rule.format(**names)}"
                cdk.Validations.of(construct).acknowledge(
                    cdk.Acknowledgment(id=rule, reason=exemption.reason)
                )
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
