"""The verdict of a drill that has come to rest, its speed, and its table of killed processes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.drill import audit
from benchmarks.drill.database import Database, applications
from benchmarks.drill.deployment import Cloud, Deployment
from benchmarks.drill.jobs import Erasure, Job, Way
from benchmarks.drill.supervisor import Kill
from benchmarks.figures import Figure
from benchmarks.log_lines import PLANTED, lines_of, offences


@dataclass
class Verdict:
    """What became of each job: those at fault with their reasons, and counts of the others."""

    ended: int = 0
    erased: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    left_behind: list[str] = field(default_factory=list)
    wrong_lines: list[str] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        """One line per fault."""
        kinds = ("lost", "doubled", "failed", "untold", "left_behind", "wrong_lines")
        return [f"{kind.replace('_', ' ')}: {line}" for kind in kinds for line in getattr(self, kind)]


def judge(
    cloud: Cloud,
    deployments: Sequence[Deployment],
    jobs: Sequence[Job],
    database: Database,
    folder: Path,
    logs: Path,
) -> Verdict:
    """Compare every store with what the jobs asked for; only a drill at rest can be judged."""
    verdict, told, answered = Verdict(), database.reports(), database.answered()
    for deployment in deployments:
        rows, ends = audit.rows(cloud, deployment), audit.ends(cloud, deployment)
        mine = [job for job in jobs if job.deployment is deployment]
        for job in mine:
            stored = rows.get(job.key, [])
            _judge(job, stored, verdict)
            if job.other_id is not None or any(ends[row.id] > 1 for row in stored):
                verdict.doubled.append(f"{job}, reports {[row.id for row in stored]}, {job.other_id}")
            if not job.erased:
                _judge_told(job, stored, told, answered, verdict)
        verdict.left_behind += audit.left_behind(cloud, deployment, mine, folder)
    for job in jobs:
        if job.erased and job.report_id in told:
            verdict.left_behind.append(f"public.reports: {job}, report {job.report_id}")
    verdict.wrong_lines = wrong_lines(logs)
    return verdict


def _judge(job: Job, stored: Sequence[audit.Row], verdict: Verdict) -> None:
    if len(stored) > 1 or any(job.report_id not in (None, row.id) for row in stored):
        verdict.doubled.append(f"{job}, reports {[row.id for row in stored]}")
    elif job.erased:
        verdict.erased += 1
    elif not stored or stored[0].status not in audit.ENDED:
        verdict.lost.append(f"{job}, {stored[0].status if stored else 'no report'}, {job.answers}")
    elif job.way == Way.REFUSED and stored[0].failure.startswith("invalid_input"):
        verdict.refused += 1
    elif job.way == Way.REFUSED or stored[0].status == "failed":
        verdict.failed.append(f"{job}, report {stored[0].id}: {stored[0].failure or 'succeeded'}")
    else:
        verdict.ended += 1


def _judge_told(
    job: Job,
    stored: Sequence[audit.Row],
    told: Mapping[str, str],
    answered: Mapping[str, str | None],
    verdict: Verdict,
) -> None:
    for row in stored:
        if row.status in audit.ENDED and told.get(row.id) != row.status:
            verdict.untold.append(f"{job}, report {row.id} {row.status}, told {told.get(row.id)}")
        elif job.analysis is not None and answered.get(job.analysis) != row.id:
            verdict.untold.append(f"{job}, report {row.id}, its analysis {job.analysis} names none")


def figures(
    cloud: Cloud,
    deployments: Sequence[Deployment],
    jobs: Sequence[Job],
    verdict: Verdict,
    cut_off_jobs: Mapping[str, set[int]],
    folder: Path,
    logs: Path,
) -> list[Figure]:
    """Compare the outcome with the goals; `cut_off_jobs` has one entry per kill, as for audit.llm_calls."""
    calls, applied = audit.llm_calls(folder, cut_off_jobs), applications(logs)
    dead = {
        f"{name}-{each.mode}": audit.queue_length(cloud, url)
        for each in deployments
        for name, url in each.dead_letters.items()
    }
    erased = {job.report_id for job in jobs if job.erased}
    by_erasure = Counter(job.erasure for job in jobs if job.erased)
    return [
        Figure("jobs", verdict.ended + verdict.refused + verdict.erased, at_least=len(jobs)),
        Figure("jobs_lost", len(verdict.lost), at_most=0),
        Figure("reports_doubled", len(verdict.doubled), at_most=0),
        Figure("reports_failed_unasked", len(verdict.failed), at_most=0),
        Figure("reports_untold", len(verdict.untold), at_most=0),
        Figure("left_behind_after_erasure", len(verdict.left_behind), at_most=0),
        Figure("refused_and_told", verdict.refused),
        *(Figure(f"erased_{erasure.name.lower()}", by_erasure[erasure]) for erasure in Erasure),
        # The end of a report, and its erasure.
        Figure(
            "events_applied_twice",
            sum(count > 1 + (report in erased) for report, count in applied.items()),
            at_most=0,
        ),
        Figure("llm_calls", calls.calls),
        Figure("llm_calls_beyond_reports", calls.beyond, at_most=calls.cut_off + calls.outlasted),
        Figure("llm_calls_after_their_lease", calls.outlasted),
        Figure("llm_calls_unexplained", calls.unexplained, at_most=0),
        Figure("dead_letters", sum(dead.values()), at_most=0),
        Figure("log_lines_wrong", len(verdict.wrong_lines), at_most=0),
        Figure("kills", len(cut_off_jobs), at_least=1),
    ]


def wrong_lines(logs: Path) -> list[str]:
    """Return the log lines that the schema does not allow, and those that hold a key, token or address."""
    found = []
    for log in sorted(logs.glob("*.log")):
        ours = lines_of(log, mixed=True)
        others = set(lines_of(log)).difference(ours)
        found += [f"{log.name}: {line[:200]}" for line in others if PLANTED.search(line)]
        found += [f"{log.name}: {wrong}" for wrong in offences(ours)]
    return found


def speed(jobs: Sequence[Job], took_s: float, rest_s: float) -> list[Figure]:
    """Return how fast this machine was; nothing of the verdict depends on it."""
    answers = sum((Counter(job.answers) for job in jobs), Counter[int]())
    retried = sum(count for status, count in answers.items() if status not in (200, 202))
    return [
        Figure("seconds", took_s),
        Figure("seconds_to_rest_after_the_last_request", rest_s),
        Figure("jobs_per_second", len(jobs) / took_s),
        Figure("requests_tried_again", retried),
    ]


def table(names: Sequence[str], kills: Sequence[Kill]) -> list[str]:
    """Return a table of processes and how often each was killed."""
    counted = Counter(kill.name for kill in kills)
    width = max(map(len, names))
    return [f"{'process':{width}}  kills", *(f"{name:{width}}  {counted[name]:5}" for name in names)]
