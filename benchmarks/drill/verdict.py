"""The figures of a drill, and its table of processes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drill import audit
from benchmarks.drill.clients import Job
from benchmarks.drill.fleet import Kill
from benchmarks.drill.world import Cloud, World
from benchmarks.figures import Figure


@dataclass
class Reports:
    """What became of the jobs' reports: their ids by job, and counts of what must not be."""

    ended: dict[int, audit.Row]
    lost: list[Job]
    doubled: list[Job]
    failed: int = 0
    erased: int = 0
    left_behind: int = 0


def reports(cloud: Cloud, worlds: Sequence[World], jobs: Sequence[Job]) -> Reports:
    """Look at every job's row, and at how often it ended."""
    found = Reports({}, [], [])
    for world in worlds:
        rows, ends = audit.rows(cloud, world), audit.ends(cloud, world)
        mine = [job for job in jobs if job.world is world]
        for job in mine:
            kept = rows.get(job.key, [])
            ended = [row for row in kept if row.status in audit.ENDED]
            if job.erased_at is not None:
                found.erased += 1
                found.left_behind += len(kept)
            elif not ended:
                found.lost.append(job)
            else:
                found.ended[job.number] = ended[0]
                found.failed += ended[0].status == "failed"
            mistaken = job.other_id is not None or any(row.id != job.report_id for row in kept)
            if mistaken or len(kept) > 1 or any(ends[row.id] > 1 for row in kept):
                found.doubled.append(job)
        gone = [job.report_id for job in mine if job.erased_at is not None and job.report_id]
        found.left_behind += audit.photos_of(cloud, world, gone)
    return found


def figures(
    cloud: Cloud,
    worlds: Sequence[World],
    jobs: Sequence[Job],
    over: Mapping[str, set[int]],
    folder: Path,
    took_s: float,
) -> list[Figure]:
    """Hold all that was kept against what must be; `over` is as in audit.words, one entry for each kill."""
    found, told = reports(cloud, worlds, jobs), audit.told(folder)
    words = audit.words(folder, over)
    due = [row.id for row in found.ended.values()]
    dead = {kind: sum(audit.waiting(cloud, getattr(w, kind)) for w in worlds) for kind in _DEAD}
    answers = sum((Counter(job.answers) for job in jobs), Counter[int]())
    tried_again = sum(count for status, count in answers.items() if status not in (200, 202, 204))
    return [
        Figure("jobs_ended", len(found.ended) + found.erased, at_least=len(jobs)),
        Figure("jobs_lost", len(found.lost), at_most=0),
        Figure("jobs_erased_while_they_ran", found.erased),
        Figure("reports_doubled", len(found.doubled), at_most=0),
        Figure("reports_failed", found.failed, at_most=0),
        Figure("llm_calls", words.calls),
        Figure("llm_calls_beyond_reports", words.beyond, at_most=words.in_flight),
        Figure("llm_calls_no_kill_explains", words.unexplained, at_most=0),
        Figure("webhooks_delivered", sum(map(len, told.deliveries.values())), at_least=len(due)),
        Figure("webhooks_not_applied", sum(told.applied[each] == 0 for each in due), at_most=0),
        Figure("webhooks_applied_twice", sum(count > 1 for count in told.applied.values()), at_most=0),
        Figure("webhooks_refused", told.refused, at_most=0),
        Figure("webhooks_after_erasure", audit.told_late(jobs, told.deliveries), at_most=0),
        Figure("rows_and_photos_left_after_erasure", found.left_behind, at_most=0),
        Figure("dead_letters", sum(dead.values()), at_most=0),
        Figure("requests_tried_again", tried_again),
        Figure("kills", len(over), at_least=1),
        Figure("seconds", took_s, at_most=300),
    ]


_DEAD = ("jobs_dead", "webhook_dead")


def table(names: Sequence[str], kills: Sequence[Kill]) -> list[str]:
    """How often each process was killed."""
    counted = Counter(kill.name for kill in kills)
    width = max(map(len, names))
    return [f"{'process':{width}}  kills", *(f"{name:{width}}  {counted[name]:5}" for name in names)]
