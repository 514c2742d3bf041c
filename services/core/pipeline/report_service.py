"""The life of a report as its owner meets it: accepted, worked on, waited for, erased."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError

from services.core.domain.errors import ModelUnavailable, ReportInProgress, VitrineError
from services.core.domain.report import UNFINISHED, Report
from services.core.domain.stored_report import StoredReport
from services.core.messaging.job_queue import JobQueue
from services.core.photos.photo import Photo
from services.core.pipeline.report_processor import ReportProcessor
from services.core.pipeline.submission import Submission, SubmitReport
from services.core.storage.leases import new_lease
from services.core.storage.reports import Reports
from services.core.telemetry import Stages

# After the client's longest wait, whoever finds the message finishes what this process has not.
TAKE_OVER_S = 70
# The model was not there a moment ago.
TRY_AGAIN_S = 10
# How often a report is looked at that another process will end: from the first to the last of these, in s.
POLL_FROM_S, POLL_TO_S = 0.1, 1.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportService:
    """Everything that turns photos into a kept report. `budget_s` is how long a client waits by default."""

    acceptance: Submission
    work: ReportProcessor
    queue: JobQueue
    budget_s: float
    _tasks: set[asyncio.Task[Report | None]] = field(default_factory=set)

    @property
    def reports(self) -> Reports:
        """Where the reports are kept."""
        return self.acceptance.reports

    async def submit(
        self, order: SubmitReport, photos: Sequence[Photo], stages: Stages
    ) -> tuple[StoredReport, "asyncio.Task[Report | None] | None"]:
        """Accept the photos and begin the work: the report, and the task that works on it.

        Where another request of the same key was first, its report, and no task. Raises QuotaExceeded.
        """
        try:
            with stages.measure("accept"):
                accepted = await self.acceptance.accept(order, photos, stages, new_lease())
        except ReportInProgress:
            if (earlier := await self.acceptance.earlier(order)) is None:
                raise
            return earlier, None
        return accepted, self.start(accepted, photos, stages)

    def start(
        self, accepted: StoredReport, photos: Sequence[Photo], stages: Stages
    ) -> "asyncio.Task[Report | None]":
        """Begin the work in a task that no client's patience ends; None where the row knows the outcome."""
        task = asyncio.create_task(self._carry_out(accepted, [photo.seen for photo in photos], stages))
        self._tasks.add(task)
        task.add_done_callback(self._forget_task)
        return task

    async def wait(
        self, stored: StoredReport, until: float, task: "asyncio.Task[Report | None] | None" = None
    ) -> Report:
        """The report once it has ended, or as it stands at `until` (the event loop's time).

        Raises what the task raises, or ReportNotFound when the report was erased meanwhile.
        """
        loop = asyncio.get_running_loop()
        found = stored.report
        if task is not None:
            done, _ = await asyncio.wait({task}, timeout=max(0.0, until - loop.time()))
            if done and (report := task.result()) is not None:
                return report
            found = await self._read_again(stored)
        pause = POLL_FROM_S
        while found.status in UNFINISHED and (left := until - loop.time()) > 0:
            await asyncio.sleep(min(pause, left))
            found = await self._read_again(stored)
            pause = min(1.5 * pause, POLL_TO_S)
        return found

    async def remind(self, owner: str, report_id: str, delay_s: int) -> None:
        """Have the report looked after later; where the queue is away, the sweep finds it."""
        try:
            await to_thread.run_sync(self.queue.remind, owner, report_id, delay_s)
        except (BotoCoreError, ClientError) as error:
            logger.warning("the job queue does not answer", extra={"reason": type(error).__name__})

    async def drain(self, within_s: float) -> None:
        """Let the work in this process end; what does not is given back, for others to do."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def erase(self, owner: str, report_id: str) -> None:
        """Delete the report, its pictures and what the model was asked of it, now; raises ReportNotFound."""
        stored = await to_thread.run_sync(self.reports.get, owner, report_id)
        await to_thread.run_sync(self.acceptance.pictures.erase, stored.pictures)
        await self.work.erase(stored)
        await to_thread.run_sync(self.reports.erase, stored)

    async def _read_again(self, stored: StoredReport) -> Report:
        return (await to_thread.run_sync(self.reports.get, stored.owner, stored.report.id)).report

    async def _carry_out(
        self, accepted: StoredReport, seen: Sequence[bytes], stages: Stages
    ) -> Report | None:
        reminded = asyncio.create_task(
            self.remind(accepted.owner, accepted.report.id, round(self.budget_s) + TAKE_OVER_S)
        )
        try:
            return await self.work.begin(accepted, seen, stages)
        except ModelUnavailable as error:
            logger.warning("the model is not there; a job goes on", extra={"problem": str(error)})
            await self.remind(accepted.owner, accepted.report.id, TRY_AGAIN_S)
            return None
        except VitrineError as error:
            # The row says it to whoever waits: failed, erased, or in another's hands.
            logger.warning("a report was not made", extra={"problem": str(error)})
            return None
        except (BotoCoreError, ClientError) as error:
            logger.warning("a store does not answer; a job goes on", extra={"reason": type(error).__name__})
            return None
        except asyncio.CancelledError:
            await self.work.release(accepted, "the service is being replaced; it is taken up at once")
            await self.remind(accepted.owner, accepted.report.id, 0)
            raise
        finally:
            await asyncio.shield(reminded)

    def _forget_task(self, task: "asyncio.Task[Report | None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Said here too: nobody may be waiting any more.
            logger.error("a report failed by a mistake", exc_info=error)
