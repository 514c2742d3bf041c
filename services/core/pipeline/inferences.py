"""What an async endpoint stores for a report: recorded in the report's row, and deleted once it is used.

A row that no longer names its inference would hide the answer from the report's erasure; so each step deletes
or notes before it changes the row.
"""

import logging
from dataclasses import dataclass

from anyio import to_thread

from services.core.aws import CALL_ERRORS
from services.core.domain.errors import LeaseHeld, LeaseLost, ReportNotFound
from services.core.domain.observation import PendingInference
from services.core.domain.stored_report import LeasedReport
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.vision.endpoint import VisionEndpoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Inferences:
    """The pending inferences of leased reports. Raises what boto3 raises."""

    reports: Reports
    leases: Leases
    endpoint: VisionEndpoint

    async def record(self, leased: LeasedReport, pending: PendingInference) -> None:
        """Write the inference in place of the report's earlier one, and release the report.

        Raises ReportNotFound or LeaseLost once the inference's objects that no worker reads are deleted.
        """
        await self._note_failure_key(leased.pending)
        try:
            await to_thread.run_sync(self.leases.record_inference, leased, pending)
        except (ReportNotFound, LeaseLost) as error:
            try:
                await self._note_failure_key(pending)
            finally:
                if isinstance(error, LeaseHeld):
                    # Another worker has sent the same stored request; only this answer has no reader.
                    await to_thread.run_sync(self.endpoint.delete, pending.output_key)
                else:
                    await to_thread.run_sync(self.endpoint.erase, leased.report.id, pending)
            raise

    async def forget(self, pending: PendingInference | None) -> None:
        """Delete what is stored for an inference, before its report's row stops naming it."""
        if pending is not None:
            await self._note_failure_key(pending)
            await self._delete(pending)

    async def clean_up(self, pending: PendingInference | None) -> None:
        """Delete what is stored for the inference of a report that has ended; an error is only logged."""
        if pending is None:
            return
        try:
            await self._delete(pending)
        except CALL_ERRORS as error:
            logger.warning("clean-up after a report failed", extra={"error": type(error).__name__})

    async def _note_failure_key(self, pending: PendingInference | None) -> None:
        # The endpoint may still fail a request that no row names; then this is how its text is found.
        if pending is not None:
            await to_thread.run_sync(self.reports.note_failure_key, pending)

    async def _delete(self, pending: PendingInference) -> None:
        keys = (pending.input_key, pending.output_key, pending.failure_key)
        await to_thread.run_sync(self.endpoint.delete, *keys)
