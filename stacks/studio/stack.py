"""SageMaker Studio, for packaging, uploading and trying models."""

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
from settings.naming import PROJECT
from stacks.constructs.network import HTTPS, INNER, task_subnets
from stacks.constructs.outputs import publish
from stacks.model.container import image_repository_arn
from stacks.model.role import execution_role
from stacks.storage.stack import StorageStack
from stacks.studio.permissions import TRIAL_NAMES, log_arn, permissions

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
            removal_policy=cdk.RemovalPolicy.RETAIN if settings.keep_data else cdk.RemovalPolicy.DESTROY,
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        model_role = self._model_role(settings, storage)
        domain = self._domain(settings, studio, role=role, key=key, vpc=vpc)
        sagemaker.CfnUserProfile(
            self, "User", domain_id=domain.attr_domain_id, user_profile_name=studio.user_name
        )
        for statement in permissions(
            self, settings, storage, domain_id=domain.attr_domain_id, key=key, model_role=model_role
        ):
            role.add_to_policy(statement)

        name = settings.name
        publish(self, name, "StudioDomainId", domain.attr_domain_id, "SageMaker Studio domain")
        publish(self, name, "StudioUser", studio.user_name, "User profile of Studio")
        publish(self, name, "StudioUrl", domain.attr_url, "URL of Studio, for users signed in to AWS")
        publish(
            self,
            name,
            "StudioModelRole",
            model_role.role_arn,
            "Execution role of endpoints deployed from Studio",
        )

    def _domain(
        self,
        settings: Environment,
        studio: schema.Studio,
        *,
        role: iam.Role,
        key: kms.Key,
        vpc: ec2.IVpc,
    ) -> sagemaker.CfnDomain:
        domain = sagemaker.CfnDomain
        inside = studio.network == "vpc"
        # Otherwise the subnets hold only the home folders' mount targets, which need no internet.
        subnets = vpc.select_subnets(
            subnet_group_name=(task_subnets(settings.egress) if inside else INNER).subnet_group_name
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
            log=logs.LogGroup.from_log_group_arn(
                self, "Logs", log_arn(self, f"/aws/sagemaker/Endpoints/{TRIAL_NAMES}")
            ),
            image_repository_arn=image_repository_arn(settings.model, settings.region),
            alarms=(),
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject"], resources=[storage.artifacts.arn_for_objects("models/*")]
            )
        )
        role.add_to_policy(iam.PolicyStatement(actions=["kms:Decrypt"], resources=[storage.key.key_arn]))
        return role
