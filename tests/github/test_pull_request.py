"""The workflow `pull-request`: what a change does is compared with its base, and posted as one comment."""

from pathlib import Path

import pytest

from tests.github.jobs import Runner, jobs, wanted

OURS = "gh api --paginate repos/shop/vitrine/issues/7/comments"


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path, {"github": {"token": "the-token", "event": {"pull_request": {"number": "7"}}}})


def post(runner: Runner, text: bytes) -> str:
    """Run the job that comments with a text; return the body that it sent."""
    folder = runner.checkout / "comment"
    folder.mkdir()
    (folder / "comment.md").write_bytes(text)
    assert runner.run("pull-request", "comment")
    return (runner.checkout / "body.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("labels", "allow"),
    [("data-loss\\nbug\\nbreaking-api", "data-loss breaking-api"), ("bug\\nno-data-loss", ""), ("", "")],
)
def test_known_labels_allow_what_the_merge_changes(runner: Runner, labels: str, allow: str) -> None:
    runner.answer("gh pr view 7 --json labels", output=f"{labels}\\n")
    assert runner.run("pull-request", "diff")
    assert runner.calls()[-1] == f"make --silent diff BASE=HEAD^1 ALLOW={allow} COMMENT=comment.md"


def test_token_is_not_beside_the_code() -> None:
    for step in jobs()["pull-request/diff"]["steps"]:
        assert "make" not in step.get("run", "") or "GH_TOKEN" not in step.get("env", {})


def test_refused_change_is_shown_in_the_summary(runner: Runner) -> None:
    (runner.checkout / "comment.md").write_text("## What a deployment would change\n")
    runner.answer("make --silent diff", status=2)
    assert not runner.run("pull-request", "diff")
    assert "What a deployment would change" in (runner.folder / "summary").read_text()
    assert runner.outputs("pull-request", "diff") == {"written": "true"}


@pytest.mark.parametrize(
    ("head", "written", "posts"),
    [("shop/vitrine", "true", True), ("fork/vitrine", "true", False), ("shop/vitrine", "", False)],
)
def test_forks_are_not_commented(head: str, written: str, posts: bool) -> None:
    event = {"pull_request": {"head": {"repo": {"full_name": head}}}}
    needs = {"diff": {"outputs": {"written": written}, "result": "failure"}}
    context = {"github": {"event": event, "repository": "shop/vitrine"}, "needs": needs}
    assert wanted(jobs()["pull-request/comment"]["if"], context, state="failure") is posts


def test_first_comment_is_made(runner: Runner) -> None:
    assert "nothing changes" in post(runner, b"nothing changes")
    assert runner.calls()[-1] == "gh api --silent repos/shop/vitrine/issues/7/comments --field body=@body.md"


def test_later_one_is_edited_in_place(runner: Runner) -> None:
    runner.answer(OURS, output="41\\n42\\n")
    post(runner, b"nothing changes")
    edited = "gh api --silent --method PATCH repos/shop/vitrine/issues/comments/41 --field body=@body.md"
    assert runner.calls()[-1] == edited


def test_text_is_cut_to_what_github_takes(runner: Runner) -> None:
    body = post(runner, "é".encode() * 40_000)
    assert len(body.encode()) < 65_536
    assert body.startswith("<!-- ") and body.endswith("é")


@pytest.mark.parametrize("failing", ["gh api --paginate", "gh api --silent"])
def test_comment_that_cannot_be_posted_is_said(runner: Runner, failing: str) -> None:
    runner.answer(failing, status=1)
    post(runner, b"nothing changes")
    assert "could not be posted" in (runner.folder / "summary").read_text()
