"""`python -m ops` itself."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from cli import cdk
from cli.errors import UserError
from ops import __main__ as commands


@pytest.mark.parametrize(
    "command", ["doctor", "bootstrap", "deploy", "smoke", "image", "pause", "resume", "redrive", "destroy"]
)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main([command, "--help"])
    assert ended.value.code == 0
    assert f"python -m ops {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command", ["doctor", "bootstrap", "deploy", "smoke", "image", "pause", "resume", "redrive", "destroy"]
)
def test_an_environment_that_is_not_known_names_the_choices(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main([command, "--env", "prd"]) == 1
    assert "choose one of dev, local, prod" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", ["doctor", "bootstrap", "deploy", "image", "pause", "resume", "redrive", "destroy"]
)
def test_the_local_environment_is_not_deployed_into_an_account(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main([command, "--env", "local"]) == 1
    assert "make up" in capsys.readouterr().err


def test_a_profile_that_there_is_not_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert commands.main(["doctor", "--env", "dev"]) == 1
    said = capsys.readouterr().err
    assert "(nobody) could not be found" in said
    assert "hint: Set AWS_PROFILE" in said


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UserError("It broke.", hint="Mend it."), 1, "error: It broke.\n  hint: Mend it.\n"),
        (UserError("It broke."), 1, "error: It broke.\n"),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject"),
            1,
            "AWS refuses PutObject: no",
        ),
        (NoCredentialsError(), 1, "Unable to locate credentials"),
        (KeyboardInterrupt(), 130, "the same command goes on from there"),
    ],
)
def test_an_end_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    said: str,
) -> None:
    def fail(*arguments: Any) -> int:
        raise error

    monkeypatch.setitem(commands._COMMANDS, "image", fail)
    assert commands.main(["image", "--env", "dev"]) == status
    assert said in capsys.readouterr().err


def test_a_smoke_test_reads_the_outputs_that_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs = {"ApiUrl": "https://a", "SupabaseUrl": "https://s", "SupabasePublishableKey": "k"}
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps({**outputs, "Region": "ca-central-1"}))
    asked: list[Any] = []
    monkeypatch.setattr("ops.commands.smoke.smoke", lambda *given, photo: asked.append(given[2]))
    assert commands.main(["smoke", "--env", "local", "--outputs", str(file)]) == 0
    assert asked == [outputs]


def test_bootstrap_prepares_the_region_of_the_credentials_account(monkeypatch: pytest.MonkeyPatch) -> None:
    from moto import mock_aws

    ran: list[tuple[list[str], Path]] = []
    monkeypatch.setattr(cdk, "run", lambda command, folder, variables: ran.append((command, folder)))
    with mock_aws():
        assert commands.main(["bootstrap", "--env", "dev"]) == 0
    ((command, folder),) = ran
    assert command[3:5] == ["bootstrap", "aws://123456789012/ca-central-1"]
    assert not (folder / "cdk.json").exists()


def test_a_command_line_of_the_cdk_that_is_missing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cdk, "CDK", tmp_path / "none")
    with pytest.raises(UserError, match="not installed"):
        cdk.synth("dev", tmp_path)
