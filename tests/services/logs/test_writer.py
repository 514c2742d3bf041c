"""What the writer puts into CloudWatch: each event once, in legal batches, or counted by its reason."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.messaging.consumer import Message
from services.logs.batches import plan
from services.logs.claims import Progress
from services.logs.kept import KeptEvent
from tests.services.logs.conftest import GROUP, STREAM, Path
from tests.services.logs.events import console
from tests.services.logs.strict_cloudwatch import StrictCloudWatch, failed, refused, throttled

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Counts(logging.Handler):
    """Adds up what the writer counts."""

    def __init__(self) -> None:
        super().__init__()
        self.total: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == "edge logs written":
            self.total.update(vars(record)["counts"])


@pytest.fixture
def counts() -> Iterator[Counter[str]]:
    """The writer's counts by reason."""
    handler, logger = Counts(), logging.getLogger("services.logs.writer")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler.total
    logger.removeHandler(handler)
    logger.setLevel(level)


def written(path: Path) -> list[str]:
    return [line["event"] for line in path.lines()]


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [str(event["id"]) for event in events]


def test_events_arrive_once_and_in_order(path: Path, counts: Counter[str]) -> None:
    now = time.time() * 1000
    events = [console(at_ms=now - number * 1000) for number in range(130)]
    Random(1).shuffle(events)  # noqa: S311 - tests
    assert path.send(events) == (202, {"kept": 130, "dropped": {}})
    assert path.write() == []
    assert written(path) == ids(sorted(events, key=lambda event: event["timestamp"]))
    assert counts == {"written": 130}


def test_duplicates_are_written_once(path: Path, counts: Counter[str]) -> None:
    events = [console() for _ in range(30)]
    path.send([*events, *events[:7]])
    path.send(events)
    path.send([*events[20:], console()])
    assert path.write() == []
    assert Counter(written(path)).most_common(1)[0][1] == 1
    assert counts == {"written": 31, "duplicate": 7 + 30 + 10}


def test_event_without_an_id_is_known_again(path: Path, counts: Counter[str]) -> None:
    event = {name: value for name, value in console().items() if name != "id"}
    path.send([event, console(id="no uuid: ada@example.com")])
    path.send([event])
    path.write()
    assert counts == {"written": 2, "duplicate": 1}


def test_old_and_early_events_are_counted(path: Path, counts: Counter[str]) -> None:
    now = time.time() * 1000
    ages = {"old": 20 * DAY_MS, "kept": 13 * DAY_MS, "early": -3 * HOUR_MS, "soon": -HOUR_MS}
    events = {name: console(at_ms=now - age) for name, age in ages.items()}
    path.send(list(events.values()))
    assert path.write() == []
    assert written(path) == ids([events["kept"], events["soon"]])
    assert counts == {"written": 2, "too_old": 1, "too_new": 1}


