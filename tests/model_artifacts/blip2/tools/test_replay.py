from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psutil
import pytest
from moto import mock_aws

import catalogue
from model_artifacts.blip2.tools import packaging, replay
from model_artifacts.blip2.tools.errors import ArchiveError, ArtifactError
from model_artifacts.blip2.tools.replay import PhotoSet, compare, photo_sets
from model_artifacts.blip2_demo import MODEL
from services.core.domain.assessment import assess
from services.core.domain.observation import KindSeen, Observation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL import Image

ROOT = Path(__file__).parents[4]
GOODS = catalogue.load(catalogue.DRAWN)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, photos: list[Image.Image]) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number, photo in enumerate(photos[:2]):
        photo.save(folder / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def served_once() -> Iterator[None]:
    """Serve each archive once for all tests of the module that ask for this."""
    observe, known = replay.observe, {}

    def remembered(archive: Path, photos: Sequence[PhotoSet], _: str | None = None) -> list[Observation]:
        key = (archive, *photos)
        if key not in known:
            known[key] = observe(archive, photos)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "observe", remembered)
        yield


@pytest.mark.system
@pytest.mark.usefixtures("served_once")
def test_every_changed_report_is_listed(demo_archive: Path, tmp_path: Path, folder: Path) -> None:
    model, suspicious = tmp_path / "model", tmp_path / "suspicious.tar.gz"
    shutil.copytree(MODEL, model)
    own = json.loads((model / "manifest.json").read_text("utf-8"))
    wear = own["calibration"]["wear"]
    wear |= {tag: [slope, offset + 50] for tag, (slope, offset) in wear.items()}
    own["name"] = "suspicious"
    (model / "manifest.json").write_text(json.dumps(own))
    packaging.build(suspicious, model)
    *lines, last = compare(demo_archive, suspicious, [str(folder)])
    assert len(lines) == 2
    for line, file in zip(lines, sorted(folder.iterdir()), strict=True):
        assert line.startswith(f"{file}: wear +")
        assert line.endswith("→ 2")
    assert last.startswith("2 of 2 reports would change: demo-")
    assert " → suspicious-" in last


@pytest.mark.system
@pytest.mark.usefixtures("served_once")
def test_same_archive_changes_nothing(demo_archive: Path, folder: Path) -> None:
    *lines, last = compare(demo_archive, demo_archive, [str(folder)])
    assert lines == [f"{file}: no change" for file in sorted(folder.iterdir())]
    assert last.startswith("0 of 2 reports would change")


def observation(kind: str = "mug", material: str = "ceramic", wear: tuple[str, ...] = ()) -> Observation:
    (drawn,) = GOODS.departments.values()
    return Observation(
        kinds=(KindSeen(kind, kind, 0.9),),
        rest=(0.0, 0.1),
        said=None,
        department="drawn",
        material={one.id: 0.9 if one.id == material else 0.01 for one in drawn.materials},
        colour={},
        pattern={},
        wear=({tag.id: (0.8,) if tag.id in wear else (0.1,) for tag in drawn.wear},),
        caption="",
        artifact="demo-0",
        catalogue=GOODS.version,
        calibrated=True,
        thresholds={"type": 0.6, "material": 0.7},
    )


def differences(old: Observation, new: Observation) -> list[str]:
    return replay.differences(assess(old, None, GOODS), assess(new, None, GOODS))


def test_each_difference_is_worded() -> None:
    old, new = observation(wear=("chip",)), observation("vase", "glass", ("crack", "stain"))
    *first, last = differences(old, new)
    assert first == [
        "type mug (0.90) → vase (0.90)",
        "material ceramic (0.90) → glass (0.90)",
        "wear +crack (0.80), +stain (0.80), -chip (0.80)",
    ]
    assert re.fullmatch(r"score \d+ → \d+", last)


def test_question_of_one_archive_is_worded() -> None:
    goods = catalogue.load().select(["shoes"])
    (shoes,) = goods.departments.values()
    coloured = replace(
        observation(),
        kinds=(KindSeen(shoes.kinds[0].id, shoes.kinds[0].answer, 0.9),),
        department="shoes",
        material={shoes.materials[0].id: 0.9},
        colour={goods.colours[0].id: 0.8},
        wear=({tag.id: (0.1,) for tag in shoes.wear},),
        thresholds={"type": 0.6, "material": 0.7, "colour": 0.5},
    )
    found = replay.differences(assess(observation(), None, GOODS), assess(coloured, None, goods))
    assert f"colour not asked → {goods.colours[0].id} (0.80)" in found


