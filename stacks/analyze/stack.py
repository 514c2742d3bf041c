"""`services/analyze` on Fargate, behind an internal load balancer."""

from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from settings.environment import Environment
from settings.schema import Domain, ServiceSize
from stacks.analyze.task import HEALTH_PATH, PORT, service_task
from stacks.constructs.exports import keep_exports
from stacks.constructs.network import (
    INNER,
    certificate,
    first_subnets,
    hosted_zone,
    outward_ports,
    service_vpc,
    task_subnets,
)
from stacks.constructs.operations import publish
from stacks.results.stack import ResultsStack
from stacks.storage.stack import StorageStack

# Shorter than the service's KEEP_ALIVE_S: the side that sends requests must be the one that closes.
IDLE_TIMEOUT = cdk.Duration.seconds(60)
# Longer than the gateway's 30 s limit: a stopping task answers its remaining requests.
DRAIN = cdk.Duration.seconds(35)
TARGET_CPU_PERCENT = 60
# Requests of one photo per minute that bring one vCPU to TARGET_CPU_PERCENT.
TARGET_REQUESTS = 300


class AnalyzeStack(cdk.Stack):
    """VPC, cluster, service and internal load balancer; the gateway forwards requests to `listener`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        storage: StorageStack,
        results: ResultsStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self.vpc = service_vpc(
            self, zones=settings.zones, egress=settings.egress, log_days=settings.log_retention_days
        )
        service = self._service(settings, service_task(self, settings, storage, results))
        self.listener = self._listener(settings.domain)
        targets = self._targets(service)
        _scale(service, targets, settings.service)

        keep_exports(self, self.vpc.vpc_id)
        for group in (INNER, task_subnets("nat")):
            subnets = first_subnets(self.vpc, group).subnets or []
            keep_exports(self, *(subnet.subnet_id for subnet in subnets))
        cluster = service.cluster.cluster_name
        publish(self, settings.name, "ServiceCluster", cluster, "ECS cluster of the service")
        # Of its own stack, the listener's load balancer is more than the interface that the types say.
        balancer = cast("elbv2.ApplicationLoadBalancer", self.listener.load_balancer)
        full_name = balancer.load_balancer_full_name
        publish(self, settings.name, "LoadBalancer", full_name, "Load balancer, as its metrics name it")
        publish(self, settings.name, "ServiceName", service.service_name, "ECS service of services/analyze")

    def _service(self, settings: Environment, task: ecs.FargateTaskDefinition) -> ecs.FargateService:
        group = ec2.SecurityGroup(
            self, "TaskGroup", vpc=self.vpc, description="Tasks of the service", allow_all_outbound=False
        )
        for port in outward_ports(settings):
            group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(port), "AWS, Supabase and the LLM")
        cluster = ecs.Cluster(
            self,
            "Cluster",
            vpc=self.vpc,
            # Container Insights is billed per metric and costs more than the tasks; ECS's own metrics are
            # free.
            container_insights_v2=ecs.ContainerInsights.DISABLED,
        )
        subnets = task_subnets(settings.egress)
        service = ecs.FargateService(
            self,
            "Service",
            cluster=cluster,
            task_definition=task,
            platform_version=ecs.FargatePlatformVersion.VERSION1_4,
            # Autoscaling sets the number of tasks; a number here would reset it at each deployment.
            desired_count=None,
            vpc_subnets=subnets,
            assign_public_ip=settings.egress == "public",
            security_groups=[group],
            circuit_breaker=ecs.DeploymentCircuitBreaker(enable=True, rollback=True),
            min_healthy_percent=100,
            max_healthy_percent=200,
            health_check_grace_period=cdk.Duration.seconds(60),
            propagate_tags=ecs.PropagatedTagSource.SERVICE,
        )
        # A task that starts before its role's policy or its route to the internet exists fails to read its
        # secrets, and three failures roll the deployment back.
        service.node.add_dependency(task.obtain_execution_role())
        service.node.add_dependency(
            self.vpc.select_subnets(
                subnet_group_name=subnets.subnet_group_name
            ).internet_connectivity_established
        )
        return service

    def _listener(self, domain: Domain | None) -> elbv2.ApplicationListener:
        balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=self.vpc,
            vpc_subnets=INNER,
            internet_facing=False,
            idle_timeout=IDLE_TIMEOUT,
            drop_invalid_header_fields=True,
            security_group=ec2.SecurityGroup(
                self,
                "BalancerGroup",
                vpc=self.vpc,
                description="Load balancer of the service",
                allow_all_outbound=False,
            ),
        )
        # Not open: the gateway's stack adds the one rule, for its VPC link.
        if domain is None:
            return balancer.add_listener("Listener", port=80, open=False)
        return balancer.add_listener(
            "Listener",
            port=443,
            open=False,
            certificates=[certificate(self, domain, hosted_zone(self, domain))],
            ssl_policy=elbv2.SslPolicy.RECOMMENDED_TLS,
        )

    def _targets(self, service: ecs.FargateService) -> elbv2.ApplicationTargetGroup:
        return self.listener.add_targets(
            "Tasks",
            port=PORT,
            protocol=elbv2.ApplicationProtocol.HTTP,
            targets=[service],
            # Requests take from milliseconds to 25 s, which round robin would distribute unevenly.
            load_balancing_algorithm_type=elbv2.TargetGroupLoadBalancingAlgorithmType.LEAST_OUTSTANDING_REQUESTS,
            deregistration_delay=DRAIN,
            health_check=elbv2.HealthCheck(
                path=HEALTH_PATH,
                healthy_http_codes="200",
                interval=cdk.Duration.seconds(10),
                timeout=cdk.Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )


def _scale(service: ecs.FargateService, targets: elbv2.ApplicationTargetGroup, size: ServiceSize) -> None:
    scaling = service.auto_scale_task_count(min_capacity=size.min_tasks, max_capacity=size.max_tasks)
    scaling.scale_on_cpu_utilization("Cpu", target_utilization_percent=TARGET_CPU_PERCENT)
    scaling.scale_on_request_count(
        "Requests", requests_per_target=TARGET_REQUESTS * size.cpu_units // 1024, target_group=targets
    )
