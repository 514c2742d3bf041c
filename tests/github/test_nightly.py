"""The workflows `nightly` and `model`: what fails is noted in one issue, what changes is proposed."""

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from cli.cdk import ROOT
from ops.aws.stack_drift import Difference, StackDrift
from planning.prices.commands import DIFFERENT
from tests.github.jobs import Runner, jobs, wanted

COMMIT = "c" * 40


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def script(runner: Runner, name: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    variables = {
        "PATH": f"{runner.folder}/bin:/usr/bin:/bin",
        "RUN": "run 7",
        "GITHUB_WORKFLOW": "w",
        "GITHUB_RUN_ATTEMPT": "2",
        "MADE_IN": "2",
    } | variables
    command = [str(ROOT / ".github/scripts" / name), *arguments]
    return subprocess.run(
        command, cwd=runner.checkout, env=variables, capture_output=True, text=True, check=False
    )


def notes(runner: Runner) -> dict[str, str]:
    return {file.name: file.read_text() for file in (runner.checkout / "notes").glob("*.md")}


def test_upstream_is_asked_for_everything(runner: Runner) -> None:
    runner.context |= {"vars": {"MODEL": "acme/blip2", "MODEL_REVISION": COMMIT}}
    runner.answer("make audit", status=1, output="jinja2 2.10 has CVE-1\\n")
    assert runner.run("nightly", "upstream")
    assert runner.calls() == [
        "make setup-test",
        "make audit",
        "python -m planning prices check",
        "python -m supply_chain base-images",
        f"python -m model_artifacts.blip2 watch --model acme/blip2 --revision {COMMIT}",
    ]
    assert notes(runner) == {
        "Vulnerable-packages.md": "## Vulnerable packages\n\n```\njinja2 2.10 has CVE-1\n\n```\n\n"
    }


def test_unpinned_model_is_not_watched(runner: Runner) -> None:
    assert runner.run("nightly", "upstream")
    assert not any("watch" in call for call in runner.calls())


ROLE = "arn:aws:iam::123456789012:role/x"
FOUND_BY_DRIFT = (
    StackDrift("vitrine-prod-model"),
    StackDrift(
        "vitrine-prod-hooks",
        (
            Difference("Policy", "AWS::IAM::Policy", "/PolicyDocument", ROLE, ""),
            Difference("Queue", "AWS::SQS::Queue", "/VisibilityTimeout", "90", "30"),
            Difference("Policy", "AWS::IAM::Policy", "/Roles", ROLE, "[]"),
        ),
        ("Function",),
        (f"User: {ROLE} is not authorized", "Topic: unknown"),
    ),
)


def test_drift_is_noted_without_values(runner: Runner) -> None:
    runner.context |= {"matrix": {"environment": "prod"}}
    found = json.dumps([asdict(one) for one in FOUND_BY_DRIFT])
    runner.answer("python -m ops drift --env prod --json", status=1, output=found)
    assert runner.run("nightly", "drift")
    assert notes(runner)["Drift-of-prod.md"].splitlines()[3:-3] == [
        "vitrine-prod-hooks/Policy (AWS::IAM::Policy): 2",
        "vitrine-prod-hooks/Queue (AWS::SQS::Queue): 1",
        "vitrine-prod-hooks: not compared: 2",
    ]


def test_drift_is_logged_with_values(runner: Runner) -> None:
    found = json.dumps([asdict(one) for one in FOUND_BY_DRIFT])
    runner.answer("python -m ops drift", status=1, output=found)
    done = script(runner, "drift.sh", "prod")
    assert (done.returncode, ROLE in done.stderr, ROLE in done.stdout) == (1, True, False)


def test_unchanged_account_makes_no_note(runner: Runner) -> None:
    runner.answer("python -m ops drift", output=json.dumps([asdict(FOUND_BY_DRIFT[0])]))
    assert runner.run("nightly", "drift")
    assert notes(runner) == {}


def test_check_that_fails_itself_is_noted(runner: Runner) -> None:
    # As without the right to assume the role: errors go to standard error.
    runner.answer("python -m ops drift", status=1)
    assert runner.run("nightly", "drift")
    assert "its log says why" in notes(runner)["Drift-of-.md"]


def test_progress_changes_no_note(runner: Runner) -> None:
    command = "echo $RANDOM packages in $RANDOM ms >&2; echo jinja2 has CVE-1; exit 1"
    done = script(runner, "note.sh", "Packages", "bash", "-c", command)
    assert "packages in" in done.stderr
    assert notes(runner) == {"Packages.md": "## Packages\n\n```\njinja2 has CVE-1\n\n```\n\n"}


def test_key_of_the_llm_is_no_argument(runner: Runner) -> None:
    runner.context |= {"secrets": {"OPENAI_API_KEY": "the-key"}}
    assert runner.run("nightly", "prices")
    assert runner.calls() == ["make setup-test", "python -m planning prices refresh --write"]


@pytest.mark.parametrize(
    ("status", "succeeds", "then"),
    [(0, True, []), (DIFFERENT, True, ["make operations", "git diff"]), (1, False, []), (2, False, [])],
)
def test_changed_prices_alone_are_proposed(
    runner: Runner, status: int, succeeds: bool, then: list[str]
) -> None:
    runner.answer("python -m planning prices refresh", status)
    runner.answer("git diff", output="a patch")
    assert runner.run("nightly", "prices") is succeeds
    assert runner.calls()[2:] == then
    assert (runner.temp / "prices.patch").read_text() == ("a patch" if then else "")


def test_findings_become_an_issue(runner: Runner) -> None:
    (runner.checkout / "notes").mkdir()
    (runner.checkout / "notes" / "a.md").write_text("## Drift\n")
    assert script(runner, "issue.sh", "drift=success", "prices=failure").returncode == 0
    listed, made = runner.calls()
    assert listed.startswith("gh issue list --label nightly --state open")
    assert made.startswith("gh issue create --title Nightly findings --label nightly --body-file ")
    body = Path(made.rpartition(" ")[2]).read_text()
    assert "run 7" in body and "## Drift" in body and "## The job prices" in body


FOUND = (
    "Found by run 6.\\r\\n\\r\\n## The job drift\\r\\n\\r\\nIt ended as failure, "
    "so its findings are missing.\\n"
)


@pytest.mark.parametrize(
    ("result", "before", "done"),
    [
        ("success", FOUND, ["close"]),
        ("failure", FOUND, ["view", "edit"]),
        ("failure", FOUND.replace("failure", "cancelled"), ["view", "edit", "comment"]),
    ],
)
def test_open_issue_follows_the_findings(runner: Runner, result: str, before: str, done: list[str]) -> None:
    runner.answer("gh issue list", output="12\\n")
    runner.answer("gh issue view 12", output=before)
    assert script(runner, "issue.sh", f"drift={result}").returncode == 0
    assert [call.split()[2:4] for call in runner.calls()[1:]] == [[verb, "12"] for verb in done]


def test_nothing_found_makes_no_issue(runner: Runner) -> None:
    assert script(runner, "issue.sh", "drift=success", "propose=skipped").returncode == 0
    assert len(runner.calls()) == 1


def test_long_output_fits_an_issue(runner: Runner) -> None:
    runner.answer("make long", status=3, output="x" * 20_000)
    assert script(runner, "note.sh", "Long", "make", "long").returncode == 0
    assert len(notes(runner)["Long.md"]) < 8_100


@pytest.fixture
def repository(runner: Runner) -> Path:
    """A checkout with a remote, and a patch of its one file."""
    (runner.folder / "bin" / "git").unlink()
    (runner.checkout / ".github").unlink()
    remote = runner.folder / "remote"
    (runner.checkout / "prod.toml").write_text("one\n")
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (
        ["init", "--quiet", "--bare", str(remote)],
        ["init", "--quiet"],
        ["add", "prod.toml"],
        [*identity, "commit", "--quiet", "--message", "one"],
        ["remote", "add", "origin", str(remote)],
    ):
        subprocess.run(["git", *arguments], cwd=runner.checkout, check=True)
    (runner.checkout / "prod.toml").write_text("two\n")
    with (runner.folder / "patch").open("w") as patch:
        subprocess.run(["git", "diff"], cwd=runner.checkout, stdout=patch, check=True)
    subprocess.run(["git", "checkout", "--quiet", "."], cwd=runner.checkout, check=True)
    return remote


def test_change_becomes_a_pull_request(runner: Runner, repository: Path) -> None:
    token = {"GH_TOKEN": "the-token", "HOME": str(runner.folder)}
    done = script(runner, "propose.sh", str(runner.folder / "patch"), "model-dev", "Name it", **token)
    assert done.returncode == 0, done.stderr
    shown = ["git", "show", "model-dev:prod.toml"]
    assert subprocess.run(shown, cwd=repository, capture_output=True, check=True).stdout == b"two\n"
    assert [call.split()[1:3] for call in runner.calls() if call.startswith("gh")] == [
        ["auth", "setup-git"],
        ["pr", "list"],
        ["pr", "create"],
    ]
    assert not any("the-token" in call for call in runner.calls())


def test_open_pull_request_is_kept(runner: Runner, repository: Path) -> None:
    runner.answer("gh pr list", output="5\\n")
    done = script(runner, "propose.sh", str(runner.folder / "patch"), "b", "t", HOME=str(runner.folder))
    assert done.returncode == 0, done.stderr
    assert not any("create" in call for call in runner.calls())


def proposed(runner: Runner, repository: Path, content: str, made_in: str) -> tuple[int, str]:
    """Return the status of a proposal of prod.toml with this content, and what the branch has then."""
    subprocess.run(["git", "checkout", "--quiet", "--detach", "one"], cwd=runner.checkout, check=True)
    subprocess.run(["git", "branch", "--quiet", "--force", "-D", "b"], cwd=runner.checkout, check=False)
    (runner.checkout / "prod.toml").write_text(content)
    with (runner.folder / "patch").open("w") as patch:
        subprocess.run(["git", "diff"], cwd=runner.checkout, stdout=patch, check=True)
    subprocess.run(["git", "checkout", "--quiet", "."], cwd=runner.checkout, check=True)
    variables = {"HOME": str(runner.folder), "MADE_IN": made_in}
    done = script(runner, "propose.sh", str(runner.folder / "patch"), "b", "t", **variables)
    shown = subprocess.run(["git", "show", "b:prod.toml"], cwd=repository, capture_output=True, check=True)
    return done.returncode, shown.stdout.decode()


def test_earlier_attempt_replaces_no_later_proposal(runner: Runner, repository: Path) -> None:
    subprocess.run(["git", "tag", "one"], cwd=runner.checkout, check=True)
    # Nothing is proposed yet; then the same, as where a pull request could not be opened.
    assert proposed(runner, repository, "two\n", "1") == (0, "two\n")
    assert proposed(runner, repository, "two\n", "1") == (0, "two\n")
    assert proposed(runner, repository, "three\n", "2") == (0, "three\n")
    assert proposed(runner, repository, "two\n", "1") == (1, "three\n")


@pytest.mark.parametrize(("failing", "status"), [("ls-remote", 128), ("fetch", 128), ("diff", 129)])
def test_unanswered_look_proposes_nothing(
    runner: Runner, repository: Path, failing: str, status: int
) -> None:
    subprocess.run(["git", "tag", "one"], cwd=runner.checkout, check=True)
    assert proposed(runner, repository, "three\n", "2") == (0, "three\n")
    broken = runner.folder / "bin" / "git"
    broken.write_text(f'#!/bin/sh\n[ "$1" = {failing} ] && exit {status}\nexec /usr/bin/git "$@"\n')
    broken.chmod(0o755)
    assert proposed(runner, repository, "two\n", "1") == (1 if failing != "fetch" else 128, "three\n")


def test_proposal_in_between_is_kept(runner: Runner, repository: Path) -> None:
    subprocess.run(["git", "tag", "one"], cwd=runner.checkout, check=True)
    assert proposed(runner, repository, "two\n", "2") == (0, "two\n")
    # Another run pushes after the look and before the push.
    other = f"git --git-dir={repository} update-ref refs/heads/b $(git rev-parse one)"
    between = runner.folder / "bin" / "git"
    between.write_text(f'#!/bin/sh\nPATH=/usr/bin\n[ "$1" = push ] && {other}\nexec git "$@"\n')
    between.chmod(0o755)
    status, content = proposed(runner, repository, "three\n", "2")
    assert (status != 0, content) == (True, "one\n")


def test_empty_patch_is_no_pull_request(runner: Runner, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert script(runner, "propose.sh", str(tmp_path / "empty"), "b", "t").returncode == 0
    assert runner.calls() == []


@pytest.mark.parametrize(
    ("context", "arguments"),
    [
        ({}, "--model demo"),
        ({"vars": {"MODEL": "a/b", "MODEL_REVISION": COMMIT}}, f"--model a/b --revision {COMMIT}"),
        ({"inputs": {"model": "demo"}, "vars": {"MODEL": "a/b", "MODEL_REVISION": COMMIT}}, "--model demo"),
        ({"inputs": {"model": "$(touch pwned)", "revision": "; x"}}, "--model $(touch pwned) --revision ; x"),
    ],
)
def test_model_is_packaged_as_asked(
    runner: Runner, context: dict[str, dict[str, str]], arguments: str
) -> None:
    runner.context |= context
    assert runner.run("model", "archive")
    archive = "TEMP/blip2-endpoint.tar.gz"
    assert runner.calls() == [
        "make setup-test",
        f"python -m model_artifacts.blip2 package --out {archive} {arguments}",
        f"make flight-check ARTIFACT={archive}",
    ]
    assert not (runner.checkout / "pwned").exists()


def test_release_goes_where_it_was_asked(runner: Runner) -> None:
    runner.context |= {"inputs": {"environment": "prod"}}
    assert runner.run("model", "release")
    assert runner.calls() == [
        "make setup-test",
        "make forward ENV=prod ANY_MODEL=1",
        "make release ENV=prod ARTIFACT=TEMP/blip2-endpoint.tar.gz",
        "git diff -- environments",
    ]
    assert jobs()["model/release"]["needs"] == "archive"


@pytest.mark.parametrize(
    ("failing", "last"),
    [("make release", "make canary ENV=dev"), ("make forward", "make forward ENV=dev ANY_MODEL=1")],
)
def test_ended_release_leaves_no_canary(runner: Runner, failing: str, last: str) -> None:
    runner.answer(failing, status=1)
    assert not runner.run("model", "release")
    assert runner.calls()[-1] == last


@pytest.mark.parametrize(
    ("result", "begun", "runs"),
    [("cancelled", "success", True), ("cancelled", "", False), ("failure", "success", False)],
)
def test_cancelled_release_leaves_no_canary(runner: Runner, result: str, begun: str, runs: bool) -> None:
    needs = {"release": {"result": result, "outputs": {"begun": begun}}}
    assert wanted(jobs()["model/cancelled"]["if"], {"needs": needs}, state="cancelled") is runs
    assert runner.run("model", "cancelled")
    assert runner.calls() == ["make setup-deploy", "make canary ENV=dev"]
