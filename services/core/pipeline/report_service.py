"""A report as its owner meets it: submitted, processed in the background, waited for, erased."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread

from services.core.aws import CALL_ERRORS
from services.core.domain.corrections import GivenCorrections
from services.core.domain.errors import ReportInProgress, VitrineError
from services.core.domain.report import UNFINISHED, Report
from services.core.domain.stored_report import LeasedReport, ReportRef, StoredReport
from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.job_queue import JobQueue
from services.core.photos.photo import Photo
from services.core.pipeline.corrections import patched
from services.core.pipeline.erasure import Erasure
from services.core.pipeline.outcomes import Unanswered
from services.core.pipeline.report_processor import ReportProcessor
from services.core.pipeline.rewording import Reworder
from services.core.pipeline.submission import Submission, SubmitReport
from services.core.storage.reports import Reports
from services.core.telemetry import Stages, add_context

# The pause between two reads of a report that another process will end grows from the first to the last, in
# s.
POLL_FROM_S, POLL_TO_S = 0.1, 1.0
# A client that has waited long enough does not wait longer than this for the table.
LAST_READ_S = 1.0
logger = logging.getLogger(__name__)
# Ends with the ended report, or with None if the outcome must be read from the table.
Processing = asyncio.Task[Report | None]


@dataclass(frozen=True)
class ReportService:
    """Turns photos into stored reports. `budget_s` is how long a client waits by default, in seconds."""

    submission: Submission
    processor: ReportProcessor
    queue: JobQueue
    budget_s: float
    timing: Timing = PRODUCTION
    _tasks: set[Processing] = field(default_factory=set)

    @property
    def reports(self) -> Reports:
        """The reports table."""
        return self.submission.reports

    async def submit(
        self, request: SubmitReport, photos: Sequence[Photo], stages: Stages, until: float
    ) -> tuple[StoredReport, Processing | None]:
        """Accept the photos and start processing: returns the report and the task that processes it.

        If another request with the same key was first, returns its report and no task. Raises QuotaExceeded,
        or Busy at `until` (the event loop's time).
        """
        lease = self.processor.leases.new_lease()
        try:
            with stages.measure("accept"):
                accepted = await self.submission.accept_leased(request, photos, stages, lease, until)
        except ReportInProgress:
            if (earlier := await self.submission.earlier(request)) is None:
                raise
            return earlier, None
        add_context(report=accepted.report.id)
        # A task of its own, which survives a client disconnect.
        task = asyncio.create_task(self._process(accepted, [photo.model_jpeg for photo in photos], stages))
        self._tasks.add(task)
        task.add_done_callback(self._on_done)
        return accepted, task

    async def wait(self, stored: StoredReport, until: float, task: Processing | None = None) -> Report:
        """The report once it has ended, or as it is at `until` (the event loop's time).

        Raises what the task raises, or ReportNotFound if the report was erased meanwhile. If the table does
        not answer in time, the report is as it was last.
        """
        loop = asyncio.get_running_loop()
        found = stored.report
        if task is not None:
            done, _ = await asyncio.wait({task}, timeout=max(0.0, until - loop.time()))
            if done and (report := task.result()) is not None:
                return report
        pause = POLL_FROM_S if task is None else 0.0
        with suppress(TimeoutError, *CALL_ERRORS):
            async with asyncio.timeout_at(until + LAST_READ_S):
                while found.status in UNFINISHED and (pause == 0.0 or loop.time() < until):
                    await asyncio.sleep(min(pause, until - loop.time()))
                    found = await self._read_again(stored)
                    pause = min(max(POLL_FROM_S, 1.5 * pause), POLL_TO_S)
        return found

    async def schedule(self, ref: ReportRef, delay_s: int) -> None:
        """Have a job continue the report in `delay_s` seconds; if the queue fails, the sweep does."""
        try:
            await to_thread.run_sync(self.queue.send, ref, delay_s)
        except CALL_ERRORS as error:
            logger.warning("the job queue does not answer", extra={"error": type(error).__name__})

    async def drain(self, within_s: float) -> None:
        """Wait for the tasks of this process; a task that takes longer releases its report to the jobs."""
        if working := {*self._tasks, *self.submission.undoings}:
            await asyncio.wait(working, timeout=within_s)
        late = list(self._tasks)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def erase(self, owner: str, report_id: str) -> StoredReport:
        """Erase the report now, and return what it was; raises ReportNotFound."""
        endpoint, images = self.processor.endpoint, self.submission.images
        erasure = Erasure(self.reports, images, endpoint, self.queue, self.timing.clean_up_s)
        return await erasure.erase(ReportRef(owner, report_id))

    async def correct(self, owner: str, report_id: str, patch: dict[str, Any]) -> StoredReport:
        """Merge the owner's patch into the corrections of a report; return it with them.

        Raises ReportNotFound, ReportNotCorrectable unless the report has succeeded, or InvalidInput for an
        id that the catalogue lacks.
        """
        catalogue = self.processor.catalogue

        def change(stored: StoredReport, given: GivenCorrections | None) -> GivenCorrections | None:
            return patched(stored.report, given, patch, catalogue, photos=len(stored.photos))

        return await to_thread.run_sync(self.reports.correct, owner, report_id, change)

    async def reword(self, owner: str, report_id: str) -> StoredReport:
        """Have the LLM word the report again from its corrected facts, as `Reworder.reword` says."""
        processor = self.processor
        reworder = Reworder(
            self.reports, processor.narrator, processor.prices, processor.catalogue, processor.analytics
        )
        return await reworder.reword(owner, report_id)

    async def _read_again(self, stored: StoredReport) -> Report:
        return (await to_thread.run_sync(self.reports.get, stored.owner, stored.report.id)).report

    async def _process(
        self, accepted: LeasedReport, photos: Sequence[bytes], stages: Stages
    ) -> Report | None:
        takeover_s = round(self.budget_s) + self.timing.takeover_s
        scheduled = asyncio.create_task(self.schedule(accepted.ref, takeover_s))
        try:
            processed = await self.processor.process(accepted, photos, stages)
            if isinstance(processed, Unanswered):
                logger.warning("model unavailable; a job continues", extra={"reason": processed.reason})
                await self.schedule(accepted.ref, self.timing.model_retry_s)
            return processed if isinstance(processed, Report) else None
        except VitrineError as error:
            # The row says what happened: failed, erased, or taken over by another worker.
            logger.warning("report not made", extra={"reason": str(error)})
            return None
        except CALL_ERRORS as error:
            logger.warning("a store does not answer; a job continues", extra={"error": type(error).__name__})
            return None
        except asyncio.CancelledError:
            await self.processor.release(accepted, "the service is being replaced; a job continues at once")
            await self.schedule(accepted.ref, 0)
            raise
        finally:
            await asyncio.shield(scheduled)

    def _on_done(self, task: Processing) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Logged here as well: the client may have gone.
            logger.error("report failed by an internal error", exc_info=error)
