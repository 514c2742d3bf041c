"""The audit of a drill of log events: a true record has no fault, and each mutation of it has its own."""

import copy
import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benchmarks.drill.supervisor import Kill
from benchmarks.drill_logs.audit import Verdict, judge
from benchmarks.drill_logs.batches import Age, Batch, Expected, Kind
from benchmarks.drill_logs.figures import figures, speed
from benchmarks.drill_logs.record import Delivery, Record
from benchmarks.drill_logs.senders import Sent
from benchmarks.figures import Figure

KEY = "the-key-of-the-senders-of-this-drill"
NOW = 1_790_000_000_000
IDS = [f"00000000-0000-4000-8000-{number:012}" for number in range(6)]
A, B, OLD, CUT_OFF, REFUSED, STRAY = IDS
NUMBERS = count()
OBJECT, OTHER = "edge-logs/2026/11/27/1.json.gz", "edge-logs/2026/11/27/2.json.gz"


def sent(kind: Kind, status: int, kept: list[str], answer: dict[str, Any] | None = None, **of: int) -> Sent:
    batch = Batch(
        next(NUMBERS), kind, {}, Path("1.body"), of.get("elements", len(kept)), kept, of.get("doubtful", 0)
    )
    said = answer or {"kept": len(kept), "dropped": {}}
    return Sent(batch, status, json.dumps(said), of.get("took_s", 0))


def line(id_: str, **fields: str) -> str:
    return json.dumps({"message": "function invoked", "event": id_, **fields})


@pytest.fixture
def record() -> Record:
    """Two accepted batches, one cut off by a kill, and one with a wrong key."""
    expected = {id_: Expected(NOW, Age.WRITABLE) for id_ in IDS}
    expected[A] = Expected(NOW, Age.WRITABLE, "0af7651916cd43dd8448eb211c80319c")
    expected[OLD] = Expected(NOW - 20 * 86_400_000, Age.TOO_OLD)
    return Record(
        expected=expected,
        sent=[
            sent(Kind.GZIP, 202, [A, B, OLD], {"kept": 3, "dropped": {"auth_logs": 2}}, elements=5),
            sent(Kind.GZIP, 202, [B]),
            sent(Kind.GZIP, 0, [CUT_OFF]),
            sent(Kind.WRONG_KEY, 401, [], {"title": "Not authenticated"}),
            sent(Kind.BOMB, 413, [], {"title": "Too large"}),
        ],
        written=[(NOW, line(A, trace="0af7651916cd43dd8448eb211c80319c")), (NOW, line(B))],
        illegal=[],
        calls_refused=Counter(ThrottlingException=3),
        objects={OBJECT: json.dumps([A, B, OLD]), OTHER: json.dumps([B])},
        deliveries={"1": Delivery(OBJECT, 3, 2, 2), "2": Delivery(OTHER, 1, 1, 1)},
        counts={"1": Counter(written=2, too_old=1), "2": Counter(duplicate=1)},
        dead_letters=[],
        texts=[("writer-0.log", '{"message": "edge logs written"}'), ("answer", "{}")],
        peak_mb={"receiver": 100.0, "writer": 90.0},
    )


def judged(record: Record, receivers_killed: int = 1) -> Verdict:
    return judge(record, KEY, receivers_killed)


def test_true_record_has_no_fault(record: Record) -> None:
    verdict = judged(record)
    assert verdict.faults() == []
    assert (verdict.accepted, verdict.written, verdict.unanswered) == (3, 2, 1)
    assert verdict.reasons == {"written": 2, "too_old": 1, "duplicate": 1}


def test_cut_off_event_may_be_written(record: Record) -> None:
    record.written.append((NOW, line(CUT_OFF)))
    assert judged(record).faults() == []


Mutation = Callable[[Record], object]
MUTATIONS: dict[str, tuple[str, Mutation]] = {
    "lost event": ("lost", lambda it: it.written.pop()),
    "message that never came": ("lost", lambda it: it.deliveries.pop("2")),
    "event written twice": ("twice", lambda it: it.written.append(it.written[-1])),
    "event of a refused batch": ("unaccepted", lambda it: it.written.append((NOW, line(REFUSED)))),
    "event of nobody": ("unaccepted", lambda it: it.written.append((NOW, line("7")))),
    "other time": ("wrong_lines", lambda it: it.written.append((NOW + 1, it.written.pop()[1]))),
    "lost trace": ("wrong_lines", lambda it: it.written.__setitem__(0, (NOW, line(A)))),
    "uncounted event": ("miscounted", lambda it: it.counts["1"].pop("too_old")),
    "event counted twice": ("miscounted", lambda it: it.counts["2"].update(duplicate=1)),
    "illegal put": ("illegal", lambda it: it.illegal.append("a batch has 10001 events")),
    "e-mail in the log group": (
        "leaked",
        lambda it: it.written.append((NOW, line(CUT_OFF, reason="quillfeather.7@planted.example"))),
    ),
    "address in an object": ("leaked", lambda it: it.objects.update({OTHER: f"{B} 203.0.113.7"})),
    "token in the table": ("leaked", lambda it: it.texts.append(("table", "eyJhbGciOiJIUzI1NiJ9.e30.x"))),
    "phone in a line": ("leaked", lambda it: it.texts.append(("writer-0.log", "+1 604 555 0123"))),
    "name in an answer": ("leaked", lambda it: it.texts.append(("answer", "Zoë QUILLFEATHER"))),
    "key in a line": ("leaked", lambda it: it.texts.append(("receiver-0.log", f"key {KEY}"))),
    "wrong key let in": ("wrong_answers", lambda it: it.sent.append(sent(Kind.WRONG_KEY, 202, []))),
    "bomb accepted": ("wrong_answers", lambda it: it.sent.append(sent(Kind.BOMB, 202, []))),
    "malformed body, 500": ("wrong_answers", lambda it: it.sent.append(sent(Kind.NOT_A_BATCH, 500, []))),
    "good batch refused": ("wrong_answers", lambda it: it.sent.append(sent(Kind.GZIP, 400, [STRAY]))),
    "event left out": (
        "wrong_answers",
        lambda it: it.sent.append(sent(Kind.GZIP, 202, [A], {"kept": 0, "dropped": {"other": 1}})),
    ),
    "answer that does not add up": (
        "wrong_answers",
        lambda it: it.sent.append(sent(Kind.GZIP, 202, [B], {"kept": 1, "dropped": {}}, elements=2)),
    ),
    "second batch without an answer": ("wrong_answers", lambda it: it.sent.append(sent(Kind.GZIP, 0, []))),
}


