"""Bringing the whole system up, reusing what runs and restarting what does not."""

import asyncio
import fcntl
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import httpx2
import psutil

from cli.errors import UserError
from local.home import Home
from local.supervisor import (
    async_specs,
    cloud_secrets,
    ports,
    process_specs,
    processes,
    readiness,
    settings,
    signing_keys,
    variables,
)
from local.supervisor.deploy import deploy
from local.supervisor.mode import Mode, remember
from local.supervisor.outputs import stack_outputs
from local.supervisor.process_specs import Part
from local.supervisor.progress import Progress
from settings.environment import Environment, SettingsError, load_environment
from settings.service_env import analyze_variables


class Up:
    """One run of `up`; `started` are the parts that this run started and would take down again."""

    def __init__(self, home: Home, progress: Progress, mode: Mode = "realtime") -> None:
        self.home = home
        self.progress = progress
        self.mode = mode
        self.started: list[str] = []
        self._ready: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def run(self) -> Mapping[str, str]:
        """Bring all parts up and return the stack outputs; raise LocalError naming the part that failed."""
        self.home.create()
        with ExitStack() as held:
            return await self._run(self._choose_ports(held))

    async def _run(self, chosen: Mapping[str, int]) -> Mapping[str, str]:
        try:
            environment = load_environment(settings.render(self.home, chosen, self.mode))
        except SettingsError as error:
            raise UserError(
                f"{error}.", hint="Mend environments/local.toml, which that file is made from."
            ) from error
        remember(self.home, self.mode)
        plan = process_specs.background(
            self.home, chosen, environment.region, environment.model.endpoint_name
        )
        if self.mode == "async":
            # The runtime of an async endpoint has to know the stacks' outputs.
            plan = [part for part in plan if part.name != "sagemaker"]
            plan.append(async_specs.database(self.home, chosen["database"]))
        launched = [(part, *self._launch(part)) for part in plan]
        async with asyncio.TaskGroup() as group:
            for part, record, process in launched:
                if part.name == "emulator":
                    stacks = group.create_task(
                        deploy(self.home, record, environment.region, self._ready["emulator"], self.progress)
                    )
                group.create_task(self._await_ready(part, process))
            group.create_task(self._serve(stacks, environment, chosen))
        return stack_outputs(self.home)

    def _choose_ports(self, held: ExitStack) -> dict[str, int]:
        records = processes.records(self.home)
        alive = {name: record.port for name, record in records.items() if record.process() is not None}
        kept = {
            name: port
            for name, port in alive.items()
            if name in ports.names(self.mode) and ports.configured(name) in (None, port)
        }
        for name in alive.keys() - kept.keys():
            processes.stop(self.home, name)
        processes.remember(self.home, dict.fromkeys(records.keys() - set(ports.names(self.mode))))
        return ports.assign(kept, {name: record.port for name, record in records.items()}, held)

    def _launch(self, part: Part) -> tuple[processes.Record, subprocess.Popen[bytes] | None]:
        record = processes.records(self.home).get(part.name)
        why = "started"
        if record is not None:
            if record.process() is None:
                why = "started again, it had ended"
            elif record.fingerprint != part.fingerprint:
                why = "started again, its code or settings changed"
            elif ports.listens(record.pid, part.port) and healthy(part.health_url):
                self.progress.done(part.name, f"runs already on port {part.port}")
                self._ready[part.name].set()
                return record, None
            else:
                why = "started again, it did not answer"
            processes.stop(self.home, part.name)
        self.progress.begin(part.name, f"{part.title} on port {part.port} {why}")
        if part.scratch is not None:
            shutil.rmtree(part.scratch, ignore_errors=True)
            part.scratch.mkdir(parents=True)
        process = processes.start(
            self.home,
            part.name,
            part.command,
            {**variables.base(), **part.environment},
            self.home.log(part.name),
        )
        self.started.append(part.name)
        record = processes.Record(
            process.pid, psutil.Process(process.pid).create_time(), part.port, part.fingerprint
        )
        processes.remember(self.home, {part.name: record})
        return record, process

    async def _await_ready(self, part: Part, process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        try:
            await readiness.wait(self.home, part, process, self.progress)
        except UserError:
            self.progress.failed(part.name, f"{part.title} on port {part.port}")
            raise
        self.progress.done(part.name, f"{part.title} on port {part.port}")
        self._ready[part.name].set()

    async def _serve(
        self, stacks: asyncio.Task[None], environment: Environment, chosen: Mapping[str, int]
    ) -> None:
        await asyncio.wait([stacks])
        if stacks.cancelled() or stacks.exception() is not None:
            return  # the task group reports it
        outputs = stack_outputs(self.home)
        keys = signing_keys.load_or_create(self.home)
        cloud_secrets.put(chosen["emulator"], environment.region, secret_values(environment, keys))
        await self._ready["emulator"].wait()
        plan = [process_specs.service(chosen, environment.region, service_variables(environment, outputs))]
        if self.mode == "async":
            name = environment.model.endpoint_name
            plan.append(async_specs.runtime(chosen, name, environment.region, outputs))
            plan.append(await self._supabase(chosen, outputs["ApiUrl"], keys))
        async with asyncio.TaskGroup() as group:
            for part in plan:
                _, process = self._launch(part)
                group.create_task(self._await_ready(part, process))
            group.create_task(readiness.gateway(outputs["ApiUrl"], self.progress))

    async def _supabase(
        self, chosen: Mapping[str, int], api_url: str, keys: signing_keys.SigningKeys
    ) -> Part:
        """Tell the database where its webhooks go, and return the functions that write into it."""
        from local.supervisor.supabase import Project  # its packages are there for this mode only

        await self._ready["database"].wait()
        project = Project.of(f"http://127.0.0.1:{chosen['database']}")
        project.set_secrets(vitrine_hooks_url=f"{api_url}/hooks/supabase", vitrine_hooks_secret=keys.hooks)
        return async_specs.functions(
            chosen["edge"], database_url=project.url, api_url=api_url, secret=keys.webhook
        )


def secret_values(environment: Environment, keys: signing_keys.SigningKeys) -> dict[str, str]:
    """Return what the secrets that the settings name hold here."""
    values = {environment.llm.secret_name: os.environ.get("OPENAI_API_KEY") or "local"}
    if environment.webhook is not None:
        values[environment.webhook.secret_name] = keys.webhook
    if environment.hooks is not None:
        values[environment.hooks.secret_name] = keys.hooks
    return values


def service_variables(environment: Environment, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return what the service's stack would give it; with an OpenAI key at hand, OpenAI words the reports."""
    key = os.environ.get("OPENAI_API_KEY")
    if key:
        environment = environment.model_copy(update={"llm": _prod().llm})
    given = analyze_variables(
        environment,
        reports_table=outputs["ReportsTable"],
        image_bucket=outputs["ImageBucket"],
        image_key_id=outputs.get("ImageKey"),
        jobs_queue_url=outputs.get("JobsQueue"),
        exchange_bucket=outputs.get("ExchangeBucket"),
        exchange_key_id=outputs.get("ExchangeKey"),
    )
    return given | {"OPENAI_API_KEY": key or "local"}


def _prod() -> Environment:
    try:
        return load_environment("prod")
    except SettingsError as error:
        raise UserError(
            f"{error}.",
            hint="Mend that file, or unset OPENAI_API_KEY: the local model words the reports then.",
        ) from error


def healthy(url: str) -> bool:
    """Say whether the health address of a part that runs already answers 200."""
    with httpx2.Client(trust_env=False) as client:
        try:
            return client.get(url, timeout=5).status_code == 200
        except httpx2.TransportError:
            return False


@contextmanager
def exclusively(home: Home) -> Iterator[None]:
    """Hold the home's lock; raise LocalError when another `up` or `down` holds it."""
    home.create()
    with (home.state / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another `python -m local` command is at work in {home.root}.",
                hint="Wait until it ends, or stop it with Ctrl-C.",
            ) from None
        yield
