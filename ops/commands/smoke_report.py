"""Smoke-tests one report as a user: posts it, follows it while an endpoint wakes, and always erases it."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING, Self

from pydantic import ValidationError

from cli.errors import UserError
from client import api
from client.api import CallError, Posted, Refused
from client.follow import UNAVAILABLE_S, WITHIN_S, NotEnded, follow, retried
from services.core.domain.report import Report

if TYPE_CHECKING:
    from types import TracebackType

    from cli.progress import Steps

_STEP = "report"
_MINUTES = round(WITHIN_S / 60)


class SmokeReport:
    """A report of one photo, as a context: on its end the report is erased, also after Ctrl-C or an error.

    Its own key finds a report whose acceptance was not answered. When only the erasure fails, leaving the
    context raises UserError; after another error, a line says that the report stays.
    """

    def __init__(self, address: str, token: str, photo: tuple[str, bytes], steps: Steps) -> None:
        self._address, self._token, self._photo, self._steps = address, token, photo, steps
        self._key = f"smoke-{uuid.uuid4()}"
        self._id: str | None = None
        self._unknown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if kind is None:
            self._erase(UNAVAILABLE_S)
            return
        try:
            if self._id is None and self._unknown:
                self._id = str(self._post(wait=False).report["id"])
            if self._id is not None:
                self._erase(0)
        except (CallError, KeyError, UserError):
            which = f"The report {self._id} stays" if self._id else "A report may have been accepted and stay"
            self._steps.console.print(f"! {which}: GET /reports lists it, DELETE erases it.")

    def made(self) -> tuple[Report, Posted, bool]:
        """Return the report, its answer, and whether a 202 came first; raise UserError if there is none."""
        self._steps.begin(_STEP, f"posting {self._photo[0]}")
        try:
            self._unknown = True
            first = retried(partial(self._post, wait=True), self._tell)
            self._id = str(first.report["id"])
            last = first
            if not first.ended:
                wake = f"an endpoint at zero takes 5–10 minutes to wake, and gets {_MINUTES}"
                self._steps.console.print(f"… accepted as {self._id}; {wake}")
                last = follow(self._address, self._token, first, self._tell)
            report = Report.model_validate(last.report)
        except (ValidationError, KeyError) as error:
            raise UserError(f"The answer is no report: {error}.", hint="See the service's log.") from error
        except Refused as error:
            self._id = error.report_id or self._id
            # What is refused as wrong was not accepted.
            self._unknown = error.status >= 500
            facts = "".join(f" {fact}." for fact in error.facts)
            hint = " ".join([*error.remedies, f"The service's log says more.{facts}"])
            raise UserError(f"No report: {error}.", hint=hint) from error
        except NotEnded as error:
            hint = "See the endpoint's log and its scaling: it has no instance, or none answers."
            raise UserError(f"No report: {error}.", hint=hint) from error
        except CallError as error:
            raise UserError(f"No report: {error}.", hint="Try again; the service's log says more.") from error
        self._steps.done(_STEP, "has ended")
        return report, last, not first.ended

    def _post(self, *, wait: bool) -> Posted:
        return api.post(self._address, self._token, [self._photo], key=self._key, wait=wait)

    def _tell(self, state: str) -> None:
        self._steps.remind(_STEP, state)

    def _erase(self, within_s: float) -> None:
        repeated = False

        def tell(state: str) -> None:
            nonlocal repeated
            repeated = True
            self._steps.console.print(f"… {state}")

        try:
            retried(partial(api.erase, self._address, self._token, str(self._id)), tell, within_s)
        except CallError as error:
            # The answer to the first call may have been lost.
            if not (repeated and isinstance(error, Refused) and error.status == 404):
                raise UserError(
                    f"The report {self._id} is not deleted: {error}.", hint="Delete it by DELETE."
                ) from error
        self._steps.console.print("✓ report and photo deleted")
