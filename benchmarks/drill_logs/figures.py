"""The figures of a drill of log events: the verdict with its goals, and apart how fast the machine was."""

from collections import Counter
from collections.abc import Sequence
from statistics import quantiles

from benchmarks.drill.supervisor import Kill
from benchmarks.drill_logs.audit import Verdict
from benchmarks.drill_logs.batches import ORDINARY
from benchmarks.drill_logs.record import Record
from benchmarks.drill_logs.senders import Sent
from benchmarks.figures import Figure

# What Lambda's own runtime needs of a function's memory, beside the process that is measured here.
RUNTIME_MB = 40
# Seconds within which ordinary batches are acknowledged.
ACKNOWLEDGED_S = 1.0


def figures(
    record: Record, verdict: Verdict, kills: Sequence[Kill], memory_mb: dict[str, int]
) -> list[Figure]:
    """Compare the outcome with the goals; `memory_mb` is the memory of each function by role."""
    reasons = verdict.reasons
    killed = Counter(kill.name.partition("-")[0] for kill in kills)
    return [
        Figure("batches_sent", len(record.sent)),
        Figure("events_sent", sum(sent.batch.elements for sent in record.sent)),
        Figure("events_accepted", verdict.accepted, at_least=1),
        Figure("events_lost", len(verdict.lost), at_most=0),
        Figure("events_twice_uncounted", len(verdict.twice), at_most=0),
        Figure("events_twice_counted", verdict.twice_counted),
        Figure("lines_written", verdict.written),
        Figure("lines_of_nothing_accepted", len(verdict.unaccepted), at_most=0),
        Figure("lines_wrong", len(verdict.wrong_lines), at_most=0),
        *(Figure(f"counted_{reason}", reasons[reason]) for reason in sorted(reasons)),
        Figure("messages_miscounted", len(verdict.miscounted), at_most=0),
        Figure("messages_cut_off", sum(each.interrupted for each in record.deliveries.values())),
        Figure("events_uncounted_after_kills", verdict.uncounted),
        Figure("dead_letters", len(record.dead_letters), at_most=0),
        Figure("illegal_puts", len(verdict.illegal), at_most=0),
        Figure("calls_throttled", record.calls_refused["ThrottlingException"], at_least=1),
        Figure("personal_data_kept", len(verdict.leaked), at_most=0),
        Figure("answers_wrong", len(verdict.wrong_answers), at_most=0),
        Figure("batches_unanswered", verdict.unanswered, at_most=killed["receiver"]),
        *(
            Figure(f"{role}_peak_mb", peak, at_most=memory_mb[role] - RUNTIME_MB)
            for role, peak in sorted(record.peak_mb.items())
        ),
        *(Figure(f"{role}_kills", killed[role], at_least=1) for role in ("receiver", "writer")),
    ]


def speed(sent: Sequence[Sent], took_s: float, rest_s: float) -> list[Figure]:
    """Return how fast this machine was, the acknowledgement of batches first; no verdict depends on it."""
    answered = [each for each in sent if each.status]
    ordinary = [each.took_s for each in answered if each.batch.kind in ORDINARY]
    hostile = [each.took_s for each in answered if each.batch.kind not in ORDINARY]
    return [
        Figure("acknowledged_p50_s", percentile(ordinary, 50)),
        Figure("acknowledged_p99_s", percentile(ordinary, 99), at_most=ACKNOWLEDGED_S),
        Figure("acknowledged_longest_s", max(ordinary, default=0.0)),
        Figure("hostile_acknowledged_p50_s", percentile(hostile, 50)),
        Figure("hostile_acknowledged_longest_s", max(hostile, default=0.0)),
        Figure("seconds", took_s),
        Figure("seconds_to_rest_after_the_last_batch", rest_s),
        Figure("events_per_second", sum(each.batch.elements for each in sent) / took_s),
    ]


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile of values; 0 of none."""
    if len(values) < 2:
        return max(values, default=0.0)
    return quantiles(values, n=100, method="inclusive")[percent - 1]
