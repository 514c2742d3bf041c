from pathlib import Path

import pytest
import torch

from model_artifacts.blip2.server.__main__ import UnusableGpuError, require_usable_gpu


def test_machine_without_gpu_passes(tmp_path: Path) -> None:
    (tmp_path / "null").touch()
    require_usable_gpu(tmp_path)


def test_unusable_gpu_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UnusableGpuError, match="driver is older"):
        require_usable_gpu(tmp_path)


def test_usable_gpu_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia0").touch()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    require_usable_gpu(tmp_path)
