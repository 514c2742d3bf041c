"""How the end of a report is told: the table's stream fills a queue, and that calls the webhook."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam
from aws_cdk import aws_lambda as lambda_

from settings.environment import Environment
from settings.schema import Webhook
from stacks.constructs import iam
from stacks.constructs.alarms import stream_waits
from stacks.constructs.functions import consume, python_function
from stacks.constructs.queues import Queue, queue

OUTBOX_TIMEOUT = cdk.Duration.seconds(30)
NOTIFY_TIMEOUT = cdk.Duration.seconds(30)
NOTIFY_VISIBILITY = cdk.Duration.seconds(60)
# The waits between them are the function's own, and grow to a day in all.
NOTIFY_RECEIVES = 12
# What a report's row says before it has ended, and after.
BEFORE, AFTER = ["queued", "running"], ["succeeded", "failed"]


def tell(
    stack: cdk.Stack,
    settings: Environment,
    webhook: Webhook,
    reports: dynamodb.TableV2,
    code: lambda_.Code,
) -> Queue:
    """Declare what tells a webhook of each report that ends; returns the queue of what is to be told."""
    told = queue(stack, "Webhook", visibility=NOTIFY_VISIBILITY, receives=NOTIFY_RECEIVES)
    outbox = python_function(
        stack,
        "Outbox",
        description="Queues the end of each report to be told",
        code=code,
        handler="services.results.outbox.handle",
        variables={"WEBHOOK_QUEUE_URL": told.queue.queue_url},
        memory_mb=512,
        timeout=OUTBOX_TIMEOUT,
        log_days=settings.log_retention_days,
    )
    outbox.add_to_role_policy(iam.send(told.queue))
    _follow_ends(stack, outbox, reports)
    notify = python_function(
        stack,
        "Notify",
        description="Tells the webhook that a report has ended",
        code=code,
        handler="services.results.notify.handle",
        variables={
            "REPORTS_TABLE": reports.table_name,
            "WEBHOOK_QUEUE_URL": told.queue.queue_url,
            "WEBHOOK_DEAD_LETTERS_URL": told.dead_letters.queue_url,
            "WEBHOOK_URL": webhook.url,
            "WEBHOOK_SECRET_NAME": webhook.secret_name,
        },
        memory_mb=512,
        timeout=NOTIFY_TIMEOUT,
        log_days=settings.log_retention_days,
        reserved=settings.consumers.reserved_concurrency,
    )
    notify.add_to_role_policy(iam.rows(reports, "GetItem"))
    notify.add_to_role_policy(iam.send(told.dead_letters))
    notify.add_to_role_policy(iam.read_secret(stack, webhook.secret_name))
    consume(notify, told.queue, settings.consumers, batch=1)
    return told


def _follow_ends(stack: cdk.Stack, outbox: lambda_.Function, reports: dynamodb.TableV2) -> None:
    """Let a function see each report as it ends: once that is in the stream, it is told of."""
    stream = reports.table_stream_arn
    if stream is None:
        raise ValueError("the reports table has no stream")
    ends = {
        "eventName": ["MODIFY"],
        "dynamodb": {
            "OldImage": {"status": {"S": BEFORE}},
            "NewImage": {"status": {"S": AFTER}},
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
        # A record that fails is tried again until it leaves the stream after a day; the alarm comes first.
        maximum_retry_attempts=-1,
        bisect_batch_on_function_error=True,
        filter_criteria=properties.FilterCriteriaProperty(
            filters=[properties.FilterProperty(pattern=stack.to_json_string(ends))]
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
    stream_waits(stack, "OutboxWaits", outbox, "Reports have ended, and the outbox does not take them up")
