"""`services/results` behind its queues, and the bucket and topics of async inference."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns_subscriptions as subscriptions

from settings.environment import Environment
from settings.service_env import ReportResources, jobs_variables, sweep_variables
from stacks.constructs import iam
from stacks.constructs.async_io import AsyncIoResources
from stacks.constructs.functions import python_code, python_function
from stacks.constructs.monitoring import alarm_on_failures
from stacks.constructs.outputs import publish
from stacks.constructs.queues import QueueWithDeadLetters, consume, queue_with_dead_letters
from stacks.results.webhook import delivery_pipeline
from stacks.storage.stack import StorageStack

# Processing one report takes at most 90 s.
JOBS_TIMEOUT = cdk.Duration.seconds(120)
JOBS_VISIBILITY = cdk.Duration.seconds(180)
# More than the job's own retries (MOST_ATTEMPTS): only a bug brings a message to SQS's own redrive.
JOBS_RECEIVES = 10
SWEEP_TIMEOUT = cdk.Duration.seconds(60)
SWEEP_EVERY = cdk.Duration.minutes(5)


class ResultsStack(cdk.Stack):
    """Jobs queue and function, sweep, outbox with webhook delivery, and the resources of async inference.

    `jobs` receives references to unfinished reports, and the async endpoint's notifications.
    """

    def __init__(
        self,
        scope: Any,
        construct_id: str,
        *,
        settings: Environment,
        storage: StorageStack,
        code_platform: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self._code = python_code("results", platform=code_platform)
        self.async_io = AsyncIoResources(self, "Exchange", environment_name=settings.name)
        for name in self.async_io.exported():
            self.export_value(name)
        self.jobs = queue_with_dead_letters(self, "Jobs", visibility=JOBS_VISIBILITY, receives=JOBS_RECEIVES)
        for topic in self.async_io.topics():
            topic.add_subscription(
                subscriptions.SqsSubscription(
                    self.jobs.queue, raw_message_delivery=True, dead_letter_queue=self.jobs.dead_letters
                )
            )
        self._declare_jobs()
        self._declare_sweep()
        self._publish("Jobs", self.jobs)
        if settings.webhook is not None:
            self._publish(
                "Webhook", delivery_pipeline(self, settings, settings.webhook, storage.reports, self._code)
            )
        publish(
            self,
            settings.name,
            "ExchangeBucket",
            self.async_io.bucket.bucket_name,
            "Bucket of async inference requests and answers",
        )
        publish(
            self,
            settings.name,
            "ExchangeKey",
            self.async_io.key.key_arn,
            "Key of async inference requests and answers",
        )
        success, error = (topic.topic_arn for topic in self.async_io.topics())
        publish(self, settings.name, "SuccessTopic", success, "Topic of successful async inference")
        publish(self, settings.name, "ErrorTopic", error, "Topic of failed async inference")

    @property
    def report_resources(self) -> ReportResources:
        """The names of the resources that every service working on reports uses."""
        return {
            "reports_table": self._storage.reports.table_name,
            "image_bucket": self._storage.images.bucket_name,
            "image_key_id": self._storage.key.key_arn,
            "jobs_queue_url": self.jobs.queue.queue_url,
            "exchange_bucket": self.async_io.bucket.bucket_name,
            "exchange_key_id": self.async_io.key.key_arn,
        }

    def _declare_jobs(self) -> None:
        settings, storage = self._settings, self._storage
        dead_letters = self.jobs.dead_letters
        function = python_function(
            self,
            "Jobs",
            description="Finishes reports that are still unfinished",
            code=self._code,
            handler="services.results.jobs.handle",
            variables=jobs_variables(
                settings, jobs_dead_letters_url=dead_letters.queue_url, **self.report_resources
            ),
            memory_mb=1024,
            timeout=JOBS_TIMEOUT,
            log_days=settings.log_retention_days,
            reserved=settings.consumers.reserved_concurrency,
        )
        for statement in (
            iam.rows(storage.reports, "DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            iam.unfinished_rows(storage.reports, "Query"),
            iam.objects(storage.images, ("photos",), "GetObject"),
            iam.through_s3(storage.key, settings.region, "Decrypt"),
            iam.invoke_endpoint(self, settings.model),
            iam.send(dead_letters),
            iam.read_secret(self, settings.llm.secret_name),
        ):
            function.add_to_role_policy(statement)
        if settings.model.mode == "async":
            for statement in self.async_io.caller_statements():
                function.add_to_role_policy(statement)
        consume(function, self.jobs.queue, settings.consumers, batch=5)

    def _declare_sweep(self) -> None:
        storage = self._storage
        function = python_function(
            self,
            "Sweep",
            description="Queues reports whose processing stopped",
            code=self._code,
            handler="services.results.sweep.handle",
            variables=sweep_variables(
                reports_table=storage.reports.table_name, jobs_queue_url=self.jobs.queue.queue_url
            ),
            memory_mb=512,
            timeout=SWEEP_TIMEOUT,
            log_days=self._settings.log_retention_days,
        )
        function.add_to_role_policy(iam.unfinished_rows(storage.reports, "Scan"))
        function.add_to_role_policy(iam.rows(storage.reports, "UpdateItem"))
        function.add_to_role_policy(iam.send(self.jobs.queue))
        events.Rule(
            self,
            "SweepEvery",
            schedule=events.Schedule.rate(SWEEP_EVERY),
            # The next scheduled run replaces a retry.
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
        alarm_on_failures(self, "SweepFails", function, "The sweep fails: stopped reports are not resumed")

    def _publish(self, name: str, queues: QueueWithDeadLetters) -> None:
        environment = self._settings.name
        publish(self, environment, f"{name}Queue", queues.queue.queue_url, f"Queue of {name.lower()}")
        url = queues.dead_letters.queue_url
        publish(self, environment, f"{name}DeadLetters", url, f"Dead letters of {name.lower()}")
