"""What ends every report and tells of it: `services/results` behind its queues, and the async exchange."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns_subscriptions as subscriptions

from settings.environment import Environment
from settings.service_env import analyze_variables, jobs_variables
from stacks.constructs import iam
from stacks.constructs.alarms import function_fails
from stacks.constructs.async_io import AsyncIo
from stacks.constructs.functions import consume, python_function
from stacks.constructs.outputs import publish
from stacks.constructs.packaging import python_code
from stacks.constructs.queues import Queue, queue
from stacks.results.webhook import tell
from stacks.storage.stack import Storage

# One report looked at, narrated and written takes a minute and a half at most.
JOBS_TIMEOUT = cdk.Duration.seconds(120)
JOBS_VISIBILITY = cdk.Duration.seconds(180)
# More often than a job comes again by itself (MOST_ATTEMPTS): what is set aside is a mistake of ours.
JOBS_RECEIVES = 10
SWEEP_TIMEOUT = cdk.Duration.seconds(60)
SWEEP_EVERY = cdk.Duration.minutes(5)


class Results(cdk.Stack):
    """Jobs queue with the function that finishes reports, sweep, outbox with its webhook, and exchange.

    `jobs` takes the names of reports that somebody should look after, and the async endpoint's own news.
    """

    def __init__(
        self,
        scope: Any,
        construct_id: str,
        *,
        settings: Environment,
        storage: Storage,
        code_platform: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings = settings
        self._storage = storage
        self._code = python_code("results", platform=code_platform)
        self.async_io = AsyncIo(self, "Exchange", environment_name=settings.name)
        for name in self.async_io.exported():
            self.export_value(name)
        self.jobs = queue(self, "Jobs", visibility=JOBS_VISIBILITY, receives=JOBS_RECEIVES)
        for topic in self.async_io.topics():
            topic.add_subscription(
                subscriptions.SqsSubscription(
                    self.jobs.queue, raw_message_delivery=True, dead_letter_queue=self.jobs.dead_letters
                )
            )
        self._finish()
        self._sweep()
        self._publish("Jobs", self.jobs)
        if settings.webhook is not None:
            self._publish("Webhook", tell(self, settings, settings.webhook, storage.reports, self._code))
        publish(self, settings.name, "ExchangeBucket", self.async_io.bucket.bucket_name, "Requests, answers")
        publish(self, settings.name, "ExchangeKey", self.async_io.key.key_arn, "Key of requests and answers")
        success, error = (topic.topic_arn for topic in self.async_io.topics())
        publish(self, settings.name, "SuccessTopic", success, "Where an async endpoint tells of an answer")
        publish(self, settings.name, "ErrorTopic", error, "Where an async endpoint tells of a failure")

    def variables(self) -> dict[str, str]:
        """What the service that takes the requests is told, and most of what the functions are."""
        return analyze_variables(
            self._settings,
            reports_table=self._storage.reports.table_name,
            image_bucket=self._storage.images.bucket_name,
            image_key_id=self._storage.key.key_arn,
            jobs_queue_url=self.jobs.queue.queue_url,
            exchange_bucket=self.async_io.bucket.bucket_name,
            exchange_key_id=self.async_io.key.key_arn,
        )

    def _finish(self) -> None:
        settings, storage = self._settings, self._storage
        dead_letters = self.jobs.dead_letters
        function = python_function(
            self,
            "Jobs",
            description="Finishes what nobody else has finished",
            code=self._code,
            handler="services.results.jobs.handle",
            variables=jobs_variables(settings, self.variables(), dead_letters_url=dead_letters.queue_url),
            memory_mb=1024,
            timeout=JOBS_TIMEOUT,
            log_days=settings.log_retention_days,
            reserved=settings.consumers.reserved_concurrency,
        )
        for statement in (
            iam.rows(storage.reports, "DeleteItem", "GetItem", "PutItem", "UpdateItem"),
            iam.unfinished(storage.reports, "Query"),
            iam.objects(storage.images, ("photos",), "GetObject"),
            iam.through_s3(storage.key, settings.region, "Decrypt"),
            iam.ask(self, settings.model),
            iam.send(dead_letters),
            iam.read_secret(self, settings.llm.secret_name),
        ):
            function.add_to_role_policy(statement)
        if settings.model.mode == "async":
            for statement in self.async_io.use():
                function.add_to_role_policy(statement)
        consume(function, self.jobs.queue, settings.consumers, batch=5)

    def _sweep(self) -> None:
        storage = self._storage
        function = python_function(
            self,
            "Sweep",
            description="Finds reports that nobody works on",
            code=self._code,
            handler="services.results.sweep.handle",
            variables={
                "REPORTS_TABLE": storage.reports.table_name,
                "JOBS_QUEUE_URL": self.jobs.queue.queue_url,
            },
            memory_mb=512,
            timeout=SWEEP_TIMEOUT,
            log_days=self._settings.log_retention_days,
        )
        function.add_to_role_policy(iam.unfinished(storage.reports, "Scan"))
        function.add_to_role_policy(iam.rows(storage.reports, "UpdateItem"))
        function.add_to_role_policy(iam.send(self.jobs.queue))
        events.Rule(
            self,
            "SweepEvery",
            schedule=events.Schedule.rate(SWEEP_EVERY),
            # The next one comes soon enough.
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
        function_fails(self, "SweepFails", function, "Reports that nobody works on are not looked for")

    def _publish(self, name: str, queued: Queue) -> None:
        environment = self._settings.name
        publish(self, environment, f"{name}Queue", queued.queue.queue_url, f"Queue of {name.lower()}")
        url = queued.dead_letters.queue_url
        publish(self, environment, f"{name}DeadLetters", url, f"What was set aside of {name.lower()}")
