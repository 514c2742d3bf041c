"""SageMaker Studio, for packaging, uploading and trying models."""

from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from settings import schema
from settings.environment import Environment
from settings.naming import PROJECT, parameter_name
from stacks.constructs.network import HTTPS, INNER, first_subnets, task_subnets
from stacks.constructs.operations import publish
from stacks.model.container import execution_role
from stacks.storage.stack import StorageStack

# Names of trial endpoints, their models and configurations; the environment's own endpoint is denied.
TRIAL_NAMES = "blip2-*"
# The parameters that the notebook reads.
PARAMETERS = ("artifact-bucket", "image-key", "studio-model-role")
# The ports on which an app's server reaches its kernels.
KERNEL_PORTS = ec2.Port.tcp_range(8192, 65535)


class StudioStack(cdk.Stack):
    """Domain, user profile, the role of its apps, and the execution role of endpoints deployed from it."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        studio: schema.Studio,
        storage: StorageStack,
        vpc: ec2.IVpc,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        key = kms.Key(
            self,
            "Key",
            description=f"Home folders and disks of Studio, {PROJECT} {settings.name}",
            enable_key_rotation=True,
            # The home folders are retained when the domain is deleted, and unreadable without this key.
            removal_policy=(
                cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
                if settings.keep_data
                else cdk.RemovalPolicy.DESTROY
            ),
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        model_role = self._model_role(settings, storage)
        domain = self._domain(settings, studio, role=role, key=key, vpc=vpc)
        sagemaker.CfnUserProfile(
            self, "User", domain_id=domain.attr_domain_id, user_profile_name=studio.user_name
        )
        for statement in _permissions(
            self, settings, storage, domain_id=domain.attr_domain_id, key=key, model_role=model_role
        ):
            role.add_to_policy(statement)

        name = settings.name
        publish(self, name, "StudioDomainId", domain.attr_domain_id, "SageMaker Studio domain")
        publish(self, name, "StudioUser", studio.user_name, "User profile of Studio")
        publish(self, name, "StudioUrl", domain.attr_url, "URL of Studio, for users signed in to AWS")
        arn = model_role.role_arn
        publish(self, name, "StudioModelRole", arn, "Execution role of endpoints deployed from Studio")

    def _domain(
        self, settings: Environment, studio: schema.Studio, *, role: iam.Role, key: kms.Key, vpc: ec2.IVpc
    ) -> sagemaker.CfnDomain:
        domain = sagemaker.CfnDomain
        inside = studio.network == "vpc"
        # Otherwise the subnets hold only the home folders' mount targets, which need no internet.
        subnets = vpc.select_subnets(
            subnets=first_subnets(vpc, task_subnets(settings.egress) if inside else INNER).subnets
        )
        group = ec2.SecurityGroup(
            self, "Apps", vpc=vpc, description="Apps of Studio", allow_all_outbound=False
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "AWS and package indexes")
        group.connections.allow_internally(KERNEL_PORTS, "An app and its kernels")
        return domain(
            self,
            "Domain",
            auth_mode="IAM",
            domain_name=f"{PROJECT}-{settings.name}",
            vpc_id=vpc.vpc_id,
            subnet_ids=subnets.subnet_ids,
            app_network_access_type="VpcOnly" if inside else "PublicInternetOnly",
            kms_key_id=key.key_arn,
            default_user_settings=domain.UserSettingsProperty(
                execution_role=role.role_arn,
                security_groups=[group.security_group_id],
                default_landing_uri="studio::",
                studio_web_portal="ENABLED",
                jupyter_lab_app_settings=domain.JupyterLabAppSettingsProperty(
                    app_lifecycle_management=domain.AppLifecycleManagementProperty(
                        idle_settings=domain.IdleSettingsProperty(
                            lifecycle_management="ENABLED",
                            idle_timeout_in_minutes=studio.idle_shutdown_minutes,
                            # A user cannot set a longer time for a space.
                            min_idle_timeout_in_minutes=60,
                            max_idle_timeout_in_minutes=studio.idle_shutdown_minutes,
                        )
                    )
                ),
            ),
        )

    def _model_role(self, settings: Environment, storage: StorageStack) -> iam.Role:
        role = execution_role(
            self,
            "ModelRole",
            settings.model,
            settings.region,
            log=logs.LogGroup.from_log_group_arn(
                self, "Logs", _arn(self, "logs", f"log-group:/aws/sagemaker/Endpoints/{TRIAL_NAMES}:*")
            ),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[storage.artifacts.arn_for_objects("models/*")]
            )
        )
        role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[storage.key.key_arn]))
        return role


def _permissions(
    stack: cdk.Stack,
    settings: Environment,
    storage: StorageStack,
    *,
    domain_id: str,
    key: kms.IKey,
    model_role: iam.IRole,
) -> Iterator[iam.PolicyStatement]:
    allow = iam.PolicyStatement

    def arn(kind: str, name: str) -> str:
        return _arn(stack, "sagemaker", f"{kind}/{name}")

    images, artifacts = storage.images, storage.artifacts
    yield allow(actions=["s3:ListBucket"], resources=[images.bucket_arn, artifacts.bucket_arn])
    yield allow(
        actions=["s3:GetObject"], resources=[images.arn_for_objects("*"), artifacts.arn_for_objects("*")]
    )
    # Archives of gigabytes are uploaded in parts; a failed upload is aborted.
    yield allow(
        actions=["s3:PutObject", "s3:AbortMultipartUpload"], resources=[artifacts.arn_for_objects("*")]
    )
    yield allow(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[storage.key.key_arn])
    yield allow(
        actions=["ssm:GetParameter"],
        resources=[
            _arn(stack, "ssm", f"parameter{parameter_name(settings.name, name)}") for name in PARAMETERS
        ],
    )

    trials = {kind: arn(kind, TRIAL_NAMES) for kind in ("model", "endpoint-config", "endpoint")}
    yield allow(
        actions=[
            *(f"sagemaker:{verb}Model" for verb in ("Create", "Describe", "Delete")),
            *(f"sagemaker:{verb}EndpointConfig" for verb in ("Create", "Describe", "Delete")),
            *(f"sagemaker:{verb}Endpoint" for verb in ("Create", "Describe", "Delete", "Invoke")),
        ],
        resources=list(trials.values()),
    )
    # CloudFormation owns this endpoint.
    yield allow(
        effect=iam.Effect.DENY,
        actions=["sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint"],
        resources=[arn("endpoint", settings.model.endpoint_name)],
    )
    yield allow(
        actions=["iam:PassRole"],
        resources=[model_role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    )

    yield from _apps(arn, domain_id)
    # A space's disk is encrypted with the domain's key, on behalf of the user who starts it.
    yield allow(
        actions=["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"],
        resources=[key.key_arn],
    )
    yield allow(
        actions=["kms:CreateGrant"],
        resources=[key.key_arn],
        conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
    )
    yield allow(
        actions=["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
        resources=[_arn(stack, "logs", "log-group:/aws/sagemaker/studio:*")],
    )


def _apps(arn: Callable[[str, str], str], domain_id: str) -> Iterator[iam.PolicyStatement]:
    allow = iam.PolicyStatement
    yield allow(actions=["sagemaker:DescribeDomain"], resources=[arn("domain", domain_id)])
    yield allow(
        actions=["sagemaker:DescribeUserProfile", "sagemaker:CreatePresignedDomainUrl"],
        resources=[arn("user-profile", f"{domain_id}/*")],
    )
    spaces, apps = arn("space", f"{domain_id}/*"), arn("app", f"{domain_id}/*")
    yield allow(
        actions=[f"sagemaker:{verb}Space" for verb in ("Create", "Describe", "Update", "Delete")],
        resources=[spaces],
    )
    yield allow(
        actions=[f"sagemaker:{verb}App" for verb in ("Create", "Describe", "Delete")], resources=[apps]
    )
    # Studio tags resources only while it creates them.
    yield allow(
        actions=["sagemaker:AddTags"],
        resources=[spaces, apps],
        conditions={"StringEquals": {"sagemaker:TaggingAction": ["CreateSpace", "CreateApp"]}},
    )
    # Studio's page lists both; the list actions support no resource-level permissions.
    yield allow(actions=["sagemaker:ListApps", "sagemaker:ListSpaces"], resources=["*"])


def _arn(stack: cdk.Stack, service: str, resource: str) -> str:
    return f"arn:{cdk.Aws.PARTITION}:{service}:{cdk.Aws.REGION}:{stack.account}:{resource}"
