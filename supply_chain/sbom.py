"""A software bill of materials (CycloneDX) of each deployable, from the locks alone."""

from __future__ import annotations

import base64
import json
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote

from cli.cdk import ROOT, TOOLS
from cli.errors import UserError
from supply_chain.deployables import DEPLOYABLES
from supply_chain.page import page_packages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from supply_chain.deployables import Deployable
    from supply_chain.page import NpmPackage

FOLDER = ROOT / "sbom"
_ALGORITHMS = {"sha512": "SHA-512"}


def write_sboms(folder: Path = FOLDER, deployables: Sequence[Deployable] = DEPLOYABLES) -> list[Path]:
    """Write NAME.cdx.json of each deployable and of the page; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for one in deployables:
        files.append(folder / f"{one.name}.cdx.json")
        command = [str(TOOLS / "linters/bin/cyclonedx-py"), "requirements"]
        options = ["--output-reproducible", "--no-validate", "--output-format", "JSON"]
        _run([*command, *options, "--output-file", str(files[-1]), str(one.lock)])
    files.append(folder / "page.cdx.json")
    files[-1].write_text(_page(page_packages()), "utf-8")
    return files


def _page(packages: Sequence[NpmPackage]) -> str:
    components = []
    for package in packages:
        algorithm, _, digest = package.integrity.partition("-")
        components.append(
            {
                "type": "library",
                "name": package.name,
                "version": package.version,
                "purl": f"pkg:npm/{quote(package.name)}@{package.version}",
                "licenses": [{"expression": package.licence}] if package.licence else [],
                "hashes": [{"alg": _ALGORITHMS[algorithm], "content": base64.b64decode(digest).hex()}],
            }
        )
    content = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return json.dumps(content, indent=2) + "\n"


def _run(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 our own command
            command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False
        )
    except OSError as error:
        raise UserError(f"{command[0]} does not start: {error}.", hint="Run `make setup-test`.") from error
    if done.returncode != 0:
        raise UserError(f"`{' '.join(command)}` failed: {done.stderr.strip()}", hint="Run `make setup-test`.")
