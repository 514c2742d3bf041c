"""Well-behaved clients: each retries under one idempotency key until it has a report id; some erase it."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

import httpx2
import psycopg

from benchmarks.drill.database import Database, new_upload
from benchmarks.drill.deployment import Cloud
from benchmarks.drill.drill_jobs import photos
from benchmarks.drill.jobs import ERASED_AFTER_S, Erasure, Job, Way
from benchmarks.local_service import access_token

Result = TypeVar("Result")
AT_ONCE = 24
# Wait for the full budget, for a second, or not at all.
PREFERENCES = (None, "wait=1", "respond-async", "respond-async")
POSTED_TWICE = 0.08
# Statuses to retry under the same key.
RETRIED = {409, 429, 500, 502, 503, 504}
# The code of the database's limit per user.
OVER_LIMIT = "PT429"
# Between two looks at a row that is still to come.
LOOK_S = (0.5, 1.5)


class Clients:
    """All clients; their jobs start evenly spread over `within_s` seconds.

    `requested` is set when each job has been requested; those that wait for a report to erase it go on.
    """

    def __init__(
        self, jobs: list[Job], chance: random.Random, within_s: float, cloud: Cloud, database: Database
    ) -> None:
        self._jobs = jobs
        self._chance = chance
        self._pace_s = within_s / len(jobs)
        self._cloud = cloud
        self._database = database
        self.requested = asyncio.Event()
        self._tokens = {job.user: access_token(job.user) for job in jobs}

    async def run(self) -> None:
        """Return once each job has been requested, and the chosen reports are erased."""
        waiting = deque(self._jobs)
        start = time.monotonic()
        limits = httpx2.Limits(max_connections=4 * AT_ONCE)
        async with (
            httpx2.AsyncClient(trust_env=False, timeout=30, limits=limits) as http,
            asyncio.TaskGroup() as erasures,
        ):

            async def work() -> None:
                while waiting:
                    job = waiting.popleft()
                    place = len(self._jobs) - len(waiting)
                    await asyncio.sleep(max(0.0, start + place * self._pace_s - time.monotonic()))
                    await self._request(http, job)
                    if job.erasure is None or (job.way == Way.API and job.report_id is None):
                        job.settled = True
                    else:
                        erasures.create_task(self._erase(http, job, job.erasure))

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            self.requested.set()

    async def _request(self, http: httpx2.AsyncClient, job: Job) -> None:
        if job.way != Way.API:
            await self._insert(job)
            return
        # Without waiting for the report, most erasures hit jobs that are still running.
        job.report_id = await self._post(http, job, "respond-async" if job.erasure else self._preference())
        if job.report_id is not None and job.erasure is None and self._chance.random() < POSTED_TWICE:
            await asyncio.sleep(self._chance.uniform(0, 1.5))
            again = await self._post(http, job, self._preference())
            job.other_id = again if again != job.report_id else None

    async def _insert(self, job: Job) -> None:
        job.upload = new_upload(self._chance)
        if job.way == Way.DATABASE:
            await asyncio.to_thread(
                self._cloud.s3.put_object,
                Bucket=job.deployment.photos,
                Key=f"uploads/{job.user_id}/{job.upload}",
                Body=photos(job.number)[0],
            )
        job.analysis = await self._ask_database(job, self._database.ask, job.user_id, job.upload)

    async def _ask_database(self, job: Job, call: Callable[..., Result], *values: str) -> Result:
        """Call the database, again after a failure that a repetition can mend."""
        while True:
            try:
                return await asyncio.to_thread(call, *values)
            except psycopg.Error as error:
                if not isinstance(error, psycopg.OperationalError) and error.sqlstate != OVER_LIMIT:
                    raise
                job.answers[0] = job.answers.get(0, 0) + 1
                await asyncio.sleep(self._chance.uniform(*LOOK_S))

    def _preference(self) -> str | None:
        return self._chance.choice(PREFERENCES)

    async def _post(self, http: httpx2.AsyncClient, job: Job, preference: str | None) -> str | None:
        headers = {**self._headers(job), "Idempotency-Key": job.key}
        if preference is not None:
            headers["Prefer"] = preference
        while True:
            files = [("images", ("photo.jpg", photo, "image/jpeg")) for photo in photos(job.number)]
            answer = await self._try(http, job, "POST", "/analyze", headers, files)
            if answer.status_code not in RETRIED:
                return str(answer.json()["id"]) if answer.status_code in (200, 202) else None
            await asyncio.sleep(self._chance.uniform(0.2, 1))

    async def _erase(self, http: httpx2.AsyncClient, job: Job, erasure: Erasure) -> None:
        while job.report_id is None:
            await asyncio.sleep(self._chance.uniform(*LOOK_S))
            job.report_id = await self._ask_database(
                job, self._database.report_of, job.user_id, job.analysis or ""
            )
        await asyncio.sleep(self._chance.uniform(*ERASED_AFTER_S[erasure]))
        if erasure == Erasure.ROW:
            delete = self._database.delete_report
            while not await self._ask_database(job, delete, job.user_id, job.report_id):  # noqa: ASYNC110 - a row's
                await asyncio.sleep(self._chance.uniform(*LOOK_S))
        else:
            await self._delete(http, job)
        job.erased = job.settled = True

    async def _delete(self, http: httpx2.AsyncClient, job: Job) -> None:
        while True:
            answer = await self._try(http, job, "DELETE", f"/reports/{job.report_id}", self._headers(job))
            if answer.status_code in (200, 404):
                return
            await asyncio.sleep(self._chance.uniform(0.2, 1))

    async def _try(
        self,
        http: httpx2.AsyncClient,
        job: Job,
        method: str,
        path: str,
        headers: dict[str, str],
        files: list[tuple[str, tuple[str, bytes, str]]] | None = None,
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
