"""The parts of the local system: what each runs, where it answers, which files its behaviour is in."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local import variables
from local.home import PYTHON, REPOSITORY, TOOLS, Home

# Where each part answers 200 once it is ready.
HEALTH: Mapping[str, str] = {
    "emulator": "/_ministack/health",
    "identity": "/healthz",
    "model": "/ping",
    "sagemaker": "/healthz",
    "llm": "/health",
    "service": "/readyz",
}
EMULATOR_PYTHON = TOOLS / "emulator" / "bin" / "python"


@dataclass(frozen=True)
class Part:
    """One process of the system; `scratch` is a folder that it starts with empty."""

    name: str
    title: str
    port: int
    command: tuple[str, ...]
    environment: Mapping[str, str]
    sources: tuple[Path, ...]
    scratch: Path | None = None
    patience_s: float = 60.0

    @property
    def health_url(self) -> str:
        """Answers 200 once the part is ready."""
        return f"http://127.0.0.1:{self.port}{HEALTH[self.name]}"

    @property
    def fingerprint(self) -> str:
        """Changes when the part has to be started anew: its command, its variables or its code are others."""
        return fingerprint(self.command, sorted(self.environment.items()), self.sources)


def fingerprint(command: Iterable[str], values: object, sources: Iterable[Path]) -> str:
    """Return a digest of a command, its values, and size and time of change of the files it depends on."""
    files = (
        file for source in sources for file in ([source] if source.is_file() else sorted(source.rglob("*")))
    )
    stamps = [
        (str(file), status.st_size, status.st_mtime_ns)
        for file in files
        if "__pycache__" not in file.parts and file.is_file() and (status := file.stat())
    ]
    return hashlib.sha256(repr((list(command), values, stamps)).encode()).hexdigest()[:16]


def background(home: Home, ports: Mapping[str, int], region: str, endpoint: str) -> list[Part]:
    """Return all parts but the service, slowest to start first; `endpoint` is the model endpoint's name."""
    servers = REPOSITORY / "local" / "servers"
    artifact = REPOSITORY / "model_artifacts" / "blip2"

    def server(name: str, module: str, title: str, *options: str, code: tuple[Path, ...] = ()) -> Part:
        return Part(
            name=name,
            title=title,
            port=ports[name],
            command=(str(PYTHON), "-m", f"local.servers.{module}", "--port", str(ports[name]), *options),
            environment={"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
            sources=(servers, *code),
        )

    # Named on the command line, so that another MODEL starts the server anew.
    model = ("--model", os.environ["MODEL"]) if os.environ.get("MODEL") else ()
    model_url = f"http://127.0.0.1:{ports['model']}"
    return [
        server(
            "model",
            "model",
            "BLIP-2 model server",
            *model,
            code=(artifact / "code", artifact / "demo" / "model"),
        ),
        emulator(home, ports["emulator"], region),
        server("llm", "llm", "local language model"),
        server("identity", "identity", "identity issuer", "--data", str(home.data("identity"))),
        server(
            "sagemaker",
            "sagemaker_runtime",
            "SageMaker runtime",
            "--endpoint",
            f"{endpoint}={model_url}",
        ),
    ]


def emulator(home: Home, port: int, region: str) -> Part:
    """Return the AWS emulator; it keeps everything in memory, so nothing outlives it."""
    scratch = home.data("emulator")
    return Part(
        name="emulator",
        title="AWS emulator",
        port=port,
        command=(str(EMULATOR_PYTHON), str(REPOSITORY / "local" / "emulator" / "serve.py")),
        environment={
            **variables.aws(port, region),
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": region,
            "TMPDIR": str(scratch),
            "S3_DATA_DIR": str(scratch / "s3"),
            "PERSIST_STATE": "0",
            "S3_PERSIST": "0",
            "PYTHONPATH": "",
        },
        sources=(REPOSITORY / "local" / "emulator",),
        scratch=scratch,
    )


def service(ports: Mapping[str, int], region: str, settings: Mapping[str, str]) -> Part:
    """Return the service as Fargate runs it; `settings` are the variables that its stack gives it."""
    return Part(
        name="service",
        title="analyze service",
        port=ports["service"],
        command=(str(PYTHON), "-m", "services.analyze", "--port", str(ports["service"])),
        environment={
            **variables.aws(ports["emulator"], region),
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{ports['sagemaker']}",
            **settings,
        },
        sources=(REPOSITORY / "services" / "core", REPOSITORY / "services" / "analyze"),
    )
