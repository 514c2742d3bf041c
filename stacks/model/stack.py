"""The vision model and its SageMaker endpoint, with scaling and blue/green deployment."""

import hashlib
import re
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model_artifacts.blip2.definition import STARTUP_S
from model_artifacts.blip2.instances import has_local_disk
from model_artifacts.blip2.tools import packaging
from settings.environment import Environment, LogDays
from settings.model import Model
from stacks.constructs.async_io import AsyncIoResources
from stacks.constructs.exports import keep_exports
from stacks.constructs.functions import VERSION_DIGITS, local_bundling
from stacks.constructs.operations import log_group, notified_topic, publish
from stacks.model.alarms import VARIANT, instance_alarm, rollback_alarms
from stacks.model.container import execution_role, primary_container
from stacks.model.scaling import scale

ARTIFACT = Path(__file__).resolve().parents[2] / "model_artifacts" / "blip2"
DEMO = ARTIFACT / "model"
# The archives in the artifact bucket.
ARCHIVES = "models/*"
# How long a canary's log lines are kept.
CANARY_LOG_DAYS: LogDays = 7
# An alarm within this time rolls the new version back; after it, the old instances are terminated.
BAKE_S = 300
TERMINATE_S = 60
_ENDPOINT_LOGS = "/aws/sagemaker/Endpoints"
# Twice the time of download, start-up and bake.
DEPLOY_TIMEOUT_S = 2 * (2 * STARTUP_S + BAKE_S)


class ModelStack(cdk.Stack):
    """Model, endpoint configuration and endpoint.

    Model and configuration are unnamed, so that a change creates new ones beside the old; the endpoint keeps
    its name and switches to the new configuration. A paused model has no endpoint, scaling or alarms. An
    async endpoint uses all of `async_io`; a realtime one only its key, for the instance's disk. A release's
    canary has a role of its own, so that no policy is written for it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        artifacts: s3.IBucket,
        async_io: AsyncIoResources,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        model = settings.model
        asynchronous = model.mode == "async"
        encrypts_disk = not has_local_disk(model.instance_type)

        # SageMaker writes to a log group of this name, and would create one without retention.
        log = log_group(
            self, "Log", settings.log_retention_days, name=f"{_ENDPOINT_LOGS}/{model.endpoint_name}"
        )
        bucket, archive = _archive(self, model, artifacts)
        self._notify = notified_topic(self, settings)
        alarms = [] if model.paused else rollback_alarms(self, model, settings.alarms, notify=self._notify)
        role = execution_role(
            self,
            # One role per archive: during a deployment and after a rollback, the old instances read the old
            # archive.
            f"Role{hashlib.sha256(archive.encode()).hexdigest()[:8]}",
            model,
            settings.region,
            log=log,
            alarms=alarms,
        )
        read = iam.PolicyStatement(actions=["s3:GetObject"], resources=[bucket.arn_for_objects(archive)])
        role.add_to_policy(read)
        if bucket.encryption_key is not None:
            bucket.encryption_key.grant_decrypt(role)
        if asynchronous:
            async_io.grant_endpoint(role)

        declared = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            enable_network_isolation=model.network_isolation,
            primary_container=primary_container(
                model,
                settings.region,
                bucket.s3_url_for_object(archive),
                # What its log lines say of where they come from.
                {"ENVIRONMENT": settings.name, "VERSION": _version(archive)},
            ),
        )
        # On the role's policy too: SageMaker checks access to the archive when it creates the model.
        declared.node.add_dependency(role)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT,
                    model_name=declared.attr_model_name,
                    initial_variant_weight=1,
                    # An endpoint is created with at least one instance; scaling takes an async one to zero.
                    initial_instance_count=max(1, model.min_instances),
                    instance_type=model.instance_type,
                    inference_ami_version=model.inference_ami_version,
                    model_data_download_timeout_in_seconds=STARTUP_S,
                    container_startup_health_check_timeout_in_seconds=STARTUP_S,
                )
            ],
            async_inference_config=async_io.config() if asynchronous else None,
            kms_key_id=async_io.key.key_arn if encrypts_disk else None,
        )
        if not model.paused:
            endpoint = self._endpoint(settings.model, config, alarms)
            endpoint.node.add_dependency(log)
        publish(self, settings.name, "ModelArtifact", archive, "S3 key of the model archive in use")
        self.canary_role = self._canary(settings, artifacts)
        publish(self, settings.name, "CanaryRoleArn", self.canary_role.role_arn, "Role of a release's canary")
        keep_exports(self, self.canary_role.role_arn)

    def _canary(self, settings: Environment, artifacts: s3.IBucket) -> iam.Role:
        """Declare what a release's canary runs with: any archive to read, and a log of its own."""
        model = settings.model
        log = log_group(self, "CanaryLog", CANARY_LOG_DAYS, name=f"{_ENDPOINT_LOGS}/{model.canary_name}")
        role = execution_role(self, "CanaryRole", model, settings.region, log=log)
        read = iam.PolicyStatement(actions=["s3:GetObject"], resources=[artifacts.arn_for_objects(ARCHIVES)])
        role.add_to_policy(read)
        if artifacts.encryption_key is not None:
            artifacts.encryption_key.grant_decrypt(role)
        return role

    def _endpoint(
        self, model: Model, config: sagemaker.CfnEndpointConfig, alarms: list[cloudwatch.Alarm]
    ) -> sagemaker.CfnEndpoint:
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=model.endpoint_name,
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=_blue_green(alarms),
            # A new version of a scaled endpoint starts with the current number of instances. An async
            # endpoint may have none, and a version without instances would be deployed untested.
            retain_all_variant_properties=model.mode == "realtime"
            and model.min_instances < model.max_instances,
        )
        for dependent in (*scale(self, model), instance_alarm(self, model, notify=self._notify)):
            dependent.node.add_dependency(endpoint)
        return endpoint


