"""Every few minutes: finds the reports that nobody works on, and reminds the jobs queue of them."""

import logging
from functools import cache
from itertools import islice
from typing import Any

from services.core.aws import STORES, AwsClients
from services.core.messaging.job_queue import JobQueue
from services.core.storage.leases import Leases
from services.core.telemetry import configure_logging
from services.results.settings import SweepSettings

# Longer than a client's wait, the reminder after it and the work together take.
IDLE_S = 240
MOST_AT_ONCE = 1000
logger = logging.getLogger(__name__)


def sweep(leases: Leases, queue: JobQueue, idle_s: int = IDLE_S) -> int:
    """Remind of each report that is idle for `idle_s` seconds; returns how many. Blocks."""
    reminded = 0
    for idle in islice(leases.idle(idle_s), MOST_AT_ONCE):
        # Sent first: a note without a message would hide the report from the next sweep.
        queue.remind(idle.owner, idle.report_id, 0)
        reminded += leases.touch(idle)
    return reminded


@cache
def _start() -> tuple[Leases, JobQueue]:
    configure_logging("sweep")
    settings = SweepSettings()
    clients = AwsClients(settings.aws_region, STORES)
    return (
        Leases(clients.dynamodb(), settings.reports_table),
        JobQueue(clients.sqs(), settings.jobs_queue_url),
    )


def handle(_event: dict[str, Any], _context: object) -> None:
    """Sweep once."""
    if reminded := sweep(*_start()):
        logger.warning("reports that nobody worked on", extra={"reminded": reminded})
