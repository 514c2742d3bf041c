"""The parts of the local system: what each runs, where it answers, which files its behaviour is in."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.home import PYTHON, REPOSITORY, TOOLS, Home
from local.supervisor import variables

# Where each part answers 200 once it is ready.
HEALTH: Mapping[str, str] = {
    "emulator": "/_ministack/health",
    "identity": "/healthz",
    "model": "/ping",
    "sagemaker": "/healthz",
    "llm": "/health",
    "service": "/readyz",
    "database": "/healthz",
    "edge": "/healthz",
}
_SERVERS = REPOSITORY / "local" / "servers"
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
    artifact = REPOSITORY / "model_artifacts" / "blip2"
    # Named on the command line, so that another MODEL starts the server anew.
    model = ("--model", os.environ["MODEL"]) if os.environ.get("MODEL") else ()
    return [
        server(
            "model",
            ports["model"],
            "model",
            "BLIP-2 model server",
            *model,
            code=(artifact / "code", artifact / "demo" / "model"),
        ),
        emulator(home, ports["emulator"], region, ports["sagemaker"]),
        server("llm", ports["llm"], "llm", "local language model"),
        server(
            "identity",
            ports["identity"],
            "identity",
            "identity issuer",
            "--data",
            str(home.data("identity")),
        ),
        runtime(ports, endpoint),
    ]


def server(name: str, port: int, module: str, title: str, *options: str, code: tuple[Path, ...] = ()) -> Part:
    """Return a server of local/fakes; `code` is what else its behaviour is in."""
    return Part(
        name=name,
        title=title,
        port=port,
        command=(str(PYTHON), "-m", f"local.fakes.{module}", "--port", str(port), *options),
        environment={"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        sources=(_SERVERS, *code),
    )


def runtime(ports: Mapping[str, int], endpoint: str) -> Part:
    """Return the SageMaker runtime in front of the model server, as a realtime endpoint has it."""
    served = f"{endpoint}=http://127.0.0.1:{ports['model']}"
    return server(
        "sagemaker", ports["sagemaker"], "sagemaker_runtime", "SageMaker runtime", "--endpoint", served
    )


def emulator(home: Home, port: int, region: str, runtime_port: int) -> Part:
    """Return the AWS emulator; it keeps everything in memory, so nothing outlives it.

    Its functions get its variables: they find the SageMaker runtime on `runtime_port`.
    """
    scratch = home.data("emulator")
    return Part(
        name="emulator",
        title="AWS emulator",
        port=port,
        command=(str(EMULATOR_PYTHON), str(REPOSITORY / "local" / "emulator" / "serve.py")),
        environment={
            **variables.aws(port, region),
            "AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": f"http://127.0.0.1:{runtime_port}",
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
