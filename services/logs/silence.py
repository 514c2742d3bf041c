"""Every hour: tells whether Edge logs still arrive, since nobody notices a drain that stopped.

It looks at the objects that the receiver stores. A drain is silent if none is of the last day, though there
are some of the last week; after a week it is taken for one that was switched off.
"""

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from services.core.aws import STORES, AwsClients
from services.core.secrets import Name, ServiceSettings
from services.core.telemetry import configure_logging, elapsed_ms
from services.core.trace import hop
from services.logs.objects import FOLDER, first_key

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

SILENT_AFTER = timedelta(days=1)
# As long as the bucket keeps the objects.
REMEMBERED = timedelta(days=7)
logger = logging.getLogger(__name__)


class SilenceSettings(ServiceSettings):
    """The variables of `silence`."""

    aws_region: Name
    image_bucket: Name


@dataclass(frozen=True)
class Arrivals:
    """The stored batches of Edge logs. Every call blocks, and raises what boto3 raises."""

    s3: "S3Client"
    bucket: str

    @classmethod
    def build(cls, settings: SilenceSettings) -> Self:
        """Make it with its client, which is not called yet."""
        return cls(AwsClients(settings.aws_region, STORES).s3(), settings.image_bucket)

    def since(self, moment: datetime) -> bool:
        """Whether a batch was stored at `moment` or later, and is still there."""
        found = self.s3.list_objects_v2(
            Bucket=self.bucket, Prefix=f"{FOLDER}/", StartAfter=first_key(moment), MaxKeys=1
        )
        return bool(found.get("Contents"))


def is_silent(arrivals: Arrivals, now: datetime) -> bool:
    """Whether batches were stored in the last week, and none in its last day."""
    return not arrivals.since(now - SILENT_AFTER) and arrivals.since(now - REMEMBERED)


@cache
def _start() -> Arrivals:
    configure_logging("drain-silence")
    return Arrivals.build(SilenceSettings())


def handle(_event: dict[str, Any], _context: object) -> None:
    """Look once."""
    began = time.perf_counter()
    silent = is_silent(_start(), datetime.now(UTC))
    fields = {"outcome": "silent" if silent else "done", "duration_ms": elapsed_ms(began)}
    with hop(None):
        logger.log(
            logging.WARNING if silent else logging.INFO,
            "edge logs looked for",
            extra={**fields, "metrics": {"DrainSilent": int(silent)}},
        )
