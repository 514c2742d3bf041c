"""The processes of the local system: what each runs, where it answers, which files it depends on."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import users
from local.home import PYTHON, REPOSITORY, TOOLS, Home
from local.supervisor.configuration import emulator_env
from settings.environment import Environment
from settings.page_config import page_config
from settings.schema import PostHog

# The preferred port of each process, and the path at which it answers 200 once it is ready.
PROCESSES: Mapping[str, tuple[int, str]] = {
    "emulator": (4566, "/_ministack/health"),
    "identity": (54321, "/healthz"),
    "model": (8082, "/ping"),
    "sagemaker": (8083, "/healthz"),
    "llm": (8081, "/health"),
    "posthog": (8084, "/healthz"),
    "service": (8080, "/readyz"),
    "page": (3000, "/config.json"),
    "database": (54323, "/healthz"),
    "edge": (54329, "/healthz"),
}
# The built page, which `make web` writes.
PAGE = TOOLS / "page"
API = "/api"  # where the page's server has the gateway
EMULATOR_PYTHON = TOOLS / "emulator" / "bin" / "python"
CATALOGUE = REPOSITORY / "catalogue"
EDGE = REPOSITORY / "local" / "fakes" / "edge"
# What the log lines name; those of the services have it from their settings.
ENVIRONMENT = "local"
EDGE_FUNCTIONS = ("report-ready", "analyze")
# Where the Python packages install Deno, whether or not it is installed.
DENO = PYTHON.parent / "deno"
# Keeps Deno's downloads inside this checkout, and its output plain.
DENO_ENV = {"DENO_DIR": str(TOOLS / "deno"), "DENO_NO_UPDATE_CHECK": "1", "NO_COLOR": "1"}
_FAKES = EDGE.parent


@dataclass(frozen=True)
class ProcessSpec:
    """One process of the system; `scratch` is a folder that is emptied before it starts."""

    name: str
    title: str
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    sources: tuple[Path, ...]
    scratch: Path | None = None

    @property
    def health_url(self) -> str:
        """The URL that answers 200 once the process is ready."""
        return health_url(self.name, self.port)

    @property
    def fingerprint(self) -> str:
        """A digest of command, variables and code; a process with another fingerprint must be restarted."""
        return fingerprint(self.command, sorted(self.environment.items()), self.sources)


def health_url(name: str, port: int) -> str:
    """Return the URL at which a process answers 200 once it is ready."""
    return f"http://127.0.0.1:{port}{PROCESSES[name][1]}"


def fingerprint(command: Iterable[str], values: object, sources: Iterable[Path]) -> str:
    """Return a digest of a command, values, and the size and modification time of source files."""
    files = (
        file for source in sources for file in ([source] if source.is_file() else sorted(source.rglob("*")))
    )
    stamps = [
        (str(file), status.st_size, status.st_mtime_ns)
        for file in files
        if "__pycache__" not in file.parts and file.is_file() and (status := file.stat())
    ]
    return hashlib.sha256(repr((list(command), values, stamps)).encode()).hexdigest()[:16]


def background(home: Home, ports: Mapping[str, int], environment: Environment) -> list[ProcessSpec]:
    """Return the processes that need no stack outputs, slowest to start first."""
    region, endpoint = environment.region, environment.model.endpoint_name
    artifact = REPOSITORY / "model_artifacts" / "blip2"
    # Part of the command, so that another MODEL restarts the server.
    model = ("--model", os.environ["MODEL"]) if os.environ.get("MODEL") else ()
    return [
        fake(
            "model",
            ports,
            "BLIP-2 model server",
            *("--catalogue", environment.catalogue.goods, *model),
            code=(CATALOGUE, *(artifact / name for name in ("code", "model", "server", "tools"))),
            environment={"ENVIRONMENT": ENVIRONMENT},
        ),
        emulator(home, ports["emulator"], region, ports["sagemaker"]),
        fake("llm", ports, "local language model", code=(REPOSITORY / "services" / "core" / "narrative",)),
        fake("identity", ports, "identity issuer", "--data", str(home.data("identity"))),
        sagemaker(ports, endpoint, region),
        *([] if environment.posthog is None else [posthog(ports, environment.posthog)]),
    ]


def fake(
    name: str,
    ports: Mapping[str, int],
    title: str,
    *options: str,
    module: str | None = None,
    code: tuple[Path, ...] = (),
    environment: Mapping[str, str] | None = None,
    scratch: Path | None = None,
) -> ProcessSpec:
    """Return a server of local/fakes; `code` is what determines its behaviour besides that folder."""
    return ProcessSpec(
        name=name,
        title=title,
        port=ports[name],
        command=(str(PYTHON), "-m", f"local.fakes.{module or name}", "--port", str(ports[name]), *options),
        environment={"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", **(environment or {})},
        sources=(_FAKES, *code),
        scratch=scratch,
    )


def posthog(ports: Mapping[str, int], project: PostHog) -> ProcessSpec:
    """Return PostHog with one project, which gets the events of the services."""
    return fake("posthog", ports, "PostHog", "--project-key", project.project_key)


def sagemaker(
    ports: Mapping[str, int], endpoint: str, region: str, outputs: Mapping[str, str] | None = None
) -> ProcessSpec:
    """Return the SageMaker runtime with an endpoint in front of the model server.

    With `outputs`, which name its bucket and topics, the endpoint is asynchronous.
    """
    options = ["--endpoint", endpoint, f"http://127.0.0.1:{ports['model']}"]
    if outputs is not None:
        names = ("ExchangeBucket", "SuccessTopic", "ErrorTopic")
        options += ["--asynchronous", *(outputs[name] for name in names)]
    environment = emulator_env(ports["emulator"], region)
    title, module = "SageMaker runtime", "sagemaker.runtime"
    return fake("sagemaker", ports, title, *options, module=module, environment=environment)


def emulator(home: Home, port: int, region: str, sagemaker_port: int) -> ProcessSpec:
    """Return the AWS emulator; it keeps everything in memory, so its content ends with the process.

    Its functions inherit its variables, and so find the SageMaker runtime on `sagemaker_port`.
    """
    scratch = home.data("emulator")
    return ProcessSpec(
        name="emulator",
        title="AWS emulator",
        port=port,
        command=(str(EMULATOR_PYTHON), str(_FAKES / "aws" / "serve.py")),
        environment={
            **emulator_env(port, region),
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{sagemaker_port}",
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": region,
            "TMPDIR": str(scratch),
            "S3_DATA_DIR": str(scratch / "s3"),
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "PYTHONPATH": "",
        },
        sources=(_FAKES / "aws",),
        scratch=scratch,
    )


def service(ports: Mapping[str, int], region: str, service_env: Mapping[str, str]) -> ProcessSpec:
    """Return the analyze service; `service_env` are the variables that its stack gives it on Fargate."""
    return ProcessSpec(
        name="service",
        title="analyze service",
        port=ports["service"],
        command=(str(PYTHON), "-m", "services.analyze", "--port", str(ports["service"])),
        environment={
            **emulator_env(ports["emulator"], region),
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{ports['sagemaker']}",
            **service_env,
        },
        sources=(CATALOGUE, *(REPOSITORY / "services" / name for name in ("core", "web", "analyze"))),
    )


def page(ports: Mapping[str, int], environment: Environment, api_url: str) -> ProcessSpec:
    """Return the server of the page and, below /api, of the gateway; a new build needs no restart."""
    demo_sign_in = {"email": users.email(users.USER), "password": users.PASSWORD}
    config = page_config(environment, api=API, demo_sign_in=demo_sign_in)
    return ProcessSpec(
        name="page",
        title="page",
        port=ports["page"],
        command=(
            *(str(PYTHON), "-m", "local.page", "--port", str(ports["page"]), "--folder", str(PAGE)),
            *("--config", json.dumps(config), "--api-url", api_url),
            *("--photos", f"http://127.0.0.1:{ports['emulator']}"),
        ),
        environment={},
        sources=(
            REPOSITORY / "local" / "page",
            *(REPOSITORY / "web" / name for name in ("headers.py", "headers.json")),
        ),
    )


def database(home: Home, ports: Mapping[str, int]) -> ProcessSpec:
    """Return the Postgres of a Supabase project, which starts empty as the emulator does."""
    scratch = home.data("database")
    return fake(
        "database",
        ports,
        "Supabase's Postgres",
        *("--data", str(scratch / "postgres")),
        module="postgres.project",
        code=(REPOSITORY / "supabase" / "migrations",),
        scratch=scratch,
    )


def edge_functions(
    ports: Mapping[str, int], *, database_url: str, api_url: str, webhook_secret: str, logs_key: str | None
) -> ProcessSpec:
    """Return Supabase's Edge Functions; `webhook_secret` holds the keys that sign the report events.

    With `logs_key` they send their log lines to the API.
    """
    logs = {"VITRINE_LOGS_URL": f"{api_url}/hooks/logs", "VITRINE_LOGS_KEY": logs_key} if logs_key else {}
    return ProcessSpec(
        name="edge",
        title="Supabase's Edge Functions",
        port=ports["edge"],
        command=edge_command(ports["edge"]),
        environment={
            **DENO_ENV,
            "VITRINE_ENVIRONMENT": ENVIRONMENT,
            "SUPABASE_DB_URL": database_url,
            "VITRINE_API_URL": api_url,
            "VITRINE_WEBHOOK_SECRET": webhook_secret,
            **logs,
        },
        sources=(EDGE, REPOSITORY / "supabase" / "functions"),
    )


def edge_command(port: int) -> tuple[str, ...]:
    """Return the command that serves the Edge Functions on 127.0.0.1, with the packages of the lock file.

    The functions may use loopback, their own files and their own variables only.
    """
    return (
        *(str(DENO), "run", "--quiet", "--no-prompt", "--frozen", "--config", str(EDGE / "deno.json")),
        "--allow-net=127.0.0.1",
        f"--allow-read={REPOSITORY / 'supabase' / 'functions'},{EDGE}",
        "--allow-env=SUPABASE_*,SB_*,VITRINE_*,PG*",  # PG* is read by the Postgres client library
        *(str(EDGE / "main.ts"), str(port), *EDGE_FUNCTIONS),
    )