def test_retention_below_14_days_counts(path: Path, counts: Counter[str]) -> None:
    path.cloudwatch.retention_ms = 7 * DAY_MS
    path.writer = replace(path.writer, retention=path.writer.retention * 7 // 30)
    path.send([console(at_ms=time.time() * 1000 - 8 * DAY_MS), console()])
    path.write()
    assert counts == {"written": 1, "too_old": 1}


def test_rejected_events_are_counted(path: Path, counts: Counter[str]) -> None:
    # CloudWatch knows the retention that holds; the writer's own may be an earlier one.
    path.cloudwatch.retention_ms = DAY_MS
    path.send([console(at_ms=time.time() * 1000 - 30 * HOUR_MS), *(console() for _ in range(3))])
    path.write()
    assert counts == {"written": 3, "too_old": 1}


def test_thirty_hours_become_two_batches(path: Path, counts: Counter[str]) -> None:
    now = time.time() * 1000
    path.send([console(at_ms=now - hour * HOUR_MS) for hour in range(30)])
    assert path.write() == []
    assert path.cloudwatch.sizes == [24, 6]
    assert counts == {"written": 30}


def test_throttling_is_retried_in_time(path: Path, counts: Counter[str]) -> None:
    rng = Random(7)  # noqa: S311 - tests

    def sometimes() -> None:
        if rng.random() < 0.3:
            throttled()

    path.cloudwatch.before = sometimes
    for _ in range(5):
        path.send([console() for _ in range(5)])
    assert path.write() == []
    assert counts == {"written": 25}


def test_lasting_throttling_leaves_the_message(path: Path, counts: Counter[str]) -> None:
    path.cloudwatch.before = throttled
    path.send([console()])
    (message,) = path.receive()
    assert path.settle([message], within_s=5.2) == [message.id]
    path.cloudwatch.before = lambda: None
    assert path.settle([message], within_s=1) == [message.id]
    assert path.settle([message]) == []
    # It is certain that nothing was written before.
    assert counts == {"written": 1}


class Killed(BaseException):
    """The process ends here."""


def kill() -> None:
    raise Killed


def test_killed_between_put_and_record_counts(path: Path, counts: Counter[str]) -> None:
    events = [console() for _ in range(3)]
    path.send(events)
    messages = path.receive()
    path.cloudwatch.after = kill
    with pytest.raises(Killed):
        path.settle(messages)
    path.cloudwatch.after = lambda: None
    assert path.settle(messages) == []
    assert sorted(written(path)) == sorted(ids(events) * 2)
    assert counts == {"written": 3, "perhaps_twice": 3}


def test_killed_before_the_put_loses_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = [console() for _ in range(3)]
    path.send(events)
    messages = path.receive()
    monkeypatch.setattr(type(path.writer.claims), "begin", lambda *_: kill())
    with pytest.raises(Killed):
        path.settle(messages)
    monkeypatch.undo()
    assert path.settle(messages) == []
    assert sorted(written(path)) == sorted(ids(events))


def test_repeated_message_writes_nothing(path: Path, counts: Counter[str]) -> None:
    path.send([console() for _ in range(3)])
    messages = path.receive()
    assert path.settle(messages) == path.settle(messages) == []
    assert counts == {"written": 3}
    assert len(path.cloudwatch.messages) == 3


def unanswered() -> None:
    raise ReadTimeoutError(endpoint_url="https://logs.example")


@pytest.mark.parametrize(
    "fail",
    [
        unanswered,
        lambda: failed("ServiceUnavailableException"),
        lambda: failed("InternalFailure"),
        lambda: failed("UnknownError"),
    ],
    ids=["no answer", "unavailable", "failure", "unknown"],
)
def test_failed_put_that_was_stored_is_counted(
    path: Path, counts: Counter[str], fail: Callable[[], None]
) -> None:
    def once() -> None:
        path.cloudwatch.after = lambda: None
        fail()

    path.cloudwatch.after = once
    path.send([console(), console()])
    assert path.write() == []
    assert len(path.cloudwatch.messages) == 4
    assert counts == {"written": 2, "perhaps_twice": 2}


def test_last_failed_put_is_counted_by_the_next(path: Path, counts: Counter[str]) -> None:
    path.cloudwatch.after = lambda: failed("InternalFailure")
    path.send([console()])
    (message,) = path.receive()
    assert path.settle([message], within_s=5.2) == [message.id]
    path.cloudwatch.after = lambda: None
    assert path.settle([message]) == []
    assert counts == {"written": 1, "perhaps_twice": 1}


def test_delivery_that_looked_too_early_writes_nothing(
    path: Path, counts: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path.send([console() for _ in range(3)])
    messages = path.receive()
    known = path.writer.claims.progress

    def look(key: str) -> Progress:
        progress = known(key)
        monkeypatch.undo()
        assert path.settle(messages) == []
        return progress

    monkeypatch.setattr(type(path.writer.claims), "progress", lambda _, key: look(key))
    assert path.settle(messages) == []
    assert len(path.lines()) == counts["written"] == 3
    assert not counts["perhaps_twice"]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_delivery_during_a_put_counts(path: Path, counts: Counter[str], moment: str) -> None:
    path.send([console() for _ in range(3)])
    messages = path.receive()

    def deliver() -> None:
        setattr(path.cloudwatch, moment, lambda: None)
        assert path.settle(messages) == []

    setattr(path.cloudwatch, moment, deliver)
    assert path.settle(messages) == []
    assert len(path.lines()) == counts["written"] == 6
    assert counts["perhaps_twice"] >= 3


def test_throttled_attempt_hides_no_other(path: Path, counts: Counter[str]) -> None:
    """One attempt is throttled to its end while another one, which began later, is killed after its put."""
    path.send([console()])
    messages = path.receive()

    def deliver() -> None:
        path.cloudwatch.before, path.cloudwatch.after = lambda: None, kill
        with suppress(Killed):
            path.settle(messages)
        path.cloudwatch.before, path.cloudwatch.after = throttled, lambda: None
        throttled()

    path.cloudwatch.before = deliver
    assert path.settle(messages, within_s=5.2) == [messages[0].id]
    path.cloudwatch.before = lambda: None
    assert path.settle(messages) == []
    assert len(path.lines()) == 2
    assert counts["perhaps_twice"] == 1


def test_refused_batch_alone_is_lost(path: Path, counts: Counter[str]) -> None:
    now = time.time() * 1000
    events = [console(at_ms=now - hour * HOUR_MS) for hour in (60, 59, 30, 0)]
    path.send(events)
    messages = path.receive()
    calls = iter([True, False, False])
    path.cloudwatch.before = lambda: refused() if next(calls) else None
    assert path.settle(messages) == []
    assert written(path) == ids(events[2:])
    assert path.dead_letters() == ["PutLogEvents: InvalidParameterException"]
    assert counts == {"written": 2, "lost": 2}
    # A redrive writes what was refused, and nothing else again.
    path.cloudwatch.before = lambda: None
    assert path.settle(messages) == []
    assert sorted(written(path)) == sorted(ids(events))
    assert not counts["perhaps_twice"]


def test_missing_object_is_dead_lettered(path: Path, counts: Counter[str]) -> None:
    path.send([console(), console()])
    (key,) = path.objects()
    path.s3.delete_object(Bucket="images", Key=key)
    assert path.write() == []
    assert path.dead_letters() == ["its object is not in the bucket, or no longer"]
    assert counts == {"lost": 2}


@pytest.mark.parametrize(
    "body", ["", "{}", '{"key": "photos/ada/1.jpg", "count": 1}', '{"key": 1, "count": 1}']
)
def test_foreign_message_is_dead_lettered(path: Path, body: str) -> None:
    assert path.settle([Message("1", "handle", body, 1)]) == []
    assert path.dead_letters() == ["not a message of the log receiver"]


def test_missing_log_group_leaves_the_message(path: Path) -> None:
    path.cloudwatch.group = "another"
    path.send([console()])
    messages = path.receive()
    assert path.settle(messages) == [messages[0].id]
    path.cloudwatch.group = GROUP
    assert path.settle(messages) == []


EVENTS = st.lists(
    st.builds(
        KeptEvent,
        at_ms=st.integers(1, 40 * HOUR_MS) | st.sampled_from([1, DAY_MS, DAY_MS + 1, 2 * DAY_MS]),
        id=st.integers(0, 60).map(str),
        line=st.integers(1, 1_100_000).map(lambda size: "x" * size) | st.just("é" * 400_000),
    ),
    max_size=40,
)


@settings(max_examples=30, deadline=None)
@given(events=EVENTS)
def test_every_plan_is_legal_and_complete(events: list[KeptEvent]) -> None:
    batches, dropped = plan(events)
    strict = StrictCloudWatch(GROUP, STREAM)
    for batch in batches:
        strict.check([{"timestamp": event.at_ms, "message": event.line} for event in batch])
    planned = [event.id for batch in batches for event in batch]
    assert len(planned) == len(set(planned))
    assert len(planned) + dropped.total() == len(events)
    assert plan(events) == (batches, dropped)


def test_plan_of_many_small_events_is_legal() -> None:
    batches, _ = plan([KeptEvent(number, str(number), "x") for number in range(1, 10_002)])
    assert [len(batch) for batch in batches] == [10_000, 1]


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_each_event_is_written_once_or_counted(
    path: Path, counts: Counter[str], seed: int, at_once: bool
) -> None:
    """Events of any age in any batches, while calls are throttled and the process is killed.

    With `at_once`, a second writer gets a message while the first works on it.
    """
    rng, now = Random(seed), time.time() * 1000  # noqa: S311 - tests
    ages = {"written": 30 * HOUR_MS, "too_old": 20 * DAY_MS, "too_new": -3 * HOUR_MS}
    events: dict[str, str] = {}
    pool = []
    for _ in range(30):
        fate = rng.choice([*ages, "written", "written"])
        share = rng.random() if fate == "written" else 1
        pool.append(console(at_ms=now - ages[fate] * share))
        events[str(pool[-1]["id"])] = fate
    sent = [rng.choices(pool, k=rng.randrange(1, 40)) for _ in range(4)]
    for batch in sent:
        path.send(batch)
    waiting = path.receive()

    def other() -> None:
        if at_once and rng.random() < 0.3:
            with suppress(Killed):
                path.settle(waiting[:1])

    def before() -> None:
        other()
        if rng.random() < 0.3:
            throttled()

    def after() -> None:
        other()
        if rng.random() < 0.3:
            kill()

    path.cloudwatch.before, path.cloudwatch.after = before, after
    while waiting:
        try:
            stay = path.settle(waiting[:1])
        except Killed:
            continue
        assert stay == []
        waiting = waiting[1:]
    assert path.cloudwatch.refused == []
    came = {str(event["id"]) for batch in sent for event in batch}
    lines = Counter(written(path))
    assert set(lines) == {each for each in came if events[each] == "written"}
    assert sum(times > 1 for times in lines.values()) <= counts["perhaps_twice"]
    assert {"written", "duplicate", "too_old", "too_new"} >= set(counts) - {"perhaps_twice"}
    if not at_once:
        assert counts["written"] == len(lines)
        assert counts.total() - counts["perhaps_twice"] == sum(map(len, sent))
