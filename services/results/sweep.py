"""Every few minutes: finds the unfinished reports without a worker, and sends a job message for each."""

import logging
import time
from functools import cache
from itertools import islice
from typing import Any

from services.core.aws import STORES, AwsClients
from services.core.domain.stored_report import seconds_now
from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.job_queue import JobQueue
from services.core.secrets import Name, ServiceSettings
from services.core.storage.leases import Leases
from services.core.telemetry import configure_logging, elapsed_ms, user_hash
from services.core.trace import hop

MOST_AT_ONCE = 1000
logger = logging.getLogger(__name__)


class SweepSettings(ServiceSettings):
    """The variables of `sweep`."""

    aws_region: Name
    reports_table: Name
    jobs_queue_url: Name


def sweep(leases: Leases, queue: JobQueue, idle_s: int = PRODUCTION.sweep_idle_s) -> int:
    """Send a job message for each report that is idle for `idle_s` seconds; returns how many. Blocks."""
    sent = 0
    for idle in islice(leases.idle(idle_s), MOST_AT_ONCE):
        # Send first: a touched report without a message would be hidden from the next sweep.
        # Sent outside of a trace: the job continues the one that the row has.
        queue.send(idle.ref, 0)
        if (touched := leases.touch(idle)) is not None:
            sent += 1
            with hop(touched.traceparent, report=idle.ref.report_id, user=user_hash(idle.ref.owner)):
                logger.warning("idle report found", extra={"idle_s": seconds_now() - idle.since})
    return sent


@cache
def _start() -> tuple[Leases, JobQueue]:
    configure_logging("sweep")
    settings = SweepSettings()
    clients = AwsClients(settings.aws_region, STORES)
    return (
        Leases(clients.dynamodb(), settings.reports_table),
        JobQueue(clients.sqs(), settings.jobs_queue_url),
    )


def handle(_event: dict[str, Any], _context: object, timing: Timing = PRODUCTION) -> None:
    """Sweep once."""
    began = time.perf_counter()
    sent = sweep(*_start(), idle_s=timing.sweep_idle_s)
    duration_ms = elapsed_ms(began)
    with hop(None):
        logger.info("swept", extra={"count": sent, "outcome": "done", "duration_ms": duration_ms})
