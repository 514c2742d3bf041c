from pathlib import Path

import pytest
import torch

from model_artifacts.blip2.server.gpu import UnusableGpuError, check


def test_machine_without_gpu_passes(tmp_path: Path) -> None:
    (tmp_path / "null").touch()
    check(tmp_path)


def test_unusable_gpu_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnusableGpuError, match="driver is older"):
        check(tmp_path)


def test_usable_gpu_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check(tmp_path)
