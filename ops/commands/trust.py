"""`python -m ops trust`: whose tokens the roles of [delivery] accept, and what to set in GitHub for them."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

from cli.errors import UserError
from settings.delivery import (
    AUDIENCE,
    BRANCH,
    ISSUER,
    LOOKUP_SUFFIX,
    deploy_conditions,
    lookup_conditions,
    trust_policy,
)
from settings.naming import parameter_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from settings.delivery import Delivery
    from settings.environment import Environment

_PROVIDER = f"arn:aws:iam::ACCOUNT:oidc-provider/{ISSUER}"
_BRANCH = BRANCH.rpartition("/")[2]
# The environment that the workflow `deploy` deploys by hand, or once approved.
_APPROVED = "prod"
# The step of a workflow that shows what its token says. The token itself, which can be used, is not printed.
SHOW_CLAIMS = f"""\
curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience={AUDIENCE}" |
  python3 -c 'import base64, json, sys
payload = json.load(sys.stdin)["value"].split(".")[1]
claims = json.loads(base64.urlsafe_b64decode(payload + "==="))
print(*(f"{{name}}: {{claims[name]}}" for name in ("sub", "repository_id", "ref", "aud")), sep="\\n")'
"""


def trust(settings: Environment, report: Callable[[str], object]) -> None:
    """Report the trust policies, how to preview a token's subject, and how to set up GitHub by its plan.

    Neither an account nor GitHub is asked. Raises UserError where the settings have no [delivery].
    """
    delivery = settings.delivery
    if delivery is None:
        raise UserError(
            f"The environment {settings.name} has no section [delivery], so no role trusts GitHub.",
            hint="Take the comments away from it in the environment's file, and deploy.",
        )
    provider = delivery.provider_arn or _PROVIDER
    for role, conditions in (
        ("DeployRoleArn", deploy_conditions(delivery, settings.name)),
        ("LookupRoleArn", lookup_conditions(delivery, settings.name)),
    ):
        whose = conditions["StringEquals"][f"{ISSUER}:sub"].rpartition(":")[2]
        title = f"{role}, for jobs of GitHub's environment {whose} on {_BRANCH} alone"
        report(f"{title}:\n{json.dumps(trust_policy(provider, conditions), indent=2)}\n")
    report(_preview(delivery))
    report(f"{_to_set(settings, delivery)}\n")
    report(_plans(settings, delivery.repository))


def _preview(delivery: Delivery) -> str:
    step = textwrap.indent(SHOW_CLAIMS, " " * 4)
    return f"""\
What a token says. The number of the repository, and how its subjects are made:

  gh api repos/{delivery.repository} --jq .id
  gh api repos/{delivery.repository}/actions/oidc/customization/sub

subject_prefix is {delivery.prefix}, which must be what a subject has before :environment:…
A repository made or renamed since 15 July 2026 has its numbers in it: repo:owner@1234/name@5678. A job with
`permissions: id-token: write` shows its own by this step, which does not print the token:

- run: |
{step}"""


def _to_set(settings: Environment, delivery: Delivery) -> str:
    repository, region = delivery.repository, settings.region
    lines = [
        f"What GitHub needs, once {settings.name} is deployed. PUT is for a new environment: it may take the",
        "reviewers away from one that is there. Set the branch of such a one in the repository's settings.",
        "",
    ]
    for environment, variable in (
        (settings.name, "DEPLOY_ROLE_ARN"),
        (f"{settings.name}{LOOKUP_SUFFIX}", "LOOKUP_ROLE_ARN"),
    ):
        output = "".join(word.capitalize() for word in variable.split("_"))
        name = parameter_name(settings.name, output)
        value = (
            f"$(aws ssm get-parameter --region {region} --name {name} --query Parameter.Value --output text)"
        )
        url = f"repos/{repository}/environments/{environment}"
        lines += [
            f"  gh api --method PUT {url} \\",
            "    -F 'deployment_branch_policy[protected_branches]=false' \\",
            "    -F 'deployment_branch_policy[custom_branch_policies]=true'",
            f"  gh api --method POST {url}/deployment-branch-policies -f name={_BRANCH}",
            f"  gh variable set AWS_REGION --repo {repository} --env {environment} --body {region}",
            f"  gh variable set {variable} --repo {repository} --env {environment} \\",
            f'    --body "{value}"',
        ]
    return "\n".join(lines)


def _plans(settings: Environment, repository: str) -> str:
    """What a repository's plan allows: https://docs.github.com/actions/reference/environments."""
    lines = [
        "What GitHub offers:",
        "",
        "  public repository, any plan      environments, their branch, required reviewers",
        "  private, GitHub Enterprise       the same",
        "  private, GitHub Pro or Team      environments and their branch; no required reviewers",
        "  private, GitHub Free             no environments: no job can take these roles",
    ]
    if settings.name == _APPROVED:
        lines += [
            "",
            f"With required reviewers: name them for {_APPROVED} in the repository's settings, after the",
            f"commands above, and let each commit on {_BRANCH} ask for their approval:",
            "",
            f"  gh variable set PROD_ON_APPROVAL --repo {repository} --body true",
            "",
            f"Without: {_APPROVED} is deployed when somebody with write access starts it:",
            "",
            f"  gh workflow run deploy.yml --repo {repository} --ref {_BRANCH} -f prod=true",
        ]
    lines += ["", f"{settings.name}{LOOKUP_SUFFIX} must have no reviewers: its jobs would wait each night."]
    return "\n".join(lines)
