"""Queues with dead letters, and the functions that consume them."""

from typing import Any, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from settings.schema import Consumers
from stacks.constructs.operations import alarm

# 14 days, the SQS maximum.
DEAD_LETTER_RETENTION = cdk.Duration.days(14)
# Longer than the retries of any message.
RETENTION = cdk.Duration.days(4)


class QueueWithDeadLetters(NamedTuple):
    """A queue, and the queue that receives the messages that cannot be processed."""

    queue: sqs.Queue
    dead_letters: sqs.Queue


def queue_with_dead_letters(
    scope: Construct, name: str, *, visibility: cdk.Duration, receives: int, notify: str
) -> QueueWithDeadLetters:
    """Declare a queue that dead-letters a message after `receives` receives, with an alarm on dead letters.

    A received message is hidden for `visibility`. The alarm acts on the topic `notify`.
    """
    dead_letters = sqs.Queue(
        scope,
        f"{name}Dead",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=DEAD_LETTER_RETENTION,
    )
    alarm(
        scope,
        f"{name}SetAside",
        dead_letters.metric_approximate_number_of_messages_visible(
            statistic="Maximum", period=cdk.Duration.minutes(1)
        ),
        1,
        f"{name}: the dead-letter queue holds messages; `make redrive` lists them and sends them again",
        runbook="dead-letters",
        notify=notify,
    )
    queue = sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        visibility_timeout=visibility,
        retention_period=RETENTION,
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives),
    )
    return QueueWithDeadLetters(queue, dead_letters)


def consume(function: lambda_.Function, queue: sqs.IQueue, size: Consumers, *, batch: int) -> None:
    """Let a function consume a queue, at most `batch` messages at a time, and report those that failed."""
    actions = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "ChangeMessageVisibility")
    concurrency = lambda_.CfnEventSourceMapping.ScalingConfigProperty(
        maximum_concurrency=size.max_concurrency
    )
    follow(
        function,
        "Queue",
        queue.queue_arn,
        [f"sqs:{action}" for action in actions],
        batch_size=batch,
        scaling_config=concurrency,
    )


def follow(
    function: lambda_.Function, construct_id: str, source_arn: str, actions: list[str], **mapping: Any
) -> None:
    """Invoke a function with batches of a queue or stream; it reports the messages or records that failed.

    `actions` are those that reading the source needs; `mapping` holds properties of the event source mapping.
    """
    declared = lambda_.CfnEventSourceMapping(
        function,
        construct_id,
        function_name=function.function_name,
        event_source_arn=source_arn,
        function_response_types=["ReportBatchItemFailures"],
        **mapping,
    )
    function.add_to_role_policy(iam.PolicyStatement(actions=actions, resources=[source_arn]))
    # Lambda checks these permissions when the mapping is created.
    if function.role is not None:
        declared.node.add_dependency(function.role)
