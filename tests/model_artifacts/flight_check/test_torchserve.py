"""What flight-check asks of TorchServe; its own run is `make flight-check TORCHSERVE=1`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from model_artifacts.blip2.flight_check import check, refusals
from model_artifacts.blip2.flight_check.torchserve import properties

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


@pytest.mark.parametrize("home", [None, "/no/such/java"])
def test_a_machine_without_java_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: str | None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    with pytest.raises(
        refusals.JavaMissingError, match=r"java: .* install Java 17 .* leave --torchserve out"
    ):
        check(tmp_path / "no-archive.tar.gz", "ml.t2.medium", aws_server=True)
