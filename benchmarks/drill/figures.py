"""The figures of a drill, and its table of killed processes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.drill import audit
from benchmarks.drill.clients import Job
from benchmarks.drill.deployment import Cloud, Deployment
from benchmarks.drill.supervisor import Kill
from benchmarks.figures import Figure


@dataclass
class Reports:
    """The reports at the end: rows by job number, lost and doubled jobs, and counts."""

    ended: dict[int, audit.Row]
    lost: list[Job]
    doubled: list[Job]
    failed: int = 0
    erased: int = 0
    left_behind: int = 0


def reports(cloud: Cloud, deployments: Sequence[Deployment], jobs: Sequence[Job]) -> Reports:
    """Check the row of each job, and how often it ended."""
    found = Reports({}, [], [])
    for deployment in deployments:
        rows, ends = audit.rows(cloud, deployment), audit.ends(cloud, deployment)
        mine = [job for job in jobs if job.deployment is deployment]
        for job in mine:
            stored = rows.get(job.key, [])
            ended = [row for row in stored if row.status in audit.ENDED]
            if job.erased_at is not None:
                found.erased += 1
                found.left_behind += len(stored)
            elif not ended:
                found.lost.append(job)
            else:
                found.ended[job.number] = ended[0]
                found.failed += ended[0].status == "failed"
            mistaken = job.other_id is not None or any(row.id != job.report_id for row in stored)
            if mistaken or len(stored) > 1 or any(ends[row.id] > 1 for row in stored):
                found.doubled.append(job)
        gone = [job.report_id for job in mine if job.erased_at is not None and job.report_id]
        found.left_behind += audit.photos_of(cloud, deployment, gone)
    return found


def figures(
    cloud: Cloud,
    deployments: Sequence[Deployment],
    jobs: Sequence[Job],
    cut_off_jobs: Mapping[str, set[int]],
    folder: Path,
    took_s: float,
) -> list[Figure]:
    """Compare the outcome with the goals; `cut_off_jobs` has one entry per kill, as for audit.llm_calls."""
    found, webhooks = reports(cloud, deployments, jobs), audit.webhooks(folder)
    calls = audit.llm_calls(folder, cut_off_jobs)
    due = [row.id for row in found.ended.values()]
    dead_queues = [queue for each in deployments for queue in (each.jobs_dead, each.webhook_dead)]
    answers = sum((Counter(job.answers) for job in jobs), Counter[int]())
    retried = sum(count for status, count in answers.items() if status not in (200, 202, 204))
    return [
        Figure("jobs_ended", len(found.ended) + found.erased, at_least=len(jobs)),
        Figure("jobs_lost", len(found.lost), at_most=0),
        Figure("jobs_erased_while_they_ran", found.erased),
        Figure("reports_doubled", len(found.doubled), at_most=0),
        Figure("reports_failed", found.failed, at_most=0),
        Figure("llm_calls", calls.calls),
        Figure("llm_calls_beyond_reports", calls.beyond, at_most=calls.cut_off),
        Figure("llm_calls_no_kill_explains", calls.unexplained, at_most=0),
        Figure("webhooks_delivered", sum(map(len, webhooks.delivered.values())), at_least=len(due)),
        Figure("webhooks_not_applied", sum(webhooks.applied[each] == 0 for each in due), at_most=0),
        Figure("webhooks_applied_twice", sum(count > 1 for count in webhooks.applied.values()), at_most=0),
        Figure("webhooks_refused", webhooks.refused, at_most=0),
        Figure("webhooks_after_erasure", audit.late_webhooks(jobs, webhooks.delivered), at_most=0),
        Figure("rows_and_photos_left_after_erasure", found.left_behind, at_most=0),
        Figure("dead_letters", sum(audit.queue_length(cloud, queue) for queue in dead_queues), at_most=0),
        Figure("requests_tried_again", retried),
        Figure("kills", len(cut_off_jobs), at_least=1),
        Figure("seconds", took_s, at_most=300),
    ]


def table(names: Sequence[str], kills: Sequence[Kill]) -> list[str]:
    """Return a table of processes and how often each was killed."""
    counted = Counter(kill.name for kill in kills)
    width = max(map(len, names))
    return [f"{'process':{width}}  kills", *(f"{name:{width}}  {counted[name]:5}" for name in names)]
