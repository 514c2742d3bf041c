"""A workflow that gives too much away, or that GitHub would refuse, fails with what to do."""

from pathlib import Path

import pytest

from supply_chain.workflows import unpinned_actions, workflow_violations

PINNED = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"
BROKEN = """name: broken
on: pull_request
permissions:
  contents: read
jobs:
  job:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - uses: actions/checkout@v7
        with:
          persist-credentials: false
      - run: echo "${{ github.event.pull_request.title }}"
"""


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    file = tmp_path / ".github/workflows/broken.yml"
    file.parent.mkdir(parents=True)
    return file


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("- uses: actions/checkout@v7", "actions/checkout@v7 is not pinned by a commit"),
        ("- uses: actions/checkout", "is not pinned by a commit"),
        (f"uses: {PINNED[:-1]} # v7.0.1", "is not pinned by a commit"),
        (f"- uses: {PINNED}", "has no comment with its version"),
        (f"- uses: {PINNED} # newest", "has no comment with its version"),
    ],
)
def test_unpinned_action_is_refused(workflow: Path, line: str, problem: str) -> None:
    workflow.write_text(f"steps:\n  {line}\n")
    (finding,) = unpinned_actions(workflow)
    assert finding.subject == f"{workflow}:2"
    assert problem in finding.text
    assert "Write actions/checkout@COMMIT # vX.Y.Z" in finding.hint
    assert "git ls-remote --tags https://github.com/actions/checkout" in finding.hint


@pytest.mark.parametrize("line", [f"- uses: {PINNED} # v7.0.1", "- uses: ./.github/actions/own"])
def test_pinned_action_is_allowed(workflow: Path, line: str) -> None:
    workflow.write_text(f"steps:\n  {line}\n")
    assert unpinned_actions(workflow) == []


def found(workflow: Path, text: str) -> list[str]:
    workflow.write_text(text)
    findings = workflow_violations(workflow.parents[1])
    assert all(finding.level == "failure" and finding.hint for finding in findings)
    return [f"{Path(finding.subject).name} {finding.text}" for finding in findings]


def test_what_github_refuses_is_found(workflow: Path) -> None:
    texts = found(workflow, BROKEN.replace("timeout-minutes: 5", "timeout-minutes: lots"))
    assert any(text.startswith("broken.yml ") and "timeout-minutes" in text for text in texts)


def test_injected_title_is_found(workflow: Path) -> None:
    texts = found(workflow, BROKEN)
    assert any(text.startswith("broken.yml:10 actions/checkout@v7 is not pinned") for text in texts)
    assert any(text.startswith("broken.yml:13 ") and "potentially untrusted" in text for text in texts)
    assert any(text.startswith("broken.yml:13 ") and "template-injection" in text for text in texts)
    assert not any("ubuntu-24.04" in text for text in texts)
