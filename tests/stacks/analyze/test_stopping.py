"""Each timeout around the service is longer than the one below it."""

from services.analyze.__main__ import KEEP_ALIVE_S, STOP_WITHIN_S
from services.analyze.app import DRAIN_S, TELL_WITHIN_S
from services.analyze.dependencies import AnalyzeSettings
from stacks.analyze.stack import DRAIN, IDLE_TIMEOUT
from stacks.analyze.task import STOP_TIMEOUT


def test_load_balancer_closes_idle_first() -> None:
    assert IDLE_TIMEOUT.to_seconds() < KEEP_ALIVE_S


def test_request_service_and_kill_times_grow() -> None:
    budgets = AnalyzeSettings.model_fields["time_budget_s"].metadata
    longest = next(bound.le for bound in budgets if hasattr(bound, "le"))
    assert longest < DRAIN.to_seconds() < STOP_WITHIN_S < STOP_TIMEOUT.to_seconds()


def test_reports_and_events_end_before_the_kill() -> None:
    # Two seconds are the process's own: it closes its connections and ends its decoders.
    assert STOP_TIMEOUT.to_seconds() >= STOP_WITHIN_S + DRAIN_S + TELL_WITHIN_S + 2
