"""TorchServe as AWS's last PyTorch image starts it, on loopback and without Docker.

The image's own `start_torchserve()` is not called: it listens on every network at port 8080, and installs
packages into its environment.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

from ...definition import ENVIRONMENT, STARTUP_S
from ..errors import ArtifactError
from ..serving import Server, free_ports, get

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_JAVA = 17
_HANDLER = "sagemaker_pytorch_serving_container.handler_service:handle"


def require_java() -> None:
    """Raise ArtifactError unless the `java` that TorchServe would use is recent enough."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else "java"
    try:
        # An executable of that name is not enough: macOS has one that only says where to get Java.
        ran = subprocess.run([java, "-version"], capture_output=True, check=False)  # noqa: S603 the user's
    except OSError:
        version = None
    else:
        version = re.search(rb'version "(\d+)', ran.stderr)
    if version is None or int(version[1]) < _JAVA:
        there = f"this is Java {int(version[1])}" if version else "there is none"
        raise ArtifactError(
            f"{java}: TorchServe needs Java {_JAVA} and {there}; install it "
            f"(Debian: openjdk-{_JAVA}-jre-headless, Homebrew: openjdk@{_JAVA}) "
            "and name it in JAVA_HOME, or leave --torchserve out"
        )


def properties(ports: Sequence[int]) -> str:
    """TorchServe's configuration: the image's, with one worker, on five ports of loopback."""
    inference, management, metrics, *grpc = ports
    settings = {
        # The image's.
        "vmargs": "-XX:-UseContainerSupport",
        "enable_envvars_config": "true",
        "decode_input_request": "false",
        "load_models": "ALL",
        "disable_token_authorization": "true",
        "enable_model_api": "true",
        "default_service_handler": _HANDLER,
        # The endpoint's environment variables.
        "default_workers_per_model": ENVIRONMENT["SAGEMAKER_TS_MAX_WORKERS"],
        "default_startup_timeout": str(STARTUP_S),
        "max_request_size": ENVIRONMENT["TS_MAX_REQUEST_SIZE"],
        "max_response_size": ENVIRONMENT["TS_MAX_RESPONSE_SIZE"],
        "inference_address": f"http://127.0.0.1:{inference}",
        "management_address": f"http://127.0.0.1:{management}",
        "metrics_address": f"http://127.0.0.1:{metrics}",
        "grpc_inference_address": "127.0.0.1",
        "grpc_management_address": "127.0.0.1",
        "grpc_inference_port": grpc[0],
        "grpc_management_port": grpc[1],
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def torchserve(place: Path, model: Path, python: Path) -> Server:
    """The server, which writes to `place` only and is ready once its worker has loaded the model.

    Its own /ping is healthy seconds before that. It needs what `require_java` checks.
    """
    ports = free_ports(5)
    for name in ("models", "temporary"):
        (place / name).mkdir()
    (place / "ts.properties").write_text(properties(ports), "utf-8")
    code, temporary = str(model / "code"), str(place / "temporary")
    inference, management = (f"http://127.0.0.1:{port}" for port in ports[:2])
    return Server(
        command=(
            *(str(python.with_name("torchserve")), "--foreground", "--ts-config", "ts.properties"),
            *("--model-store", "models", "--models", f"model={model}"),
        ),
        environment={
            **ENVIRONMENT,
            "SAGEMAKER_SUBMIT_DIRECTORY": code,
            "PYTHONPATH": code,
            "SM_MODEL_DIR": str(model),
            # It refuses to start if the temporary folder holds another TorchServe's process id.
            "TMPDIR": temporary,
            "TEMP": temporary,
        },
        invocations=f"{inference}/invocations",
        ready=lambda: _loaded(get(f"{management}/models/model")),
    )


def _loaded(described: bytes | None) -> bool:
    if described is None:
        return False
    workers = json.loads(described)[0]["workers"]
    return bool(workers) and all(worker["status"] == "READY" for worker in workers)
