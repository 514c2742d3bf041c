"""Brings the whole system up: keeps what runs, restarts what changed or ended, starts what is missing."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil

from cli.errors import UserError
from local.supervisor import ports, process_specs, processes, readiness
from local.supervisor.account import deploy_stacks, stack_outputs, store_secrets
from local.supervisor.configuration import base_env, render_environment, secret_values, service_env
from settings.environment import SettingsError, load_environment

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

    from cli.progress import Steps
    from local.home import Home, Mode
    from local.supervisor.process_specs import ProcessSpec
    from settings.environment import Environment


class Startup:
    """One start of the system; `started` names the processes that it started, not those that ran before."""

    def __init__(self, home: Home, steps: Steps, mode: Mode = "realtime") -> None:
        self.home = home
        self.steps = steps
        self.mode = mode
        self.started: list[str] = []
        self._ready: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def bring_up(self) -> Mapping[str, str]:
        """Start every process, deploy the stacks, and return their outputs.

        Raise UserError, alone or in an ExceptionGroup, that names the process or the step that failed.
        """
        self.home.create()
        chosen = self._choose_ports()
        try:
            environment = load_environment(render_environment(self.home, chosen, self.mode))
        except SettingsError as error:
            raise UserError(
                f"{error}.", hint="Correct environments/local.toml, which that file is rendered from."
            ) from error
        if not (process_specs.PAGE / "index.html").is_file():
            raise UserError(
                f"The page is not built: {process_specs.PAGE} has no index.html.", hint="Run `make web`."
            )
        specs = process_specs.background(self.home, chosen, environment)
        if self.mode == "async":
            # The runtime of an async endpoint needs the stack outputs, so `_serve` starts it.
            specs = [spec for spec in specs if spec.name != "sagemaker"]
            specs.append(process_specs.database(self.home, chosen))
        launched = [(spec, *self._launch(spec)) for spec in specs]
        async with asyncio.TaskGroup() as group:
            for spec, record, process in launched:
                if spec.name == "emulator":
                    ready = self._ready["emulator"]
                    deployment = group.create_task(
                        deploy_stacks(self.home, record, environment.region, ready, self.steps)
                    )
                group.create_task(self._await_ready(spec, process))
            group.create_task(self._serve(deployment, environment, chosen))
        return stack_outputs(self.home)

    def stop_started(self) -> None:
        """Stop the processes that this start has started, and forget them."""
        for name in self.started:
            processes.stop(self.home, name)
        processes.save_records(self.home, dict.fromkeys(self.started))

    def _choose_ports(self) -> dict[str, int]:
        records = processes.records(self.home)
        names = ports.process_names(self.mode)
        running = {name: record.port for name, record in records.items() if record.process() is not None}
        kept = {
            name: port
            for name, port in running.items()
            if name in names and ports.configured(name) in (None, port)
        }
        for name in running.keys() - kept.keys():
            processes.stop(self.home, name)
        processes.save_records(self.home, dict.fromkeys(records.keys() - set(names)))
        return ports.assign(kept, {name: record.port for name, record in records.items()})

    def _launch(self, spec: ProcessSpec) -> tuple[processes.ProcessRecord, subprocess.Popen[bytes] | None]:
        record = processes.records(self.home).get(spec.name)
        reason = "started"
        if record is not None:
            if record.process() is None:
                reason = "restarted, it had ended"
            elif record.fingerprint != spec.fingerprint:
                reason = "restarted, its code or settings changed"
            elif ports.listens(record.pid, spec.port) and readiness.is_healthy(spec.health_url):
                self.steps.done(spec.name, f"runs already on port {spec.port}")
                self._ready[spec.name].set()
                return record, None
            else:
                reason = "restarted, it did not answer"
            processes.stop(self.home, spec.name)
        self.steps.begin(spec.name, f"{spec.title} on port {spec.port} {reason}")
        if spec.scratch is not None:
            shutil.rmtree(spec.scratch, ignore_errors=True)
            spec.scratch.mkdir(parents=True)
        environment = {**base_env(), **spec.environment}
        log = self.home.log(spec.name)
        process = processes.start(self.home, spec.name, spec.command, environment, log)
        self.started.append(spec.name)
        started = psutil.Process(process.pid).create_time()
        record = processes.ProcessRecord(process.pid, started, spec.port, spec.fingerprint)
        processes.save_records(self.home, {spec.name: record})
        return record, process

    async def _await_ready(self, spec: ProcessSpec, process: subprocess.Popen[bytes] | None) -> None:
        if process is None:
            return
        try:
            await readiness.wait_until_ready(self.home, spec, process, self.steps)
        except UserError:
            self.steps.failed(spec.name, f"{spec.title} on port {spec.port}")
            raise
        self.steps.done(spec.name, f"{spec.title} on port {spec.port}")
        self._ready[spec.name].set()

    async def _serve(
        self, deployment: asyncio.Task[None], environment: Environment, chosen: Mapping[str, int]
    ) -> None:
        """Start what needs the stack outputs, once the stacks are deployed."""
        await asyncio.wait([deployment])
        if deployment.cancelled() or deployment.exception() is not None:
            return  # the task group reports it
        outputs, secrets = stack_outputs(self.home), secret_values(self.home, environment)
        region, api_url = environment.region, outputs["ApiUrl"]
        specs = [
            process_specs.service(chosen, region, service_env(environment, outputs)),
            process_specs.page(chosen, environment, api_url),
        ]
        if environment.webhook is not None and environment.hooks is not None:  # in async mode
            # Its packages are installed for that mode only.
            from local.fakes.postgres.project import SupabaseProject

            await self._ready["database"].wait()
            project = SupabaseProject.at(f"http://127.0.0.1:{chosen['database']}")
            hooks_secret = secrets[environment.hooks.secret_name]
            project.set_secrets(
                vitrine_hooks_url=f"{api_url}/hooks/supabase", vitrine_hooks_secret=hooks_secret
            )
            logs_secret = environment.hooks.logs_secret_name
            specs += [
                process_specs.sagemaker(chosen, environment.model.endpoint_name, region, outputs),
                process_specs.edge_functions(
                    chosen,
                    database_url=project.url,
                    api_url=api_url,
                    webhook_secret=secrets[environment.webhook.secret_name],
                    logs_key=secrets[logs_secret] if logs_secret else None,
                ),
            ]
        store_secrets(chosen["emulator"], region, secrets)
        async with asyncio.TaskGroup() as group:
            for spec in specs:
                _, process = self._launch(spec)
                group.create_task(self._await_ready(spec, process))
            emulator = readiness.Progress(
                processes.records(self.home)["emulator"].pid, self.home.log("emulator")
            )
            group.create_task(readiness.wait_for_gateway(api_url, emulator, self.steps))


@contextmanager
def exclusive(home: Home) -> Iterator[None]:
    """Hold the home's lock; raise UserError when another command holds it."""
    home.create()
    with (home.state / "lock").open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(
                f"Another `python -m local` command is using {home.root}.",
                hint="Wait until it ends, or stop it with Ctrl-C.",
            ) from None
        yield
