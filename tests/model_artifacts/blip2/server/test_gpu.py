from pathlib import Path

import pytest
import torch

from model_artifacts.blip2.server.gpu import UnusableGpuError, check


def test_a_machine_without_a_gpu_serves_from_its_cpu(tmp_path: Path) -> None:
    (tmp_path / "null").touch()
    check(tmp_path)


def test_a_gpu_that_torch_cannot_use_is_no_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnusableGpuError, match="driver is older"):
        check(tmp_path)


def test_a_gpu_that_torch_uses_is_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check(tmp_path)
