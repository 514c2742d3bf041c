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
    """Report the trust policies, how to preview a token's subject, and the commands that set up GitHub.

    Neither an account nor GitHub is asked. Raises UserError where the settings have no [delivery].
    """
    delivery = settings.delivery
    if delivery is None:
        raise UserError(
            f"The environment {settings.name} has no section [delivery], so no role trusts GitHub.",
            hint="Take the comments away from it in the environment's file, and deploy.",
        )
    provider = delivery.provider_arn or _PROVIDER
    for title, conditions in (
        ("DeployRoleArn, for jobs of the environment on main", deploy_conditions(delivery, settings.name)),
        ("LookupRoleArn, for pull requests and nightly jobs", lookup_conditions(delivery, settings.name)),
    ):
        report(f"{title}:\n{json.dumps(trust_policy(provider, conditions), indent=2)}\n")
    report(_preview(delivery))
    report(_to_set(settings, delivery))


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
    lines = [f"What GitHub needs, once {settings.name} is deployed:", ""]
    for environment, variable in (
        (settings.name, "DEPLOY_ROLE_ARN"),
        (f"{settings.name}{LOOKUP_SUFFIX}", "LOOKUP_ROLE_ARN"),
    ):
        output = "".join(word.capitalize() for word in variable.split("_"))
        name = parameter_name(settings.name, output)
        value = (
            f"$(aws ssm get-parameter --region {region} --name {name} --query Parameter.Value --output text)"
        )
        lines += [
            f"  gh api --method PUT repos/{repository}/environments/{environment}",
            f"  gh variable set AWS_REGION --repo {repository} --env {environment} --body {region}",
            f"  gh variable set {variable} --repo {repository} --env {environment} \\",
            f'    --body "{value}"',
        ]
    branch = BRANCH.rpartition("/")[2]
    lines += [
        "",
        f"In the settings of the environment {settings.name}: required reviewers, and {branch} as the only "
        "deployment branch.",
        "AWS refuses other branches too.",
    ]
    return "\n".join(lines)
