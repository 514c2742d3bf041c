"""The vision model and its SageMaker endpoint: what it runs, how it scales, how a new version takes over."""

import hashlib
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from model_artifacts.blip2.definition import STARTUP_S
from model_artifacts.blip2.instances import has_local_disk
from settings import schema
from settings.environment import Environment
from stacks.constructs.async_io import AsyncIo
from stacks.constructs.logs import log_group
from stacks.constructs.outputs import publish
from stacks.model.archive import archive
from stacks.model.container import image_repository_arn, primary_container
from stacks.model.role import execution_role
from stacks.model.scaling import VARIANT, rollback_alarms, scale

# While it bakes, an alarm takes the new version back; then the old one's instances go.
BAKE_S = 300
TERMINATE_S = 60
# New instances, download, start-up and bake, and as much again: a deployment that takes longer is no use.
DEPLOY_WITHIN_S = 2 * (2 * STARTUP_S + BAKE_S)


class Model(cdk.Stack):
    """Model, endpoint configuration and endpoint.

    The first two have no names, so that a change makes new ones beside the old. The endpoint's name is a
    setting and never changes: it moves from one configuration to the next. A paused model has no endpoint,
    nothing that scales it and no alarm of it. `exchange` is what an async endpoint reads, writes and tells;
    a realtime one takes its key alone, for its disk.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        artifacts: s3.IBucket,
        async_io: AsyncIo,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        model = settings.model
        asynchronous = model.mode == "async"
        encrypts_disk = not has_local_disk(model.instance_type)

        # SageMaker writes to a log of this name, and would make one that is kept for ever.
        log = log_group(
            self, "Log", settings.log_retention_days, name=f"/aws/sagemaker/Endpoints/{model.endpoint_name}"
        )
        weights = archive(self, model, artifacts)
        alarms = [] if model.paused else rollback_alarms(self, model, settings.alarms)
        role = execution_role(
            self,
            # A role of its own for each archive: while a new version takes over, and where it is taken back,
            # the old instances still read the old one.
            f"Role{hashlib.sha256(weights.key.encode()).hexdigest()[:8]}",
            log=log,
            image_repository_arn=image_repository_arn(model, settings.region),
            alarms=alarms,
        )
        weights.grant_read(role)
        if asynchronous:
            async_io.grant_use(role)

        declared = sagemaker.CfnModel(
            self,
            "Model",
            execution_role_arn=role.role_arn,
            enable_network_isolation=model.network_isolation,
            primary_container=primary_container(model, settings.region, weights.url),
        )
        # Its role's permissions too: SageMaker looks for the archive with them as the model is made.
        declared.node.add_dependency(role)
        config = sagemaker.CfnEndpointConfig(
            self,
            "Config",
            production_variants=[
                sagemaker.CfnEndpointConfig.ProductionVariantProperty(
                    variant_name=VARIANT,
                    model_name=declared.attr_model_name,
                    initial_variant_weight=1,
                    # An endpoint starts with an instance; scaling takes an async one to none.
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
        publish(self, settings.name, "ModelArtifact", weights.key, "Key of the archive that is served")

    def _endpoint(
        self, model: schema.Model, config: sagemaker.CfnEndpointConfig, alarms: list[cloudwatch.Alarm]
    ) -> sagemaker.CfnEndpoint:
        endpoint = sagemaker.CfnEndpoint(
            self,
            "Endpoint",
            endpoint_name=model.endpoint_name,
            endpoint_config_name=config.attr_endpoint_config_name,
            deployment_config=_blue_green(alarms),
            # A new version starts with as many instances as the load has asked for, where that is scaled. Of
            # an async endpoint that may be none: a version that nothing runs would take over unseen.
            retain_all_variant_properties=model.mode == "realtime"
            and model.min_instances < model.max_instances,
        )
        for scaled in scale(self, model):
            scaled.node.add_dependency(endpoint)
        return endpoint


def _blue_green(alarms: list[cloudwatch.Alarm]) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
    endpoint = sagemaker.CfnEndpoint
    return endpoint.DeploymentConfigProperty(
        auto_rollback_configuration=endpoint.AutoRollbackConfigProperty(
            alarms=[endpoint.AlarmProperty(alarm_name=alarm.alarm_name) for alarm in alarms]
        ),
        blue_green_update_policy=endpoint.BlueGreenUpdatePolicyProperty(
            # A share of the traffic for the new version first would need two instances at least.
            traffic_routing_configuration=endpoint.TrafficRoutingConfigProperty(
                type="ALL_AT_ONCE", wait_interval_in_seconds=BAKE_S
            ),
            termination_wait_in_seconds=TERMINATE_S,
            maximum_execution_timeout_in_seconds=DEPLOY_WITHIN_S,
        ),
    )
