"""Judges a drill: each accepted event is written once or counted by its reason; no personal datum is kept."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.drill_logs.batches import ORDINARY, Age, Kind
from benchmarks.drill_logs.personal import found
from benchmarks.drill_logs.record import Record
from benchmarks.drill_logs.senders import Sent

TWICE = "perhaps_twice"
# An event's own UUID, or the digest that stands for one that it lacks.
EVENT_ID = re.compile(r"\b(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32})\b")
UNAUTHORIZED, TOO_LARGE = 401, 413
# Of how many lost events the objects are named.
MOST_PLACES = 20


@dataclass
class Verdict:
    """The faults by their kind, one text each, and the counts that a reader wants beside them."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    unaccepted: list[str] = field(default_factory=list)
    wrong_lines: list[str] = field(default_factory=list)
    miscounted: list[str] = field(default_factory=list)
    illegal: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    wrong_answers: list[str] = field(default_factory=list)
    # Events: to keep, in the log group, there twice for a counted reason, and counted in no line since a kill
    # ended the run.
    accepted: int = 0
    written: int = 0
    twice_counted: int = 0
    uncounted: int = 0
    unanswered: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def faults(self, most: int | None = None) -> list[str]:
        """Return a line per fault, at most so many of each kind."""
        kinds = {name: value[:most] for name, value in vars(self).items() if isinstance(value, list)}
        return [f"{kind.replace('_', ' ')}: {text}" for kind, texts in kinds.items() for text in texts]


def judge(record: Record, key: str, receivers_killed: int) -> Verdict:
    """Compare what is written with what was accepted; only a drill at rest can be judged."""
    verdict = Verdict(illegal=list(record.illegal))
    _judge_answers(record, verdict, receivers_killed)
    _judge_lines(record, verdict)
    _judge_counts(record, verdict)
    for place, text in _all_texts(record):
        if (datum := found(text)) is not None:
            verdict.leaked.append(f"{place}: …{datum}…")
        if key in text:
            verdict.leaked.append(f"{place}: the senders' key")
    return verdict


def _all_texts(record: Record) -> Iterator[tuple[str, str]]:
    yield from (("log group", line) for _, line in record.written)
    yield from ((f"object {key}", text) for key, text in record.objects.items())
    yield from record.texts


def _judge_answers(record: Record, verdict: Verdict, receivers_killed: int) -> None:
    unanswered = [sent for sent in record.sent if not sent.status]
    verdict.unanswered = len(unanswered)
    if len(unanswered) > receivers_killed:
        names = Counter(f"{sent.batch.kind} {sent.text}" for sent in unanswered)
        verdict.wrong_answers.append(
            f"{len(unanswered)} without an answer, {receivers_killed} kills: {dict(names)}"
        )
    for sent in record.sent:
        if sent.status and (problem := _problem(sent)):
            batch = sent.batch
            verdict.wrong_answers.append(f"batch {batch.number} ({batch.kind}), {sent.status}: {problem}")


def _problem(sent: Sent) -> str | None:
    """What is wrong with an answer, or None."""
    batch, kind = sent.batch, sent.batch.kind
    if kind is Kind.WRONG_KEY:
        return None if sent.status == UNAUTHORIZED else "a wrong key is let in"
    if sent.status >= 500:
        return f"a body makes the receiver fail: {sent.text[:120]}"
    if kind is Kind.BOMB:
        return None if sent.status == TOO_LARGE else "a bomb is not too large"
    if kind not in (*ORDINARY, Kind.LARGE):
        return None
    if not sent.accepted:
        return f"a batch of events is refused: {sent.text[:120]}"
    said = json.loads(sent.text)
    kept, dropped = said["kept"], sum(said["dropped"].values())
    if not len(set(batch.kept)) <= kept <= len(batch.kept) + batch.doubtful:
        return f"keeps {kept}, not {len(batch.kept)}: {sent.text[:120]}"
    return (
        None
        if kept + dropped == batch.elements
        else f"does not add up to {batch.elements}: {sent.text[:120]}"
    )