def _archive(scope: Construct, model: Model, artifacts: s3.IBucket) -> tuple[s3.IBucket, str]:
    # The archive's bucket and key; it is uploaded before the stacks that refer to it are deployed.
    if model.artifact != "demo":
        return artifacts, model.artifact
    with_packages = model.network_isolation
    asset = s3_assets.Asset(
        scope,
        "Archive",
        path=str(ARTIFACT),
        asset_hash=packaging.fingerprint(DEMO, with_packages=with_packages),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=local_bundling(
            lambda folder: packaging.build(folder / packaging.NAME, DEMO, with_packages=with_packages),
            cdk.BundlingOutput.SINGLE_FILE,
        ),
    )
    # The same name in a synthesis without bundling, in which the CDK names the folder's asset .zip.
    return asset.bucket, str(Path(asset.s3_object_key).with_suffix(".gz"))


def _version(archive: str) -> str:
    # The key holds the hash of the archive, or of what it is built from.
    (digest,) = re.findall(r"[0-9a-f]{64}", archive)
    return str(digest)[:VERSION_DIGITS]


def _blue_green(alarms: list[cloudwatch.Alarm]) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
    endpoint = sagemaker.CfnEndpoint
    return endpoint.DeploymentConfigProperty(
        auto_rollback_configuration=endpoint.AutoRollbackConfigProperty(
            alarms=[endpoint.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in alarms]
        ),
        blue_green_update_policy=endpoint.BlueGreenUpdatePolicyProperty(
            # Shifting only a share of the traffic would need at least two instances.
            traffic_routing_configuration=endpoint.TrafficRoutingConfigProperty(
                type="ALL_AT_ONCE", wait_interval_in_seconds=BAKE_S
            ),
            termination_wait_in_seconds=TERMINATE_S,
            maximum_execution_timeout_in_seconds=DEPLOY_TIMEOUT_S,
        ),
    )
