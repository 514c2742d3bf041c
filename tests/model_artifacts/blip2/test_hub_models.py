"""Models in the hub's layouts from folder to answer: packaging, flight-check and the four handlers."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
from contextlib import contextmanager
from io import BytesIO
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

import catalogue
from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.server.handlers import load
from model_artifacts.blip2.tools import catalogue_file, packaging
from model_artifacts.blip2.tools.errors import ArchiveError, Fault
from model_artifacts.blip2.tools.flight_check import command
from tests.model_artifacts import hub_layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.model.random_blip2 import Family
    from model_artifacts.blip2.tools.archive import UnpackedArchive


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Flight-check runs the handlers in this process, which has the packages already imported."""

    @contextmanager
    def serving(archive: UnpackedArchive, *_: object) -> Iterator[SimpleNamespace]:
        handlers = load(packaging.CODE, archive.folder)

        def invoke_endpoint(*, Body: bytes, **_: str) -> dict[str, BytesIO]:  # noqa: N803 boto3's
            answer = handlers(Body, {"Content-Type": "application/json", "Accept": "application/json"})
            assert answer.status == 200, answer.body
            return {"Body": BytesIO(answer.body)}

        process = SimpleNamespace(pid=os.getpid())
        yield SimpleNamespace(invoke_endpoint=invoke_endpoint, process=process, ready_after_s=0.0)

    monkeypatch.setattr(command, "serving", serving)


@pytest.mark.system
@pytest.mark.parametrize("family", ["t5", "opt"])
@pytest.mark.usefixtures("in_process")
def test_hub_model_is_packaged_and_answers(
    hub_models: dict[Family, Path], tmp_path: Path, family: Family, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = tmp_path / "a.tar.gz"
    assert main(["package", "--model", str(hub_models[family]), "--out", str(archive)]) == 0
    assert "it has no calibration, so that every report" in capsys.readouterr().err
    with tarfile.open(archive) as tar:
        made = json.load(tar.extractfile("catalogue.json") or pytest.fail())
    assert made["version"] == catalogue.load().version
    assert len(made["tree"]["kinds"]) == len(catalogue.load().kinds)

    _, _, answer, warning = command.flight_check(archive, "ml.t2.medium", here=True)

    assert answer.startswith(f"{family}-")
    assert warning.startswith("WARNING: not calibrated")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: None, ""),
        (
            lambda folder: hub_layout.drop_weight(folder, "language_projection.weight"),
            "its weights lack language_projection.weight; take config.json and all *.safetensors of one",
        ),
        (
            lambda folder: (folder / "model-00002-of-00002.safetensors").unlink(),
            "model-00002-of-00002.safetensors; fetch them again",
        ),
        (
            lambda folder: [file.rename(file.with_suffix(".bin")) for file in folder.glob("*.safetensors")],
            "weights in *.bin are not read: convert them with save_pretrained",
        ),
        (lambda folder: hub_layout.set_text(folder, eos_token_id=None), "eos_token_id must be the one token"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "its tokenizer cannot be read"),
    ],
)
def test_unfit_hub_model_is_not_packaged(
    hub_models: dict[Family, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil: object,
    message: str,
) -> None:
    folder, archive = tmp_path / "model", tmp_path / "a.tar.gz"
    shutil.copytree(hub_models["opt"], folder)
    assert callable(spoil)
    spoil(folder)

    done = main(["package", "--model", str(folder), "--out", str(archive)])

    assert (done == 0) is (message == "")
    assert message in capsys.readouterr().err
    assert archive.exists() is (message == "")


def test_archive_without_a_weight_is_not_flown(
    hub_models: dict[Family, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(hub_models["opt"], folder)
    hub_layout.drop_weight(folder, "language_projection.weight")
    packaging.build(tmp_path / "a.tar.gz", folder)
    monkeypatch.setattr(command, "fly", lambda *_: pytest.fail("served"))

    with pytest.raises(ArchiveError, match=r"lack language_projection\.weight") as refused:
        command.flight_check(tmp_path / "a.tar.gz", "ml.t2.medium", here=True)
    assert refused.value.fault is Fault.WEIGHTS_UNFIT


def test_bare_folder_is_served_with_its_catalogue(hub_models: dict[Family, Path], tmp_path: Path) -> None:
    bare, work = hub_models["opt"], tmp_path / "work"
    work.mkdir()

    served = catalogue_file.completed(bare, None, work)

    assert (served.parent, served.name) == (work, bare.name)
    assert {file.name for file in served.iterdir()} == {file.name for file in bare.iterdir()} | {
        "catalogue.json"
    }
    assert not (bare / "catalogue.json").exists()
    assert catalogue_file.completed(served, "second_hand", tmp_path) == served


@pytest.mark.parametrize("family", ["t5", "opt"])
def test_compiled_tokens_are_those_of_the_model(
    hub_models: dict[Family, Path], inference: object, family: Family
) -> None:
    import loading
    from scoring import Scorer

    goods = catalogue.load()
    made = json.loads(catalogue_file.compiled(hub_models[family], goods))

    scorer = Scorer(*loading.load_blip2(hub_models[family], "cpu"))
    tree = scorer.name_tree({kind.id: kind.names for kind in goods.kinds.values()})
    assert made["tree"] == json.loads(json.dumps(tree.document()))
