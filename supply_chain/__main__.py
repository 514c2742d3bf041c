"""`python -m supply_chain`: checks for `make check`, one command each, and lists of what is deployed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.entry import run_commands
from cli.findings import print_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.findings import Finding


@click.group()
def commands() -> None:
    """Check what the repository lets in and ships.

    A check prints what it found, and what to do about each; its status is then 1. Only `base-images` uses the
    network.
    """


def _status(findings: Sequence[Finding], nothing: str) -> int:
    print_findings(findings)
    if not findings:
        click.echo(nothing)
    return int(bool(findings))


@commands.command()
def workflows() -> int:
    """Lint the workflows: pinned actions, schema, actionlint, zizmor."""
    from supply_chain.workflows import workflow_violations

    return _status(workflow_violations(), "workflows: nothing found")


@commands.command()
def secrets() -> int:
    """Search tracked files for secrets."""
    from supply_chain.secrets import committed_secrets

    return _status(committed_secrets(), "secrets: none in tracked files")


@commands.command()
def licences() -> int:
    """Compare the licences of what is deployed with those that are allowed."""
    from supply_chain.licences import refused_licences

    return _status(refused_licences(), "licences: all are allowed")


@commands.command()
def hashes() -> int:
    """Check that the locks of what is deployed, and of what deploys it, hold hashes and are up to date."""
    from supply_chain.hashes import missing_hashes, stale_pins

    found = [*missing_hashes(), *stale_pins()]
    return _status(found, "hashes: every package that is deployed or deploys has them")


@commands.command()
def sbom() -> None:
    """Write a bill of materials (CycloneDX) of each deployable into sbom/."""
    from supply_chain.sbom import write_sboms

    for file in write_sboms():
        click.echo(str(file))


@commands.command("base-images")
def base_images() -> int:
    """Compare the base images of our Dockerfiles with what their tags name now."""
    from supply_chain.base_images import outdated

    return _status(outdated(), "base images: the newest")


if __name__ == "__main__":
    sys.exit(run_commands(commands, program="python -m supply_chain"))
