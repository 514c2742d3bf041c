"""Well-behaved clients: each retries under one idempotency key until it has a report id."""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field

import httpx2

from benchmarks.drill.deployment import Deployment
from benchmarks.drill.drill_jobs import photo
from benchmarks.local_service import access_token

AT_ONCE = 24
# Wait for the full budget, for a second, or not at all.
PREFERENCES = (None, "wait=1", "respond-async", "respond-async")
ERASED, POSTED_TWICE = 0.08, 0.08
# Statuses to retry under the same key.
RETRIED = {409, 429, 500, 502, 503, 504}


@dataclass
class Job:
    """One report to request, and what its client knows about it."""

    number: int
    deployment: Deployment
    user: str
    report_id: str | None = None
    answers: dict[int, int] = field(default_factory=dict)
    other_id: str | None = None
    erased_at: float | None = None

    @property
    def key(self) -> str:
        """The idempotency key."""
        return key_of(self.number)


def key_of(number: int) -> str:
    """Return the idempotency key of a job."""
    return f"drill-{number}"


class Clients:
    """All clients in one connection pool; their jobs start evenly spread over `within_s` seconds."""

    def __init__(self, jobs: list[Job], chance: random.Random, within_s: float) -> None:
        self._jobs = jobs
        self._chance = chance
        self._pace_s = within_s / len(jobs)
        self._tokens = {job.user: access_token(job.user) for job in jobs}

    async def run(self) -> None:
        """Return once each job is accepted or refused, and the chosen ones are erased."""
        waiting = deque(self._jobs)
        start = time.monotonic()
        limits = httpx2.Limits(max_connections=4 * AT_ONCE)
        async with httpx2.AsyncClient(trust_env=False, timeout=30, limits=limits) as http:

            async def work() -> None:
                while waiting:
                    job = waiting.popleft()
                    place = len(self._jobs) - len(waiting)
                    await asyncio.sleep(max(0.0, start + place * self._pace_s - time.monotonic()))
                    await self._request(http, job)

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    async def _request(self, http: httpx2.AsyncClient, job: Job) -> None:
        fate = self._chance.random()
        erased = fate < ERASED
        # Without waiting for the report, most erasures hit jobs that are still running.
        job.report_id = await self._post(http, job, "respond-async" if erased else self._preference())
        if job.report_id is None:
            return
        if erased:
            await asyncio.sleep(self._chance.uniform(0, 0.5))
            await self._erase(http, job)
        elif fate < ERASED + POSTED_TWICE:
            await asyncio.sleep(self._chance.uniform(0, 1.5))
            again = await self._post(http, job, self._preference())
            job.other_id = again if again != job.report_id else None

    def _preference(self) -> str | None:
        return self._chance.choice(PREFERENCES)

    async def _post(self, http: httpx2.AsyncClient, job: Job, preference: str | None) -> str | None:
        headers = {**self._headers(job), "Idempotency-Key": job.key}
        if preference is not None:
            headers["Prefer"] = preference
        while True:
            files = {"images": ("photo.jpg", photo(job.number), "image/jpeg")}
            answer = await self._try(http, job, "POST", "/analyze", headers, files)
            if answer.status_code not in RETRIED:
                return str(answer.json()["id"]) if answer.status_code in (200, 202) else None
            await asyncio.sleep(self._chance.uniform(0.2, 1))

    async def _erase(self, http: httpx2.AsyncClient, job: Job) -> None:
        while True:
            answer = await self._try(http, job, "DELETE", f"/reports/{job.report_id}", self._headers(job))
            if answer.status_code in (204, 404):
                job.erased_at = time.time()
                return
            await asyncio.sleep(self._chance.uniform(0.2, 1))

    async def _try(
        self,
        http: httpx2.AsyncClient,
        job: Job,
        method: str,
        path: str,
        headers: dict[str, str],
        files: dict[str, tuple[str, bytes, str]] | None = None,
    ) -> httpx2.Response:
        url = f"http://127.0.0.1:{job.deployment.service_port}{path}"
        try:
            answer = await http.request(method, url, headers=headers, files=files)
        except httpx2.TransportError:
            answer = httpx2.Response(503)
            job.answers[0] = job.answers.get(0, 0) + 1
        else:
            job.answers[answer.status_code] = job.answers.get(answer.status_code, 0) + 1
        return answer

    def _headers(self, job: Job) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[job.user]}"}
