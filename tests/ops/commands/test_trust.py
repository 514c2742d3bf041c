"""What `python -m ops trust` prints: the deployed policies, and a step that shows claims and no token."""

import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

from cli.errors import UserError
from ops.commands.trust import SHOW_CLAIMS, trust
from tests.ops.conftest import make_settings
from tests.stacks.delivery.roles import DEV, PROD, PROVIDER, delivered

CLAIMS = {
    "sub": "repo:shop@1234/vitrine@5678:environment:dev",
    "repository_id": "5678",
    "ref": "refs/heads/main",
    "aud": "sts.amazonaws.com",
    "actor": "ana",
}


def printed(lines: list[str]) -> list[dict[str, object]]:
    return [json.loads(line[line.index("{") :]) for line in lines if "\n{" in line]


def test_printed_policies_are_the_deployed() -> None:
    lines: list[str] = []
    trust(DEV, lines.append)
    roles = delivered(DEV)
    assert printed(lines) == [roles.deploy.trust, roles.lookup.trust]
    assert PROVIDER in lines[0]


def test_commands_name_repository_and_environments() -> None:
    lines: list[str] = []
    trust(DEV, lines.append)
    text = "\n".join(lines)
    assert "gh api repos/shop/vitrine/actions/oidc/customization/sub" in text
    assert "gh variable set DEPLOY_ROLE_ARN --repo shop/vitrine --env dev \\" in text
    assert "gh variable set LOOKUP_ROLE_ARN --repo shop/vitrine --env dev-lookup \\" in text
    assert "--name /vitrine/dev/deploy-role-arn" in text


def test_only_main_may_deploy_to_githubs_environments() -> None:
    lines: list[str] = []
    trust(DEV, lines.append)
    text = "\n".join(lines)
    for environment in ("dev", "dev-lookup"):
        assert f"environments/{environment}/deployment-branch-policies -f name=main" in text
        assert f"for jobs of GitHub's environment {environment} on main alone" in text


def test_reviewers_are_not_taken_away_unsaid() -> None:
    # What becomes of those that a PUT leaves out, GitHub's reference does not say.
    lines: list[str] = []
    trust(PROD, lines.append)
    (commands,) = (text for text in lines if "--method PUT" in text)
    said, _, printed = commands.partition("gh api")
    assert "PUT is for a new environment" in said and "reviewers" in said
    assert "reviewers" not in printed


def test_reviewers_are_advised_by_plan() -> None:
    # https://docs.github.com/actions/reference/environments
    lines: list[str] = []
    trust(PROD, lines.append)
    plans = lines[-1]
    assert "private, GitHub Pro or Team      environments and their branch; no required reviewers" in plans
    assert "name them for prod" in plans
    # Otherwise by hand, by an input that the workflow has.
    assert "gh workflow run deploy.yml --repo shop/vitrine --ref main -f prod=true" in plans
    trust(DEV, lines.append)
    assert "name them" not in lines[-1]
    assert "dev-lookup must have no reviewers" in lines[-1]


def test_step_shows_claims_without_token(tmp_path: Path) -> None:
    payload = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).rstrip(b"=").decode()
    curl = tmp_path / "curl"
    curl.write_text(f'#!/bin/sh\necho "$@" >"{tmp_path}/asked"\necho \'{{"value": "h.{payload}.s"}}\'\n')
    curl.chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-token",
        "ACTIONS_ID_TOKEN_REQUEST_URL": "https://token.example?v=1",
    }
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", SHOW_CLAIMS],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = ("sub", "repository_id", "ref", "aud")
    assert done.stdout.splitlines() == [f"{name}: {CLAIMS[name]}" for name in shown]
    asked = (tmp_path / "asked").read_text()
    assert "https://token.example?v=1&audience=sts.amazonaws.com" in asked


def test_without_section_says_what_to_do() -> None:
    with pytest.raises(UserError, match=r"no section \[delivery\]"):
        trust(make_settings(), print)
