"""The simulation of an endpoint: against exact references, closed forms, and small cases by hand."""

import heapq
from datetime import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.errors import PlanningError
from planning.latency.endpoint import Endpoint, Served, simulate
from planning.latency.scaling import DAYS, Bounds
from settings.model import Schedule

MINUTE, DAY = 60.0, 86_400.0
GAPS = st.lists(st.tuples(st.floats(0, 5), st.floats(0.01, 5)), min_size=1, max_size=60)


def run(
    arrivals: list[float], seconds: list[float] | float, endpoint: Endpoint, weekdays: tuple[int, ...] = ()
) -> Served:
    def of(batch: tuple[int, ...]) -> float:
        return seconds if isinstance(seconds, float) else sum(seconds[one] for one in batch)

    return simulate(np.array(arrivals), of, endpoint, np.random.default_rng(0), weekdays)  # type: ignore[arg-type]


def shared(servers: int) -> Endpoint:
    return Endpoint("async", Bounds(servers, servers), hands=1)


@given(GAPS, st.integers(1, 5))
def test_shared_queue_equals_recurrence(work: list[tuple[float, float]], servers: int) -> None:
    """Kiefer and Wolfowitz: each request takes the server that is free first."""
    arrivals = np.cumsum([gap for gap, _ in work]).tolist()
    seconds = [taken for _, taken in work]
    free = [0.0] * servers
    expected = []
    for arrival, taken in zip(arrivals, seconds, strict=True):
        end = max(arrival, heapq.heappop(free)) + taken
        heapq.heappush(free, end)
        expected.append(end)
    assert run(arrivals, seconds, shared(servers)).ended == pytest.approx(expected)


@given(GAPS, st.integers(1, 4), st.integers(1, 4), st.sampled_from(["async", "realtime"]))
def test_every_request_is_answered_once(
    work: list[tuple[float, float]], servers: int, most: int, mode: str
) -> None:
    arrivals = np.cumsum([gap for gap, _ in work]).tolist()
    seconds = [taken for _, taken in work]
    answered: list[int] = []

    def of(batch: tuple[int, ...]) -> float:
        assert 1 <= len(batch) <= most
        answered.extend(batch)
        return max(seconds[one] for one in batch)

    endpoint = Endpoint.of_mode(mode, Bounds(servers, servers), most)  # type: ignore[arg-type]
    served = simulate(np.array(arrivals), of, endpoint, np.random.default_rng(0))  # type: ignore[arg-type]
    assert sorted(answered) == list(range(len(work)))
    assert (served.ended >= np.array(arrivals) + np.array(seconds) - 1e-9).all()


@pytest.mark.parametrize(
    ("servers", "load", "mean"),
    # M/M/1: 1 / (1 - load). M/M/2: 1 / (1 - load²). M/M/4 at 0.6: Erlang's C is 0.2870.
    [(1, 0.3, 1 / 0.7), (1, 0.6, 2.5), (2, 0.5, 4 / 3), (4, 0.6, 1 + 0.2870 / (4 * 0.4))],
)
def test_mean_time_is_erlangs(servers: int, load: float, mean: float) -> None:
    random = np.random.default_rng(3)
    arrivals = np.cumsum(random.exponential(1 / (servers * load), 60_000))
    seconds = random.exponential(1.0, arrivals.size).tolist()
    served = simulate(arrivals, lambda batch: seconds[batch[0]], shared(servers), random)
    assert float((served.ended - arrivals).mean()) == pytest.approx(mean, rel=0.03)


def test_random_choice_makes_separate_queues() -> None:
    """SageMaker's default: M/M/2 by chance is two M/M/1, which wait longer than one shared queue."""
    random = np.random.default_rng(5)
    arrivals = np.cumsum(random.exponential(1 / (2 * 0.5), 60_000))
    seconds = random.exponential(1.0, arrivals.size).tolist()
    endpoint = Endpoint.of_mode("realtime", Bounds(2, 2))
    served = simulate(arrivals, lambda batch: seconds[batch[0]], endpoint, random)
    assert float((served.ended - arrivals).mean()) == pytest.approx(2.0, rel=0.03)


def test_waiting_requests_share_batch() -> None:
    endpoint = Endpoint.of_mode("realtime", Bounds(1, 1), batch_up_to=3)
    served = run([0.0, 0.1, 0.2, 0.3, 0.4], 1.0, endpoint)
    assert served.ended.tolist() == [1.0, 2.0, 2.0, 2.0, 3.0]