@pytest.mark.parametrize(("fault", "mutate"), MUTATIONS.values(), ids=MUTATIONS)
def test_mutation_is_found(record: Record, fault: str, mutate: Mutation) -> None:
    mutate(record)
    # A batch that is accepted beyond the record's own has no message, which is a fault of its own.
    kinds = {text.partition(":")[0].replace(" ", "_") for text in judged(record).faults()}
    assert fault in kinds
    assert kinds <= {fault, "lost"}


def test_repetition_counted_is_no_fault(record: Record) -> None:
    record.written.append(record.written[-1])
    record.counts["1"].update(perhaps_twice=1)
    verdict = judged(record)
    assert (verdict.faults(), verdict.twice_counted) == ([], 1)


def test_digest_of_an_event_is_found_in_its_object(record: Record) -> None:
    # An event without an id of its own has a digest in its place.
    digest = "5c3c6097a86b06269149a296d6d5b2b4"
    record.sent[0] = sent(
        Kind.GZIP, 202, [A, B, OLD], {"kept": 4, "dropped": {"auth_logs": 2}}, elements=6, doubtful=1
    )
    record.objects[OBJECT] = json.dumps([A, B, OLD, digest])
    record.deliveries["1"] = Delivery(OBJECT, 4, 2, 2)
    record.counts["1"] = Counter(written=3, too_old=1, perhaps_twice=1)
    record.written += [(NOW, line(digest)), (NOW, line(digest))]
    assert judged(record).faults() == []
    record.counts["1"].pop("perhaps_twice")
    assert [text.partition(":")[0] for text in judged(record).faults()] == ["twice"]


def test_shared_message_may_count_twice(record: Record) -> None:
    record.deliveries["1"] = Delivery(OBJECT, 3, 2, 2, shared=True)
    record.counts["1"].update(written=2, too_old=1, perhaps_twice=2)
    record.written.append(record.written[-1])
    assert judged(record).faults() == []
    record.counts["1"].pop("perhaps_twice")
    assert [text.partition(":")[0] for text in judged(record).faults()] == ["twice"]
    record.counts["1"] = Counter(written=2)
    assert {text.partition(":")[0] for text in judged(record).faults()} == {"twice", "miscounted"}


def test_kill_explains_what_it_cut_off(record: Record) -> None:
    interrupted = copy.deepcopy(record)
    interrupted.deliveries["1"].received += 1
    interrupted.counts["1"] = Counter(written=1)
    interrupted.written.append(interrupted.written[-1])
    verdict = judged(interrupted)
    assert (verdict.faults(), verdict.uncounted, verdict.twice_counted) == ([], 2, 1)


def test_dead_letter_is_not_lost(record: Record) -> None:
    record.written.pop()
    record.dead_letters.append(json.dumps({"Body": json.dumps({"key": OBJECT, "count": 3})}))
    assert judged(record).lost == []


def short(measured: list[Figure]) -> set[str]:
    return {figure.name for figure in measured if not figure.met}


def test_figures_name_what_is_short(record: Record) -> None:
    kills = [Kill("receiver-0", 0), Kill("writer-0", 0)]
    memory = {"receiver": 256, "writer": 256}
    assert short(figures(record, judged(record), kills, memory)) == set()
    record.written.pop()
    record.illegal.append("a batch spans more than 24 hours")
    record.peak_mb["receiver"] = 217.0
    assert short(figures(record, judged(record), kills, memory)) == {
        "events_lost",
        "illegal_puts",
        "receiver_peak_mb",
    }


def test_hostile_batches_are_timed_apart() -> None:
    times = [sent(Kind.GZIP, 202, []) for _ in range(99)]
    slow = Sent(times[0].batch, 202, "{}", 1.5)
    hostile = Sent(sent(Kind.LARGE, 202, []).batch, 202, "{}", 3.0)
    assert short(speed([*times, hostile], 10, 1)) == set()
    assert short(speed([*times, slow, slow, hostile], 10, 1)) == {"acknowledged_p99_s"}
