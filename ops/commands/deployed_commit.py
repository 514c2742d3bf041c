"""The commit that an environment was last deployed from, which a parameter of the account names."""

from __future__ import annotations

import re
import subprocess
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from cli.errors import DENIED, UserError, code_of
from ops.aws.deletion import unless_absent
from settings.naming import DEPLOYED_COMMIT, parameter_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import boto3

    from settings.environment import Environment

_CHANGED, _NO_COMMIT = " with uncommitted changes", "a folder outside git"
_SOURCE = re.compile(rf"([0-9a-f]{{40,64}})({_CHANGED})?")
# The status by which a shell says that there is no such command.
_NOT_FOUND = 127
# `make image` and `make promote` write this into the settings of each deployment of the pipeline.
_WRITTEN = "^(# *)?image_digest = "


class Source(NamedTuple):
    """What was deployed: a commit, None outside git; `changed` where the tree differed from it."""

    commit: str | None
    changed: bool = False

    def __str__(self) -> str:
        if self.commit is None:
            return _NO_COMMIT
        return f"{self.commit}{_CHANGED if self.changed else ''}"


def source_of(root: Path) -> Source:
    """Return what a deployment of this checkout deploys; an image's digest in the settings is no change."""
    head = git(root, "rev-parse", "HEAD")
    if head.returncode != 0:
        return Source(None)
    differences = git(root, "diff", "HEAD", "--no-ext-diff", f"--ignore-matching-lines={_WRITTEN}")
    added = git(root, "ls-files", "--others", "--exclude-standard")
    return Source(head.stdout.strip(), bool(differences.stdout or added.stdout))


def record(
    settings: Environment, session: boto3.Session, source: Source, report: Callable[[str], object]
) -> None:
    """Write what is about to be deployed; raise UserError where the credentials may not.

    By the record of an earlier deployment, an old run of the pipeline could take this one back.
    """
    name = parameter_name(settings.name, DEPLOYED_COMMIT)
    with _explained(settings, "write", "ssm:PutParameter", "Nothing was deployed"):
        session.client("ssm").put_parameter(
            Name=name, Value=str(source), Type="String", Tier="Standard", Overwrite=True
        )
    report(f"✓ {name} says {source}")


def deployed_source(settings: Environment, session: boto3.Session) -> Source | None:
    """Return what was last deployed; None where nothing is recorded.

    Raises UserError where the credentials may not read it.
    """
    name, ssm = parameter_name(settings.name, DEPLOYED_COMMIT), session.client("ssm")
    try:
        with _explained(settings, "read", "ssm:GetParameter", "It is not known what is deployed"):
            value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return None
    found = _SOURCE.fullmatch(value)
    return Source(None) if found is None else Source(found[1], found[2] is not None)


def forget(settings: Environment, session: boto3.Session) -> None:
    """Delete what is recorded, with the environment."""
    name = parameter_name(settings.name, DEPLOYED_COMMIT)
    unless_absent(partial(session.client("ssm").delete_parameter, Name=name))


def git(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a checkout and return what it answers, also where it fails or is not installed."""
    command = ["git", *arguments]
    try:
        return subprocess.run(
            command, cwd=root, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, _NOT_FOUND, "", str(error))


@contextmanager
def _explained(settings: Environment, verb: str, action: str, outcome: str) -> Iterator[None]:
    """Raise UserError in the place of a refusal."""
    try:
        yield
    except ClientError as error:
        if code_of(error) not in DENIED:
            raise
        raise UserError(
            f"{outcome}: these credentials may not {verb} the parameter "
            f"{parameter_name(settings.name, DEPLOYED_COMMIT)}.",
            hint=f"Allow them {action} of it. GitHub's role has it once somebody who may has run "
            f"`make deploy ENV={settings.name}` at a desk.",
        ) from error