def test_two_in_hand_make_no_batch() -> None:
    """While an async endpoint's instance answers one request, one waits there, and the rest elsewhere."""
    endpoint = Endpoint.of_mode("async", Bounds(1, 1), batch_up_to=8)
    served = run([0.0, 0.1, 0.2, 0.3, 0.4], 1.0, endpoint)
    assert served.ended.tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_sleeping_endpoint_wakes_for_request() -> None:
    served = run([30.0], 2.0, Endpoint.of_mode("async", Bounds(0, 3)))
    # The alarm of the minute at 60 s starts an instance, which is ready ten minutes later.
    assert served.ended.tolist() == [60 + 600 + 2]
    assert served.changes == ((0.0, 0), (60.0, 1))


def test_idle_instance_goes_to_sleep() -> None:
    served = run([30.0, 7200.0], 2.0, Endpoint.of_mode("async", Bounds(0, 3)))
    times = [at for at, _ in served.changes]
    assert [count for _, count in served.changes] == [0, 1, 0, 1]
    assert times[2] == 720 + 15 * MINUTE  # the request is answered at 662 s, in the minute that ends at 720 s
    assert served.instance_seconds(0, 7200) == times[2] - 60


def test_fast_requests_keep_an_instance() -> None:
    """Each leaves no backlog, and the next comes before fifteen minutes have gone."""
    arrivals = [30.0 + 14 * MINUTE * number for number in range(200)]
    served = run(arrivals, 0.1, Endpoint.of_mode("async", Bounds(0, 3)))
    assert served.changes == ((0.0, 0), (60.0, 1))


def test_instances_of_a_rush_go_but_one() -> None:
    rush = np.arange(0, 1800, 1.0)  # one a second, each takes two: two instances are needed
    calm = np.arange(3 * 3600, 9 * 3600, 300.0)
    served = run([*rush.tolist(), *calm.tolist()], 2.0, Endpoint.of_mode("async", Bounds(0, 4)))
    assert served.most_instances > 1
    at_end = [count for at, count in served.changes if at > 4 * 3600]
    assert (at_end or [served.changes[-1][1]])[-1] == 1
    assert 0 not in at_end


def test_backlog_starts_instances() -> None:
    arrivals = [float(at) for at in range(400)]  # one a second, each takes ten
    served = run(arrivals, 10.0, Endpoint.of_mode("async", Bounds(1, 4)))
    at, count = served.changes[1]
    assert at == 3 * MINUTE  # three minutes above the target
    assert count == 4
    assert served.most_instances == 4
    alone = run(arrivals, 10.0, Endpoint.of_mode("async", Bounds(1, 1)))
    assert served.ended.max() < alone.ended.max()


def test_realtime_follows_requests_of_minute() -> None:
    arrivals = [float(at) * 2 for at in range(900)]  # thirty a minute, the target is twenty
    served = run(arrivals, 0.1, Endpoint.of_mode("realtime", Bounds(1, 5)))
    assert served.changes[1] == (3 * MINUTE, 2)
    assert served.most_instances == 2


def test_schedule_keeps_instance_in_its_hours() -> None:
    hours = Schedule(days=("TUE",), start=time(8), stop=time(18), time_zone="America/Toronto")
    arrivals = [DAY + 12 * 3600.0, 3 * DAY]
    endpoint = Endpoint.of_mode("async", Bounds(0, 2, hours))
    served = run(arrivals, 1.0, endpoint, (0, 1, 2))
    assert served.changes[1] == (DAY + 8 * 3600, 1)
    assert served.ended[0] == arrivals[0] + 1.0
    at, count = served.changes[2]
    assert count == 0
    assert DAY + 18 * 3600 <= at <= DAY + 18 * 3600 + 15 * MINUTE


def test_removed_instance_ends_its_work() -> None:
    arrivals = [float(at) for at in range(600)] + [600 + 600.0 * at for at in range(1, 20)]
    served = run(arrivals, 4.0, Endpoint.of_mode("async", Bounds(1, 4)))
    assert not np.isnan(served.ended).any()
    assert served.changes[-1][1] == 1


def test_schedule_on_all_days_leaves_last_minute() -> None:
    hours = Schedule(days=DAYS, start=time(0), stop=time(23, 59), time_zone="America/Toronto")
    found = Bounds(0, 1, hours).least_by_minute((5, 6))
    assert len(found) == 2 * 24 * 60
    assert [minute for minute, least in enumerate(found) if least == 0] == [24 * 60 - 1, 2 * 24 * 60 - 1]


@pytest.mark.parametrize(("least", "most"), [(0, 0), (2, 1), (-1, 3)])
def test_impossible_bounds_are_refused(least: int, most: int) -> None:
    with pytest.raises(PlanningError, match=f"{least} to {most} instances"):
        Bounds(least, most)


def test_no_request_ends_at_once() -> None:
    assert run([], 1.0, Endpoint.of_mode("async", Bounds(0, 2))).ended.size == 0
