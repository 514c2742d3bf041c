"""`python -m ops diff OLD NEW`: the forms of its output, its statuses and its errors."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.cdk import ROOT
from ops.__main__ import main


def edit(folder: Path, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    file = folder / name
    value = json.loads(file.read_text("utf-8"))
    change(value)
    file.write_text(json.dumps(value), "utf-8")


def shorten_and_enlarge(template: dict[str, Any]) -> None:
    for one in template["Resources"].values():
        if one["Type"] == "AWS::S3::Bucket" and "CorsConfiguration" in one["Properties"]:
            one["Properties"]["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] = 7
    template["Outputs"]["Shop"] = {"Value": "open"}


def double_cpu(template: dict[str, Any]) -> None:
    (task,) = (one for one in template["Resources"].values() if one["Type"] == "AWS::ECS::TaskDefinition")
    task["Properties"]["Cpu"] = "2048"


@pytest.fixture(scope="module")
def changed(synthesized: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of both environments in which prod loses photos and costs more."""
    folder = tmp_path_factory.mktemp("changed") / "cdk.out"
    shutil.copytree(synthesized, folder)
    edit(folder, "prod/vitrine-prod-storage.template.json", shorten_and_enlarge)
    edit(folder, "prod/vitrine-prod-analyze.template.json", double_cpu)
    return folder


def test_text_and_comment_say_the_same(
    synthesized: Path, changed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "comment.md"
    assert main(["diff", str(synthesized), str(changed), "--comment", str(file)]) == 2
    out, written = capsys.readouterr().out, file.read_text("utf-8")
    assert out.startswith("Refused: data would be lost.")
    assert "prod: data loss\n" in out
    assert "### prod: data loss\n" in written
    for text in (out, written):
        assert "objects older than 7 days are deleted; 365 days so far" in text
        assert "output Shop is new" in text
        assert "is replaced: Cpu: 1024 → 2048" in text
        assert "Costs: +52." in text
        assert "dev: nothing changes" in text
        assert "local" not in text  # it does not deploy


def test_label_allows_and_json_says_it(
    synthesized: Path, changed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = str(synthesized / "prod"), str(changed / "prod")
    assert main(["diff", old, new, "--json", "--allow", "data-loss"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["refused"] == []
    (one,) = data["environments"]
    assert (one["environment"], one["verdict"]) == ("prod", "data loss")
    assert one["consequences"][0]["severity"] == "data loss"
    assert one["cost"]["idle_usd_month_change"] == pytest.approx(52, abs=1)
    assert one["cost"]["usd_per_1000_reports_change"] == pytest.approx(0, abs=0.01)


def test_nothing_changes(synthesized: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = str(ROOT / "docs" / "openapi.json")
    assert main(["diff", str(synthesized), str(synthesized), "--openapi", document, document]) == 0
    assert capsys.readouterr().out == "Nothing changes in dev and prod.\n"


def test_breaking_api_is_refused(
    synthesized: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = ROOT / "docs" / "openapi.json"
    new = Path(shutil.copy(old, tmp_path))
    edit(tmp_path, "openapi.json", lambda one: one["paths"].pop("/uploads"))
    command = ["diff", str(synthesized), str(synthesized), "--openapi", str(old), str(new)]
    assert main(command) == 2
    assert "✗ breaks POST /uploads: the path is gone" in capsys.readouterr().out
    assert main([*command, "--allow", "breaking-api"]) == 0


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda folder: folder.rename(folder.with_name("gone")), "there is no such folder"),
        (lambda folder: shutil.rmtree(folder / "dev"), "holds no assembly of the CDK"),
        (
            lambda folder: (folder / "dev" / "settings.json").unlink(),
            "dev/settings.json: there is no such file",
        ),
        (lambda folder: (folder / "dev" / "settings.json").write_text("{}"), "names no environment"),
        (
            lambda folder: (folder / "dev" / "vitrine-dev-web.template.json").write_text('{"Resources": '),
            "vitrine-dev-web.template.json: it cannot be read",
        ),
        (
            lambda folder: (folder / "dev" / "vitrine-dev-web.template.json").write_text(
                '{"Resources": {"A": 1}}'
            ),
            "a resource has no type",
        ),
    ],
)
def test_broken_folder_is_named(
    broken: Callable[[Path], object], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cdk.out"
    (folder / "dev").mkdir(parents=True)
    (folder / "dev" / "settings.json").write_text('{"name": "dev", "target": "aws"}')
    (folder / "dev" / "vitrine-dev-web.template.json").write_text('{"Resources": {}}')
    broken(folder)
    assert main(["diff", str(folder), str(folder)]) == 1
    error = capsys.readouterr().err
    assert words in error
    assert "hint: " in error


@pytest.mark.parametrize(
    "given", [[], ["one"], ["one", "two", "--env", "prod"], ["--env", "a", "--base", "b"]]
)
def test_one_form_is_chosen(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", *given]) == 2
    assert "Pass two folders, or --base, or --env." in capsys.readouterr().err
