"""How long who waits for whom, between the service and what AWS puts around it."""

from services.analyze.__main__ import KEEP_ALIVE_S, STOP_WITHIN_S
from services.analyze.settings import Settings
from stacks.analyze.stack import DRAIN, IDLE_TIMEOUT
from stacks.analyze.task import STOP_TIMEOUT


def test_the_load_balancer_closes_idle_connections_before_the_service() -> None:
    assert IDLE_TIMEOUT.to_seconds() < KEEP_ALIVE_S


def test_a_request_ends_before_the_service_does_and_the_service_before_it_is_killed() -> None:
    budgets = Settings.model_fields["time_budget_s"].metadata
    longest = next(bound.le for bound in budgets if hasattr(bound, "le"))
    assert longest < DRAIN.to_seconds() < STOP_WITHIN_S < STOP_TIMEOUT.to_seconds()