def _judge_lines(record: Record, verdict: Verdict) -> None:
    """Compare the log group with the answers, event by event."""
    accepted = {id_ for sent in record.sent if sent.accepted for id_ in sent.batch.kept}
    # Without an answer, or with an error of the receiver, they may be stored.
    possible = {
        id_ for sent in record.sent if not sent.status or sent.status >= 500 for id_ in sent.batch.kept
    }
    storable = accepted | possible
    doubtful = sum(sent.batch.doubtful for sent in record.sent if sent.accepted or not sent.status)
    ids_of = {key: set(EVENT_ID.findall(text)) for key, text in record.objects.items()}
    explained = _in_objects(ids_of, _repeated_for_a_reason(record))
    dead = _in_objects(ids_of, {key for key in ids_of if any(key in body for body in record.dead_letters)})
    lines: Counter[str] = Counter()
    for at_ms, text in record.written:
        line: dict[str, Any] = json.loads(text)
        id_ = str(line.get("event"))
        lines[id_] += 1
        expected = record.expected.get(id_)
        if expected is None:
            continue
        if at_ms != expected.at_ms:
            verdict.wrong_lines.append(f"event {id_} is of {expected.at_ms}, written as of {at_ms}")
        if expected.trace is not None and line.get("trace") != expected.trace:
            verdict.wrong_lines.append(f"event {id_} has lost its trace: {text[:200]}")
    unknown = [id_ for id_ in lines if id_ not in record.expected]
    if len(unknown) > doubtful:
        verdict.unaccepted.append(
            f"{len(unknown)} lines of no event, {doubtful} malformed ones: {unknown[:3]}"
        )
    for id_, count in lines.items():
        if id_ in record.expected and id_ not in storable:
            verdict.unaccepted.append(f"event {id_} was not accepted")
        if count > 1 and id_ in explained:
            verdict.twice_counted += count - 1
        elif count > 1:
            verdict.twice.append(f"event {id_} is written {count} times, which is counted nowhere")
    verdict.accepted, verdict.written = len(accepted), lines.total()
    for id_ in accepted:
        if record.expected[id_].age is Age.WRITABLE and not lines[id_] and id_ not in dead:
            holding = (
                [key for key, ids in ids_of.items() if id_ in ids] if len(verdict.lost) < MOST_PLACES else []
            )
            verdict.lost.append(f"event {id_}, in the objects {holding}")


def _repeated_for_a_reason(record: Record) -> set[str]:
    """Return the keys of the objects that are counted as perhaps twice, or whose counts a kill lost."""
    return {
        delivery.key
        for id_, delivery in record.deliveries.items()
        if delivery.interrupted or record.counts.get(id_, Counter())[TWICE]
    }


def _in_objects(ids_of: dict[str, set[str]], keys: set[str]) -> set[str]:
    return set().union(*(ids for key, ids in ids_of.items() if key in keys))


def _judge_counts(record: Record, verdict: Verdict) -> None:
    """Compare what the writers' lines count with the events of each message."""
    for id_, delivery in record.deliveries.items():
        counts = record.counts.get(id_, Counter())
        verdict.reasons.update(counts)
        counted = counts.total() - counts[TWICE]
        most = delivery.count * (delivery.received if delivery.shared else 1)
        # A run that a kill ended may have counted a batch and not recorded that, or the other way round.
        if not delivery.count <= counted <= most and not delivery.interrupted:
            verdict.miscounted.append(f"{delivery.key} has {delivery.count} events, counted {dict(counts)}")
        verdict.uncounted += max(0, delivery.count - counted)
    accepted = {
        sent.batch.number for sent in record.sent if sent.accepted and json.loads(sent.text).get("kept")
    }
    if len(record.deliveries) < len(accepted):
        verdict.lost.append(f"{len(accepted)} accepted batches, {len(record.deliveries)} messages")
