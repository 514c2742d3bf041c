"""Webhook delivery: the table's stream fills a queue, whose consumer calls the webhook."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam
from aws_cdk import aws_lambda as lambda_

from settings.environment import Environment
from settings.schema import Webhook
from settings.service_env import notify_variables, outbox_variables
from stacks.constructs import iam
from stacks.constructs.functions import python_function
from stacks.constructs.monitoring import alarm_on_stream_age
from stacks.constructs.queues import QueueWithDeadLetters, consume, queue_with_dead_letters

OUTBOX_TIMEOUT = cdk.Duration.seconds(30)
NOTIFY_TIMEOUT = cdk.Duration.seconds(30)
NOTIFY_VISIBILITY = cdk.Duration.seconds(60)
# The function itself sets the delays between attempts, a day in all.
NOTIFY_RECEIVES = 12
# A report's status before and after its end.
UNFINISHED, ENDED = ["queued", "running"], ["succeeded", "failed"]


def delivery_pipeline(
    stack: cdk.Stack,
    settings: Environment,
    webhook: Webhook,
    reports: dynamodb.TableV2,
    code: lambda_.Code,
) -> QueueWithDeadLetters:
    """Declare what sends an event to the webhook for each report that ends; return the queue of events."""
    events = queue_with_dead_letters(stack, "Webhook", visibility=NOTIFY_VISIBILITY, receives=NOTIFY_RECEIVES)
    outbox = python_function(
        stack,
        "Outbox",
        description="Queues an event for each report that ends",
        code=code,
        handler="services.results.outbox.handle",
        variables=outbox_variables(webhook_queue_url=events.queue.queue_url),
        memory_mb=512,
        timeout=OUTBOX_TIMEOUT,
        log_days=settings.log_retention_days,
    )
    outbox.add_to_role_policy(iam.send(events.queue))
    _follow_stream(stack, outbox, reports)
    notify = python_function(
        stack,
        "Notify",
        description="Sends the webhook for each report that ended",
        code=code,
        handler="services.results.notify.handle",
        variables=notify_variables(
            webhook,
            reports_table=reports.table_name,
            webhook_queue_url=events.queue.queue_url,
            webhook_dead_letters_url=events.dead_letters.queue_url,
        ),
        memory_mb=512,
        timeout=NOTIFY_TIMEOUT,
        log_days=settings.log_retention_days,
        reserved=settings.consumers.reserved_concurrency,
    )
    notify.add_to_role_policy(iam.rows(reports, "GetItem"))
    notify.add_to_role_policy(iam.send(events.dead_letters))
    notify.add_to_role_policy(iam.read_secret(stack, webhook.secret_name))
    consume(notify, events.queue, settings.consumers, batch=1)
    return events


def _follow_stream(stack: cdk.Stack, outbox: lambda_.Function, reports: dynamodb.TableV2) -> None:
    """Invoke the outbox with the stream records of reports that end."""
    stream = reports.table_stream_arn
    if stream is None:
        raise ValueError("the reports table has no stream")
    ended = {
        "eventName": ["MODIFY"],
        "dynamodb": {
            "OldImage": {"status": {"S": UNFINISHED}},
            "NewImage": {"status": {"S": ENDED}},
        },
    }
    properties = lambda_.CfnEventSourceMapping
    mapping = lambda_.CfnEventSourceMapping(
        outbox,
        "Stream",
        function_name=outbox.function_name,
        event_source_arn=stream,
        starting_position="TRIM_HORIZON",
        batch_size=100,
        function_response_types=["ReportBatchItemFailures"],
        # A failing record is retried until it expires after a day; the alarm fires earlier.
        maximum_retry_attempts=-1,
        bisect_batch_on_function_error=True,
        filter_criteria=properties.FilterCriteriaProperty(
            filters=[properties.FilterProperty(pattern=stack.to_json_string(ended))]
        ),
    )
    outbox.add_to_role_policy(
        aws_iam.PolicyStatement(
            actions=[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            resources=[stream],
        )
    )
    if outbox.role is not None:
        mapping.node.add_dependency(outbox.role)
    alarm_on_stream_age(stack, "OutboxWaits", outbox, "The outbox is over an hour behind the reports table")
