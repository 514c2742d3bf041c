"""`python -m ops pause` and `resume`: whether an environment has an endpoint, and costs of one."""

from pathlib import Path

import boto3
from rich.console import Console

from cli import cdk
from cli.toml_file import with_paused, write_whole
from ops.aws.wait_stable import wait_until_stable
from ops.release.interrupts import terminable
from settings.environment import FOLDER, load_environment
from settings.naming import stack_name

_TOML = ".toml"


def pause(session: boto3.Session, console: Console, *, named: str, paused: bool) -> None:
    """Write `model.paused` of the environment that the caller names so, and deploy the model's stack alone.

    What the settings say already is deployed all the same: so an interrupted command is gone on with.
    Raises DeliveryError when a step fails; the settings are then as they were.
    """
    file = Path(named) if named.endswith(_TOML) else FOLDER / f"{named}{_TOML}"
    before = file.read_bytes()
    after = with_paused(before.decode(), paused).encode()
    with terminable():
        write_whole(file, after)
        try:
            _deploy(session, console, named)
        except BaseException:
            write_whole(file, before)
            console.print(f"{file} is as it was.")
            raise
    told = "there is no endpoint, and none is paid for" if paused else "the endpoint is back"
    console.print(f"✓ {told}")
    if after != before:
        said = f"model.paused = {str(paused).lower()}"
        console.print(f"{file} says {said} now: commit it, or the next deployment undoes this.")


def _deploy(session: boto3.Session, console: Console, named: str) -> None:
    name = load_environment(named).name
    stack, assembly = stack_name(name, "model"), cdk.TOOLS / f"assembly-{name}"
    cdk.synth(named, assembly)
    wait_until_stable(session.client("cloudformation"), [stack], lambda text: console.print(f"… {text}"))
    cdk.deploy(assembly, [stack], asking=False)
