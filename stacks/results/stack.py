"""`services/results` behind its queues, and the bucket and topics of async inference."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from settings import service_env
from settings.environment import Environment
from settings.naming import UNFINISHED_INDEX
from settings.schema import Webhook
from stacks.constructs import iam
from stacks.constructs.async_io import AsyncIoResources
from stacks.constructs.exports import keep_exports
from stacks.constructs.functions import Package, python_code, python_function
from stacks.constructs.operations import alarm, notified_topic, publish
from stacks.constructs.queues import QueueWithDeadLetters, consume, follow, queue_with_dead_letters
from stacks.storage.stack import StorageStack

# Processing one report takes at most 90 s.
JOBS_TIMEOUT = cdk.Duration.seconds(120)
JOBS_VISIBILITY = cdk.Duration.seconds(180)
# More than the job's own retries (MOST_ATTEMPTS): only a bug brings a message to SQS's own redrive.
JOBS_RECEIVES = 10
SWEEP_TIMEOUT = cdk.Duration.seconds(60)
SWEEP_EVERY = cdk.Duration.minutes(5)
OUTBOX_TIMEOUT = cdk.Duration.seconds(30)
NOTIFY_TIMEOUT = cdk.Duration.seconds(30)
NOTIFY_VISIBILITY = cdk.Duration.seconds(60)
# The function itself sets the delays between attempts, a day in all.
NOTIFY_RECEIVES = 12
# A stream keeps a record for 24 hours: this leaves 23 to act.
STREAM_AGE_LIMIT = cdk.Duration.hours(1)
# A report's status before and after its end.
UNFINISHED, ENDED = ["queued", "running"], ["succeeded", "failed"]


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
        self._code = python_code("results", platform=code_platform, with_catalogue=True)
        self.async_io = AsyncIoResources(self, "Exchange", environment_name=settings.name)
        self._notify = notified_topic(self, settings)
        self.jobs = queue_with_dead_letters(
            self, "Jobs", visibility=JOBS_VISIBILITY, receives=JOBS_RECEIVES, notify=self._notify
        )
        queue = self.jobs.queue
        keep_exports(self, *self.async_io.exported(), queue.queue_arn, queue.queue_url)
        for topic in self.async_io.topics():
            topic.add_subscription(
                subscriptions.SqsSubscription(
                    self.jobs.queue, raw_message_delivery=True, dead_letter_queue=self.jobs.dead_letters
                )
            )
        events = None
        if settings.webhook is not None:
            events = _delivery_pipeline(self, settings, settings.webhook, storage.reports, self._code)
            self._publish("Webhook", events)
        self._declare_jobs(events.queue if events else None)
        self._declare_sweep()
        self._publish("Jobs", self.jobs)
        name, io = settings.name, self.async_io
        for output, value, what in (
            ("ExchangeBucket", io.bucket.bucket_name, "Bucket of async inference requests and answers"),
            ("ExchangeKey", io.key.key_arn, "Key of async inference requests and answers"),
            ("SuccessTopic", io.success.topic_arn, "Topic of successful async inference"),
            ("ErrorTopic", io.error.topic_arn, "Topic of failed async inference"),
        ):
            publish(self, name, output, value, what)

    @property
    def report_resources(self) -> service_env.ReportResources:
        """The names of the resources that every service working on reports uses."""
        return {
            "reports_table": self._storage.reports.table_name,
            "image_bucket": self._storage.images.bucket_name,
            "image_key_id": self._storage.key.key_arn,
            "jobs_queue_url": self.jobs.queue.queue_url,
            "exchange_bucket": self.async_io.bucket.bucket_name,
            "exchange_key_id": self.async_io.key.key_arn,
        }

    def _declare_jobs(self, events: sqs.IQueue | None) -> None:
        settings, storage = self._settings, self._storage
        dead_letters = self.jobs.dead_letters
        function = python_function(
            self,
            "Jobs",
            description="Finishes reports that are still unfinished",
            code=self._code,
            handler="services.results.jobs.handle",
            variables={
                **service_env.jobs_variables(
                    settings,
                    jobs_dead_letters_url=dead_letters.queue_url,
                    webhook_queue_url=events.queue_url if events else None,
                    **self.report_resources,
                ),
                **service_env.posthog_variables(settings),
            },
            memory_mb=1024,
            timeout=JOBS_TIMEOUT,
            settings=settings,
            reserved=settings.consumers.reserved_concurrency,
            allow=[
                iam.rows(storage.reports, "DeleteItem", "GetItem", "PutItem", "UpdateItem"),
                iam.rows(storage.reports, "Query", index=UNFINISHED_INDEX),
                iam.objects(storage.images, ("photos",), "GetObject", "DeleteObject"),
                iam.through_s3(storage.key, settings.region, "Decrypt"),
                iam.invoke_endpoint(self, settings.model),
                iam.send(self.jobs.queue),
                iam.send(dead_letters),
                *([iam.send(events)] if events else ()),
                iam.read_secret(self, settings.llm.secret_name),
                *(self.async_io.caller_statements() if settings.model.mode == "async" else ()),
            ],
        )
        consume(function, self.jobs.queue, settings.consumers, batch=5)

    def _declare_sweep(self) -> None:
        storage = self._storage
        function = python_function(
            self,
            "Sweep",
            description="Queues reports whose processing stopped",
            code=self._code,
            handler="services.results.sweep.handle",
            variables=service_env.sweep_variables(
                reports_table=storage.reports.table_name, jobs_queue_url=self.jobs.queue.queue_url
            ),
            memory_mb=512,
            timeout=SWEEP_TIMEOUT,
            settings=self._settings,
            allow=[
                iam.rows(storage.reports, "Scan", index=UNFINISHED_INDEX),
                iam.rows(storage.reports, "UpdateItem"),
                iam.send(self.jobs.queue),
            ],
        )
        aws_events.Rule(
            self,
            "SweepEvery",
            schedule=aws_events.Schedule.rate(SWEEP_EVERY),
            # The next scheduled run replaces a retry.
            targets=[targets.LambdaFunction(function, retry_attempts=0)],
        )
        failures = function.metric_errors(statistic="Maximum", period=SWEEP_EVERY)
        alarm(
            self,
            "SweepFails",
            failures,
            1,
            "The sweep fails, so that stopped reports are not resumed",
            runbook="sweep-fails",
            notify=self._notify,
            periods=3,
        )

    def _publish(self, name: str, queues: QueueWithDeadLetters) -> None:
        environment = self._settings.name
        publish(self, environment, f"{name}Queue", queues.queue.queue_url, f"Queue of {name.lower()}")
        url = queues.dead_letters.queue_url
        publish(self, environment, f"{name}DeadLetters", url, f"Dead letters of {name.lower()}")


def _delivery_pipeline(
    stack: cdk.Stack, settings: Environment, webhook: Webhook, reports: dynamodb.TableV2, code: Package
) -> QueueWithDeadLetters:
    # The table's stream fills a queue of events, whose consumer calls the webhook.
    topic = notified_topic(stack, settings)
    events = queue_with_dead_letters(
        stack, "Webhook", visibility=NOTIFY_VISIBILITY, receives=NOTIFY_RECEIVES, notify=topic
    )
    outbox = python_function(
        stack,
        "Outbox",
        description="Queues an event for each report that ends or is erased",
        code=code,
        handler="services.results.outbox.handle",
        variables=service_env.outbox_variables(webhook_queue_url=events.queue.queue_url),
        memory_mb=512,
        timeout=OUTBOX_TIMEOUT,
        settings=settings,
        allow=[iam.send(events.queue)],
    )
    _follow_stream(stack, outbox, reports, topic)
    notify = python_function(
        stack,
        "Notify",
        description="Sends the webhook for each report that ended or was erased",
        code=code,
        handler="services.results.notify.handle",
        variables=service_env.notify_variables(
            webhook,
            reports_table=reports.table_name,
            webhook_queue_url=events.queue.queue_url,
            webhook_dead_letters_url=events.dead_letters.queue_url,
        ),
        memory_mb=512,
        timeout=NOTIFY_TIMEOUT,
        settings=settings,
        reserved=settings.consumers.reserved_concurrency,
        allow=[
            iam.rows(reports, "GetItem"),
            iam.send(events.dead_letters),
            iam.read_secret(stack, webhook.secret_name),
        ],
    )
    consume(notify, events.queue, settings.consumers, batch=1)
    return events


def _follow_stream(stack: cdk.Stack, outbox: lambda_.Function, reports: dynamodb.TableV2, topic: str) -> None:
    stream = reports.table_stream_arn
    if stream is None:
        raise ValueError("the reports table has no stream")
    # Only the rows of reports have a status. A refused report is inserted with its end.
    unfinished, ended = ({"status": {"S": values}} for values in (UNFINISHED, ENDED))
    changes: list[dict[str, Any]] = [
        {"eventName": ["MODIFY"], "dynamodb": {"OldImage": unfinished, "NewImage": ended}},
        {"eventName": ["INSERT"], "dynamodb": {"NewImage": ended}},
        {"eventName": ["REMOVE"], "dynamodb": {"OldImage": {"status": {"S": UNFINISHED + ENDED}}}},
    ]
    properties = lambda_.CfnEventSourceMapping
    follow(
        outbox,
        "Stream",
        stream,
        [f"dynamodb:{one}" for one in ("DescribeStream", "GetRecords", "GetShardIterator", "ListStreams")],
        batch_size=100,
        starting_position="TRIM_HORIZON",
        # A failing record is retried until it expires after a day; the alarm fires earlier.
        maximum_retry_attempts=-1,
        bisect_batch_on_function_error=True,
        filter_criteria=properties.FilterCriteriaProperty(
            filters=[properties.FilterProperty(pattern=stack.to_json_string(change)) for change in changes]
        ),
    )
    age = outbox.metric("IteratorAge", statistic="Maximum", period=cdk.Duration.minutes(5))
    limit = STREAM_AGE_LIMIT.to_milliseconds()
    alarm(
        stack,
        "OutboxWaits",
        age,
        limit,
        "The outbox is over an hour behind the reports table",
        runbook="outbox-behind",
        notify=topic,
    )
