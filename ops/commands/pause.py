"""Changing the model's settings, and deploying the model stack by them: `pause` and `resume`."""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import tomlkit
from tomlkit.exceptions import NonExistentKey

from cli import cdk
from cli.errors import UserError
from ops.aws.account import account_id, settings_file, stack_exists, wait_stable
from settings.environment import Environment, load_environment
from settings.naming import stack_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3
    from rich.console import Console

_VERSION = "catalogue_version"
_COMMENTED = re.compile(rf'^# {_VERSION} = "[^"]*"', re.MULTILINE)
_ARTIFACT = re.compile(r"^\s*artifact\s*=.*$", re.MULTILINE)


def pause(session: boto3.Session, console: Console, *, named: str, paused: bool) -> None:
    """Write `model.paused` into the settings of the environment `named`, and deploy the model stack alone.

    A value that is set already is deployed too, so that an interrupted command can be run again. When a step
    fails, the settings are restored. They stay untouched where the credentials are refused, or belong to an
    account without the model stack.
    """
    _require_deployed(session, load_environment(named))
    file = settings_file(named)
    before = file.read_bytes()
    with changed_settings(file, lambda text: with_value(text, "paused", paused)):
        try:
            deploy_model_stack(session, named=named, report=console.print)
        except BaseException:
            console.print(f"{file} is restored.")
            raise
    console.print(f"✓ {'the endpoint is deleted and costs nothing' if paused else 'the endpoint is back'}")
    if file.read_bytes() != before:
        line = f"model.paused = {str(paused).lower()}"
        console.print(f"{file} now says {line}: commit it, or the next deployment reverts this.")


def _require_deployed(session: boto3.Session, settings: Environment) -> None:
    """Raise UserError unless the session's account has the environment's model stack."""
    stack, account = stack_name(settings.name, "model"), account_id(session)
    if not stack_exists(session.client("cloudformation"), stack):
        raise UserError(
            f"Account {account} has no stack {stack} in {settings.region}; the settings are unchanged.",
            hint="Use the credentials of the environment's account: see AWS_PROFILE. "
            f"`make deploy ENV={settings.name}` makes the stack.",
        )


def synthesize(named: str, settings: Environment) -> Path:
    """Synthesize an environment with its code packaged, and return the assembly's folder."""
    assembly = cdk.TOOLS / f"assembly-{settings.name}"
    cdk.run_cdk(cdk.synth(named, assembly))
    return assembly


def deploy_model_stack(session: boto3.Session, *, named: str, report: Callable[[str], None]) -> None:
    """Deploy the model stack alone, by the settings as they are now."""
    settings = load_environment(named)
    assembly, stack = synthesize(named, settings), stack_name(settings.name, "model")
    wait_stable(session.client("cloudformation"), [stack], report)
    cdk.run_cdk(cdk.deploy(assembly, [stack]))


@contextmanager
def changed_settings(file: Path, change: Callable[[str], str]) -> Iterator[None]:
    """Replace a settings file by what `change` makes of its text; restore it where the block fails."""
    before = file.read_bytes()
    write_atomically(file, change(before.decode()).encode())
    try:
        yield
    except BaseException:
        write_atomically(file, before)
        raise


def with_value(text: str, key: str, value: str | bool) -> str:
    """Return TOML with another value of a key in [model], and its comments and layout as they are.

    Raises UserError where it has no such key.
    """
    document = tomlkit.parse(text)
    try:
        table = document["model"]
        table[key]
    except (NonExistentKey, TypeError) as error:
        line = f"{key} = {tomlkit.item(value).as_string()}"
        raise UserError(
            f"The settings have no line `{key}` in a section [model].",
            hint=f"Add the line {line} below [model].",
        ) from error
    table[key] = value
    return document.as_string()


def with_archive(text: str, key: str, version: str) -> str:
    """Return settings with another archive in [model], and the version of its catalogue below it.

    A comment that holds the version's place becomes the setting.
    """
    text = with_value(text, "artifact", key)
    if _VERSION not in tomlkit.parse(text)["model"]:
        line = f'{_VERSION} = "{version}"'
        text, found = _COMMENTED.subn(line, text, count=1)
        if not found:
            text = _ARTIFACT.sub(lambda artifact: f"{artifact.group()}\n{line}", text, count=1)
    return with_value(text, _VERSION, version)


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file's content as a whole: a reader finds the old content or the new."""
    target = file.resolve()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as draft:
        draft.write(content)
    try:
        shutil.copymode(target, draft.name)
        Path(draft.name).replace(target)
    finally:
        Path(draft.name).unlink(missing_ok=True)
