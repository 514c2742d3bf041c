"""What users make in a SageMaker Studio domain, which keeps the domain from being deleted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from cli.errors import UserError
from ops.aws.deletion import unless_absent, wait_until_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import AppDetailsTypeDef


class _Content(NamedTuple):
    """An app, a space or a user: its name in words, its status, and the call that deletes it."""

    what: str
    status: str
    delete: Callable[[], object]


def domain_contents(sagemaker: SageMakerClient, domain_id: str, declared_users: Collection[str]) -> list[str]:
    """Return a domain's apps and spaces, and the users that no stack declares, in words."""
    return [one.what for kind in _kinds(sagemaker, domain_id, declared_users) for one in kind()]


def empty_domain(
    sagemaker: SageMakerClient,
    domain_id: str,
    declared_users: Collection[str],
    report: Callable[[str], None],
) -> None:
    """Delete a domain's apps, its spaces, and the users that no stack declares; return once they are gone.

    A space's disk goes with it; home folders stay. Raises UserError where SageMaker fails to delete one.
    """
    requested: set[str] = set()
    # A space with an app cannot be deleted, nor can a user with a space.
    for kind in _kinds(sagemaker, domain_id, declared_users):

        def left(kind: Callable[[], list[_Content]] = kind) -> list[str]:
            found = kind()
            for one in found:
                _delete_once(one, requested, report)
            return [one.what for one in found]

        wait_until_gone(left)


def _delete_once(one: _Content, requested: set[str], report: Callable[[str], None]) -> None:
    if one.what in requested and one.status in ("Failed", "Delete_Failed"):
        raise UserError(
            f"SageMaker does not delete Studio's {one.what}: its status is {one.status}.",
            hint="Delete it in SageMaker's console. Then run the same command again: it continues.",
        )
    # A starting app cannot be deleted yet.
    if one.what not in requested and one.status not in ("Deleting", "Pending"):
        report(f"… deleting Studio's {one.what}")
        unless_absent(one.delete)
        requested.add(one.what)


def _kinds(
    sagemaker: SageMakerClient, domain_id: str, declared_users: Collection[str]
) -> Iterator[Callable[[], list[_Content]]]:
    def apps() -> list[_Content]:
        pages = sagemaker.get_paginator("list_apps").paginate(DomainIdEquals=domain_id)
        return [
            _Content(f"app {_app_name(app)}", app["Status"], partial(_delete_app, sagemaker, app))
            for page in pages
            for app in page["Apps"]
            # A failed app cannot be deleted, and keeps nothing from being deleted.
            if app["Status"] not in ("Deleted", "Failed")
        ]

    def spaces() -> list[_Content]:
        pages = sagemaker.get_paginator("list_spaces").paginate(DomainIdEquals=domain_id)
        found = {space["SpaceName"]: space["Status"] for page in pages for space in page["Spaces"]}
        return [
            _Content(
                f"space {name} with its disk",
                status,
                partial(sagemaker.delete_space, DomainId=domain_id, SpaceName=name),
            )
            for name, status in found.items()
        ]

    def users() -> list[_Content]:
        pages = sagemaker.get_paginator("list_user_profiles").paginate(DomainIdEquals=domain_id)
        found = {user["UserProfileName"]: user["Status"] for page in pages for user in page["UserProfiles"]}
        return [
            _Content(
                f"user {name}",
                status,
                partial(sagemaker.delete_user_profile, DomainId=domain_id, UserProfileName=name),
            )
            for name, status in found.items()
            if name not in declared_users
        ]

    yield from (apps, spaces, users)


def _app_name(app: AppDetailsTypeDef) -> str:
    return f"{app.get('SpaceName') or app.get('UserProfileName')}/{app['AppType']}/{app['AppName']}"


def _delete_app(sagemaker: SageMakerClient, app: AppDetailsTypeDef) -> None:
    domain_id, kind, name = app["DomainId"], app["AppType"], app["AppName"]
    if space := app.get("SpaceName"):
        sagemaker.delete_app(DomainId=domain_id, AppType=kind, AppName=name, SpaceName=space)
    else:
        user = app["UserProfileName"]
        sagemaker.delete_app(DomainId=domain_id, AppType=kind, AppName=name, UserProfileName=user)
