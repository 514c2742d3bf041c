"""The errors of the planner.

UserError                    (cli) a sentence, and a hint that says what to do
  PlanningError
    UnknownPriceError        no price of an item in a region
    UnpricedResourceError    a template has a resource type that nothing prices
    UserListError            a list of users that cannot be read, or not without a guess
"""

from cli.errors import UserError


class PlanningError(UserError):
    """A plan cannot be made from what was given."""


class UnknownPriceError(PlanningError):
    """The price list has no price of `item` in `region`."""

    def __init__(self, item: str, region: str, known: str) -> None:
        super().__init__(
            f"planning/prices/aws.csv has no price of {item} in {region}, only in {known or 'no region'}.",
            hint="Add the row, or run with credentials of an account: "
            f"`python -m planning prices refresh --region {region} --write`.",
        )
        self.item, self.region = item, region


class UnpricedResourceError(PlanningError):
    """A template has a resource of a `kind` without a known price."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            f"{kind} has no idle price.",
            hint="Add it to planning/cost/idle.py, or list it as free in planning/cost/free_when_idle.txt.",
        )
        self.kind = kind


class UserListError(PlanningError):
    """The list of users `name` has a `problem`; the `remedy` says what to do with the list."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        super().__init__(f"{name}: {problem}.", hint=remedy)
