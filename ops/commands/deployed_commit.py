"""The commit that an environment was last deployed from, which a parameter of the account names.

`pause`, `resume` and `release` deploy the model stack alone: the parameter then names its commit as well, and
does not claim that the other stacks are of it.
"""

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
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import boto3

    from settings.environment import Environment

_CHANGED, _NO_COMMIT = " with uncommitted changes", "a folder outside git"
_SOURCE = re.compile(rf"([0-9a-f]{{40,64}})({_CHANGED})?")
# What the parameter says where the model stack was deployed alone.
_UNKNOWN, _MODEL = "an unknown commit", "; model stack: "
# The status by which a shell says that there is no such command.
_NOT_FOUND = 127
# What `make image` and `make promote` write into the settings of each deployment of the pipeline, and what a
# command that deploys the model stack writes besides.
IMAGE_LINES = ("image_digest",)
MODEL_LINES = (*IMAGE_LINES, "artifact", "catalogue_version", "paused")


class Source(NamedTuple):
    """What was deployed: a commit, None outside git; `changed` where the tree differed from it."""

    commit: str | None
    changed: bool = False

    def __str__(self) -> str:
        if self.commit is None:
            return _NO_COMMIT
        return f"{self.commit}{_CHANGED if self.changed else ''}"


class Deployed(NamedTuple):
    """What is recorded: of all stacks, and of the model's where that was deployed alone since then."""

    stacks: Source | None = None
    model: Source | None = None

    def __str__(self) -> str:
        stacks = self.stacks or _UNKNOWN
        return f"{stacks}{_MODEL}{self.model}" if self.model else str(stacks)

    def sources(self, environment: str) -> list[tuple[str, Source]]:
        """Return what is recorded, each with its subject, as in "The model stack of prod"."""
        both = ((environment, self.stacks), (f"The model stack of {environment}", self.model))
        return [(subject, source) for subject, source in both if source is not None]


class Lack(NamedTuple):
    """What this checkout lacks, as a sentence, and how to get it; `later` where it follows this commit."""

    text: str
    hint: str
    later: bool = False


def source_of(root: Path, written: Sequence[str] = IMAGE_LINES) -> Source:
    """Return what a deployment of this checkout deploys; lines of the settings `written` are no change."""
    head = git(root, "rev-parse", "HEAD")
    if head.returncode != 0:
        return Source(None)
    ignored = f"--ignore-matching-lines=^(# *)?({'|'.join(written)}) = "
    differences = git(root, "diff", "HEAD", "--no-ext-diff", ignored)
    added = git(root, "ls-files", "--others", "--exclude-standard")
    return Source(head.stdout.strip(), bool(differences.stdout or added.stdout))


def record(
    settings: Environment, session: boto3.Session, deployed: Deployed, report: Callable[[str], object]
) -> None:
    """Write what is about to be deployed; raise UserError where the credentials may not.

    By the record of an earlier deployment, an old run of the pipeline could take this one back.
    """
    name = parameter_name(settings.name, DEPLOYED_COMMIT)
    with _explained(settings, "write", "ssm:PutParameter", "Nothing was deployed"):
        session.client("ssm").put_parameter(
            Name=name, Value=str(deployed), Type="String", Tier="Standard", Overwrite=True
        )
    report(f"✓ {name} says {deployed}")


@contextmanager
def record_model(
    settings: Environment, session: boto3.Session, root: Path, report: Callable[[str], object]
) -> Iterator[None]:
    """Write that the block deploys this checkout's model stack alone; raise UserError as `record` does.

    Where the block fails, the new record stays, as a deployment that stops half-way counts. If this checkout
    lacks what was deployed before, the former one is written again: that may be deployed still.
    """
    before, source = recorded(settings, session), source_of(root, MODEL_LINES)
    record(settings, session, Deployed(before.stacks, None if source == before.stacks else source), report)
    try:
        yield
    except BaseException:
        if lacking(settings, before, root) is not None:
            record(settings, session, before, report)
        raise


def recorded(settings: Environment, session: boto3.Session) -> Deployed:
    """Return what was last deployed, as far as it is recorded.

    Raises UserError where the credentials may not read it.
    """
    name, ssm = parameter_name(settings.name, DEPLOYED_COMMIT), session.client("ssm")
    try:
        with _explained(settings, "read", "ssm:GetParameter", "It is not known what is deployed"):
            value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return Deployed()
    stacks, _, model = value.partition(_MODEL)
    return Deployed(None if stacks == _UNKNOWN else _parsed(stacks), _parsed(model) if model else None)


def _parsed(value: str) -> Source:
    found = _SOURCE.fullmatch(value)
    return Source(None) if found is None else Source(found[1], found[2] is not None)


def without_history(root: Path) -> Lack | None:
    """Return why this folder does not say what came before its commit; None where it does."""
    shallow = git(root, "rev-parse", "--is-shallow-repository")
    if shallow.returncode != 0:
        return Lack("this folder is no checkout of git", "Run this in a git checkout, with git installed.")
    if shallow.stdout.strip() != "true":
        return None
    hint = "Run `git fetch --unshallow`, then this again; in a workflow, check out with fetch-depth: 0."
    return Lack("this clone is shallow and lacks its history", hint)


def lacking(settings: Environment, deployed: Deployed, root: Path) -> Lack | None:
    """Return which commit is deployed and not known to be this checkout's or before it; None where none is.

    What was deployed from outside git has no commit to lack: `report_untraced` reports it.
    """
    head = git(root, "rev-parse", "HEAD").stdout.strip()
    check_out = "heck out that commit, or one that has it in its history."
    for subject, source in deployed.sources(settings.name):
        commit = source.commit
        if commit is None or _precedes(root, commit, head):
            continue
        begin = f"{subject} was deployed from {source}, "
        if _precedes(root, head, commit):
            return Lack(f"{begin}a later commit than {head}", f"C{check_out}", later=True)
        if (unknown := without_history(root)) is not None:
            return Lack(f"{begin}and {unknown.text}", unknown.hint)
        if git(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0:
            return Lack(f"{begin}which is not in the history of {head}", f"C{check_out}")
        return Lack(f"{begin}which this clone lacks", f"Run `git fetch`, then c{check_out}")
    return None


def report_untraced(settings: Environment, deployed: Deployed, report: Callable[[str], object]) -> None:
    """Report what was deployed and is in no commit: another deployment takes it back."""
    for subject, source in deployed.sources(settings.name):
        if source.commit is None:
            report(
                f"! {subject} was deployed from {source}: no commit says what a deployment takes back, until "
                f"`make deploy ENV={settings.name}` in a git checkout records one"
            )
        elif source.changed:
            report(f"! {subject} was deployed from {source}, which a deployment takes back")


def _precedes(root: Path, commit: str, later: str) -> bool:
    # Of a commit that the clone lacks, git answers with an error.
    return git(root, "merge-base", "--is-ancestor", commit, later).returncode == 0


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
