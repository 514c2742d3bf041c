"""Queues that lose nothing: what cannot be worked on is set aside, and an alarm tells of it."""

from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.alarms import dead_letter

# As long as AWS keeps any: whoever was away for a week still finds what was set aside.
KEPT = cdk.Duration.days(14)
# Longer than any retry goes on.
WAITS = cdk.Duration.days(4)


class Queue(NamedTuple):
    """A queue, and where its messages go that nobody could work on."""

    queue: sqs.Queue
    dead_letters: sqs.Queue


def queue(scope: Construct, name: str, *, visibility: cdk.Duration, receives: int) -> Queue:
    """Declare a queue whose messages are tried `receives` times, for `visibility` each, then set aside."""
    dead_letters = sqs.Queue(
        scope,
        f"{name}Dead",
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=KEPT,
    )
    dead_letter(
        scope,
        f"{name}SetAside",
        dead_letters,
        f"{name}: messages were set aside; `make redrive` lists them and sends them round again",
    )
    work = sqs.Queue(
        scope,
        name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        visibility_timeout=visibility,
        retention_period=WAITS,
        dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=receives),
    )
    return Queue(work, dead_letters)
