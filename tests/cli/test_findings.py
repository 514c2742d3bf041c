"""Findings as both doctors print them."""

import io
import subprocess
import sys

from cli.cdk import ROOT
from cli.findings import failure, note, ok, passed, print_findings, warning


def test_findings_show_mark_and_hint() -> None:
    out = io.StringIO()
    findings = [
        ok("one", "is [well]"),
        note("two", "takes another port"),
        warning("three", "may fail later", "check it"),
        failure("four", "is missing", "make it"),
    ]
    assert print_findings(iter(findings), out) == findings
    assert out.getvalue() == (
        "✓ one: is [well]\n· two: takes another port\n! three: may fail later\n    hint: check it\n"
        "✗ four: is missing\n    hint: make it\n"
    )


def test_only_failures_do_not_pass() -> None:
    assert passed([ok("one", ""), note("two", ""), warning("three", "", "")])
    assert not passed([ok("one", ""), failure("two", "", "")])


def test_doctor_needs_no_package() -> None:
    # -S leaves the installed packages out, as before a setup.
    for module in ("cli.findings", "cli.errors", "cli.cdk"):
        subprocess.run([sys.executable, "-S", "-c", f"import {module}"], cwd=ROOT, check=True)
