"""`services/logs`: Edge logs from the gateway's route into a log group, and the watch over their arrival."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as aws_events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs

from settings import service_env
from settings.environment import Environment
from settings.naming import EDGE_LOGS_PATH, log_receiver_name
from stacks.constructs import iam
from stacks.constructs.functions import Package, python_code, python_function
from stacks.constructs.operations import log_group, notified_topic, publish
from stacks.constructs.queues import consume, queue_with_dead_letters
from stacks.storage.stack import EDGE_LOGS, StorageStack

# A drain waits 5 seconds; a slower answer only appears in the log.
RECEIVER_TIMEOUT = cdk.Duration.seconds(10)
WRITER_TIMEOUT = cdk.Duration.seconds(60)
WRITER_VISIBILITY = cdk.Duration.seconds(90)
WRITER_RECEIVES = 8
SILENCE_TIMEOUT = cdk.Duration.seconds(15)
SILENCE_EVERY = cdk.Duration.hours(1)
# Any number of writers may put into one stream.
STREAM = "edge"
_FOLDERS = (EDGE_LOGS.rstrip("/"),)


class EdgeLogs:
    """A function that takes Edge logs, one that writes them to CloudWatch Logs, and a watch over both.

    The gateway's route finds the first by its name. `secret_name` names the keys of its callers.
    """

    def __init__(
        self,
        stack: cdk.Stack,
        *,
        settings: Environment,
        secret_name: str,
        api: apigw.HttpApi,
        storage: StorageStack,
        code_platform: tuple[str, ...],
    ) -> None:
        self._stack = stack
        self._settings = settings
        self._storage = storage
        self._code: Package = python_code("logs", platform=code_platform)
        self._group, self._stream = self._log()
        pending = queue_with_dead_letters(
            stack,
            "Logs",
            visibility=WRITER_VISIBILITY,
            receives=WRITER_RECEIVES,
            notify=notified_topic(stack, settings),
        )
        receiver = self._receiver(secret_name, pending.queue)
        receiver.add_permission(
            "Gateway",
            principal=aws_iam.ServicePrincipal("apigateway.amazonaws.com"),
            source_arn=stack.format_arn(
                service="execute-api",
                resource=api.api_id,
                resource_name=f"*/*{EDGE_LOGS_PATH}",
            ),
        )
        consume(self._writer(pending.queue, pending.dead_letters), pending.queue, settings.consumers, batch=5)
        if settings.webhook is not None:
            # Its alarm compares with the webhooks of reports: without these nobody would hear of it.
            self._silence()
        for name, value, what in (
            ("LogsQueue", pending.queue.queue_url, "Queue of Edge logs"),
            ("LogsDeadLetters", pending.dead_letters.queue_url, "Dead letters of Edge logs"),
            ("EdgeLogGroup", self._group.log_group_name, "Log group of Edge logs"),
        ):
            publish(stack, settings.name, name, value, what)

    def _log(self) -> tuple[logs.LogGroup, logs.CfnLogStream]:
        group = log_group(self._stack, "Edge", self._settings.log_retention_days)
        # Half the price: no metric is made of these lines. The class of a group cannot be changed later.
        cast("logs.CfnLogGroup", group.node.default_child).log_group_class = "INFREQUENT_ACCESS"
        stream = logs.CfnLogStream(
            self._stack, "EdgeStream", log_group_name=group.log_group_name, log_stream_name=STREAM
        )
        return group, stream

    def _receiver(self, secret_name: str, queue: sqs.IQueue) -> lambda_.Function:
        storage = self._storage
        return python_function(
            self._stack,
            "LogReceiver",
            function_name=log_receiver_name(self._settings.name),
            description="Receives Edge logs and stores them until they are written",
            code=self._code,
            handler="services.logs.receiver.handle",
            variables=service_env.log_receiver_variables(
                secret_name,
                image_bucket=storage.images.bucket_name,
                image_key_id=storage.key.key_arn,
                logs_queue_url=queue.queue_url,
            ),
            timeout=RECEIVER_TIMEOUT,
            settings=self._settings,
            # A whole processor: a large batch and a cold start must end within the sender's limit too.
            memory_mb=1769,
            allow=[
                iam.objects(storage.images, _FOLDERS, "PutObject"),
                iam.through_s3(storage.key, self._settings.region, "GenerateDataKey"),
                iam.send(queue),
                iam.read_secret(self._stack, secret_name),
            ],
        )

    def _writer(self, queue: sqs.IQueue, dead_letters: sqs.IQueue) -> lambda_.Function:
        storage, claims = self._storage, self._claims()
        # By the group's name: its ARN, which only AWS knows, ends with ":*" and has no stream behind it.
        stream_arn = self._stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=f"{self._group.log_group_name}:log-stream:{STREAM}",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        writer = python_function(
            self._stack,
            "LogWriter",
            description="Writes Edge logs to CloudWatch Logs",
            code=self._code,
            handler="services.logs.writer.handle",
            variables=service_env.log_writer_variables(
                self._settings,
                image_bucket=storage.images.bucket_name,
                logs_queue_url=queue.queue_url,
                logs_dead_letters_url=dead_letters.queue_url,
                claims_table=claims.table_name,
                edge_log_group=self._group.log_group_name,
                edge_log_stream=STREAM,
            ),
            timeout=WRITER_TIMEOUT,
            settings=self._settings,
            memory_mb=1024,
            reserved=self._settings.consumers.reserved_concurrency,
            allow=[
                iam.objects(storage.images, _FOLDERS, "GetObject"),
                iam.through_s3(storage.key, self._settings.region, "Decrypt"),
                iam.rows(claims, "GetItem", "PutItem", "UpdateItem"),
                aws_iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[stream_arn]),
                iam.send(dead_letters),
            ],
        )
        writer.node.add_dependency(self._stream)
        return writer

    def _claims(self) -> dynamodb.TableV2:
        return dynamodb.TableV2(
            self._stack,
            "Claims",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            time_to_live_attribute="expires_at",
            # Rows live for days, and a lost one at worst lets a line be written twice.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )

    def _silence(self) -> None:
        images = self._storage.images
        function = python_function(
            self._stack,
            "DrainSilence",
            description="Tells whether Edge logs still arrive",
            code=self._code,
            handler="services.logs.silence.handle",
            variables={"IMAGE_BUCKET": images.bucket_name},
            memory_mb=512,
            timeout=SILENCE_TIMEOUT,
            settings=self._settings,
            allow=[iam.listing(images, _FOLDERS)],
        )
        aws_events.Rule(
            self._stack,
            "SilenceEvery",
            schedule=aws_events.Schedule.rate(SILENCE_EVERY),
            # The next scheduled run replaces a retry.
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
