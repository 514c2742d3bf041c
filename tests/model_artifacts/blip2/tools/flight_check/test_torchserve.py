"""What flight-check asks of TorchServe; its own run is `make flight-check TORCHSERVE=1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_artifacts.blip2.tools.flight_check import check, refusals
from model_artifacts.blip2.tools.flight_check.torchserve import need_java, properties

if TYPE_CHECKING:
    from pathlib import Path


def test_it_listens_on_loopback_alone() -> None:
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


def test_one_worker_calls_the_toolkits_handlers_one_request_at_a_time() -> None:
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
def test_a_machine_without_a_fitting_java_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, java: str | None, there: str
) -> None:
    if java:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "java").write_text(f"#!/bin/sh\n{java}\n")
        (tmp_path / "bin" / "java").chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(
        refusals.JavaMissingError, match=f"bin/java: TorchServe needs Java 17 and {there}; install it"
    ):
        check(tmp_path / "no-archive.tar.gz", "ml.t2.medium", aws_server=True)


def test_a_fitting_java_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"21\" 2023-09-19' >&2\n")
    java.chmod(0o755)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    need_java()
