"""TorchServe's configuration; `make flight-check TORCHSERVE=1` runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_artifacts.blip2.tools.errors import ArtifactError
from model_artifacts.blip2.tools.flight_check.command import flight_check
from model_artifacts.blip2.tools.flight_check.torchserve import properties, require_java

if TYPE_CHECKING:
    from pathlib import Path


def test_torchserve_listens_on_loopback_only() -> None:
    settings = dict(line.split("=", 1) for line in properties([1, 2, 3, 4, 5]).splitlines())
    addresses = {name: value for name, value in settings.items() if name.endswith("_address")}
    assert addresses == {
        "inference_address": "http://127.0.0.1:1",
        "management_address": "http://127.0.0.1:2",
        "metrics_address": "http://127.0.0.1:3",
        "grpc_inference_address": "127.0.0.1",
        "grpc_management_address": "127.0.0.1",
    }
    assert (settings["grpc_inference_port"], settings["grpc_management_port"]) == ("4", "5")


def test_one_worker_takes_single_requests() -> None:
    said = properties([1, 2, 3, 4, 5])
    assert "default_workers_per_model=1\n" in said
    assert "default_service_handler=sagemaker_pytorch_serving_container.handler_service:handle\n" in said
    assert "atch" not in said


@pytest.mark.parametrize(
    ("java", "there"),
    [
        (None, "there is none"),
        ("echo 'Unable to locate a Java Runtime.' >&2; exit 1", "there is none"),
        ("echo 'openjdk version \"11.0.2\" 2019-01-15' >&2", "this is Java 11"),
    ],
)
def test_missing_java_is_reported_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, java: str | None, there: str
) -> None:
    if java:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").write_text(f"#!/bin/sh\n{java}\n")
        (tmp_path / "bin" / "java").chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ArtifactError, match=f"bin/java: TorchServe needs Java 17 and {there}; install it"):
        flight_check(tmp_path / "no-archive.tar.gz", "ml.t2.medium", aws_server=True)


def test_recent_java_is_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21\" 2023-09-19' >&2\n")
    java.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    require_java()
