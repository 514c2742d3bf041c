"""What changes between templates, as @aws-cdk/cloudformation-diff finds it: one Node process for all."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from cli.cdk import ROOT, TOOLS, node
from cli.errors import UserError

_PROGRAM = ROOT / "local" / "cdk" / "compare.mjs"
_INSTALLED = TOOLS / "cdk" / "node_modules" / "@aws-cdk" / "cloudformation-diff"

Impact = Literal[
    "WILL_UPDATE",
    "WILL_CREATE",
    "WILL_REPLACE",
    "MAY_REPLACE",
    "WILL_DESTROY",
    "WILL_ORPHAN",
    "WILL_IMPORT",
    "NO_CHANGE",
]
REPLACED: tuple[Impact, ...] = ("WILL_REPLACE", "MAY_REPLACE")
GONE: tuple[Impact, ...] = ("WILL_DESTROY", "WILL_ORPHAN")


@dataclass(frozen=True)
class ResourceChange:
    """A resource that changes: as declared before and after, None where it is not.

    `replacing` names the properties because of which CloudFormation makes it anew. Where its id becomes that
    of another type, it is gone and `becomes` names the type; the other is a change of its own.
    """

    id: str
    type: str
    impact: Impact
    replacing: tuple[str, ...]
    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None
    becomes: str | None = None


@dataclass(frozen=True)
class SectionChange:
    """A parameter, condition, mapping or output that changes; None where it is absent."""

    section: str
    name: str
    old: Any
    new: Any


@dataclass(frozen=True)
class Traffic:
    """What a security group lets through; the peer is a network, a group or a prefix list."""

    group: str
    protocol: str
    peer: str
    is_network: bool


@dataclass(frozen=True)
class Rules:
    """Rules of security groups that only the new templates have, and those that only the old have."""

    added: tuple[Traffic, ...] = ()
    removed: tuple[Traffic, ...] = ()


@dataclass(frozen=True)
class StackChange:
    """What changes in one stack."""

    resources: tuple[ResourceChange, ...] = ()
    sections: tuple[SectionChange, ...] = ()
    ingress: Rules = Rules()
    egress: Rules = Rules()


def compare(pairs: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, StackChange]:
    """Return what changes from the old to the new template of each pair that differs, by the pair's name.

    Raises UserError where Node or the package is not installed, or a template cannot be compared.
    """
    different = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    if not different:
        return {}
    binary = node()
    if binary is None or not _INSTALLED.is_dir():
        raise UserError("What compares templates is not installed.", hint="Run `make setup-deploy`.")
    done = subprocess.run(
        [str(binary), str(_PROGRAM), str(TOOLS / "cdk")],
        input=json.dumps(different), capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    try:
        if done.returncode == 0:
            return TypeAdapter(dict[str, StackChange]).validate_json(done.stdout)
        details = done.stderr.splitlines()[-10:]
    except ValidationError as error:
        details = str(error).splitlines()[:10]
    raise UserError(
        f"The templates cannot be compared: {', '.join(different)}.",
        hint="Synthesize them again. If that does not help, run `make setup-deploy`.",
        details=details,
    )
