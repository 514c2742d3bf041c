"""The AwsSolutions rules, held against every stack, and each exception from them with its reason."""

from fnmatch import fnmatchcase
from typing import NamedTuple

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks


class Exemption(NamedTuple):
    """A rule, where it does not hold (the construct's path, without its environment), and why."""

    rule: str
    where: str
    reason: str


EXEMPTIONS = (
    Exemption(
        "AwsSolutions-S1",
        "storage/*/Resource",
        "Access logs would say who has which photos, in one more bucket to keep. The one reader is the "
        "service; who must prove accesses turns on CloudTrail data events, which cost by the request.",
    ),
)


def hold_to_rules(app: cdk.App) -> None:
    """Let the app's synthesis fail where a rule is broken that is not excepted."""
    for construct in app.node.find_all():
        stack, _, inner = construct.node.path.partition("/")
        where = f"{stack.rpartition('-')[2]}/{inner}"
        for exemption in EXEMPTIONS:
            if fnmatchcase(where, exemption.where):
                cdk.Validations.of(construct).acknowledge(
                    id=f"AwsSolutions::{exemption.rule}", reason=exemption.reason
                )
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
