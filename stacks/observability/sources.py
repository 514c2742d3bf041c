"""The metrics of an environment, as alarms and dashboards read them."""

from typing import Literal

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from services.core.metrics import DIMENSION, NAMESPACE, MetricName
from settings.naming import parameter_name

Queue = Literal["Jobs", "Webhook", "Hooks", "Logs"]


class Sources:
    """Metrics of the services and of the environment's resources.

    The names of resources are read from the parameters that their stacks publish, when CloudFormation deploys
    the stack: an import would keep those stacks from replacing or removing what it names.
    """

    def __init__(self, scope: Construct, environment_name: str) -> None:
        self._scope = scope
        self._environment_name = environment_name

    def service(self, name: MetricName, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        """Return a metric that the services write into their logs."""
        dimensions = {DIMENSION: self._environment_name}
        return _metric(NAMESPACE, name, dimensions, statistic, period)

    def gateway(self, name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        """Return a metric of the HTTP API."""
        dimensions = {"ApiId": self._published("ApiId")}
        return _metric("AWS/ApiGateway", name, dimensions, statistic, period)

    def analyses(self, name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        """Return a metric of the HTTP API's route `POST /analyze`, if the stage has its detailed metrics."""
        dimensions = {"Stage": "$default", "Method": "POST", "Resource": "/analyze"}
        return _metric(
            "AWS/ApiGateway", name, {"ApiId": self._published("ApiId"), **dimensions}, statistic, period
        )

    def balancer(self, name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        """Return a metric of the service's load balancer."""
        dimensions = {"LoadBalancer": self._published("LoadBalancer")}
        return _metric("AWS/ApplicationELB", name, dimensions, statistic, period)

    def tasks(self, name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        """Return a metric of the service's tasks; its samples are one per task and minute."""
        dimensions = {
            "ClusterName": self._published("ServiceCluster"),
            "ServiceName": self._published("ServiceName"),
        }
        return _metric("AWS/ECS", name, dimensions, statistic, period)

    def queue(
        self, queue: Queue, name: str, period: cdk.Duration, *, dead_letters: bool = False
    ) -> cloudwatch.Metric:
        """Return the maximum of a metric of a queue, or of its dead letters."""
        url = self._published(f"{queue}{'DeadLetters' if dead_letters else 'Queue'}")
        # https://sqs.<region>.amazonaws.com/<account>/<name>
        dimensions = {"QueueName": cdk.Fn.select(4, cdk.Fn.split("/", url))}
        label = f"{queue}, dead letters" if dead_letters else queue
        return _metric("AWS/SQS", name, dimensions, "Maximum", period).with_(label=label)

    def _published(self, output: str) -> str:
        name = parameter_name(self._environment_name, output)
        return ssm.StringParameter.value_for_string_parameter(self._scope, name)


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str, period: cdk.Duration
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=period,
    )
