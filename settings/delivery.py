"""GitHub Actions as a deployer: the section [delivery], and which of its tokens each role accepts.

The stack declares the trust policies and `python -m ops trust` prints them, so both take them from here.
"""

from typing import Annotated, Any

from pydantic import Field, model_validator

from settings.field_types import Section, matching

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
# A job of another branch or of a tag is refused, whatever GitHub's own environment lets through.
BRANCH = "refs/heads/main"
LOOKUP_SUFFIX = "-lookup"
# The bootstrap's roles that a deployment of the pipeline assumes. Nothing publishes images by the fourth, as
# the settings name one that is pushed already; the fifth, which makes resources, is CloudFormation's.
DEPLOY, LOOKUP = "deploy", "lookup"
DEPLOYING = (DEPLOY, "file-publishing", LOOKUP)

Conditions = dict[str, dict[str, str]]

_NAME = r"[A-Za-z0-9._-]{1,100}"


class Delivery(Section):
    """The GitHub repository whose workflows deploy the environment, by short-lived credentials.

    `repository_id` never changes and is never used again, unlike the name. `subject_prefix` is what comes
    before `:environment:…` in the subject of a token: a repository made or renamed since 15 July 2026 has
    numeric ids in it. Without `provider_arn` the stack makes the account's provider.
    """

    repository: Annotated[
        str, matching(rf"{_NAME}/{_NAME}", "a repository of GitHub as owner/name, such as shop/vitrine")
    ]
    repository_id: Annotated[int, Field(ge=1)]
    subject_prefix: (
        Annotated[
            str,
            matching(
                r"[A-Za-z0-9_]+:[A-Za-z0-9@:/._=-]{0,255}[A-Za-z0-9._-]",
                "what a token's subject has before :environment:…, without wildcards, such as "
                "repo:shop@1234/vitrine@5678",
            ),
        ]
        | None
    ) = None
    provider_arn: (
        Annotated[
            str,
            matching(
                rf"arn:aws(-[a-z]+)*:iam::\d{{12}}:oidc-provider/{ISSUER.replace('.', '[.]')}",
                f"the ARN of an account's provider, such as arn:aws:iam::123456789012:oidc-provider/{ISSUER}",
            ),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _of_one_repository(self) -> "Delivery":
        kind, _, named = self.prefix.partition(":")
        if kind != "repo":  # a subject that the repository has customized
            return self
        owner, _, name = named.partition("/")
        name, _, number = name.partition("@")
        if f"{owner.partition('@')[0]}/{name}" != self.repository:
            raise ValueError(f"a subject_prefix of the repository {self.repository}, not {self.prefix}")
        if number and number != str(self.repository_id):
            raise ValueError(f"a subject_prefix with the repository_id {self.repository_id}, not {number}")
        return self

    @property
    def prefix(self) -> str:
        """What comes before `:environment:…` in a token's subject."""
        return self.subject_prefix or f"repo:{self.repository}"


def deploy_conditions(delivery: Delivery, environment_name: str) -> Conditions:
    """Return what a token must say to deploy: a job of the GitHub environment, on BRANCH."""
    return _conditions(delivery, environment_name)


def lookup_conditions(delivery: Delivery, environment_name: str) -> Conditions:
    """Return what a token must say to look: a job of the GitHub environment <name>-lookup, on BRANCH."""
    return _conditions(delivery, f"{environment_name}{LOOKUP_SUFFIX}")


def trust_policy(provider_arn: str, conditions: Conditions) -> dict[str, Any]:
    """Return the trust policy of a role, as IAM shows it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": conditions,
            }
        ],
    }


def bootstrap_role_name(qualifier: str, role: str, account: str, region: str) -> str:
    """Return the name that the CDK's bootstrap gives a role, as in "deploy"."""
    return f"cdk-{qualifier}-{role}-role-{account}-{region}"


def _conditions(delivery: Delivery, github_environment: str) -> Conditions:
    # A claim that a token lacks makes StringEquals false. Each of these names is a condition key of IAM.
    wanted = {
        "aud": AUDIENCE,
        "repository_id": str(delivery.repository_id),
        "sub": f"{delivery.prefix}:environment:{github_environment}",
        "ref": BRANCH,
    }
    return {"StringEquals": {f"{ISSUER}:{claim}": value for claim, value in wanted.items()}}