def test_confidence_alone_is_no_difference() -> None:
    old = observation()
    new = replace(old, caption="a mug", material={name: p * 0.9 for name, p in old.material.items()})
    assert differences(old, new) == []


def test_invalid_photo_is_named(demo_archive: Path, tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hello")
    with pytest.raises(ArtifactError, match=r"note\.txt: is not a photo"):
        compare(demo_archive, demo_archive, [str(tmp_path / "note.txt")])
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtifactError, match="empty: holds no photo"):
        compare(demo_archive, demo_archive, [str(tmp_path / "empty")])


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="photos")
        yield "photos"


def test_stored_photos_are_grouped_by_report(bucket: str, photos: list[Image.Image]) -> None:
    for key, photo in zip(("ann/r1/1.jpg", "ann/r1/2.jpg", "ann/r2/1.jpg"), photos, strict=True):
        stream = io.BytesIO()
        photo.save(stream, "JPEG")
        boto3.client("s3").put_object(Bucket=bucket, Key=f"photos/{key}", Body=stream.getvalue())
    first, second = photo_sets(["s3://photos/photos/ann/"], 50)
    assert (first.name, len(first.photos)) == ("s3://photos/photos/ann/r1", 2)
    assert (second.name, len(second.photos)) == ("s3://photos/photos/ann/r2", 1)
    assert photo_sets(["s3://photos/photos/"], 1) == [first]


@pytest.mark.usefixtures("bucket")
def test_place_without_photos_is_named() -> None:
    with pytest.raises(ArtifactError, match="s3://photos/photos/bob: holds no photo"):
        photo_sets(["s3://photos/photos/bob"], 50)
    with pytest.raises(ArtifactError, match=r"s3://other/photos: cannot be read: .*NoSuchBucket"):
        photo_sets(["s3://other/photos"], 50)


def test_broken_archive_is_named(demo_archive: Path, tmp_path: Path, folder: Path) -> None:
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(demo_archive.read_bytes()[:100_000])
    with pytest.raises(ArchiveError, match=r"broken\.tar\.gz: cannot be unpacked"):
        compare(broken, demo_archive, [str(folder)])
    with tarfile.open(broken, "w:gz") as tar:
        tar.add(MODEL / "config.json", "config.json")
    with pytest.raises(ArchiveError, match=r"broken\.tar\.gz: holds no code/inference\.py"):
        compare(broken, demo_archive, [str(folder)])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise ValueError('no luck')", r"code/inference\.py cannot be served: ValueError: no luck"),
        ("import no_such_module", r"code/inference\.py cannot be imported: .*no_such_module"),
        (
            "def model_fn(folder): return None\n"
            "def input_fn(body, content_type): raise ValueError('wear: too long')\n"
            "def predict_fn(request, model): return None\n"
            "def output_fn(answer, accept): return None\n",
            "its handlers fail on the request: ValueError: wear: too long",
        ),
    ],
)
def test_failing_handlers_are_quoted(
    demo_archive: Path, tmp_path: Path, folder: Path, code: str, message: str
) -> None:
    (tmp_path / "inference.py").write_text(code)
    broken = tmp_path / "broken.tar.gz"
    with tarfile.open(broken, "w:gz") as tar:
        tar.add(tmp_path / "inference.py", "code/inference.py")
        tar.add(MODEL / "catalogue.json", "catalogue.json")
    with pytest.raises(ArchiveError, match=f"broken.tar.gz: {message}"):
        compare(broken, demo_archive, [str(folder)])


def test_terminated_command_leaves_nothing(demo_archive: Path, tmp_path: Path, folder: Path) -> None:
    noted, temporary = tmp_path / "pid", tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "inference.py").write_text(
        f"import os, time\nopen({str(noted)!r}, 'w').write(f'{{os.getpid()}}.')\ntime.sleep(600)\n"
    )
    slow = tmp_path / "slow.tar.gz"
    with tarfile.open(slow, "w:gz") as tar:
        tar.add(tmp_path / "inference.py", "code/inference.py")
        tar.add(MODEL / "catalogue.json", "catalogue.json")
    command = ("-m", "model_artifacts.blip2", "replay", "--old", slow, "--new", demo_archive, folder)
    with subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env=os.environ | {"TMPDIR": str(temporary)}
    ) as process:
        while not (noted.is_file() and noted.read_text().endswith(".")):
            assert process.poll() is None
            time.sleep(0.05)
        process.terminate()
    assert process.returncode == 130
    assert not psutil.pid_exists(int(noted.read_text()[:-1]))
    assert list(temporary.iterdir()) == []
