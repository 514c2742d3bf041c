"""What the stacks put out: from the file that a deployment leaves, or from the parameters in the account."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import boto3

from cli.errors import UserError
from cli.subprocess import ROOT
from ops.aws.session import parameter_name
from settings.environment import Environment

# What a smoke test needs: the outputs' names, and the parameters' that hold the same.
NEEDED = {
    "ApiUrl": "api-url",
    "SupabaseUrl": "supabase-url",
    "SupabasePublishableKey": "supabase-publishable-key",
}


# The queues' addresses and those of what was set aside of them; a stack that is not deployed has none.
QUEUES = {
    f"{name}{kind}": f"{name.lower()}-{parameter}"
    for name in ("Jobs", "Webhook", "Hooks")
    for kind, parameter in (("Queue", "queue"), ("DeadLetters", "dead-letters"))
}


def outputs_file(settings: Environment) -> Path:
    """Return where a deployment leaves the outputs of an environment, by stack."""
    return ROOT / ".vitrine" / f"outputs-{settings.name}.json"


def read_outputs(file: str) -> dict[str, str]:
    """Return outputs from a file, or from standard input for "-"; by stack or in one mapping."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
        content = json.loads(text)
        stacks = [value for value in content.values() if isinstance(value, dict)] or [content]
        outputs = {name: value for stack in stacks for name, value in stack.items()}
        return {name: outputs[name] for name in NEEDED}
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"{file} holds no stack outputs: {error}.", hint="Name another file.") from error
    except KeyError as error:
        raise UserError(f"{file} holds no output {error}.", hint="Deploy again: it writes them.") from error


def published_outputs(settings: Environment, session: boto3.Session) -> dict[str, str]:
    """Return outputs from the account; raise DeliveryError when nothing is deployed there."""
    outputs = _published(settings, session, NEEDED)
    if missing := NEEDED.keys() - outputs.keys():
        raise UserError(
            f"{settings.name} is not deployed in {settings.region} of this account: "
            f"no parameter of {', '.join(sorted(missing))}.",
            hint=f"Run `make deploy ENV={settings.name}`.",
        )
    return outputs


def published_queues(settings: Environment, session: boto3.Session) -> dict[str, str]:
    """Return the outputs of QUEUES that are in the account: fewer, or none, where stacks are not deployed."""
    return _published(settings, session, QUEUES)


def _published(settings: Environment, session: boto3.Session, wanted: Mapping[str, str]) -> dict[str, str]:
    names = {parameter_name(settings, parameter): output for output, parameter in wanted.items()}
    found = session.client("ssm").get_parameters(Names=list(names))["Parameters"]
    return {names[parameter["Name"]]: parameter["Value"] for parameter in found}
