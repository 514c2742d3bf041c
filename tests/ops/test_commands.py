"""`python -m ops` itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError

from cli.errors import UserError
from model_artifacts.blip2.tools.errors import ArtifactError
from ops import __main__ as ops
from ops.__main__ import main

COMMANDS = [
    "doctor",
    "bootstrap",
    "canary",
    "deploy",
    "smoke",
    "image",
    "digest",
    "drift",
    "forward",
    "pause",
    "resume",
    "redrive",
    "destroy",
    "trust",
]


@pytest.mark.parametrize("command", [*COMMANDS, "diff", "promote", "release", "rollback", "posthog"])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert f"python -m ops {command}" in capsys.readouterr().out


def failed(command: str) -> int:
    """The status of a command that fails: of `drift`, 1 says that something differs."""
    return 2 if command == "drift" else 1


@pytest.mark.parametrize("command", COMMANDS)
def test_unknown_environment_names_choices(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--env", "prd"]) == failed(command)
    assert "choose one of dev, local, prod" in capsys.readouterr().err


@pytest.mark.parametrize("command", [command for command in COMMANDS if command != "smoke"])
def test_local_environment_is_refused(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--env", "local"]) == failed(command)
    assert "make up" in capsys.readouterr().err


def test_missing_profile_is_reported(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert main(["doctor", "--env", "dev"]) == 1
    out = capsys.readouterr().err
    assert "(missing) could not be found" in out
    assert "hint: Set AWS_PROFILE" in out


@pytest.mark.parametrize(
    ("error", "status", "out"),
    [
        (UserError("It broke.", hint="Mend it."), 1, "error: It broke.\n  hint: Mend it.\n"),
        (ArtifactError("No model."), 1, "error: No model.\n"),
        (ModuleNotFoundError(name="torch"), 1, "The package torch is not installed"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject"),
            1,
            "AWS refuses PutObject: no",
        ),
        (S3UploadFailedError("Failed to upload a.tgz"), 1, "error: Failed to upload a.tgz"),
        (NoCredentialsError(), 1, "Unable to locate credentials"),
        (KeyboardInterrupt(), 130, "the same command continues from there"),
    ],
)
def test_errors_are_explained_without_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    out: str,
) -> None:
    def fail(named: str, **_: Any) -> None:
        raise error

    monkeypatch.setattr(ops.commands.commands["image"], "callback", fail)
    assert main(["image", "--env", "dev"]) == status
    assert out in capsys.readouterr().err


def test_parameter_mistake_is_not_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(named: str, **_: Any) -> None:
        raise ParamValidationError(report="Unknown parameter in input")

    monkeypatch.setattr(ops.commands.commands["image"], "callback", fail)
    with pytest.raises(ParamValidationError):
        main(["image", "--env", "dev"])


def test_smoke_test_reads_given_outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"ApiUrl": "https://a", "SupabaseUrl": "https://s", "SupabasePublishableKey": "k"}
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**outputs, "Region": "ca-central-1"}))
    params: list[Any] = []
    posted = True

    def smoke(*given: Any, photo: Path) -> bool:
        params.append(given[2])
        return posted

    monkeypatch.setattr("ops.commands.smoke.smoke", smoke)
    assert main(["smoke", "--env", "local", "--outputs", str(file)]) == 0
    assert params == [outputs]
    posted = False
    assert main(["smoke", "--env", "local", "--outputs", str(file)]) == 1
